// Rows of any table as CSV, TSV or JSON Lines, for other programs: in key order, in one plain dialect. This is not the
// table's own file, which `renderTable` gives back byte for byte.
import { utf8 } from '../base/bytes.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'
import { cellText } from '../table/cell.ts'
import type { Cell, Column, TableObject } from '../table/interface.ts'
import { decodeKey } from '../table/key.ts'
import { absentSlot } from '../table/row.ts'
import { cellLinks, entrySlots, rowShape } from '../table/rows.ts'
import { fetchContents, slotCell } from '../table/slot.ts'
import type { FormatName } from './interface.ts'

type RowWriter = (columns: readonly Column[], cells: readonly Cell[]) => string

export async function* exportTable(
  nodes: NodeStore,
  table: TableObject,
  format: FormatName,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const shape = rowShape(table.schema)
  const columns = table.schema.columns
  const write = writerOf(format, table.schema.cells)
  if (format !== 'jsonl')
    yield utf8(`${columns.map(({ name }) => quoted(name, format)).join(delimiterOf(format))}\n`)
  const map = await ProllyMap.load(nodes, table.rows, options)
  for await (const batch of map.scan(options)) {
    const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    const slots = entries.map((entry) => entrySlots(shape, entry))
    const contents = await fetchContents(nodes.reader, slots.flatMap(cellLinks), options)
    const lines = entries.map((entry, i) => {
      const key = decodeKey(table.schema, entry.key)
      const cells = shape.places.map((place) =>
        place.key >= 0 ? key[place.key]! : slotCell(slots[i]!.cells[place.value] ?? absentSlot, contents),
      )
      return write(columns, cells)
    })
    yield utf8(lines.join(''))
  }
}

function writerOf(format: FormatName, kind: TableObject['schema']['cells']): RowWriter {
  if (format === 'jsonl') return (columns, cells) => jsonLine(columns, cells, kind)
  const delimiter = delimiterOf(format)
  return (_, cells) => `${cells.map((cell) => csvCell(cell, format)).join(delimiter)}\n`
}

function delimiterOf(format: FormatName): string {
  return format === 'tsv' ? '\t' : ','
}

/** Absent and NULL are nothing, an empty text is quoted: the difference survives where the reader knows it. */
function csvCell(cell: Cell, format: FormatName): string {
  if (cell.kind === 'absent' || cell.kind === 'null') return ''
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  if (cell.kind === 'bytes')
    return `\\x${Array.from(cell.bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  const text = cellText(cell)
  return text === '' ? '""' : quoted(text, format)
}

function quoted(text: string, format: FormatName): string {
  const needsQuotes = format === 'tsv' ? /["\t\r\n]/ : /[",\r\n]/
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function jsonLine(
  columns: readonly Column[],
  cells: readonly Cell[],
  kind: TableObject['schema']['cells'],
): string {
  const members: string[] = []
  for (let i = 0; i < columns.length; i++) {
    const cell = cells[i]!
    if (cell.kind === 'absent') continue
    members.push(`${JSON.stringify(columns[i]!.name)}:${jsonCell(cell, columns[i]!, kind)}`)
  }
  return `{${members.join(',')}}\n`
}

function jsonCell(cell: Cell, column: Column, kind: TableObject['schema']['cells']): string {
  if (cell.kind === 'null' || cell.kind === 'true' || cell.kind === 'false') return cell.kind
  const text = cell.kind === 'bytes' ? csvCell(cell, 'jsonl') : cellText(cell)
  if (cell.kind === 'number' || cell.kind === 'json') return text
  return kind === 'text' && isBare(text, column) ? text : JSON.stringify(text)
}

/** Text of a CSV that JSON can say by its own kinds, digit by digit the same. */
function isBare(text: string, column: Column): boolean {
  if (column.type === 'bool') return text === 'true' || text === 'false'
  const isNumeric = column.type === 'int' || column.type === 'decimal' || column.type === 'float'
  return isNumeric && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
}
