// Run by bin/build.js: uses the built command line on a small repository, so that V8 compiles what common commands
// need, and keeps that code beside the scripts. Nothing here is measured or compared; whatever is not compiled now is
// compiled when it is needed.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { setFlagsFromString } = require('node:v8')
const threads = require('node:worker_threads')
const { loadBundle, loaded, optimizeLater } = require('./bundle.js')

/** Files from 8 MiB on are parsed by threads, and what threads do should be compiled too: few rows, but long ones. */
const rows = 10_000
const note = 'a note of some length '.repeat(40)

const jobs = listenToThreads()
// Every run of the command line listens to them anew.
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0)

async function useCommonCommands(main) {
  const folder = mkdtempSync(path.join(tmpdir(), 'varve-code-'))
  const environment = {
    VARVE_AUTHOR_NAME: 'Ada Lovelace',
    VARVE_AUTHOR_EMAIL: 'ada@example.org',
    VARVE_CONFIG: path.join(folder, 'none.json'),
  }
  const varve = async (...args) => {
    const code = await main(['-C', folder, ...args], environment, '0')
    if (code !== 0) throw new Error(`varve ${args.join(' ')} ended with ${code}`)
  }
  const write = (column, edited) => writeFileSync(path.join(folder, 'table.csv'), table(column, edited))
  try {
    await varve('init')
    write(1, [])
    writeFileSync(path.join(folder, 'notes.txt'), 'a\nb\nc\n')
    await varve('track', 'table.csv', '--key', 'id')
    await varve('add', '.')
    await varve('commit', '-m', 'first')
    await varve('switch', '-c', 'side')
    write(1, [10, 5000])
    await varve('commit', '-am', 'side')
    await varve('switch', 'main')
    write(2, [20, 9000])
    await varve('status')
    await varve('diff')
    await varve('add', 'table.csv')
    await varve('commit', '-m', 'second')
    await varve('merge', 'side')
    await varve('diff', '--stat', 'HEAD~1..HEAD')
    await varve('diff', 'HEAD~1..HEAD')
    await varve('log')
    await varve('show')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function table(column, edited) {
  const lines = ['id,name,amount,note']
  for (let id = 0; id < rows; id++) {
    const cells = [id, `name of ${id}`, (id * 7919) % 100_000, `${note}${id % 13}`]
    if (edited.includes(id)) cells[column] = `edited ${id}`
    lines.push(cells.join(','))
  }
  return `${lines.join('\n')}\n`
}

/** The first jobs of each kind that threads are given, as they were given them. */
function listenToThreads() {
  const heard = new Map()
  // oxlint-disable-next-line typescript/unbound-method -- called on the thread that it was called on
  const post = threads.Worker.prototype.postMessage
  threads.Worker.prototype.postMessage = function (message, transfer) {
    const known = heard.get(message.name) ?? []
    heard.set(message.name, known)
    if (known.length < 2) known.push(structuredClone(message))
    return post.call(this, message, transfer)
  }
  return heard
}

/** A slice of a table of PostgreSQL: what COPY sends, each row with its head, of which there is no server here. */
function copyJob() {
  const frames = Array.from({ length: rows }, (_, id) => {
    const row = Buffer.from(`${id}\tname of ${id}\t${id / 100}\t2024-01-01 00:00:00+00\tt\t\\N\n`)
    const head = Buffer.from([0x64, 0, 0, 0, 0])
    head.writeUInt32BE(row.length + 4, 1)
    return Buffer.concat([head, row])
  })
  // By their numbers (src/connectors/postgres/copy/copy-plan.ts): text, decimal, timestamp, bool, text.
  const plan = { keys: ['int'], values: [0, 2, 4, 3, 0] }
  const task = { bytes: new Uint8Array(Buffer.concat(frames)), plan, wish: { leafTarget: 8192, known: null } }
  return { id: 0, name: 'copySlice', args: [task] }
}

/** The worker's script, fed with those jobs where its code can be kept: in this thread. */
function useWorker() {
  let answer = null
  const parentPort = { on: (_, listener) => (answer = listener), postMessage: () => {} }
  loadBundle('worker', (id) => (id.endsWith('worker_threads') ? { ...threads, parentPort } : require(id)))
  for (const message of [...[...jobs.values()].flat(), copyJob(), copyJob()]) answer(message)
}

async function run() {
  optimizeLater()
  // V8 drops code that has not run for some collections of garbage: how much would be left to keep was a matter of luck. Kept
  // code is of the settings that it is made with, so this one is taken back before.
  setFlagsFromString('--no-flush-bytecode')
  await useCommonCommands(loadBundle('main').exports.main)
  useWorker()
  loadBundle('rest')
  loadBundle('pg')
  setFlagsFromString('--flush-bytecode')
  for (const bundle of loaded.values()) bundle.keep()
}

void run()
