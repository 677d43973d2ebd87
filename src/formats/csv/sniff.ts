// Guesses a CSV file's dialect from its first bytes. A wrong guess costs nothing but the table: what is read is
// rendered and compared, so a file is never changed by one.
import { utf8Text } from '../../base/bytes.ts'
import { indexOfBytes } from '../../base/platform.ts'
import { cr, type Dialect, dialectOf, lf } from './plan.ts'
import { cellMark, RecordReader } from './record.ts'

const candidates = [',', ';', '\t', '|']
const recordsMax = 100

export interface DialectGuess {
  readonly delimiter: string
  readonly quote: '"' | ''
  readonly eol: '\n' | '\r\n' | '\r'
}

export interface SniffHints {
  readonly format: 'csv' | 'tsv'
  readonly key: readonly string[]
  /** What the version before had. */
  readonly previous: DialectGuess | null
  /** The delimiter that the file's own first line names. */
  readonly told: string | null
}

/** Guesses the dialect; `head` begins with the header. */
export function sniffDialect(head: Uint8Array, hints: SniffHints): DialectGuess {
  const eol = commonEol(head)
  if (hints.told !== null && hints.told !== '\t') return { delimiter: hints.told, quote: '"', eol }
  if (hints.format === 'tsv') return { delimiter: '\t', quote: tsvQuote(head, eol, hints.previous), eol }
  if (hints.told !== null) return { delimiter: hints.told, quote: '"', eol }
  let best = hints.previous?.delimiter ?? ','
  let bestScore = score(head, best, eol, hints.key) + 0.5
  for (const delimiter of candidates) {
    const points = score(head, delimiter, eol, hints.key)
    if (points > bestScore) {
      best = delimiter
      bestScore = points
    }
  }
  return { delimiter: best, quote: '"', eol }
}

/** Whether each file that begins with this header, which names the key, is taken for one of this delimiter, whatever its rows are. */
export function tellsDelimiter(header: Uint8Array, { delimiter, eol }: DialectGuess): boolean {
  const columns = (candidate: string): number | 'not whole' => {
    const reader = new RecordReader(header, dialectOf(candidate, '"', eol))
    if (reader.read(0) >= 0) return reader.count
    return reader.fault === 'text-behind-quote' ? 0 : 'not whole'
  }
  const own = columns(delimiter)
  if (own === 'not whole' || own === 0 || (own === 1 && delimiter !== candidates[0])) return false
  // What has a single column gets fewer points than what has several, and no more than the first candidate.
  return candidates.every((one) => one === delimiter || columns(one) === 0 || columns(one) === 1)
}

// By the platform's own search: this is the first loop over a large file, long before it would be compiled.
export function commonEol(head: Uint8Array): DialectGuess['eol'] {
  if (!head.includes(cr)) return '\n'
  let alone = 0
  let both = 0
  let returns = 0
  for (let at = head.indexOf(lf); at >= 0; at = head.indexOf(lf, at + 1)) {
    if (at > 0 && head[at - 1] === cr) both++
    else alone++
  }
  for (let at = head.indexOf(cr); at >= 0; at = head.indexOf(cr, at + 1)) if (head[at + 1] !== lf) returns++
  if (both > alone && both >= returns) return '\r\n'
  return returns > alone ? '\r' : '\n'
}

/** How well a delimiter fits: found key columns count most, then records of equal length, then more columns. */
function score(head: Uint8Array, delimiter: string, eol: string, key: readonly string[]): number {
  const reader = new RecordReader(head, dialectOf(delimiter, '"', eol))
  let at = reader.read(0)
  if (at < 0) return 0
  const columns = reader.count
  const names = new Set(Array.from({ length: columns }, (_, i) => cellName(reader, i)))
  let same = 0
  let records = 0
  for (; records < recordsMax && at < head.length; records++) {
    at = reader.read(at)
    if (at < 0) break
    if (reader.count === columns) same++
  }
  const found = key.every((name) => names.has(name)) ? 1e6 : 0
  const even = columns > 1 && records > 0 ? Math.floor((1000 * same) / records) : 0
  return found + 100 * even + Math.min(columns, 90)
}

export function cellName(reader: RecordReader, cell: number): string | null {
  try {
    return utf8Text(reader.bytesOf(cell).subarray(reader.starts[cell], reader.ends[cell]))
  } catch {
    return null
  }
}

// Many TSV files know no quoting, and a lone quote in them is an inch sign: quotes must be seen around whole cells.
function tsvQuote(head: Uint8Array, eol: string, previous: DialectGuess | null): '"' | '' {
  const reader = new RecordReader(head, dialectOf('\t', '"', eol))
  let quoted = 0
  for (let at = 0, records = 0; at < head.length && records < 10 * recordsMax; records++) {
    at = reader.read(at)
    if (at < 0) break
    for (let i = 0; i < reader.count; i++) quoted += reader.marks[i]! & cellMark.quoted
  }
  if (reader.fault === 'text-behind-quote') return ''
  return quoted > 0 ? '"' : (previous?.quote ?? '')
}

/** Where a slice may end: behind the last line end with an even number of quotes before it. 0 when there is none. */
export function cutRecords(bytes: Uint8Array, dialect: Dialect): number {
  const eolByte = dialect.eol === 3 ? cr : lf
  const end = bytes.length - (dialect.eol === 3 ? 1 : 0)
  if (dialect.quote < 0 || indexOfBytes(bytes, dialect.quote, 0) < 0)
    return bytes.lastIndexOf(eolByte, end - 1) + 1
  let cut = 0
  let open = 0
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!
    if (byte === dialect.quote) open ^= 1
    else if (byte === eolByte && open === 0) cut = i + 1
  }
  return cut
}
