// How a merge of two commits would come out: nothing to do, a branch that only moves forward, or a merged tree, maybe
// with conflicts. It writes objects into the writer it is given and moves nothing, so that a merge and its dry run ask
// the same question and get the same answer.
import { VarveError } from '../../base/errors.ts'
import { isAncestor } from '../../history/ancestry.ts'
import { commitsLeftOut } from '../../history/horizon.ts'
import type { Commit } from '../../history/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import type { MergeOutcome } from '../../merge/interface.ts'
import { noDecisions } from '../../merge/policies/decisions.ts'
import { mergeBaseTree } from '../../merge/merge-base-tree.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { GivenPolicies } from '../../merge/policies/policy-source.ts'
import { emptyTreeOf } from '../empty.ts'
import type { FolderOptions, Io } from '../interface.ts'

export interface AssessOptions extends FolderOptions {
  readonly fastForward?: 'only' | 'never' | 'allow' | undefined
  readonly allowUnrelated?: boolean | undefined
  /** Count before those of varve.yaml. */
  readonly policies?: GivenPolicies | undefined
  /** Called before two sides are merged, which may take long. */
  readonly onMerge?: (() => void) | undefined
}

export interface Assessment extends MergeOutcome {
  readonly kind: 'up-to-date' | 'fast-forward' | 'merge'
}

export interface MergeEnds {
  /** null on a branch without commits. */
  readonly ours: Commit | null
  readonly theirs: Commit
  /** What theirs was called, for messages. */
  readonly revision: string
}

/** @throws VarveError VARVE_NOT_POSSIBLE when the options forbid it, or the histories have nothing in common */
export async function assessMerge(
  io: Io,
  { ours, theirs, revision }: MergeEnds,
  options: AssessOptions,
): Promise<Assessment> {
  if (ours !== null && (await isAncestor(io.writer, theirs.cid, ours.cid)))
    return {
      kind: 'up-to-date',
      tree: ours.tree,
      paths: [],
      conflicts: null,
      conflictCount: 0,
      policies: noDecisions,
    }
  if (
    ours === null ||
    (options.fastForward !== 'never' && (await isAncestor(io.writer, ours.cid, theirs.cid)))
  ) {
    const before = ours?.tree ?? emptyTreeOf(io)
    const outcome = await mergeTrees(
      { ...io, base: before, ours: before, theirs: theirs.tree },
      { ...options, policies: undefined },
    )
    return { kind: 'fast-forward', ...outcome }
  }
  if (options.fastForward === 'only') {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `'${shortRefName(revision)}' cannot be fast-forwarded to: both sides have commits`,
      { hint: `merge it with 'varve merge ${shortRefName(revision)}'` },
    )
  }
  options.onMerge?.()
  const base = await mergeBaseTree({ ...io, ours: ours.cid, theirs: theirs.cid }, options)
  if (base === null && options.allowUnrelated !== true) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `'${shortRefName(revision)}' has no history in common with this branch`,
      {
        hint:
          (await commitsLeftOut(io.writer)).size > 0
            ? "history was not fetched in full, and their common ancestor may be further back: 'varve fetch --unshallow'"
            : "if you mean it, merge with '--allow-unrelated-histories'",
      },
    )
  }
  const policies = options.policies ?? new Map()
  const outcome = await mergeTrees(
    { ...io, base, ours: ours.tree, theirs: theirs.tree },
    { ...options, policies },
  )
  return { kind: 'merge', ...outcome }
}
