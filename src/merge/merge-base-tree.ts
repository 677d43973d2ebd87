// The base tree of a merge of two commits. With several best common ancestors (criss-cross merges) these are merged
// with each other first. Where they conflict, the merged base has no value: the cell is absent, the row or path is not
// there. Taking one of the values instead would let a later merge drop the other one silently; this way two different
// resolutions of the old conflict are a conflict again, and a resolution on one side alone is kept.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { mergeBases } from '../history/ancestry.ts'
import { readCommits } from '../history/commit.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { MergeIo } from './merge-io.ts'
import { mergeTrees } from './merge-trees.ts'
import { settleConflicts } from './resolve/resolve.ts'

/** Beyond so many criss-crosses below each other the oldest ancestor alone serves: it is never wrong, only far. */
const depthMax = 16

export interface MergeBaseInput extends MergeIo {
  readonly ours: CommitCid
  readonly theirs: CommitCid
}

/** The tree to merge over; null when the two sides have no history in common. */
export async function mergeBaseTree(input: MergeBaseInput, options: ReadOptions = {}): Promise<Cid | null> {
  return baseTree(input, input.ours, input.theirs, 0, options)
}

async function baseTree(
  io: MergeIo,
  ours: CommitCid,
  theirs: CommitCid,
  depth: number,
  options: ReadOptions,
): Promise<Cid | null> {
  const { reader } = io.nodes
  const bases = await mergeBases(reader, ours, theirs)
  const commits = await readCommits(reader, bases)
  commits.sort((a, b) => a.generation - b.generation || (a.cid < b.cid ? -1 : 1))
  const [first, ...others] = commits
  if (first === undefined) return null
  let tree = first.tree
  for (const commit of depth < depthMax ? others : []) {
    const base = await baseTree(io, first.cid, commit.cid, depth + 1, options)
    const sides = { ...io, base, ours: tree, theirs: commit.tree }
    const merged = await mergeTrees(sides, { signal: options.signal })
    tree =
      merged.conflicts === null
        ? merged.tree
        : (
            await settleConflicts(
              { ...io, tree: merged.tree, conflicts: merged.conflicts, met: null, resolutions: null },
              async (batch) => batch.map(() => null),
              options,
            )
          ).tree
  }
  return tree
}
