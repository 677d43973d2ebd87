// Rows that wait for a person: under each what both sides last had, and what each has now, of the columns that differ.
import type { HeldRow } from '../../index.ts'
import type { Row } from '../../table/interface.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { differingColumns } from './conflicts.ts'
import { shortValue } from './value.ts'

export function heldRowLines(link: string, rows: readonly HeldRow[], whole: boolean): string[] {
  const heads = alignedRows(
    rows.map(({ table, key, reason, message }) => [visible(`  ${table} ${key}`), reason, visible(message)]),
  )
  return [
    `${visible(link)}: ${counted(rows.length, 'row waits', 'rows wait')}`,
    ...rows.flatMap((row, i) => [heads[i]!, ...sideLines(row, whole)]),
  ]
}

function sideLines({ base, branch, endpoint }: HeldRow, whole: boolean): string[] {
  if (base === undefined || branch === undefined || endpoint === undefined) return []
  const sides = [base, branch, endpoint]
  const text = (side: Row | null, column: string): string =>
    side === null ? '(no row)' : shortValue(side[column] ?? null, whole)
  const columns = differingColumns(sides)
  const lines =
    columns.length === 0
      ? [['', ...sides.map((side) => (side === null ? '(no row)' : '(row)'))]]
      : columns.map((column) => [visible(column), ...sides.map((side) => text(side, column))])
  return alignedRows(
    [['', 'base', 'branch', 'endpoint'], ...lines].map(([name, ...rest]) => [`    ${name}`, ...rest]),
  )
}
