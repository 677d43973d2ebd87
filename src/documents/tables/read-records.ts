// Finds the records of a delimited file in its bytes. Quotes, delimiters and line ends are ASCII, and no byte of a longer
// character of UTF-8 is; bytes that are not UTF-8 are kept.
import { indexOfBytes } from '../../base/platform.ts'
import { type DelimiterLine, readDelimiterLine } from '../../files/delimiter-line.ts'
import { type Dialect, isSameDialect, type RecordFile, Records } from './record.ts'
import { TwinFinder } from './twins.ts'

const lineFeed = 10
const carriageReturn = 13
const quote = 34
const bomText = '\ufeff'
const bomLength = 3
const longCell = 512

/** `like`: a file that may have most of the records; null: a quote is never closed. */
export function readRecords(
  bytes: Uint8Array,
  dialect: Dialect,
  like: RecordFile | null = null,
): RecordFile | null {
  const { bom, line } = readOpening(bytes)
  const start = (bom === '' ? 0 : bomLength) + (line?.length ?? 0)
  const hasReturnsOnly = !bytes.includes(lineFeed) && bytes.includes(carriageReturn)
  const newline = hasReturnsOnly ? carriageReturn : lineFeed
  const isLike =
    like?.isEven === true && isSameDialect(like.dialect, dialect) && like.records.newline === newline
  const twins = isLike ? new TwinFinder(bytes, like) : null
  const found = new Scan(bytes, dialect, newline, twins)
  if (!found.run(start)) return null
  const { isOdd, spansLines, widest, isEven } = found
  const all = new Records(bytes, found.starts, dialect, newline)
  const cut = withoutTrailer(all)
  return {
    dialect,
    bom,
    delimiterEol: line?.eol ?? '',
    ...cut,
    isOdd,
    spansLines,
    widest,
    isEven,
    twins: twins?.found(cut.records.length) ?? null,
  }
}

/** What stands before the header: a byte order mark, and a line that names the delimiter. */
export function readOpening(bytes: Uint8Array): { bom: string; line: DelimiterLine | null } {
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return {
    bom: hasBom ? bomText : '',
    line: readDelimiterLine(hasBom ? bytes.subarray(bomLength) : bytes),
  }
}

class Scan {
  isOdd = false
  spansLines = false
  widest = 1
  #narrowest = Infinity
  readonly #bytes: Uint8Array
  readonly #delimiter: number
  readonly #hasQuotes: boolean
  readonly #newline: number
  readonly #twins: TwinFinder | null
  #starts: Uint32Array
  #count = 0
  #lineEnd = -1
  #cellEnd = -1

  constructor(
    bytes: Uint8Array,
    { delimiter, hasQuotes }: Dialect,
    newline: number,
    twins: TwinFinder | null,
  ) {
    this.#bytes = bytes
    this.#delimiter = delimiter.charCodeAt(0)
    this.#hasQuotes = hasQuotes
    this.#newline = newline
    this.#twins = twins
    this.#starts = new Uint32Array((bytes.length >>> 6) + 16)
  }

  /** The beginnings of all records, and the end of the bytes. */
  get starts(): Uint32Array {
    this.#push(this.#bytes.length)
    return this.#starts.slice(0, this.#count)
  }

  /** Whether all records that are not empty are as wide as the widest. */
  get isEven(): boolean {
    return this.#narrowest >= this.widest
  }

  run(from: number): boolean {
    const bytes = this.#bytes
    const { length } = bytes
    const [delimiter, newline] = [this.#delimiter, this.#newline]
    const opening = this.#hasQuotes ? quote : -1
    for (let at = from; at < length; at++) {
      const behind = this.#twins === null ? at : this.#copied(at)
      if (behind > at) {
        at = behind - 1
        continue
      }
      this.#push(at)
      const start = at
      let width = 1
      if (bytes[at] === opening && (at = this.#behindQuotes(at)) < 0) return false
      for (;;) {
        const near = Math.min(length, at + longCell)
        while (at < near && bytes[at] !== delimiter && bytes[at] !== newline) at++
        if (at === near && at < length) at = this.#nextEnd(at)
        if (at >= length || bytes[at] === newline) break
        at++
        width++
        if (bytes[at] === opening && (at = this.#behindQuotes(at)) < 0) return false
      }
      if (width > this.widest) this.widest = width
      if (width < this.#narrowest && at > start) this.#narrowest = width
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

  /** Takes over the records from here on that the other file has too; says where they end. */
  #copied(at: number): number {
    const run = this.#twins!.at(at, this.#count)
    if (run === null) return at
    const { starts, first, end } = run
    const shift = at - starts[first]!
    for (let i = first; i < end; i++) this.#push(starts[i]! + shift)
    this.isOdd ||= run.like.isOdd
    this.spansLines ||= run.like.spansLines
    if (run.isFilled && run.like.widest > this.widest) this.widest = run.like.widest
    if (run.isFilled) this.#narrowest = Math.min(this.#narrowest, run.like.widest)
    return starts[end]! + shift
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

/** The place of a byte; the length of the bytes when it is not there. */
function placeOf(bytes: Uint8Array, sought: number, from: number): number {
  const found = indexOfBytes(bytes, sought, from)
  return found < 0 ? bytes.length : found
}
