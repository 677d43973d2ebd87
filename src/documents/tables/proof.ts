// Reads a merged file again and compares every cell with what was decided; and checks that a key that told rows apart
// in all versions still does. A merge that does not pass is not offered.
import { shownTable } from './contested.ts'
import type { InferredKey } from './key.ts'
import type { Side, Versions } from './layout.ts'
import { cell, type MergedRow } from './merge-rows.ts'
import { isSameDialect, readRecords, type TableRecord } from './record.ts'
import { type MergedTable, renderTable } from './render.ts'
import { nameAt } from './lanes.ts'

const separator = '\u001f'

/** With ours wherever there is a conflict. */
export function isProven(merged: MergedTable, key: InferredKey | null): boolean {
  const table = shownTable(merged, () => 'ours')
  const { layout, header, versions } = table
  const text = renderTable(table, () => 'ours')
  const dialect = { delimiter: layout.delimiter, hasQuotes: layout.hasQuotes }
  const file = readRecords(text, dialect)
  if (file === null) return false
  const records = header === null ? file.records : file.records.slice(1)
  if (header !== null) {
    const names = file.records[0]?.cells ?? []
    const isNamed = header.every(({ lane, pick }, i) => {
      const side = typeof pick === 'string' ? pick : 'ours'
      return names[i] === (versions[side].header!.cells[lane[side]] ?? nameAt(versions[side], lane[side]))
    })
    if (!isNamed) return false
  }
  const wanted = table.rows.filter(({ strand, pick }) => isWritten(strand, pick))
  if (records.length !== wanted.length) return false
  const keyPlaces = key === null ? null : key.lanes.map((lane) => layout.lanes.indexOf(lane))
  const known = new Set<string>()
  return wanted.every((row, i) => {
    const record = records[i]!
    if (keyPlaces !== null && known.size === known.add(keyText(record, keyPlaces)).size) return false
    return isAsDecided(versions, layout.lanes, row, record)
  })
}

function keyText(row: TableRecord, places: readonly number[]): string {
  return places.map((place) => row.cell(place)).join(separator)
}

function isWritten(strand: MergedRow['strand'], pick: MergedRow['pick']): boolean {
  return pick !== null && (pick.kind !== 'conflict' || strand.ours >= 0)
}

function isAsDecided(
  versions: Versions,
  lanes: MergedTable['layout']['lanes'],
  { strand, pick }: MergedRow,
  record: TableRecord,
): boolean {
  const sideAt = (i: number): Side | null => {
    if (pick!.kind === 'side') return pick!.side
    if (pick!.kind === 'conflict') return 'ours'
    const chosen = pick!.picks[i] ?? null
    return chosen === null || typeof chosen === 'string' ? chosen : 'ours'
  }
  if (pick!.kind === 'side') {
    const row = versions[pick!.side].rows[strand[pick!.side]]!
    if (row.text === record.text && isSameDialect(row.dialect, record.dialect)) return true
  }
  if (record.cells.length > lanes.length) return false
  return lanes.every((lane, i) => {
    const side = sideAt(i)
    const row = side === null ? undefined : versions[side].rows[strand[side]]
    const value = row === undefined || side === null || lane[side] < 0 ? '' : cell(row, lane[side])
    return (record.cells[i] ?? '') === value
  })
}
