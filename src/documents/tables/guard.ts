// Columns that are as good as unique on both sides stay so: rows that the merge gives one key, though neither side has so
// many under it, are one conflict.
import type { DocumentConflict } from '../interface.ts'
import { appendKey, separator } from './key-index.ts'
import { type InferredKey, placesOf } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import { type MergedRows, StrandCells } from './merged-rows.ts'
import { RowCells } from './row-cells.ts'
import type { Side } from './strands.ts'
import { TextTable } from './text-table.ts'

const separatorByte = separator.charCodeAt(0)

/** The merged rows; where keys would clash, conflicts stand in the place of rows. */
export function guardRows(
  rows: MergedRows,
  { versions, lanes, key }: { versions: Versions; lanes: readonly Lane[]; key: InferredKey },
  conflicts: DocumentConflict[],
): MergedRows {
  const keys = new MergedKeys(rows, versions, lanes, key)
  if (keys.areUnique()) return rows
  const held = new Map<number, DocumentConflict>()
  for (const group of keys.crowded()) {
    if (group.some((row) => rows.pick(row)!.kind === 'conflict')) continue
    const conflict = collisionOf(
      group.map((row) => rows.order[row]!),
      rows,
      versions,
      key,
    )
    conflicts.push(conflict)
    for (const row of group) held.set(row, conflict)
  }
  return rows.withConflicts(held)
}

/** The merged rows by the merged cells of some columns; rows that have nothing there are not told apart. */
class MergedKeys {
  readonly #rows: MergedRows
  readonly #versions: Versions
  readonly #key: InferredKey
  /** Places of the key's columns among the merged ones. */
  readonly #places: readonly number[]
  readonly #cells: StrandCells
  readonly #keys = new TextTable()

  constructor(rows: MergedRows, versions: Versions, lanes: readonly Lane[], key: InferredKey) {
    this.#rows = rows
    this.#versions = versions
    this.#key = key
    this.#places = key.lanes.map((lane) => lanes.indexOf(lane))
    this.#cells = new StrandCells(versions, rows.strands)
  }

  areUnique(): boolean {
    for (let row = 0; row < this.#rows.length; row++) {
      const before = this.#keys.size
      if (this.#numberOf(row) >= 0 && this.#keys.size === before) return false
    }
    return true
  }

  /** Groups of rows with the same key, where there are more of them than either side has. */
  crowded(): number[][] {
    const rowNumbers = Array.from({ length: this.#rows.length }, (_, row) => this.#numberOf(row))
    const counts = countsOf(rowNumbers)
    const limits = [this.#counts('ours'), this.#counts('theirs')]
    const isCrowded = counts.map((count, number) => limits.every((limit) => count > (limit[number] ?? 0)))
    const groups: number[][] = []
    for (const [row, number] of rowNumbers.entries()) {
      if (isCrowded[number] === true) (groups[number] ??= []).push(row)
    }
    return groups.filter((group) => group !== undefined)
  }

  /** -1 where there is no row, or none that a key would tell apart. */
  #numberOf(row: number): number {
    const pick = this.#rows.pick(row)
    if (pick === null) return -1
    const strand = this.#rows.order[row]!
    for (const [i, lane] of this.#key.lanes.entries()) {
      if (i > 0) this.#keys.push(separatorByte)
      const chosen =
        pick.kind === 'side' ? pick.side : pick.kind === 'cells' ? pick.picks[this.#places[i]!] : 'ours'
      const side: Side = typeof chosen === 'string' ? chosen : 'ours'
      if (lane[side] >= 0) this.#cells.of(side, strand)?.appendValue(this.#keys, lane[side])
    }
    if (this.#keys.length > this.#key.lanes.length - 1) return this.#keys.add()
    this.#keys.clear()
    return -1
  }

  #counts(side: 'ours' | 'theirs'): number[] {
    const { rows } = this.#versions[side]
    const places = placesOf(this.#key.lanes, side)
    const cells = new RowCells()
    return countsOf(
      Array.from({ length: rows.length }, (_, i) => {
        appendKey(this.#keys, cells.set(rows, i), places)
        return this.#keys.find()
      }),
    )
  }
}

/** How often each number occurs; negative numbers are not counted. */
function countsOf(numbers: readonly number[]): number[] {
  const counts: number[] = []
  for (const number of numbers) if (number >= 0) counts[number] = (counts[number] ?? 0) + 1
  return counts
}

function collisionOf(
  strands: readonly number[],
  rows: MergedRows,
  versions: Versions,
  key: InferredKey,
): DocumentConflict {
  const rowOf = (side: Side, strand: number) => versions[side].rows.get(rows.strands[side][strand]!)
  const textOf = (side: Side): string | null => {
    const texts = strands.flatMap((strand) => rowOf(side, strand)?.text ?? [])
    return texts.length === 0 ? null : texts.join('\n')
  }
  const first = strands[0]!
  const side: Side = rows.strands.ours[first]! >= 0 ? 'ours' : 'theirs'
  const row = rowOf(side, first)!
  return {
    kind: 'key-collision',
    where: key.lanes.map((lane) => `${lane.name}=${row.cell(lane[side])}`).join(', '),
    column: null,
    base: textOf('base'),
    ours: textOf('ours'),
    theirs: textOf('theirs'),
  }
}
