// A commit, and what is staged before it: a commit that cannot be made leaves the index as it was.
import type { NamedPath } from '../../files/pathspec.ts'
import { commitIndex, partOfMerge, refuseUnresolved } from '../../repo/commit.ts'
import { signatureOf } from '../../repo/context.ts'
import type { Folder, Repo } from '../../repo/interface.ts'
import { endingMerge } from '../../repo/merging/ending-merge.ts'
import { readMergeState } from '../../repo/merging/merge-state.ts'
import { unstageSince } from '../../repo/unstage.ts'
import type { Worktree } from '../../worktree/interface.ts'
import { commitInfoOf, refNames } from '../info.ts'
import type { Autostash, CommitInfo } from '../interface.ts'
import { type CommitOptions, onlyPaths, pathsToStage } from './committing.ts'

/** `worktree` throws where there are no files. */
export async function stageAndCommit(
  repo: Repo,
  folder: Folder | null,
  worktree: () => Worktree,
  options: CommitOptions & { readonly message?: string },
): Promise<CommitInfo & { autostash?: Autostash }> {
  // Before anything is staged, what can be told then.
  const manifest = await repo.store.manifest()
  signatureOf(repo, manifest, options.author)
  const state = await readMergeState(repo.store, manifest)
  refuseUnresolved(state)
  if (state !== null && onlyPaths(options) !== undefined) throw partOfMerge(state.kind)
  const { all, paths, ...rest } = options
  const stageTracked = async (named: readonly NamedPath[]): Promise<void> => {
    const { stage } = await import('../../worktree/add.ts')
    await stage(worktree(), named, { ...rest, trackedOnly: true })
  }
  if (all === true) await stageTracked(['.'])
  const toStage = paths === undefined ? [] : await pathsToStage(worktree(), paths, rest)
  if (toStage.length > 0) await stageTracked(toStage)
  return endingMerge(repo, folder, options, async () => {
    const making = commitIndex(repo, { ...rest, only: onlyPaths(options) })
    const commit = await making.catch(async (error: unknown) => {
      if (all === true || toStage.length > 0) await unstageSince(repo, manifest).catch(() => undefined)
      throw error
    })
    return commitInfoOf(commit, await refNames(repo, await repo.store.manifest()))
  })
}
