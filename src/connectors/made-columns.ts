// How a link's transform makes a table's columns, and which rows it takes, for rows that were read before it was as it is
// now.
import type { Cell, ColumnType } from '../table/interface.ts'

/** In which way a table was made: texts that differ where the ways do. */
export interface TableWays {
  /** By column: of which it is made, and how; those that are not in it are as the endpoint has them. */
  readonly columns: ReadonlyMap<string, string>
  /** What a row must be like to be taken; null: all are. */
  readonly filter: string | null
}

export interface KnownColumn {
  readonly name: string
  readonly type: ColumnType
}

/** A question to rows that were taken without it. */
export interface AskedColumns {
  /** Those of the rows' columns that it needs. */
  readonly columns: readonly KnownColumn[]
  /** Given their cells: whether each row is taken. */
  taken(rows: readonly (readonly Cell[])[]): boolean[]
}

export interface MadeColumns {
  readonly ways: TableWays
  /**
   * Makes cells as they are made now of those that were made as `before` says; what cannot be told is empty. null: both
   * are the same.
   */
  remaking(column: string, before: TableWays): ((cell: Cell) => Cell) | null
  /** What to ask rows of these columns that were made as `before` says; null: nothing. */
  asking(columns: readonly KnownColumn[], before: TableWays): AskedColumns | null
}
