// Questions in SQL about tables as they are in a commit, or in several at once. What is asked changes nothing.
import type { Path } from '../files/interface.ts'
import type { FolderProgress } from '../repo/interface.ts'
import type { ColumnType, Row } from '../table/interface.ts'

/** What a query is about. */
export interface QueryOptions {
  /** The revision that names without one mean; default: HEAD. */
  readonly revision?: string | undefined
  /** Such names mean tables as 'commit -a' would keep them now; there is then no `revision`. */
  readonly worktree?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Told of tables while they are read. */
  readonly onProgress?: ((progress: FolderProgress) => void) | undefined
}

/** A table that a query names. */
export interface QueriedTable {
  /** As the query says it: 'people', or 'people@v1' for the table as it was in v1. */
  readonly name: string
  readonly path: Path
  /** In hex; null: as its file is now. */
  readonly commit: string | null
}

/** A column of the answer. */
export interface QueryColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Close it when you are done: what was read is then kept for the next query. */
export interface QueryResult extends AsyncDisposable {
  readonly columns: readonly QueryColumn[]
  /** How many rows the answer has. */
  readonly rowCount: number
  /** The tables that were asked. */
  readonly tables: readonly QueriedTable[]
  /** Rows of tables that were read, because they changed or were not known here. */
  readonly rowsRead: number
  /** The rows in batches, in the order of the query. */
  rows(): AsyncGenerator<readonly Row[]>
  /** The rows as text in a format for other programs. */
  export(format: 'csv' | 'tsv' | 'jsonl'): AsyncGenerator<Uint8Array>
  /** `await using` calls it. */
  close(): Promise<void>
}
