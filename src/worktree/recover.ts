// Rolls a checkout forward that was cut short after its manifest was published: files that still hold what the old
// tree says become what the new one says. Anything else in their place is the user's, and stays as it is.
import { isVarveError } from '../base/errors.ts'
import { Tree } from '../files/tree.ts'
import { indexRef } from '../repo/interface.ts'
import { type CheckoutIntent, forgetNote, notesLeftBehind } from './checkout-note.ts'
import { planSteps, stepsBetween } from './checkout-plan.ts'
import { carryOut } from './checkout-write.ts'
import type { Worktree } from './interface.ts'
import { StatCache, needOfSteps } from './stat-cache.ts'

/** To be called when a repository is opened; costs one look into a folder when there is nothing to do. */
export async function recover(worktree: Worktree): Promise<void> {
  for (const note of notesLeftBehind(worktree)) {
    if (note.intent !== null && (await wasPublished(worktree, note.intent)))
      await rollForward(worktree, note.intent)
    forgetNote(worktree, note)
  }
}

async function wasPublished(worktree: Worktree, { to, sequence }: CheckoutIntent): Promise<boolean> {
  const { store } = worktree.repo
  const newest = await store.manifest()
  if (newest.sequence <= sequence) return false
  if (newest.refs.get(indexRef) === to) return true
  for await (const manifest of store.manifests()) {
    if (manifest.sequence <= sequence) return false
    if (manifest.refs.get(indexRef) === to) return true
  }
  return false
}

async function rollForward(worktree: Worktree, { from, to }: CheckoutIntent): Promise<void> {
  const { nodes } = worktree.repo
  const trees = await loadTrees(worktree, { from, to })
  if (trees === null) return
  const steps = await stepsBetween(worktree, trees.from, trees.to, {})
  const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
  try {
    const { planned } = await planSteps(worktree, steps, cache, {})
    await carryOut(worktree, planned, { cache, nodes, occupied: 'refuse' })
  } finally {
    await cache.close()
  }
}

// An old tree that gc has taken away can prove nothing about the files: they are left as they are.
async function loadTrees(
  worktree: Worktree,
  { from, to }: Pick<CheckoutIntent, 'from' | 'to'>,
): Promise<{ from: Tree; to: Tree } | null> {
  const { nodes } = worktree.repo
  try {
    return { from: await Tree.load(nodes, from), to: await Tree.load(nodes, to) }
  } catch (error) {
    if (isVarveError(error, 'VARVE_OBJECT_MISSING')) return null
    throw error
  }
}
