// Writes the merged rows. A row that is a side's as it stands is copied; others are put together from their cells,
// each spelled as its side spelled it unless the merged file quotes otherwise.
import { delimiterLine } from '../../files/delimiter-line.ts'
import { shownTable } from './contested.ts'
import { spellValue } from './layout.ts'
import { LineWriter } from './line-writer.ts'
import { type Choose, type HeaderCell, type MergedTable, sideOf } from './merged-table.ts'
import { RowRenderer } from './render-rows.ts'
import type { Side } from './strands.ts'

export function renderTable(merged: MergedTable, choose: Choose): Uint8Array {
  const table = shownTable(merged, choose)
  const { ours, theirs } = table.versions
  const size = Math.max(ours.file.records.bytes.length, theirs.file.records.bytes.length)
  const writer = new LineWriter(size + (size >>> 4) + 64)
  const { bom, delimiter, delimiterEol } = table.layout
  writer.text(bom)
  if (delimiterEol !== '') writer.text(delimiterLine(delimiter, delimiterEol))
  if (table.header !== null) writeHeader(table, table.header, choose, writer)
  const rows = new RowRenderer(table, choose, writer)
  for (let row = 0; row < table.rows.length; row++) rows.write(row)
  return writer.end(table.layout.trailer)
}

function writeHeader(
  { versions, layout }: MergedTable,
  header: readonly HeaderCell[],
  choose: Choose,
  writer: LineWriter,
): void {
  const picks = header.map(({ lane, pick }): { side: Side | null; text: string } => {
    const choice = typeof pick === 'string' ? pick : choose(pick)
    const side = sideOf(choice)
    if (side === null) return { side: null, text: (choice as { value: string }).value }
    // Where both sides added the file, there is no base whose name could be taken.
    if (versions[side].header === null) return { side: null, text: '' }
    return { side, text: versions[side].header.spellings[lane[side]] ?? '' }
  })
  const eol = layout.eol ?? (versions.ours.header!.eol || layout.defaultEol)
  writer.begin(eol)
  for (const side of ['ours', 'theirs', 'base'] as const) {
    const own = versions[side].header
    if (!layout.isFrame[side] || own === null) continue
    if (picks.every(({ text }, i) => text === own.spellings[header[i]!.lane[side]])) {
      writer.text(own.text)
      return
    }
  }
  const cells = picks.map(({ side, text }, i) => {
    if (side === null) return spellValue(layout, i, text)
    const value = versions[side].header!.cells[header[i]!.lane[side]] ?? ''
    return text.startsWith('"') || !text.includes(layout.delimiter) ? text : spellValue(layout, i, value)
  })
  writer.text(cells.join(layout.delimiter))
}
