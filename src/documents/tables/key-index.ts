// The rows of a version by the cells of some columns.
import { isBlank, type Records } from './record.ts'
import { RowCells } from './row-cells.ts'
import { TextTable } from './text-table.ts'

export const separator = '\u001f'
const separatorByte = 31

/** Puts together the key of a row: its cells, with a separator between. */
export function appendKey(to: TextTable, cells: RowCells, places: readonly number[]): void {
  for (let i = 0; i < places.length; i++) {
    if (i > 0) to.push(separatorByte)
    if (places[i]! >= 0) cells.appendValue(to, places[i]!)
  }
}

/** How many cells of a row have to be read to find its key. */
export function cellsNeeded(places: readonly number[]): number {
  return Math.max(...places) + 1
}

export class KeyIndex {
  readonly places: readonly number[]
  readonly #rows: Records
  readonly #cells = new RowCells()
  readonly #table: TextTable
  #rowOf = new Int32Array(16)
  /** The last row whose cells of the key are empty. */
  #emptyRow = -1
  #isBlankDoubled = false
  #hasGap = false
  #twice = 0

  constructor(rows: Records, places: readonly number[]) {
    this.places = places
    this.#rows = rows
    this.#table = new TextTable(rows.length)
  }

  /** Adds a row. */
  add(cells: RowCells, row: number): void {
    const table = this.#table
    appendKey(table, cells, this.places)
    if (table.length === this.places.length - 1) {
      table.clear()
      this.#hasGap ||= !isBlank(this.#rows, row)
      this.#isBlankDoubled ||= this.#emptyRow >= 0
      this.#emptyRow = row
      return
    }
    const before = table.size
    const number = table.add()
    if (table.size === before) this.#twice++
    if (number >= this.#rowOf.length) this.#grow()
    this.#rowOf[number] = row
  }

  /** Whether some row, not blank, has nothing in the columns, or more than so many have what another has before them. */
  isBroken(twiceMax: number): boolean {
    return this.#hasGap || this.#twice > twiceMax
  }

  /** Whether two rows have one key, blank ones included. */
  get isDoubled(): boolean {
    return this.#twice > 0 || this.#isBlankDoubled
  }

  /** Whether some row has nothing in the columns. */
  get hasEmpty(): boolean {
    return this.#emptyRow >= 0
  }

  /** How many different keys there are, without the empty one. */
  get filled(): number {
    return this.#table.size
  }

  /** How many different keys there are. */
  get size(): number {
    return this.#table.size + (this.#emptyRow >= 0 ? 1 : 0)
  }

  get footprint(): number {
    return this.#table.footprint + 4 * this.#rowOf.length
  }

  /** The last row that has the key which row `i` of `rows` has at `places`, or -1. `most`: `cellsNeeded` of them. */
  rowOf(rows: Records, i: number, places: readonly number[], most: number): number {
    const table = this.#table
    appendKey(table, this.#cells.set(rows, i, most), places)
    if (table.length > places.length - 1) {
      const number = table.find()
      return number < 0 ? -1 : this.#rowOf[number]!
    }
    table.clear()
    return this.#emptyRow
  }

  /** The same for the key that was taken in of `row` of these rows. */
  rowLike(row: number, of: KeyIndex): number {
    return this.rowOf(of.#rows, row, of.places, cellsNeeded(of.places))
  }

  /** How many keys both indexes have. */
  common(other: KeyIndex): number {
    let common = this.#emptyRow >= 0 && other.#emptyRow >= 0 ? 1 : 0
    for (let number = 0; number < this.#table.size; number++) {
      other.#table.appendFrom(this.#table, number)
      if (other.#table.find() >= 0) common++
    }
    return common
  }

  #grow(): void {
    const rowOf = new Int32Array(Math.min(2 * this.#rowOf.length, this.#rows.length))
    rowOf.set(this.#rowOf)
    this.#rowOf = rowOf
  }
}
