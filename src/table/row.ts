// Rows: the value beside a key in a table's map. A flags byte (bit 0: a line-end byte follows; bit 1: a varint bitmap
// of key cells with flipped quoting; bit 2: a cell with the raw line), then the cells outside the key in the order of
// their column ids, absent ones at the end left out. A cell begins with one byte: below 200 it is a text of that many
// bytes, else a tag of `cellTag`. Each row has one spelling only; decoding refuses every other. See docs/format/table.md.
import { concatBytes } from '../base/bytes.ts'
import { type VarveError, corrupt } from '../base/errors.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import { ByteReader, varintLength, writeVarint } from '../encoding/varint.ts'
import { objectBytesMax } from '../store/interface.ts'

export const rowFlag = { lineEnd: 1, keyQuoting: 2, rawLine: 4 } as const

export const cellTag = {
  absent: 200,
  null: 201,
  true: 202,
  false: 203,
  text: 204,
  textFlipped: 205,
  number: 206,
  json: 207,
  bytes: 208,
  textLinked: 209,
  textFlippedLinked: 210,
  jsonLinked: 211,
  bytesLinked: 212,
} as const

/** Shorter texts have no tag: their length is their first byte. */
export const shortTextMax = 199
/** A cell with more bytes lies out of line, in an object of its own. */
export const inlineCellBytesMax = 1024
/** A cell beyond the largest object is one of chunks (content.ts). */
export const cellBytesMax: number = 16 << 20

/** 0: the line end of the layout. */
export const lineEnds: readonly string[] = ['', '\n', '\r\n', '\r']

/** One cell as it lies in a row: its whole spelling, tag included. Two cells are the same if spelling and link are. */
export interface Slot {
  readonly spelling: Uint8Array
  /** The object with the content of a cell that lies out of line. */
  readonly link: Cid | null
}

/** A row taken apart without reading its cells. Slots are views. */
export interface RowSlots {
  readonly lineEnd: number
  readonly keyQuoting: number
  readonly rawLine: Slot | null
  /** By position in the order of value columns; absent cells at the end are left out. */
  readonly cells: readonly Slot[]
}

export const absentSlot: Slot = { spelling: Uint8Array.of(cellTag.absent), link: null }

/** @throws VarveError VARVE_CORRUPT where the bytes are not a row of at most `columns` cells. */
export function decodeRow(value: Uint8Array, links: readonly Cid[], columns: number): RowSlots {
  const source = new RowReader(value, links)
  // Not spread into the result: that took longer than all the rest.
  const { lineEnd, keyQuoting, rawLine } = source.head()
  const cells: Slot[] = []
  while (!source.done) {
    if (cells.length >= columns) throw tooManyCells()
    const start = source.at
    const link = source.cell()
    cells.push({ spelling: value.subarray(start, source.at), link })
  }
  source.checkEnd(cells.at(-1)?.spelling[0])
  return { lineEnd, keyQuoting, rawLine, cells }
}

/** Where the cells of a row lie, without an object for each of them. */
export interface RowBounds {
  readonly count: number
  /** Cell i lies from `bounds[i]` to `bounds[i + 1]`. */
  readonly bounds: Uint32Array
  /** By cell, of those that lie out of line. */
  readonly linkOf: ReadonlyMap<number, Cid>
}

const noLinks = new Map<number, Cid>()

/** As `decodeRow`, with the same checks. @throws VarveError VARVE_CORRUPT */
export function rowBounds(value: Uint8Array, links: readonly Cid[], columns: number): RowBounds {
  const source = new RowReader(value, links)
  source.head()
  const bounds = new Uint32Array(Math.min(columns, value.length) + 1)
  const linkOf = links.length === 0 ? noLinks : new Map<number, Cid>()
  let count = 0
  bounds[0] = source.at
  while (!source.done) {
    if (count >= columns) throw tooManyCells()
    const link = source.cell()
    if (link !== null) linkOf.set(count, link)
    bounds[++count] = source.at
  }
  source.checkEnd(count === 0 ? undefined : value[bounds[count - 1]!])
  return { count, bounds, linkOf }
}

class RowReader {
  readonly #reader: ByteReader
  readonly #links: readonly Cid[]
  #nextLink = 0

  constructor(value: Uint8Array, links: readonly Cid[]) {
    this.#reader = new ByteReader(value)
    this.#links = links
  }

  get at(): number {
    return this.#reader.at
  }

  get done(): boolean {
    return this.#reader.done
  }

  head(): Omit<RowSlots, 'cells'> {
    const reader = this.#reader
    const flags = reader.byte()
    if (flags > 7) throw corrupt('row has unknown flags')
    const lineEnd = flags & rowFlag.lineEnd ? reader.byte() : 0
    const keyQuoting = flags & rowFlag.keyQuoting ? reader.varint() : 0
    if (
      (flags & rowFlag.lineEnd && (lineEnd < 1 || lineEnd > 3)) ||
      (flags & rowFlag.keyQuoting && keyQuoting === 0)
    ) {
      throw corrupt('row is not in its shortest form')
    }
    if (!(flags & rowFlag.rawLine)) return { lineEnd, keyQuoting, rawLine: null }
    const start = reader.at
    const link = this.cell()
    const rawLine = { spelling: reader.bytes.subarray(start, reader.at), link }
    if (!isRawLine(rawLine.spelling[0]!)) throw corrupt('row has a raw line that is not text')
    return { lineEnd, keyQuoting, rawLine }
  }

  /** Moves past the next cell, and returns its link. */
  cell(): Cid | null {
    const reader = this.#reader
    const tag = reader.byte()
    if (tag <= shortTextMax) {
      reader.skip(tag)
      return null
    }
    if (tag < cellTag.text) return null
    const length = reader.varint()
    if (tag > cellTag.bytesLinked || !isLengthOf(tag, length))
      throw corrupt('cell is not in its shortest form')
    if (tag < cellTag.textLinked) {
      reader.skip(length)
      return null
    }
    const link = this.#links[this.#nextLink++] ?? null
    if (link === null) throw corrupt('row has fewer links than its cells use')
    if ((codecOf(link) === 'raw') !== length <= objectBytesMax)
      throw corrupt('cell is not in its shortest form')
    return link
  }

  checkEnd(lastTag: number | undefined): void {
    if (lastTag === cellTag.absent) throw corrupt('row is not in its shortest form')
    if (this.#nextLink !== this.#links.length) throw corrupt('row has links that no cell uses')
  }
}

function tooManyCells(): VarveError {
  return corrupt('row has more cells than its table has columns')
}

function isRawLine(tag: number): boolean {
  return tag <= shortTextMax || tag === cellTag.text || tag === cellTag.textLinked
}

function isLengthOf(tag: number, length: number): boolean {
  if (tag >= cellTag.textLinked) return length > inlineCellBytesMax && length <= cellBytesMax
  if (length > inlineCellBytesMax) return false
  if (tag === cellTag.text) return length > shortTextMax
  return tag === cellTag.bytes || length > 0
}

export function encodeRow(row: RowSlots): { value: Uint8Array; links: Cid[] } {
  let count = row.cells.length
  while (count > 0 && row.cells[count - 1]!.spelling[0] === cellTag.absent) count--
  const head = new Uint8Array(10)
  let at = 1
  if (row.lineEnd !== 0) {
    head[0]! |= rowFlag.lineEnd
    head[at++] = row.lineEnd
  }
  if (row.keyQuoting !== 0) {
    head[0]! |= rowFlag.keyQuoting
    at = writeVarint(head, at, row.keyQuoting)
  }
  if (row.rawLine !== null) head[0]! |= rowFlag.rawLine
  const slots = row.rawLine === null ? row.cells.slice(0, count) : [row.rawLine, ...row.cells.slice(0, count)]
  const parts: Uint8Array[] = [head.subarray(0, at)]
  const links: Cid[] = []
  for (const slot of slots) {
    parts.push(slot.spelling)
    if (slot.link !== null) links.push(slot.link)
  }
  return { value: concatBytes(parts), links }
}

/**
 * Writes the head of a cell (all but its content) and returns the offset behind it; 6 bytes of room must be there.
 * `tag` is the inline one (text, textFlipped, number, json or bytes); text that is short gets no tag at all.
 */
export function writeCellHead(target: Uint8Array, at: number, tag: number, length: number): number {
  if (tag === cellTag.text && length <= shortTextMax) {
    target[at] = length
    return at + 1
  }
  target[at] = length > inlineCellBytesMax ? linkedTag(tag) : tag
  return writeVarint(target, at + 1, length)
}

function linkedTag(tag: number): number {
  if (tag === cellTag.text) return cellTag.textLinked
  if (tag === cellTag.textFlipped) return cellTag.textFlippedLinked
  // A number of more than a thousand digits is kept as the JSON that it is.
  return tag === cellTag.bytes ? cellTag.bytesLinked : cellTag.jsonLinked
}

/** Bytes of the whole cell at `at` in a row that `decodeRow` would take. */
export function cellEnd(value: Uint8Array, at: number): number {
  const tag = value[at]!
  if (tag <= shortTextMax) return at + 1 + tag
  if (tag < cellTag.text) return at + 1
  const reader = new ByteReader(value, at + 1)
  const length = reader.varint()
  return tag < cellTag.textLinked ? reader.at + length : reader.at
}

/** The length of a cell's content, in the row or outside of it. */
export function slotContentLength(slot: Slot): number {
  const tag = slot.spelling[0]!
  if (tag <= shortTextMax) return tag
  return tag < cellTag.text ? 0 : new ByteReader(slot.spelling, 1).varint()
}

/** The content of a cell that is stored in the row. */
export function slotContent(slot: Slot): Uint8Array {
  const tag = slot.spelling[0]!
  if (tag <= shortTextMax) return slot.spelling.subarray(1)
  const length = slotContentLength(slot)
  return slot.spelling.subarray(tag < cellTag.text ? 1 : 1 + varintLength(length))
}
