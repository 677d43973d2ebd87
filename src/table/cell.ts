// Cells: one field of a row as stored, and how it becomes a value for people. Text keeps its bytes; a column's type
// says how to read them, and a cell that does not fit stays text. Number literals keep every digit.
import { emptyBytes, equalBytes, isUtf8, utf8, utf8Text } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { assertFinite, assertJson } from './assert-json.ts'
import { parseExact, stringifyExact } from './exact-json.ts'
import type { Cell, CellKind, ColumnType, JsonValue, Value } from './interface.ts'

export const absentCell: Cell = { kind: 'absent', bytes: emptyBytes, quotingFlipped: false }
export const nullCell: Cell = { kind: 'null', bytes: emptyBytes, quotingFlipped: false }
export const trueCell: Cell = { kind: 'true', bytes: emptyBytes, quotingFlipped: false }
export const falseCell: Cell = { kind: 'false', bytes: emptyBytes, quotingFlipped: false }

export function textCell(text: string): Cell {
  return { kind: 'text', bytes: utf8(text), quotingFlipped: false }
}

export function cellOf(kind: CellKind, bytes: Uint8Array): Cell {
  return { kind, bytes, quotingFlipped: false }
}

/** A value that was not taken in, of so many bytes. */
export function cellTooLarge(bytes: number): Cell {
  return { ...cellOf('text', emptyBytes), tooLarge: bytes }
}

/** Of the value, whether or not it was taken in. */
export function cellBytes({ bytes, tooLarge }: Cell): number {
  return tooLarge ?? bytes.length
}

/** By value: other quoting is none, and no value is the same as an empty one. */
export function sameCell(a: Cell, b: Cell): boolean {
  if (isEmptyCell(a) || isEmptyCell(b)) return isEmptyCell(a) && isEmptyCell(b)
  return a.kind === b.kind && a.tooLarge === b.tooLarge && equalBytes(a.bytes, b.bytes)
}

export function isEmptyCell({ kind }: Cell): boolean {
  return kind === 'null' || kind === 'absent'
}

/** What JSON takes for a number. */
export const jsonNumber: RegExp = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/

export function isJsonText(bytes: Uint8Array): boolean {
  try {
    JSON.parse(utf8Text(bytes))
    return true
  } catch {
    return false
  }
}

/** As `jsonNumber`, for the bytes of a text. */
export function isJsonNumber(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  const whole = bytes[start] === 0x2d ? start + 1 : start
  let at = digitsEnd(bytes, whole, end)
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return false
  if (at < end && bytes[at] === 0x2e) {
    const fraction = at + 1
    at = digitsEnd(bytes, fraction, end)
    if (at === fraction) return false
  }
  if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const power = at + (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 2 : 1)
    at = digitsEnd(bytes, power, end)
    if (at === power) return false
  }
  return at === end
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at
}

export function cellText(cell: Cell): string {
  try {
    return utf8Text(cell.bytes)
  } catch (cause) {
    throw corrupt('cell is not UTF-8', {}, cause)
  }
}

export function cellValue(cell: Cell, type: ColumnType): Value {
  switch (cell.kind) {
    case 'absent':
    case 'null':
      return null
    case 'true':
      return true
    case 'false':
      return false
    case 'bytes':
      return cell.bytes
    case 'number':
      return numberValue(cellText(cell))
    case 'json':
      return jsonValue(cellText(cell))
    case 'text':
      return textValue(cellText(cell), type)
  }
}

const intLiteral = /^(0|-?[1-9][0-9]*)$/

function numberValue(text: string): Value {
  if (intLiteral.test(text)) return intValue(text)
  const number = Number(text)
  // Seventeen digits is where a double stops telling literals apart; what may lose digits stays text.
  return Number.isFinite(number) && String(number) === text ? number : shortDecimal(text, number)
}

function shortDecimal(text: string, number: number): Value {
  const significant = text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '')
  return significant.length <= 15 &&
    Number.isFinite(number) &&
    (number !== 0 || /^-?[0.]*([eE]|$)/.test(text))
    ? number
    : text
}

function intValue(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

function jsonValue(text: string): JsonValue {
  try {
    // A literal that is too long for a number's cell.
    return jsonNumber.test(text) ? (numberValue(text) as JsonValue) : parseExact(text)
  } catch (cause) {
    throw corrupt('cell is not JSON', {}, cause)
  }
}

function textValue(text: string, type: ColumnType): Value {
  if (type === 'int' && intLiteral.test(text)) return intValue(text)
  if (type === 'bool' && (text === 'true' || text === 'false')) return text === 'true'
  if (type === 'float' && text.trim() === text && text !== '' && String(Number(text)) === text)
    return Number(text)
  return text
}

/** A value as a cell of a table of text: what a CSV cell would hold. */
export function valueToText(value: Value): Cell {
  if (value === null) return absentCell
  if (typeof value === 'string') return givenText(value)
  if (value instanceof Uint8Array) return cellOf('text', checkedUtf8(value))
  if (typeof value === 'object') return textCell(jsonText(value))
  assertJson(value)
  return textCell(String(value))
}

/** A circle ends in an error of the writer, before it is followed. */
function jsonText(value: JsonValue): string {
  const text = stringifyExact(value)
  assertJson(value)
  return text
}

function checkedUtf8(bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) throw new TypeError('a cell of text cannot hold bytes that are not UTF-8')
  return bytes
}

/** `type`: its column's; a decimal that no double holds is given as a text, as `cellValue` gives it. */
export function valueToTyped(value: Value, type: ColumnType | null = null): Cell {
  if (value === null) return nullCell
  if (value === true) return trueCell
  if (value === false) return falseCell
  if (typeof value === 'string')
    return type === 'decimal' && jsonNumber.test(value) ? cellOf('number', utf8(value)) : givenText(value)
  if (typeof value === 'bigint') return cellOf('number', utf8(value.toString()))
  if (typeof value === 'number') return cellOf('number', utf8(numberLiteral(value)))
  if (value instanceof Uint8Array) return cellOf('bytes', value)
  return cellOf('json', utf8(jsonText(value)))
}

/** UTF-8 has no half of a surrogate pair: it would become another character without a word. */
function givenText(text: string): Cell {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('a text with half of a surrogate pair cannot be kept')
  return textCell(text)
}

function numberLiteral(value: number): string {
  assertFinite(value)
  return Object.is(value, -0) ? '-0' : String(value)
}
