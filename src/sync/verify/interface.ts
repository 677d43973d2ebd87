// Whether an endpoint holds what a commit says, table by table.
import type { Path } from '../../files/interface.ts'
import type { HeldBack, TableState } from '../interface.ts'

export interface VerifyOptions {
  /** A revision; default: the link's branch. */
  readonly against?: string | undefined
  /** Only these tables of the link. */
  readonly tables?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?:
    | ((progress: { phase: string; done: number; total: number; unit: 'rows' | 'bytes' }) => void)
    | undefined
}

export interface LinkVerification {
  readonly link: string
  /** The commit that the endpoint was compared with. */
  readonly commit: string
  readonly matches: boolean
  readonly tables: readonly TableVerification[]
}

export interface TableVerification {
  readonly table: string
  readonly path: Path
  readonly matches: boolean
  /** Why the table cannot be read now: then nothing is known of it, and it does not match. */
  readonly unread?: string
  /** As it was read now; null: it could not be. */
  readonly endpoint: TableState | null
  /** null: the commit has no such table. */
  readonly commit: TableState | null
  readonly counts: { readonly missing: number; readonly extra: number; readonly changed: number }
  /** Rows with the same values, some of which the endpoint spells otherwise: 3 as 3.00. They match. */
  readonly respelled: number
  /** Rows of the endpoint that cannot be kept: the commit cannot hold them, so they are not compared. */
  readonly tooLarge: number
  /** Columns that one of the two sides lacks. What is in them is not compared. */
  readonly columnsOnlyThere: readonly string[]
  readonly columnsOnlyHere: readonly string[]
  readonly ranges: readonly DifferingRange[]
  readonly rows: readonly DifferingRow[]
  /** There are more ranges and rows that differ than are listed. */
  readonly isCut: boolean
}

/** A leaf of the commit's tree of rows whose checksum is another. */
export interface DifferingRange {
  /** The keys of its first and last row, for people. */
  readonly from: string
  readonly to: string
  readonly rows: number
  readonly differing: number
}

export interface DifferingRow {
  /** Of one that is too long, a digest. */
  readonly key: string
  /** 'missing' and 'extra' say what the endpoint's row is, compared with the commit; 'too-large': it cannot be kept. */
  readonly kind: 'missing' | 'extra' | 'changed' | 'too-large'
  /** Those that differ, or are too large; empty for 'missing' and 'extra'. */
  readonly columns: readonly string[]
  /** Why the last round held it back; null: it did not. */
  readonly heldBack: HeldBack['reason'] | null
}
