// Rows of cells as packed entries for the tree: keys in their byte order, rows in their one spelling, large cells
// beside them. Values that a table cannot hold are refused by row and column; where somebody takes note of rows that are
// too large, these are left out, and all others go on.
import { compareRanges } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { cellBytes } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { encodeKey, keyBytesMax } from '../../table/key.ts'
import { cellBytesMax, inlineCellBytesMax } from '../../table/row.ts'
import type { RowShape } from '../../table/rows.ts'
import { PackedBuffer, type PackedRows } from '../packed.ts'
import { cellFault } from './faults.ts'
import { type UnfitRows, unfitCells, unfitKey, unfitWhole } from './unfit-rows.ts'

const rowBytesMax = 900 << 10
const headRoom = 6

export class CellPacker {
  readonly #shape: RowShape
  readonly #where: string
  /** By key column and by value column: place among the cells of a row. */
  readonly #keyPlaces: readonly number[]
  readonly #valuePlaces: readonly number[]
  readonly #buffer = new PackedBuffer(1 << 16, 1024)
  /** Rows until the one in hand. */
  #rowsBefore: number

  constructor(shape: RowShape, where: string, rowsBefore = 0) {
    this.#rowsBefore = rowsBefore
    this.#shape = shape
    this.#where = where
    const placeOf = (id: number): number => shape.schema.columns.findIndex((column) => column.id === id)
    this.#keyPlaces = shape.keys.map(({ id }) => placeOf(id))
    this.#valuePlaces = shape.values.map(({ id }) => placeOf(id))
  }

  /** Views; the next call spoils them. Rows that are too large go to `unfit`. @throws VARVE_RULE_VIOLATED without it */
  pack(rows: readonly (readonly Cell[])[], unfit?: UnfitRows): PackedRows {
    const buffer = this.#buffer
    buffer.clear()
    for (const row of rows) {
      this.#add(row, unfit)
      this.#rowsBefore++
    }
    return buffer.view()
  }

  #add(cells: readonly Cell[], unfit: UnfitRows | undefined): void {
    const buffer = this.#buffer
    const { count } = buffer
    const key = this.#keyOf(cells, unfit)
    if (key === null) return
    const keyStart = count === 0 ? 0 : buffer.keyEnds[count - 1]!
    const valueStart = count === 0 ? 0 : buffer.valueEnds[count - 1]!
    const room = this.#roomOf(cells, key, unfit)
    if (room === null) return
    buffer.reserve(keyStart + key.length, valueStart + room)
    buffer.keys.set(key, keyStart)
    if (count > 0 && buffer.isOrdered) {
      const before = count === 1 ? 0 : buffer.keyEnds[count - 2]!
      buffer.isOrdered = compareRanges(buffer.keys, before, keyStart, key, 0, key.length) < 0
    }
    buffer.endRow(keyStart + key.length, this.#writeRow(cells, valueStart))
  }

  /** The row's encoded key; null when it is too long. */
  #keyOf(cells: readonly Cell[], unfit: UnfitRows | undefined): Uint8Array | null {
    const key = this.#keyPlaces.map((place) => cells[place]!)
    // The empty text is a value where it is not how nothing is written.
    const wrong = key.findIndex(({ kind }) => kind === 'absent' || kind === 'null' || kind === 'json')
    if (wrong >= 0) {
      const isNested = key[wrong]!.kind === 'json'
      const words = isNested ? 'key is a nested value' : 'key cell is empty'
      throw this.#fault(isNested ? 'key-not-scalar' : 'empty-key', words, this.#keyPlaces[wrong]!)
    }
    try {
      return encodeKey(this.#shape.schema, key)
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      if (unfit === undefined) throw this.#fault('key-too-long', error.message, this.#keyPlaces[0]!)
      unfit.add(unfitKey(key, Number(error.data['length']), keyBytesMax))
      return null
    }
  }

  /** How many bytes the row takes; null when a cell or the row is too large. */
  #roomOf(cells: readonly Cell[], key: Uint8Array, unfit: UnfitRows | undefined): number | null {
    let room = 1
    let isLarge = false
    for (const place of this.#valuePlaces) {
      const length = cellBytes(cells[place]!)
      if (length > cellBytesMax) {
        isLarge = true
        if (unfit === undefined) {
          const words = `a cell of ${length} bytes is larger than ${cellBytesMax} bytes`
          throw this.#fault('cell-too-large', words, place)
        }
      }
      room += headRoom + (length > inlineCellBytesMax ? 0 : length)
    }
    if (isLarge) {
      const sizes = this.#valuePlaces.map((place) => ({
        column: this.#columnAt(place),
        bytes: cellBytes(cells[place]!),
      }))
      const large = sizes.filter(({ bytes }) => bytes > cellBytesMax)
      unfit!.add(unfitCells(key, large, cellBytesMax))
      return null
    }
    if (room <= rowBytesMax) return room
    if (unfit === undefined) throw this.#fault('row-too-large', `the row is larger than ${rowBytesMax} bytes`)
    unfit.add(unfitWhole(key, room, rowBytesMax))
    return null
  }

  #writeRow(cells: readonly Cell[], start: number): number {
    const buffer = this.#buffer
    buffer.values[start] = 0
    let at = start + 1
    let end = at
    for (const place of this.#valuePlaces) {
      const cell = cells[place]!
      at = buffer.writeCell(at, cell)
      // Absent cells at the end are left out.
      if (cell.kind !== 'absent') end = at
    }
    return end
  }

  #columnAt(place: number): string {
    return this.#shape.schema.columns[place]!.name
  }

  #fault(reason: string, words: string, place?: number): VarveError {
    const column = place === undefined ? undefined : this.#columnAt(place)
    return cellFault(reason, words, { where: this.#where, row: this.#rowsBefore + 1, column })
  }
}
