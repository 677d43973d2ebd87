// Rolls a checkout forward that was cut short after its manifest was published: files that still hold what the old
// tree says become what the new one says. Anything else in their place is the user's, and stays as it is.
import { isVarveError } from '../../base/errors.ts'
import { equalEntries } from '../../files/entry.ts'
import { Tree } from '../../files/tree.ts'
import { indexRef } from '../../repo/interface.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import { readIndex } from '../index-state.ts'
import type { Worktree } from '../interface.ts'
import { StatCache, needOfSteps } from '../stat-cache/stat-cache.ts'
import type { CheckoutIntent } from './note.ts'
import { type Step, planSteps, stepsBetween } from './plan.ts'
import { applySteps } from './write.ts'

/** Does nothing where the manifest was not published. */
export async function finishCheckout(worktree: Worktree, intent: CheckoutIntent): Promise<void> {
  if (await wasPublished(worktree, intent)) await rollForward(worktree, intent)
}

/**
 * What came right after the manifest that was to be followed is this move, or somebody was faster: then the files are as
 * they are, although others may have brought the index to the same.
 */
async function wasPublished(
  worktree: Worktree,
  { index, operation, witness, sequence }: CheckoutIntent,
): Promise<boolean> {
  const { store } = worktree.repo
  const next = await manifestAt(store, sequence + 1)
  if (next === null || next.operation.name !== operation || next.refs.get(indexRef) !== index) return false
  return witness === null || (next.refs.get(witness[0]) ?? null) === witness[1]
}

/** The manifest with this number; null when there is none yet, or when it was removed. */
async function manifestAt(store: Store, sequence: number): Promise<Manifest | null> {
  const newest = await store.manifest()
  if (newest.sequence <= sequence) return newest.sequence === sequence ? newest : null
  for await (const manifest of store.manifests())
    if (manifest.sequence <= sequence) return manifest.sequence === sequence ? manifest : null
  return null
}

async function rollForward(worktree: Worktree, intent: CheckoutIntent): Promise<void> {
  const { nodes } = worktree.repo
  const trees = await loadTrees(worktree, intent)
  if (trees === null) return
  const all = await stepsBetween(worktree, trees.from, trees.to, {})
  const steps = await stillWanted(worktree, trees.index, all)
  const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
  try {
    const { planned } = await planSteps(worktree, steps, cache, {})
    await applySteps(worktree, planned, { cache, nodes, occupied: 'refuse' })
  } finally {
    await cache.close()
  }
}

/** The index may have gone elsewhere since: what it holds there is for others to bring. */
async function stillWanted(
  worktree: Worktree,
  moved: Tree,
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const { index } = await readIndex(worktree)
  if (index.cid === moved.cid) return steps
  const paths = steps.map(({ path }) => path)
  const [now, then] = [await index.getMany(paths), await moved.getMany(paths)]
  return steps.filter((_, i) => equalEntries(now[i]!, then[i]!))
}

// An old tree that gc has taken away can prove nothing about the files: they are left as they are.
async function loadTrees(
  worktree: Worktree,
  { from, to, index }: CheckoutIntent,
): Promise<{ from: Tree; to: Tree; index: Tree } | null> {
  const { nodes } = worktree.repo
  try {
    return {
      from: await Tree.load(nodes, from),
      to: await Tree.load(nodes, to),
      index: await Tree.load(nodes, index),
    }
  } catch (error) {
    if (isVarveError(error, 'VARVE_OBJECT_MISSING')) return null
    throw error
  }
}
