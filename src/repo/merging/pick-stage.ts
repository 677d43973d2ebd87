// Several commits picked or reverted without a commit: what they come to is staged as one change.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { type CommitCid, shortCid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Io, Repo } from '../interface.ts'
import { type MergeOptions, type Plan, concludeMerge, upToDate } from './merge.ts'
import { type PickChoice, changeOf } from './pick-change.ts'
import { mergeChange } from './pick-sequence.ts'

/** All of them staged as one change, for a commit of one's own. Where one clashes nothing is done. */
export async function stageAll(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { ref, tip, todo }: { readonly ref: string; readonly tip: Commit; readonly todo: readonly CommitCid[] },
  options: MergeOptions & PickChoice,
): Promise<Plan> {
  let { tree } = tip
  const messages: string[] = []
  let last = tip
  for (const cid of todo) {
    throwIfAborted(options.signal)
    last = await readCommit(io.writer, cid)
    const change = await changeOf(io, last, options)
    const outcome = await mergeChange(io, { tree }, change, options)
    if (outcome.conflictCount > 0) {
      throw new VarveError(
        'VARVE_MERGE_CONFLICT',
        `commit ${shortCid(cid)} has conflicts, nothing was staged`,
        {
          hint: `${options.kind} without '--no-commit' stops at it, to have it resolved`,
        },
      )
    }
    tree = outcome.tree
    messages.push(change.message.trimEnd())
  }
  const trees = { ...io, base: tip.tree, ours: tip.tree, theirs: tree }
  const outcome = await mergeTrees(trees, { ...options, policies: undefined })
  if (tree === tip.tree) return upToDate(tip, outcome)
  const message = options.message ?? `${messages.join('\n\n')}\n`
  const end = { ref, ours: tip, theirs: last, outcome, message, kind: 'squash' as const, author: null }
  return concludeMerge(repo, manifest, io, end, { ...options, noCommit: true })
}
