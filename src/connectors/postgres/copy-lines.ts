// Rows as a table keeps them, written as COPY … FROM STDIN reads them: the same values that `textOfCell` makes of their
// cells, without the cells.
import { startOf } from '../../prolly/entry-batch.ts'
import { ByteReader } from '../../encoding/varint.ts'
import type { RowSource } from '../../formats/interface.ts'
import { intLengthOf, writeIntText } from '../../table/int-key.ts'
import { keyElementEnd, keyTag, unescapedElement } from '../../table/key.ts'
import { cellEnd, cellTag, rowFlag, shortTextMax } from '../../table/row.ts'
import type { RowShape } from '../../table/rows.ts'
import type { PostgresTable } from './discover.ts'

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c
const hexDigits = new TextEncoder().encode('0123456789abcdef')
const nullText = new TextEncoder().encode('\\N')
const trueText = new TextEncoder().encode('true')
const falseText = new TextEncoder().encode('false')
const intTextMax = 40

/** Where a column's value lies: in the key, in the row, or nowhere. */
interface Place {
  readonly key: number
  readonly value: number
}

export class CopyLines {
  readonly #places: readonly Place[]
  /** Of the row in hand. */
  readonly #keyStarts: Int32Array
  readonly #valueStarts: Int32Array
  /** By value: its number among the row's contents out of line. */
  readonly #linked: Int32Array
  #valueCount = 0
  #out = new Uint8Array(1 << 16)
  #length = 0

  /** Of the table's columns, those that are not computed, in their order. */
  constructor({ columns }: PostgresTable, { keys, values }: RowShape) {
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

  get length(): number {
    return this.#length
  }

  /** What was written since the last call, in memory of its own. */
  take(): Uint8Array {
    const lines = this.#out.slice(0, this.#length)
    this.#length = 0
    return lines
  }

  add(rows: RowSource): void {
    for (let row = 0; row < rows.count; row++) {
      this.#findKey(rows.keys, startOf(rows.keyEnds, row))
      this.#findValues(rows, row)
      for (const [i, place] of this.#places.entries()) {
        if (i > 0) this.#byte(tab)
        if (place.key >= 0) this.#keyElement(rows.keys, place.key)
        else if (place.value < 0 || place.value >= this.#valueCount) this.#raw(nullText)
        else this.#cell(rows, place.value)
      }
      this.#byte(lineFeed)
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
    if (tag === keyTag.null) this.#raw(nullText)
    else if (tag === keyTag.true || tag === keyTag.false)
      this.#raw(tag === keyTag.true ? trueText : falseText)
    else if (intLengthOf(tag) >= 0) {
      this.#reserve(intTextMax)
      this.#length = writeIntText(this.#out, this.#length, keys, start)
    } else if (tag === keyTag.bytes) this.#hex(unescapedElement(keys, start + 1, end - 1))
    else {
      const text = unescapedElement(keys, start + 1, end - 1)
      this.#text(text, 0, text.length)
    }
  }

  #cell(rows: RowSource, place: number): void {
    const { values } = rows
    const start = this.#valueStarts[place]!
    const end = this.#valueStarts[place + 1]!
    const tag = values[start]!
    if (tag <= shortTextMax) return this.#text(values, start + 1, end)
    if (tag === cellTag.absent || tag === cellTag.null) return this.#raw(nullText)
    if (tag === cellTag.true || tag === cellTag.false)
      return this.#raw(tag === cellTag.true ? trueText : falseText)
    if (tag >= cellTag.textLinked) {
      const content = rows.contents[this.#linked[place]!]!
      return tag === cellTag.bytesLinked ? this.#hex(content) : this.#text(content, 0, content.length)
    }
    const reader = new ByteReader(values, start + 1)
    reader.varint()
    if (tag === cellTag.bytes) this.#hex(values.subarray(reader.at, end))
    else this.#text(values, reader.at, end)
  }

  #text(src: Uint8Array, start: number, end: number): void {
    this.#reserve(2 * (end - start))
    const out = this.#out
    let at = this.#length
    for (let i = start; i < end; i++) {
      const byte = src[i]!
      if (byte === backslash || byte === lineFeed || byte === tab || byte === carriageReturn) {
        out[at++] = backslash
        out[at++] = byte === backslash ? byte : byte === lineFeed ? 0x6e : byte === tab ? 0x74 : 0x72
      } else out[at++] = byte
    }
    this.#length = at
  }

  #hex(bytes: Uint8Array): void {
    this.#reserve(2 * bytes.length + 3)
    const out = this.#out
    let at = this.#length
    out[at++] = backslash
    out[at++] = backslash
    out[at++] = 0x78
    for (const byte of bytes) {
      out[at++] = hexDigits[byte >> 4]!
      out[at++] = hexDigits[byte & 15]!
    }
    this.#length = at
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    for (let i = 0; i < bytes.length; i++) this.#out[this.#length++] = bytes[i]!
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#out[this.#length++] = byte
  }

  #reserve(room: number): void {
    if (this.#length + room <= this.#out.length) return
    const larger = new Uint8Array(2 * (this.#length + room))
    larger.set(this.#out.subarray(0, this.#length))
    this.#out = larger
  }
}
