// `varve add PATH` during a merge says that what the file holds is the answer to the conflicts of that path.
import type { Cid } from '../../encoding/cid.ts'
import { PathSelection, normalPath } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { Tree } from '../../files/tree.ts'
import { scanConflicts } from '../../merge/conflicts/conflicts.ts'
import { HeldSides } from '../../merge/resolve/held-sides.ts'
import { adoptConflicts } from '../../merge/resolve/resolve.ts'
import type { Resolution } from '../../merge/resolve/settler.ts'
import { operatorOf, withWriter } from '../../repo/context.ts'
import { type Repo, mergeRef, rerereRef } from '../../repo/interface.ts'
import { readMergeState, writeMergeState } from '../../repo/merging/merge-state.ts'
import { type MergeContext, mergeInHand } from './conflicts.ts'

/** null: there was nothing to answer. */
export async function settlePaths(
  repo: Repo,
  paths: readonly NamedPath[],
): Promise<Pick<Resolution, 'resolved' | 'left'> | null> {
  // Whoever adds everything has not looked at each of them.
  const named = paths.filter((one) => typeof one !== 'string' || normalPath(one) !== '')
  if (named.every((one) => typeof one !== 'string' && one.exclude)) return null
  const selection = new PathSelection(named)
  let settled: Resolution | null = null
  await withWriter(repo, (writer, nodes) =>
    repo.store.update(
      async (manifest) => {
        const state = await readMergeState(writer, manifest)
        if (state === null || state.conflicts === null) return null
        const merge = await mergeInHand(manifest, { writer, nodes })
        const after = await adoptPaths(merge, selection)
        settled = after
        if (after === null) return null
        const { conflicts, resolutions } = after
        const refs = new Map<string, Cid | null>([
          [mergeRef, writeMergeState(writer, { ...state, conflicts, resolutions })],
        ])
        if (merge.rerere !== null) refs.set(rerereRef, await merge.rerere.finish())
        return {
          refs,
          operation: {
            name: 'resolve',
            message: paths.map((one) => (typeof one === 'string' ? one : one.text)).join(' '),
            author: operatorOf(repo, manifest),
          },
        }
      },
      { writer },
    ),
  )
  return settled
}

async function adoptPaths(merge: MergeContext, named: PathSelection): Promise<Resolution | null> {
  const { open, io, rerere, schemas } = merge
  const held = new HeldSides(io.nodes, await Tree.load(io.nodes, open.tree), schemas)
  const known = new Set<number>()
  let after: Resolution | null = null
  let resolved = 0
  for (const path of await conflictedPaths(merge, named)) {
    const conflicts: Cid | null = after === null ? open.conflicts : after.conflicts
    if (conflicts === null) break
    const resolutions: Cid | null = after === null ? open.resolutions : after.resolutions
    const choose: Parameters<typeof adoptConflicts>[1] = async (batch) => {
      const sides = []
      for (const { number, record } of batch) {
        const side = await held.at(record)
        if (side !== undefined) known.add(number)
        sides.push(side)
      }
      return sides
    }
    after = await adoptConflicts({ ...open, conflicts, resolutions, path }, choose, {
      onSettled: async (batch) => rerere?.remember(batch.filter(({ number }) => known.has(number))),
    })
    resolved += after.resolved
  }
  return after === null ? null : { ...after, resolved }
}

async function conflictedPaths({ open }: MergeContext, named: PathSelection): Promise<Set<string>> {
  const wanted = new Set<string>()
  for await (const batch of scanConflicts(open.nodes, open.conflicts)) {
    for (const { path } of batch) if (named.has(path)) wanted.add(path)
  }
  return wanted
}
