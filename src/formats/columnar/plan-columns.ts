// Looks at all cells of a table and says which typed columns a file of it has, and what has to go out as text.
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { toHex } from '../../base/bytes.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { tableCells } from '../table-cells.ts'
import { ColumnFit, type OutColumn } from './column-fit.ts'

export interface WriteCellsOptions extends ReadOptions {
  /** Name of the table, where the file has several. */
  readonly table: string
  /** Told what goes out in another type than the table's, one sentence a column. */
  readonly onNote?: ((note: string) => void) | undefined
}

export async function planColumns(
  nodes: NodeStore,
  table: TableObject,
  file: { hasDecimals: boolean },
  options: WriteCellsOptions,
): Promise<OutColumn[]> {
  const fits = table.schema.columns.map((column) => new ColumnFit(column))
  let row = 0
  for await (const rows of tableCells(nodes, table, options)) {
    for (const cells of rows) {
      row++
      for (let i = 0; i < fits.length; i++) fits[i]!.see(cells[i]!, row)
    }
  }
  const columns = fits.map((fit) => fit.column(file))
  for (const { note } of columns) if (note !== null) options.onNote?.(note)
  return columns
}

/** Any cell as text, the way CSV and JSON Lines write it. */
export function textOfCell(cell: Cell): string {
  if (cell.kind === 'bytes') return toHex(cell.bytes)
  return cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)
}

/** Any cell as JSON. */
export function jsonOfCell(cell: Cell): string {
  if (cell.kind === 'number' || cell.kind === 'json' || cell.kind === 'true' || cell.kind === 'false')
    return textOfCell(cell)
  return JSON.stringify(textOfCell(cell))
}
