// The three statements that write rows. Each takes many rows of text at once, `v (n, c0, c1, …)`, writes those that are
// as expected, and answers with the numbers of those that are not. Check and write are one statement: no other writer
// comes in between.
import { equalBytes } from '../../base/bytes.ts'
import type { Cell } from '../../table/interface.ts'
import type { RowChange } from '../interface.ts'
import type { PostgresColumn, PostgresTable } from './discover.ts'
import { quoteName } from './sql.ts'
import { textOfCell } from './types.ts'

export interface Statement {
  /** Width of `v` without its number. */
  readonly width: number
  /** `source` is a query that gives `v`. */
  readonly text: (source: string) => string
  /** One row of `v`. */
  readonly row: (change: RowChange) => Cell[]
}

/** For changes of the first one's kind; of updates, for those that change the same columns. */
export function statementOf(table: PostgresTable, first: RowChange): Statement {
  if (first.kind === 'insert') return insertOf(table)
  return first.kind === 'delete' ? deleteOf(table) : updateOf(table, first)
}

/** Places of columns that an update writes, as a text to group by. */
export function changedColumns({ before, after }: RowChange): string {
  if (before === null || after === null) return ''
  const places = after.flatMap((cell, i) => (isSameText(cell, before[i]!) ? [] : [i]))
  return places.join(',')
}

function isSameText(a: Cell, b: Cell): boolean {
  return (a.kind === b.kind && equalBytes(a.bytes, b.bytes)) || textOfCell(a) === textOfCell(b)
}

function insertOf(table: PostgresTable): Statement {
  const columns = writable(table)
  const names = columns.map(({ column }) => quoteName(column.name)).join(', ')
  const values = columns.map(({ column }, i) => `v.c${i}::${column.cast}`).join(', ')
  const keys = table.key.map((name) => ({
    name,
    at: columns.findIndex(({ column }) => column.name === name),
  }))
  const same = keys.map(({ name, at }) => `done.${quoteName(name)} = v.c${at}::${columns[at]!.column.cast}`)
  return {
    width: columns.length,
    row: ({ after }) => columns.map(({ place }) => after![place]!),
    text: (source) => `
      WITH v AS (${source}),
      done AS (
        INSERT INTO ${table.sql} AS t (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM v
        ON CONFLICT (${table.key.map(quoteName).join(', ')}) DO NOTHING
        RETURNING ${keys.map(({ name }) => `t.${quoteName(name)}`).join(', ')}
      )
      SELECT v.n FROM v WHERE NOT EXISTS (SELECT FROM done WHERE ${same.join(' AND ')})`,
  }
}

function deleteOf(table: PostgresTable): Statement {
  const guarded = guards(table)
  return {
    width: guarded.length,
    row: ({ before }) => guarded.map(({ place }) => before![place]!),
    text: (source) => `
      WITH v AS (${source}),
      done AS (DELETE FROM ${table.sql} AS t USING v WHERE ${guardText(guarded)} RETURNING v.n)
      SELECT v.n FROM v WHERE v.n NOT IN (SELECT n FROM done)`,
  }
}

function updateOf(table: PostgresTable, first: RowChange): Statement {
  const guarded = guards(table)
  return update(table, guarded, changedColumns(first).split(',').map(Number))
}

/** Sets columns to expressions, of rows that are as expected. */
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
  return {
    width: guarded.length + places.length,
    row: ({ before, after }) => [
      ...guarded.map(({ place }) => before![place]!),
      ...places.map((place) => after![place]!),
    ],
    text: (source) => `
      WITH v AS (${source}),
      done AS (UPDATE ${table.sql} AS t SET ${set} FROM v WHERE ${guardText(guarded)} RETURNING v.n)
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

function guardText(guarded: readonly Placed[]): string {
  return (
    guarded
      .map(({ column }, i) =>
        column.hasEquality
          ? `t.${quoteName(column.name)} IS NOT DISTINCT FROM v.c${i}::${column.cast}`
          : `t.${quoteName(column.name)}::text IS NOT DISTINCT FROM v.c${i}`,
      )
      .join(' AND ')
      // Equality finds the row by its index; a key is never null.
      .replace(/IS NOT DISTINCT FROM/, '=')
  )
}

function placed(table: PostgresTable): Placed[] {
  return table.columns.map((column, place) => ({ column, place }))
}
