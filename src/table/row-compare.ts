// Which cells of two versions of a row differ in value, told by the bytes as they lie: nothing is made of a cell that is the
// same, so that a row of ten thousand columns in which one has changed costs little more than a look at its bytes.
import type { Entry } from '../prolly/interface.ts'
import type { RowShape } from './rows.ts'
import { type RowBounds, type Slot, absentSlot, rowBounds, shortTextMax } from './row.ts'
import { equalSlotValues } from './slot.ts'

/** A column of either version with its places among the value columns, or -1 where it is not. */
export interface ColumnPlaces {
  readonly name: string
  readonly before: number
  readonly after: number
}

/** One of `columns` with the cells of both rows. */
export interface DifferentCell {
  readonly column: ColumnPlaces
  readonly before: Slot
  readonly after: Slot
}

/** The cells that differ, in the order of `columns`. @throws VarveError VARVE_CORRUPT */
export function differentCells(
  columns: readonly ColumnPlaces[],
  before: SideOfRow,
  after: SideOfRow,
): DifferentCell[] {
  const [a, b] = [new BoundRow(before), new BoundRow(after)]
  return columns.flatMap((column) =>
    a.isSame(column.before, b, column.after)
      ? []
      : [{ column, before: a.slot(column.before), after: b.slot(column.after) }],
  )
}

/** How many of `columns` differ. @throws VarveError VARVE_CORRUPT */
export function countDifferentCells(
  columns: readonly ColumnPlaces[],
  before: SideOfRow,
  after: SideOfRow,
): number {
  const [a, b] = [new BoundRow(before), new BoundRow(after)]
  let count = 0
  for (const column of columns) if (!a.isSame(column.before, b, column.after)) count++
  return count
}

export interface SideOfRow {
  readonly shape: RowShape
  readonly entry: Entry
}

class BoundRow {
  readonly #value: Uint8Array
  readonly #row: RowBounds

  constructor({ shape, entry }: SideOfRow) {
    this.#value = entry.value
    this.#row = rowBounds(entry.value, entry.links, shape.values.length)
  }

  slot(place: number): Slot {
    if (!this.#has(place)) return absentSlot
    const { bounds, linkOf } = this.#row
    return {
      spelling: this.#value.subarray(bounds[place], bounds[place + 1]),
      link: linkOf.get(place) ?? null,
    }
  }

  isSame(place: number, other: BoundRow, at: number): boolean {
    if (this.#has(place) && other.#has(at)) {
      if (this.#isSpelledAlike(place, other, at))
        return this.#row.linkOf.get(place) === other.#row.linkOf.get(at)
      // Short texts, as most cells are, have no other spelling.
      if (Math.max(this.#tag(place), other.#tag(at)) <= shortTextMax) return false
    }
    return equalSlotValues(this.slot(place), other.slot(at))
  }

  #has(place: number): boolean {
    return place >= 0 && place < this.#row.count
  }

  #tag(place: number): number {
    return this.#value[this.#row.bounds[place]!]!
  }

  #isSpelledAlike(place: number, other: BoundRow, at: number): boolean {
    const [a, b] = [this.#value, other.#value]
    const [from, to] = [this.#row.bounds[place]!, this.#row.bounds[place + 1]!]
    const start = other.#row.bounds[at]!
    if (other.#row.bounds[at + 1]! - start !== to - from) return false
    for (let i = from, j = start; i < to; i++, j++) if (a[i] !== b[j]) return false
    return true
  }
}
