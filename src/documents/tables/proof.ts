// Reads a merged file again and compares every cell with what was decided; and checks that a key that told rows apart
// in all versions still does. A merge that does not pass is not offered.
import { shownTable } from './contested.ts'
import { appendKey } from './key-index.ts'
import type { KeyIndexes } from './key-indexes.ts'
import type { InferredKey } from './key.ts'
import { nameAt } from './lanes.ts'
import { type RowPick, StrandCells } from './merged-rows.ts'
import type { MergedTable } from './merged-table.ts'
import { readRecords } from './read-records.ts'
import { isSameDialect, isSameText, type Records } from './record.ts'
import { RowCells } from './row-cells.ts'
import { twinKeys } from './side-keys.ts'
import type { Side } from './strands.ts'
import { TextTable } from './text-table.ts'
import { rowTwins, type Twins } from './version.ts'

/** Whether the merged file reads as was decided. `bytes` is that file, with ours wherever there is a conflict. */
export function isProven(
  merged: MergedTable,
  bytes: Uint8Array,
  key: InferredKey | null,
  indexes: KeyIndexes,
): boolean {
  const table = shownTable(merged, () => 'ours')
  const { layout, header, rows } = table
  const { base } = table.versions
  const dialect = { delimiter: layout.delimiter, hasQuotes: layout.hasQuotes }
  const file = readRecords(bytes, dialect, base.file)
  if (file === null) return false
  const records = header === null ? file.records : file.records.slice(1)
  if (header !== null && !isNamed(table, file.records.get(0)?.cells ?? [])) return false
  const twins = rowTwins(file, base.file, header !== null)
  const decided = new Decided(table, twins)
  let written = 0
  for (let row = 0; row < rows.length; row++) {
    const pick = rows.pick(row)
    const strand = rows.order[row]!
    if (pick === null || (pick.kind === 'conflict' && rows.strands.ours[strand]! < 0)) continue
    if (written >= records.length || !decided.isIn(strand, pick, records, written)) return false
    written++
  }
  if (written !== records.length) return false
  if (key === null || records.length === 0) return true
  const places = key.lanes.map((lane) => layout.lanes.indexOf(lane))
  const index = isLike(key, places) ? indexes.unique(base.rows, places, 0) : null
  const known = index === null || twins === null ? undefined : twinKeys(index, records, twins)
  return known === undefined ? isUnique(records, places) : known !== null
}

/** Whether the key stands where it did in the base. */
function isLike({ lanes }: InferredKey, places: readonly number[]): boolean {
  return lanes.every((lane, i) => lane.base === places[i])
}

function isNamed({ header, versions }: MergedTable, names: readonly string[]): boolean {
  return header!.every(({ lane, pick }, i) => {
    const side = typeof pick === 'string' ? pick : 'ours'
    return names[i] === (versions[side].header!.cells[lane[side]] ?? nameAt(versions[side], lane[side]))
  })
}

function isUnique(records: Records, places: readonly number[]): boolean {
  const keys = new TextTable(records.length)
  const cells = new RowCells()
  const most = Math.max(...places) + 1
  for (let i = 0; i < records.length; i++) {
    appendKey(keys, cells.set(records, i, most), places)
    keys.add()
    if (keys.size === i) return false
  }
  return true
}

/** Compares what was decided with what was written. */
class Decided {
  readonly #table: MergedTable
  readonly #cells: StrandCells
  readonly #twins: Twins | null
  readonly #written = new RowCells()
  readonly #isSameDialect: Readonly<Record<Side, boolean>>

  /** `twins` says which of the written rows stand in the base. */
  constructor(table: MergedTable, twins: Twins | null) {
    this.#table = table
    this.#twins = twins
    this.#cells = new StrandCells(table.versions, table.rows.strands)
    const isSame = (side: Side): boolean => isSameDialect(table.versions[side].rows.dialect, table.layout)
    this.#isSameDialect = { base: isSame('base'), ours: isSame('ours'), theirs: isSame('theirs') }
  }

  isIn(strand: number, pick: RowPick, records: Records, at: number): boolean {
    const cells = this.#cells
    if (pick.kind === 'side' && this.#isSameDialect[pick.side]) {
      const twin = this.#twins?.rows[at] ?? -1
      const sideTwins = this.#table.versions[pick.side].twins
      if (twin >= 0 && sideTwins?.rows[cells.place(pick.side, strand)] === twin) return true
      if (isSameText(cells.rows(pick.side), cells.place(pick.side, strand), records, at)) return true
    }
    const written = this.#written.set(records, at)
    const { lanes } = this.#table.layout
    if (written.count > lanes.length) return false
    return lanes.every((lane, i) => {
      const side = sideAt(pick, i)
      const row = side === null || lane[side] < 0 ? null : cells.of(side, strand)
      return row === null ? written.value(i) === '' : written.hasSameValue(i, row, lane[side!])
    })
  }
}

function sideAt(pick: RowPick, column: number): Side | null {
  if (pick.kind === 'side') return pick.side
  if (pick.kind === 'conflict') return 'ours'
  const chosen = pick.picks[column] ?? null
  return chosen === null || typeof chosen === 'string' ? chosen : 'ours'
}
