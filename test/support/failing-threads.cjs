// Loaded before the command line (`node --require`): its worker threads fail as VARVE_TEST_THREADS says, 'how:N' at the Nth
// message to any of them. When it has come to that, it is in the file VARVE_TEST_THREADS_LOG.
const threads = process.getBuiltinModule('node:worker_threads')
const { pathToFileURL } = require('node:url')

const [how, at] = (process.env.VARVE_TEST_THREADS ?? '').split(':')
const Own = threads.Worker
let messages = 0

function note() {
  const { VARVE_TEST_THREADS_LOG: log } = process.env
  if (log !== undefined) require('node:fs').appendFileSync(log, `${how}\n`)
}

/** What runs in a thread before its own script: from the next message on it does as it is told. */
const before = (url) => `
  const { parentPort } = require('node:worker_threads')
  let turn = null
  parentPort.on('message', (message) => {
    if (message.turn !== undefined) turn = message.turn
    else if (turn === 'ends') process.exit(0)
    else if (turn === 'memory') for (const held = []; ; ) held.push(new Array(100_000).fill(held.length))
  })
  import(${JSON.stringify(String(url))})`

class Worker extends Own {
  constructor(url, options) {
    if (how === 'missing') note()
    if (how === 'missing') super(pathToFileURL('/nonexistent/worker.js'), options)
    else if (how === 'ends' || how === 'memory')
      super(before(url), {
        ...options,
        eval: true,
        resourceLimits: { ...options.resourceLimits, maxOldGenerationSizeMb: 24 },
      })
    else super(url, options)
  }

  postMessage(message, transfer) {
    const isNow = ++messages === Number(at)
    if (isNow) note()
    if (isNow && how === 'killed') return void this.terminate()
    if (isNow) super.postMessage({ turn: how })
    super.postMessage(message, transfer)
  }
}

if (threads.isMainThread) threads.Worker = Worker
