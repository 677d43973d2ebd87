// Packed rows as JSON lines: members in the order of columns, spelled as the layout says. A row with a raw line is
// that line. The judge of pack.ts, which compares what this gives with what was read.
import { utf8, utf8Text } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { decodeKey } from '../../table/key.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { cellTag, decodeRow, lineEnds, type Slot, slotContent, slotContentLength } from '../../table/row.ts'
import { slotKind } from '../../table/slot.ts'
import type { RowSource } from '../interface.ts'
import { type JsonlLayout, jsonString } from './layout.ts'

/** What rendering needs to know of columns, in the order of the file. */
export interface JsonlColumn {
  readonly name: string
  /** Place among the row's cells or -1, and place in the key or -1. */
  readonly valuePlace: number
  readonly keyPlace: number
}

// Rows of a packed batch carry contents, not names; decodeRow only has to see as many links as there are.
const anyLink = cellTag.absent.toString() as never

export class LineRenderer {
  out: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16)
  length = 0
  readonly #layout: JsonlLayout
  readonly #heads: Uint8Array[] = []
  readonly #separator: Uint8Array
  readonly #eols: readonly Uint8Array[]

  constructor(layout: JsonlLayout) {
    this.#layout = layout
    this.#separator = utf8(layout.itemSeparator)
    this.#eols = lineEnds.map((eol) => utf8(eol === '' ? layout.eol : eol))
  }

  /** Renders one row behind what is there; `contents` are those of its cells out of line. */
  row(
    columns: readonly JsonlColumn[],
    value: Uint8Array,
    key: readonly Cell[],
    contents: readonly Uint8Array[],
  ): void {
    const row = decodeRow(
      value,
      contents.map(() => anyLink),
      columns.length,
    )
    if (row.keyQuoting !== 0) throw corrupt('row of a JSON Lines file has flipped quoting')
    const content = contentReader(contents)
    if (row.rawLine !== null) {
      this.#put(content(row.rawLine))
      this.#put(this.#eols[row.lineEnd]!)
      return
    }
    const contentOf = row.cells.map(content)
    let members = 0
    this.#byte(0x7b)
    for (let i = 0; i < columns.length; i++) {
      const { valuePlace, keyPlace } = columns[i]!
      const slot = valuePlace < 0 ? undefined : row.cells[valuePlace]
      const kind = keyPlace >= 0 ? key[keyPlace]!.kind : slot === undefined ? 'absent' : slotKind(slot)
      if (kind === 'absent') continue
      if (members++ > 0) this.#put(this.#separator)
      this.#put(this.#head(i, columns))
      this.#value(kind, keyPlace >= 0 ? key[keyPlace]!.bytes : contentOf[valuePlace]!)
    }
    this.#byte(0x7d)
    this.#put(this.#eols[row.lineEnd]!)
  }

  #value(kind: Cell['kind'], bytes: Uint8Array): void {
    if (kind === 'number' || kind === 'json') this.#put(bytes)
    else if (kind === 'text') this.#text(bytes)
    else if (kind === 'bytes') throw corrupt('row of a JSON Lines file has a cell of bytes')
    else this.#put(utf8(kind))
  }

  #text(bytes: Uint8Array): void {
    if (!isPlain(bytes, this.#layout.ascii)) return this.#put(utf8(jsonString(utf8Text(bytes), this.#layout)))
    this.#byte(0x22)
    this.#put(bytes)
    this.#byte(0x22)
  }

  #head(i: number, columns: readonly JsonlColumn[]): Uint8Array {
    const known = this.#heads[i]
    if (known !== undefined) return known
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
    const larger = new Uint8Array(Math.max(2 * this.out.length, this.length + bytes))
    larger.set(this.out.subarray(0, this.length))
    this.out = larger
  }
}

function isPlain(bytes: Uint8Array, ascii: boolean): boolean {
  const last = ascii ? 0x7e : 0xff
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte < 0x20 || byte > last || byte === 0x22 || byte === 0x5c) return false
  }
  return true
}

/** Content of each slot in turn: in line, or the next of `contents`. */
function contentReader(contents: readonly Uint8Array[]): (slot: Slot) => Uint8Array {
  let next = 0
  return (slot) => {
    if (slot.link === null) return slotContent(slot)
    const content = contents[next++]
    if (content === undefined || content.length !== slotContentLength(slot)) {
      throw corrupt('cell out of line has not the length that its row gives')
    }
    return content
  }
}

/** All rows of a batch. */
export function renderLines(
  renderer: LineRenderer,
  schema: Schema,
  columns: readonly JsonlColumn[],
  rows: RowSource,
): void {
  const { contentEnds } = rows
  for (let i = 0; i < rows.count; i++) {
    const key = rows.keys.subarray(i === 0 ? 0 : rows.keyEnds[i - 1]!, rows.keyEnds[i])
    const value = rows.values.subarray(i === 0 ? 0 : rows.valueEnds[i - 1]!, rows.valueEnds[i])
    const from = contentEnds === null || i === 0 ? 0 : contentEnds[i - 1]!
    const contents = contentEnds === null ? [] : rows.contents.slice(from, contentEnds[i])
    renderer.row(columns, value, decodeKey(schema, key), contents)
  }
}
