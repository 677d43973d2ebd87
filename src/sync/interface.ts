// Links keep tables of a dataset in step with a live system. A live table is a remote: to capture is to fetch, to write
// is to push, and to do both is a three-way merge of the branch and the endpoint over what both had last. So no update
// is lost, every state stays in the history, and a clash is a conflict that one can look at.
import type { LinkMode, LinkSetting } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import type { PathDiff } from '../repo/diff/diff.ts'
import type { Row } from '../table/interface.ts'

/** As varve.yaml declares it. */
export interface Link extends LinkSetting {
  readonly name: string
}

export interface RowCounts {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/** Whether each transaction of the endpoint becomes a commit, as far as its log tells them. */
export function keepsTransactions({ commits, mode }: Link): boolean {
  return commits === 'each' && (mode === 'capture' || mode === 'two-way')
}

/** What was read of a table. */
export interface CapturedTable {
  readonly table: string
  readonly path: Path
  /** Rows in the endpoint when it was read. */
  readonly read: number
  /** What the endpoint had changed since it was read before. */
  readonly captured: RowCounts
  /** The column by which new rows were found: rows that are gone were not. */
  readonly cursor?: string
}

export interface TableReceipt extends CapturedTable {
  /** What was written to it (or would be, in a dry run). */
  readonly written: RowCounts
  /** Rows held back because both sides, or another writer, changed them. */
  readonly conflicted: number
  /** Rows held back because the endpoint refuses them. */
  readonly rejected: number
  /** Both sides as they are after the round; null where a side has no such table. */
  readonly after: { readonly endpoint: TableState | null; readonly branch: TableState | null }
}

/** What a table holds. The checksum is the SHA-256 of its tree of rows: equal if, and only if, the rows are. */
export interface TableState {
  readonly rows: number
  readonly checksum: string
}

/** A row that was left as it is on both sides, and why. */
export interface HeldBack {
  readonly table: string
  readonly path: Path
  /** For people: 'Paris, 75'. */
  readonly key: string
  /** The key, encoded, in hex. */
  readonly keyHex: string
  /** 'schema' and 'guard' are about the whole table. */
  readonly reason: 'conflict' | 'changed' | 'rejected' | 'schema' | 'guard'
  readonly message: string
  /**
   * For a row 'rejected' on the way in: the endpoint's row cannot be kept here, and both sides keep what they have.
   */
  readonly tooLarge?: TooLarge
  /** For a whole table: what the two sides have made of it excludes each other. */
  readonly isClash?: true
}

/** What a table cannot hold: values, the key (then 'keyHex' is empty and 'key' a digest), or a row as a whole. */
export interface TooLarge {
  /** Whose values are too large; empty for a key, and for a row as a whole. */
  readonly columns: readonly string[]
  /** How large the largest value is, or the key, or the row without its large values. */
  readonly bytes: number
  readonly bytesMax: number
}

/** A row that was held back, with what each side has of it; null: no row. Only told, not kept: the sides are where they were read. */
export interface HeldRow extends HeldBack {
  readonly keyColumns?: readonly string[]
  /** As both sides last had it. */
  readonly base?: Row | null
  readonly branch?: Row | null
  /** As it was last read. */
  readonly endpoint?: Row | null
}

/** What one round did: the last one is kept whole; of those that did something, all but the messages stay for ever. */
export interface Receipt {
  readonly link: string
  readonly mode: LinkMode
  readonly dryRun: boolean
  readonly startedMs: number
  readonly finishedMs: number
  readonly tables: readonly TableReceipt[]
  readonly heldBack: readonly HeldBack[]
  /** Of the branch after the round; null when it has no commits. */
  readonly commit: string | null
  /** The commit that keeps what guards have stopped; null: they stopped nothing. */
  readonly pending: string | null
  /** What the round noticed and the reader should know. */
  readonly notes: readonly string[]
}

/** What has come about since a round ended. */
export interface SinceSync {
  /** A round after it began to write and did not come to its end. */
  readonly isCut: boolean
  /** Paths of tables that the branch has changed, where the endpoint is to have that. */
  readonly changed: readonly string[]
}

/** A receipt in the log of a link: an entry for each round that did something, or came to another end than the last. */
export interface LoggedReceipt extends Omit<Receipt, 'heldBack'> {
  /** Of the log's entry. */
  readonly id: string
  /** Without the endpoint's own words, which may quote what is not to leave; the first hundred. */
  readonly heldBack: readonly Pick<HeldBack, 'table' | 'key' | 'reason'>[]
  readonly heldBackCount: number
}

/** By path and row; to be read while the function runs that gets it. */
export interface SyncPlan {
  /** What would come into the branch. */
  readonly incoming: AsyncIterable<PathDiff>
  /** What would be written to the endpoint, or told it. */
  readonly outgoing: AsyncIterable<PathDiff>
}

export interface SyncOptions {
  /** Reads both sides, says what would be done, and changes nothing. */
  readonly dryRun?: boolean | undefined
  /** Lets a round through that a guard would stop. */
  readonly allow?: readonly SyncGuard[] | undefined
  /** A pending commit (hex) to let through, and nothing beyond it. */
  readonly approve?: string | undefined
  /** Tries rows again that the endpoint has refused, though neither side has changed since. */
  readonly retry?: boolean | undefined
  /** In a dry run: gets what would change on either side. */
  readonly onPlan?: ((plan: SyncPlan) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?:
    | ((progress: { phase: string; done: number; total: number; unit: 'rows' }) => void)
    | undefined
}

/**
 * 'deletes': many rows vanish, or a table is empty. 'identity': it is another database than before. 'restored': it has
 * gone back to an earlier state. 'schema': a table has changed its shape by more than a new column that may be empty.
 */
export type SyncGuard = 'deletes' | 'identity' | 'restored' | 'schema'
