// A table's rows, as the tree keeps them, into what is bound for them: no object is made for a row's cells on the way.
import { startOf } from '../../prolly/entry-batch.ts'
import { cellOf } from '../../table/cell.ts'
import { writeIntText } from '../../table/int-key.ts'
import type { CellKind, Column } from '../../table/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import { type CellSink, StoredCells } from '../../table/stored-cells.ts'
import type { RowSource } from '../interface.ts'
import { storedRow } from '../stored-rows.ts'
import { BoundRows } from './bound-rows.ts'
import { plainNumber } from './plain-number.ts'
import { boolOfText, isTextBound, sqliteValue } from './row-values.ts'

const digits = new Uint8Array(48)
const zeroAndOne = Uint8Array.of(0x30, 0x31)

export class RowPacker implements CellSink {
  readonly bound: BoundRows = new BoundRows()
  readonly #columns: readonly Column[]
  readonly #isText: readonly boolean[]
  readonly #cells: StoredCells
  /** Index in `#columns` of the cell that comes next. */
  #column = 0

  constructor(columns: readonly Column[], shape: RowShape) {
    this.#columns = columns
    this.#isText = columns.map(({ type }) => isTextBound(type))
    this.#cells = new StoredCells(columns, shape)
  }

  add(rows: RowSource): void {
    for (let row = 0; row < rows.count; row++) {
      this.bound.place(rows.keys, startOf(rows.keyEnds, row), rows.keyEnds[row]!)
      this.#cells.read(storedRow(rows, row))
      for (this.#column = 0; this.#column < this.#columns.length; this.#column++)
        this.#cells.send(this.#column, this)
      this.bound.endRow()
    }
  }

  null(): void {
    this.bound.number(NaN)
    if (this.#isText[this.#column]!) this.bound.number(NaN)
  }

  bool(value: boolean): void {
    const number = Number(value)
    if (this.#isText[this.#column]!) this.bound.place(zeroAndOne, number, number + 1)
    else this.bound.number(number)
  }

  int(key: Uint8Array, at: number): void {
    this.text(digits, 0, writeIntText(digits, 0, key, at), 'number')
  }

  text(src: Uint8Array, start: number, end: number, kind: 'text' | 'number' | 'json'): void {
    if (this.#isText[this.#column]!) this.#text(src, start, end, kind)
    else this.#value(src, start, end, kind)
  }

  bytes(bytes: Uint8Array): void {
    if (this.#isText[this.#column]!) this.bound.place(bytes, 0, bytes.length)
    else this.#value(bytes, 0, bytes.length, 'bytes')
  }

  #text(src: Uint8Array, start: number, end: number, kind: CellKind): void {
    const isBool = this.#columns[this.#column]!.type === 'bool' && kind === 'text'
    const bool = isBool ? boolOfText(src, start, end) : null
    if (bool === null) this.bound.place(src, start, end)
    else this.bool(bool)
  }

  #value(src: Uint8Array, start: number, end: number, kind: CellKind): void {
    const { type } = this.#columns[this.#column]!
    const number = kind === 'bytes' || type === 'bytes' ? NaN : plainNumber(src, start, end)
    if (Number.isNaN(number)) this.bound.odd(sqliteValue(cellOf(kind, src.slice(start, end)), type))
    else this.bound.number(number)
  }
}
