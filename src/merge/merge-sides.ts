// The three trees that a merge in progress compares, told again from its two commits.
import type { Cid } from '../encoding/cid.ts'
import { readCommit } from '../history/commit.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Sides } from './conflicts/conflict-record.ts'
import { mergeBaseTree } from './merge-base-tree.ts'
import type { MergeIo } from './merge-io.ts'

/** 'squash': a merge of which the commit to come does not say that it is one. */
export type MergeKind = 'merge' | 'squash' | 'cherry-pick' | 'revert' | 'rebase'

export interface WaitingMerge {
  readonly kind: MergeKind
  readonly ours: Cid
  readonly theirs: Cid
}

/** null: nothing is there, for histories without a common commit or a first commit. */
export async function mergeSides(
  io: MergeIo,
  { kind, ours, theirs }: WaitingMerge,
  options: ReadOptions = {},
): Promise<Sides<Cid | null>> {
  const [mine, yours] = [await readCommit(io.writer, ours), await readCommit(io.writer, theirs)]
  if (kind === 'merge' || kind === 'squash') {
    const base = await mergeBaseTree({ ...io, ours, theirs }, options)
    return { base, ours: mine.tree, theirs: yours.tree }
  }
  const [parent] = yours.parents
  const before = parent === undefined ? null : (await readCommit(io.writer, parent)).tree
  return kind === 'revert'
    ? { base: yours.tree, ours: mine.tree, theirs: before }
    : { base: before, ours: mine.tree, theirs: yours.tree }
}
