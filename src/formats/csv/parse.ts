// Rows of a slice of CSV into packed entries. A plain row (cells as they stand, short, in stored order) is read in one loop
// that copies each byte once while it looks for the cell's end, and puts the cell's length where the delimiter stood; a row
// that is anything else goes through `RecordReader`. Both make the same bytes of the same row.
import { compareRanges, viewOf } from '../../base/bytes.ts'
import { writeVarint } from '../../encoding/varint.ts'
import { writeIntLiteral } from '../../table/int-key.ts'
import { keyBytesMax, keyRoom, keyTag, writeTerminated } from '../../table/key.ts'
import { keyColumnsMax } from '../../table/schema.ts'
import {
  cellBytesMax,
  cellTag,
  inlineCellBytesMax,
  rowFlag,
  shortTextMax,
  writeCellHead,
} from '../../table/row.ts'
import type { SliceFault } from '../interface.ts'
import { contentIn, type PackedBuffer } from '../packed.ts'
import { cr, type CsvPlan, lf } from './plan.ts'
import { cellMark, isQuoted, RecordReader } from './record.ts'
import { type Stops, bytesBefore, stopsIn, stopsOf, wordBytes } from './stops.ts'

/** An entry may have 1 MiB; a row leaves room for its key and links. */
const rowBytesMax = 900 << 10
const entryRoom = 64
const plainKeyMax = 200

export class SliceParser {
  readonly src: Uint8Array
  readonly #plan: CsvPlan
  readonly #out: PackedBuffer
  readonly #record: RecordReader
  readonly #words: DataView
  readonly #stops: Stops
  /** Within quotes, where a line end makes a row longer than a line. */
  readonly #quotedStops: Stops
  readonly #cellOfValue: Int32Array
  readonly #cellOfKey: Int32Array
  #keyAt = 0
  #valueAt = 0
  #lastKeyAt = -1
  /** Start of the row that `fault` speaks of, and the column in the file where it matters. */
  at = 0
  fault: SliceFault | null = null
  faultColumn = -1
  /** Rows that take more than one line, and how many more. */
  readonly longRows: number[] = []

  constructor(src: Uint8Array, plan: CsvPlan, out: PackedBuffer) {
    this.src = src
    this.#plan = plan
    this.#out = out
    this.#record = new RecordReader(src, plan)
    this.#words = viewOf(src)
    this.#stops = stopsOf(plan)
    this.#quotedStops = { ...this.#stops, delimiters: this.#stops.quotes }
    this.#cellOfValue = inverse(plan.valuePlace)
    this.#cellOfKey = inverse(plan.keyPlace)
  }

  /** Reads rows up to the end of the slice, or up to one that ends at `end` or behind it, or to the first fault. */
  run(end: number = this.src.length): void {
    const { isStraight } = this.#plan
    while (this.at < end && this.fault === null) {
      const next = isStraight ? this.#plainRow(this.at) : -1
      if (next < 0) this.#anyRow()
      else this.at = next
    }
  }

  // A call a row, not a loop over all: a loop is compiled anew whenever it meets something new while it runs.
  /** The row at `rowStart`, if it is plain; returns where it ends, or -1. */
  #plainRow(rowStart: number): number {
    const { src } = this
    const { classes, delimiter, quote, valuePlace, always, keyIsInt, eol } = this.#plan
    const columns = valuePlace.length
    this.#reserve(2 * columns)
    const words = this.#words
    const { keys, values, valueWords } = this.#out
    const valueEndMax = Math.min(
      values.length - 2 * columns - shortTextMax - 2 * wordBytes,
      this.#valueAt + rowBytesMax,
    )
    const wordsEnd = src.length - wordBytes
    const eolByte = eol === 1 ? lf : cr
    let at = rowStart
    let to = this.#valueAt + 1
    let keyTo = this.#keyAt
    let rowEnd = to
    let key = 0
    for (let column = 0; column < columns; column++) {
      const open = always[column] === 1 && src[at] === quote
      const start = open ? ++at : at
      const cell = to++
      const stops = open ? this.#quotedStops : this.#stops
      let byte = 0
      for (const most = Math.min(wordsEnd, at + shortTextMax); ; at++, to++) {
        let found = 0
        for (; at <= most; at += wordBytes, to += wordBytes) {
          const word = words.getInt32(at, true)
          valueWords.setInt32(to, word, true)
          found = stopsIn(word, stops)
          if (found !== 0) break
        }
        // A long cell, or the end of the slice.
        if (found === 0) return -1
        at += bytesBefore(found)
        to += bytesBefore(found)
        byte = src[at]!
        if (classes[byte] !== 0) break
      }
      const length = at - start
      if (open) {
        if (byte !== quote || length === 0) return -1
        byte = src[++at]!
      }
      if (byte !== (column === columns - 1 ? eolByte : delimiter)) return -1
      if (to > valueEndMax || length > shortTextMax || (always[column] === 1 && length > 0 && !open))
        return -1
      if (valuePlace[column]! < 0) {
        if (length === 0 || length > plainKeyMax) return -1
        const end = keyIsInt[key++] === 1 ? writeIntLiteral(keys, keyTo, src, start, start + length) : -1
        keyTo = end >= 0 ? end : writeTerminated(keys, keyTo, keyTag.text, src, start, start + length)
        to = cell
      } else if (length === 0) {
        values[cell] = cellTag.absent
      } else {
        values[cell] = length
        rowEnd = to
      }
      at++
    }
    if (keyTo - this.#keyAt > keyBytesMax) return -1
    if (eol === 2) {
      if (src[at++] !== lf) return -1
    } else if (eol === 3 && src[at] === lf) {
      return -1
    }
    values[this.#valueAt] = 0
    this.#endRow(keyTo, rowEnd)
    return at
  }

  #reserve(more: number): void {
    this.#out.reserve(
      this.#keyAt + keyColumnsMax * keyRoom(plainKeyMax),
      this.#valueAt + more + 2 * shortTextMax + entryRoom,
    )
  }

  #endRow(keyEnd: number, valueEnd: number): void {
    const out = this.#out
    const { keys } = out
    if (this.#lastKeyAt >= 0 && out.isOrdered) {
      out.isOrdered = compareRanges(keys, this.#lastKeyAt, this.#keyAt, keys, this.#keyAt, keyEnd) < 0
    }
    out.endRow(keyEnd, valueEnd)
    this.#lastKeyAt = this.#keyAt
    this.#keyAt = keyEnd
    this.#valueAt = valueEnd
  }

  #anyRow(): void {
    const record = this.#record
    const next = record.read(this.at)
    if (next < 0) return this.#failed(record.fault!, record.count)
    const columns = this.#plan.valuePlace.length
    const isBlank =
      record.count === 1 && record.ends[0] === record.starts[0] && !(record.marks[0]! & cellMark.quoted)
    if (isBlank) return this.#failed('blank-line', -1)
    if (record.count !== columns) return this.#failed('ragged-row', Math.min(record.count, columns))
    const bytes = this.#inlineBytes()
    if (bytes > rowBytesMax) return this.#failed('cell-too-large', -1)
    const room = bytes + 3 * columns
    this.#out.reserve(this.#keyAt + 2 * room + keyColumnsMax * keyRoom(0), this.#valueAt + room + entryRoom)
    if (!this.#writeRow()) return
    if (record.innerLines > 0) this.longRows.push(this.#out.count - 1, record.innerLines)
    this.at = next
  }

  #failed(fault: SliceFault, column: number): void {
    this.fault = fault
    this.faultColumn = column
  }

  #inlineBytes(): number {
    const { starts, ends, count } = this.#record
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const length = ends[i]! - starts[i]!
      bytes += length > inlineCellBytesMax ? 48 : length + 3
    }
    return bytes
  }

  #writeRow(): boolean {
    const record = this.#record
    const { values } = this.#out
    const keyEnd = this.#writeKey()
    if (keyEnd < 0) return false
    let at = this.#valueAt + 1
    let flags = 0
    if (record.lineEnd !== this.#plan.eol) {
      flags |= rowFlag.lineEnd
      values[at++] = record.lineEnd
    }
    const keyQuoting = this.#keyQuoting()
    if (keyQuoting > 0) {
      flags |= rowFlag.keyQuoting
      at = writeVarint(values, at, keyQuoting)
    }
    values[this.#valueAt] = flags
    let rowEnd = at
    for (const cell of this.#cellOfValue) {
      at = this.#writeCell(cell, at)
      if (at < 0) return false
      if (!this.#isAbsent(cell)) rowEnd = at
    }
    this.#endRow(keyEnd, rowEnd)
    return true
  }

  #isAbsent(cell: number): boolean {
    const { starts, ends, marks } = this.#record
    return starts[cell] === ends[cell] && !(marks[cell]! & cellMark.quoted)
  }

  #isFlipped(cell: number): boolean {
    const { starts, ends, marks } = this.#record
    if (this.#plan.quote < 0 || starts[cell] === ends[cell]) return false
    const mark = marks[cell]!
    return isQuoted(mark, this.#plan.always[cell]!, 0) !== ((mark & cellMark.quoted) !== 0)
  }

  #writeCell(cell: number, at: number): number {
    const { values } = this.#out
    if (this.#isAbsent(cell)) {
      values[at] = cellTag.absent
      return at + 1
    }
    const record = this.#record
    const start = record.starts[cell]!
    const end = record.ends[cell]!
    const bytes = record.bytesOf(cell)
    const tag = this.#isFlipped(cell) ? cellTag.textFlipped : cellTag.text
    at = writeCellHead(values, at, tag, end - start)
    if (end - start > cellBytesMax) {
      this.#failed('cell-too-large', cell)
      return -1
    }
    if (end - start > inlineCellBytesMax) {
      this.#out.addContent(bytes === this.src ? contentIn(bytes, start, end) : bytes.slice(start, end))
      return at
    }
    for (let i = start; i < end; i++) values[at++] = bytes[i]!
    return at
  }

  #keyQuoting(): number {
    let flipped = 0
    for (let place = 0; place < this.#cellOfKey.length; place++) {
      if (this.#isFlipped(this.#cellOfKey[place]!)) flipped |= 1 << place
    }
    return flipped
  }

  #writeKey(): number {
    const record = this.#record
    const { keys } = this.#out
    let at = this.#keyAt
    for (let place = 0; place < this.#cellOfKey.length; place++) {
      const cell = this.#cellOfKey[place]!
      const start = record.starts[cell]!
      const end = record.ends[cell]!
      const bytes = record.bytesOf(cell)
      const fault = start === end ? 'empty-key' : end - start > keyBytesMax ? 'key-too-long' : null
      if (fault !== null) {
        this.#failed(fault, cell)
        return -1
      }
      const after = this.#plan.keyIsInt[place] === 1 ? writeIntLiteral(keys, at, bytes, start, end) : -1
      at = after >= 0 ? after : writeTerminated(keys, at, keyTag.text, bytes, start, end)
    }
    if (at - this.#keyAt <= keyBytesMax) return at
    this.#failed('key-too-long', this.#cellOfKey[0]!)
    return -1
  }
}

function inverse(places: Int32Array): Int32Array {
  const present = places.filter((place) => place >= 0)
  const cells = new Int32Array(present.length)
  for (let cell = 0; cell < places.length; cell++) {
    if (places[cell]! >= 0) cells[places[cell]!] = cell
  }
  return cells
}
