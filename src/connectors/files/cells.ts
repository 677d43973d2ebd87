// Cells as files hold them, and as columns of a type show them. In CSV all is text: digits in a column of numbers are a
// number, and what does not fit stays text. A cell is written only if it comes back as it was; else it is refused with what
// it would become.
import { cellWords } from '../cell-words.ts'
import { toHex, utf8, utf8Text } from '../../base/bytes.ts'
import {
  absentCell,
  cellOf,
  cellText,
  falseCell,
  nullCell,
  trueCell,
  jsonNumber,
  sameCell,
} from '../../table/cell.ts'
import type { Cell, ColumnType, Schema } from '../../table/interface.ts'

/** Whether the file's cells are all text. */
type Cells = Schema['cells']

const hexBytes = /^\\x([0-9a-f]{2})*$/

export function shownCell(cell: Cell, type: ColumnType, cells: Cells): Cell {
  if (cells === 'text' && cell.kind === 'absent') return nullCell
  if (cell.kind !== 'text' || type === 'text' || type === 'date' || type === 'timestamp')
    return cell.quotingFlipped ? cellOf(cell.kind, cell.bytes) : cell
  return typedCell(cell.bytes, type, cells) ?? cellOf('text', cell.bytes)
}

/** null: it does not fit. */
function typedCell(bytes: Uint8Array, type: ColumnType, cells: Cells): Cell | null {
  if (type === 'bytes') {
    if (bytes[0] !== 0x5c) return null
    const text = utf8Text(bytes)
    return hexBytes.test(text) ? cellOf('bytes', Uint8Array.from(Buffer.from(text.slice(2), 'hex'))) : null
  }
  if (cells === 'typed') return null
  switch (type) {
    case 'int':
    case 'decimal':
    case 'float':
      return isNumber(bytes) ? cellOf('number', bytes) : null
    case 'bool':
      return bytes.length > 5 ? null : (words.get(utf8Text(bytes)) ?? null)
    case 'json':
      return isJson(bytes) ? cellOf('json', bytes) : null
    default:
      return null
  }
}

const words: ReadonlyMap<string, Cell> = new Map([
  ['true', trueCell],
  ['false', falseCell],
])

function isNumber(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0
  return (first === 0x2d || (first >= 0x30 && first <= 0x39)) && jsonNumber.test(utf8Text(bytes))
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(utf8Text(bytes))
    return true
  } catch {
    return false
  }
}

export interface FileDialect {
  readonly cells: Cells
  /** What a text must not hold, where nothing can be quoted. */
  readonly delimiter: string | null
}

/** The cell to write; or, as a text, why it cannot be. */
export function fileCell(
  cell: Cell,
  column: { name: string; type: ColumnType },
  dialect: FileDialect,
): Cell | string {
  const held = heldCell(cell, dialect.cells)
  const back = shownCell(held, column.type, dialect.cells)
  if (!sameCell(back, cell))
    return `column '${column.name}' would keep ${cellWords(cell)} as ${cellWords(back)}`
  const { delimiter } = dialect
  if (delimiter !== null && held.kind === 'text' && !isPlain(cellText(held), delimiter))
    return `column '${column.name}': the file knows no quotes, and ${cellWords(cell)} needs them`
  if (held.kind === 'json' && /[\r\n]/.test(cellText(held)))
    return `column '${column.name}': JSON of several lines does not fit into one line`
  if (held.kind === 'number' && !jsonNumber.test(cellText(held)))
    return `column '${column.name}': ${cellWords(cell)} is no number in JSON`
  return held
}

function heldCell(cell: Cell, cells: Cells): Cell {
  if (cell.kind === 'bytes') return cellOf('text', utf8(`\\x${toHex(cell.bytes)}`))
  if (cells === 'typed') return cell
  switch (cell.kind) {
    case 'absent':
    case 'null':
      return absentCell
    case 'true':
    case 'false':
      return cellOf('text', utf8(cell.kind))
    default:
      return cellOf('text', cell.bytes)
  }
}

function isPlain(text: string, delimiter: string): boolean {
  return text !== '' && !text.includes(delimiter) && !/[\r\n]/.test(text)
}
