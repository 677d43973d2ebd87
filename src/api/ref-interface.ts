// Branches and tags: which ones a list names, and what it tells of each. Plain data, as in interface.ts.
import type { BranchesOptions } from '../repo/branches.ts'
import type { RefFilter } from '../repo/ref-filter.ts'
import type { RefDetails as EngineDetails } from '../repo/ref-sort.ts'
import type { TagsOptions } from '../repo/tags.ts'

export type { BranchesOptions, RefFilter, TagsOptions }

/** What a ref's object says: a commit, or an annotated tag, which has a tagger alone. */
export type RefDetails = EngineDetails<string>

export interface BranchInfo {
  readonly name: string
  readonly current: boolean
  /** Set where another worktree of this repository has it checked out. */
  readonly elsewhere?: true
  readonly commit: string | null
  readonly upstream: string | null
  readonly subject: string
  /**
   * Where it was asked for: commits that the branch has and its upstream has not, and the other way round; null without an
   * upstream, or where that is gone.
   */
  readonly divergence?: { readonly ahead: number; readonly behind: number } | null
  /** Where they were asked for; none before the first commit. */
  readonly details?: RefDetails
}

export interface TagInfo {
  readonly name: string
  readonly commit: string
  readonly annotated: boolean
  readonly message: string
  /** Where it was asked for: that of the commit. */
  readonly commitMessage?: string
  /** Where they were asked for. */
  readonly details?: RefDetails
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
