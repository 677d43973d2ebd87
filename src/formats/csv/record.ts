// Reads one record of a CSV file into cell ranges, whatever its quoting: quotes mean something at a cell's start
// only, a doubled quote within quotes is one, and line ends within quotes are content. It decides nothing about
// columns. The loop over plain rows (parse.ts) hands over to it wherever a row is not plain.
import { assert } from '../../base/assert.ts'
import { grownLength } from '../../base/bytes.ts'
import { byteClass, cr, type Dialect, lf } from './plan.ts'

export const cellMark = { quoted: 1, unescaped: 2, soft: 4, hard: 8 } as const

export type RecordFault = 'unclosed-quote' | 'text-behind-quote' | 'unfinished'

export class RecordReader {
  readonly src: Uint8Array
  readonly #dialect: Dialect
  /** Cells of the record read last; starts and ends are in `src`, or in `scratch` where a mark says 'unescaped'. */
  count = 0
  starts: Int32Array<ArrayBuffer> = new Int32Array(64)
  ends: Int32Array<ArrayBuffer> = new Int32Array(64)
  marks: Uint8Array<ArrayBuffer> = new Uint8Array(64)
  scratch: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  /** How the record ends: an index in `lineEnds`. */
  lineEnd = 0
  /** Line ends within its quotes. */
  innerLines = 0
  fault: RecordFault | null = null
  #scratchAt = 0

  constructor(src: Uint8Array, dialect: Dialect) {
    this.src = src
    this.#dialect = dialect
  }

  /** Reads the record at `at` and returns the offset behind its line end; -1 when `fault` says what is wrong. */
  read(at: number): number {
    const { src } = this
    const { delimiter, quote } = this.#dialect
    this.count = 0
    this.innerLines = 0
    this.#scratchAt = 0
    for (;;) {
      at = src[at] === quote ? this.#quotedCell(at) : this.#plainCell(at)
      if (at < 0) return -1
      if (src[at] !== delimiter) break
      at++
    }
    if (at >= src.length) return this.#failed('unfinished')
    if (src[at] === lf) {
      this.lineEnd = 1
      return at + 1
    }
    this.lineEnd = src[at + 1] === lf ? 2 : 3
    return at + (this.lineEnd === 2 ? 2 : 1)
  }

  bytesOf(cell: number): Uint8Array {
    return this.marks[cell]! & cellMark.unescaped ? this.scratch : this.src
  }

  #failed(fault: RecordFault): -1 {
    this.fault = fault
    return -1
  }

  #plainCell(start: number): number {
    const { src } = this
    const { classes, delimiter, eol } = this.#dialect
    let marks = 0
    let at = start
    for (; at < src.length; at++) {
      const byte = src[at]!
      if (classes[byte] === byteClass.plain) continue
      if (byte === delimiter || byte === lf) break
      if (byte === cr && (eol === 3 || src[at + 1] === lf)) break
      marks |= cellMark.soft
    }
    this.#push(start, at, marks)
    return at
  }

  #quotedCell(open: number): number {
    const { src } = this
    const { classes, quote } = this.#dialect
    const start = open + 1
    let marks: number = cellMark.quoted
    let at = start
    for (; at < src.length; at++) {
      const byte = src[at]!
      if (classes[byte] === byteClass.plain) continue
      if (byte === quote) {
        if (src[at + 1] !== quote) break
        marks |= cellMark.soft | cellMark.unescaped
        if (at === start) marks |= cellMark.hard
        at++
      } else {
        marks |= classes[byte] === byteClass.hard ? cellMark.hard : cellMark.soft
        if (byte === lf || (byte === cr && src[at + 1] !== lf)) this.innerLines++
      }
    }
    if (at >= src.length) return this.#failed('unclosed-quote')
    if (src[at - 1] === cr) marks |= cellMark.hard
    if (!this.#endsCell(at + 1)) return this.#failed('text-behind-quote')
    if (marks & cellMark.unescaped) this.#pushUnescaped(start, at, marks)
    else this.#push(start, at, marks)
    return at + 1
  }

  #endsCell(at: number): boolean {
    const { delimiter, eol } = this.#dialect
    const next = this.src[at]
    if (next === undefined || next === delimiter || next === lf) return true
    return next === cr && (eol === 3 || this.src[at + 1] === lf)
  }

  #pushUnescaped(start: number, end: number, marks: number): void {
    const { src } = this
    const { quote } = this.#dialect
    if (this.#scratchAt + end - start > this.scratch.length) {
      const larger = new Uint8Array(grownLength(this.scratch.length, this.#scratchAt + end - start))
      larger.set(this.scratch)
      this.scratch = larger
    }
    let to = this.#scratchAt
    for (let i = start; i < end; i++) {
      this.scratch[to++] = src[i]!
      if (src[i] === quote) i++
    }
    this.#push(this.#scratchAt, to, marks)
    this.#scratchAt = to
  }

  #push(start: number, end: number, marks: number): void {
    assert(end >= start, 'a cell does not end before it starts')
    if (this.count === this.starts.length) this.#grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.marks[this.count++] = marks
  }

  #grow(): void {
    const { starts, ends, marks } = this
    this.starts = new Int32Array(2 * starts.length)
    this.starts.set(starts)
    this.ends = new Int32Array(2 * ends.length)
    this.ends.set(ends)
    this.marks = new Uint8Array(2 * marks.length)
    this.marks.set(marks)
  }
}

/**
 * Whether the writer that this layout describes would set quotes around the cell. Cells that differ are marked as
 * flipped; one that could not be read without quotes always has them.
 */
export function isQuoted(marks: number, always: number, flipped: number): boolean {
  if (marks & cellMark.hard) return true
  return (always !== 0 || (marks & cellMark.soft) !== 0) !== (flipped !== 0)
}
