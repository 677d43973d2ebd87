// Cells as SQL of MySQL: the literal that is written, the condition that a column still holds exactly what was read, and
// whether a column would keep a cell as it is. The server itself refuses most that does not fit; what it would change
// without a word is refused here.
import { createHash } from 'node:crypto'
import { cellText, isEmptyCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { float32Text } from '../spelling/float-text.ts'
import { quoteBytes, quoteName, quoteText } from './sql.ts'
import { type MysqlColumn, isOwnJson } from './types.ts'

const integer = /^-?[0-9]+$/
const decimal = /^-?[0-9]+(\.[0-9]+)?$/
const float = /^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/i
/** Longer values are compared by their SHA-256: only the new one has to travel. */
const comparedBytesMax = 4 << 10

/** Why the column would not give this cell back; null when it would, or the server says it itself. */
export function unstorableReason(column: MysqlColumn, cell: Cell): string | null {
  if (isEmptyCell(cell)) return column.nullable ? null : `column '${column.name}' may not be empty`
  const { family, name } = column
  // Long values are of these: none is made a text of to be looked at.
  if ((family === 'text' || family === 'json') && column.members.length === 0) return null
  const text = cell.kind === 'bytes' ? '' : textOf(cell)
  // To the server it would be the place of a member.
  if (column.members.length > 0 && /^[0-9]+$/.test(text) && !column.members.includes(text))
    return `column '${name}' has no member '${text.slice(0, 40)}'`
  switch (family) {
    case 'year':
      return isYear(integerOf(cell))
        ? null
        : `column '${name}' holds years from 1901 on, not '${text.slice(0, 40)}'`
    case 'bit':
      // A PostgreSQL's '0101' is no number.
      if (cell.kind === 'text') return `column '${name}' holds a number, not the text '${text.slice(0, 40)}'`
      return integerMisfit(column, cell)
    case 'int':
    case 'bool':
      return integerMisfit(column, cell)
    case 'float':
      return !float.test(text) || isFloat32(Number(text))
        ? null
        : `column '${name}' has too few digits for ${text.slice(0, 40)}`
    case 'double':
      return /^-0(\.0*)?(e.*)?$/i.test(text) ? `column '${name}' keeps no sign of zero` : null
    case 'date':
    case 'datetime':
    case 'timestamp':
      return /^\d{4}-/.test(text) ? timeMisfit(column, text) : `column '${name}' needs a year of four digits`
    case 'time':
      return text.includes(':')
        ? timeMisfit(column, text)
        : `column '${name}' needs a time of hours and minutes`
    case 'char':
      return text.endsWith(' ') ? `column '${name}' keeps no spaces at the end` : null
    case 'binary':
      return cell.kind !== 'bytes' || cell.bytes.length === column.lengthMax
        ? null
        : `column '${name}' holds ${column.lengthMax} bytes, not ${cell.bytes.length}`
    default:
      return null
  }
}

function integerMisfit({ name }: MysqlColumn, cell: Cell): string | null {
  const text = integerOf(cell)
  return integer.test(text) ? null : `column '${name}' holds integers, not '${text.slice(0, 40)}'`
}

/** Of one or two digits another century would be made. */
function isYear(text: string): boolean {
  return integer.test(text) && (Number(text) === 0 || Number(text) > 1900)
}

function isFloat32(number: number): boolean {
  const stored = Math.fround(number)
  return Number.isFinite(stored) && !Object.is(number, -0) && Number(float32Text(stored)) === number
}

function timeMisfit({ family, fractionDigits, name }: MysqlColumn, text: string): string | null {
  const fraction = /\.([0-9]+)Z?$/.exec(text)?.[1] ?? ''
  let digits = fraction.length
  while (fraction[digits - 1] === '0') digits--
  if (digits > fractionDigits) return `column '${name}' keeps ${fractionDigits} digits of a second's fraction`
  const [isIso, hasZone] = [/^\d{4}-\d\d-\d\dT/.test(text), text.endsWith('Z')]
  if (family === 'datetime' && hasZone) return `column '${name}' keeps no time zone: a TIMESTAMP does`
  return family === 'timestamp' && isIso && !hasZone ? `column '${name}' needs a time of UTC, with a Z` : null
}

/** The cell as a literal, for INSERT and SET, if `misfit` has found nothing wrong with it. */
export function literalOf(column: MysqlColumn, cell: Cell): string {
  if (isEmptyCell(cell)) return 'NULL'
  if (cell.kind === 'bytes') return quoteBytes(cell.bytes)
  switch (column.family) {
    case 'int':
    case 'bool':
    case 'bit':
      return integerOf(cell)
    case 'year':
      // As a string of one digit, 0 would be the year 2000.
      return quoteText(integerOf(cell).padStart(4, '0'))
    case 'float':
      // The double that it is: the fewest digits that name the largest one lie above what the server takes.
      return float.test(textOf(cell)) ? float32Of(textOf(cell)) : quoteText(textOf(cell))
    case 'double':
      return float.test(textOf(cell)) ? doubleOf(textOf(cell)) : quoteText(textOf(cell))
    case 'datetime':
    case 'timestamp':
      return quoteText(spaced(textOf(cell)))
    default:
      return quoteText(textOf(cell))
  }
}

/** True of rows of `t` whose column holds exactly this cell, as it was read: not only what a collation takes for the same. */
export function guardOf(column: MysqlColumn, cell: Cell): string {
  const name = `t.${quoteName(column.name)}`
  if (isEmptyCell(cell)) return `${name} IS NULL`
  const { family } = column
  if (column.isText) return compared(`CAST(CONVERT(${name} USING utf8mb4) AS BINARY)`, cell)
  const text = cell.kind === 'bytes' ? '' : textOf(cell)
  if ((family === 'int' || family === 'bool') && integer.test(integerOf(cell)))
    return `${name} = ${integerOf(cell)}`
  if (family === 'decimal' && decimal.test(text)) return `${name} = ${text}`
  if (family === 'double' && float.test(text)) return `${name} = ${doubleOf(text)}`
  if (family === 'float' && float.test(text)) return `${name} + 0e0 = ${float32Of(text)}`
  if (family === 'bit' && integer.test(text)) return `CAST(${name} AS UNSIGNED) = ${text}`
  if (family === 'year' && integer.test(text)) return `CAST(${name} AS UNSIGNED) = ${text}`
  if (family === 'uuid') return `${name} = ${quoteText(text)}`
  if (family === 'bytes' || family === 'binary') return compared(name, cell)
  if (family === 'geometry' || family === 'vector') return compared(`CAST(${name} AS BINARY)`, cell)
  const shown = `CAST(${name} AS CHAR) = ${quoteText(asServerSends(column, text))}`
  // In whatever order and spelling. What the server shows it may read as another one: a decimal of many digits.
  return isOwnJson(column) && cell.kind === 'json'
    ? `(${shown} OR ${name} = CAST(${quoteText(text)} AS JSON))`
    : shown
}

/** Finds rows by an index: all that the column's own collation takes for the same. */
export function findOf(column: MysqlColumn, cell: Cell): string {
  const { family } = column
  if (family === 'float' || family === 'year' || family === 'decimal') return guardOf(column, cell)
  return `t.${quoteName(column.name)} = ${literalOf(column, cell)}`
}

function compared(bytes: string, cell: Cell): string {
  if (cell.bytes.length <= comparedBytesMax)
    return `${bytes} = ${cell.kind === 'bytes' ? quoteBytes(cell.bytes) : `_binary${quoteText(textOf(cell))}`}`
  return `SHA2(${bytes}, 256) = '${createHash('sha256').update(cell.bytes).digest('hex')}'`
}

function asServerSends({ family, fractionDigits }: MysqlColumn, text: string): string {
  if (family === 'date') return wholeTime(text).slice(0, 10)
  if (family !== 'datetime' && family !== 'timestamp' && family !== 'time') return text
  const [whole, fraction = ''] = (family === 'time' ? text : wholeTime(spaced(text))).split('.')
  return fractionDigits === 0 ? whole! : `${whole}.${fraction.padEnd(fractionDigits, '0')}`
}

/** With all of its digits, as the server shows it: a day alone is its midnight. */
function wholeTime(text: string): string {
  const parts = /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?(\.\d+)?)?$/.exec(text)
  if (parts === null) return text
  const [, year, month = '', day = '', hour = '00', minute = '00', second = '00', fraction = ''] = parts
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')} ${hour.padStart(2, '0')}:${minute}:${second}${fraction}`
}

/** ISO 8601 as MySQL reads it. A time zone that is not UTC stays, and is refused by the server. */
function spaced(text: string): string {
  return /^\d{4}-\d\d-\d\dT/.test(text) ? text.replace('T', ' ').replace(/Z$/, '') : text
}

function integerOf(cell: Cell): string {
  return cell.kind === 'true' ? '1' : cell.kind === 'false' ? '0' : textOf(cell)
}

function float32Of(text: string): string {
  return doubleOf(String(Math.fround(Number(text))))
}

/** Adds an exponent, because a number without one is a decimal to the server. */
function doubleOf(text: string): string {
  return /e/i.test(text) ? text : `${text}e0`
}

function textOf(cell: Cell): string {
  return cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)
}
