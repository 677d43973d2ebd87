// Rows that are new by a column that grows: what is asked of a connector, and what it answers.
import type { CursorLag } from '../dataset/interface.ts'
import type { Cell } from '../table/interface.ts'

export interface RowCursor {
  readonly column: string
  readonly lag: CursorLag
  /** `largest` of an earlier snapshot; null: all rows. */
  readonly from: string | null
}

export interface RowsSince {
  /** The largest value in the column, as the system writes it; null where there is none. Known once the rows are read. */
  largest(): string | null
  /** Whether an index is used. */
  readonly isIndexed: boolean
  /** The rows, as `rows` of the snapshot gives them. */
  rows(): AsyncIterable<readonly (readonly Cell[])[]>
  /** Whether one of these rows, as it was given, says that it is gone: then its key alone is its. Absent: none does. */
  isGone?(row: readonly Cell[]): boolean
}
