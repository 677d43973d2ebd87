// A link with PostgreSQL over a million rows, beside psql's \copy in the same run: first capture, a round with nothing to
// do, writing all rows into an empty table, and one row in a hundred changed. Starts its own server in a temporary
// folder; needs Debian's package `postgresql` and, as root, the user postgres. VARVE_BENCH_SMALL_HEAP=1 has this process collect
// sooner, as programs that go on may.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Repository, keepHeapSmall } from '../dist/index.js'
import { printTable } from './measure.js'

const rowCount = 1_000_000
const manyRows = 100_000
const isRoot = process.getuid?.() === 0
const columns =
  'id int primary key, name text, email text, amount numeric(12,2), day date, at timestamptz, flag boolean, note text'
const rows = `select i, 'name ' || md5(i::text), md5((i * 7)::text) || '@example.org', (i % 100000) / 100.0,
  date '2020-01-01' + i % 2000, timestamptz '2020-01-01' + i * interval '1 minute', i % 3 = 0,
  case when i % 5 = 0 then null else repeat('n', i % 30) end from generate_series(1, ${rowCount}) i`

/** Where the newest PostgreSQL's programs are; null when there is none. */
function binaries() {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a))[0] : undefined
  return version === undefined ? null : join(root, version, 'bin')
}

/** @param {string} bin @param {string} dir */
function server(bin, dir) {
  /** @param {string} program @param {readonly string[]} args */
  const command = (program, args) =>
    isRoot ? ['runuser', '-u', 'postgres', '--', join(bin, program), ...args] : [join(bin, program), ...args]
  /** @param {string} program @param {readonly string[]} args */
  const call = (program, args) => {
    const [first, ...rest] = command(program, args)
    return execFileSync(first, rest, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  call('initdb', ['-D', `${dir}/data`, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'])
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${dir}`,
    'fsync=off',
    'max_wal_size=4GB',
    'wal_level=logical',
  ]
  const [first, ...rest] = command('postgres', [
    '-D',
    `${dir}/data`,
    ...settings.flatMap((one) => ['-c', one]),
  ])
  const child = spawn(first, rest, { cwd: dir, stdio: 'ignore' })
  /** @param {string} sql @param {string} database */
  const psql = (sql, database) =>
    call('psql', ['-h', dir, '-U', 'postgres', '-d', database, '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql])
  const stop = () =>
    new Promise((done) => {
      child.on('exit', done)
      process.kill(Number(readFileSync(`${dir}/data/postmaster.pid`, 'utf8').split('\n')[0]), 'SIGINT')
    })
  return { psql, stop }
}

/** A server in a temporary folder while `work` runs; says so where there is none. @param {string} name @param {(dir: string, psql: (sql: string, database: string) => unknown) => Promise<void>} work */
export async function withPostgres(name, work) {
  const bin = binaries()
  if (bin === null) {
    console.log(`${name}: PostgreSQL is not installed`)
    return
  }
  const dir = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
  if (isRoot) execFileSync('chown', ['postgres', dir])
  const { psql, stop } = server(bin, dir)
  try {
    await answers(psql)
    await work(dir, psql)
  } finally {
    await stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Waits until the server does. @param {(sql: string, database: string) => unknown} psql */
async function answers(psql) {
  for (let attempt = 0; ; attempt++) {
    try {
      psql('select 1', 'postgres')
      return
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}

/** A database with the table `t`, empty. @param {(sql: string, database: string) => unknown} psql @param {string} database */
export function createTable(psql, database) {
  psql(`create database ${database}`, 'postgres')
  psql(`create table t (${columns})`, database)
}

/** A database with the table `t` and all its rows. @param {(sql: string, database: string) => unknown} psql @param {string} database */
export function createRows(psql, database) {
  createTable(psql, database)
  psql(`insert into t ${rows}`, database)
}

export function bench() {
  return withPostgres('links', async (dir, psql) => {
    createRows(psql, 'a')
    createTable(psql, 'b')
    psql('create table copied (like t including all)', 'b')
    await measure(dir, psql)
  })
}

/** @param {string} dir @param {(sql: string, database: string) => unknown} psql */
async function measure(dir, psql) {
  if (process.env.VARVE_BENCH_SMALL_HEAP === '1') keepHeapSmall()
  /** @type {string[][]} */
  const table = []
  /** @param {string} name @param {() => unknown} work */
  const time = async (name, work) => {
    let peak = 0
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20)
    const [start, used] = [performance.now(), process.cpuUsage()]
    await work()
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(used)
    clearInterval(watch)
    table.push([name, ms.toFixed(0), ((user + system) / 1000).toFixed(0), (peak / 1e6).toFixed(0)])
    return ms
  }
  const repo = await Repository.init(join(dir, 'repo'), {
    author: { name: 'Ada', email: 'ada@example.org' },
  })
  /** @param {string} name */
  const url = (name) => `postgres://postgres@/${name}?host=${encodeURIComponent(dir)}`
  await repo.addLink('a', { endpoint: url('a'), mode: 'capture', tables: ['t'], into: '' })
  await repo.addLink('b', { endpoint: url('b'), mode: 'mirror', tables: ['t'], into: '' })
  await time('psql \\copy to a file', () => psql(`\\copy t to '${dir}/t.txt'`, 'a'))
  await time('first capture', () => repo.sync('a'))
  await time('a round with nothing to do', () => repo.sync('a'))
  await time('psql \\copy from a file', () => psql(`\\copy copied from '${dir}/t.txt'`, 'b'))
  await time('write all rows', () => repo.sync('b'))
  await time('a round with nothing to do, after that', () => repo.sync('b'))
  await time('and another', () => repo.sync('b'))
  psql(`update t set name = 'x' || id where id % 100 = 0`, 'a')
  await time('capture, 1 % changed', () => repo.sync('a'))
  await time('write, 1 % changed', () => repo.sync('b'))
  await time('a round with nothing to do, after that', () => repo.sync('b'))
  psql('delete from t where id % 1000 = 1', 'a')
  await time('capture, 0.1 % deleted', () => repo.sync('a'))
  await time('write, 0.1 % deleted', () => repo.sync('b'))
  psql(`update t set name = 'y' || id where id > ${rowCount - manyRows}`, 'a')
  await time(`capture, ${manyRows} changed, side by side`, () => repo.sync('a'))
  const writing = await time(`write, ${manyRows} changed, side by side`, () => repo.sync('b'))
  await repo.close()
  console.log(`\n${rowCount} rows of 8 columns in PostgreSQL, one round\n`)
  printTable(['step', 'ms', 'cpu ms of this process', 'its peak MB'], table)
  console.log(`\nguarded rows written a second: ${((manyRows / writing) * 1000).toFixed(0)}`)
}
