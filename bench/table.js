// A million rows of eight columns, about 100 MB of CSV: first version, a second one with 1000 cells edited, the
// difference between them, and a merge of 1000 edited cells on each side, whose result is checked byte for byte.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesBelow, compare, printTable, randomFrom } from './measure.js'

const rowCountDefault = 1_000_000
const editCount = 1000
export const file = 'people.csv'
const header = 'id,name,email,city,amount,created_at,active,note'
const first = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'John',
  'Margaret',
  'Niklaus',
]
const last = [
  'Lovelace',
  'Hopper',
  'Turing',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Allen',
  'Backus',
  'Hamilton',
  'Wirth',
]
const cities = [
  'Wien',
  'Zürich',
  'London',
  'New York',
  'São Paulo',
  'Tokyo',
  'Nairobi',
  'Oslo',
  'Lyon',
  'Porto',
]
const words = [
  'called back',
  'no answer',
  'paid in full',
  'sent a reminder',
  'moved house',
  'asked for a copy',
  'new contract',
]

/** @param {number} [rowCount] @returns {string[][]} rows of cells */
export function makeRows(rowCount = rowCountDefault) {
  const random = randomFrom(1)
  /** @param {readonly string[]} list */
  const pick = (list) => list[random() % list.length]
  const rows = []
  for (let i = 0; i < rowCount; i++) {
    const [given, family] = [pick(first), pick(last)]
    const amount = `${random() % 100_000}.${String(random() % 100).padStart(2, '0')}`
    const created = new Date(1_500_000_000_000 + (random() % 200_000_000) * 1000).toISOString().slice(0, 19)
    const mail = `${given[0]}.${family}${i}@mail.org`.toLowerCase()
    rows.push([
      String(i + 1),
      `${given} ${family}`,
      mail,
      pick(cities),
      amount,
      `${created}Z`,
      random() % 2 ? 'true' : 'false',
      pick(words),
    ])
  }
  return rows
}

/** @param {readonly string[][]} rows */
export function csvOf(rows) {
  return Buffer.from(`${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`)
}

/**
 * Edits one cell in each thousand rows, between `from` and `from` + 400 of them, so that two sides with other `from`s
 * never touch neighbouring lines: git can merge them too.
 * @param {readonly string[][]} rows @param {number} from @param {number} column @param {number} seed
 */
function edited(rows, from, column, seed) {
  const random = randomFrom(seed)
  const next = [...rows]
  const step = rowCountDefault / editCount
  for (let i = 0; i < editCount; i++) {
    const at = i * step + from + (random() % 400)
    next[at] = next[at].with(column, `edited ${random() % 10_000}`)
  }
  return next
}

/** @param {number} rounds */
export function bench(rounds) {
  const rows = makeRows()
  const second = edited(rows, 0, 3, 2)
  const ours = edited(second, 0, 7, 3)
  const theirs = edited(second, 500, 3, 4)
  const merged = ours.map((row, i) => (theirs[i] === second[i] ? row : theirs[i]))
  const bytes = {
    first: csvOf(rows),
    second: csvOf(second),
    ours: csvOf(ours),
    theirs: csvOf(theirs),
    merged: csvOf(merged),
  }
  /** @type {Record<string, Record<string, number>>} */
  const stored = { git: {}, varve: {} }
  /** @param {Buffer} content @returns {(dir: string) => void} */
  const write = (content) => (dir) => writeFileSync(join(dir, file), content)
  /** @param {string} when @returns {(dir: string, tool: 'git' | 'varve') => void} */
  const note = (when) => (dir, tool) => {
    stored[tool][when] = bytesBelow(join(dir, `.${tool}`))
  }
  /** @param {string} name @param {string[]} args */
  const both = (name, ...args) => ({ name, git: args, varve: args })
  compare(
    `${rowCountDefault} rows x 8 columns, ${(bytes.first.length / 1e6).toFixed(1)} MB`,
    [
      { name: 'init', git: ['init', '-q', '-b', 'main'], varve: ['init'], before: write(bytes.first) },
      { name: 'track', git: null, varve: ['track', file, '--key', 'id'] },
      both('add', 'add', '.'),
      { ...both('commit', 'commit', '-q', '-m', 'first'), after: note('first version') },
      { ...both('add, 1000 cells edited', 'add', '.'), before: write(bytes.second) },
      { ...both('commit, 1000 cells edited', 'commit', '-q', '-m', 'second'), after: note('second version') },
      both('diff --stat of the two', 'diff', '--stat', 'HEAD~1..HEAD'),
      both('diff of the two', 'diff', 'HEAD~1..HEAD'),
      both('switch -c theirs', 'switch', '-q', '-c', 'theirs'),
      { ...both('commit -a on theirs', 'commit', '-q', '-a', '-m', 'theirs'), before: write(bytes.theirs) },
      both('switch main', 'switch', '-q', 'main'),
      { ...both('commit -a on main', 'commit', '-q', '-a', '-m', 'ours'), before: write(bytes.ours) },
      { ...both('merge theirs', 'merge', '-q', '-m', 'merged', 'theirs'), after: expectFile(bytes.merged) },
      both('status', 'status', '-s'),
      { ...both('gc', 'gc', '-q'), after: note('all, after gc') },
    ],
    rounds,
  )
  const whens = Object.keys(stored.varve)
  console.log()
  printTable(
    ['stored', 'git MB', 'varve MB'],
    whens.map((when) => [when, megabytes(stored.git[when]), megabytes(stored.varve[when])]),
  )
}

/** @param {Buffer} expected @returns {(dir: string, tool: string) => void} */
function expectFile(expected) {
  return (dir, tool) => {
    if (!readFileSync(join(dir, file)).equals(expected))
      throw new Error(`${tool}'s merge is not what it should be`)
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2)
}
