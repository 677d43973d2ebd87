// Derived tables: 1,000,000 orders of 50,000 people, 100 orders changed. One table is summed by city over a join, one is a
// join of rows, one sums by month; beside them one whose query can only be run whole.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, median, printTable, randomFrom, run } from './measure.js'

const orderCount = Number(process.env.VARVE_BENCH_ROWS ?? 1_000_000)
const personCount = 50_000
const changed = 100

const tables = {
  'sums by city over a join': {
    key: 'city',
    sql: 'SELECT city, count(*) AS orders, sum(total) AS total FROM orders JOIN people ON people.id = person GROUP BY city',
  },
  'rows of a join': {
    key: 'id',
    sql: 'SELECT orders.id, name, total FROM orders JOIN people ON people.id = orders.person WHERE total > 50',
  },
  'sums by day': {
    key: 'day',
    sql: 'SELECT day, count(*) AS n, sum(total) AS total FROM orders GROUP BY day',
  },
  'sums by city, run whole (WITH)': {
    key: 'city',
    sql: 'WITH x AS (SELECT city, total FROM orders JOIN people ON people.id = person) SELECT city, sum(total) AS total FROM x GROUP BY city',
  },
}

/** By a function, of groups of rows of both tables. */
const byFunction = {
  from: { people: 'people.csv', orders: 'orders.csv' },
  by: { people: 'id', orders: 'person' },
  function: 'totals',
  key: 'id',
  columns: { id: 'int', orders: 'int', total: 'float' },
}
const functions = `export const totals = ({ rows: { people, orders } }) =>
  people.map(({ id }) => ({ id, orders: orders.length, total: orders.reduce((sum, row) => sum + Number(row.total), 0) }))
`

/** @param {number} rounds */
export function bench(rounds) {
  const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
  const dir = mkdtempSync(join(room, 'dataset-'))
  try {
    const day = (/** @type {number} */ i) =>
      new Date(Date.UTC(2024, 0, 1 + (i % 2000))).toISOString().slice(0, 10)
    const orders = Array.from(
      { length: orderCount },
      (_, i) => `${i + 1},${1 + ((i * 7919) % personCount)},${day(i)},${((i * 31) % 10_007) / 100}`,
    )
    const people = Array.from({ length: personCount }, (_, i) => `${i + 1},name ${i},city ${i % 2000}`)
    const writeOrders = () =>
      writeFileSync(join(dir, 'orders.csv'), `id,person,day,total\n${orders.join('\n')}\n`)
    writeOrders()
    writeFileSync(join(dir, 'people.csv'), `id,name,city\n${people.join('\n')}\n`)
    const derive = Object.entries(tables).map(([name, one]) => [
      name,
      { from: ['people.csv', 'orders.csv'], ...one },
    ])
    derive.push(['sums by person, by a function', byFunction])
    const names = derive.map(([name]) => /** @type {string} */ (name))
    const module = join(room, 'functions.mjs')
    writeFileSync(module, functions)
    const config = {
      tables: { 'people.csv': { key: 'id' }, 'orders.csv': { key: 'id' } },
      derive: Object.fromEntries(derive),
    }
    writeFileSync(join(dir, 'varve.yaml'), JSON.stringify(config))
    const varve = (/** @type {string[]} */ ...args) => run(dir, commandOf('varve', args))
    varve('init')
    varve('add', '.')
    varve('commit', '-m', 'start')
    const random = randomFrom(11)
    const rows = []
    // The first reads the inputs for all.
    const first = names.map((name) => varve('derive', name, '--json', '--functions', module))
    const times = names.map(() => /** @type {number[]} */ ([]))
    const ways = names.map(() => '')
    for (let round = 0; round <= rounds; round++) {
      for (let n = 0; n < changed; n++) {
        const i = random() % orderCount
        const [id, person, date] = orders[i].split(',')
        orders[i] = `${id},${person},${date},${(random() % 10_000) / 100}`
      }
      writeOrders()
      varve('commit', '-a', '-m', `change ${round}`)
      for (const [i, name] of names.entries()) {
        const { ms, stdout } = varve('derive', name, '--json', '--functions', module)
        const [table] = JSON.parse(stdout).tables
        ways[i] = table.whole === null ? `${table.rowsAnew} of ${table.rows} rows` : `whole: ${table.whole}`
        times[i].push(ms)
      }
    }
    for (const [i, name] of names.entries()) {
      const [second, ...later] = times[i]
      const seconds = [first[i].ms, second, median(later)].map((ms) => `${(ms / 1000).toFixed(2)} s`)
      rows.push([name, ...seconds, ways[i]])
    }
    printTable(['derived table', 'first', '100 rows changed, first time', 'later', 'computed'], rows)
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
}
