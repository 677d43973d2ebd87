// Rows of a table that are new by a cursor column, as the server compares its values.
import type { Client } from 'pg'
import { cursorColumn } from '../cursor-column.ts'
import type { RowCursor } from '../interface.ts'
import type { PostgresTable } from './discover.ts'
import { quoteName, quoteText } from './sql.ts'

/** The rows at or above a cursor's value: `condition` is SQL about row `t`. */
export async function sinceCursor(
  client: Client,
  table: PostgresTable,
  cursor: RowCursor,
): Promise<{ largest: string | null; isIndexed: boolean; condition: string }> {
  const { name, nativeType, isTime } = cursorColumn(table, cursor)
  const column = `t.${quoteName(name)}`
  const finite = isTime ? `AND isfinite(${column})` : ''
  const { rows } = await client.query<{ largest: string | null; is_indexed: boolean }>(
    `SELECT (SELECT ${column}::text FROM ${table.rowsSql} t WHERE ${column} IS NOT NULL ${finite}
               ORDER BY ${column} DESC LIMIT 1) AS largest,
            EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                     WHERE i.indrelid = $1::regclass AND i.indisvalid AND i.indpred IS NULL AND a.attname = $2) AS is_indexed`,
    [table.sql, name],
  )
  const { lag, from } = cursor
  const less = 'ms' in lag ? `interval '${lag.ms} milliseconds'` : String(lag.units)
  const condition =
    from === null ? 'true' : `(${column} >= ${quoteText(from)}::${nativeType} - ${less} OR ${column} IS NULL)`
  return { largest: rows[0]!.largest, isIndexed: rows[0]!.is_indexed, condition }
}
