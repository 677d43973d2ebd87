// On a switch or a fast-forward, staged changes are carried over to the other commit, or refused where they conflict.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest } from '../store/interface.ts'
import { indexOf } from './head.ts'
import type { Io } from './interface.ts'

/** The staged changes, on top of the tree to go to. `goal` is for the message: 'the branch to switch to'. @throws VarveError VARVE_UNCOMMITTED */
export async function carryStaged(
  manifest: Manifest,
  io: Io,
  tree: Cid,
  goal = 'the branch to switch to',
): Promise<Cid> {
  const { index, base } = indexOf(manifest)
  if (index === null || base === null || index === base) return tree
  const { mergeTrees } = await import('../merge/merge-trees.ts')
  const merged = await mergeTrees({ ...io, base, ours: tree, theirs: index })
  if (merged.conflictCount === 0) return merged.tree
  throw new VarveError('VARVE_UNCOMMITTED', `staged changes conflict with ${goal}`, {
    data: { paths: merged.paths.filter((changed) => changed.conflicts > 0).map((changed) => changed.path) },
    hint: "commit them first with 'varve commit', put them aside with 'varve stash', or throw them away with 'varve reset --hard'",
  })
}
