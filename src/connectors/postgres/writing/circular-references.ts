// Rows that refer to each other in a circle. PostgreSQL checks a reference at the end of each statement, unless it is
// DEFERRABLE, so no order of such rows works. They are inserted with their references empty, which are filled in when all
// rows are there; before they are deleted, their references are emptied. Each circle needs one nullable column for that.
import type { Client } from 'pg'
import type { PostgresTable } from '../discover.ts'
import { type Statement, guardedUpdate, insertOf, keyedDelete, keyedFill } from './statements.ts'

const query = `
  SELECT a.attname AS name
    FROM pg_attribute a
   WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attnotnull AND a.attgenerated = ''
     AND EXISTS (SELECT FROM pg_constraint k
                  WHERE k.contype = 'f' AND k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey))`

/** The columns that refer to other rows and may be empty; none where the user may not update one of them. */
export async function clearableColumns(client: Client, table: PostgresTable): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(query, [table.sql])
  const names = rows.map(({ name }) => name)
  return table.columns.some(({ name, mayUpdate }) => !mayUpdate && names.includes(name)) ? [] : names
}

/** The first step: rows inserted without their references, or references emptied before rows are deleted. */
export function withoutReferences(
  table: PostgresTable,
  kind: 'insert' | 'delete',
  columns: readonly string[],
): Statement {
  if (kind === 'insert') return insertOf(table, columns)
  return guardedUpdate(
    table,
    columns.map((name) => ({ name, value: 'NULL' })),
  )
}

/** The second step: fills in the references of rows that the first step has written. */
export function restoreReferences(
  table: PostgresTable,
  kind: 'insert' | 'delete',
  columns: readonly string[],
): Statement {
  if (kind === 'delete') return keyedDelete(table)
  return keyedFill(
    table,
    table.columns.flatMap(({ name }, place) => (columns.includes(name) ? [place] : [])),
  )
}
