// Times `varve merge-file` beside `git merge-file` on files that nobody tracked: node bench/merge-files.js [--rounds N]
// [--only TEXT]. CSV of 10,000 to 1,000,000 rows with up to 1,000 cells changed on each side, JSON of 1 and 10 MB and YAML of
// 1 MB with 1,000 values changed, 100 rows of 10,000 unique columns with 100 cells changed. Both tools merge the same three
// files, in turns. Both must be clean and give the same bytes, but for the wide table: its sides change the same lines, where git is told
// to take ours. The
// first row is a merge of 30 rows: starting up, which is in all figures.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, printTable, run } from './measure.js'

const varve = fileURLToPath(new URL('../bin/varve.js', import.meta.url))
const at = process.argv.indexOf('--rounds')
const rounds = at < 0 ? 3 : Number(process.argv[at + 1])
const onlyAt = process.argv.indexOf('--only')
const only = onlyAt < 0 ? '' : process.argv[onlyAt + 1]

/** Edits of one side: `changed` elements, `offset` apart from the other's. */
function edits(count, changed, offset) {
  const places = new Set()
  for (let i = 0; i < changed; i++) places.add((Math.floor((i * count) / changed) + offset) % count)
  return places
}

function csv(rows, edited) {
  const lines = ['id,name,email,city,amount,day,note']
  for (let i = 0; i < rows; i++) {
    const amount = edited.has(i) ? 'changed' : ((i * 7919) % 100_000) / 100
    lines.push(
      `${i},name ${(i * 31) % 977},user${i}@example.org,${['Berlin', 'Paris', 'Rome'][i % 3]},${amount},2024-0${1 + (i % 9)}-1${i % 10},note number ${(i * 17) % 9973}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function* elements(count, edited) {
  for (let id = 0; id < count; id++) {
    const tags = ['a', `t${id % 13}`]
    yield {
      id,
      name: `name ${id}`,
      kind: edited.has(id) ? 'changed' : `kind ${id % 7}`,
      tags,
      at: [id / 4, -id],
    }
  }
}

const json = (count, edited) => `${JSON.stringify([...elements(count, edited)], null, 2)}\n`

function yaml(count, edited) {
  return Array.from(
    elements(count, edited),
    ({ id, name, kind, tags }) =>
      `- id: ${id}\n  name: ${name}\n  kind: ${kind}\n  tags:\n${tags.map((tag) => `  - ${tag}\n`).join('')}`,
  ).join('')
}

/** 100 rows; `count` cells. */
function wide(count, edited) {
  const columns = count / 100
  const lines = [Array.from({ length: columns }, (_, i) => `c${i}`).join(',')]
  for (let first = 0; first < count; first += columns) {
    lines.push(
      Array.from({ length: columns }, (_, i) => (edited.has(first + i) ? 'changed' : `v${first + i}`)).join(
        ',',
      ),
    )
  }
  return `${lines.join('\n')}\n`
}

const files = [
  { name: 'CSV, 30 rows', ext: 'csv', make: csv, count: 30 },
  { name: 'CSV, 10,000 rows', ext: 'csv', make: csv, count: 10_000 },
  { name: 'CSV, 100,000 rows', ext: 'csv', make: csv, count: 100_000 },
  { name: 'CSV, 1,000,000 rows', ext: 'csv', make: csv, count: 1_000_000 },
  { name: 'JSON, 1 MB', ext: 'json', make: json, count: 6_000 },
  { name: 'JSON, 10 MB', ext: 'json', make: json, count: 60_000 },
  { name: 'YAML, 1 MB', ext: 'yaml', make: yaml, count: 13_000 },
  {
    name: 'CSV, 100 rows x 10,000 columns',
    ext: 'csv',
    make: wide,
    count: 1_000_000,
    changed: 100,
    isSame: false,
  },
].filter(({ name }) => name.includes(only))

const rows = []
for (const { name, ext, make, count, changed: most = 1000, isSame = true } of files) {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-merge-files-'))
  try {
    const folder = path.join(dir, 'files')
    const changed = Math.min(most, count / 10)
    const sides = { base: new Set(), ours: edits(count, changed, 1), theirs: edits(count, changed, 5) }
    const names = {}
    mkdirSync(folder)
    for (const [side, edited] of Object.entries(sides)) {
      names[side] = path.join(folder, `${side}.${ext}`)
      writeFileSync(names[side], make(count, edited))
    }
    const words = ['merge-file', '-p', names.ours, names.base, names.theirs]
    const results = { git: [], varve: [] }
    for (let round = 0; round < rounds; round++) {
      for (const [tool, command] of [
        ['git', ['git', ...words.slice(0, 2), ...(isSame ? [] : ['--ours']), ...words.slice(2)]],
        ['varve', [process.execPath, varve, ...words]],
      ]) {
        results[tool].push(run(folder, command))
      }
    }
    if (isSame && results.git[0].stdout !== results.varve[0].stdout)
      throw new Error(`${name}: another merge than git's`)
    const of = (tool, what) => String(Math.round(median(results[tool].map((result) => result[what]))))
    rows.push([name, ...['ms', 'cpuMs', 'peakMiB'].flatMap((what) => [of('git', what), of('varve', what)])])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
printTable(
  ['file', 'git ms', 'varve ms', 'git CPU ms', 'varve CPU ms', 'git peak MiB', 'varve peak MiB'],
  rows,
)
