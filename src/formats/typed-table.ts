// A table of a file whose cells are values already (JSON Lines) as a table without a file, with the types of a table that
// it goes into.
import type { Schema, TableObject } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import type { ReadCellsOptions } from './columnar/interface.ts'
import { keyNames } from '../table/key.ts'
import { readCells } from './columnar/read-cells.ts'
import { importedCell } from './imported-cell.ts'
import { tableCells } from './table-cells.ts'

/** Makes values of the cells of bytes, which JSON can only hold as text. All other cells are values already. */
export async function typedTable(
  table: TableObject,
  { into, ...options }: Omit<ReadCellsOptions, 'key'> & { readonly into: Schema | null },
): Promise<TableObject> {
  const loose: TableObject = { ...table, order: null, layout: null }
  const types = new Map((into?.columns ?? []).map(({ name, type }) => [name, type]))
  const columns = table.schema.columns.map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type,
  }))
  if (!columns.some(({ type }) => type === 'bytes')) return loose
  const { nodes, signal } = options
  const made = await readCells(
    {
      columns,
      key: keyNames(table.schema),
      rowCount: (await Table.of(nodes, table)).count,
      async *cells() {
        for await (const rows of tableCells(nodes, loose, { signal }))
          yield rows.map((row) => row.map((cell, i) => importedCell(cell, columns[i]!.type, 'typed')))
      },
    },
    { ...options, key: keyNames(table.schema) },
  )
  return { ...made, order: null }
}
