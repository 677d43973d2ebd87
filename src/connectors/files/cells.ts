// Cells as files hold them. A cell is written only if it comes back as it was; else it is refused with what it would
// become.
import { describeCell } from '../describe-cell.ts'
import { toHex, utf8 } from '../../base/bytes.ts'
import { type Cells, shownCell } from '../../formats/shown-cell.ts'
import { absentCell, cellOf, cellText, jsonNumber, sameCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'

export interface FileDialect {
  readonly cells: Cells
  /** What a text must not hold, where nothing can be quoted. */
  readonly delimiter: string | null
}

/** The cell to write; a text instead says why it cannot be written. */
export function fileCell(
  cell: Cell,
  column: { name: string; type: ColumnType },
  dialect: FileDialect,
): Cell | string {
  const held = heldCell(cell, dialect.cells)
  const back = shownCell(held, column.type, dialect.cells)
  if (!sameCell(back, cell))
    return `column '${column.name}' would keep ${describeCell(cell)} as ${describeCell(back)}`
  const { delimiter } = dialect
  if (delimiter !== null && held.kind === 'text' && !isPlain(cellText(held), delimiter))
    return `column '${column.name}': the file knows no quotes, and ${describeCell(cell)} needs them`
  if (held.kind === 'json' && /[\r\n]/.test(cellText(held)))
    return `column '${column.name}': JSON of several lines does not fit into one line`
  if (held.kind === 'number' && !jsonNumber.test(cellText(held)))
    return `column '${column.name}': ${describeCell(cell)} is not a number in JSON`
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
