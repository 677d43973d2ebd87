// Links keep tables of a dataset in step with a live system. A live table is treated as a remote: capture is fetch, apply
// is push, and a two-way round is a three-way merge of the branch and the endpoint over the state that both had last. So
// no update is lost, every state stays in the history, and a clash is a conflict that can be looked at and resolved.
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
  /** What had changed in the endpoint since it was last read. */
  readonly captured: RowCounts
  /** The cursor column by which new rows were found; deleted rows are not found that way. */
  readonly cursor?: string
}

export interface TableReceipt extends CapturedTable {
  /** What was written to it (or would be, in a dry run). */
  readonly written: RowCounts
  /** Rows held back because both sides, or another writer, changed them. */
  readonly conflicted: number
  /** Rows held back because the endpoint rejects them. */
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
  /** The same as the endpoint spells it, where it does so otherwise: 1.50 for 1.5. */
  readonly keyHexThere?: string
  /** 'schema' and 'guard' are about the whole table. */
  readonly reason: 'conflict' | 'changed' | 'rejected' | 'schema' | 'guard'
  readonly message: string
  /**
   * For a row 'rejected' on the way in: the endpoint's row cannot be kept here, and both sides keep what they have.
   */
  readonly tooLarge?: TooLarge
  /** All that the branch changed in the table waits: the endpoint refuses too many of its rows, or takes no writes. */
  readonly isTable?: true
  /** Nothing can be written to the endpoint now, to whatever table. Each round asks again. */
  readonly isEndpoint?: true
  /** The user lacks a right: what he might write in the table then, as the endpoint says it. */
  readonly rights?: string
  /** For a whole table: the two sides changed its schema in ways that exclude each other. */
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

/** A held-back row with the versions of each side; null: no row. Computed on demand: the versions are read where they are stored. */
export interface HeldRow extends HeldBack {
  readonly keyColumns?: readonly string[]
  /** As both sides last had it. */
  readonly base?: Row | null
  readonly branch?: Row | null
  /** As it was last read. */
  readonly endpoint?: Row | null
}

/** What one round did. The last receipt is kept whole; of rounds that did something, all but the messages stay for ever. */
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
  /** The commit that holds the changes that guards have stopped; null: they stopped nothing. */
  readonly pending: string | null
  /** What the round noticed and the reader should know. */
  readonly notes: readonly string[]
  /** The base that the endpoint then names (hex); null: none. Absent where the round has stopped, and of sinks. */
  readonly told?: string | null
}

/** What has happened since the last round ended. */
export interface SinceSync {
  /** A later round began to write and did not finish. */
  readonly isCut: boolean
  /** Paths of tables that have changed on the branch, where the link writes to the endpoint. */
  readonly changed: readonly string[]
}

/** A row that was held back. Receipts of earlier versions do not have `path` and `keyHex`. */
export interface LoggedRow
  extends Pick<HeldBack, 'table' | 'key' | 'reason'>, Partial<Pick<HeldBack, 'path' | 'keyHex'>> {}

/** A receipt in a link's log, which has an entry for each round that did something or ended differently from the last. */
export interface LoggedReceipt extends Omit<Receipt, 'heldBack'> {
  /** Of the log's entry. */
  readonly id: string
  /** The first hundred, without the endpoint's messages, which may quote values that are not to leave it. */
  readonly heldBack: readonly LoggedRow[]
  readonly heldBackCount: number
}

/** Changes by path and row; readable only while the function that receives the plan runs. */
export interface SyncPlan {
  /** What would come into the branch. */
  readonly incoming: AsyncIterable<PathDiff>
  /** What would be written to the endpoint, or sent to the sink. */
  readonly outgoing: AsyncIterable<PathDiff>
}

export interface SyncOptions {
  /** Reads both sides and reports what would be done, without changing anything. */
  readonly dryRun?: boolean | undefined
  /** Guards that do not stop this round. */
  readonly allow?: readonly SyncGuard[] | undefined
  /** The pending commit (hex) to let through, and nothing beyond it. */
  readonly approve?: string | undefined
  /** Tries rejected rows again although neither side has changed since. */
  readonly retry?: boolean | undefined
  /** In a dry run: gets what would change on either side. */
  readonly onPlan?: ((plan: SyncPlan) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?:
    | ((progress: { phase: string; done: number; total: number; unit: 'rows' | 'bytes' }) => void)
    | undefined
}

/**
 * 'deletes': many rows disappear, or a table is empty. 'identity': it is another database than before. 'restored': it has
 * gone back to an earlier state. 'schema': a table's columns changed by more than a new nullable column.
 */
export type SyncGuard = 'deletes' | 'identity' | 'restored' | 'schema'
