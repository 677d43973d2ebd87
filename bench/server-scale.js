// `varve serve` over large repositories: 100,000 commits, 100,000 paths in one folder and as many in nested ones, 20,000
// branches and as many tags, a table of 10,000 columns. Each page is asked for once, with /health asked beside it all the
// time: how long the slowest answer of health took is how long the server's thread was kept. Then readers ask for ordinary
// pages at once. The server is the built product in a process of its own; every answer is looked at.
// node bench/server-scale.js [--commits N] [--paths N] [--refs N] [--seconds N] [--readers N]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Client } from 'undici'
import { printTable } from './measure.js'

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url))

/** @param {string} name @param {number} otherwise */
function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

const [commits, paths, refs] = [option('commits', 100_000), option('paths', 100_000), option('refs', 20_000)]
const [seconds, readers] = [option('seconds', 20), option('readers', 50)]

/** @param {string} room */
async function makeRepositories(room) {
  const maker = here(`.scale-maker-${process.pid}.mjs`)
  const settings = { bundle: true, platform: 'node', format: 'esm', packages: 'external' }
  try {
    await build({ ...settings, entryPoints: [here('scale-maker.ts')], outfile: maker, logLevel: 'error' })
    const words = [maker, join(room, 'data'), ...[commits, paths, refs].map(String)]
    const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' })
    if (status !== 0) throw new Error('the repositories could not be made')
  } finally {
    rmSync(maker, { force: true })
  }
}

/** @param {string} room @returns {Promise<{ url: string, pid: number, stop: () => Promise<unknown> }>} */
async function startServer(room) {
  const words = ['serve', '--port', '0', '--state', join(room, 'state'), '--anonymous', 'read', '--quiet']
  const child = spawn(process.execPath, [here('../bin/varve.js'), ...words, '--json', join(room, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [part] = await new Promise((done) => child.stdout.once('data', (...all) => done(all)))
  const closed = new Promise((done) => child.once('close', done))
  return {
    url: JSON.parse(String(part)).url,
    pid: child.pid ?? 0,
    stop: () => (child.kill('SIGTERM'), closed),
  }
}

/** Of the processors, so far. @param {number} pid */
function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** MiB. @param {number} pid @param {'VmRSS' | 'VmHWM'} name */
function memoryOf(pid, name) {
  return (
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  )
}

/** Milliseconds. @param {Client} client @param {string} path */
async function timed(client, path) {
  const start = performance.now()
  const { statusCode, body } = await client.request({ method: 'GET', path })
  await body.dump({ limit: 1 << 30 })
  if (statusCode !== 200) throw new Error(`${path} answers ${statusCode}`)
  return performance.now() - start
}

const ordinary = [
  '/',
  '/refs/files',
  '/refs/refs',
  '/refs/history',
  '/paths/files?path=flat',
  '/paths/files?path=nested/3',
  '/paths/file?path=flat/file-000099.txt',
  '/deep/files',
  '/deep/history',
  '/deep/table?table=items',
  '/v1/repos/deep/rows?table=items',
  '/v1/repos/refs/branches',
  '/v1/repos/paths/tree?depth=one&path=flat',
]
const last = commits - 1
const costly = [
  '/deep/history?path=items',
  '/deep/history?path=never.txt',
  '/deep/row?table=items&key=7',
  `/deep/compare?from=main~${last}&to=main`,
  `/v1/repos/deep/compare?base=main~${last}&head=main`,
  '/v1/repos/deep/rows/commits?table=items&key=7',
  '/paths/compare?from=main~1&to=main',
  '/wide/compare?from=main~1&to=main',
  '/v1/repos/wide/diff/file?from=main~1&to=main&path=wide',
  '/wide/table?table=wide',
  '/v1/repos/wide/table?table=wide',
]

/** @param {Awaited<ReturnType<typeof startServer>>} server */
async function onceEach({ url, pid }) {
  const [asking, probing] = [new Client(url, { headersTimeout: 0, bodyTimeout: 0 }), new Client(url)]
  const rows = []
  for (const path of [...ordinary, ...costly]) {
    let isUnderWay = true
    let slowest = await timed(probing, '/health')
    const cpuMs = cpuMsOf(pid)
    const probe = (async () => {
      for (; isUnderWay; await new Promise((done) => setTimeout(done, 5)))
        slowest = Math.max(slowest, await timed(probing, '/health'))
    })()
    const ms = await timed(asking, path)
    isUnderWay = false
    await probe
    const figures = [ms, cpuMsOf(pid) - cpuMs, slowest, memoryOf(pid, 'VmRSS')]
    rows.push([path, ...figures.map((figure) => figure.toFixed(0))])
  }
  printTable(['request', 'ms', 'processor ms', 'slowest health ms', 'memory MiB'], rows)
  await Promise.all([asking.close(), probing.close()])
}

/** @param {Awaited<ReturnType<typeof startServer>>} server */
async function atOnce({ url, pid }) {
  const clients = Array.from({ length: readers }, () => new Client(url))
  for (const client of clients) await timed(client, '/health')
  /** @type {number[]} */
  const times = []
  const cpuMs = cpuMsOf(pid)
  const end = performance.now() + seconds * 1000
  let asked = 0
  const read = async (/** @type {Client} */ client) => {
    while (performance.now() < end)
      times.push(await timed(client, ordinary[asked++ % ordinary.length] ?? '/'))
  }
  await Promise.all(clients.map(read))
  await Promise.all(clients.map((client) => client.close()))
  const sorted = times.toSorted((a, b) => a - b)
  const quantile = (/** @type {number} */ share) =>
    (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)
  console.log(
    `\n${readers} readers of ordinary pages, ${seconds} s: ${times.length} answers, no error, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, ` +
      `${((cpuMsOf(pid) - cpuMs) / times.length).toFixed(1)} ms of processor time each, peak memory of the server ${memoryOf(pid, 'VmHWM').toFixed(0)} MiB`,
  )
}

const room = mkdtempSync(join(tmpdir(), 'varve-bench-'))
try {
  await makeRepositories(room)
  const server = await startServer(room)
  await onceEach(server)
  await atOnce(server)
  await server.stop()
} finally {
  rmSync(room, { recursive: true, force: true })
}
