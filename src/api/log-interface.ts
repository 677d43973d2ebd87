// Options of `log` and `rowLog`, and the results of `log`. Plain data, as in interface.ts.
import type { CommitFilter } from '../repo/log/commit-filter.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { ContentFilter } from '../repo/log/content-filter.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export type { CommitFilter, ContentFilter }

/** Which commits, newest first. */
export interface HistoryOptions extends OperationOptions, CommitFilter {
  /** A revision, a range, '^A' (without what A reaches), or several of these; default HEAD. */
  readonly revision?: string | readonly string[]
  /** At most so many of those that pass. */
  readonly limit?: number
  readonly firstParent?: boolean
  /** From all branches, tags and remote branches. */
  readonly all?: boolean
  /** From the refs that these patterns match, too: 'refs/tags/*'; '^refs/tags/*': without what these reach. */
  readonly refs?: readonly string[]
  /** Asked about each commit of the walk, it ends the walk before the first one of which this is true. */
  readonly until?: ((commit: { readonly id: string }) => boolean) | undefined
  /** Default true: what happened under the path's older names counts too. */
  readonly follow?: boolean
}

export interface LogOptions extends HistoryOptions, ContentFilter {
  /** Only commits that touched this file, table or folder. */
  readonly path?: string
  /** Only commits that touched what any of these stands for, under these names alone. */
  readonly paths?: readonly NamedPath[]
  /** Oldest first; those that `limit` leaves are the newest all the same. */
  readonly reverse?: boolean
  /** With the notes of the commits. */
  readonly notes?: boolean
  /** With what the commits' signatures are worth: a program runs for each. */
  readonly signatures?: boolean
}

export interface LoggedCommit extends CommitInfo {
  /** With `path`: what it is called in this commit, and in its parents where that is another name. */
  readonly paths?: readonly string[]
}
