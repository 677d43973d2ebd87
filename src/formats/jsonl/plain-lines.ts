// Lines that are spelled just as the file's writer spells them, with members in the order of columns, and short cells
// without escapes or nesting: nearly all lines of nearly all files. They are read in one loop that copies each byte
// once. What stands between the cells is compared with what the renderer would write there, so that they need no other
// proof.
import { utf8 } from '../../base/bytes.ts'
import type { CellKind } from '../../table/interface.ts'
import { isJsonNumber } from '../../table/cell.ts'
import { writeIntLiteral } from '../../table/int-key.ts'
import { isIntLiteral, keyBytesMax, keyRoom, keyTag, writeTerminated } from '../../table/key.ts'
import { cellTag, inlineCellBytesMax, shortTextMax, writeCellHead } from '../../table/row.ts'
import type { PackedBuffer } from '../packed.ts'
import type { JsonlColumns } from './columns.ts'
import { type JsonlLayout, jsonString } from './layout.ts'

const lineBytesMax = 64 << 10
/** Their length takes one byte, and digits as short as `safeDigits` are an integer whatever they are. */
const numberBytesMax = 127
const safeDigits = 15
/** Head of a text that is not short: a tag, and a length of two bytes. */
const longHeadBytes = 3
const quote = 0x22
const backslash = 0x5c
const words = (['true', 'false', 'null'] as const).map((kind) => ({ kind, bytes: utf8(kind) }))

export class PlainLines {
  readonly src: Uint8Array
  readonly #columns: JsonlColumns
  readonly #layout: JsonlLayout
  readonly #out: PackedBuffer
  readonly #separator: Uint8Array
  readonly #eol: Uint8Array
  /** By column: its name and the colon, as the writer spells them. */
  #heads: Uint8Array[] = []
  /** Cells stand in the file in the order in which they are stored. */
  #isStraight = false
  /** Where key and value of the line read last end. */
  keyEnd = 0
  valueEnd = 0
  #at = 0

  constructor(src: Uint8Array, columns: JsonlColumns, layout: JsonlLayout, out: PackedBuffer) {
    this.src = src
    this.#columns = columns
    this.#layout = layout
    this.#out = out
    this.#separator = utf8(layout.itemSeparator)
    this.#eol = utf8(layout.eol)
  }

  /** Writes the row of the line that begins at `start` and whose line feed is at `lineFeed`; false: it is not plain. */
  read(start: number, lineFeed: number): boolean {
    const { src } = this
    if (this.#heads.length < this.#columns.names.length) this.#takeColumns()
    if (!this.#isStraight || lineFeed - start > lineBytesMax || src[start] !== 0x7b) return false
    const { count, keyEnds, valueEnds } = this.#out
    this.keyEnd = count === 0 ? 0 : keyEnds[count - 1]!
    this.valueEnd = count === 0 ? 0 : valueEnds[count - 1]!
    this.#reserve(lineFeed - start)
    this.#at = start + 1
    const keyStart = this.keyEnd
    if (!this.#members() || this.keyEnd - keyStart > keyBytesMax) return false
    return this.#follows(this.#eol) && this.#at === lineFeed + 1
  }

  #takeColumns(): void {
    const { names, valuePlace, keyPlace } = this.#columns
    this.#heads = names.map((name) => utf8(jsonString(name, this.#layout) + this.#layout.keySeparator))
    this.#isStraight = isAscending(valuePlace) && isAscending(keyPlace)
  }

  #reserve(lineBytes: number): void {
    const columns = this.#heads.length
    this.#out.reserve(this.keyEnd + keyRoom(lineBytes) * 2, this.valueEnd + lineBytes + 3 * columns + 8)
  }

  #members(): boolean {
    const { src } = this
    const { values } = this.#out
    const { keyPlace } = this.#columns
    const columns = this.#heads.length
    let to = this.valueEnd
    values[to++] = 0
    this.valueEnd = to
    for (let column = 0; ; column++) {
      while (column < columns && !this.#follows(this.#heads[column]!)) {
        if (keyPlace[column]! >= 0) return false
        values[to++] = cellTag.absent
        column++
      }
      if (column === columns) return false
      if (keyPlace[column]! >= 0) {
        if (!this.#keyCell(column)) return false
      } else {
        to = src[this.#at] === quote ? this.#text(column, to) : this.#scalar(column, to)
        if (to < 0) return false
        this.valueEnd = to
      }
      if (src[this.#at] === 0x7d) {
        this.#at++
        return this.#hasNoKeyFrom(column + 1)
      }
      if (!this.#follows(this.#separator)) return false
    }
  }

  #hasNoKeyFrom(column: number): boolean {
    const { keyPlace } = this.#columns
    for (let i = column; i < keyPlace.length; i++) if (keyPlace[i]! >= 0) return false
    return true
  }

  /** Whether these bytes come next; then it is behind them. */
  #follows(bytes: Uint8Array): boolean {
    const { src } = this
    const at = this.#at
    for (let i = 0; i < bytes.length; i++) if (src[at + i] !== bytes[i]) return false
    this.#at = at + bytes.length
    return true
  }

  #text(column: number, to: number): number {
    const { src } = this
    const { values } = this.#out
    const last = this.#layout.ascii ? 0x7e : 0xff
    const length = to++
    let at = this.#at + 1
    for (let byte = src[at]!; byte !== quote; byte = src[++at]!) {
      if (byte < 0x20 || byte === backslash || byte > last) return -1
      values[to++] = byte
    }
    const bytes = to - length - 1
    if (bytes > inlineCellBytesMax) return -1
    this.#columns.saw(column, 'text')
    this.#at = at + 1
    if (bytes > shortTextMax) {
      values.copyWithin(length + longHeadBytes, length + 1, to)
      return writeCellHead(values, length, cellTag.text, bytes) + bytes
    }
    values[length] = bytes
    return to
  }

  #scalar(column: number, to: number): number {
    const { src } = this
    const { values } = this.#out
    const start = this.#at
    const end = this.#scalarEnd()
    const kind = this.#kindOf(column, start, end)
    if (kind === null) return -1
    this.#columns.saw(column, kind)
    if (kind !== 'int' && kind !== 'number') {
      values[to] = cellTag[kind]
      return to + 1
    }
    values[to++] = cellTag.number
    values[to++] = end - start
    for (let i = start; i < end; i++) values[to++] = src[i]!
    return to
  }

  #scalarEnd(): number {
    const { src } = this
    let at = this.#at
    for (let byte = src[at]!; byte !== 0x2c && byte !== 0x7d && byte > 0x20; byte = src[++at]!);
    this.#at = at
    return at
  }

  #kindOf(column: number, start: number, end: number): CellKind | 'int' | null {
    const { src } = this
    const length = end - start
    if (length > numberBytesMax) return null
    if (isJsonNumber(src, start, end)) {
      if (this.#columns.hasFractions(column)) return 'number'
      const isSafe = length <= safeDigits && src[start] !== 0x2d && isDigits(src, start, end)
      return isSafe || isIntLiteral(src.subarray(start, end)) ? 'int' : 'number'
    }
    const word = words.find(
      ({ bytes }) => bytes.length === length && bytes.every((byte, i) => byte === src[start + i]),
    )
    return word?.kind ?? null
  }

  #keyCell(column: number): boolean {
    const { src } = this
    const { keys } = this.#out
    const isText = src[this.#at] === quote
    const start = isText ? this.#at + 1 : this.#at
    if (isText && !this.#skipText()) return false
    const end = isText ? this.#at - 1 : this.#scalarEnd()
    if (end === start || end - start > keyBytesMax) return false
    if (isText) {
      this.#columns.saw(column, 'text')
      this.keyEnd = writeTerminated(keys, this.keyEnd, keyTag.text, src, start, end)
      return true
    }
    const kind = this.#kindOf(column, start, end)
    if (kind !== 'int' && kind !== 'number') return false
    this.#columns.saw(column, kind)
    const asInt = writeIntLiteral(keys, this.keyEnd, src, start, end)
    this.keyEnd = asInt >= 0 ? asInt : writeTerminated(keys, this.keyEnd, keyTag.number, src, start, end)
    return true
  }

  #skipText(): boolean {
    const { src } = this
    const last = this.#layout.ascii ? 0x7e : 0xff
    let at = this.#at + 1
    for (let byte = src[at]!; byte !== quote; byte = src[++at]!)
      if (byte < 0x20 || byte === backslash || byte > last) return false
    this.#at = at + 1
    return true
  }
}

/** Whether those that have a place have 0, 1, 2 and so on, in order. */
function isAscending(places: readonly number[]): boolean {
  const given = places.filter((place) => place >= 0)
  return given.every((place, i) => place === i)
}

function isDigits(src: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (src[i]! < 0x30 || src[i]! > 0x39) return false
  return true
}
