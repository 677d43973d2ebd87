// The highest memory of single `varve sync` commands, each a process of its own, over a million rows of PostgreSQL and over
// rows of 15 MiB. Starts its own server in a temporary folder; needs Debian's packages `postgresql` and `time`.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { withPostgres } from './links.js'
import { commandOf, printTable, run } from './measure.js'

const rowCount = 1_000_000
const columns = 'id int primary key, name text, amount numeric(12,2), at timestamptz, note text'
const rows = `select i, 'name ' || md5(i::text), (i % 100000) / 100.0,
  timestamptz '2020-01-01' + i * interval '1 minute', repeat('n', i % 30) from generate_series(1, ${rowCount}) i`
const longRows = `select i, repeat(md5(i::text), 15 * 32768) from generate_series(1, 30) i`

export function bench() {
  return withPostgres('memory', async (dir, psql) => {
    for (const name of ['a', 'b']) psql(`create database ${name}`, 'postgres')
    psql(`create table t (${columns})`, 'a')
    psql(`insert into t ${rows}`, 'a')
    psql('create table compared (like t including all)', 'a')
    psql('insert into compared select * from t', 'a')
    for (const name of ['a', 'b']) psql('create table long (id int primary key, body text)', name)
    measure(dir, psql)
  })
}

/** @param {string} dir @param {(sql: string, database: string) => unknown} psql */
function measure(dir, psql) {
  const repo = join(dir, 'repo')
  mkdirSync(repo)
  /** @param {readonly string[]} args */
  const varve = (...args) => run(repo, commandOf('varve', args))
  /** @type {string[][]} */
  const table = []
  /** @param {string} name @param {string} link */
  const sync = (name, link) => {
    const { ms, cpuMs, peakMiB } = varve('sync', link, '-q')
    const peak = peakMiB === null ? '-' : (peakMiB * 1.048576).toFixed(0)
    table.push([name, ms.toFixed(0), cpuMs?.toFixed(0) ?? '-', peak])
  }
  /** @param {string} link @param {string} database @param {string} mode @param {string} of @param {readonly string[]} [rest] */
  const link = (link, database, mode, of, rest = []) => {
    const url = `postgres://postgres@/${database}?host=${encodeURIComponent(dir)}`
    varve('link', 'add', link, url, '--mode', mode, '--tables', of, '--into', 'data', ...rest)
  }
  varve('init', '-q')
  link('log', 'a', 'capture', 't', ['--changes', 'log'])
  link('cmp', 'a', 'capture', 'compared', ['--changes', 'compare'])
  link('in', 'a', 'capture', 'long')
  link('out', 'b', 'mirror', 'long')
  sync('first capture', 'log')
  sync('the same, of a link that compares', 'cmp')
  for (let i = 0; i < 10; i++) psql(`update t set name = 'x' || id where id % 10 = ${i}`, 'a')
  sync('ten transactions, each of every tenth row, by the log', 'log')
  psql(`insert into t select id + ${rowCount}, name, amount, at, note from t`, 'a')
  sync('a transaction of a million new rows, by the log', 'log')
  psql(`update compared set amount = amount + 1, name = md5(name)`, 'a')
  sync('all rows changed, compared', 'cmp')
  psql(`insert into long ${longRows}`, 'a')
  sync('30 rows of 15 MiB, captured', 'in')
  sync('30 rows of 15 MiB, written', 'out')
  console.log(`\nHighest memory of single rounds (Node ${process.version}; MB are 1,000,000 bytes)\n`)
  printTable(['round', 'ms', 'cpu ms', 'peak MB'], table)
}
