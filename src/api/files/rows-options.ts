// That only some rows of a table are meant.
import type { RowSelector } from '../row-history.ts'

/** Of one table: whole rows, or one cell of each. */
export interface RowsOptions {
  /** Only these rows of the one table that is named. */
  readonly rows?: readonly RowSelector[]
  /** Only this cell of each. */
  readonly column?: string
}

export function namesRows({ rows, column }: RowsOptions): boolean {
  return rows !== undefined || column !== undefined
}
