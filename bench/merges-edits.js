// Merges random edits of real files: node bench/merges-edits.js DIR [--only TEXT] [--seeds N] [--from N]. The base of each case
// (the folders of bench/merges.js) is edited at random on two sides, each in places of its own: cells and values,
// rows and elements, columns and keys, added, changed and removed. What the merge should be is known here without anybody's
// judgement: all edits on one file. A merge that is clean and something else is wrong: exit code 1.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { mergeDocument } from '../dist/index.js'
import { contentOf, sameContent } from './merges-rule.js'
import { casesIn } from './merges-cases.js'
import { randomFrom } from './measure.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '5' },
    from: { type: 'string', default: '1' },
  },
})
const [dir] = positionals
if (dir === undefined || !existsSync(dir)) {
  console.error('usage: node bench/merges-edits.js DIR [--only TEXT] [--seeds N] [--from N]')
  process.exit(2)
}
const bytesMax = 600_000
const editCounts = [1, 2, 5, 12]

/** Random numbers of one merge, and texts that stand nowhere else. */
class Dice {
  #next
  #texts = 0
  constructor(seed) {
    this.#next = randomFrom(seed)
  }
  below(count) {
    return this.#next() % count
  }
  of(list) {
    return list[this.below(list.length)]
  }
  text() {
    return `v${++this.#texts}x${this.below(1e6)}`
  }
}

/** Edits of lines that are rows: by line, what each side makes of its cells. Null where there is too little to edit. */
function tableEdits(text, delimiter, dice) {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const cellsOf = (line) => line.replace(/\r?\n$/, '').split(delimiter)
  const width = cellsOf(lines[0] ?? '').length
  const isRow = (line, i) =>
    i > 0 && line.endsWith('\n') && !line.includes('"') && cellsOf(line).filter(Boolean).length > 1
  const rows = [...lines.keys()].filter((i) => isRow(lines[i], i) && cellsOf(lines[i]).length === width)
  const isWhole = lines.every((line) => !line.includes('"') && cellsOf(line).length === width)
  if (rows.length < 8 || width < 3) return null
  const end = lines[0].endsWith('\r\n') ? '\r\n' : '\n'
  const edits = []
  const owner = new Map()
  const shared = dice.below(2) === 0
  for (const side of [0, 1]) {
    if (isWhole && dice.below(8) === 0) edits.push({ side, kind: 'column' })
    for (let left = dice.of(editCounts); left > 0; left--) {
      const kind = dice.of(['cell', 'cell', 'cell', 'add', 'remove'])
      const row = dice.of(rows)
      const known = owner.get(row)
      if (kind === 'cell') {
        // Two people may edit one row, but not the cell that names it, nor what the other has taken.
        const column = shared ? 1 + dice.below(width - 1) : dice.below(width)
        if (known !== undefined && (!shared || known.columns === null || known.columns.has(column))) continue
        owner.set(row, { columns: (known?.columns ?? new Set()).add(column) })
        edits.push({ side, kind, row, column, text: dice.text() })
      } else if (known === undefined) {
        owner.set(row, { columns: null })
        edits.push({ side, kind, row, cells: cellsOf(lines[row]).map((cell) => cell && dice.text()) })
      }
    }
  }
  return {
    edits,
    apply(taken) {
      const columns = taken.filter(({ kind }) => kind === 'column')
      return lines
        .flatMap((line, i) => {
          const here = taken.filter(({ row }) => row === i)
          if (here.some(({ kind }) => kind === 'remove')) return []
          const cells = cellsOf(line)
          for (const { kind, column, text: changed } of here) if (kind === 'cell') cells[column] = changed
          for (const { side } of columns) cells.push(i === 0 ? `column of ${side}` : `${side} in ${i}`)
          const added = here.filter(({ kind }) => kind === 'add')
          const more = added.map((one) => [
            ...one.cells,
            ...columns.map(({ side }) => (side === one.side ? 'its own' : '')),
          ])
          return [cells, ...more].map((all) => `${all.join(delimiter)}${line.endsWith('\n') ? end : ''}`)
        })
        .join('')
    },
  }
}

/** Edits of values by path. Null where there is too little to edit. */
function jsonEdits(text, dice) {
  const base = parsed(text)
  if (base === null || typeof base !== 'object') return null
  const indent = text.match(/\n([ \t]+)\S/)?.[1] ?? ''
  const leaves = []
  const objects = []
  const visit = (at, value) => {
    if (value === null || typeof value !== 'object') return void leaves.push(at)
    if (!Array.isArray(value)) objects.push(at)
    for (const key of Object.keys(value)) visit([...at, key], value[key])
  }
  visit([], base)
  if (leaves.length < 8 || objects.length < 2) return null
  const edits = []
  const taken = []
  const isFree = (at) => taken.every((other) => !starts(at, other) && !starts(other, at))
  for (const side of [0, 1]) {
    for (let left = dice.of(editCounts); left > 0; left--) {
      const kind = dice.of(['set', 'set', 'add', 'remove'])
      const at = kind === 'add' ? [...dice.of(objects), dice.text()] : dice.of(leaves)
      // Of a list of values, both sides can only say which value, not which place.
      const isListed =
        kind !== 'add' && /^\d+$/.test(at.at(-1)) && Array.isArray(valueAt(base, at.slice(0, -1)))
      if (!isFree(at) || isListed) continue
      taken.push(at)
      const old = kind === 'set' ? valueAt(base, at) : null
      edits.push({ side, kind, at, value: typeof old === 'number' ? old + 1 + dice.below(1e6) : dice.text() })
    }
  }
  return {
    edits,
    apply(some) {
      const value = structuredClone(base)
      for (const { kind, at, value: changed } of some) {
        const holder = valueAt(value, at.slice(0, -1))
        if (kind === 'remove') delete holder[at.at(-1)]
        else holder[at.at(-1)] = changed
      }
      return `${JSON.stringify(value, null, indent)}\n`
    },
  }
}

/** Edits of lines of YAML that hold a key and a plain value. Null where there are too few. */
function yamlEdits(text, dice) {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const indentOf = (line) => line?.match(/^ *(- )?/)[0].length ?? 0
  const plain = /^ *(?:- )?[\w.-]+: [\w./@ -]*[\w./@-]\r?\n$/
  const isLast = (i) => lines[i + 1] === undefined || indentOf(lines[i + 1]) <= indentOf(lines[i])
  const places = [...lines.keys()].filter((i) => plain.test(lines[i]) && isLast(i))
  if (places.length < 8 || /^(?:---|%|\t)|: *[|>]|^ *- *[|>]/m.test(text)) return null
  const edits = []
  const taken = new Set()
  for (const side of [0, 1]) {
    for (let left = dice.of(editCounts); left > 0; left--) {
      const row = dice.of(places)
      const isFirst = /^ *- /.test(lines[row])
      const kind = dice.of(isFirst ? ['set', 'add'] : ['set', 'set', 'add', 'remove'])
      if (taken.has(row)) continue
      taken.add(row)
      edits.push({ side, kind, row, text: dice.text() })
    }
  }
  return {
    edits,
    apply(some) {
      return lines
        .map((line, i) => {
          const edit = some.find(({ row }) => row === i)
          if (edit === undefined) return line
          if (edit.kind === 'remove') return ''
          const end = line.match(/\r?\n$/)[0]
          if (edit.kind === 'add')
            return `${line}${' '.repeat(indentOf(line))}k${edit.text}: ${edit.text}${end}`
          return `${line.slice(0, line.indexOf(': '))}: ${edit.text}${end}`
        })
        .join('')
    },
  }
}

function editsOf(text, ext, dice) {
  if (ext === '.csv' || ext === '.tsv') return tableEdits(text, ext === '.tsv' ? '\t' : ',', dice)
  return ext === '.yaml' || ext === '.yml' ? yamlEdits(text, dice) : jsonEdits(text, dice)
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const starts = (at, other) => other.every((key, i) => at[i] === key)
const valueAt = (value, at) => at.reduce((one, key) => one[key], value)

const counts = { same: 0, content: 0, conflict: 0, unfit: 0, wrong: 0 }
const [first, last] = [Number(values.from), Number(values.from) + Number(values.seeds) - 1]
for (const { folder, ext } of casesIn(dir)) {
  if (!folder.includes(values.only)) continue
  const bytes = readFileSync(path.join(folder, `base${ext}`))
  const text = bytes.toString('utf8')
  if (bytes.length > bytesMax || !Buffer.from(text).equals(bytes) || text.startsWith('\ufeff')) continue
  for (let seed = first; seed <= last; seed++) {
    const made = editsOf(text, ext, new Dice(seed * 7919))
    if (made === null) break
    const of = (sides) => Buffer.from(made.apply(made.edits.filter(({ side }) => sides.includes(side))))
    const [base, ours, theirs, wanted] = [[], [0], [1], [0, 1]].map(of)
    const merged = mergeDocument({ base, ours, theirs }, { name: `file${ext}` })
    const verdict = verdictOf(merged, wanted, ext)
    counts[verdict]++
    if (verdict === 'wrong') console.log(`wrong: ${folder} seed ${seed}: ${merged.basis}`)
  }
}

function verdictOf(merged, wanted, ext) {
  if (merged.kind === 'unfit') return 'unfit'
  if (merged.conflicts.length > 0) return 'conflict'
  const got = Buffer.from(merged.render())
  if (got.equals(wanted)) return 'same'
  return sameContent(contentOf(got, ext), contentOf(wanted, ext)) ? 'content' : 'wrong'
}

const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${all} merges, seeds ${first} to ${last}: ${Object.entries(counts)
    .map(([verdict, count]) => `${verdict} ${count}`)
    .join(', ')}`,
)
process.exitCode = counts.wrong > 0 ? 1 : 0
