// How the fields of a row that COPY sends lie in a table: plain data, so that threads can be told.
import type { ColumnType } from '../../table/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import type { PostgresTable } from './discover.ts'

export interface CopyPlan {
  /** By field, in the order in which they come. */
  readonly types: readonly ColumnType[]
  /** Fields of the key, in its order. */
  readonly keys: readonly number[]
  /** All other fields, in the order in which a row keeps them. */
  readonly values: readonly number[]
}

export function copyPlan({ columns }: PostgresTable, { keys, values }: RowShape): CopyPlan {
  const fieldOf = ({ name }: { readonly name: string }): number =>
    columns.findIndex((column) => column.name === name)
  return {
    types: columns.map(({ type }) => type),
    keys: keys.map(fieldOf),
    values: values.map(fieldOf),
  }
}
