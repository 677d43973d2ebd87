// How a link's transform makes a table's columns, for rows that were read before it was as it is now.
import type { Cell } from '../table/interface.ts'

export interface MadeColumns {
  /** By column: of which it is made, and how. */
  readonly ways: ReadonlyMap<string, string>
  /**
   * Makes cells as they are made now of those that were made as `before` says; what cannot be told is empty. null: both
   * are the same.
   */
  remaking(column: string, before: ReadonlyMap<string, string>): ((cell: Cell) => Cell) | null
}
