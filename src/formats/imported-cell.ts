// A cell of a file that is imported, as a value of a column's type: as it would be shown, but bytes are hexadecimal digits
// alone, which is how an export writes them.
import { fromHex } from '../base/bytes.ts'
import { cellOf, cellText } from '../table/cell.ts'
import type { Cell, ColumnType } from '../table/interface.ts'
import { type Cells, shownCell } from './shown-cell.ts'

const hexDigits = /^([0-9a-f]{2})*$/

export function importedCell(cell: Cell, type: ColumnType, cells: Cells): Cell {
  if (type !== 'bytes' || cell.kind !== 'text') return shownCell(cell, type, cells)
  const text = cellText(cell)
  return hexDigits.test(text) ? cellOf('bytes', fromHex(text)) : shownCell(cell, type, cells)
}
