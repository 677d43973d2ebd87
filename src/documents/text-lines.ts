// Texts as lines that stay in their bytes: a line is where it begins, and a number that equal lines of all texts share.
// Where a text goes on as the first one does, whole runs of bytes are compared, and the numbers are the first one's;
// only lines that differ are looked up by their content.
import { commonLength, indexOfBytes } from '../base/platform.ts'
import { textFromBytes } from '../files/text.ts'
import { placesOf } from './line-diff.ts'
import { copyMoved } from './structure/tree.ts'
import { TextTable } from './tables/text-table.ts'

const newline = 10
/** Beyond, a line's end is found natively: calling that costs more than a short line. */
const longLength = 512

export interface TextLines {
  readonly bytes: Uint8Array
  /** Where each line begins, and where the one behind the last would. Lines hold their ends; the last may have none. */
  readonly starts: Int32Array
  readonly numbers: Int32Array
}

/** Lines [start, end) of a text. */
export interface LineSpan {
  readonly of: TextLines
  readonly start: number
  readonly end: number
}

export function spanBytes({ of, start, end }: LineSpan): Uint8Array {
  return of.bytes.subarray(of.starts[start], of.starts[end])
}

export function spanText(span: LineSpan): string {
  return textFromBytes(spanBytes(span))
}

export function isSameSpan(a: LineSpan, b: LineSpan): boolean {
  if (a.end - a.start !== b.end - b.start) return false
  for (let i = a.start, j = b.start; i < a.end; i++, j++)
    if (a.of.numbers[i] !== b.of.numbers[j]) return false
  return true
}

/** The lines of several texts as numbers, all of them below `count`. */
export function linesOf([first, ...others]: readonly [Uint8Array, ...Uint8Array[]]): {
  readonly texts: readonly TextLines[]
  readonly count: number
} {
  const table = new TextTable()
  const base = firstLines(first, table)
  const places = placesOf(base.numbers, table.size)
  const texts = [base, ...others.map((bytes) => linesLike(bytes, base, places, table))]
  return { texts, count: table.size }
}

function firstLines(bytes: Uint8Array, table: TextTable): TextLines {
  const starts = startsOf(bytes)
  const numbers = new Int32Array(starts.length - 1)
  for (let i = 0; i < numbers.length; i++) {
    table.append(bytes, starts[i]!, starts[i + 1]!)
    numbers[i] = table.add()
  }
  return { bytes, starts, numbers }
}

function linesLike(bytes: Uint8Array, base: TextLines, places: Int32Array, table: TextTable): TextLines {
  const starts = new Numbers(base.starts.length + 16)
  const numbers = new Numbers(base.numbers.length + 16)
  /** The line of the base that is expected next. */
  let next = 0
  for (let at = 0; at < bytes.length;) {
    const same = sameLines(base, next, bytes, at)
    if (same > 0) {
      const from = base.starts[next]!
      starts.appendMoved(base.starts, next, next + same, at - from)
      numbers.appendMoved(base.numbers, next, next + same, 0)
      next += same
      at += base.starts[next]! - from
      continue
    }
    const end = lineEndAt(bytes, at)
    table.append(bytes, at, end)
    const number = table.add()
    starts.push(at)
    numbers.push(number)
    const place = places[number] ?? -1
    if (place >= 0) next = place + 1
    at = end
  }
  starts.push(bytes.length)
  return { bytes, starts: starts.all(), numbers: numbers.all() }
}

/** How many lines from line `next` of the base on are those that begin at `at`. */
function sameLines(base: TextLines, next: number, bytes: Uint8Array, at: number): number {
  const count = base.numbers.length
  if (next >= count) return 0
  const from = base.starts[next]!
  if (base.bytes[from] !== bytes[at]) return 0
  const length = commonLength(base.bytes, from, bytes, at)
  let same = 0
  while (next + same < count && base.starts[next + same + 1]! - from <= length) same++
  // A last line without an end may go on in the other text.
  const isOpen = next + same === count && same > 0 && base.bytes[base.bytes.length - 1] !== newline
  return isOpen && at + base.bytes.length - from < bytes.length ? same - 1 : same
}

/** The end of the line that begins at `at`. */
function lineEndAt(bytes: Uint8Array, at: number): number {
  const near = Math.min(bytes.length, at + longLength)
  for (let end = at; end < near; end++) if (bytes[end] === newline) return end + 1
  const found = indexOfBytes(bytes, newline, near)
  return found < 0 ? bytes.length : found + 1
}

function startsOf(bytes: Uint8Array): Int32Array {
  const starts = new Numbers((bytes.length >>> 5) + 16)
  starts.push(0)
  for (let at = 0; at < bytes.length;) {
    at = lineEndAt(bytes, at)
    starts.push(at)
  }
  return starts.all()
}

/** A list of numbers that grows. */
class Numbers {
  #numbers: Int32Array
  #count = 0

  constructor(expected: number) {
    this.#numbers = new Int32Array(expected)
  }

  push(number: number): void {
    if (this.#count === this.#numbers.length) this.#grow(1)
    this.#numbers[this.#count++] = number
  }

  appendMoved(from: Int32Array, start: number, end: number, shift: number): void {
    if (this.#count + end - start > this.#numbers.length) this.#grow(end - start)
    copyMoved(from, start, end, this.#numbers, this.#count, shift)
    this.#count += end - start
  }

  all(): Int32Array {
    return this.#numbers.subarray(0, this.#count)
  }

  #grow(more: number): void {
    const numbers = new Int32Array(2 * this.#numbers.length + more)
    numbers.set(this.#numbers)
    this.#numbers = numbers
  }
}
