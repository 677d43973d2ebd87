// How the fields of a row lie in a table: plain data, so that threads can be told. COPY is asked for them in the order in
// which a row keeps them, so that each is written where it belongs as it is read.
import type { ColumnType } from '../../../table/interface.ts'
import type { RowShape } from '../../../table/rows.ts'
import type { PostgresTable } from '../discover.ts'

/** How a field's text becomes a cell. Numbers, since texts from another thread are slow to compare. */
export const fieldKind = { text: 0, int: 1, decimal: 2, bool: 3, timestamp: 4, bytes: 5, json: 6 } as const

export interface CopyPlan {
  readonly keys: readonly ColumnType[]
  /** By `fieldKind`. */
  readonly values: readonly number[]
}

const kindOf: Readonly<Record<ColumnType, keyof typeof fieldKind>> = {
  text: 'text',
  date: 'text',
  int: 'int',
  decimal: 'decimal',
  float: 'decimal',
  bool: 'bool',
  timestamp: 'timestamp',
  bytes: 'bytes',
  json: 'json',
}

export type CopyColumn = PostgresTable['columns'][number]

/** The key's, then all others in the order in which a row keeps them. */
export function copyColumns({ columns }: PostgresTable, { keys, values }: RowShape): CopyColumn[] {
  return [...keys, ...values].map(({ name }) => columns.find((column) => column.name === name)!)
}

export function copyPlan(table: PostgresTable, shape: RowShape): CopyPlan {
  const types = copyColumns(table, shape).map(({ type }) => type)
  return {
    keys: types.slice(0, shape.keys.length),
    values: types.slice(shape.keys.length).map((type) => fieldKind[kindOf[type]]),
  }
}
