// Links with a folder that holds a million rows in one file, of CSV and of JSON Lines: declaring the link, the first capture, a
// round with nothing to do, one after a hundred rows have changed, and writing all rows into a new file; beside `track`,
// `add` and `commit` of the same file. Then a table of ten thousand files of twenty rows each. Each command is a process of
// its own.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, printTable, run } from './measure.js'
import { csvOf, makeRows } from './table.js'

const names = ['id', 'name', 'email', 'city', 'amount', 'created_at', 'active', 'note']
const changedRows = 100
const manyFiles = 10_000
const rowsInEach = 20

/** @param {readonly string[][]} rows */
function jsonlOf(rows) {
  const plain = /^(-?(0|[1-9][0-9]*)([.][0-9]+)?|true|false)$/
  /** @param {string} cell @param {number} i */
  const member = (cell, i) => `"${names[i]}":${plain.test(cell) ? cell : JSON.stringify(cell)}`
  return Buffer.from(rows.map((row) => `{${row.map(member).join(',')}}\n`).join(''))
}

export function bench() {
  const dir = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
  try {
    const rows = makeRows()
    measure(join(dir, 'csv'), 'people.csv', csvOf(rows))
    measure(join(dir, 'jsonl'), 'people.jsonl', jsonlOf(rows))
    measureMany(join(dir, 'many'), rows)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** @param {string} dir @param {string} file @param {Buffer} bytes */
function measure(dir, file, bytes) {
  /** @type {string[][]} */
  const table = []
  /** @param {string} name @param {string} repo @param {readonly (readonly string[])[]} commands */
  const time = (name, repo, commands) => {
    const results = commands.map((args) => run(repo, commandOf('varve', args)))
    const ms = results.reduce((sum, one) => sum + one.ms, 0)
    const cpuMs = results.reduce((sum, one) => sum + (one.cpuMs ?? 0), 0)
    const peak = Math.max(...results.map((one) => one.peakMiB ?? 0)) * 1.048576
    table.push([name, ms.toFixed(0), cpuMs.toFixed(0), peak.toFixed(0)])
  }
  const [tracked, repo] = [join(dir, 'tracked'), join(dir, 'repo')]
  const [drop, out] = [join(dir, 'drop'), join(dir, 'out')]
  for (const made of [tracked, repo, drop, out]) mkdirSync(made, { recursive: true })
  for (const made of [tracked, repo]) run(made, commandOf('varve', ['init', '-q']))
  writeFileSync(join(tracked, file), bytes)
  settled(join(drop, file), bytes)
  const first = [
    ['track', file, '--key', 'id'],
    ['add', file],
    ['commit', '-q', '-m', 'first'],
  ]
  time('track, add and commit of the file', tracked, first)
  const tables = ['--tables', 'people', '--into', 'data']
  time('link add', repo, [['link', 'add', 'drop', `folder:${drop}`, ...tables, '--mode', 'capture']])
  time('first sync', repo, [['sync', 'drop', '-q']])
  time('a round with nothing to do', repo, [['sync', 'drop', '-q']])
  settled(join(drop, file), edited(bytes))
  time(`a round after ${changedRows} changed rows`, repo, [['sync', 'drop', '-q']])
  run(repo, commandOf('varve', ['link', 'add', 'out', `folder:${out}`, ...tables, '--mode', 'mirror']))
  time('writing all rows into a new file (CSV)', repo, [['sync', 'out', '-q']])
  console.log(`\n${file}, ${(bytes.length / 1e6).toFixed(1)} MB\n`)
  printTable(['step', 'ms', 'cpu ms', 'peak MB'], table)
}

/** One table of many small files. @param {string} dir @param {readonly string[][]} rows */
function measureMany(dir, rows) {
  const [repo, drop] = [join(dir, 'repo'), join(dir, 'drop')]
  for (const made of [repo, join(drop, 'people')]) mkdirSync(made, { recursive: true })
  for (let i = 0; i < manyFiles; i++) {
    const some = rows.slice(i * rowsInEach, (i + 1) * rowsInEach)
    settled(join(drop, 'people', `${String(i).padStart(5, '0')}.csv`), csvOf(some))
  }
  run(repo, commandOf('varve', ['init', '-q']))
  /** @type {readonly (readonly [string, readonly string[]])[]} */
  const steps = [
    ['link add', ['link', 'add', 'drop', `folder:${drop}`, '--tables', 'people', '--mode', 'capture']],
    ['first sync', ['sync', 'drop', '-q']],
    ['a round with nothing to do', ['sync', 'drop', '-q']],
  ]
  const table = steps.map(([name, args]) => {
    const { ms, cpuMs, peakMiB } = run(repo, commandOf('varve', args))
    return [name, ms.toFixed(0), (cpuMs ?? 0).toFixed(0), ((peakMiB ?? 0) * 1.048576).toFixed(0)]
  })
  console.log(`\n${manyFiles} files of ${rowsInEach} rows\n`)
  printTable(['step', 'ms', 'cpu ms', 'peak MB'], table)
}

/** A file that was left alone long enough to be read at once. @param {string} path @param {Buffer} bytes */
function settled(path, bytes) {
  writeFileSync(path, bytes)
  const before = new Date(Date.now() - 60_000)
  utimesSync(path, before, before)
}

/** With a letter changed in an address in each hundredth part of the file. @param {Buffer} bytes */
function edited(bytes) {
  const next = Buffer.from(bytes)
  for (let part = 0; part < changedRows; part++)
    next.write('X', next.indexOf('@', Math.floor((part * next.length) / changedRows)) + 1)
  return next
}
