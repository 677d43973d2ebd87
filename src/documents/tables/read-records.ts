// Finds the records of a delimited file in its bytes. Quotes, delimiters and line ends are ASCII, and no byte of a longer
// character of UTF-8 is; bytes that are not UTF-8 are kept.
import { indexOfBytes } from '../../base/platform.ts'
import { type Dialect, type RecordFile, Records } from './record.ts'

const lineFeed = 10
const carriageReturn = 13
const quote = 34
const bomText = '\ufeff'
const bomLength = 3
const longCell = 512

/** null: a quote is never closed. */
export function readRecords(bytes: Uint8Array, dialect: Dialect): RecordFile | null {
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const start = hasBom ? bomLength : 0
  const hasReturnsOnly = !bytes.includes(lineFeed) && bytes.includes(carriageReturn)
  const newline = hasReturnsOnly ? carriageReturn : lineFeed
  const found = new Scan(bytes, dialect, newline)
  if (!found.run(start)) return null
  const { isOdd, spansLines, widest } = found
  const all = new Records(bytes, found.starts, dialect, newline)
  return { dialect, bom: hasBom ? bomText : '', ...withoutTrailer(all), isOdd, spansLines, widest }
}

class Scan {
  isOdd = false
  spansLines = false
  widest = 1
  readonly #bytes: Uint8Array
  readonly #delimiter: number
  readonly #hasQuotes: boolean
  readonly #newline: number
  #starts: Uint32Array
  #count = 0
  #lineEnd = -1
  #cellEnd = -1

  constructor(bytes: Uint8Array, { delimiter, hasQuotes }: Dialect, newline: number) {
    this.#bytes = bytes
    this.#delimiter = delimiter.charCodeAt(0)
    this.#hasQuotes = hasQuotes
    this.#newline = newline
    this.#starts = new Uint32Array((bytes.length >>> 6) + 16)
  }

  /** As many as there are, and the end of the bytes. */
  get starts(): Uint32Array {
    this.#push(this.#bytes.length)
    return this.#starts.slice(0, this.#count)
  }

  run(from: number): boolean {
    const bytes = this.#bytes
    const { length } = bytes
    const [delimiter, newline] = [this.#delimiter, this.#newline]
    const opening = this.#hasQuotes ? quote : -1
    for (let at = from; at < length; at++) {
      this.#push(at)
      let width = 1
      if (bytes[at] === opening && (at = this.#behindQuotes(at)) < 0) return false
      let far = at + longCell
      for (; at < length; at++) {
        if (at === far) at = this.#nextEnd(at)
        const byte = bytes[at]
        if (byte === newline) break
        if (byte !== delimiter) continue
        far = at + longCell
        width++
        if (bytes[at + 1] !== opening) continue
        at = this.#behindQuotes(at + 1) - 1
        if (at < 0) return false
        far = at + longCell
      }
      if (width > this.widest) this.widest = width
    }
    return true
  }

  /** Behind the quote that closes the one at `open`; -1 when none does. */
  #behindQuotes(open: number): number {
    const bytes = this.#bytes
    for (let at = open + 1; at < bytes.length; at++) {
      if (bytes[at] === lineFeed) this.spansLines = true
      if (bytes[at] !== quote) continue
      if (bytes[at + 1] === quote) at++
      else {
        const next = bytes[at + 1]
        const isEnd = next === undefined || next === this.#newline || next === carriageReturn
        this.isOdd ||= !isEnd && next !== this.#delimiter
        return at + 1
      }
    }
    return -1
  }

  /** Where a long cell ends: found natively, since calling that costs more than a short one. */
  #nextEnd(from: number): number {
    if (this.#lineEnd < from) this.#lineEnd = placeOf(this.#bytes, this.#newline, from)
    if (this.#cellEnd < from) this.#cellEnd = placeOf(this.#bytes, this.#delimiter, from)
    return Math.min(this.#lineEnd, this.#cellEnd)
  }

  #push(start: number): void {
    if (this.#count === this.#starts.length) {
      const more = new Uint32Array(this.#count + (this.#count >>> 1) + 16)
      more.set(this.#starts)
      this.#starts = more
    }
    this.#starts[this.#count++] = start
  }
}

/** Blank lines at the end are no records; the last record's own line end goes with them. */
function withoutTrailer(all: Records): Pick<RecordFile, 'records' | 'trailer'> {
  let count = all.length
  while (count > 0 && all.end(count - 1) === all.start(count - 1)) count--
  let trailer = ''
  for (let i = Math.max(0, count - 1); i < all.length; i++) trailer += all.eol(i)
  return { records: all.slice(0, count), trailer }
}

/** The length where there is none. */
function placeOf(bytes: Uint8Array, sought: number, from: number): number {
  const found = indexOfBytes(bytes, sought, from)
  return found < 0 ? bytes.length : found
}
