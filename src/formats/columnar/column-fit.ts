// Which typed column holds all cells of a table's column, every digit of them. Files of typed columns have one type a
// column, so all cells are looked at first; a column with a cell that its type cannot hold goes out as text.
import { cellText } from '../../table/cell.ts'
import type { Cell, Column } from '../../table/interface.ts'
import { parseDate, parseTimestamp } from './times.ts'

export type OutType =
  | { readonly kind: 'int' | 'float' | 'bool' | 'date' | 'bytes' | 'json' | 'text' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'timestamp'; readonly isUtc: boolean; readonly unit: 'MICROS' | 'NANOS' }

export interface OutColumn {
  readonly name: string
  readonly type: OutType
  readonly hasNull: boolean
  /** Why a column goes out as text although its type is another; else null. */
  readonly note: string | null
}

const plainNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/
const anyNumber = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const decimalDigitsMax = 38
const nanosMin = -(2n ** 63n)
const nanosMax = 2n ** 63n - 1n

export class ColumnFit {
  readonly #column: Column
  #count = 0
  #nulls = 0
  /** What all cells so far are. */
  #isInt64 = true
  #isDecimal = true
  #isDouble = true
  #isBool = true
  #isDate = true
  #isTimestamp = true
  #isBytes = true
  #isText = true
  #wholeDigits = 1
  #scale = 0
  #zone: string | null = null
  #isNanos = false
  #misfit: { readonly text: string; readonly row: number } | null = null

  constructor(column: Column) {
    this.#column = column
  }

  /** Takes a cell into account; `row` counts from 1. */
  see(cell: Cell, row: number): void {
    const { kind } = cell
    if (kind === 'absent' || kind === 'null') {
      this.#nulls++
      return
    }
    this.#count++
    if (kind !== 'bytes') this.#isBytes = false
    if (kind !== 'text') this.#isText = false
    const before = this.#fits()
    switch (this.#column.type) {
      case 'int':
      case 'decimal':
      case 'float':
        this.#seeNumber(cell)
        break
      case 'bool':
        if (boolOf(cell) === null) this.#isBool = false
        break
      case 'date':
        if (kind !== 'text' || !isDate(cellText(cell))) this.#isDate = false
        break
      case 'timestamp':
        this.#seeTimestamp(cell)
        break
      default:
    }
    const isPlain = isNumeric(this.#column.type) ? this.#isInt64 || this.#isDouble : this.#fits()
    if (before && !isPlain) this.#misfit ??= { text: shown(cell), row }
  }

  #seeNumber(cell: Cell): void {
    const text = cell.kind === 'text' || cell.kind === 'number' ? cellText(cell) : ''
    if (!anyNumber.test(text)) {
      this.#isInt64 = this.#isDecimal = false
      if (!notFinite.has(text)) this.#isDouble = false
      return
    }
    if (this.#isInt64) this.#isInt64 = isInt64(text)
    if (this.#isDecimal) this.#seeDecimal(text)
    if (this.#isDouble) this.#isDouble = isExactDouble(text)
  }

  #seeDecimal(text: string): void {
    if (!plainNumber.test(text) || /^-0(\.0*)?$/.test(text)) {
      this.#isDecimal = false
      return
    }
    const [whole = '', fraction = ''] = text.replace('-', '').split('.')
    this.#wholeDigits = Math.max(this.#wholeDigits, whole.length)
    this.#scale = Math.max(this.#scale, fraction.length)
    this.#isDecimal = this.#wholeDigits + this.#scale <= decimalDigitsMax
  }

  #seeTimestamp(cell: Cell): void {
    const time = cell.kind === 'text' ? parseTimestamp(cellText(cell)) : null
    const zone = time?.zone ?? ''
    this.#zone ??= zone
    if (time === null || zone !== this.#zone || (zone !== '' && zone !== 'Z')) {
      this.#isTimestamp = false
      return
    }
    if (time.digits > 6) this.#isNanos = true
    const micros = time.nanos / 1000n
    if (this.#isNanos && (time.nanos < nanosMin || time.nanos > nanosMax)) this.#isTimestamp = false
    if (micros < nanosMin || micros > nanosMax) this.#isTimestamp = false
  }

  #fits(): boolean {
    switch (this.#column.type) {
      case 'int':
      case 'decimal':
      case 'float':
        return this.#isInt64 || this.#isDecimal || this.#isDouble
      case 'bool':
        return this.#isBool
      case 'date':
        return this.#isDate
      case 'timestamp':
        return this.#isTimestamp
      case 'bytes':
        return this.#isBytes
      case 'text':
        return this.#isText
      case 'json':
        return true
    }
  }

  /** `hasDecimals`: whether the file knows decimals; else a number that no double holds is text. */
  column(file: { hasDecimals: boolean }): OutColumn {
    const { name, type } = this.#column
    const out = this.#count === 0 ? emptyType(type) : this.#type(file.hasDecimals)
    const isAsked = out.kind === type || (isNumeric(type) && isNumeric(out.kind))
    const isMixedText = type === 'text' && !this.#isText
    return { name, type: out, hasNull: this.#nulls > 0, note: isAsked && !isMixedText ? null : this.#note() }
  }

  #type(hasDecimals: boolean): OutType {
    const { type } = this.#column
    if (isNumeric(type)) return this.#numberType(type, hasDecimals)
    if (type === 'timestamp' && this.#isTimestamp)
      return { kind: 'timestamp', isUtc: this.#zone === 'Z', unit: this.#isNanos ? 'NANOS' : 'MICROS' }
    return type === 'timestamp' || !this.#fits() ? { kind: 'text' } : { kind: type as 'bool' }
  }

  #numberType(type: Column['type'], hasDecimals: boolean): OutType {
    const decimal: OutType = {
      kind: 'decimal',
      precision: this.#wholeDigits + this.#scale,
      scale: this.#scale,
    }
    if (type === 'int' && this.#isInt64) return { kind: 'int' }
    if (type === 'float' && this.#isDouble) return { kind: 'float' }
    if (hasDecimals && this.#isDecimal) return decimal
    return { kind: this.#isDouble ? 'float' : 'text' }
  }

  #note(): string {
    const { name, type } = this.#column
    if (type === 'text') return `column '${name}' holds values of several kinds: all are written as text`
    const example = this.#misfit === null ? '' : `: row ${this.#misfit.row} holds ${this.#misfit.text}`
    return `column '${name}' is ${type} and is written as text${example}`
  }
}

const notFinite: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

function isNumeric(kind: string): boolean {
  return kind === 'int' || kind === 'decimal' || kind === 'float'
}

function emptyType(type: Column['type']): OutType {
  if (type === 'decimal') return { kind: 'decimal', precision: 1, scale: 0 }
  return type === 'timestamp' ? { kind: 'timestamp', isUtc: false, unit: 'MICROS' } : { kind: type }
}

export function boolOf(cell: Cell): boolean | null {
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind === 'true'
  const text = cell.kind === 'text' ? cellText(cell) : ''
  return text === 'true' ? true : text === 'false' ? false : null
}

function isInt64(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return false
  if (text.length < 18) return true
  const value = BigInt(text)
  return value >= int64.min && value <= int64.max
}

/** Whether the text is a date whose day fits into 32 bits. */
function isDate(text: string): boolean {
  const days = parseDate(text)
  return days !== null && BigInt.asIntN(32, days) === days
}

/** Whether the double nearest to this number is this number as far as anyone can write it: no digit is lost. */
function isExactDouble(text: string): boolean {
  const value = Number(text)
  const nearest = Object.is(value, -0) ? '-0' : String(value)
  return Number.isFinite(value) && significant(text) === significant(nearest)
}

/** Digits and exponent of a literal, so that 1.50, 15e-1 and 1.5 are the same. */
function significant(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  let end = digits.length
  while (digits[end - 1] === '0') end--
  const trimmed = digits.slice(0, end)
  if (trimmed === '') return text.startsWith('-') ? '-0' : '0'
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length)
  return `${text.startsWith('-') ? '-' : ''}${trimmed}e${power}`
}

function shown(cell: Cell): string {
  if (cell.kind === 'bytes') return 'bytes'
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  const text = cellText(cell)
  return `'${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`
}
