// What every operation on a repository works on. Operations are functions over this context, one noun a file; the
// public class `Repository` (src/api) puts them together with the worktree and remotes.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { Person } from '../history/interface.ts'
import type { MergeKind } from '../merge/merge-sides.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter, Store } from '../store/interface.ts'
import type { SignChoice, Signer } from './signing.ts'

export interface Repo {
  readonly store: Store
  readonly nodes: NodeStore
  /** Author where an operation is given none: takes precedence over the repository's config. */
  readonly author: Partial<Person>
  /** Used where neither an operation, nor `author`, nor the config names one. */
  readonly defaultAuthor: Partial<Person>
  /** Milliseconds since 1970 and the zone in minutes east: the only clock that operations read. */
  now(): { timeMs: number; zoneMinutes: number }
  /** Signs commits and tags; null: nothing is signed. */
  readonly signer: Signer | null
  /** Whether what is made is signed, and with which key; undefined: as the settings have it. */
  readonly sign?: SignChoice
}

/** Pseudo refs in the manifest. INDEX is what the next commit will hold; INDEX_BASE the tree it was laid over. */
export const indexRef = 'INDEX'
export const indexBaseRef = 'INDEX_BASE'
export const mergeRef = 'MERGE'
/** Resolutions remembered for later merges (merge/resolve/rerere.ts). */
export const rerereRef = 'RERERE'

/** In a partial clone: a commit, named by no remote branch, that the remote it came from is known to have. */
export const promisedRef = 'PROMISED'

/** A merge, cherry-pick, revert or rebase step that waits for conflicts to be resolved or for a commit. */
export interface MergeState {
  readonly kind: MergeKind
  /** Our commit when the merge began; `merge --abort` goes back to it. */
  readonly ours: CommitCid
  readonly theirs: CommitCid
  readonly message: string
  /** Root of the conflicts still open; null when all are resolved. */
  readonly conflicts: Cid | null
  /** Root of all conflicts that the merge met, and the tree that it made of them, holding ours; null: there were none. */
  readonly met: { readonly conflicts: Cid; readonly tree: Cid } | null
  /** Root of the resolutions given (merge/resolve/resolutions.ts), by number of the conflict; null: none so far. */
  readonly resolutions: Cid | null
  /** Author to keep (cherry-pick); null: the committer. */
  readonly author: Person | null
  /** `extra` of the commit to come: decisions that a person may want to look up. Data for dag-cbor. */
  readonly extra: Readonly<Record<string, unknown>>
  /** In a rebase that stopped: HEAD is detached at what is done, and the branch stays where it was until all is. */
  readonly rebase?: RebaseState
  /** Of several commits to pick or revert, at one of which it stopped: HEAD is at what is done. */
  readonly sequence?: SequenceState
  /** The stash that holds changes which are to come back when it ends: 'stash/3'. */
  readonly autostash?: string
  /** Whether the commits to come are signed, and with which key, where that was asked for. */
  readonly sign?: SignChoice
}

/** Where a series of commits stopped. */
export interface Steps {
  /** Where HEAD was before it. */
  readonly start: CommitCid
  /** Commits still to come after the one at which it stopped, the next one first. */
  readonly todo: readonly CommitCid[]
  /** Commits dealt with, the one at which it stopped not counted, and all. */
  readonly done: number
  readonly total: number
  /** Whether the commit at which it stopped is still to be made. */
  readonly waits: boolean
}

export interface SequenceState extends Steps {
  /** Which parent of a merge commit its change is taken against, from 1; null: there are no merges. */
  readonly mainline: number | null
  /** Messages name the commits that they were. */
  readonly nameOrigin: boolean
}

/** What a rebase does with a commit; one that it is to leave out is no step. */
export type StepAction = 'pick' | 'reword' | 'edit' | 'squash' | 'fixup'

export interface RebaseState extends Steps {
  /** For the commit at which it stopped, and for each of `todo`; left out: they are picked. */
  readonly actions?: readonly StepAction[]
  /** The ref that moves at the end; null: HEAD was detached. */
  readonly branch: string | null
  readonly onto: CommitCid
  /** What `onto` was called. */
  readonly name: string
}

/** What a planner works with: a writer, and the nodes as the writer sees them. */
export interface Io {
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
}

/** How a path of one version stands to another's. */
export type PathState = 'added' | 'modified' | 'deleted' | 'renamed' | 'typechange'

/** The path trees that the files show before and after an update of the manifest. */
export interface FileRoute {
  readonly from: Cid
  readonly to: Cid
  /** A ref that has this value only after the update, which tells whether it was published. null: operation and index tell. */
  readonly witness: readonly [ref: string, value: Cid | null] | null
}

export interface Route extends FileRoute {
  /** The index after the update, and the operation's name in the log. */
  readonly index: Cid
  readonly operation: string
}

export interface SnapshotChoice {
  /** The paths to look at; default: all. */
  readonly paths?: readonly NamedPath[] | undefined
  /** That a path stands for nothing is no fault. */
  readonly mayBeNone?: boolean | undefined
  /** Files that are not versioned as well. */
  readonly untracked?: boolean | undefined
  /** For changes that the user wants to keep: waits for a checkout that is under way. */
  readonly inTurn?: boolean | undefined
}

/** The folder with the user's files, as far as history's operations see it. Bare repositories have none. */
export interface Folder {
  /**
   * Checks that going from tree to tree overwrites no local change, and notes the intent durably, so that a crash
   * between the manifest and the files is rolled forward by the next command.
   * @throws VarveError VARVE_UNCOMMITTED naming the paths
   */
  prepare(io: Io, route: Route, options: PrepareOptions): Promise<void>
  /** Brings the files from one tree to the other, and removes the note. */
  apply(route: Route, options: FolderOptions): Promise<void>
  /** Nothing was published: removes the note. Does nothing before `prepare`. */
  release(): void
  /** The operation failed, and may have been published: leaves the note for the next command, which finds out and finishes it. */
  leave(): void
  /** The index with the tracked files as they are now: what `commit -a` would stage. */
  snapshot(io: Io, index: Cid, options: FolderOptions & SnapshotChoice): Promise<Cid>
  /** Removes temporary files that killed processes left; returns how many. */
  removeTemporaries(): number
  /** The text of a small file as it is now; null where there is none, or something else (a symlink is not followed). */
  smallText(path: string): string | null
}

export interface FolderOptions {
  /** Local changes may be overwritten: true all of them, 'touched' those of paths that the move changes. */
  readonly discard?: boolean | 'touched' | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: FolderProgress) => void) | undefined
}

export interface PrepareOptions extends FolderOptions {
  /** Paths that may have no local change although their files stay: their conflicts will be settled. */
  readonly unsettled?: readonly string[] | undefined
}

export interface FolderProgress {
  readonly phase: string
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'files' | 'objects' | 'rows' | 'commits'
}
