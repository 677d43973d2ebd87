// Rows that wait for a person: under each what both sides last had, and what each has now, of the columns that differ.
import type { HeldRow } from '../../index.ts'
import type { Row } from '../../table/interface.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { differingColumns } from './conflicts.ts'
import { shortValue } from './value.ts'

/** Rows whose values are shown of those that are refused for the same reason. */
const alikeShown = 3

export function heldRowLines(link: string, rows: readonly HeldRow[], whole: boolean): string[] {
  const heads = alignedRows(
    rows.map(({ table, key, reason, message }) => [visible(`  ${table} ${key}`), reason, visible(message)]),
  )
  const seen = new Map<string, number>()
  // A database that refuses a thousand rows for one reason is understood after the first of them.
  const isShown = ({ table, reason, message }: HeldRow): boolean => {
    if (whole || reason !== 'rejected') return true
    const name = JSON.stringify([table, message])
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count < alikeShown
  }
  return [
    `${visible(link)}: ${counted(rows.length, 'row waits', 'rows wait')}`,
    ...rows.flatMap((row, i) => [heads[i]!, ...(isShown(row) ? sideLines(row, whole) : [])]),
  ]
}

/** What the next round does with a row that clashed and no longer does, since one side gave way; null: it still clashes. */
export function settledBy({ reason, base, branch, endpoint }: HeldRow): string | null {
  if (reason !== 'conflict' || base === undefined || branch === undefined || endpoint === undefined)
    return null
  if (isSame(branch, endpoint)) return 'settled: both sides have the same now'
  if (isSame(base, endpoint)) return "settled: the next round writes the branch's"
  return isSame(base, branch) ? "settled: the next round takes the endpoint's" : null
}

function isSame(one: Row | null, other: Row | null): boolean {
  return (one === null) === (other === null) && differingColumns([one, other]).length === 0
}

function sideLines(row: HeldRow, whole: boolean): string[] {
  const { base, branch, endpoint, keyColumns = [] } = row
  if (base === undefined || branch === undefined || endpoint === undefined) return []
  const settled = settledBy(row)
  if (settled !== null) return [`    ${settled}`]
  const sides = [base, branch, endpoint]
  const text = (side: Row | null, column: string): string =>
    side === null ? '(no row)' : shortValue(side[column] ?? null, whole)
  const [only, ...others] = sides.filter((side) => side !== null)
  const columns =
    only !== undefined && others.length === 0
      ? Object.keys(only).filter((column) => !keyColumns.includes(column))
      : differingColumns(sides)
  const lines =
    columns.length === 0
      ? [['', ...sides.map((side) => (side === null ? '(no row)' : '(row)'))]]
      : columns.map((column) => [visible(column), ...sides.map((side) => text(side, column))])
  return alignedRows(
    [['', 'base', 'branch', 'endpoint'], ...lines].map(([name, ...rest]) => [`    ${name}`, ...rest]),
  )
}
