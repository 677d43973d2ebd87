// Rows out of an SQLite file: all of a table in batches, or the one that has a key. Texts come as bytes, because the
// driver would end them at a NUL and mend what is not UTF-8; what each value is comes as one letter a column.
import { VarveError } from '../../base/errors.ts'
import type { Cell } from '../../table/interface.ts'
import type { SqliteDatabase, SqliteValue } from './database.ts'
import { type SqliteTable, quoteName } from './discover.ts'
import { type Bound, type Tag, cellOfValue } from './values.ts'

const batchRows = 512

/** `condition` is SQL about row `t`. */
export async function* readRows(
  database: SqliteDatabase,
  table: SqliteTable,
  condition = 'TRUE',
): AsyncGenerator<Cell[][]> {
  const order =
    table.key.length === 0 ? '' : ` ORDER BY ${table.key.map((name) => `t.${quoteName(name)}`).join(', ')}`
  const rows = database.iterate(`${select(table)} WHERE ${condition}${order}`)
  let batch: Cell[][] = []
  for (const row of rows) {
    batch.push(cellsOf(table, row[0] as string, row.slice(1)))
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

export type KeyBound = readonly Bound[]

/** The row of this key as it is now; null when there is none. */
export function readRow(database: SqliteDatabase, table: SqliteTable, key: KeyBound): Cell[] | null {
  const [row] = database.all(
    `${select(table)} WHERE ${keyText(table, key)}`,
    key.map(({ value }) => value),
  )
  return row === undefined ? null : cellsOf(table, row[0] as string, row.slice(1))
}

export function keyText(table: SqliteTable, key: KeyBound): string {
  return table.key.map((name, i) => `t.${quoteName(name)} = ${key[i]!.sql}`).join(' AND ')
}

/** Asked for with every row that is written. */
const selects = new WeakMap<SqliteTable, string>()

function select(table: SqliteTable): string {
  const known = selects.get(table) ?? selectText(table)
  selects.set(table, known)
  return known
}

function selectText({ name, columns }: SqliteTable): string {
  const quoted = columns.map((column) => `t.${quoteName(column.name)}`)
  return `SELECT ${tagsOf(quoted)}, ${quoted.map(valuesOf).join(', ')} FROM main.${quoteName(name)} AS t`
}

/** SQL for the kinds of the expressions' values, one letter for each: see values.ts. */
export function tagsOf(expressions: readonly string[]): string {
  return expressions.map((one) => `substr(typeof(${one}), 1, 1)`).join(' || ')
}

export function valuesOf(expression: string): string {
  return `iif(typeof(${expression}) = 'text', CAST(${expression} AS BLOB), ${expression})`
}

export function cellsOf(
  table: Pick<SqliteTable, 'name' | 'columns'>,
  tags: string,
  values: readonly SqliteValue[],
): Cell[] {
  return table.columns.map((column, i) => {
    const cell = cellOfValue(tags[i] as Tag, values[i]!, column)
    if (cell !== null) return cell
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `'${table.name}' has a text that is not UTF-8 in column '${column.name}'`,
      {
        data: { table: table.name, column: column.name },
        hint: 'keep bytes as BLOB, or leave the table out of the link',
      },
    )
  })
}
