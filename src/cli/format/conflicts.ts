// Conflicts for people: cells and rows as a table of their three sides, files by size or with their clashing lines.
import type { ConflictInfo } from '../../api/interface.ts'
import type { Row, Value } from '../../table/interface.ts'
import type { Output } from '../output.ts'
import { visible, visibleLine } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { counted } from './size.ts'
import { keyText, shortValue, valueText } from './value.ts'

/** All conflicts of one path. */
export function printConflicts(out: Output, path: string, conflicts: readonly ConflictInfo[]): void {
  out.line(out.paint('bold', `${visible(path)}: ${counted(conflicts.length, 'conflict')}`))
  const inTable = conflicts.filter(({ kind }) => kind !== 'file' && kind !== 'schema')
  if (inTable.length > 0) {
    const rows = inTable.flatMap((conflict) => tableRows(conflict, out.verbose))
    const head = ['  id', 'row', 'column', 'base', 'ours', 'theirs']
    const [title, ...lines] = alignedRows([head, ...rows])
    out.line(out.paint('dim', title!))
    for (const line of lines) out.line(line)
  }
  for (const conflict of conflicts) {
    if (conflict.kind === 'file' || conflict.kind === 'schema') printWhole(out, conflict)
  }
}

function tableRows(conflict: ConflictInfo, whole: boolean): string[][] {
  const { id, key = [], base, ours, theirs } = conflict
  const row = keyText(key, conflict.keyColumns)
  if (conflict.kind === 'cell') {
    const sides = [base, ours, theirs].map((value) => shortValue(value as Value, whole))
    return [[`  ${id}`, row, visible(conflict.column ?? ''), ...sides]]
  }
  const sides = [base, ours, theirs] as (Row | null)[]
  const columns = differingColumns(sides)
  if (columns.length === 0)
    return [[`  ${id}`, row, '', ...sides.map((side) => (side === null ? '(no row)' : '(row)'))]]
  return columns.map((column, i) => {
    const cells = sides.map((side) => (side === null ? '(no row)' : shortValue(side[column] ?? null, whole)))
    return [i === 0 ? `  ${id}` : '', i === 0 ? row : '', visible(column), ...cells]
  })
}

/** Columns in which the sides that have the row are not all alike. */
function differingColumns(sides: readonly (Row | null)[]): string[] {
  const rows = sides.filter((side) => side !== null)
  const columns = new Set(rows.flatMap((row) => Object.keys(row)))
  return [...columns].filter((column) => new Set(rows.map((row) => valueText(row[column] ?? null))).size > 1)
}

function printWhole(out: Output, conflict: ConflictInfo): void {
  const { id, reason, names, base, ours, theirs, text } = conflict
  out.line(`  ${id}  ${visible(reasonWords[reason ?? ''] ?? reason ?? conflict.kind)}`)
  // All else of the table is merged; its sides are the column's, and the sentence names them.
  if (conflict.kind === 'schema' && conflict.column !== undefined) return
  const sides = { base, ours, theirs }
  const name = (side: string): string => names?.[side as keyof typeof sides] ?? ''
  for (const line of alignedRows(
    Object.entries(sides).map(([side, value]) => [
      `     ${side}`,
      ...(names === undefined ? [] : [visible(name(side))]),
      wholeText(value),
    ]),
  ))
    out.line(line)
  if (text === undefined) return
  const lines = text.trimEnd().split('\n')
  const shown = out.verbose ? lines : lines.slice(0, 20)
  for (const line of shown) out.line(`     ${visibleLine(line)}`)
  if (shown.length < lines.length)
    out.line(out.paint('dim', `     (${lines.length - shown.length} more lines: -v)`))
}

const reasonWords: Readonly<Record<string, string>> = {
  text: 'both sides changed the same lines',
  binary: 'both sides changed it',
  'delete-edit': 'one side deleted it, the other changed it',
  type: 'it is of another kind on each side',
  'both-added': 'both sides added it',
  'rename-rename': 'each side gave it another name',
  'rename-delete': 'one side renamed it, the other deleted it',
}

function wholeText(value: Value | Row): string {
  return value === null ? '(no file)' : valueText(value as Value)
}
