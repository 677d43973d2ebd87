// Writes the merged rows. A row that is a side's as it stands is copied; others are put together from their cells,
// each spelled as its side spelled it unless the merged file quotes otherwise.
import type { Choice, DocumentConflict } from '../interface.ts'
import { type ContestedLanes, shownTable } from './contested.ts'
import { type Layout, type Side, spell, spellValue, type Versions } from './layout.ts'
import type { Lane } from './lanes.ts'
import { cell, type CellPick, type MergedRow, sideOf } from './merge-rows.ts'
import type { TableRecord } from './record.ts'
import type { Strand } from './weave.ts'

export interface MergedTable {
  readonly versions: Versions
  readonly layout: Layout
  readonly header: readonly HeaderCell[] | null
  readonly rows: readonly MergedRow[]
  readonly contested: ContestedLanes
}

/** A column's name: whose spelling stands, or the conflict about it. */
export interface HeaderCell {
  readonly lane: Lane
  readonly pick: Side | DocumentConflict
}

export type Choose = (conflict: DocumentConflict) => Choice

interface Line {
  readonly text: string
  readonly eol: string
}

export function renderTable(merged: MergedTable, choose: Choose): string {
  const table = shownTable(merged, choose)
  const { layout } = table
  const lines: Line[] = []
  if (table.header !== null) lines.push(headerLine(table, table.header, choose))
  for (const row of table.rows) {
    const line = rowLine(table, row, choose)
    if (line !== null) lines.push(line)
  }
  const parts: string[] = [layout.bom]
  for (const [i, { text, eol }] of lines.entries()) {
    parts.push(text, i === lines.length - 1 ? layout.trailer : (layout.eol ?? (eol || layout.defaultEol)))
  }
  return parts.join('')
}

function headerLine({ versions, layout }: MergedTable, header: readonly HeaderCell[], choose: Choose): Line {
  const sides = (['ours', 'theirs', 'base'] as const).filter((side) => layout.isFrame[side])
  const picks = header.map(({ lane, pick }): { side: Side | null; text: string } => {
    if (typeof pick === 'string')
      return { side: pick, text: versions[pick].header!.spellings[lane[pick]] ?? '' }
    const choice = choose(pick)
    const side = sideOf(choice)
    if (side === null) return { side: null, text: (choice as { value: string }).value }
    return { side, text: versions[side].header!.spellings[lane[side]] ?? '' }
  })
  const eol = versions.ours.header!.eol
  for (const side of sides) {
    const own = versions[side].header!
    if (picks.every(({ text }, i) => text === own.spellings[header[i]!.lane[side]]))
      return { text: own.text, eol }
  }
  const cells = picks.map(({ side, text }, i) => {
    if (side === null) return spellValue(layout, i, text)
    const value = versions[side].header!.cells[header[i]!.lane[side]] ?? ''
    return text.startsWith('"') || !text.includes(layout.delimiter) ? text : spellValue(layout, i, value)
  })
  return { text: cells.join(layout.delimiter), eol }
}

function rowLine(table: MergedTable, { strand, pick }: MergedRow, choose: Choose): Line | null {
  if (pick === null) return null
  if (pick.kind === 'cells') return cellsLine(table, strand, pick.picks, choose)
  if (pick.kind === 'side') return sideLine(table, strand, pick.side)
  const choice = choose(pick.conflict)
  const side = sideOf(choice)
  if (side !== null) return strand[side] < 0 ? null : sideLine(table, strand, side)
  const { value } = choice as { value: string }
  return value === '' ? null : { text: value, eol: table.layout.defaultEol }
}

function sideLine(table: MergedTable, strand: Strand, side: Side): Line {
  const row = table.versions[side].rows[strand[side]]!
  if (table.layout.isFrame[side]) return row
  const picks = table.layout.lanes.map((lane) => (lane[side] < 0 ? null : side))
  return cellsLine(table, strand, picks, () => side)
}

function cellsLine(table: MergedTable, strand: Strand, picks: readonly CellPick[], choose: Choose): Line {
  const { versions, layout } = table
  const chosen = picks.map((pick): Side | { value: string } | null => {
    if (pick === null || typeof pick === 'string') return pick
    return choose(pick)
  })
  const eol = mergedEol(table, strand)
  const whole = wholeRow(table, strand, chosen)
  if (whole !== null) return { text: whole.text, eol }
  const cells = chosen.map((pick, i) => {
    if (pick === null) return spellValue(layout, i, '')
    if (typeof pick !== 'string') return spellValue(layout, i, pick.value)
    const row = versions[pick].rows[strand[pick]]
    const place = layout.lanes[i]![pick]
    if (row === undefined || place < 0) return spellValue(layout, i, '')
    return spell(layout, i, pick, row.spellings[place] ?? '', cell(row, place))
  })
  const length = Math.max(
    ...(['ours', 'theirs'] as const).map((side) =>
      shortLength(versions[side].rows[strand[side]], layout, side),
    ),
  )
  return { text: cells.slice(0, Math.max(1, length)).join(layout.delimiter), eol }
}

/** Rows may end early; the merged one is as long as the longer of the two. */
function shortLength(row: TableRecord | undefined, { lanes }: Layout, side: Side): number {
  if (row === undefined) return 0
  let length = lanes.length
  while (length > 0 && lanes[length - 1]![side] >= row.cells.length) length--
  return length
}

/** The side's row that the picks amount to, if it can stand as it is. */
function wholeRow(
  { versions, layout }: MergedTable,
  strand: Strand,
  chosen: readonly (Side | { value: string } | null)[],
): TableRecord | null {
  for (const side of ['ours', 'theirs', 'base'] as const) {
    const row = versions[side].rows[strand[side]]
    if (row === undefined || !layout.isFrame[side]) continue
    const isWhole = chosen.every((pick, i) => {
      if (pick === side) return true
      if (pick === null || typeof pick !== 'string') return false
      const other = versions[pick].rows[strand[pick]]
      const place = layout.lanes[i]![pick]
      return (
        other !== undefined && place >= 0 && other.spellings[place] === row.spellings[layout.lanes[i]![side]]
      )
    })
    if (isWhole) return row
  }
  return null
}

function mergedEol({ versions }: MergedTable, strand: Strand): string {
  const eolOf = (side: Side): string | undefined => versions[side].rows[strand[side]]?.eol
  const [base, ours, theirs] = [eolOf('base'), eolOf('ours'), eolOf('theirs')]
  return (ours === undefined || (ours === base && theirs !== undefined) ? theirs : ours) ?? ''
}
