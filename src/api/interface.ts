// The shapes that the public API takes and gives. Results are plain data: the command line prints them with --json
// as they are (bigint and bytes as strings), so these types are also the JSON's documentation.
import type { ConnectorKind } from '../connectors/interface.ts'
import type { DocumentValues } from '../documents/diff-values.ts'
import type { Signature, Person } from '../history/interface.ts'
import type { PathState } from '../repo/interface.ts'
import type { Operation } from '../store/interface.ts'
import type { BisectInfo } from './bisect.ts'
import type { CellChange, ColumnType, Row, Value } from '../table/interface.ts'
import type { PathChange } from '../worktree/interface.ts'

export type { ResetMode } from './switch.ts'
export type { Autostash, EditMessage, MergePreview, MergeResult, PickOptions } from './merge-interface.ts'

export type * from './remotes/remote-interface.ts'

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
  /** Author of new commits, before what the repository's config says in user.name and user.email. */
  readonly author?: Partial<Person>
  /** What counts where neither says it. */
  readonly defaultAuthor?: Partial<Person>
  /** Replaces the clock, for reproducible commits. */
  readonly now?: () => { timeMs: number; zoneMinutes: number }
  /**
   * Where remotes look for credentials and settings: variables such as AWS_PROFILE, VARVE_TOKEN or HOME.
   * None are read when it is absent.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Kinds of endpoints of your own that links can name, asked before those that come along. docs/CONNECTORS.md */
  readonly connectors?: readonly ConnectorKind[]
  /** Told what went wrong without stopping anything, such as a remote's copy that could not be reached. */
  readonly onWarning?: (message: string) => void
  /** Told when small packs are about to be put together, as happens by itself now and then (setting `gc.auto`). */
  readonly onUpkeep?: (message: string) => void
  /**
   * Told of each operation that has moved branches, the index or settings of this repository, as soon as it is durable: what
   * fails or is stopped afterwards does not take it back.
   */
  readonly onMoved?: (operation: Operation) => void
}

export interface OperationOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface Progress {
  /** What is going on: 'adding files', 'pushing', 'checking out', … */
  readonly phase: string
  readonly done: number
  /** 0 when it is not known. */
  readonly total: number
  readonly unit: 'bytes' | 'files' | 'objects' | 'rows' | 'commits'
  /** In transfers: what has come over so far, packed. Their `total` grows while more is found. */
  readonly bytes?: number
  /** In a push to several places, which go on side by side: the URL of the one that this is about. */
  readonly place?: string
}

export interface CommitInfo {
  /** 64 hex digits; people may type the first few. */
  readonly id: string
  /** The name any IPLD tool knows: base32 CID. */
  readonly cid: string
  /** Id of its dataset: commits with the same have the same files and tables. */
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
  /** Branches, tags and remote branches that point here: 'main', 'tag: v1', 'origin/main'; with HEAD -> first. */
  readonly refs: readonly string[]
  readonly extra: Readonly<Record<string, unknown>>
  /** Its parents were not fetched: history ends here, in this clone. */
  readonly shallow?: boolean
}

export type { PathChange, PathState }

export interface Status {
  /** null when HEAD is detached. */
  readonly branch: string | null
  /** null before the first commit. */
  readonly head: string | null
  readonly upstream: { readonly name: string; readonly ahead: number; readonly behind: number } | null
  readonly staged: readonly PathChange[]
  readonly unstaged: readonly PathChange[]
  readonly untracked: readonly string[]
  /** What no `add` takes, and why: 'is a repository of its own'. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Paths of the merge under way that still have conflicts. */
  readonly unmerged: readonly { readonly path: string; readonly conflicts: number }[]
  readonly merging: {
    readonly kind: 'merge' | 'squash' | 'cherry-pick' | 'revert' | 'rebase'
    /** The commit that is merged, or at which a rebase or a series of picks stopped. */
    readonly theirs: string
    /** What its commit will say unless it is told otherwise. */
    readonly message: string
    readonly conflicts: number
    /** In a rebase: HEAD is detached at the commits done; `branch` moves when all are. */
    readonly rebase?: {
      readonly branch: string | null
      readonly onto: string
      readonly done: number
      readonly total: number
    }
    /** Of several cherry-picks or reverts: the branch is at the commits done. */
    readonly sequence?: { readonly done: number; readonly total: number }
  } | null
  /** The search for the first bad commit that is under way (`Repository.bisect`). */
  readonly bisecting: BisectInfo | null
  /** Why varve.yaml, as it is now, cannot be read: 'varve.yaml, line 2: …'. Until it can, nothing is staged. */
  readonly configFault: string | null
  /** Another process moved the branch since this folder was last brought up to date. */
  readonly behindBranch: boolean
}

export interface TrackResult {
  readonly path: string
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: number
}

/** What to compare: two revisions, or the index or the worktree with one. Nothing given: index with worktree. */
export interface DiffOptions extends OperationOptions {
  /** Default: the index, or HEAD with `staged`. */
  readonly from?: string
  /** Default: the worktree, or the index with `staged`. */
  readonly to?: string
  readonly staged?: boolean
  readonly paths?: readonly string[]
  /** For text: how many lines to show around each change; default 3. */
  readonly context?: number
  /**
   * For text: lines that differ in white space alone are equal, and a file in which there are no others does not
   * differ.
   */
  readonly ignoreSpace?: boolean
}

/** One changed path. `rows` and `lines` are made while you iterate; skip them and they cost nothing. */
export interface FileDiff {
  readonly path: string
  readonly state: PathState
  readonly from?: string
  readonly kind: 'table' | 'text' | 'binary' | 'symlink'
  readonly sizeBefore: number | null
  readonly sizeAfter: number | null
  /** Changes of the table's columns, as sentences. */
  readonly schemaChanges: readonly string[]
  /** Names of the key's columns, of tables. */
  readonly keyColumns?: readonly string[]
  /** In a SQLite file: the table that this is about. A file with several has an item for each that differs. */
  readonly table?: string
  /**
   * For Parquet and SQLite files: how rows were told apart where nobody said it, or why they were not compared. For
   * any file: whether its executable bit has changed.
   */
  readonly note?: string
  /** Batches of changed rows; empty unless kind is 'table'. */
  rows(): AsyncIterable<RowChange[]>
  /** A unified diff's hunks; empty unless kind is 'text' or 'symlink'. */
  hunks(): AsyncIterable<LineHunk>
  /**
   * Changes value by value, for JSON, GeoJSON, JSON Lines and YAML; null where lines tell more, and for other
   * files.
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

export interface ReflogEntry {
  /** 'HEAD@{0}' is where it is now. */
  readonly selector: string
  readonly commit: string | null
  readonly operation: string
  readonly message: string
  readonly timeMs: number
}

export interface UndoResult {
  /** The operation that is undone, in words. */
  readonly undone: string
  readonly head: string | null
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

export interface ExportGitOptions extends OperationOptions {
  /** Branches and tags; default: the current branch. */
  readonly revisions?: readonly string[]
  readonly all?: boolean
  readonly bare?: boolean
  readonly force?: boolean
}

export interface ExportGitResult {
  /** That were not there. */
  readonly commits: number
  readonly objects: number
  /** Paths of tables that no file carries. */
  readonly skipped: readonly string[]
  readonly refs: readonly {
    readonly ref: string
    /** Git's. */
    readonly id: string
    /** 'ahead': it has commits on top there, and stays; 'kept': a tag that is something else there. */
    readonly state: 'new' | 'moved' | 'same' | 'ahead' | 'kept'
  }[]
}

export interface ImportGitOptions extends OperationOptions {
  /** Branch, tag or commit of the Git repository; default: its HEAD. */
  readonly revision?: string
  /** Branch of ours; default: main. */
  readonly branch?: string
  /** Only what lies at or below these paths of the Git repository. */
  readonly paths?: readonly string[]
  /** Bring in what pointers of Git LFS, and .dvc files, stand for, in their place. */
  readonly follow?: readonly ('lfs' | 'dvc')[]
  /** A pointer whose contents are not there comes in as it is. Default: that is an error. */
  readonly allowMissing?: boolean
}

export interface ImportGitResult {
  readonly commits: number
  readonly files: number
  readonly tags: number
  /** Entries that were left out: submodules, and paths that no dataset may have. */
  readonly skipped: number
  readonly skippedPaths: readonly { readonly path: string; readonly reason: string }[]
  /** Versions of pointers of Git LFS, and of .dvc files, that came in as they are. */
  readonly pointers: number
  readonly branch: string
  readonly head: string | null
}
