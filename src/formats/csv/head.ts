// What the first bytes of a CSV file tell: a byte order mark, a line with the delimiter, the dialect, the header, and what the first rows look like.
import { concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import { type DelimiterLine, readDelimiterLine } from '../../files/delimiter-line.ts'
import type { ReadColumnsOptions } from '../interface.ts'
import { NotATable } from '../not-a-table.ts'
import type { Slicer } from '../slicer.ts'
import { byteOrderMark, type Header, readHeader } from './header.ts'
import { dialectOf } from './plan.ts'
import { type Sample, sampleRows } from './sample.ts'
import { type DialectGuess, sniffDialect } from './sniff.ts'

const headBytes = 256 << 10
const headBytesMax = 8 << 20
/** Rows that are looked at, however long they are, before a column without cells is called text. */
const sampleRowsMin = 16

export interface CsvHead extends FoundHeader {
  readonly opening: Opening
  readonly guess: DialectGuess
  readonly sample: Sample
}

/** What stands before the header. */
export interface Opening {
  readonly bom: boolean
  readonly delimiterLine: DelimiterLine | null
  /** Bytes of both. */
  readonly length: number
}

/** `previous` is the dialect that the version before had. The slicer stays where it is. @throws NotATable */
export async function readHead(
  slicer: Slicer,
  { format, key }: ReadColumnsOptions,
  previous: DialectGuess | null,
): Promise<CsvHead> {
  const { head, opening } = await peekHead(slicer, headBytes)
  const told = opening.delimiterLine?.delimiter ?? null
  const guess = sniffDialect(head, { format: format as 'csv' | 'tsv', key, previous, told })
  const found = await findHeader(slicer, guess)
  const dialect = dialectOf(guess.delimiter, guess.quote, guess.eol)
  const { header } = found
  let { bytes } = found
  for (;;) {
    const sample = sampleRows(bytes.subarray(header.length), dialect, header.names.length)
    const isEnough = sample.rows >= sampleRowsMin || slicer.hasAll || bytes.length >= headBytesMax
    if (isEnough) return { ...found, bytes, opening, guess, sample }
    bytes = await peekCompleted(slicer, 2 * bytes.length, guess)
  }
}

/** The first bytes; when they are all of the file, with the line end that its last line may lack. */
async function peekCompleted(slicer: Slicer, length: number, { eol }: DialectGuess): Promise<Uint8Array> {
  const { head } = await peekHead(slicer, length)
  return slicer.hasAll ? concatBytes([head, utf8(eol)]) : head
}

async function peekHead(slicer: Slicer, length: number): Promise<{ head: Uint8Array; opening: Opening }> {
  const bytes = await slicer.peek(length)
  const bom = equalBytes(bytes.subarray(0, 3), byteOrderMark)
  const marked = bom ? byteOrderMark.length : 0
  const delimiterLine = readDelimiterLine(bytes.subarray(marked))
  const opening = { bom, delimiterLine, length: marked + (delimiterLine?.length ?? 0) }
  return { head: bytes.subarray(opening.length), opening }
}

interface FoundHeader {
  readonly header: Header
  /** From the header on. */
  readonly bytes: Uint8Array
  /** The file ends in its header, and got the line end that it lacks. */
  readonly isCompleted: boolean
}

async function findHeader(slicer: Slicer, guess: DialectGuess): Promise<FoundHeader> {
  const dialect = dialectOf(guess.delimiter, guess.quote, guess.eol)
  for (let length = headBytes; length <= headBytesMax; length *= 2) {
    const { head } = await peekHead(slicer, length)
    const bytes = await peekCompleted(slicer, length, guess)
    const header = head.length === 0 ? null : readHeader(bytes, dialect)
    if (header !== null) {
      if (header.names.length === 1 && header.names[0] === '') break
      return { header, bytes, isCompleted: header.length > head.length }
    }
    if (slicer.hasAll) break
  }
  throw new NotATable('it has no header')
}
