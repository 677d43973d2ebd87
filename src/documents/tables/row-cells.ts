// Where the cells of one record begin and end, found in its bytes; the same object serves row after row. Cells are
// compared and copied where they stand, and decoded when quotes are in the way.
import { indexOfBytes } from '../../base/platform.ts'
import { textFromBytes } from '../../files/text.ts'
import { isSameRange, type Records } from './record.ts'
import { unquoted } from './spelling.ts'
import type { TextTable } from './text-table.ts'

const quote = 34
const longCell = 512
const noBytes = new Uint8Array(0)

export class RowCells {
  count = 0
  #bytes: Uint8Array = noBytes
  #hasQuotes = false
  #bounds = new Int32Array(64)

  /** Reads the first `most` cells of a record. */
  set(records: Records, i: number, most: number = Infinity): this {
    const { bytes, delimiter } = records
    const end = records.end(i)
    this.#bytes = bytes
    this.#hasQuotes = records.dialect.hasQuotes
    this.count = 0
    for (let start = records.start(i); this.count < most;) {
      let at = start
      if (this.#hasQuotes && start < end && bytes[start] === quote) {
        const close = closingQuote(bytes, start, end)
        at = close < 0 ? end : close + 1
      }
      at = nextDelimiter(bytes, at, end, delimiter)
      if (2 * this.count === this.#bounds.length) this.#grow()
      this.#bounds[2 * this.count] = start
      this.#bounds[2 * this.count++ + 1] = at
      if (at === end) break
      start = at + 1
    }
    return this
  }

  /** Length of the cell as it is spelled, in bytes. */
  length(place: number): number {
    return place < this.count ? this.#bounds[2 * place + 1]! - this.#bounds[2 * place]! : 0
  }

  /** Whether the spelling is something else than the value. */
  isQuoted(place: number): boolean {
    return this.#hasQuotes && this.length(place) > 1 && this.#bytes[this.#bounds[2 * place]!] === quote
  }

  /** Whether the cell is empty, or is an empty pair of quotes. */
  isEmpty(place: number): boolean {
    const length = this.length(place)
    return (
      length === 0 ||
      (length === 2 && this.isQuoted(place) && this.#bytes[this.#bounds[2 * place]! + 1] === quote)
    )
  }

  /** Whether its value cannot be spelled without quotes. */
  needsQuotes(place: number, delimiter: number): boolean {
    if (place >= this.count) return false
    const bytes = this.#bytes
    const [start, end] = [this.#bounds[2 * place]!, this.#bounds[2 * place + 1]!]
    if (bytes[start] === quote && (!this.#isWhole(place) || bytes[start + 1] === quote)) return true
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (byte === delimiter || byte === 10 || byte === 13) return true
    }
    return false
  }

  /** The cell as it is spelled; undefined beyond the last cell. */
  spelling(place: number): string | undefined {
    if (place >= this.count) return undefined
    return textFromBytes(this.#bytes.subarray(this.#bounds[2 * place]!, this.#bounds[2 * place + 1]))
  }

  /** The cell's value; '' beyond the last cell. */
  value(place: number): string {
    const spelling = this.spelling(place) ?? ''
    return this.isQuoted(place) ? unquoted(spelling) : spelling
  }

  hasSameSpelling(place: number, other: RowCells, otherPlace: number): boolean {
    if (place >= this.count || otherPlace >= other.count) {
      return place >= this.count && otherPlace >= other.count
    }
    return this.#isSame(place, other, otherPlace)
  }

  hasSameValue(place: number, other: RowCells, otherPlace: number): boolean {
    const isPlain = !this.isQuoted(place) && !other.isQuoted(otherPlace)
    if (isPlain || this.#hasQuotes === other.#hasQuotes) {
      if (this.#isSame(place, other, otherPlace)) return true
      if (isPlain) return false
    }
    return this.value(place) === other.value(otherPlace)
  }

  appendValue(to: TextTable, place: number): void {
    if (place >= this.count) return
    const [start, end] = [this.#bounds[2 * place]!, this.#bounds[2 * place + 1]!]
    if (!this.#isWhole(place)) {
      to.append(this.#bytes, start, end)
      return
    }
    for (let at = start + 1; at < end - 1; at++) {
      const byte = this.#bytes[at]!
      to.push(byte)
      if (byte === quote) at++
    }
  }

  appendSpelling(to: { append(bytes: Uint8Array, start: number, end: number): void }, place: number): void {
    if (place < this.count) to.append(this.#bytes, this.#bounds[2 * place]!, this.#bounds[2 * place + 1]!)
  }

  /** Whether it is in quotes from end to end. */
  #isWhole(place: number): boolean {
    if (!this.isQuoted(place)) return false
    const end = this.#bounds[2 * place + 1]!
    return closingQuote(this.#bytes, this.#bounds[2 * place]!, end) === end - 1
  }

  #isSame(place: number, other: RowCells, otherPlace: number): boolean {
    const length = this.length(place)
    if (other.length(otherPlace) !== length) return false
    return isSameRange(
      this.#bytes,
      this.#bounds[2 * place]!,
      other.#bytes,
      other.#bounds[2 * otherPlace]!,
      length,
    )
  }

  #grow(): void {
    const bounds = new Int32Array(2 * this.#bounds.length)
    bounds.set(this.#bounds)
    this.#bounds = bounds
  }
}

/** Searches short cells by hand, because a native call costs more than a short cell. */
function nextDelimiter(bytes: Uint8Array, from: number, end: number, delimiter: number): number {
  const near = Math.min(end, from + longCell)
  let at = from
  while (at < near && bytes[at] !== delimiter) at++
  if (at < near || near === end) return at
  const found = indexOfBytes(bytes, delimiter, at)
  return found < 0 || found > end ? end : found
}

/** Place of the quote that closes the one at `open`; -1 when none does. */
function closingQuote(bytes: Uint8Array, open: number, end: number): number {
  for (let at = open + 1; at < end; at++) {
    if (bytes[at] !== quote) continue
    if (at + 1 < end && bytes[at + 1] === quote) at++
    else return at
  }
  return -1
}
