// A cell of a file as a column of a type shows it. In CSV all is text: digits in a column of numbers are a number, a cell of
// nothing is no value, and what does not fit its column stays text.
import { utf8Text } from '../base/bytes.ts'
import { cellOf, falseCell, isJsonNumber, isJsonText, nullCell, trueCell } from '../table/cell.ts'
import type { Cell, ColumnType, Schema } from '../table/interface.ts'

/** Whether the file's cells are all text. */
export type Cells = Schema['cells']

const hexBytes = /^\\x([0-9a-f]{2})*$/

export function shownCell(cell: Cell, type: ColumnType, cells: Cells): Cell {
  if (cells === 'text' && cell.kind === 'absent') return nullCell
  if (cell.kind !== 'text' || type === 'text' || type === 'date' || type === 'timestamp')
    return cell.quotingFlipped ? cellOf(cell.kind, cell.bytes) : cell
  return typedCell(cell.bytes, type, cells) ?? cellOf('text', cell.bytes)
}

/** The cell in its column's type; null when it does not fit. */
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
      return isJsonNumber(bytes) ? cellOf('number', bytes) : null
    case 'bool':
      return bytes.length > 5 ? null : (words.get(utf8Text(bytes)) ?? null)
    case 'json':
      return isJsonText(bytes) ? cellOf('json', bytes) : null
    default:
      return null
  }
}

const words: ReadonlyMap<string, Cell> = new Map([
  ['true', trueCell],
  ['false', falseCell],
])
