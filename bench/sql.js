// SQL over a committed table of a million rows of eight columns: the first query, which reads the table, the second one, and
// one after 100 rows were edited and committed; beside it the command line of SQLite, which imports the CSV anew each time
// it has changed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, median, printTable, randomFrom, run } from './measure.js'
import { csvOf, file, makeRows } from './table.js'

const rowCount = Number(process.env.VARVE_BENCH_ROWS ?? 1_000_000)
const editCount = 100
const queries = {
  counted: 'SELECT count(*) AS n FROM people',
  grouped: 'SELECT city, count(*) AS n, sum(amount) AS amount FROM people GROUP BY city ORDER BY city',
}

/** @typedef {'sqlite3' | 'varve'} Side */

/** @param {number} rounds */
export function bench(rounds) {
  const hasSqlite = spawnSync('sqlite3', ['-version']).status === 0
  if (!hasSqlite) console.log("the command 'sqlite3' is not installed: nothing stands beside varve")
  const rows = makeRows(rowCount)
  /** @type {Map<string, Record<Side, { ms: number[], cpuMs: number[] }>>} */
  const times = new Map()
  for (let round = 0; round < rounds; round++) {
    const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
    const dir = mkdtempSync(join(room, 'dataset-'))
    try {
      bothSides(dir, rows, hasSqlite, times)
    } finally {
      rmSync(room, { recursive: true, force: true })
    }
  }
  console.log(`\nSQL over ${rowCount} rows x 8 columns (median of ${rounds}; Node ${process.version})\n`)
  printTable(
    ['query', 'sqlite3 ms', 'varve ms', 'varve/sqlite3', 'sqlite3 cpu ms', 'varve cpu ms'],
    [...times].map(([name, { sqlite3, varve }]) => [
      name,
      shown(sqlite3.ms),
      shown(varve.ms),
      sqlite3.ms.length === 0 ? '' : (median(varve.ms) / median(sqlite3.ms)).toFixed(2),
      shown(sqlite3.cpuMs),
      shown(varve.cpuMs),
    ]),
  )
}

/** @param {string} dir @param {string[][]} rows @param {boolean} hasSqlite @param {Map<string, Record<Side, { ms: number[], cpuMs: number[] }>>} times */
function bothSides(dir, rows, hasSqlite, times) {
  const database = join(dir, '..', 'people.db')
  const varve = (/** @type {string[]} */ ...args) => run(dir, commandOf('varve', args))
  const load = ['-cmd', 'DROP TABLE IF EXISTS people', '-cmd', '.mode csv', '-cmd', `.import ${file} people`]
  /** @param {string} name @param {string} sql @param {boolean} hasChanged */
  const ask = (name, sql, hasChanged) => {
    const time = times.get(name) ?? { sqlite3: { ms: [], cpuMs: [] }, varve: { ms: [], cpuMs: [] } }
    times.set(name, time)
    const results = [varve('sql', '--format', 'csv', sql)]
    keep(time.varve, results[0])
    if (!hasSqlite) return
    results.push(run(dir, ['sqlite3', ...(hasChanged ? load : ['-csv', '-cmd', '']), database, sql]))
    keep(time.sqlite3, results[1])
    const [ours, theirs] = results.map(({ stdout }) => stdout.replaceAll(/[\r"]/g, ''))
    const body = ours.slice(ours.indexOf('\n') + 1)
    if (!sameRows(body, theirs)) throw new Error(`'${sql}' has two answers:\n${body}\n${theirs}`)
  }
  writeFileSync(join(dir, file), csvOf(rows))
  varve('init')
  varve('track', file, '--key', 'id')
  varve('add', '.')
  varve('commit', '-q', '-m', 'first')
  ask('first, table read', queries.counted, true)
  ask('second', queries.counted, false)
  ask('second, sums by city', queries.grouped, false)
  const random = randomFrom(17)
  const edited = [...rows]
  for (let i = 0; i < editCount; i++) {
    const at = random() % rows.length
    edited[at] = edited[at].with(4, String(random() % 1000))
  }
  writeFileSync(join(dir, file), csvOf(edited))
  varve('commit', '-q', '-a', '-m', 'second')
  ask(`after ${editCount} rows were edited, sums by city`, queries.grouped, true)
}

/** @param {{ ms: number[], cpuMs: number[] }} times @param {import('./measure.js').Result} result */
function keep(times, { ms, cpuMs }) {
  times.ms.push(ms)
  if (cpuMs !== null) times.cpuMs.push(cpuMs)
}

/** Sums of floats may differ in their last digits: SQLite's import keeps rows in another order. @param {string} a @param {string} b */
function sameRows(a, b) {
  const cells = (/** @type {string} */ text) => text.trim().split(/[\n,]/)
  const others = cells(b)
  return cells(a).every(
    (cell, i) => cell === others[i] || Math.abs(Number(cell) / Number(others[i]) - 1) < 1e-9,
  )
}

/** @param {readonly number[]} values */
function shown(values) {
  return values.length === 0 ? '-' : median(values).toFixed(0)
}
