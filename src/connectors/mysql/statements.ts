// The statements that write rows. Each carries its values as literals, names the whole row as it was read, and says by the
// number of rows that met its condition whether the row was still so: check and write are one, and no other writer comes
// in between.
import { columnPlaces } from '../../table/column-places.ts'
import { sameCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import type { RowChange } from '../interface.ts'
import type { MysqlTable } from './discover.ts'
import { quoteName } from './sql.ts'
import type { MysqlColumn } from './types.ts'
import { findOf, guardOf, literalOf, unstorableReason } from './values.ts'

/** Why a column would not keep what the change brings; null when all would, or the server says it itself. */
export function unstorableReasonOf(table: MysqlTable, { before, after }: RowChange): string | null {
  if (after === null) return null
  for (const [place, column] of table.columns.entries()) {
    if (column.generated || (before !== null && sameCell(before[place]!, after[place]!))) continue
    const reason = unstorableReason(column, after[place]!)
    if (reason !== null) return reason
  }
  return null
}

/** The statement for one change. */
export function statementOf(table: MysqlTable, change: RowChange): string {
  switch (change.kind) {
    case 'insert':
      return insertOf(table, [change])
    case 'update':
      return `UPDATE ${table.sql} t SET ${assignments(table, change.before, change.after)} WHERE ${guards(table, change.before)}`
    case 'delete':
      return `DELETE t FROM ${table.sql} t WHERE ${guards(table, change.before)}`
  }
}

export function insertOf(table: MysqlTable, changes: readonly RowChange[]): string {
  const columns = written(table)
  const names = columns.map(({ column }) => quoteName(column.name)).join(', ')
  const rows = changes.map(
    ({ after }) => `(${listOf(columns.map(({ column, place }) => literalOf(column, after![place]!)))})`,
  )
  return `INSERT INTO ${table.sql} (${names}) VALUES ${rows.join(',\n')}`
}

const longText = 64 << 10

/** Long literals are not copied into a text of their own, as 'join' would do it. */
function listOf(literals: readonly string[]): string {
  return literals.some(({ length }) => length > longText)
    ? literals.reduce((list, literal) => `${list}, ${literal}`)
    : literals.join(', ')
}

/** Rows that stand where this one wants to be: 1 for exactly this key, 0 for one that a collation takes for the same. */
export function occupyingRowsQuery(table: MysqlTable, row: readonly Cell[]): string {
  const keys = keysOf(table)
  const exact = keys.map(({ column, place }) => guardOf(column, row[place]!)).join(' AND ')
  const found = keys.map(({ column, place }) => findOf(column, row[place]!)).join(' AND ')
  return `SELECT ${exact} FROM ${table.sql} t WHERE ${found} LOCK IN SHARE MODE`
}

/** Names of the columns that an update sets. */
export function assignedColumns(
  table: MysqlTable,
  { before, after }: RowChange & { readonly kind: 'update' },
): string[] {
  return assigned(table, before, after).map(({ column }) => column.name)
}

function assigned(table: MysqlTable, before: readonly Cell[], after: readonly Cell[]): Placed[] {
  return written(table).filter(
    ({ column, place }) => column.onUpdate || !sameCell(before[place]!, after[place]!),
  )
}

function assignments(table: MysqlTable, before: readonly Cell[], after: readonly Cell[]): string {
  const set = assigned(table, before, after).map(
    ({ column, place }) => `t.${quoteName(column.name)} = ${literalOf(column, after[place]!)}`,
  )
  // What only the server computes needs no more than a look at the row.
  const key = `t.${quoteName(table.key[0]!)}`
  return set.length === 0 ? `${key} = ${key}` : set.join(', ')
}

/** The key first, by which the row is found; then all that must be as it was. */
function guards(table: MysqlTable, row: readonly Cell[]): string {
  const found = keysOf(table).map(({ column, place }) => findOf(column, row[place]!))
  const exact = written(table).map(({ column, place }) => guardOf(column, row[place]!))
  return [...new Set([...found, ...exact])].join(' AND ')
}

interface Placed {
  readonly column: MysqlColumn
  readonly place: number
}

function written(table: MysqlTable): Placed[] {
  return table.columns.map((column, place) => ({ column, place })).filter(({ column }) => !column.generated)
}

function keysOf(table: MysqlTable): Placed[] {
  return columnPlaces(table.columns, table.key).map((place) => ({ column: table.columns[place]!, place }))
}
