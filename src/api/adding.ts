// Options and result of `add`, and what it says of conflicts.
import type { NamedPath } from '../files/pathspec.ts'
import { type Repo, mergeRef } from '../repo/interface.ts'
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

/** As in git, adding a path says that its conflicts are settled by what the file holds. */
export async function settleAdded(
  repo: Repo,
  result: AddResult,
  named: readonly NamedPath[],
  options: Pick<AddOptions, 'all' | 'dryRun'>,
): Promise<AddResult> {
  if (options.dryRun === true || options.all === true) return result
  if (!(await repo.store.manifest()).refs.has(mergeRef)) return result
  const { settlePaths } = await import('./conflicts/settle-paths.ts')
  const settled = await settlePaths(repo, named)
  return settled === null ? result : { ...result, settled }
}
