// The changed rows of one table: a heading with their number, then a line a row with its key and what became of its
// cells. The heading comes first, so rows are held back up to a bound; of a larger change the sums come at the end.
import type { FileDiff, RowChange } from '../../api/interface.ts'
import type { Output } from '../output.ts'
import type { Paint } from '../paint.ts'
import { displayWidth, padded, visible } from '../visible.ts'
import { counted } from '../../base/size.ts'
import { changedValues, keyText, rowText } from './value.ts'

const heldRowsMax = 10_000
const keyColumnsMax = 32

interface Sums {
  added: number
  removed: number
  changed: number
}

export async function printRowChanges(out: Output, diff: FileDiff, title: string): Promise<void> {
  const sums: Sums = { added: 0, removed: 0, changed: 0 }
  let held: RowChange[] | null = []
  for await (const batch of diff.rows()) {
    for (const row of batch) sums[row.kind] += 1
    if (held !== null && held.length + batch.length <= heldRowsMax) {
      held.push(...batch)
      continue
    }
    if (held !== null) {
      printHeading(out, diff, `${title}: more than ${heldRowsMax} rows differ`)
      printRows(out, diff, held)
      held = null
    }
    printRows(out, diff, batch)
    await out.drain()
  }
  if (held === null) out.line(`  ${sumsText(sums)}`)
  else {
    printHeading(out, diff, `${title}: ${rowsText(diff, sums)}`)
    printRows(out, diff, held)
  }
}

/** A diff without rows may mean that only the table's name changed, or its columns; one that comes or goes may be empty. */
export function rowsText(
  { state, schemaChanges }: Pick<FileDiff, 'state' | 'schemaChanges'>,
  sums: Readonly<Sums>,
): string {
  const isNone = sums.added + sums.removed + sums.changed === 0
  if (isNone && (state === 'added' || state === 'deleted')) return 'no rows'
  if (isNone && state === 'renamed') return 'renamed, no row differs'
  return isNone && (schemaChanges.length > 0 || state === 'typechange') ? 'no row differs' : sumsText(sums)
}

export function sumsText({ added, removed, changed }: Readonly<Sums>): string {
  const parts: string[] = []
  const add = (count: number, verb: string): void => {
    if (count > 0) parts.push(parts.length === 0 ? `${counted(count, 'row')} ${verb}` : `${count} ${verb}`)
  }
  add(changed, 'changed')
  add(added, 'added')
  add(removed, 'removed')
  return parts.length === 0 ? 'no row differs, only how they are written' : parts.join(', ')
}

function printHeading(out: Output, diff: FileDiff, text: string): void {
  out.line(out.paint('bold', text))
  if (diff.note !== undefined) out.line(`  ${out.paint('dim', `(${visible(diff.note)})`)}`)
  for (const sentence of diff.schemaChanges) out.line(`  ${out.paint('yellow', `* ${visible(sentence)}`)}`)
}

function printRows(out: Output, diff: FileDiff, rows: readonly RowChange[]): void {
  const keys = rows.map((row) => keyText(row.key, keyColumnsOf(diff, row)))
  const width = Math.min(
    keyColumnsMax,
    keys.reduce((widest, key) => Math.max(widest, displayWidth(key)), 0),
  )
  rows.forEach((row, i) => {
    out.line(
      `  ${rowLine(row, padded(keys[i]!, width), keyColumnsOf(diff, row), out.verbose, out.paint)}`.trimEnd(),
    )
  })
}

/** A table that got another key is compared as rows that went and rows that came: each is named by its own key. */
export function keyColumnsOf(diff: FileDiff, { kind }: RowChange): readonly string[] {
  return (kind === 'removed' ? diff.keyColumnsBefore : undefined) ?? diff.keyColumns ?? []
}

/** A row with its mark, its key and what became of its cells. */
export function rowLine(
  row: RowChange,
  key: string,
  columns: readonly string[],
  whole: boolean,
  paint: Paint,
): string {
  if (row.kind === 'added')
    return `${paint('green', `+ ${key}`)}  ${rowText(row.after ?? {}, columns, whole)}`
  if (row.kind === 'removed')
    return `${paint('red', `- ${key}`)}  ${rowText(row.before ?? {}, columns, whole)}`
  const cells = row.cells.map(({ column, before, after }) => {
    const [old, fresh] = changedValues(before, after, whole)
    return `${visible(column)}: ${paint('red', old)} -> ${paint('green', fresh)}`
  })
  return `${paint('yellow', `~ ${key}`)}  ${cells.length === 0 ? 'written differently' : cells.join(', ')}`
}
