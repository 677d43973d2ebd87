// What every operation on a repository works on. Operations are functions over this context, one noun a file; the
// public class `Repository` (src/api) puts them together with the worktree and remotes.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import type { Person } from '../history/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { Store } from '../store/interface.ts'

export interface Repo {
  readonly store: Store
  readonly nodes: NodeStore
  /** Who commits, where no author is given; null when nobody has said. */
  readonly author: Person | null
  /** Milliseconds since 1970 and the zone in minutes east: the only clock that operations read. */
  now(): { timeMs: number; zoneMinutes: number }
}

/** Pseudo refs in the manifest. INDEX is what the next commit will hold; INDEX_BASE the tree it was laid over. */
export const indexRef = 'INDEX'
export const indexBaseRef = 'INDEX_BASE'
export const mergeRef = 'MERGE'

/** A merge, cherry-pick, revert or rebase step that waits for conflicts to be resolved or for a commit. */
export interface MergeState {
  readonly kind: 'merge' | 'cherry-pick' | 'revert'
  /** The commit that ours was; `merge --abort` goes back to it. */
  readonly ours: CommitCid
  readonly theirs: CommitCid
  readonly message: string
  /** Root of the conflicts still open; null when all are resolved. */
  readonly conflicts: Cid | null
  /** Author to keep (cherry-pick); null: the committer. */
  readonly author: Person | null
}
