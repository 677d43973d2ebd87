// Conflicts for people: cells and rows as a table of their three sides, files by size or with their clashing lines.
import type { ConflictInfo } from '../../api/interface.ts'
import type { Row, Value } from '../../table/interface.ts'
import type { Output } from '../output.ts'
import { shortened, visible, visibleLine } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { counted } from '../../base/size.ts'
import { keyText, shortValue, valueText } from './value.ts'

const heldMax = 1000
const lineColumnsMax = 200

/** Conflicts as they come, path by path; of a path with very many a thousand at a time. Returns how many there were. */
export async function printConflicts(out: Output, conflicts: AsyncIterable<ConflictInfo>): Promise<number> {
  let held: ConflictInfo[] = []
  let count = 0
  let isGoingOn = false
  const print = (isCut: boolean): void => {
    if (held.length > 0) {
      if (!isGoingOn) printTitle(out, held, isCut)
      printRows(out, held)
    }
    isGoingOn = isCut
    held = []
  }
  for await (const conflict of conflicts) {
    if (held.length > 0 && held[0]!.path !== conflict.path) print(false)
    else if (held.length >= heldMax) print(true)
    held.push(conflict)
    count += 1
    await out.drain()
  }
  print(false)
  return count
}

/** Prints some conflicts of one path. */
export function printPathConflicts(out: Output, conflicts: readonly ConflictInfo[]): void {
  printTitle(out, conflicts, false)
  printRows(out, conflicts)
}

/** `isCut`: more conflicts of the path follow. */
function printTitle(out: Output, conflicts: readonly ConflictInfo[], isCut: boolean): void {
  const { path, resolution } = conflicts[0]!
  const what = resolution === undefined ? 'conflict' : 'resolved conflict'
  const count = isCut ? `more than ${heldMax} ${what}s` : counted(conflicts.length, what)
  out.line(out.paint('bold', `${visible(path)}: ${count}`))
}

function printRows(out: Output, conflicts: readonly ConflictInfo[]): void {
  const inTable = conflicts.filter(({ kind }) => kind !== 'file' && kind !== 'schema')
  if (inTable.length > 0) {
    const rows = inTable.flatMap((conflict) => tableRows(conflict, out.verbose))
    const isResolved = inTable[0]!.resolution !== undefined
    const head = ['  id', 'row', 'column', 'base', 'ours', 'theirs', ...(isResolved ? ['resolution'] : [])]
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
  if (conflict.kind === 'part') return [partRow(conflict, whole)]
  const row = keyText(key, conflict.keyColumns)
  if (conflict.kind === 'cell') {
    const sides = [base, ours, theirs].map((value) => shortValue(value as Value, whole))
    return [[`  ${id}`, row, visible(conflict.column ?? ''), ...sides, ...resolutionCells(conflict, whole)]]
  }
  const sides = [base, ours, theirs] as (Row | null)[]
  const columns = differingColumns(sides)
  const name = conflict.kind === 'key-collision' ? `${row} (key-collision)` : row
  const end = resolutionCells(conflict, whole)
  if (columns.length === 0)
    return [[`  ${id}`, name, '', ...sides.map((side) => (side === null ? '(no row)' : '(row)')), ...end]]
  return columns.map((column, i) => {
    const cells = sides.map((side) => (side === null ? '(no row)' : shortValue(side[column] ?? null, whole)))
    const isFirst = i === 0
    return [isFirst ? `  ${id}` : '', isFirst ? name : '', visible(column), ...cells, ...(isFirst ? end : [])]
  })
}

function partRow(conflict: ConflictInfo, whole: boolean): string[] {
  const { id, part, where = '', column = '', base, ours, theirs } = conflict
  const name = part === 'key-collision' || part === 'schema' ? `${where} (${part})` : where
  const absent = part === 'cell' ? '(none)' : '(not there)'
  const sides = [base, ours, theirs].map((side) =>
    side === null ? absent : shortValue(side as Value, whole),
  )
  return [`  ${id}`, visible(name), visible(column), ...sides, ...resolutionCells(conflict, whole)]
}

const ways = { given: '', file: ', by the file', reused: ', as before', rekeyed: ', with new keys' } as const

/** How a conflict was resolved: 'theirs', 'ours, as before', '= Vienna'. */
export function resolutionText({ kind, resolution }: ConflictInfo, whole: boolean): string {
  if (resolution === undefined) return ''
  const { how, side, value } = resolution
  const isRow = kind !== 'cell' && kind !== 'part' && value !== null
  const text = side ?? (isRow ? '(another)' : `= ${shortValue(value as Value, whole)}`)
  return text + ways[how]
}

function resolutionCells(conflict: ConflictInfo, whole: boolean): string[] {
  return conflict.resolution === undefined ? [] : [resolutionText(conflict, whole)]
}

/** Columns in which the sides that have the row are not all alike. */
export function differingColumns(sides: readonly (Row | null)[]): string[] {
  const rows = sides.filter((side) => side !== null)
  const columns = new Set(rows.flatMap((row) => Object.keys(row)))
  return [...columns].filter((column) => new Set(rows.map((row) => valueText(row[column] ?? null))).size > 1)
}

function printWhole(out: Output, conflict: ConflictInfo): void {
  const { id, reason, text } = conflict
  out.line(`  ${id}  ${visible(reasonWords[reason ?? ''] ?? reason ?? conflict.kind)}`)
  // All else of the table is merged; its sides are the column's, and the sentence names them.
  const isOfColumn = conflict.kind === 'schema' && conflict.column !== undefined
  if (!isOfColumn) printSides(out, conflict)
  if (conflict.resolution !== undefined) out.line(`     resolution  ${resolutionText(conflict, out.verbose)}`)
  if (text === undefined || conflict.resolution !== undefined) return
  const lines = text.trimEnd().split('\n')
  const shown = out.verbose ? lines : lines.slice(0, 20)
  for (const line of shown) {
    const whole = visibleLine(line)
    out.line(`     ${out.verbose ? whole : shortened(whole, lineColumnsMax)}`)
  }
  if (shown.length < lines.length)
    out.line(out.paint('dim', `     (${lines.length - shown.length} more lines: -v)`))
}

function printSides(out: Output, { names, base, ours, theirs }: ConflictInfo): void {
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
}

export const reasonWords: Readonly<Record<string, string>> = {
  text: 'both sides changed the same lines',
  binary: 'both sides changed it',
  'delete-edit': 'one side deleted it, the other changed it',
  type: 'it is of another kind on each side',
  'both-added': 'both sides added it',
  'rename-rename': 'each side gave it another name',
  'rename-delete': 'one side renamed it, the other deleted it',
}

export function wholeText(value: Value | Row): string {
  return value === null ? '(no file)' : valueText(value as Value)
}
