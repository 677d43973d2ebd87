// Rows out of an SQLite file: all of a table in batches, or the one that has a key. Texts come as bytes, because the
// driver would end them at a NUL and mend what is not UTF-8; what each value is comes as one letter a column. Of values
// that no cell can hold only the size is asked for.
import { VarveError } from '../../base/errors.ts'
import type { Cell } from '../../table/interface.ts'
import { cellBytesMax } from '../../table/row.ts'
import type { SqliteDatabase, SqliteValue } from './database.ts'
import { type SqliteTable, quoteName } from './discover.ts'
import { type Bound, type Tag, cellOfValue } from './values.ts'

const batchRows = 512
/** Or as soon as their cells have so many bytes. */
const batchBytes = 4 << 20

/** `condition` is SQL about row `t`. */
export async function* readRows(
  database: SqliteDatabase,
  table: SqliteTable,
  condition = 'TRUE',
): AsyncGenerator<Cell[][]> {
  const order =
    table.key.length === 0 ? '' : ` ORDER BY ${table.key.map((name) => `t.${quoteName(name)}`).join(', ')}`
  const columns = table.columns.map(({ name }) => {
    const column = `t.${quoteName(name)}`
    return table.key.includes(name) ? whole(column) : fitting(column)
  })
  const rows = database.iterate(`${selectOf(table, columns)} WHERE ${condition}${order}`)
  let batch: Cell[][] = []
  let bytes = 0
  for (const row of rows) {
    const cells = cellsOf(table, row[0] as string, row.slice(1))
    batch.push(cells)
    for (const cell of cells) bytes += cell.bytes.length
    if (batch.length < batchRows && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
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

function selectText(table: SqliteTable): string {
  return selectOf(
    table,
    table.columns.map(({ name }) => whole(`t.${quoteName(name)}`)),
  )
}

function selectOf({ name }: SqliteTable, columns: readonly Asked[]): string {
  return `SELECT ${tagsOf(columns)}, ${valuesOf(columns)} FROM main.${quoteName(name)} AS t`
}

/** What is selected for a value: see values.ts. */
export interface Asked {
  /** A letter. */
  readonly tag: string
  readonly value: string
}

export function whole(expression: string): Asked {
  return {
    tag: `substr(typeof(${expression}), 1, 1)`,
    value: `iif(typeof(${expression}) = 'text', CAST(${expression} AS BLOB), ${expression})`,
  }
}

/** Its size alone where no cell can hold it: SQLite knows that without reading it. */
export function fitting(expression: string): Asked {
  const size = `octet_length(${expression})`
  const { tag, value } = whole(expression)
  const isLarge = `${size} > ${cellBytesMax}`
  return { tag: `iif(${isLarge}, 'l', ${tag})`, value: `iif(${isLarge}, ${size}, ${value})` }
}

/** SQL for the kinds of values, one letter for each: see values.ts. */
export function tagsOf(asked: readonly Asked[]): string {
  return asked.map(({ tag }) => tag).join(' || ')
}

export function valuesOf(asked: readonly Asked[]): string {
  return asked.map(({ value }) => value).join(', ')
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
      'VARVE_RULE_VIOLATED',
      `'${table.name}' has a text that is not UTF-8 in column '${column.name}'`,
      {
        data: { table: table.name, column: column.name },
        hint: 'keep bytes as BLOB, or leave the table out of the link',
      },
    )
  })
}
