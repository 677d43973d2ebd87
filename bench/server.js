// `varve serve` under load: 100 repositories, 200 readers at a time, each asking for the next thing when it has the last:
// the newest manifest (a fetch of nothing new), a page of rows, a row by its key, a tree, a file, a part of a pack. The
// server is the built product in a process of its own, the readers are in another; every answer is looked at.
// node bench/server.js [--seconds N] [--readers N] [--repositories N]
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'undici'

const varveFile = fileURLToPath(new URL('../bin/varve.js', import.meta.url))
const rowCount = 2000

/** @param {string} name @param {number} otherwise */
function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

const seconds = option('seconds', 20)
const readers = option('readers', 200)
const repositories = option('repositories', 100)

/** @param {string} dir @param {readonly string[]} args */
function varve(dir, args) {
  const env = { ...process.env, VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }
  const { status, stderr, stdout } = spawnSync(process.execPath, [varveFile, ...args], {
    cwd: dir,
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`varve ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** One repository with a table and a file, and bare copies of it, each with a commit of its own. @param {string} room */
function makeRepositories(room) {
  const first = join(room, 'first')
  mkdirSync(first)
  const rows = Array.from({ length: rowCount }, (_, i) => `${i},name ${i},${(i * 7919) % 1000}.50\n`)
  writeFileSync(join(first, 'items.csv'), `id,name,price\n${rows.join('')}`)
  writeFileSync(join(first, 'notes.txt'), 'a line of text\n'.repeat(500))
  varve(first, ['init'])
  varve(first, ['track', 'items.csv', '--key', 'id'])
  varve(first, ['add', '.'])
  varve(first, ['commit', '-m', 'first'])
  mkdirSync(join(room, 'data'))
  for (let i = 0; i < repositories; i++)
    varve(room, ['clone', '--bare', first, join(room, 'data', `repo-${i}`)])
}

/** @param {string} room @returns {Promise<{ url: string, pid: number, stop: () => Promise<void> }>} */
async function startServer(room) {
  const child = spawn(
    process.execPath,
    [
      varveFile,
      'serve',
      '--port',
      '0',
      '--state',
      join(room, 'state'),
      '--anonymous',
      'read',
      '--quiet',
      '--json',
      join(room, 'data'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [part] = await new Promise((done) => child.stdout.once('data', (...all) => done(all)))
  const stop = () =>
    new Promise((done) => {
      child.once('close', done)
      child.kill('SIGTERM')
    })
  return { url: JSON.parse(String(part)).url, pid: child.pid ?? 0, stop }
}

/** @param {string} room @param {number} i */
function packOf(room, i) {
  const packs = join(room, 'data', `repo-${i}`, 'packs')
  const [file] = readdirSync(packs, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.pack'),
  )
  return file
}

/** Of the processors, so far. @param {number} pid */
function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** @param {readonly number[]} sorted @param {number} share */
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const room = mkdtempSync(join(tmpdir(), 'varve-bench-'))
let failed = false
try {
  makeRepositories(room)
  const packs = Array.from({ length: repositories }, (_, i) => packOf(room, i))
  const server = await startServer(room)
  const clients = Array.from({ length: readers }, () => new Client(server.url))
  // Node accepts one connection in each round of its loop, so that under full load the last of many newcomers waits long:
  // readers that are there already are what is measured.
  for (const client of clients) await (await client.request({ method: 'GET', path: '/health' })).body.dump()
  /** @type {Record<string, (i: number, n: number) => { path: string, headers?: Record<string, string>, status: number }>} */
  const kinds = {
    'newest manifest': (i) => ({ path: `/v1/repos/repo-${i}/store/newest?after=0`, status: 200 }),
    'nothing new': (i) => ({ path: `/v1/repos/repo-${i}/store/newest?after=1000`, status: 204 }),
    'page of 100 rows': (i, n) => ({
      path: `/v1/repos/repo-${i}/rows?table=items&from=${n % 1800}`,
      status: 200,
    }),
    'row by key': (i, n) => ({
      path: `/v1/repos/repo-${i}/rows?table=items&key=${n % rowCount}`,
      status: 200,
    }),
    tree: (i) => ({ path: `/v1/repos/repo-${i}/tree`, status: 200 }),
    file: (i) => ({ path: `/v1/repos/repo-${i}/file?path=notes.txt`, status: 200 }),
    'part of a pack': (i) => ({
      path: `/v1/repos/repo-${i}/store/packs/${packs[i]}`,
      headers: { range: 'bytes=0-8191' },
      status: 206,
    }),
  }
  const names = Object.keys(kinds)
  /** @type {Map<string, number[]>} */
  const times = new Map(names.map((name) => [name, []]))
  let errors = 0
  let count = 0
  const cpuMsBefore = cpuMsOf(server.pid)
  const end = performance.now() + seconds * 1000
  /** @param {Client} client */
  const read = async (client) => {
    while (performance.now() < end) {
      const n = count++
      const name = names[n % names.length]
      const { path, headers = {}, status } = kinds[name]((n * 31) % repositories, n * 17)
      const start = performance.now()
      try {
        const answer = await client.request({ method: 'GET', path, headers })
        await answer.body.arrayBuffer()
        if (answer.statusCode !== status) throw new Error(`${path} answers ${answer.statusCode}`)
        times.get(name)?.push(performance.now() - start)
      } catch (error) {
        errors++
        if (errors < 5) console.error(error)
      }
    }
  }
  await Promise.all(clients.map(read))
  const cpuMs = cpuMsOf(server.pid) - cpuMsBefore
  const rss =
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  await Promise.all(clients.map((client) => client.close()))
  await server.stop()
  console.log(`${repositories} repositories, ${readers} readers at a time, ${seconds} s\n`)
  console.log('| request | answers | p50 ms | p99 ms | slowest ms |\n|---|---:|---:|---:|---:|')
  const all = names.flatMap((name) => times.get(name) ?? [])
  times.set('all', all)
  for (const [name, list] of times) {
    const sorted = list.toSorted((a, b) => a - b)
    const figures = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? 0].map((ms) =>
      ms.toFixed(1),
    )
    console.log(`| ${name} | ${sorted.length} | ${figures.join(' | ')} |`)
  }
  console.log(
    `\n${Math.round(all.length / seconds)} requests a second, ${(cpuMs / Math.max(1, all.length)).toFixed(2)} ms of the server's processor time each, errors: ${errors}, peak memory of the server: ${Math.round(rss)} MiB`,
  )
  failed = errors > 0
} finally {
  rmSync(room, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
