// Unique values on the way from one row to another. PostgreSQL checks them with each row, so two rows cannot exchange
// theirs in one statement: first each gets a value that nobody has, then the one it shall have. Which columns that is
// about, and what nobody has, depends on the table's unique indexes and on the columns' types.
import type { Client } from 'pg'
import type { RowChange } from '../../interface.ts'
import { type ParkingMethod, parkingSpanMax, parkingMethods } from '../../parking-methods.ts'
import type { PostgresTable } from '../discover.ts'
import { quoteName } from '../sql.ts'
import { type Statement, changedPlaces, guardedUpdate, keyedUpdate } from './statements.ts'

/** One way to park: of each unique index, the columns that could be set, with what. */
export interface Parking {
  readonly indexes: readonly {
    readonly columns: readonly string[]
    readonly parkable: readonly ParkedColumn[]
  }[]
}

interface ParkedColumn {
  readonly name: string
  /** An expression of the row's number `v.n`. */
  readonly value: string
}

interface ColumnRow {
  index: string
  column: string
  type: string
  category: string
  length: number
  is_nullable: boolean
  /** Refers to another table, or is referred to. */
  refers: boolean
  is_referred: boolean
}

const query = `
  SELECT i.indexrelid::text AS index, a.attname AS column, t.typname AS type, t.typcategory::text AS category,
         CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 32 END AS length,
         NOT a.attnotnull AND coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') = 'false' AS is_nullable,
         EXISTS (SELECT FROM pg_constraint k
                  WHERE k.contype = 'f' AND k.conrelid = i.indrelid AND a.attnum = ANY (k.conkey)) AS refers,
         EXISTS (SELECT FROM pg_constraint k
                  WHERE k.contype = 'f' AND k.confrelid = i.indrelid AND a.attnum = ANY (k.confkey)) AS is_referred
    FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0 AND a.attgenerated = ''
    JOIN pg_type b ON b.oid = a.atttypid
    JOIN pg_type t ON t.oid = CASE WHEN b.typtype = 'd' THEN b.typbasetype ELSE b.oid END
   WHERE i.indrelid = $1::regclass AND i.indisunique AND NOT i.indisprimary
     AND (a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
          OR EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
   ORDER BY 1, is_nullable DESC, a.attnum`

const spans: Readonly<Record<string, number>> = { int2: 10_000, date: 500_000 }

/** Ways to try one after the other: one may run against a check, or off the end of a type. */
export async function parkings(client: Client, table: PostgresTable): Promise<readonly Parking[]> {
  const { rows } = await client.query<ColumnRow>(query, [table.sql])
  const indexes = [...new Set(rows.map(({ index }) => index))].map((index) =>
    rows.filter((row) => row.index === index),
  )
  return parkingMethods.map((way) => ({
    indexes: indexes.map((columns) => ({
      columns: columns.map(({ column }) => column),
      parkable: columns.flatMap((row) => {
        const value = isSettable(table, row) ? valueOf(table, row, way) : null
        return value === null ? [] : [{ name: row.column, value }]
      }),
    })),
  }))
}

function isSettable({ key, columns }: PostgresTable, { column }: ColumnRow): boolean {
  return !key.includes(column) && columns.some(({ name, mayUpdate }) => name === column && mayUpdate)
}

function valueOf(
  table: PostgresTable,
  row: ColumnRow,
  { toNull, end, sign, isFar }: ParkingMethod,
): string | null {
  const { column, type, category, length } = row
  if (row.is_referred) return null
  if (row.is_nullable && toNull) return 'NULL'
  if (row.refers) return null
  const edge = `(SELECT ${end}(e.${quoteName(column)}) FROM ${table.sql} e)`
  const steps = isFar ? `(v.n + ${Math.floor(Math.random() * (spans[type] ?? parkingSpanMax))})` : 'v.n'
  const random = `md5(random()::text || v.n)`
  if (type === 'uuid') return `${random}::uuid`
  if (type === 'bytea') return `decode(${random}, 'hex')`
  if (type === 'date') return `${edge} ${sign} ${steps}::int`
  if (type.startsWith('timestamp')) return `${edge} ${sign} ${steps} * interval '1 second'`
  if (category === 'N') return `${edge} ${sign} ${steps}`
  if (category === 'S') return `left(${random}, ${length})`
  return null
}

/** Null where this way has nothing to set in an index whose columns change. */
export function parkStatement(table: PostgresTable, first: RowChange, parking: Parking): Statement | null {
  const columns = parkedColumns(table, first, parking)
  return columns === null ? null : guardedUpdate(table, columns)
}

export function unparkStatement(table: PostgresTable, first: RowChange, parking: Parking): Statement {
  const parked = parkedColumns(table, first, parking)!.map(({ name }) => name)
  const names = new Set([...changedNames(table, first), ...parked])
  return keyedUpdate(
    table,
    table.columns.flatMap(({ name }, place) => (names.has(name) ? [place] : [])),
  )
}

function parkedColumns(table: PostgresTable, first: RowChange, parking: Parking): ParkedColumn[] | null {
  const changed = changedNames(table, first)
  const parked = new Map<string, ParkedColumn>()
  for (const { columns, parkable } of parking.indexes) {
    if (!columns.some((name) => changed.has(name))) continue
    const column = parkable.find(({ name }) => changed.has(name)) ?? parkable[0]
    if (column !== undefined) parked.set(column.name, column)
  }
  return parked.size === 0 ? null : [...parked.values()]
}

function changedNames(table: PostgresTable, first: RowChange): Set<string> {
  return new Set(changedPlaces(table, first).map((place) => table.columns[place]!.name))
}
