// How the time of a merge grows with the table and with the changes: tables of 10^4, 10^5 and 10^6 rows (10^7 with
// --large) in a disk store without files and in memory, 1,000 cells edited on each side, merged in a process that is
// already running. Each line comes from a process of its own: its first merge, and the median of the next ones, each in
// a repository opened anew, so that no node is remembered. CPU time is the whole process's, garbage collection included.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DataRepository, MemoryStore, Repository } from '../dist/index.js'

const author = { name: 'Ada Lovelace', email: 'ada@example.org' }
const edits = 1000
const columns = ['name', 'mail', 'city', 'street', 'phone', 'note', 'born']

/** @param {number} id @param {Record<string, string>} [changed] */
function rowOf(id, changed = {}) {
  const row = {
    id,
    name: `person number ${id}`,
    mail: `p${id}@example.org`,
    city: cities[id % cities.length],
    street: `${(id * 7919) % 999} Long Street`,
    phone: `+43 1 ${(id * 104729) % 10_000_000}`,
    note: id % 5 === 0 ? '' : `note ${id % 97}`,
    born: `${1930 + (id % 80)}-0${1 + (id % 9)}-1${id % 9}`,
  }
  return { ...row, ...changed }
}

const cities = ['Wien', 'Graz', 'Linz', 'Salzburg', 'Innsbruck', 'Klagenfurt', 'Villach', 'Wels', 'Bregenz']

/** @param {number} rows */
async function* csv(rows) {
  yield Buffer.from(`id,${columns.join(',')}\n`)
  for (let id = 1; id <= rows;) {
    const lines = []
    for (const end = Math.min(rows, id + 4999); id <= end; id++)
      lines.push(Object.values(rowOf(id)).join(','))
    yield Buffer.from(`${lines.join('\n')}\n`)
  }
}

/** @param {DataRepository} repo @param {number} rows */
async function prepare(repo, rows) {
  await repo.importTable(csv(rows), { path: 'people.csv', format: 'csv', key: ['id'] })
  await repo.createBranch('theirs')
  const step = rows / edits
  // Every other row is edited on both sides, in another cell.
  const edit = (branch, column, offset) =>
    repo.transaction(branch, (tx) => {
      const table = tx.table('people.csv')
      for (let i = 0; i < edits; i++) {
        const id = 1 + Math.floor(i * step) + (i % 2 === 0 ? 0 : Math.min(offset, step - 1))
        table.put(rowOf(id, { [column]: `edited ${id}` }))
      }
    })
  await edit('main', 'city', 1)
  await edit('theirs', 'mail', 3)
  await repo.close()
}

/** @param {() => Promise<DataRepository>} open @param {number} rounds */
async function measure(open, rounds) {
  const times = []
  for (let round = 0; round <= rounds; round++) {
    const repo = await open()
    const cpu = process.cpuUsage()
    const start = performance.now()
    const merged = await repo.merge('theirs')
    const ms = performance.now() - start
    const used = process.cpuUsage(cpu)
    if (merged.outcome !== 'merged' || merged.paths[0]?.rowsChanged !== edits)
      throw new Error(`wrong answer: ${JSON.stringify(merged)}`)
    const row = await (await repo.at('main')).table('people.csv').get(1)
    if (row?.city !== 'edited 1' || row.mail !== 'edited 1')
      throw new Error(`wrong row: ${JSON.stringify(row)}`)
    times.push({ ms, cpuMs: (used.user + used.system) / 1000 })
    await repo.undo()
    await repo.close()
  }
  return times
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** @param {number} rounds @param {{ large?: boolean }} [options] */
export function bench(rounds, options = {}) {
  const sizes = [10_000, 100_000, 1_000_000, ...(options.large === true ? [10_000_000] : [])]
  console.log(`\nMerge in process: ${edits} cells edited on each side, 8 columns\n`)
  console.log('| store | rows | first merge ms | its CPU ms | further merges ms | their CPU ms |')
  console.log('|---|---:|---:|---:|---:|---:|')
  for (const store of ['disk', 'memory']) {
    for (const rows of sizes) {
      const dir = mkdtempSync(join(process.env['VARVE_BENCH_DIR'] ?? tmpdir(), 'varve-bench-merge-'))
      try {
        // A process of its own for the merges: the import has warmed nothing up for them.
        if (store === 'disk') child('prepare', join(dir, 'r'), String(rows), '0')
        const [first, ...further] = JSON.parse(child(store, join(dir, 'r'), String(rows), String(rounds)))
        const middle = (of) => median(further.map((time) => time[of]))
        const cells = [first.ms, first.cpuMs, middle('ms'), middle('cpuMs')].map((ms) => Math.round(ms))
        console.log(`| ${store} | ${rows.toLocaleString('en')} | ${cells.join(' | ')} |`)
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    }
  }
}

/** @param {...string} args */
function child(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [verb, dir, rows, rounds] = process.argv.slice(2)
  const print = (times) => console.log(JSON.stringify(times))
  if (verb === 'prepare') await prepare(await Repository.init(dir, { author, bare: true }), Number(rows))
  else if (verb === 'disk') print(await measure(() => Repository.open(dir, { author }), Number(rounds)))
  else if (verb === 'memory') {
    const store = MemoryStore.create()
    const open = async () => DataRepository.over(store, { author })
    await prepare(await open(), Number(rows))
    print(await measure(open, Number(rounds)))
  }
}
