// Options and results of merges, as plain data.
import type { Autostash } from '../repo/merging/autostash.ts'
import type { MergedPath } from '../merge/interface.ts'
import type { ConflictInfo, DiffStat } from './interface.ts'
import type { ReusedResolution } from '../repo/merging/rerere.ts'
import type { SignChoice } from '../repo/signing.ts'
import type { PolicyDecisions } from './policy-interface.ts'

export type { Autostash, SignChoice }

/**
 * Asked, when all is merged, for the message of the commit to be made; throwing gives the merge up. It may be asked again
 * when another process was faster.
 */
export type EditMessage = (proposed: string, paths: readonly MergedPath[]) => Promise<string>

/** What a rebase asks of whoever starts it. */
export type { RebaseStep, StepOptions } from '../repo/merging/rebase-steps.ts'

export interface PickOptions {
  /** Stages what it comes to, of several as one change. */
  readonly noCommit?: boolean
  readonly editMessage?: EditMessage
  /** Which parent of a merge commit its change is taken against, from 1. Without it merge commits are refused. */
  readonly mainline?: number
  /** Whether commits are signed, and with which key; default: as the settings have it. */
  readonly sign?: SignChoice
}

export interface MergeResult {
  /** 'stopped': a rebase, at a commit that is to be edited. */
  readonly outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'conflict' | 'staged' | 'stopped'
  /** HEAD after it. */
  readonly commit: string
  readonly paths: readonly MergedPath[]
  /** Conflicts that are open. */
  readonly conflictCount: number
  /** Conflicts that were settled as they were in an earlier merge: `conflicts({ resolved: true })` shows how. */
  readonly reused: readonly ReusedResolution[]
  /** What merge policies decided. */
  readonly policies: PolicyDecisions
  /**
   * Of a merge that stopped at conflicts where no folder could keep them: the conflicts themselves, the first thousand.
   * Nothing was changed then. In a repository with a folder `conflicts()` lists what is stored.
   */
  readonly conflicts?: readonly ConflictInfo[]
  /** With `autostash`, where files had changes; also of what ends such a merge. */
  readonly autostash?: Autostash
  /** In a rebase: commits done, and the one at which it stopped. */
  readonly rebase?: { readonly done: number; readonly total: number; readonly stoppedAt: string | null }
  /** Of several cherry-picks or reverts: commits done, where they stopped, and those that changed nothing here. */
  readonly sequence?: {
    readonly done: number
    readonly total: number
    readonly stoppedAt: string | null
    readonly leftOut: readonly string[]
  }
}

/** What a merge would do; nothing of it is kept. */
export interface MergePreview {
  readonly outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'conflict'
  /** Branch or revision that would be merged into, by its short name. */
  readonly into: string
  /** Its commit; null on a branch without commits. */
  readonly ours: string | null
  readonly theirs: string
  /** As the merge itself would give them. */
  readonly paths: readonly MergedPath[]
  /** How much each path would change by it, as `diffStat` counts. Where a path has conflicts it holds ours. */
  readonly changes: readonly DiffStat[]
  readonly conflictCount: number
  /** What merge policies decided. */
  readonly policies: PolicyDecisions
  /** The first `conflictsMax` of them. */
  readonly conflicts: readonly ConflictInfo[]
}
