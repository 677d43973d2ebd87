// Transactions as commits and commits as transactions (`commits: each`), beside all at once: how many a second are captured
// by PostgreSQL's log into a repository on disk, and written from one into a table. Starts its own server.
import { join } from 'node:path'
import pg from 'pg'
import { Repository } from '../dist/index.js'
import { withPostgres } from './links.js'
import { printTable } from './measure.js'

const rowCount = 20_000
const transactions = 2_000

export function bench() {
  return withPostgres('transactions', async (dir, psql) => {
    /** @type {string[][]} */
    const table = []
    for (const commits of [undefined, 'each']) {
      const name = commits ?? 'batch'
      psql(`create database ${name}`, 'postgres')
      psql(`create database ${name}_copy`, 'postgres')
      await measure(dir, name, commits, table)
    }
    console.log(
      `\n${transactions} transactions of two rows in two tables of ${rowCount} rows, in PostgreSQL\n`,
    )
    printTable(['step', 'ms', 'cpu ms of this process', 'transactions/s'], table)
  })
}

/** @param {string} dir @param {string} name @param {'each' | undefined} commits @param {string[][]} table */
async function measure(dir, name, commits, table) {
  /** @param {string} database */
  const url = (database) => `postgres://postgres@/${database}?host=${encodeURIComponent(dir)}`
  /** @param {string} step @param {() => unknown} work */
  const time = async (step, work) => {
    const [start, used] = [performance.now(), process.cpuUsage()]
    await work()
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(used)
    const rate = (transactions / ms) * 1000
    table.push([`${step}, ${name}`, ms.toFixed(0), ((user + system) / 1000).toFixed(0), rate.toFixed(0)])
  }
  const [db, copy] = [name, `${name}_copy`].map((one) => new pg.Client({ connectionString: url(one) }))
  if (db === undefined || copy === undefined) throw new Error('no clients')
  for (const client of [db, copy]) {
    await client.connect()
    await client.query(
      'create table people (id int primary key, name text, age int); create table orders (id int primary key, person int, total int)',
    )
  }
  await db.query(`insert into people select i, 'name ' || i, i % 90 from generate_series(1, ${rowCount}) i;
    insert into orders select i, i, i from generate_series(1, ${rowCount}) i`)
  const repo = await Repository.init(join(dir, `repo-${name}`), {
    author: { name: 'Ada', email: 'ada@example.org' },
  })
  const setting = { tables: ['people', 'orders'], into: '', ...(commits === undefined ? {} : { commits }) }
  await repo.addLink('a', { endpoint: url(name), mode: 'capture', changes: 'log', ...setting })
  await repo.addLink('b', { endpoint: url(`${name}_copy`), mode: 'mirror', ...setting })
  await repo.sync('a')
  await repo.sync('b')
  for (let i = 0; i < transactions; i++)
    await db.query(`begin; update people set age = ${i} where id = ${1 + ((i * 7919) % rowCount)};
      insert into orders values (${rowCount + 1 + i}, 1, 1); commit`)
  await time('capture', () => repo.sync('a'))
  await time('write', () => repo.sync('b'))
  await repo.close()
  await db.end()
  await copy.end()
}
