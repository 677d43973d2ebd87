// That only some of what has changed in a file is meant.
import type { LineHunk } from '../interface.ts'
import type { RowSelector } from '../row-history.ts'

/** Some of the changes of the one path that is named. */
export interface ChosenOptions {
  /** Of a table: only these rows. */
  readonly rows?: readonly RowSelector[]
  /** Only this cell of each. */
  readonly column?: string
  /** Of a text: only these hunks, as `diff` gives them of the same two versions. */
  readonly hunks?: readonly LineHunk[]
}

export function isChosen({ rows, column, hunks }: ChosenOptions): boolean {
  return rows !== undefined || column !== undefined || hunks !== undefined
}
