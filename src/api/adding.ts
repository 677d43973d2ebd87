// Options and result of `add`.
import type { OperationOptions, PathChange } from './interface.ts'

export interface AddOptions extends OperationOptions {
  /** Everything in the repository, whatever the paths. */
  readonly all?: boolean
  /** Only what is tracked: changed and removed files. */
  readonly update?: boolean
  /** Tables are stored as plain files this time. */
  readonly asFile?: boolean
  /** Nothing is staged. */
  readonly dryRun?: boolean
}

export interface AddResult {
  readonly staged: readonly PathChange[]
  /** Tables that are stored as plain files this time, and why. */
  readonly notTables: readonly { readonly path: string; readonly reason: string }[]
  /** Not taken: other repositories, pipes, what a partial clone did not take. `reason`: 'is a repository of its own'. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** In the middle of a merge: conflicts that the files settled, and those that are left. */
  readonly settled?: { readonly resolved: number; readonly left: number }
}
