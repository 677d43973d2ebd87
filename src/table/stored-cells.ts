// Cells of rows as a table's map keeps them, found without taking the rows apart and handed one by one to whoever writes
// them down: no object is made for a cell. One reader serves many rows, one after the other.
import { compareRanges } from '../base/bytes.ts'
import { ByteReader } from '../encoding/varint.ts'
import { intLengthOf } from './int-key.ts'
import type { Cell } from './interface.ts'
import { keyElementEnd, keyTag, unescapedElement } from './key.ts'
import { cellEnd, cellTag, rowFlag, shortTextMax } from './row.ts'
import type { RowShape } from './rows.ts'

/** Takes cells; bytes are only lent. */
export interface CellSink {
  null(kind: 'null' | 'absent'): void
  bool(value: boolean): void
  /** An integer out of an encoded key. */
  int(key: Uint8Array, at: number): void
  text(src: Uint8Array, start: number, end: number, kind: 'text' | 'number' | 'json'): void
  bytes(bytes: Uint8Array): void
}

export function sendCell({ kind, bytes }: Cell, sink: CellSink): void {
  if (kind === 'absent' || kind === 'null') sink.null(kind)
  else if (kind === 'true' || kind === 'false') sink.bool(kind === 'true')
  else if (kind === 'bytes') sink.bytes(bytes)
  else sink.text(bytes, 0, bytes.length, kind)
}

/** Where a row lies. */
export interface StoredRow {
  readonly keys: Uint8Array
  readonly keyStart: number
  readonly values: Uint8Array
  readonly valueStart: number
  readonly valueEnd: number
  /** Contents of cells out of line; those of this row from `contentStart` on. */
  readonly contents: readonly Uint8Array[]
  readonly contentStart: number
}

/** Where a column's value lies: in the key, in the row, or nowhere. */
interface Place {
  readonly key: number
  readonly value: number
}

const noBytes = new Uint8Array()
const noRow: StoredRow = {
  keys: noBytes,
  keyStart: 0,
  values: noBytes,
  valueStart: 0,
  valueEnd: 0,
  contents: [],
  contentStart: 0,
}

export class StoredCells {
  /** How the row in hand is spelled beside its cells: `rowFlag`. */
  flags = 0
  readonly #places: readonly Place[]
  readonly #keyStarts: Int32Array
  readonly #valueStarts: Int32Array
  /** By value: its number among the contents out of line. */
  readonly #linked: Int32Array
  #row = noRow
  #valueCount = 0

  /** Gives the cells of these columns, in their order. */
  constructor(columns: readonly { readonly name: string }[], { keys, values }: RowShape) {
    this.#places = columns.map(({ name }) => ({
      key: keys.findIndex((column) => column.name === name),
      value: values.findIndex((column) => column.name === name),
    }))
    this.#keyStarts = new Int32Array(keys.length + 1)
    this.#valueStarts = new Int32Array(values.length + 1)
    this.#linked = new Int32Array(values.length)
  }

  get width(): number {
    return this.#places.length
  }

  /** Makes this row the one whose cells are given. */
  read(row: StoredRow): void {
    this.#row = row
    this.#findKey(row)
    this.#findValues(row)
  }

  send(i: number, sink: CellSink): void {
    const { key, value } = this.#places[i]!
    if (key >= 0) this.#sendKey(key, sink)
    else if (value < 0 || value >= this.#valueCount) sink.null('absent')
    else this.#sendValue(value, sink)
  }

  /** Whether the cell is spelled as that of another row with the same key; one that is not may still have its value. */
  isSame(i: number, other: StoredCells): boolean {
    const [{ key, value }, place] = [this.#places[i]!, other.#places[i]!]
    if (key >= 0 || place.key >= 0) return key >= 0 && place.key >= 0
    const isHere = value >= 0 && value < this.#valueCount
    const isThere = place.value >= 0 && place.value < other.#valueCount
    if (!isHere || !isThere) return isHere === isThere
    const [a, b] = [this.#row.values, other.#row.values]
    const [start, end] = [this.#valueStarts[value]!, this.#valueStarts[value + 1]!]
    const [from, to] = [other.#valueStarts[place.value]!, other.#valueStarts[place.value + 1]!]
    if (end - start !== to - from || compareRanges(a, start, end, b, from, to) !== 0) return false
    if (a[start]! < cellTag.textLinked) return true
    const [one, two] = [this.#content(value), other.#content(place.value)]
    return compareRanges(one, 0, one.length, two, 0, two.length) === 0
  }

  #content(value: number): Uint8Array {
    return this.#row.contents[this.#linked[value]!]!
  }

  #findKey({ keys, keyStart }: StoredRow): void {
    let at = keyStart
    for (let i = 0; i < this.#keyStarts.length; i++) {
      this.#keyStarts[i] = at
      if (i + 1 < this.#keyStarts.length) at = keyElementEnd(keys, at)
    }
  }

  #findValues({ values, valueStart, valueEnd, contentStart }: StoredRow): void {
    let at = valueStart
    let linked = contentStart
    this.flags = values[at++]!
    if (this.flags & rowFlag.lineEnd) at++
    if (this.flags & rowFlag.keyQuoting) while (values[at++]! >= 128);
    if (this.flags & rowFlag.rawLine) {
      if (values[at]! >= cellTag.textLinked) linked++
      at = cellEnd(values, at)
    }
    let count = 0
    for (; at < valueEnd; count++) {
      this.#valueStarts[count] = at
      if (values[at]! >= cellTag.textLinked) this.#linked[count] = linked++
      at = cellEnd(values, at)
    }
    this.#valueStarts[count] = at
    this.#valueCount = count
  }

  #sendKey(place: number, sink: CellSink): void {
    const { keys } = this.#row
    const [start, end] = [this.#keyStarts[place]!, this.#keyStarts[place + 1]!]
    const tag = keys[start]!
    if (tag === keyTag.null) return sink.null('null')
    if (tag === keyTag.true || tag === keyTag.false) return sink.bool(tag === keyTag.true)
    if (intLengthOf(tag) >= 0) return sink.int(keys, start)
    const content = unescapedElement(keys, start + 1, end - 1)
    if (tag === keyTag.bytes) sink.bytes(content)
    else sink.text(content, 0, content.length, tag === keyTag.text ? 'text' : 'number')
  }

  #sendValue(place: number, sink: CellSink): void {
    const { values } = this.#row
    const [start, end] = [this.#valueStarts[place]!, this.#valueStarts[place + 1]!]
    const tag = values[start]!
    if (tag <= shortTextMax) return sink.text(values, start + 1, end, 'text')
    if (tag === cellTag.absent || tag === cellTag.null)
      return sink.null(tag === cellTag.null ? 'null' : 'absent')
    if (tag === cellTag.true || tag === cellTag.false) return sink.bool(tag === cellTag.true)
    const isJson = tag === cellTag.json || tag === cellTag.jsonLinked
    const kind = isJson ? 'json' : tag === cellTag.number ? 'number' : 'text'
    if (tag >= cellTag.textLinked) {
      const content = this.#content(place)
      if (tag === cellTag.bytesLinked) sink.bytes(content)
      else sink.text(content, 0, content.length, kind)
      return
    }
    const reader = new ByteReader(values, start + 1)
    reader.varint()
    if (tag === cellTag.bytes) sink.bytes(values.subarray(reader.at, end))
    else sink.text(values, reader.at, end, kind)
  }
}
