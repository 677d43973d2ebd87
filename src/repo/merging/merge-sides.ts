// The two trees that the merge in progress brings together with ours: what `status --porcelain=v2` and `ls-files -u` tell of a
// path in conflict. Of several best common ancestors the oldest stands for all, as their merge is not kept.
import type { Cid } from '../../encoding/cid.ts'
import { mergeBases } from '../../history/ancestry.ts'
import { readCommit, readCommits } from '../../history/commit.ts'
import type { Io, MergeState } from '../interface.ts'
import { parentTree } from './pick-change.ts'

export interface MergeSides {
  /** null: the two histories have nothing in common. */
  readonly base: Cid | null
  readonly theirs: Cid
}

export async function mergeSides(io: Io, state: MergeState): Promise<MergeSides> {
  const { kind, ours, sequence } = state
  const theirs = await readCommit(io.writer, state.theirs)
  if (kind === 'merge' || kind === 'squash') {
    const bases = await readCommits(io.writer, await mergeBases(io.writer, ours, theirs.cid))
    bases.sort((a, b) => a.generation - b.generation || (a.cid < b.cid ? -1 : 1))
    return { base: bases[0]?.tree ?? null, theirs: theirs.tree }
  }
  const mainline = theirs.parents.length > 1 ? (sequence?.mainline ?? 1) : null
  const before = await parentTree(io, theirs, { kind, mainline })
  return kind === 'revert' ? { base: theirs.tree, theirs: before } : { base: before, theirs: theirs.tree }
}
