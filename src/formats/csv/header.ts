// The first record of a CSV file: column names and how they are quoted. An empty name may stand without quotes (the
// nameless first column that many programs write).
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { delimiterLine } from '../../files/delimiter-line.ts'
import type { Column } from '../../table/interface.ts'
import { NotATable } from '../not-a-table.ts'
import type { CsvLayout, Quoting } from './layout.ts'
import { type Dialect, dialectOf } from './plan.ts'
import { cellMark, isQuoted, RecordReader } from './record.ts'
import { cellName } from './sniff.ts'

export const byteOrderMark: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf)

export interface Header {
  readonly names: readonly string[]
  readonly quoting: Quoting
  /** Places of the names that are quoted against `quoting`. */
  readonly other: readonly number[]
  /** Index in `lineEnds`. */
  readonly lineEnd: number
  readonly lines: number
  readonly length: number
}

/** `head` begins with the header. Null when the record is not whole. */
export function readHeader(head: Uint8Array, dialect: Dialect): Header | null {
  const reader = new RecordReader(head, dialect)
  const length = reader.read(0)
  if (length < 0 && reader.fault !== 'text-behind-quote') return null
  if (length < 0) throw new NotATable('text follows a closing quote', 1)
  const names: string[] = []
  const isAlways: boolean[] = []
  for (let i = 0; i < reader.count; i++) {
    const name = cellName(reader, i)
    if (name === null) throw new NotATable('the header is not UTF-8: save the file as UTF-8', 1)
    names.push(name)
    isAlways.push((reader.marks[i]! & cellMark.quoted) !== 0)
  }
  const quoted = isAlways.filter(
    (is, i) => is && !(reader.marks[i]! & (cellMark.hard | cellMark.soft)),
  ).length
  const quoting = 2 * quoted > names.length ? 'always' : 'minimal'
  const other = isAlways.flatMap((is, i) =>
    is === isNameQuoted(names[i]!, dialect, quoting, false) ? [] : [i],
  )
  return { names, quoting, other, lineEnd: reader.lineEnd, lines: 1 + reader.innerLines, length }
}

function isNameQuoted(name: string, dialect: Dialect, quoting: Quoting, isOther: boolean): boolean {
  if (dialect.quote < 0) return false
  const always = quoting === 'always' ? 1 : 0
  const bytes = utf8(name)
  let seen = 0
  for (const byte of bytes) seen |= dialect.classes[byte]!
  const isHard = (seen & 2) !== 0 || bytes[0] === dialect.quote || name.endsWith('\r')
  return isQuoted((isHard ? cellMark.hard : 0) | (seen & 1 ? cellMark.soft : 0), always, isOther ? 1 : 0)
}

/** What the layout has before the header. */
export function renderOpening({ bom, delimiter, delimiterEol }: CsvLayout): Uint8Array {
  const line = utf8(delimiterEol === undefined ? '' : delimiterLine(delimiter, delimiterEol))
  return bom ? concatBytes([byteOrderMark, line]) : line
}

export function renderHeader(columns: readonly Column[], layout: CsvLayout): Uint8Array {
  const dialect = dialectOf(layout.delimiter, layout.quote, layout.eol)
  const other = new Set(layout.headerOther)
  const names = columns.map(({ name, id }) =>
    isNameQuoted(name, dialect, layout.headerQuoting, other.has(id))
      ? `"${name.replaceAll('"', '""')}"`
      : name,
  )
  return utf8(names.join(layout.delimiter) + layout.headerEol)
}
