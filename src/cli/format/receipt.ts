// A round of a link for people: a line a table, then the rows that were held back.
import type { Receipt, RowCounts } from '../../index.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'

export function receiptLines(receipt: Receipt, what: 'all' | 'held-back'): string[] {
  const lines: string[] = []
  if (what === 'all') {
    const how = receipt.dryRun ? 'would be in step after' : 'in step'
    lines.push(
      `${visible(receipt.link)} (${receipt.mode}), ${how}, ${receipt.finishedMs - receipt.startedMs} ms`,
    )
    const rows = receipt.tables.map((table) => [
      `  ${table.table}`,
      `${table.read} rows`,
      `read ${countsText(table.captured)}`,
      `written ${countsText(table.written)}`,
    ])
    lines.push(...alignedRows(rows.map((cells) => cells.map(visible))))
    lines.push(...receipt.notes.map((note) => `  note: ${visible(note)}`))
  }
  const held = receipt.heldBack.map(({ table, key, reason, message }) => [
    `  ${table} ${key}`,
    reason,
    message,
  ])
  if (held.length > 0) lines.push(`  held back: ${held.length}`)
  lines.push(...alignedRows(held.map((cells) => cells.map(visible))))
  return lines
}

function countsText({ added, changed, removed }: RowCounts): string {
  return added + changed + removed === 0 ? 'nothing' : `+${added} ~${changed} -${removed}`
}
