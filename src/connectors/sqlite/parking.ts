// Values that nobody has, for columns that must be unique, on the way from one row to another: SQLite checks each row as
// it is written. NULL is unique as often as one likes; else a number beyond the others, or random text or bytes.
import { type ParkingMethod, parkingSpanMax, parkingMethods } from '../parking-methods.ts'
import type { SqliteDatabase } from './database.ts'
import { type SqliteColumn, type SqliteTable, quoteName } from './discover.ts'

/** Expressions by column. */
export type Parking = ReadonlyMap<string, string>

export function parkings(database: SqliteDatabase, table: SqliteTable): readonly Parking[] {
  const unique = uniqueColumns(database, table)
  return parkingMethods.map(
    (way) => new Map(unique.map((column) => [column.name, valueOf(table, column, way)])),
  )
}

function valueOf(
  table: SqliteTable,
  column: SqliteColumn,
  { toNull, end, sign, isFar }: ParkingMethod,
): string {
  if (toNull && column.mayBeNull) return 'NULL'
  const step = 1 + (isFar ? Math.floor(Math.random() * parkingSpanMax) : 0)
  const beyond = `(SELECT ${end}(e.${quoteName(column.name)}) ${sign} ${step} FROM main.${quoteName(table.name)} AS e)`
  switch (column.affinity) {
    case 'integer':
    case 'real':
    case 'numeric':
      return beyond
    case 'text':
      return 'hex(randomblob(16))'
    case 'blob':
      return 'randomblob(16)'
  }
}

/** Columns of all unique indexes but the key's; where an index is over an expression, every column may be in it. */
function uniqueColumns(database: SqliteDatabase, table: SqliteTable): readonly SqliteColumn[] {
  const rows = database.all(
    `SELECT i.cid, i.name FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS i
      WHERE l."unique" AND l.origin <> 'pk' AND i."key"`,
    [table.name],
  ) as [place: bigint, name: string | null][]
  const isAny = rows.some(([place]) => place === -2n)
  return table.columns.filter(
    ({ name, generated }) =>
      !generated && !table.key.includes(name) && (isAny || rows.some(([, one]) => one === name)),
  )
}
