// A table of a file's rows, in CSV all text, as a table without a file: its cells are values of their columns' types.
import type { TableObject } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { keyNamesOf } from './columnar/plan-columns.ts'
import type { ReadCellsOptions } from './columnar/interface.ts'
import { readCells } from './columnar/read-cells.ts'
import { shownCell } from './shown-cell.ts'
import { tableCells } from './table-cells.ts'

/** @throws VarveError VARVE_RULE_VIOLATED: keys that differ as text are one value, as 1.0 and 1 are */
export async function typedTable(
  table: TableObject,
  options: Omit<ReadCellsOptions, 'key'>,
): Promise<TableObject> {
  const loose: TableObject = { ...table, order: null, layout: null }
  const { columns, cells } = table.schema
  if (cells === 'typed') return loose
  const { nodes, signal } = options
  const made = await readCells(
    {
      columns,
      key: keyNamesOf(table),
      rowCount: (await Table.of(nodes, table)).count,
      async *cells() {
        for await (const rows of tableCells(nodes, loose, { signal }))
          yield rows.map((row) => row.map((cell, i) => shownCell(cell, columns[i]!.type, cells)))
      },
    },
    { ...options, key: keyNamesOf(table) },
  )
  return { ...made, order: null }
}
