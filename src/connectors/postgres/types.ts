// PostgreSQL's types as columns and cells. Every value travels as PostgreSQL's own text for it, in one session's fixed
// settings, so that all digits, microseconds and bytes come back the same. What has a type of its own in a table gets
// it; everything else (arrays, ranges, enums, uuid, intervals) is text that PostgreSQL itself can read again.
import { emptyBytes, fromHex, toHex } from '../../base/bytes.ts'
import {
  cellOf,
  cellText,
  cellTooLarge,
  falseCell,
  nullCell,
  trueCell,
  jsonNumber,
} from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import {
  type Speller,
  cidrSpeller,
  dateSpeller,
  decimalSpeller,
  decimalsSpeller,
  float32Speller,
  float64Speller,
  inetSpeller,
  macaddr8Speller,
  paddedSpeller,
  timestampSpeller,
  unscaledSpeller,
  uuidSpeller,
} from '../spelling/spellers.ts'

/** By pg_type.typname. */
const types: ReadonlyMap<string, ColumnType> = new Map([
  ['int2', 'int'],
  ['int4', 'int'],
  ['int8', 'int'],
  ['oid', 'int'],
  ['numeric', 'decimal'],
  ['float4', 'float'],
  ['float8', 'float'],
  ['bool', 'bool'],
  ['date', 'date'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamp'],
  ['bytea', 'bytes'],
  ['json', 'json'],
  ['jsonb', 'json'],
])

export function columnTypeOf(nativeName: string): ColumnType {
  return types.get(nativeName) ?? 'text'
}

/** `nativeType` is 'numeric(10,2)': a bare numeric keeps 1.50 beside 1.5, and json and text are as they were written. */
export function hasOneSpelling(nativeType: string): boolean {
  return oneSpelling.test(nativeType) || oneSpellingOfParts.test(nativeType)
}

/** How a key of this type is written; undefined where it is what its text is. */
export function spellingsOf(nativeType: string): Speller | undefined {
  return spellers.find(([pattern]) => pattern.test(nativeType))?.[1](nativeType)
}

const spellers: readonly (readonly [RegExp, (nativeType: string) => Speller])[] = [
  [/^numeric$/, () => unscaledSpeller],
  [/^numeric\(\d+,\d+\)$/, (type) => decimalSpeller(scaleOf(type))],
  [/^numeric\(\d+,\d+\)\[\]$/, (type) => decimalsSpeller(scaleOf(type))],
  [/^real$/, () => float32Speller],
  [/^double precision$/, () => float64Speller],
  [/^date$/, () => dateSpeller],
  [/^timestamp.* with time zone$/, () => timestampSpeller('Z')],
  [/^timestamp.* without time zone$/, () => timestampSpeller('')],
  [/^uuid$/, () => uuidSpeller],
  [/^character\(\d+\)$/, () => paddedSpeller],
  [/^inet$/, () => inetSpeller],
  [/^cidr$/, () => cidrSpeller],
  [/^macaddr8$/, () => macaddr8Speller],
]

function scaleOf(nativeType: string): number {
  return Number(/,(\d+)\)/.exec(nativeType)![1])
}

/** Values that are made of such. */
const oneSpellingOfParts =
  /^(numeric\(\d.*|real|double precision|character\(\d+\)|timestamp(\(\d\))? with(out)? time zone)\[\]$|^ts(tz)?(multi)?range$/

const oneSpelling =
  /^(smallint|integer|bigint|oid|real|double precision|boolean|date|uuid|jsonb|inet|cidr|macaddr8?|money|numeric\(\d.*|character\(.*|timestamp(\(\d\))? with(out)? time zone)$/

/** Makes every text of a session the same, wherever it runs. */
export const sessionSettings: readonly string[] = [
  "SET datestyle = 'ISO, YMD'",
  "SET timezone = 'UTC'",
  "SET intervalstyle = 'iso_8601'",
  'SET extra_float_digits = 1',
  "SET bytea_output = 'hex'",
  "SET xmloption = 'content'",
  'SET standard_conforming_strings = on',
  // Else NULL in an array is the word.
  'SET array_nulls = on',
  // Limits that a role has for its queries: a table takes as long as it takes, and is one moment until its end.
  'SET statement_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  // Compiling a statement takes longer than it saves where rows are only sent or looked at. Not every server knows these.
  `SELECT set_config(name, value, false)
     FROM (VALUES ('jit', 'off'), ('idle_session_timeout', '0'), ('transaction_timeout', '0')) AS setting (name, value)
    WHERE current_setting(name, true) IS NOT NULL`,
]

const space = 0x20
const plus = 0x2b
const zero = 0x30
const nine = 0x39
const letterT = 0x54
const letterZ = 0x5a

/** `bytes` is the value's text, or null; the cell keeps a view of it. */
export function cellOfText(bytes: Uint8Array | null, type: ColumnType): Cell {
  if (bytes === null) return nullCell
  switch (type) {
    case 'int':
      return cellOf('number', bytes)
    case 'decimal':
    case 'float':
      return jsonNumber.test(latin1(bytes)) ? cellOf('number', bytes) : cellOf('text', bytes)
    case 'bool':
      return bytes[0] === 0x74 ? trueCell : falseCell
    case 'timestamp':
      return cellOf('text', isoTimestamp(bytes))
    case 'bytes':
      return cellOf('bytes', bytes.length <= 2 ? emptyBytes : fromHex(latin1(bytes.subarray(2))))
    case 'json':
      return cellOf('json', bytes)
    default:
      return cellOf('text', bytes)
  }
}

/** A cell whose value was too large to be read. Bytes come as two digits each, after two more characters. */
export function cellOfTextBytes(textBytes: number, type: ColumnType): Cell {
  return cellTooLarge(type === 'bytes' ? (textBytes - 2) / 2 : textBytes)
}

/** What PostgreSQL reads as this cell's value, given the column's type; null for none. */
export function textOfCell(cell: Cell): string | null {
  switch (cell.kind) {
    case 'absent':
    case 'null':
      return null
    case 'true':
    case 'false':
      return cell.kind
    case 'bytes':
      return `\\x${toHex(cell.bytes)}`
    default:
      return cellText(cell)
  }
}

/** '2024-05-06 07:08:09.123+00' as ISO 8601 has it; other eras and infinity stay as they are. */
function isoTimestamp(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length < 19 || bytes[10] !== space || bytes[length - 1]! > nine) return bytes
  const isUtc = bytes[length - 3] === plus && bytes[length - 2] === zero && bytes[length - 1] === zero
  const iso = bytes.slice(0, isUtc ? length - 2 : length)
  iso[10] = letterT
  if (isUtc) iso[length - 3] = letterZ
  return iso
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
