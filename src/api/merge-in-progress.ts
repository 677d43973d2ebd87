// The merge, cherry-pick, revert or rebase in progress, as plain data for `status`.
import { shortRefName } from '../history/refs.ts'
import type { Repo } from '../repo/interface.ts'
import { readMergeState, stepsOf } from '../repo/merging/merge-state.ts'
import type { Manifest } from '../store/interface.ts'
import { idOf } from './info.ts'
import type { Status } from './interface.ts'

export async function readMergeInProgress(repo: Repo, manifest: Manifest): Promise<Status['merging']> {
  const merge = await readMergeState(repo.store, manifest)
  if (merge === null) return null
  const { kind, theirs, message, rebase, sequence } = merge
  const { countConflicts } = await import('../merge/conflicts/conflicts.ts')
  const conflicts = await countConflicts(repo.nodes, merge.conflicts)
  const waits = stepsOf(merge)?.waits ?? true
  const what = { kind, theirs: idOf(theirs), message, conflicts, waits }
  if (sequence !== undefined) return { ...what, sequence: { done: sequence.done, total: sequence.total } }
  if (rebase === undefined) return what
  const { branch, name: onto, done, total } = rebase
  const ofBranch = branch === null ? null : shortRefName(branch)
  return { ...what, rebase: { branch: ofBranch, onto, done, total } }
}
