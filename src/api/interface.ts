// The shapes that the public API takes and gives. Results are plain data: the command line prints them with --json
// as they are (bigint and bytes as strings), so these types are also the JSON's documentation.
import type { OnWait } from '../base/telling-wait.ts'
import type { ConnectorKind } from '../connectors/interface.ts'
import type { SinkKind } from '../connectors/sink.ts'
import type { DocumentValues } from '../documents/diff-values.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { Signature, Person } from '../history/interface.ts'
import type { PathState } from '../repo/interface.ts'
import type { SignatureCheck, SigningSettings } from '../signing/interface.ts'
import type { Operation } from '../store/interface.ts'
import type { BisectInfo } from './bisect.ts'
import type { CellChange, ColumnType, Row, Value } from '../table/interface.ts'
import type { PathChange, StatusOptions as WorktreeStatusOptions } from '../worktree/interface.ts'
import type { ChangedEntry } from './changed-entries.ts'

export type { ResetMode } from './switch.ts'
export type * from './merge-interface.ts'
export type * from './remotes/remote-interface.ts'
export type * from './git-interface.ts'
export type * from './log-interface.ts'
export type * from './ref-interface.ts'
export type { DescribeOptions, Description, MergeBaseOptions, RevisionInfo } from './revisions.ts'
export type {
  ConflictInfo,
  ConflictOptions,
  ConflictSelection,
  RekeyResult,
  ResolveOptions,
} from './conflicts/conflict-interface.ts'

export interface OpenOptions {
  /** The author of new commits, which takes precedence over user.name and user.email of the repository's settings. */
  readonly author?: Partial<Person>
  /** What counts where neither says it. */
  readonly defaultAuthor?: Partial<Person>
  /** With which keys commits and tags are signed, and whose signatures are good. Without it nothing is signed unasked. */
  readonly signing?: SigningSettings
  /** Replaces the clock, for reproducible commits. */
  readonly now?: () => { timeMs: number; zoneMinutes: number }
  /**
   * Where remotes look for credentials and settings: variables such as AWS_PROFILE, VARVE_TOKEN or HOME.
   * None are read when it is absent.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /**
   * Kinds of endpoints of your own that links can name. They take precedence over the built-in ones. See
   * docs/CONNECTORS.md.
   */
  readonly connectors?: readonly ConnectorKind[]
  /** Kinds of sinks of your own, as `connectors`. */
  readonly sinks?: readonly SinkKind[]
  /** Called with what went wrong without stopping anything, such as a copy of a remote that could not be reached. */
  readonly onWarning?: (message: string) => void
  /** Called when the endpoint of a link has not answered for two seconds. */
  readonly onWait?: OnWait
  /** Called when small packs are about to be joined, which happens by itself now and then (setting `gc.auto`). */
  readonly onUpkeep?: (message: string) => void
  /**
   * Called with each operation that has moved branches, the index or settings of this repository, as soon as it is
   * durable. Something that fails or is stopped afterwards does not take it back.
   */
  readonly onMoved?: (operation: Operation) => void
}

/** What every long operation takes. */
export interface OperationOptions {
  /** Stops the operation: it fails with VARVE_ABORTED, and leaves nothing half-done. */
  readonly signal?: AbortSignal | undefined
  /** Called now and then with how far the work is. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** How far a long operation is. */
export interface Progress {
  /** What is going on: 'adding files', 'pushing', 'checking out', … */
  readonly phase: string
  readonly done: number
  /** 0 when it is not known. */
  readonly total: number
  readonly unit: 'bytes' | 'files' | 'objects' | 'rows' | 'commits'
  /** In transfers: how many bytes were transferred so far, packed. `total` grows while more is found. */
  readonly bytes?: number
  /** In a push to several places, which run side by side: the URL of the place that this is about. */
  readonly place?: string
}

export interface CommitInfo {
  /** 64 hex digits. People may type the first few. */
  readonly id: string
  /** The name that IPLD tools use: a CID in base32. */
  readonly cid: string
  /** The id of its dataset. Commits with the same id have the same files and tables. */
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
  /** Branches, tags and remote branches that point here: 'main', 'tag: v1', 'origin/main'; with HEAD -> first. */
  readonly refs: readonly string[]
  readonly extra: Readonly<Record<string, unknown>>
  /** Set when its parents were not fetched: in this clone, history ends here. */
  readonly shallow?: boolean
  /** Its note, where notes were asked for and it has one. */
  readonly note?: string
  /** What its signature is worth, where that was asked for. */
  readonly signature?: SignatureCheck
}

/** A commit or a tag whose signature was checked. */
export interface VerifiedObject extends SignatureCheck {
  readonly id: string
}

export type { NamedPath, PathChange, PathState }
export type { Pathspec } from '../files/pathspec.ts'
export type { ChangedEntry, EntryInfo } from './changed-entries.ts'

export interface StatusOptions extends WorktreeStatusOptions {
  /** With what history, index and merge hold at each path, or at each in conflict. */
  readonly entries?: boolean | 'unmerged'
}

export interface Status {
  /** null when HEAD is detached. */
  readonly branch: string | null
  /** null before the first commit. */
  readonly head: string | null
  readonly upstream: { readonly name: string; readonly ahead: number; readonly behind: number } | null
  readonly staged: readonly PathChange[]
  readonly unstaged: readonly PathChange[]
  readonly untracked: readonly string[]
  /** What the ignore rules name, where it was asked for. */
  readonly ignored: readonly string[]
  /** What `add` leaves out, and why: 'is a repository of its own'. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Paths of the merge under way that still have conflicts. */
  readonly unmerged: readonly { readonly path: string; readonly conflicts: number }[]
  readonly merging: {
    readonly kind: 'merge' | 'squash' | 'cherry-pick' | 'revert' | 'rebase'
    /** The commit that is merged, or at which a rebase or a series of picks stopped. */
    readonly theirs: string
    /** The message that its commit will have, unless another is given. */
    readonly message: string
    readonly conflicts: number
    /** false: the commit at which a series stopped is made already. */
    readonly waits: boolean
    /** In a rebase: HEAD is detached at the commits that are done, and `branch` moves when all are. */
    readonly rebase?: {
      readonly branch: string | null
      readonly onto: string
      readonly done: number
      readonly total: number
    }
    /** In several cherry-picks or reverts: the branch is at the commits that are done. */
    readonly sequence?: { readonly done: number; readonly total: number }
  } | null
  /** The search for the first bad commit that is under way (`Repository.bisect`). */
  readonly bisecting: BisectInfo | null
  /** Why varve.yaml, as it is now, cannot be read: 'varve.yaml, line 2: …'. Until it can, nothing is staged. */
  readonly configFault: string | null
  /** Set when another process moved the branch after this folder was last brought up to date. */
  readonly behindBranch: boolean
  /** Of each path that is staged, unstaged or unmerged, where it was asked for. */
  readonly entries?: readonly ChangedEntry[]
}

export interface TrackResult {
  readonly path: string
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: number
}

/** What to compare: two revisions, or one with the index or the worktree. By default, the index with the worktree. */
export interface DiffOptions extends OperationOptions {
  /** Default: the index, or HEAD with `staged`. */
  readonly from?: string
  /** Default: the worktree, or the index with `staged`. */
  readonly to?: string
  readonly staged?: boolean
  readonly paths?: readonly NamedPath[]
  /** For text: how many lines to show around each change; default 3. */
  readonly context?: number
  /**
   * For text: lines that differ only in white space count as equal, and a file with no other differences does not
   * differ. 'amount': white space at the end of a line does not count, and elsewhere not how much of it there is;
   * 'at-end': only that at the end does not.
   */
  readonly ignoreSpace?: boolean | 'all' | 'amount' | 'at-end'
  /**
   * How alike a removed and an added file have to be to count as one that was renamed, from 0 to 1 (the same content);
   * default 0.5. 'none': none does.
   */
  readonly renames?: 'none' | number
}

/** null: the file is not there on that side. */
export interface FileContents {
  readonly before: Uint8Array | null
  readonly after: Uint8Array | null
}

/** One changed path. `rows` and `lines` are computed while you iterate; if you do not, they cost nothing. */
export interface FileDiff {
  readonly path: string
  readonly state: PathState
  readonly from?: string
  readonly kind: 'table' | 'text' | 'binary' | 'symlink'
  readonly sizeBefore: number | null
  readonly sizeAfter: number | null
  /** As Git writes them: 100644, 100755 for what is executable, 120000 for a symlink; missing where no repository knows. */
  readonly modeBefore?: string | null
  readonly modeAfter?: string | null
  /** Changes of the table's columns, as sentences. */
  readonly schemaChanges: readonly string[]
  /** Names of the key's columns, of tables. */
  readonly keyColumns?: readonly string[]
  /** Those of rows that were removed, where the table had another key. */
  readonly keyColumnsBefore?: readonly string[]
  /**
   * In an SQLite file: the table that this is about. A file with several tables has an item for each that differs.
   */
  readonly table?: string
  /**
   * For Parquet and SQLite files: how rows were told apart when no key was declared, or why they were not compared.
   * For any file: whether its executable bit has changed.
   */
  readonly note?: string
  /** Batches of changed rows; empty unless kind is 'table'. */
  rows(): AsyncIterable<RowChange[]>
  /** The bytes of both sides, where kind is 'binary'; null where one is larger than 16 MiB, or a table. */
  contents?(): Promise<FileContents | null>
  /** A unified diff's hunks; empty unless kind is 'text' or 'symlink'. */
  hunks(): AsyncIterable<LineHunk>
  /**
   * The changes value by value, for JSON, GeoJSON, JSON Lines and YAML. Null for other files, and when lines tell
   * more.
   */
  values(): Promise<DocumentValues | null>
}

export interface RowChange {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly key: readonly Value[]
  readonly before: Row | null
  readonly after: Row | null
  readonly cells: readonly CellChange[]
}

export interface LineHunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** Each line with its mark: ' ', '-', '+', without line end; '\\' marks a missing final newline. */
  readonly lines: readonly string[]
}

export interface DiffStat {
  readonly path: string
  readonly state: PathState
  readonly from?: string
  readonly table?: string
  readonly note?: string
  readonly kind: 'table' | 'text' | 'binary' | 'symlink'
  readonly rows?: {
    readonly added: number
    readonly removed: number
    readonly changed: number
    readonly cells: number
  }
  readonly lines?: { readonly added: number; readonly removed: number }
  readonly sizeBefore: number | null
  readonly sizeAfter: number | null
}

export interface ListEntry {
  readonly path: string
  readonly kind: 'file' | 'table' | 'symlink'
  readonly executable: boolean
  /** Bytes of a file, rows of a table. */
  readonly size: number
  readonly id: string
}

export interface ImportResult {
  readonly path: string
  readonly rows: number
  readonly added: number
  readonly changed: number
  readonly removed: number
}
