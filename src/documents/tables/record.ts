// A delimited file as records that stay in its bytes: a file of a million rows is its bytes and a number a row. A record
// is taken out, and split into cells, when somebody asks. The reader (read-records.ts) is lenient, as a merge must be:
// rows may be ragged, quotes odd, line ends mixed.
import { commonLength } from '../../base/platform.ts'
import { textFromBytes } from '../../files/text.ts'
import { split, unquoted } from './spelling.ts'

export interface Dialect {
  readonly delimiter: string
  /** Whether a cell that begins with '"' is quoted. */
  readonly hasQuotes: boolean
}

export interface RecordFile {
  readonly dialect: Dialect
  readonly bom: string
  /** Line end of a first line that names the delimiter; '' where there is none. */
  readonly delimiterEol: string
  readonly records: Records
  /** Line ends behind the last record: blank lines, and the end of the last line. */
  readonly trailer: string
  /** Whether some cell has text behind its closing quote, or a quote that is not doubled. */
  readonly isOdd: boolean
  /** Whether some record goes on over a line end. */
  readonly spansLines: boolean
  /** Cells of the widest record. */
  readonly widest: number
  /** Whether all records that are not empty are as wide. */
  readonly isEven: boolean
  /** By record, an equal one of the file that was given for comparison, line end included, rising; -1 where none was found. */
  readonly twins: Int32Array | null
}

const lineFeed = 10
const carriageReturn = 13

/** Records of a file that follow one another. */
export class Records {
  readonly bytes: Uint8Array
  readonly dialect: Dialect
  readonly delimiter: number
  /** LF, or CR in files that have no LF. */
  readonly newline: number
  /** Where each begins, and where the one behind the last would. */
  readonly starts: Uint32Array

  constructor(bytes: Uint8Array, starts: Uint32Array, dialect: Dialect, newline: number) {
    this.bytes = bytes
    this.starts = starts
    this.dialect = dialect
    this.delimiter = dialect.delimiter.charCodeAt(0)
    this.newline = newline
  }

  get length(): number {
    return this.starts.length - 1
  }

  start(i: number): number {
    return this.starts[i]!
  }

  /** The end of the record's text, where its line end begins. */
  end(i: number): number {
    const start = this.starts[i]!
    const next = this.starts[i + 1]!
    if (next === start || this.bytes[next - 1] !== this.newline) return next
    const isBoth = this.newline === lineFeed && next - 1 > start && this.bytes[next - 2] === carriageReturn
    return isBoth ? next - 2 : next - 1
  }

  /** The record's line end; empty for a last line without one. */
  eol(i: number): string {
    const length = this.starts[i + 1]! - this.end(i)
    if (length === 0) return ''
    return length === 2 ? '\r\n' : this.newline === lineFeed ? '\n' : '\r'
  }

  text(i: number): string {
    return textFromBytes(this.bytes.subarray(this.start(i), this.end(i)))
  }

  at(i: number): TableRecord {
    return new TableRecord(this, i)
  }

  /** The record at `i`; undefined when there is none. */
  get(i: number): TableRecord | undefined {
    return i >= 0 && i < this.length ? this.at(i) : undefined
  }

  all(): TableRecord[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i))
  }

  slice(start: number, end: number = this.length): Records {
    const last = Math.min(end, this.length)
    return new Records(
      this.bytes,
      this.starts.subarray(Math.min(start, last), last + 1),
      this.dialect,
      this.newline,
    )
  }
}

/** One record, which is decoded when it is first read. */
export class TableRecord {
  readonly records: Records
  readonly place: number
  #text: string | null = null
  #spellings: readonly string[] | null = null
  #cells: readonly string[] | null = null

  constructor(records: Records, place: number) {
    this.records = records
    this.place = place
  }

  /** The record's text, without its line end. */
  get text(): string {
    this.#text ??= this.records.text(this.place)
    return this.#text
  }

  get eol(): string {
    return this.records.eol(this.place)
  }

  /** The cells as they are spelled, quotes included. */
  get spellings(): readonly string[] {
    this.#spellings ??= split(this.text, this.records.dialect)
    return this.#spellings
  }

  /** The cells' values, without quotes. */
  get cells(): readonly string[] {
    if (this.#cells === null) {
      const isPlain = !this.records.dialect.hasQuotes || !this.text.includes('"')
      this.#cells = isPlain ? this.spellings : this.spellings.map(unquoted)
    }
    return this.#cells
  }

  /** A cell's value; '' beyond the last cell. */
  cell(place: number): string {
    return this.cells[place] ?? ''
  }
}

/** Whether two records have the same text; their line ends may differ. */
export function isSameText(a: Records, i: number, b: Records, j: number): boolean {
  const [aStart, bStart] = [a.start(i), b.start(j)]
  const length = a.end(i) - aStart
  if (b.end(j) - bStart !== length) return false
  return isSameRange(a.bytes, aStart, b.bytes, bStart, length)
}

const longLength = 1024

export function isSameRange(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  if (length > longLength) return commonLength(a, aStart, b, bStart) >= length
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

export function isSameDialect(a: Dialect, b: Dialect): boolean {
  return a.delimiter === b.delimiter && a.hasQuotes === b.hasQuotes
}

/** Whether nothing but white space stands in it. */
export function isBlank(records: Records, i: number): boolean {
  const first = records.bytes[records.start(i)]!
  // In ASCII, only the signs up to the space may be white.
  const isWord = first > 32 && first < 128 && records.end(i) > records.start(i)
  return !isWord && records.text(i).trim() === ''
}
