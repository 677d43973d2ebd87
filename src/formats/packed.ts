// Rows on their way between a file's slice and the tree: packed entries in growing buffers, cells too large for a row
// beside them, and what was noticed on the way (order, lines). Buffers are kept for the next slice.
import { grownLength, viewOf } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import type { Cell } from '../table/interface.ts'
import { cellTag, inlineCellBytesMax, writeCellHead } from '../table/row.ts'

/** Packed rows before their large cells are objects; plain data that goes between threads. */
export interface PackedRows {
  readonly count: number
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly values: Uint8Array
  readonly valueEnds: Uint32Array
  /** Contents of cells out of line, in the order of their rows; null when there is none. */
  readonly contents: readonly Uint8Array[] | null
  readonly contentEnds: Uint32Array | null
  /** Whether keys ascend strictly. */
  readonly isOrdered: boolean
}

export class PackedBuffer {
  count = 0
  keys: Uint8Array<ArrayBuffer>
  keyEnds: Uint32Array<ArrayBuffer>
  values: Uint8Array<ArrayBuffer>
  /** `values`, read by words. */
  valueWords: DataView
  valueEnds: Uint32Array<ArrayBuffer>
  contents: Uint8Array[] = []
  contentEnds: Uint32Array<ArrayBuffer> = new Uint32Array(0)
  isOrdered = true

  /** Room for `bytes` of keys and of values and for `rows` rows: untouched pages of memory cost nothing. */
  constructor(bytes: number, rows: number) {
    this.keys = new Uint8Array(bytes)
    this.values = new Uint8Array(bytes)
    this.valueWords = viewOf(this.values)
    this.keyEnds = new Uint32Array(rows)
    this.valueEnds = new Uint32Array(rows)
  }

  clear(): void {
    this.count = 0
    this.contents = []
    this.contentEnds = new Uint32Array(0)
    this.isOrdered = true
  }

  /** Grows until there is room for `keyBytes` of keys and `valueBytes` of values in all. */
  reserve(keyBytes: number, valueBytes: number): void {
    if (keyBytes > this.keys.length) this.keys = grown(this.keys, keyBytes)
    if (valueBytes > this.values.length) {
      this.values = grown(this.values, valueBytes)
      this.valueWords = viewOf(this.values)
    }
    if (this.count < this.keyEnds.length) return
    this.keyEnds = grownEnds(this.keyEnds)
    this.valueEnds = grownEnds(this.valueEnds)
  }

  /** Takes the content of a cell out of line; a view has to last as long as the rows. */
  addContent(content: Uint8Array): void {
    if (this.contentEnds.length === 0) this.contentEnds = new Uint32Array(this.keyEnds.length)
    this.contents.push(content)
  }

  /** Writes a cell of the row that is open, a view where it is out of line, and returns the offset behind it; room for it and 6 bytes must be there. */
  writeCell(at: number, { kind, bytes }: Cell): number {
    const { values } = this
    const tag = cellTag[kind]
    if (tag < cellTag.text) {
      values[at] = tag
      return at + 1
    }
    const start = writeCellHead(values, at, tag, bytes.length)
    if (bytes.length > inlineCellBytesMax) {
      this.addContent(bytes)
      return start
    }
    values.set(bytes, start)
    return start + bytes.length
  }

  /** Ends the row with the number `count`. */
  endRow(keyEnd: number, valueEnd: number): void {
    const row = this.count
    this.keyEnds[row] = keyEnd
    this.valueEnds[row] = valueEnd
    if (this.contentEnds.length > 0) {
      if (this.contentEnds.length < this.keyEnds.length) {
        const larger = new Uint32Array(this.keyEnds.length)
        larger.set(this.contentEnds)
        this.contentEnds = larger
      }
      this.contentEnds[row] = this.contents.length
    }
    this.count = row + 1
  }

  /** The rows as views, valid until the next change. */
  view(): PackedRows {
    const { count, contents } = this
    const hasContents = contents.length > 0
    return {
      count,
      keys: this.keys.subarray(0, count === 0 ? 0 : this.keyEnds[count - 1]),
      keyEnds: this.keyEnds.subarray(0, count),
      values: this.values.subarray(0, count === 0 ? 0 : this.valueEnds[count - 1]),
      valueEnds: this.valueEnds.subarray(0, count),
      contents: hasContents ? contents : null,
      contentEnds: hasContents ? this.contentEnds.subarray(0, count) : null,
      isOrdered: this.isOrdered,
    }
  }
}

/**
 * A cell's content as it stands in a slice of a file: where threads share the slice it is not copied, for the slice stays
 * whole until its rows are taken.
 */
export function contentIn(slice: Uint8Array, start: number, end: number): Uint8Array {
  return slice.buffer instanceof ArrayBuffer ? slice.slice(start, end) : slice.subarray(start, end)
}

/** A copy of the rows in memory of its own, but for contents. */
export function ownRows(rows: PackedRows): PackedRows {
  return {
    ...rows,
    keys: rows.keys.slice(),
    keyEnds: rows.keyEnds.slice(),
    values: rows.values.slice(),
    valueEnds: rows.valueEnds.slice(),
    contentEnds: rows.contentEnds === null ? null : rows.contentEnds.slice(),
  }
}

/** A copy of those rows that `wanted` has a 1 for; null: of all. */
export function pickedRows(rows: PackedRows, wanted: Uint8Array | null): PackedRows {
  if (wanted === null) return ownRows(rows)
  const { keys, keyEnds, values, valueEnds, contents, contentEnds } = rows
  const picked = new PackedBuffer(Math.max(keys.length, values.length), rows.count)
  const startOf = (ends: Uint32Array, row: number): number => (row === 0 ? 0 : ends[row - 1]!)
  let [keyAt, valueAt] = [0, 0]
  for (let row = 0; row < rows.count; row++) {
    if (wanted[row] !== 1) continue
    const [key, value] = [startOf(keyEnds, row), startOf(valueEnds, row)]
    picked.keys.set(keys.subarray(key, keyEnds[row]), keyAt)
    picked.values.set(values.subarray(value, valueEnds[row]), valueAt)
    keyAt += keyEnds[row]! - key
    valueAt += valueEnds[row]! - value
    if (contentEnds !== null)
      for (let i = startOf(contentEnds, row); i < contentEnds[row]!; i++) picked.addContent(contents![i]!)
    picked.endRow(keyAt, valueAt)
  }
  return { ...picked.view(), isOrdered: rows.isOrdered }
}

/** The keys alone, all in memory of their own: a thread gives it away. */
export function ownKeys(rows: PackedRows): PackedRows {
  const [keys, keyEnds] = [rows.keys.slice(), rows.keyEnds.slice()]
  const none = { values: new Uint8Array(0), valueEnds: new Uint32Array(0), contents: null, contentEnds: null }
  return { ...rows, keys, keyEnds, ...none }
}

/** The rows as entries, with the names of the contents stored outside of them. */
export function entriesOf(rows: PackedRows, links: readonly Cid[]): EntryBatch {
  const { count, keys, keyEnds, values, valueEnds, contentEnds } = rows
  return { count, keys, keyEnds, values, valueEnds, links, linkEnds: contentEnds }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(grownLength(bytes.length, length))
  larger.set(bytes)
  return larger
}

function grownEnds(ends: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(64, ends.length * 2))
  larger.set(ends)
  return larger
}
