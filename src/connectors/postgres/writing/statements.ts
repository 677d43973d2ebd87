// The three statements that write rows. Each takes many rows of text at once, `v (n, c0, c1, …)`, and writes those that are
// as expected. Check and write are one statement: no other writer comes in between.
import { equalBytes } from '../../../base/bytes.ts'
import type { Cell } from '../../../table/interface.ts'
import type { RowChange, StoredSide } from '../../interface.ts'
import type { PostgresColumn, PostgresTable } from '../discover.ts'
import { quoteName } from '../sql.ts'
import { textOfCell } from '../types.ts'

export interface Statement {
  /** What a row of `v` has beside its number: places of columns as they were, and then as they shall be. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Answers with the numbers of those that are not as expected. `source` is a query that gives `v`. */
  readonly text: (source: string) => string
  /** Answers with how many were as expected; null where that says too little: one row may count for another. */
  readonly plain: ((source: string) => string) | null
}

export function widthOf({ before, after }: Statement): number {
  return before.length + after.length
}

/** For changes of the first one's kind; of updates, for those that change the same columns. */
export function statementOf(table: PostgresTable, first: RowChange): Statement {
  if (first.kind === 'insert') return insertOf(table)
  return first.kind === 'delete' ? deleteOf(table) : updateOf(table, first)
}

/** Places of columns that an update writes, as a text to group by. */
export function changedColumns(table: PostgresTable, change: RowChange): string {
  if (change.kind !== 'update') return ''
  const { storedBefore, storedAfter } = change
  if (storedBefore && storedAfter) return changedStored(table, storedBefore, storedAfter)
  const { columns } = table
  const { before, after } = change
  const places = after.flatMap((cell, i) =>
    columns[i]!.generated || isSameText(cell, before[i]!) ? [] : [i],
  )
  return places.join(',')
}

/** The places of the columns that `changedColumns` names. */
export function changedPlaces(table: PostgresTable, first: RowChange): number[] {
  return changedColumns(table, first).split(',').filter(Boolean).map(Number)
}

function changedStored({ columns }: PostgresTable, before: StoredSide, after: StoredSide): string {
  before.reader.read(before.row)
  after.reader.read(after.row)
  let places = ''
  for (let i = 0; i < columns.length; i++) {
    if (columns[i]!.generated || before.reader.isSame(i, after.reader)) continue
    places += places === '' ? i : `,${i}`
  }
  return places
}

function isSameText(a: Cell, b: Cell): boolean {
  return (a.kind === b.kind && equalBytes(a.bytes, b.bytes)) || textOfCell(a) === textOfCell(b)
}

/**
 * Of rows with one key in the database's eyes ('Ada' and 'ada' in some collations) the first is written, and the others are
 * not. Columns of `empty` stay empty.
 */
export function insertOf(table: PostgresTable, empty: readonly string[] = []): Statement {
  const columns = writable(table)
  const names = columns.map(({ column }) => quoteName(column.name)).join(', ')
  const values = columns
    .map(({ column }, i) => (empty.includes(column.name) ? 'NULL' : `v.c${i}::${column.cast}`))
    .join(', ')
  const keys = table.key.map(quoteName)
  const isSame = (row: string): string => sameKey(table, columns, row)
  const returned = keys.map((name) => `t.${name}`).join(', ')
  // What is checked late is no arbiter of conflicts.
  const guard = table.isKeyLate
    ? `WHERE NOT EXISTS (SELECT FROM ${table.rowsSql} k WHERE ${isSame('k')})`
    : `ON CONFLICT (${keys.join(', ')}) DO NOTHING`
  return {
    before: [],
    after: columns.map(({ place }) => place),
    // A trigger may have put a row under another key.
    plain: null,
    text: (source) => `
      WITH v AS (${source}),
      done AS (
        INSERT INTO ${table.sql} AS t (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM v ${guard}
        RETURNING ${returned}
      )
      SELECT v.n FROM v WHERE NOT EXISTS (SELECT FROM done WHERE ${isSame('done')})
      UNION ALL
      SELECT n FROM (SELECT v.n, row_number() OVER (PARTITION BY ${keys.map((name) => `done.${name}`).join(', ')} ORDER BY v.n) AS nth
                       FROM v JOIN done ON ${isSame('done')}) alike
       WHERE nth > 1 AND (SELECT count(*) FROM done) < (SELECT count(*) FROM v)`,
  }
}

/** Finds inserts whose key the database takes for that of a row which has another. */
export function alikeOf(table: PostgresTable): Statement {
  const columns = writable(table).filter(({ column }) => table.key.includes(column.name))
  const texts = columns.map(({ column }, i) => [
    `ROW(t.${quoteName(column.name)})::text COLLATE "C"`,
    `ROW(v.c${i}::${column.cast})::text COLLATE "C"`,
  ])
  return {
    before: [],
    after: columns.map(({ place }) => place),
    plain: null,
    text: (source) => `
      WITH v AS (${source})
      SELECT v.n FROM v JOIN ${table.rowsSql} AS t ON ${sameKey(table, columns, 't')}
       WHERE (${texts.map(([own]) => own).join(', ')}) IS DISTINCT FROM (${texts.map(([, given]) => given).join(', ')})`,
  }
}

/** Whether `row` has the key that stands in `v`, whose columns are `columns`. */
function sameKey(table: PostgresTable, columns: readonly Placed[], row: string): string {
  const same = table.key.map((name) => {
    const at = columns.findIndex(({ column }) => column.name === name)
    return `${row}.${quoteName(name)} = v.c${at}::${columns[at]!.column.cast}`
  })
  return same.join(' AND ')
}

/** As `keyedUpdate`, for rows that have just been inserted. */
export function keyedFill(table: PostgresTable, places: readonly number[]): Statement {
  const statement = keyedUpdate(table, places)
  return { ...statement, before: [], after: [...statement.before, ...statement.after] }
}

/** Deletes rows by key alone: nobody else can have changed them in this transaction. */
export function keyedDelete(table: PostgresTable): Statement {
  return deleteOf(table, keysOf(table))
}

function deleteOf(table: PostgresTable, guarded: readonly Placed[] = guards(table)): Statement {
  const where = `WHERE ${guardText(guarded, table.key.length)}`
  return {
    before: guarded.map(({ place }) => place),
    after: [],
    plain: table.isKeyLate
      ? null
      : (source) => `DELETE FROM ${table.rowsSql} AS t USING (${source}) v ${where}`,
    text: (source) => `
      WITH v AS (${source}),
      done AS (DELETE FROM ${table.rowsSql} AS t USING v ${where} RETURNING v.n)
      SELECT v.n FROM v WHERE v.n NOT IN (SELECT n FROM done)`,
  }
}

function updateOf(table: PostgresTable, first: RowChange): Statement {
  const guarded = guards(table)
  return update(table, guarded, changedPlaces(table, first))
}

/** Sets columns to expressions, in rows that are as expected. */
export function guardedUpdate(
  table: PostgresTable,
  columns: readonly { readonly name: string; readonly value: string }[],
): Statement {
  const set = columns.map(({ name, value }) => `${quoteName(name)} = ${value}`)
  return update(table, guards(table), [], set)
}

/** Sets columns to what they shall be, of rows that are ours already. */
export function keyedUpdate(table: PostgresTable, places: readonly number[]): Statement {
  return update(table, keysOf(table), places)
}

function update(
  table: PostgresTable,
  guarded: readonly Placed[],
  places: readonly number[],
  expressions: readonly string[] = [],
): Statement {
  const values = places.map((place, i) => {
    const column = table.columns[place]!
    return `${quoteName(column.name)} = v.c${guarded.length + i}::${column.cast}`
  })
  const set = [...values, ...expressions].join(', ')
  const guard = guardText(guarded, table.key.length)
  // What only the database computes needs no more than a look at the row.
  const doing = (from: string): string =>
    set === ''
      ? `SELECT v.n FROM ${table.rowsSql} t JOIN ${from} ON ${guard}`
      : `UPDATE ${table.rowsSql} AS t SET ${set} FROM ${from} WHERE ${guard}`
  return {
    before: guarded.map(({ place }) => place),
    after: places,
    plain: table.isKeyLate ? null : (source) => doing(`(${source}) v`),
    text: (source) => `
      WITH v AS (${source}),
      done AS (${doing('v')}${set === '' ? '' : ' RETURNING v.n'})
      SELECT v.n FROM v WHERE v.n NOT IN (SELECT n FROM done)`,
  }
}

interface Placed {
  readonly column: PostgresColumn
  readonly place: number
}

function writable(table: PostgresTable): Placed[] {
  return placed(table).filter(({ column }) => !column.generated)
}

function keysOf(table: PostgresTable): Placed[] {
  return table.key.map((name) => placed(table).find(({ column }) => column.name === name)!)
}

/** The key first, by which the row is found; then all that must be as it was. */
function guards(table: PostgresTable): Placed[] {
  const keys = keysOf(table)
  return [...keys, ...writable(table).filter(({ column }) => !table.key.includes(column.name))]
}

/** The key comes first: equality finds the row by its index, and it is never null. */
function guardText(guarded: readonly Placed[], keyCount: number): string {
  const conditions = guarded.flatMap(({ column }, i) => {
    const [own, given] = [`t.${quoteName(column.name)}`, `v.c${i}::${column.cast}`]
    const found = i < keyCount ? [`${own} = ${given}`] : []
    if (column.hasEquality) return i < keyCount ? found : [`${own} IS NOT DISTINCT FROM ${given}`]
    // A row's text has each value as the type writes it, and as it was read; a cast to text may have another (inet).
    return [...found, `ROW(${own})::text COLLATE "C" = ROW(${given})::text COLLATE "C"`]
  })
  return conditions.join(' AND ')
}

function placed(table: PostgresTable): Placed[] {
  return table.columns.map((column, place) => ({ column, place }))
}
