// A link that reads PostgreSQL's log, over a table of 100,000 rows: a round with nothing to do, how long after a commit
// there the change is a commit here, and how many changed rows a second are captured. Starts its own server.
import { join } from 'node:path'
import pg from 'pg'
import { Repository } from '../dist/index.js'
import { withPostgres } from './links.js'
import { printTable } from './measure.js'

const rowCount = 100_000
const single = 60

export function bench() {
  return withPostgres('follow', async (dir, psql) => {
    psql('create database a', 'postgres')
    await measure(dir)
  })
}

/** @param {string} dir */
async function measure(dir) {
  /** @type {string[][]} */
  const table = []
  const endpoint = `postgres://postgres@/a?host=${encodeURIComponent(dir)}`
  const db = new pg.Client({ connectionString: endpoint })
  await db.connect()
  await db.query(`create table t (id int primary key, name text, email text, amount numeric(12,2), at timestamptz);
    insert into t select i, 'name ' || i, md5(i::text), i / 100.0, now() from generate_series(1, ${rowCount}) i`)
  const repo = await Repository.init(join(dir, 'repo'), { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.addLink('a', { endpoint, mode: 'capture', tables: ['t'], into: '', changes: 'log' })
  await repo.sync('a')
  const quiet = await times(20, () => repo.sync('a'))
  table.push(['a round with nothing to do, p50, connecting included', `${quiet.toFixed(0)} ms`])

  const abort = new AbortController()
  /** @type {(rows: number) => void} */
  let captured = () => undefined
  const following = (async () => {
    for await (const { tables } of repo.followLink('a', { signal: abort.signal }))
      captured(tables.reduce((sum, one) => sum + one.captured.changed, 0))
  })()
  /** @param {number} rows */
  const allOf = (rows) =>
    new Promise((done) => {
      let left = rows
      captured = (some) => (left -= some) <= 0 && done(undefined)
    })
  await new Promise((done) => (captured = () => done(undefined)))
  const latency = await times(single, async (i) => {
    const arrived = allOf(1)
    await db.query('update t set amount = amount + 1 where id = $1', [1 + i * 97])
    const committed = performance.now()
    await arrived
    return performance.now() - committed
  })
  table.push(['a committed change is a commit here, p50', `${latency.toFixed(0)} ms`])

  const [start, used] = [performance.now(), process.cpuUsage()]
  const arrived = allOf(rowCount)
  for (let from = 0; from < rowCount; from += 100)
    await db.query('update t set amount = amount + 1 where id > $1 and id <= $2', [from, from + 100])
  const written = performance.now() - start
  await arrived
  const all = performance.now() - start
  const { user, system } = process.cpuUsage(used)
  table.push([
    `${rowCount} changed rows in transactions of 100: writing them there`,
    `${written.toFixed(0)} ms`,
  ])
  table.push(['until all are captured', `${all.toFixed(0)} ms`])
  table.push(['cpu of this process meanwhile', `${((user + system) / 1000).toFixed(0)} ms`])
  table.push(['rows captured a second', ((rowCount / all) * 1000).toFixed(0)])
  abort.abort()
  await following
  await repo.close()
  await db.end()
  console.log(`\na link by PostgreSQL's log, ${rowCount} rows of 5 columns\n`)
  printTable(['what', 'figure'], table)
}

/** The median. @param {number} count @param {(i: number) => Promise<unknown>} work */
async function times(count, work) {
  const all = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    const own = await work(i)
    all.push(typeof own === 'number' ? own : performance.now() - start)
  }
  return all.sort((a, b) => a - b)[count >> 1] ?? 0
}
