// Rows of a table that a column shows to be new. SQLite has no times: they are texts that sort, or numbers. What is less
// than a text by a while is written as that text is, so that it sorts among the others.
import { VarveError } from '../../base/errors.ts'
import { cursorColumn } from '../cursor-column.ts'
import type { RowCursor } from '../interface.ts'
import type { SqliteDatabase } from './database.ts'
import { type SqliteTable, quoteName } from './discover.ts'

/** The rows at or above a cursor's value: `condition` is SQL about row `t`. */
export function sinceCursor(
  database: SqliteDatabase,
  table: SqliteTable,
  cursor: RowCursor,
): { largest: string | null; isIndexed: boolean; condition: string } {
  const { name } = cursorColumn(table, cursor)
  const column = `t.${quoteName(name)}`
  const [row] = database.all(
    `SELECT typeof(max(${column})), quote(max(${column})), CAST(max(${column}) AS TEXT) FROM main.${quoteName(table.name)} t`,
  ) as [string, string, string | null][]
  const [kind, literal, text] = row!
  const largest = kind === 'null' ? null : kind === 'text' ? text! : literal
  const indexed = database.all(
    'SELECT 1 FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i WHERE i.seqno = 0 AND i.name = ? AND l.partial = 0',
    [table.name, name],
  )
  const isIndexed = indexed.length > 0 || (table.key[0] === name && table.key.length === 1)
  const condition =
    cursor.from === null ? 'TRUE' : `(${column} >= ${lowest(cursor, table)} OR ${column} IS NULL)`
  return { largest, isIndexed, condition }
}

function lowest({ from, lag, column }: RowCursor, { name }: SqliteTable): string {
  if (/^-?\d{1,19}$/.test(from!))
    return `${from!} - ${'units' in lag ? lag.units : lagOfEpoch(lag.ms, from!)}`
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(from!) && 'units' in lag) return `${from!} - ${lag.units}`
  const [, date, between, time] = /^(\d{4}-\d\d-\d\d)(?:([ T])(\d\d:\d\d(?::\d\d)?))?/.exec(from!) ?? []
  const ms = Date.parse(`${date ?? ''}T${time ?? '00:00'}Z`)
  if ('units' in lag || Number.isNaN(ms))
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `the cursor '${column}' of '${name}' holds a value that is not a time: ${from!}`,
      { hint: 'give the lag as a number, if the column holds numbers, or choose another column' },
    )
  const text = new Date(ms - lag.ms).toISOString()
  return between === undefined
    ? `'${text.slice(0, 10)}'`
    : `'${text.slice(0, 10)}${between}${text.slice(11, 11 + time!.length)}'`
}

/** Lag of a time that is a number: seconds since 1970, or milliseconds where it has so many digits. */
function lagOfEpoch(ms: number, value: string): number {
  return value.length > 11 ? ms : Math.ceil(ms / 1000)
}
