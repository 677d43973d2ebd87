// What a system says of the rows that were written since an earlier snapshot.
import type { Cell } from '../table/interface.ts'

export interface Written {
  /** This snapshot's mark for a later one, once the rows are read. `rows`: how many; null: unknown, and so never the same. */
  mark(rows: number | null): string
  /** null: the earlier snapshot is not known any more, and all rows have to be read. */
  readonly since: WrittenSince | null
}

export interface WrittenSince {
  /** Nothing has changed since the earlier snapshot. */
  readonly isSame: boolean
  /** How many rows of the earlier snapshot are unchanged. The others were written since, or deleted. */
  readonly kept: number
  /** How many rows were inserted or updated since. */
  readonly written: number
  /** Those rows, as `EndpointSnapshot.rows` gives them. */
  rows(): AsyncIterable<readonly (readonly Cell[])[]>
}
