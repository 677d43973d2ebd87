// MySQL's types as columns and cells. Every value travels as the server's own text for it, in one session's fixed settings
// (session.ts), or as bytes, so that all digits, microseconds and bytes come back the same. What has a type of its own
// in a table gets it; everything else (enums, sets, times, uuid) is text that the server itself can read again.
import { isUtf8, utf8 } from '../../base/bytes.ts'
import { cellOf, falseCell, isJsonText, nullCell, trueCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import type { EndpointColumn } from '../interface.ts'
import { float32Text, float64Text } from '../spelling/float-text.ts'
import {
  type Speller,
  dateSpeller,
  decimalSpeller,
  float32Speller,
  float64Speller,
  timestampSpeller,
  uuidSpeller,
} from '../spelling/spellers.ts'
import { quoteName } from './sql.ts'

/** Types that are read, compared and written alike. */
export type Family =
  | 'int'
  | 'bool'
  | 'bit'
  | 'year'
  | 'decimal'
  | 'float'
  | 'double'
  | 'date'
  | 'datetime'
  | 'timestamp'
  | 'time'
  | 'text'
  | 'char'
  | 'json'
  | 'bytes'
  | 'binary'
  | 'geometry'
  | 'vector'
  | 'uuid'
  | 'inet'
  | 'other'

export interface MysqlColumn extends EndpointColumn {
  readonly family: Family
  /** Has a character set and a collation, by which keys are found. */
  readonly isText: boolean
  readonly charset: string | null
  /** The values of ENUM and SET, in order. */
  readonly members: readonly string[]
  /** SQL by which it is computed when it is read; null of one that is kept. */
  readonly computedBy: string | null
  /** Digits of a second's fraction that it keeps. */
  readonly fractionDigits: number
  /** Length of text in characters, else in bytes; null where there is none. */
  readonly lengthMax: number | null
  readonly isUnsigned: boolean
  /** The server sets it when other columns of its row change, unless it is told what to set. */
  readonly onUpdate: boolean
}

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint'].map((name) => [name, 'int'] as const),
  ...['varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'].map(
    (name) => [name, 'text'] as const,
  ),
  ...['varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((name) => [name, 'bytes'] as const),
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'].map(
    (name) => [name, 'geometry'] as const,
  ),
  ...['geometrycollection', 'geomcollection'].map((name) => [name, 'geometry'] as const),
  ...(['bit', 'year', 'decimal', 'float', 'double', 'date', 'datetime', 'timestamp', 'time'] as const).map(
    (name) => [name, name] as const,
  ),
  ...(['char', 'json', 'binary', 'uuid', 'vector'] as const).map((name) => [name, name] as const),
  ...['inet4', 'inet6'].map((name) => [name, 'inet'] as const),
])

const columnTypes: Readonly<Record<Family, ColumnType>> = {
  int: 'int',
  bool: 'bool',
  bit: 'int',
  year: 'int',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  date: 'date',
  datetime: 'timestamp',
  timestamp: 'timestamp',
  time: 'text',
  text: 'text',
  char: 'text',
  json: 'json',
  bytes: 'bytes',
  binary: 'bytes',
  geometry: 'bytes',
  vector: 'bytes',
  uuid: 'text',
  inet: 'text',
  other: 'text',
}

/**
 * `dataType` is 'varchar', `columnType` 'varchar(10)'. By old habit of all its users TINYINT(1) is a boolean. YEAR(2) shows
 * two digits of the year that it keeps.
 */
export function familyOf(dataType: string, columnType: string): Family {
  if (columnType === 'year(2)') return 'other'
  return /^tinyint\(1\)(?! unsigned)/.test(columnType) ? 'bool' : (families.get(dataType) ?? 'other')
}

export function columnTypeOf(family: Family): ColumnType {
  return columnTypes[family]
}

/** What is no text; of other types a guard compares the spelling. */
export function hasOneSpelling(family: Family, charset: string | null): boolean {
  return oneSpelling.has(family) || isOwnJson({ family, charset })
}

/** MySQL's own type, which writes a document anew in its own way. MariaDB's is text with a check. */
export function isOwnJson({ family, charset }: Pick<MysqlColumn, 'family' | 'charset'>): boolean {
  return family === 'json' && charset === null
}

const oneSpelling: ReadonlySet<Family> = new Set<Family>([
  ...(['int', 'bool', 'bit', 'year', 'decimal', 'float', 'double'] as const),
  ...(['date', 'datetime', 'timestamp', 'uuid'] as const),
])

/** How a key of this type is written; undefined where it is what its text is. */
export function spellingsOf(family: Family, columnType: string): Speller | undefined {
  switch (family) {
    case 'decimal':
      return decimalSpeller(Number(/,(\d+)\)/.exec(columnType)?.[1] ?? 0))
    case 'float':
      return float32Speller
    case 'double':
      return float64Speller
    case 'date':
      return dateSpeller
    case 'datetime':
      return timestampSpeller('')
    case 'timestamp':
      return timestampSpeller('Z')
    case 'uuid':
      return uuidSpeller
    default:
      return undefined
  }
}

/** The members of "enum('a','it''s')", as the catalogue writes it. */
export function membersOf(columnType: string): string[] {
  if (!/^(enum|set)\(/.test(columnType)) return []
  const members = [...columnType.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)]
  return members.map(([, text]) =>
    text!.replaceAll("''", "'").replaceAll(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter),
  )
}

const escapes: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r', Z: '\u001a' }

/** What is selected of a column of the table `t`: its value as `cellOfBytes` expects it. */
export function readExpression({ name, family }: MysqlColumn): string {
  const column = `t.${quoteName(name)}`
  if (family === 'bit') return `CAST(${column} AS UNSIGNED)`
  // As text a FLOAT has six digits, as a double all.
  return family === 'float' ? `${column} + 0e0` : column
}

/** `bytes` is what came for the column's expression; the cell keeps a view of it. */
export function cellOfBytes(bytes: Uint8Array | null, family: Family): Cell {
  if (bytes === null) return nullCell
  switch (family) {
    case 'bool':
      if (bytes.length === 1 && bytes[0] === 0x31) return trueCell
      if (bytes.length === 1 && bytes[0] === 0x30) return falseCell
      return cellOf('number', bytes)
    case 'int':
    case 'bit':
    case 'year':
    case 'decimal':
      return cellOf('number', withoutZeros(bytes))
    case 'float':
      return cellOf('number', utf8(float32Text(Number(latin1(bytes)))))
    case 'double':
      return cellOf('number', utf8(float64Text(Number(latin1(bytes)))))
    case 'datetime':
    case 'timestamp':
    case 'time':
      return cellOf('text', utf8(isoTime(latin1(bytes), family)))
    case 'json':
      // MariaDB's check of JSON lets through what others do not take.
      return isJsonText(bytes) ? cellOf('json', bytes) : cellOf('text', bytes)
    case 'bytes':
    case 'binary':
    case 'geometry':
    case 'vector':
      return cellOf('bytes', bytes)
    default:
      return cellOf(isUtf8(bytes) ? 'text' : 'bytes', bytes)
  }
}

/** Takes off the zeros of ZEROFILL, which is a way to show numbers and no part of them. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (bytes[start] === 0x30 && start + 1 < bytes.length && bytes[start + 1] !== 0x2e) start++
  return start === 0 ? bytes : bytes.subarray(start)
}

/** '2024-05-06 07:08:09.120000' as ISO 8601 has it; dates that are none, such as 0000-00-00, stay as they are. */
function isoTime(text: string, family: 'datetime' | 'timestamp' | 'time'): string {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  if (family === 'time' || /^0000|-00/.test(text.slice(0, 10))) return short
  return `${short.replace(' ', 'T')}${family === 'timestamp' ? 'Z' : ''}`
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
