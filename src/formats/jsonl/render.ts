// Packed rows as JSON lines: members in the order of columns, spelled as the layout says. A row with a raw line is
// that line. The judge of pack.ts, which compares what this gives with what was read.
import { grownLength, utf8, utf8Text } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { ByteReader } from '../../encoding/varint.ts'
import { intLengthOf, writeIntText } from '../../table/int-key.ts'
import { decodeKey } from '../../table/key.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { cellTag, lineEnds, rowFlag, shortTextMax } from '../../table/row.ts'
import type { RowSource } from '../interface.ts'
import { type JsonlLayout, jsonString } from './layout.ts'

/** What rendering needs to know of columns, in the order of the file. */
export interface JsonlColumn {
  readonly name: string
  /** Place among the row's cells or -1, and place in the key or -1. */
  readonly valuePlace: number
  readonly keyPlace: number
}

const intTextMax = 40
const words = [cellTag.null, cellTag.true, cellTag.false].map((tag) => [tag, utf8(wordOf(tag))] as const)
const wordBytes: ReadonlyMap<number, Uint8Array> = new Map(words)

function wordOf(tag: number): string {
  return tag === cellTag.null ? 'null' : tag === cellTag.true ? 'true' : 'false'
}

export class LineRenderer {
  out: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16)
  length = 0
  readonly #layout: JsonlLayout
  /** A schema with the key's columns, for keys. */
  readonly #schema: Schema
  readonly #heads: Uint8Array[] = []
  readonly #separator: Uint8Array
  readonly #eols: readonly Uint8Array[]
  /** By place in the row: offset of its cell or -1, and which of the contents is its own or -1. */
  #cellAt = new Int32Array(64)
  #contentOf = new Int32Array(64)
  #cells = 0
  #contents: readonly Uint8Array[] = []
  #contentAt = 0

  constructor(layout: JsonlLayout, schema: Schema) {
    this.#layout = layout
    this.#schema = schema
    this.#separator = utf8(layout.itemSeparator)
    this.#eols = lineEnds.map((eol) => utf8(eol === '' ? layout.eol : eol))
  }

  /** Renders row `i` behind what is there; `contents` are those of its cells out of line, from `contentFrom` on. */
  row(
    columns: readonly JsonlColumn[],
    rows: RowBytes,
    i: number,
    contents: readonly Uint8Array[],
    contentFrom: number,
  ): void {
    const { keys, keyEnds, values, valueEnds } = rows
    this.#contents = contents
    this.#contentAt = contentFrom
    const reader = new ByteReader(values, i === 0 ? 0 : valueEnds[i - 1]!, valueEnds[i]!)
    const flags = reader.byte()
    const lineEnd = flags & rowFlag.lineEnd ? reader.byte() : 0
    if (flags & rowFlag.keyQuoting || lineEnd >= lineEnds.length)
      throw corrupt('row of a JSON Lines file has unknown flags')
    this.#findCells(reader, flags & rowFlag.rawLine ? columns.length + 1 : columns.length)
    if (flags & rowFlag.rawLine) this.#putCell(values, 0)
    else this.#object(columns, keys, i === 0 ? 0 : keyEnds[i - 1]!, keyEnds[i]!, values)
    this.#put(this.#eols[lineEnd]!)
  }

  #object(
    columns: readonly JsonlColumn[],
    keys: Uint8Array,
    keyStart: number,
    keyEnd: number,
    values: Uint8Array,
  ): void {
    let members = 0
    let key: Cell[] | null = null
    this.#byte(0x7b)
    for (let i = 0; i < columns.length; i++) {
      const { valuePlace, keyPlace } = columns[i]!
      if (keyPlace < 0 && this.#isAbsent(values, valuePlace)) continue
      if (members++ > 0) this.#put(this.#separator)
      this.#put(this.#heads[i] ?? this.#head(i, columns))
      if (keyPlace < 0) {
        this.#value(values, valuePlace)
      } else if (!this.#intKey(keys, keyStart, keyEnd)) {
        key ??= decodeKey(this.#schema, keys.subarray(keyStart, keyEnd))
        this.#keyCell(key[keyPlace]!)
      }
    }
    this.#byte(0x7d)
  }

  /** Writes a key of one integer, the usual case, without making a cell of it. */
  #intKey(keys: Uint8Array, start: number, end: number): boolean {
    const length = intLengthOf(keys[start]!)
    if (length < 0 || length > 6 || start + 1 + length !== end || this.#schema.key.length > 1) return false
    this.#reserve(intTextMax)
    this.length = writeIntText(this.out, this.length, keys, start)
    return true
  }

  #keyCell({ kind, bytes }: Cell): void {
    if (kind === 'text') this.#text(bytes, 0, bytes.length)
    else if (kind === 'number') this.#put(bytes)
    else if (kind === 'bytes') throw corrupt('row of a JSON Lines file has a cell of bytes')
    else this.#put(utf8(kind))
  }

  /** Where each cell of the row begins; a raw line counts as the first. */
  #findCells(reader: ByteReader, cellsMax: number): void {
    let cells = 0
    for (; !reader.done; cells++) {
      if (cells >= cellsMax) throw corrupt('row has more cells than its table has columns')
      if (cells >= this.#cellAt.length) this.#growCells()
      this.#cellAt[cells] = reader.at
      this.#contentOf[cells] = -1
      const tag = reader.bytes[reader.at++]!
      if (tag <= shortTextMax) {
        reader.at += tag
        if (reader.at > reader.end) throw corrupt('row ends in the middle of a cell')
      } else if (tag >= cellTag.textLinked) {
        this.#contentOf[cells] = this.#contentAt
        if (this.#contents[this.#contentAt++]?.length !== reader.varint()) {
          throw corrupt('cell out of line has not the length that its row gives')
        }
      } else if (tag >= cellTag.text) {
        reader.take(reader.varint())
      }
    }
    this.#cells = cells
  }

  #growCells(): void {
    const at = new Int32Array(2 * this.#cellAt.length)
    at.set(this.#cellAt)
    this.#cellAt = at
    const contentOf = new Int32Array(at.length)
    contentOf.set(this.#contentOf)
    this.#contentOf = contentOf
  }

  #isAbsent(values: Uint8Array, place: number): boolean {
    return place >= this.#cells || values[this.#cellAt[place]!] === cellTag.absent
  }

  #value(values: Uint8Array, place: number): void {
    const at = this.#cellAt[place]!
    const tag = values[at]!
    if (tag <= shortTextMax) return this.#text(values, at + 1, at + 1 + tag)
    const word = wordBytes.get(tag)
    if (word !== undefined) return this.#put(word)
    if (tag === cellTag.text || tag === cellTag.textLinked) {
      const content = this.#content(values, place)
      return this.#text(content, 0, content.length)
    }
    if (tag !== cellTag.number && tag !== cellTag.json && tag !== cellTag.jsonLinked) {
      throw corrupt('row of a JSON Lines file has a cell of an unknown kind')
    }
    this.#put(this.#content(values, place))
  }

  #putCell(values: Uint8Array, place: number): void {
    this.#put(this.#content(values, place))
  }

  #content(values: Uint8Array, place: number): Uint8Array {
    const content = this.#contents[this.#contentOf[place]!]
    if (content !== undefined) return content
    const at = this.#cellAt[place]!
    const tag = values[at]!
    if (tag <= shortTextMax) return values.subarray(at + 1, at + 1 + tag)
    const reader = new ByteReader(values, at + 1)
    return reader.take(reader.varint())
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + 2)
    const { out } = this
    const last = this.#layout.ascii ? 0x7e : 0xff
    let { length } = this
    out[length++] = 0x22
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte < 0x20 || byte > last || byte === 0x22 || byte === 0x5c) {
        return this.#put(utf8(jsonString(utf8Text(bytes.subarray(start, end)), this.#layout)))
      }
      out[length++] = byte
    }
    out[length++] = 0x22
    this.length = length
  }

  #head(i: number, columns: readonly JsonlColumn[]): Uint8Array {
    const head = utf8(jsonString(columns[i]!.name, this.#layout) + this.#layout.keySeparator)
    this.#heads[i] = head
    return head
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.out[this.length++] = byte
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    if (bytes.length > 32) {
      this.out.set(bytes, this.length)
      this.length += bytes.length
    } else {
      for (let i = 0; i < bytes.length; i++) this.out[this.length++] = bytes[i]!
    }
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.out.length) return
    const larger = new Uint8Array(grownLength(this.out.length, this.length + bytes))
    larger.set(this.out.subarray(0, this.length))
    this.out = larger
  }
}

export type RowBytes = Omit<RowSource, 'contents' | 'contentEnds' | 'count'>

/** Renders all rows of a batch. */
export function renderLines(renderer: LineRenderer, columns: readonly JsonlColumn[], rows: RowSource): void {
  const { contents, contentEnds } = rows
  for (let i = 0; i < rows.count; i++) {
    renderer.row(columns, rows, i, contents, contentEnds === null || i === 0 ? 0 : contentEnds[i - 1]!)
  }
}
