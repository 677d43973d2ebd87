// Questions in SQL to the server. They come from strangers: each is answered in a process of its own that can be ended in the
// middle of whatever it does (answer.ts is what runs there), with bounds on time, memory, files, rows and bytes, and on how
// many there are at a time (queries.ts).
import type { ErrorFacts, ErrorCode } from '../../base/errors.ts'
import type { SqliteBounds } from '../../base/platform-sqlite.ts'
import type { QueriedTable, QueryColumn } from '../../query/interface.ts'

/** 'json': rows as members of a list, without its brackets. */
export type SqlFormat = 'json' | 'csv' | 'jsonl'

/** What the process is sent. */
export interface AskedProcess {
  /** Tells answers of one process apart, and is where its files lie. */
  readonly runDir: string
  readonly storeDir: string
  readonly sql: string
  readonly revision: string
  readonly format: SqlFormat
  readonly rowsMax: number
  readonly bounds: SqliteBounds & { readonly residentBytesMax: number }
}

export interface SqlHead {
  readonly columns: readonly QueryColumn[]
  readonly tables: readonly QueriedTable[]
  readonly rowCount: number
  readonly rowsRead: number
}

/** An expected failure, as it goes from process to process. */
export interface SqlFault {
  readonly fault: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint?: string
    readonly data: ErrorFacts
  }
}
