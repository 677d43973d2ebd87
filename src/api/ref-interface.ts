// Branches and tags: which ones a list names, and what it tells of each. Plain data, as in interface.ts.
import type { BranchesOptions } from '../repo/branches.ts'
import type { RefFilter } from '../repo/ref-filter.ts'
import type { TagsOptions } from '../repo/tags.ts'

export type { BranchesOptions, RefFilter, TagsOptions }

export interface BranchInfo {
  readonly name: string
  readonly current: boolean
  readonly commit: string | null
  readonly upstream: string | null
  readonly subject: string
  /**
   * Where it was asked for: commits that the branch has and its upstream has not, and the other way round; null without an
   * upstream, or where that is gone.
   */
  readonly divergence?: { readonly ahead: number; readonly behind: number } | null
}

export interface TagInfo {
  readonly name: string
  readonly commit: string
  readonly annotated: boolean
  readonly message: string
  /** Where it was asked for: that of the commit. */
  readonly commitMessage?: string
}
