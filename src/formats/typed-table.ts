// A table of a file's rows, in CSV all text, as a table without a file: its cells are values of their columns' types.
import { fromHex } from '../base/bytes.ts'
import { cellOf, cellText } from '../table/cell.ts'
import type { Cell, ColumnType, Schema, TableObject } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { keyNamesOf } from './columnar/plan-columns.ts'
import type { ReadCellsOptions } from './columnar/interface.ts'
import { readCells } from './columnar/read-cells.ts'
import { type Cells, shownCell } from './shown-cell.ts'
import { tableCells } from './table-cells.ts'

const hexDigits = /^([0-9a-f]{2})*$/

/** `into`: a table that has some of the columns, whose types count. @throws VarveError VARVE_RULE_VIOLATED: keys that differ as text are one value, as 1.0 and 1 are */
export async function typedTable(
  table: TableObject,
  { into, ...options }: Omit<ReadCellsOptions, 'key'> & { readonly into?: Schema | undefined },
): Promise<TableObject> {
  const loose: TableObject = { ...table, order: null, layout: null }
  const { cells } = table.schema
  const types = new Map((into?.columns ?? []).map(({ name, type }) => [name, type]))
  const columns = table.schema.columns.map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type,
  }))
  if (cells === 'typed' && !columns.some(({ type }) => type === 'bytes')) return loose
  const { nodes, signal } = options
  const made = await readCells(
    {
      columns,
      key: keyNamesOf(table),
      rowCount: (await Table.of(nodes, table)).count,
      async *cells() {
        for await (const rows of tableCells(nodes, loose, { signal }))
          yield rows.map((row) => row.map((cell, i) => importedCell(cell, columns[i]!.type, cells)))
      },
    },
    { ...options, key: keyNamesOf(table) },
  )
  return { ...made, order: null }
}

/** An export writes bytes as hexadecimal digits alone. */
function importedCell(cell: Cell, type: ColumnType, cells: Cells): Cell {
  if (type !== 'bytes' || cell.kind !== 'text') return shownCell(cell, type, cells)
  const text = cellText(cell)
  return hexDigits.test(text) ? cellOf('bytes', fromHex(text)) : shownCell(cell, type, cells)
}
