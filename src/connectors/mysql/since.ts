// Rows of a table that are new by a cursor column, as the server compares its values.
import { cursorColumn } from '../cursor-column.ts'
import type { RowCursor } from '../interface.ts'
import type { MysqlTable } from './discover.ts'
import type { Session } from './session.ts'
import { quoteName, quoteText } from './sql.ts'

/** The rows at or above a cursor's value: `condition` is SQL about row `t`. */
export async function sinceCursor(
  session: Session,
  table: MysqlTable,
  cursor: RowCursor,
): Promise<{ largest: string | null; isIndexed: boolean; condition: string }> {
  const { name } = cursorColumn(table, cursor)
  const column = `t.${quoteName(name)}`
  const [row] = await session.texts(`SELECT MAX(${column}) FROM ${table.sql} t`)
  const [[indexed]] = (await session.texts(
    `SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ${quoteText(table.database)}
        AND BINARY TABLE_NAME = ${quoteText(table.name)} AND SEQ_IN_INDEX = 1 AND COLUMN_NAME = ${quoteText(name)}`,
  )) as [[string]]
  const { lag, from } = cursor
  const lowest =
    'ms' in lag
      ? `TIMESTAMP(${quoteText(from ?? '')}) - INTERVAL ${lag.ms * 1000} MICROSECOND`
      : `CAST(${quoteText(from ?? '')} AS DECIMAL(65, 20)) - ${lag.units}`
  const condition = from === null ? 'TRUE' : `(${column} >= ${lowest} OR ${column} IS NULL)`
  return { largest: row?.[0] ?? null, isIndexed: indexed !== '0', condition }
}
