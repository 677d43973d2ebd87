// A million rows out of PostgreSQL and into it, beside psql's \copy: each command is a process of its own, from its start to
// its exit, the two one after the other in turns, and the table shows medians. Starts its own server as bench/links.js does.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createRows, createTable, withPostgres } from './links.js'
import { commandOf, median, printTable, run } from './measure.js'

/** @typedef {(sql: string, database: string) => unknown} Psql */

/** @param {number} rounds */
export function bench(rounds) {
  return withPostgres('link-copies', async (dir, psql) => {
    createRows(psql, 'source')
    const turns = Array.from({ length: rounds }, (_, turn) =>
      turnOf(join(dir, `turn-${turn}`), dir, psql, turn),
    )
    console.log(
      `\n1000000 rows of 8 columns in PostgreSQL, each command a process of its own (median of ${rounds})\n`,
    )
    printTable(
      ['step', '\\copy ms', 'varve sync ms', 'varve/\\copy', 'lowest', 'highest', 'varve cpu ms'],
      ['first capture', 'write all rows'].map((name, i) =>
        rowOf(
          name,
          turns.map((turn) => turn[i]),
        ),
      ),
    )
  })
}

/**
 * Both ways, once: out of the source into a new repository and a file, and from these into tables that are empty.
 * @param {string} room @param {string} dir of the server @param {Psql} psql @param {number} turn
 */
function turnOf(room, dir, psql, turn) {
  mkdirSync(room)
  run(room, commandOf('varve', ['init', '-q']))
  const [copied, written] = [`copied${turn}`, `written${turn}`]
  for (const name of [copied, written]) createTable(psql, name)
  link(room, dir, 'a', 'source', 'capture')
  link(room, dir, 'b', written, 'mirror')
  const file = join(dir, 'rows.txt')
  const sync = (/** @type {string} */ name) => run(room, commandOf('varve', ['sync', name, '-q']))
  const inTurns = turn % 2 === 0
  const out = beside(
    inTurns,
    () => psql(`\\copy t to '${file}'`, 'source'),
    () => sync('a'),
  )
  const back = beside(
    inTurns,
    () => psql(`\\copy t from '${file}'`, copied),
    () => sync('b'),
  )
  for (const name of [copied, written]) psql(`drop database ${name}`, 'postgres')
  return [out, back]
}

/** Declares a link. @param {string} room @param {string} dir @param {string} name @param {string} database @param {string} mode */
function link(room, dir, name, database, mode) {
  const endpoint = `postgres://postgres@/${database}?host=${encodeURIComponent(dir)}`
  const args = ['link', 'add', name, endpoint, '--tables', 't', '--mode', mode, '--into', 'data']
  run(room, commandOf('varve', args))
}

/**
 * The two, one right after the other; which of them goes first changes with each turn.
 * @param {boolean} copyFirst @param {() => unknown} copy @param {() => import('./measure.js').Result} sync
 */
function beside(copyFirst, copy, sync) {
  const timed = () => {
    const start = performance.now()
    copy()
    return performance.now() - start
  }
  const early = copyFirst ? timed() : 0
  const { ms, cpuMs } = sync()
  return { copyMs: copyFirst ? early : timed(), ms, cpuMs: cpuMs ?? 0 }
}

/** @param {string} name @param {readonly { copyMs: number, ms: number, cpuMs: number }[]} turns */
function rowOf(name, turns) {
  const ratios = turns.map(({ ms, copyMs }) => ms / copyMs)
  return [
    name,
    median(turns.map(({ copyMs }) => copyMs)).toFixed(0),
    median(turns.map(({ ms }) => ms)).toFixed(0),
    median(ratios).toFixed(2),
    Math.min(...ratios).toFixed(2),
    Math.max(...ratios).toFixed(2),
    median(turns.map(({ cpuMs }) => cpuMs)).toFixed(0),
  ]
}
