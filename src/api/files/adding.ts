// Options and result of `add`, and what it says of conflicts.
import type { NamedPath } from '../../files/pathspec.ts'
import { mergeRef } from '../../repo/interface.ts'
import type { Worktree } from '../../worktree/interface.ts'
import type { OperationOptions, PathChange } from '../interface.ts'
import type { ChosenOptions } from './chosen-options.ts'

export interface AddOptions extends OperationOptions, ChosenOptions {
  /** Everything in the repository, whatever the paths. */
  readonly all?: boolean
  /** Only what is tracked: changed and removed files. */
  readonly update?: boolean
  /** Tables are stored as plain files this time. */
  readonly asFile?: boolean
  /** What is staged counts as executable, or does not, whatever the files are: for file systems that keep no such bit. */
  readonly executable?: boolean
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
  /** Where rows were named: how many of them differed from what was staged. */
  readonly rows?: number
}

/** As in git, adding a path says that its conflicts are settled by what the file holds. */
export async function settleAdded(
  worktree: Worktree,
  added: AddResult,
  named: readonly NamedPath[],
  options: AddOptions,
): Promise<AddResult> {
  const { executable } = options
  const result =
    executable === undefined ? added : await withBit(worktree, added, named, { ...options, executable })
  if (options.dryRun === true || options.all === true) return result
  if (!(await worktree.repo.store.manifest()).refs.has(mergeRef)) return result
  const { settlePaths } = await import('../conflicts/settle-paths.ts')
  const settled = await settlePaths(worktree.repo, named)
  return settled === null ? result : { ...result, settled }
}

async function withBit(
  worktree: Worktree,
  added: AddResult,
  named: readonly NamedPath[],
  options: AddOptions & { readonly executable: boolean },
): Promise<AddResult> {
  const { setExecutable } = await import('../../worktree/executable-bit.ts')
  const changed = await setExecutable(worktree, named, options)
  const known = new Set(added.staged.map(({ path }) => path))
  return { ...added, staged: [...added.staged, ...changed.filter(({ path }) => !known.has(path))] }
}
