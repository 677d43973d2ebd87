// The worktree: the user's folder with its files, and the index (what the next commit will hold) between it and
// history. The index is a whole path tree in the manifest: ref INDEX is its root, INDEX_BASE the tree that it was laid
// over. Staged is what differs between those two, unstaged what differs between INDEX and the files; the shapes here
// are plain data, and the public API hands them on as they are.
import type { PathFilter } from '../files/path-filter.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { PathState, Repo } from '../repo/interface.ts'
import type { ColumnType } from '../table/interface.ts'
import type { FileModes } from './file-modes.ts'

export interface Worktree {
  readonly repo: Repo
  /** Absolute path of the folder with the user's files. */
  readonly root: string
  /** Absolute path of the '.varve' folder: caches lie there. */
  readonly dotDir: string
  /** Paths that have files here, in a partial clone; null or none: all. */
  readonly filter?: PathFilter | null
  /** What the folder's file system keeps of a file besides its bytes; none: all. */
  readonly modes?: FileModes
}

export interface Progress {
  readonly phase: string
  readonly done: number
  /** 0 when it is not known. */
  readonly total: number
  readonly unit: 'bytes' | 'files' | 'objects' | 'rows' | 'commits'
}

export interface WorktreeOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface StatusOptions extends WorktreeOptions {
  /** Only what is at or below these paths; default: everything. */
  readonly paths?: readonly NamedPath[] | undefined
  /** Untracked files: none ('no', nobody looks for them), with folders for all that is in them ('normal'), each ('all'). */
  readonly untracked?: 'no' | 'normal' | 'all' | undefined
  /** What the ignore rules name as well. */
  readonly ignored?: boolean | undefined
}

export interface PathChange {
  readonly path: string
  readonly state: PathState
  /** For 'renamed': where it was. */
  readonly from?: string
  readonly kind: 'file' | 'table' | 'symlink'
}

/** Something in the folder that no history can hold, and why it is passed over. */
export interface SkippedPath {
  readonly path: string
  readonly reason: string
}

export interface WorktreeStatus {
  readonly staged: readonly PathChange[]
  readonly unstaged: readonly PathChange[]
  /** Files, and as 'folder/' those folders that hold nothing tracked. */
  readonly untracked: readonly string[]
  /** What the ignore rules name, where it was asked for; folders as 'folder/'. */
  readonly ignored: readonly string[]
  readonly skipped: readonly SkippedPath[]
  /** Why varve.yaml, as it is now, cannot be read: 'varve.yaml, line 2: …'. Until it can, nothing is staged. */
  readonly configFault: string | null
  /** Another process moved the branch since this folder was last brought up to date. */
  readonly behindBranch: boolean
}

export interface StageResult {
  readonly staged: readonly PathChange[]
  /** Tables that are stored as plain files this time, and why. */
  readonly notTables: readonly { readonly path: string; readonly reason: string }[]
  readonly skipped: readonly SkippedPath[]
}

export interface Tracked {
  readonly path: string
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: number
}

export interface CheckoutResult {
  /** Paths that were written. */
  readonly written: readonly string[]
  readonly removed: readonly string[]
}
