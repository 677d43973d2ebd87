// SQLite's values as cells. A value has a type of its own, whatever its column says, and a column may change what is
// written to it: 5.0 becomes 5 where integers are preferred, '5' becomes a number. A cell is written only if it comes
// back as it was; else it is refused with what it would become.
import { sameValue } from '../spelling/same-value.ts'
import { describeCell } from '../describe-cell.ts'
import { isUtf8, utf8, utf8Text } from '../../base/bytes.ts'
import {
  cellOf,
  cellText,
  cellTooLarge,
  falseCell,
  isJsonText,
  jsonNumber,
  nullCell,
  trueCell,
  sameCell,
} from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import type { SqliteValue } from './database.ts'
import type { Affinity, SqliteColumn } from './discover.ts'
import type { Speller } from '../spelling/spellers.ts'

/**
 * The first letter of what `typeof` says; text comes as bytes, integers as bigint. 'l': a value that no cell can hold, and
 * its size comes.
 */
export type Tag = 'n' | 'i' | 'r' | 't' | 'b' | 'l'

/** A parameter, and how SQL takes it: as it is, cast to text (bytes), cast to a real. */
export interface Bound {
  readonly value: SqliteValue
  readonly sql: '?' | 'CAST(? AS TEXT)' | 'CAST(? AS REAL)'
}

/** Null for a text that is not UTF-8. The cell keeps a view of what came. */
export function cellOfValue(tag: Tag, value: SqliteValue, column: SqliteColumn): Cell | null {
  switch (tag) {
    case 'n':
      return nullCell
    case 'i':
      if (column.type === 'json') return cellOf('json', utf8(String(value)))
      if (column.type === 'bool' && (value === 0n || value === 1n)) return value === 1n ? trueCell : falseCell
      return cellOf('number', utf8(String(value)))
    case 'r':
      return cellOf(column.type === 'json' ? 'json' : 'number', utf8(realText(Number(value), column)))
    case 'b':
      return cellOf('bytes', value as Uint8Array)
    case 'l':
      return cellTooLarge(Number(value))
    case 't': {
      const bytes = value as Uint8Array
      if (!isUtf8(bytes)) return null
      return cellOf(column.type === 'json' && isJsonText(bytes) ? 'json' : 'text', bytes)
    }
  }
}

/** Where a column may hold integers too, a real says that it is none. */
function realText(value: number, { affinity }: SqliteColumn): string {
  const text = realLiteral(value)
  if (affinity === 'real') return text === '-0.0' ? '0' : text
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Longer texts are bound as the bytes that they are. */
const textBytesMax = 64 << 10

/** What to bind so that the column holds this cell; or, as a text, why it cannot. */
export function boundOf(cell: Cell, column: SqliteColumn): Bound | string {
  const [tag, value] = stored(...valueOf(cell), column)
  const back = cellOfValue(tag, value, column)
  if (back === null || !isAsKept(back, cell, column))
    return `column '${column.name}' would keep ${describeCell(cell)} as ${back === null ? 'no text' : describeCell(back)}`
  if (tag === 't') {
    const bytes = value as Uint8Array
    // The driver ends a text at its first NUL, and a long one would be in memory once more.
    return bytes.length > textBytesMax || bytes.includes(0)
      ? { value: bytes, sql: 'CAST(? AS TEXT)' }
      : { value: utf8Text(bytes), sql: '?' }
  }
  // The driver binds reals without a fraction as integers, and very small ones as 0.
  if (tag === 'r') return { value: realLiteral(value as number), sql: 'CAST(? AS REAL)' }
  return { value, sql: '?' }
}

/** Whether the column has this very value, however the other is spelled. A text is no number, whatever it looks like. */
export function isAsKept(now: Cell, cell: Cell, column: SqliteColumn): boolean {
  if (sameCell(now, cell)) return true
  return column.hasOneSpelling === true && cell.kind !== 'text' && sameValue(cell, now, column)
}

/** How a number is written that a column of this affinity keeps. */
export function numberSpeller(affinity: Affinity): Speller {
  const column = { affinity, type: 'float' } as SqliteColumn
  return (text) => {
    if (!jsonNumber.test(text)) return [text]
    const [tag, value] = stored(...valueOf(cellOf('number', utf8(text))), column)
    return [cellText(cellOfValue(tag, value, column)!)]
  }
}

function realLiteral(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999'
  return Object.is(value, -0) ? '-0.0' : String(value)
}

const int64Max = (1n << 63n) - 1n
const int64Min = -(1n << 63n)

function valueOf(cell: Cell): [Tag, SqliteValue] {
  switch (cell.kind) {
    case 'absent':
    case 'null':
      return ['n', null]
    case 'true':
    case 'false':
      return ['i', cell.kind === 'true' ? 1n : 0n]
    case 'bytes':
      return ['b', cell.bytes]
    case 'text':
    case 'json':
      return ['t', cell.bytes]
    case 'number': {
      const text = cellText(cell)
      const int = /^-?\d{1,19}$/.test(text) ? BigInt(text) : null
      return int !== null && int >= int64Min && int <= int64Max ? ['i', int] : ['r', Number(text)]
    }
  }
}

/** What looks like a number to SQLite. */
const numeric = /^[ \t\n\v\f\r]*[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t\n\v\f\r]*$/

/** The value that the column stores when it is given this one. */
function stored(tag: Tag, value: SqliteValue, { affinity }: SqliteColumn): [Tag, SqliteValue] {
  if (affinity === 'blob' || tag === 'n' || tag === 'b') return [tag, value]
  if (affinity === 'text') return tag === 't' ? [tag, value] : ['t', utf8(String(value))]
  if (tag === 't') {
    const text = utf8Text(value as Uint8Array)
    if (!numeric.test(text)) return [tag, value]
    const number = Number(text)
    return affinity !== 'real' && Number.isInteger(number) && !/[.eE]/.test(text)
      ? ['i', BigInt(text.trim())]
      : stored('r', number, { affinity } as SqliteColumn)
  }
  if (affinity === 'real') return ['r', Number(value)]
  if (tag === 'i') return [tag, value]
  const number = value as number
  const isInt = Number.isInteger(number) && Math.abs(number) < 2 ** 63
  return isInt ? ['i', BigInt(number)] : [tag, value]
}
