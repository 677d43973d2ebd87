// Key collisions settled by new keys for one side's rows, in the merge in progress.
import { configFileName } from '../../dataset/interface.ts'
import { Tree } from '../../files/tree.ts'
import { mergeSides } from '../../merge/merge-sides.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import { type RekeyOutcome, rekey } from '../../merge/rekey/rekey.ts'
import type { Folder, MergeState, Repo } from '../../repo/interface.ts'
import { tablePath } from './conflict-filter.ts'
import { changeMerge, nothingToSettle } from './conflicts.ts'
import type { RekeyResult } from './conflict-interface.ts'
import type { OperationOptions } from '../interface.ts'

/** The merge commit's `extra` lists so many; the rest is in its rows. */
const keysListedMax = 1000

export async function rekeyTable(
  repo: Repo,
  folder: Folder | null,
  named: string,
  { side = 'theirs', ...options }: OperationOptions & { readonly side?: 'ours' | 'theirs' },
): Promise<RekeyResult> {
  let path = named
  const done = await changeMerge(
    repo,
    folder,
    { ...options, message: `${named} --rekey ${side}` },
    async (merge) => {
      const { io, state, open } = merge
      if (open.conflicts === null || state.met === null) throw nothingToSettle(state.kind)
      const tree = await Tree.load(io.nodes, open.tree)
      path = await tablePath(tree, named)
      const config = await storedConfig(io.nodes, await tree.get(configFileName), options)
      const trees = await mergeSides(io, state, options)
      const input = { ...open, conflicts: open.conflicts, met: state.met, path, side, trees, config }
      const rekeyed = await rekey(input, options)
      return { ...rekeyed, state: { ...state, met: rekeyed.met, extra: extraOf(state, path, side, rekeyed) } }
    },
  )
  return {
    path,
    side,
    keys: keysOf(done),
    references: countsOf(done),
    found: done.found,
    resolved: done.resolved,
    left: done.left,
  }
}

function keysOf({ mapping }: RekeyOutcome): RekeyResult['keys'] {
  return [...mapping].map(([before, after]) => ({ before, after }))
}

function countsOf({ references }: RekeyOutcome): RekeyResult['references'] {
  const counts = new Map<string, { path: string; column: string; cells: number }>()
  for (const { path, column } of references) {
    const id = JSON.stringify([path, column])
    const { cells } = counts.get(id) ?? { cells: 0 }
    counts.set(id, { path, column, cells: cells + 1 })
  }
  return [...counts.values()]
}

function extraOf(
  { extra }: MergeState,
  path: string,
  side: 'ours' | 'theirs',
  rekeyed: RekeyOutcome,
): MergeState['extra'] {
  const before = Array.isArray(extra['rekeyed']) ? (extra['rekeyed'] as unknown[]) : []
  const keys = [...rekeyed.mapping].slice(0, keysListedMax)
  return { ...extra, rekeyed: [...before, { path, side, count: rekeyed.mapping.size, keys }] }
}
