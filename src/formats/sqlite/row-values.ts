// Cells as values of an SQLite that computes with them, and its results as cells: numbers are numbers, so that 10 is
// more than 9, and text stays text, so that 007 keeps its zeros. A decimal of more digits than a double has is rounded there.
import { compareRanges, utf8 } from '../../base/bytes.ts'
import type { SqliteValue } from '../../base/platform-sqlite.ts'
import { cellOf, cellText, nullCell, textCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { floatCell, intCell } from '../columnar/value-cells.ts'

export function affinityOf(type: ColumnType): 'NUMERIC' | 'BLOB' | 'TEXT' {
  if (type === 'int' || type === 'decimal' || type === 'float' || type === 'bool') return 'NUMERIC'
  return type === 'bytes' ? 'BLOB' : 'TEXT'
}

/** Whether a cell is bound as bytes and then made text: a bound text would end at its first zero byte. */
export function isTextBound(type: ColumnType): boolean {
  return type === 'bool' || affinityOf(type) === 'TEXT'
}

export function markOf(type: ColumnType): string {
  return isTextBound(type) ? 'CAST(? AS TEXT)' : '?'
}

export function sqliteValue(cell: Cell, type: ColumnType): SqliteValue {
  switch (cell.kind) {
    case 'absent':
    case 'null':
      return null
    case 'true':
    case 'false':
      return cell.kind === 'true' ? 1 : 0
    case 'bytes':
      return cell.bytes
    case 'text': {
      const bool = type === 'bool' ? boolOfText(cell.bytes, 0, cell.bytes.length) : null
      return bool === null ? valueOf(cell, type) : Number(bool)
    }
    default:
      return valueOf(cell, type)
  }
}

function valueOf(cell: Cell, type: ColumnType): SqliteValue {
  return isTextBound(type) || type === 'bytes' ? cell.bytes : numberText(cellText(cell))
}

const trueText = utf8('true')
const falseText = utf8('false')

/** Reads a boolean as CSV spells it; null when the text is something else. */
export function boolOfText(src: Uint8Array, start: number, end: number): boolean | null {
  if (compareRanges(src, start, end, trueText, 0, trueText.length) === 0) return true
  return compareRanges(src, start, end, falseText, 0, falseText.length) === 0 ? false : null
}

/** SQLite stores a real without a fraction as an integer, but for the least of these: then equal numbers are the same. */
function numberText(text: string): string {
  return text.startsWith('-9') && Number(text) === -(2 ** 63) ? String(-(2n ** 63n)) : text
}

/** The cell of a result; `kind` is SQLite's typeof, and text comes as bytes. */
export function cellOfResult(kind: SqliteValue, value: SqliteValue): Cell {
  if (value === null) return nullCell
  if (kind === 'integer') return intCell(value as number | bigint)
  if (kind === 'real') return floatCell(value as number)
  if (kind === 'text') return cellOf('text', value as Uint8Array)
  return typeof value === 'string' ? textCell(value) : cellOf('bytes', value as Uint8Array)
}
