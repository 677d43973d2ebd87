// Writes any table as CSV, TSV or JSON Lines, in file order where it has one. This is for other programs: plain
// dialects, no promise to give back the bytes that were read (that is renderTable).
import { toHex, utf8 } from '../base/bytes.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { cellText, jsonNumber } from '../table/cell.ts'
import type { Cell, Column, TableObject } from '../table/interface.ts'
import type { FormatName } from './interface.ts'
import { tableCells } from './table-cells.ts'

type NamedColumn = Pick<Column, 'name' | 'type'>
type RowWriter = (columns: readonly NamedColumn[], cells: readonly Cell[]) => string

export function exportTable(
  nodes: NodeStore,
  table: TableObject,
  format: FormatName,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  return exportCells(table.schema.columns, tableCells(nodes, table, options), format)
}

/** Rows of cells, one for each column, in batches. */
export async function* exportCells(
  columns: readonly NamedColumn[],
  batches: AsyncIterable<readonly (readonly Cell[])[]>,
  format: FormatName,
): AsyncGenerator<Uint8Array> {
  const delimiter = format === 'tsv' ? '\t' : ','
  const write: RowWriter =
    format === 'jsonl' ? jsonLine : (_, cells) => delimited(cells.map(plainText), delimiter)
  if (format !== 'jsonl')
    yield utf8(
      delimited(
        columns.map(({ name }) => name),
        delimiter,
      ),
    )
  for await (const rows of batches) yield utf8(rows.map((cells) => write(columns, cells)).join(''))
}

/** Null for a cell that is not there, which CSV shows as nothing at all. */
function plainText(cell: Cell): string | null {
  if (cell.kind === 'absent' || cell.kind === 'null') return null
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  return cell.kind === 'bytes' ? toHex(cell.bytes) : cellText(cell)
}

function delimited(texts: readonly (string | null)[], delimiter: string): string {
  const cells = texts.map((text) => {
    if (text === null) return ''
    const isQuoted = text === '' || text.includes(delimiter) || /["\r\n]/.test(text)
    return isQuoted ? `"${text.replaceAll('"', '""')}"` : text
  })
  return `${cells.join(delimiter)}\n`
}

function jsonLine(columns: readonly NamedColumn[], cells: readonly Cell[]): string {
  const members = cells.flatMap((cell, i) =>
    cell.kind === 'absent' ? [] : [`${JSON.stringify(columns[i]!.name)}:${jsonValue(cell, columns[i]!)}`],
  )
  return `{${members.join(',')}}\n`
}

function jsonValue(cell: Cell, { type }: NamedColumn): string {
  if (cell.kind === 'bytes') return JSON.stringify(toHex(cell.bytes))
  if (cell.kind === 'number' || cell.kind === 'json') return cellText(cell)
  if (cell.kind !== 'text') return cell.kind
  const text = cellText(cell)
  const isNumber = (type === 'int' || type === 'decimal' || type === 'float') && jsonNumber.test(text)
  const isBool = type === 'bool' && (text === 'true' || text === 'false')
  return isNumber || isBool ? text : JSON.stringify(text)
}
