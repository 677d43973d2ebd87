// Lets the files follow a manifest that is published, as the checkout was prepared or, after a forced one, anew.
import { Tree } from '../../files/tree.ts'
import type { FolderOptions, Route } from '../../repo/interface.ts'
import type { Worktree } from '../interface.ts'
import { StatCache, needOfSteps } from '../stat-cache/stat-cache.ts'
import { type PlannedStep, forcedSteps } from './plan.ts'
import { applySteps } from './write.ts'

/** `verified` are the steps that were compared with the files; null when none were. */
export async function applyCheckout(
  worktree: Worktree,
  { from, to }: Route,
  verified: readonly PlannedStep[] | null,
  options: FolderOptions,
): Promise<void> {
  const { nodes } = worktree.repo
  const occupied = verified === null || options.discard === 'touched' ? 'replace' : 'refuse'
  const steps =
    verified ??
    (await forcedSteps(worktree, await Tree.load(nodes, from), await Tree.load(nodes, to), {
      signal: options.signal,
    }))
  const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
  try {
    await applySteps(worktree, steps, { cache, nodes, occupied }, options)
  } finally {
    await cache.close()
  }
}
