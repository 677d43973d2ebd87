// The three statements that write rows. Each takes many rows at once as arrays of text, writes those that are as
// expected, and answers with the places of those that are not. Check and write are one statement: no other writer
// comes in between.
import type { RowChange } from '../interface.ts'
import type { PostgresColumn, PostgresTable } from './discover.ts'
import { quoteName } from './sql.ts'
import { textOfCell } from './types.ts'

export interface Statement {
  readonly text: string
  readonly values: readonly (readonly (string | null)[])[]
}

/** All changes are of one kind; updates change the same columns. */
export function statementOf(table: PostgresTable, changes: readonly RowChange[]): Statement {
  const { kind } = changes[0]!
  if (kind === 'insert') return insertOf(table, changes)
  return kind === 'delete' ? deleteOf(table, changes) : updateOf(table, changes)
}

/** Places of columns that an update writes, as a text to group by. */
export function changedColumns({ before, after }: RowChange): string {
  if (before === null || after === null) return ''
  const places = after.flatMap((cell, i) => (textOfCell(cell) === textOfCell(before[i]!) ? [] : [i]))
  return places.join(',')
}

function insertOf(table: PostgresTable, changes: readonly RowChange[]): Statement {
  const columns = writable(table)
  const keys = keysOf(table)
  const names = columns.map(({ column }) => quoteName(column.name)).join(', ')
  const conflict = table.key.map(quoteName).join(', ')
  const text = `
    WITH v AS (${input(columns.length)}),
    done AS (
      INSERT INTO ${table.sql} AS t (${names}) OVERRIDING SYSTEM VALUE
      SELECT ${columns.map(({ column }, i) => `v.c${i}::${column.cast}`).join(', ')} FROM v
      ON CONFLICT (${conflict}) DO NOTHING RETURNING ${table.key.map((name) => `t.${quoteName(name)}`).join(', ')}
    )
    SELECT v.n FROM v WHERE NOT EXISTS (
      SELECT FROM done WHERE ${keys.map(({ column }) => `done.${quoteName(column.name)} = v.c${columns.findIndex((one) => one.column === column)}::${column.cast}`).join(' AND ')}
    )`
  return { text, values: columns.map(({ place }) => changes.map(({ after }) => textOfCell(after![place]!))) }
}

function deleteOf(table: PostgresTable, changes: readonly RowChange[]): Statement {
  const guarded = guards(table)
  const text = `
    WITH v AS (${input(guarded.length)}),
    done AS (DELETE FROM ${table.sql} AS t USING v WHERE ${guardText(guarded)} RETURNING v.n)
    SELECT v.n FROM v WHERE v.n NOT IN (SELECT n FROM done)`
  return {
    text,
    values: guarded.map(({ place }) => changes.map(({ before }) => textOfCell(before![place]!))),
  }
}

function updateOf(table: PostgresTable, changes: readonly RowChange[]): Statement {
  const guarded = guards(table)
  const places = changedColumns(changes[0]!).split(',').map(Number)
  const set = places.map((place, i) => {
    const column = table.columns[place]!
    return `${quoteName(column.name)} = v.c${guarded.length + i}::${column.cast}`
  })
  const text = `
    WITH v AS (${input(guarded.length + places.length)}),
    done AS (UPDATE ${table.sql} AS t SET ${set.join(', ')} FROM v WHERE ${guardText(guarded)} RETURNING v.n)
    SELECT v.n FROM v WHERE v.n NOT IN (SELECT n FROM done)`
  return {
    text,
    values: [
      ...guarded.map(({ place }) => changes.map(({ before }) => textOfCell(before![place]!))),
      ...places.map((place) => changes.map(({ after }) => textOfCell(after![place]!))),
    ],
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

function input(count: number): string {
  const arrays = Array.from({ length: count }, (_, i) => `$${i + 1}::text[]`).join(', ')
  const names = Array.from({ length: count }, (_, i) => `c${i}`).join(', ')
  return `SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS u(${names}, n)`
}
