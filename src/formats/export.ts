// Writes any table as CSV, TSV or JSON Lines, in file order where it has one. This is for other programs: plain
// dialects, no promise to give back the bytes that were read (that is renderTable).
import { utf8 } from '../base/bytes.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { textCell } from '../table/cell.ts'
import type { Cell, TableObject } from '../table/interface.ts'
import type { FormatName } from './interface.ts'
import { type NamedColumn, RowText } from './row-text.ts'
import { tableCells } from './table-cells.ts'

/** Whoever writes them to a file or a socket waits once for each part. */
const partBytes = 64 << 10
const [comma, tab] = [0x2c, 0x09]

export function exportTable(
  nodes: NodeStore,
  table: TableObject,
  format: FormatName,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  return exportCells(table.schema.columns, tableCells(nodes, table, options), format)
}

/** Writes rows as bytes of the format; each row has one cell for each column. */
export async function* exportCells(
  columns: readonly NamedColumn[],
  batches: AsyncIterable<readonly (readonly Cell[])[]>,
  format: FormatName,
): AsyncGenerator<Uint8Array> {
  const text = new RowText()
  const heads = columns.map(({ name }) => utf8(`${JSON.stringify(name)}:`))
  const delimiter = format === 'tsv' ? tab : comma
  if (format !== 'jsonl')
    text.delimited(
      columns.map(({ name }) => textCell(name)),
      delimiter,
    )
  for await (const rows of batches) {
    for (const cells of rows) {
      if (format === 'jsonl') text.json(columns, heads, cells)
      else text.delimited(cells, delimiter)
      if (text.length >= partBytes) yield text.take()
    }
  }
  if (text.length > 0) yield text.take()
}
