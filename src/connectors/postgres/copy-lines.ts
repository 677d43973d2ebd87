// Rows as a table keeps them, written as COPY … FROM STDIN reads them: the same values that `textOfCell` makes of their
// cells, without the cells.
import { startOf } from '../../prolly/entry-batch.ts'
import { ByteReader } from '../../encoding/varint.ts'
import type { RowSource } from '../../formats/interface.ts'
import { intLengthOf } from '../../table/int-key.ts'
import { keyElementEnd, keyTag, unescapedElement } from '../../table/key.ts'
import { cellEnd, cellTag, rowFlag, shortTextMax } from '../../table/row.ts'
import type { RowShape } from '../../table/rows.ts'
import { CopyBuffer } from './copy-buffer.ts'
import type { PostgresTable } from './discover.ts'

/** Where a column's value lies: in the key, in the row, or nowhere. */
interface Place {
  readonly key: number
  readonly value: number
}

export class CopyLines extends CopyBuffer {
  readonly #places: readonly Place[]
  /** Of the row in hand. */
  readonly #keyStarts: Int32Array
  readonly #valueStarts: Int32Array
  /** By value: its number among the row's contents out of line. */
  readonly #linked: Int32Array
  #valueCount = 0
  /** Of the table's columns, those that are not computed, in their order. */
  constructor({ columns }: PostgresTable, { keys, values }: RowShape) {
    super()
    this.#places = columns
      .filter(({ generated }) => !generated)
      .map(({ name }) => ({
        key: keys.findIndex((column) => column.name === name),
        value: values.findIndex((column) => column.name === name),
      }))
    this.#keyStarts = new Int32Array(keys.length + 1)
    this.#valueStarts = new Int32Array(values.length + 1)
    this.#linked = new Int32Array(values.length)
  }

  add(rows: RowSource): void {
    for (let row = 0; row < rows.count; row++) {
      this.#findKey(rows.keys, startOf(rows.keyEnds, row))
      this.#findValues(rows, row)
      for (const [i, place] of this.#places.entries()) {
        if (i > 0) this.tab()
        if (place.key >= 0) this.#keyElement(rows.keys, place.key)
        else if (place.value < 0 || place.value >= this.#valueCount) this.null()
        else this.#cell(rows, place.value)
      }
      this.endLine()
    }
  }

  #findKey(keys: Uint8Array, at: number): void {
    for (let i = 0; i < this.#keyStarts.length; i++) {
      this.#keyStarts[i] = at
      if (i + 1 < this.#keyStarts.length) at = keyElementEnd(keys, at)
    }
  }

  #findValues({ values, valueEnds, contentEnds }: RowSource, row: number): void {
    let at = startOf(valueEnds, row)
    const end = valueEnds[row]!
    let linked = contentEnds === null ? 0 : startOf(contentEnds, row)
    const flags = values[at++]!
    if (flags & rowFlag.lineEnd) at++
    if (flags & rowFlag.keyQuoting) while (values[at++]! >= 128);
    if (flags & rowFlag.rawLine) {
      if (values[at]! >= cellTag.textLinked) linked++
      at = cellEnd(values, at)
    }
    let count = 0
    for (; at < end; count++) {
      this.#valueStarts[count] = at
      if (values[at]! >= cellTag.textLinked) this.#linked[count] = linked++
      at = cellEnd(values, at)
    }
    this.#valueStarts[count] = at
    this.#valueCount = count
  }

  #keyElement(keys: Uint8Array, place: number): void {
    const [start, end] = [this.#keyStarts[place]!, this.#keyStarts[place + 1]!]
    const tag = keys[start]!
    if (tag === keyTag.null) this.null()
    else if (tag === keyTag.true || tag === keyTag.false) this.bool(tag === keyTag.true)
    else if (intLengthOf(tag) >= 0) this.int(keys, start)
    else if (tag === keyTag.bytes) this.hex(unescapedElement(keys, start + 1, end - 1))
    else {
      const text = unescapedElement(keys, start + 1, end - 1)
      this.text(text, 0, text.length)
    }
  }

  #cell(rows: RowSource, place: number): void {
    const { values } = rows
    const start = this.#valueStarts[place]!
    const end = this.#valueStarts[place + 1]!
    const tag = values[start]!
    if (tag <= shortTextMax) return this.text(values, start + 1, end)
    if (tag === cellTag.absent || tag === cellTag.null) return this.null()
    if (tag === cellTag.true || tag === cellTag.false) return this.bool(tag === cellTag.true)
    if (tag >= cellTag.textLinked) {
      const content = rows.contents[this.#linked[place]!]!
      return tag === cellTag.bytesLinked ? this.hex(content) : this.text(content, 0, content.length)
    }
    const reader = new ByteReader(values, start + 1)
    reader.varint()
    if (tag === cellTag.bytes) this.hex(values.subarray(reader.at, end))
    else this.text(values, reader.at, end)
  }
}
