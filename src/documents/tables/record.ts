// A delimited file as records whose bytes are kept: a record knows its text as it stands in the file, and splits it
// into cells when somebody asks. The reader is lenient, as a merge must be: rows may be ragged, quotes odd, line ends
// mixed. What it cannot split into records at all (a quote that never closes) is null.

export interface Dialect {
  readonly delimiter: string
  /** Whether a cell that begins with '"' is quoted. */
  readonly hasQuotes: boolean
}

export interface RecordFile {
  readonly dialect: Dialect
  readonly bom: string
  readonly records: readonly TableRecord[]
  /** Line ends behind the last record: blank lines, and the end of the last line. */
  readonly trailer: string
  /** Whether some cell has text behind its closing quote, or a quote that is not doubled. */
  readonly isOdd: boolean
}

const bomText = '\ufeff'

export class TableRecord {
  /** As it stands in the file, without its line end. */
  readonly text: string
  /** Empty for a last line without one. */
  readonly eol: string
  readonly #dialect: Dialect
  #spellings: readonly string[] | null = null
  #cells: readonly string[] | null = null

  constructor(text: string, eol: string, dialect: Dialect) {
    this.text = text
    this.eol = eol
    this.#dialect = dialect
  }

  get dialect(): Dialect {
    return this.#dialect
  }

  /** How many cells it has. */
  get width(): number {
    if (this.#mayQuote()) return this.spellings.length
    let count = 1
    const { delimiter } = this.#dialect
    for (
      let at = this.text.indexOf(delimiter);
      at >= 0;
      at = this.text.indexOf(delimiter, at + delimiter.length)
    )
      count++
    return count
  }

  /** One cell as it reads, without taking the others apart; '' behind the last. */
  cell(place: number): string {
    if (this.#cells !== null || this.#mayQuote()) return this.cells[place] ?? ''
    const { delimiter } = this.#dialect
    let start = 0
    for (let i = 0; i < place; i++) {
      const at = this.text.indexOf(delimiter, start)
      if (at < 0) return ''
      start = at + delimiter.length
    }
    const end = this.text.indexOf(delimiter, start)
    return this.text.slice(start, end < 0 ? this.text.length : end)
  }

  #mayQuote(): boolean {
    return this.#dialect.hasQuotes && this.text.includes('"')
  }

  /** Cells as they are spelled, quotes included. */
  get spellings(): readonly string[] {
    this.#spellings ??= split(this.text, this.#dialect)
    return this.#spellings
  }

  /** Cells as they read. */
  get cells(): readonly string[] {
    if (this.#cells === null) {
      const isPlain = !this.#dialect.hasQuotes || !this.text.includes('"')
      this.#cells = isPlain ? this.spellings : this.spellings.map(unquoted)
    }
    return this.#cells
  }
}

export function isSameDialect(a: Dialect, b: Dialect): boolean {
  return a.delimiter === b.delimiter && a.hasQuotes === b.hasQuotes
}

export function unquoted(spelling: string): string {
  if (spelling.length < 2 || !spelling.startsWith('"')) return spelling
  const end = closingQuote(spelling, 0)
  if (end !== spelling.length - 1) return spelling
  const inner = spelling.slice(1, -1)
  return inner.includes('"') ? inner.replaceAll('""', '"') : inner
}

export function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`
}

export function needsQuotes(value: string, delimiter: string): boolean {
  return value.includes(delimiter) || value.startsWith('"') || value.includes('\n') || value.includes('\r')
}

function split(text: string, { delimiter, hasQuotes }: Dialect): string[] {
  if (!hasQuotes || !text.includes('"')) return text.split(delimiter)
  const spellings: string[] = []
  let start = 0
  for (;;) {
    let from = start
    if (text[start] === '"') {
      const close = closingQuote(text, start)
      from = close < 0 ? text.length : close + 1
    }
    const end = text.indexOf(delimiter, from)
    spellings.push(text.slice(start, end < 0 ? text.length : end))
    if (end < 0) return spellings
    start = end + delimiter.length
  }
}

/** Place of the quote that closes the one at `open`; -1 when none does. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}

/** Finds the next place of a text, each time from further on; what was found is not looked for twice. */
class Finder {
  readonly #text: string
  readonly #wanted: string
  #at = -1

  constructor(text: string, wanted: string) {
    this.#text = text
    this.#wanted = wanted
  }

  /** The text's length when there is none. */
  next(from: number): number {
    if (this.#at < from) {
      const found = this.#text.indexOf(this.#wanted, from)
      this.#at = found < 0 ? this.#text.length : found
    }
    return this.#at
  }
}

/** null: a quote is never closed. */
export function readRecords(whole: string, dialect: Dialect): RecordFile | null {
  const bom = whole.startsWith(bomText) ? bomText : ''
  const text = whole.slice(bom.length)
  const newline = text.includes('\n') || !text.includes('\r') ? '\n' : '\r'
  const lines = new Finder(text, newline)
  const quotes = new Finder(text, '"')
  const delimiters = new Finder(text, dialect.delimiter)
  const records: TableRecord[] = []
  let isOdd = false
  for (let at = 0; at < text.length;) {
    let end = lines.next(at)
    if (dialect.hasQuotes && quotes.next(at) < end) {
      const found = recordEnd(text, at, newline, { lines, delimiters, delimiter: dialect.delimiter })
      if (found === null) return null
      end = found.end
      isOdd ||= found.isOdd
    }
    const hasReturn = newline === '\n' && end < text.length && end > at && text[end - 1] === '\r'
    const eol = end === text.length ? '' : hasReturn ? '\r\n' : newline
    records.push(new TableRecord(text.slice(at, hasReturn ? end - 1 : end), eol, dialect))
    at = end + 1
  }
  return { dialect, bom, ...withoutTrailer(records), isOdd }
}

/** Where the record that begins at `start` ends: at its newline, or at the end of the text. */
function recordEnd(
  text: string,
  start: number,
  newline: string,
  find: { readonly lines: Finder; readonly delimiters: Finder; readonly delimiter: string },
): { end: number; isOdd: boolean } | null {
  let isOdd = false
  for (let at = start; ;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at)
      if (close < 0) return null
      at = close + 1
      const next = text[at]
      isOdd ||= !(
        next === undefined ||
        next === newline ||
        next === '\r' ||
        text.startsWith(find.delimiter, at)
      )
    }
    const lineEnd = find.lines.next(at)
    const cellEnd = find.delimiters.next(at)
    if (cellEnd >= lineEnd) return { end: lineEnd, isOdd }
    at = cellEnd + find.delimiter.length
  }
}

/** Blank lines at the end are no records; the last record's own line end goes with them. */
function withoutTrailer(all: readonly TableRecord[]): Pick<RecordFile, 'records' | 'trailer'> {
  let count = all.length
  while (count > 0 && all[count - 1]!.text === '') count--
  const last = all[count - 1]
  const trailer =
    (last?.eol ?? '') +
    all
      .slice(count)
      .map(({ eol }) => eol)
      .join('')
  return { records: all.slice(0, count), trailer }
}
