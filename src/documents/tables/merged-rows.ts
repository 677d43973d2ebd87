// What the merge decided for every strand: nothing, a side's row, cells of several, or a conflict. Most rows are a side's as
// they stand, so a row is a number, and rows that are put together alike share what says how.
import type { DocumentConflict } from '../interface.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import type { Records } from './record.ts'
import { RowCells } from './row-cells.ts'
import type { Side, Strands } from './strands.ts'

/** What stands in the merged file at a strand; null: nothing. */
export type RowPick =
  | { readonly kind: 'side'; readonly side: Side }
  | { readonly kind: 'cells'; readonly picks: readonly CellPick[] }
  | { readonly kind: 'conflict'; readonly conflict: DocumentConflict }

/** By merged column. */
export type CellPick = Side | DocumentConflict | null

export const oursPick: RowPick = { kind: 'side', side: 'ours' }
export const theirsPick: RowPick = { kind: 'side', side: 'theirs' }

export class MergedRows {
  readonly strands: Strands
  /** The strand of each row, in the merged order. */
  readonly order: Int32Array
  readonly #numbers: Int32Array
  readonly #picks: readonly (RowPick | null)[]

  constructor(
    strands: Strands,
    order: Int32Array,
    picks: { readonly numbers: Int32Array; readonly of: readonly (RowPick | null)[] },
  ) {
    this.strands = strands
    this.order = order
    this.#numbers = picks.numbers
    this.#picks = picks.of
  }

  get length(): number {
    return this.order.length
  }

  pick(row: number): RowPick | null {
    return this.#picks[this.#numbers[row]!]!
  }

  /** The same rows, some of them replaced by conflicts. */
  withConflicts(held: ReadonlyMap<number, DocumentConflict>): MergedRows {
    const numbers = this.#numbers.slice()
    const of = [...this.#picks]
    for (const [row, conflict] of held) {
      numbers[row] = of.length
      of.push({ kind: 'conflict', conflict })
    }
    return new MergedRows(this.strands, this.order, { numbers, of })
  }

  /** The same rows with only some of the columns. */
  withColumns(isShown: readonly boolean[]): MergedRows {
    const of = this.#picks.map((pick): RowPick | null =>
      pick?.kind === 'cells' ? { kind: 'cells', picks: pick.picks.filter((_, i) => isShown[i]) } : pick,
    )
    return new MergedRows(this.strands, this.order, { numbers: this.#numbers, of })
  }
}

/** The rows of one strand after another, split when they are asked for. */
export class StrandCells {
  readonly #versions: Versions
  readonly #strands: Strands
  readonly #cells = { base: new RowCells(), ours: new RowCells(), theirs: new RowCells() }
  readonly #at = { base: -1, ours: -1, theirs: -1 }

  constructor(versions: Versions, strands: Strands) {
    this.#versions = versions
    this.#strands = strands
  }

  rows(side: Side): Records {
    return this.#versions[side].rows
  }

  place(side: Side, strand: number): number {
    return this.#strands[side][strand]!
  }

  /** The cells of a strand's row in one version; null when that has no such row. */
  of(side: Side, strand: number): RowCells | null {
    const place = this.place(side, strand)
    if (place < 0) return null
    const cells = this.#cells[side]
    if (this.#at[side] === place) return cells
    this.#at[side] = place
    return cells.set(this.rows(side), place)
  }

  /** What the side has in a column, against what the other has there; '' where there is none. */
  isSame(strand: number, lane: Lane, side: Side, other: Side): boolean {
    return this.of(side, strand)!.hasSameValue(lane[side], this.of(other, strand)!, lane[other])
  }
}
