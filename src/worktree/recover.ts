// Rolls a checkout forward that was cut short after its manifest was published: files that still hold what the old
// tree says become what the new one says. Anything else in their place is the user's, and stays as it is.
import { VarveError, isVarveError } from '../base/errors.ts'
import { Tree } from '../files/tree.ts'
import { indexRef } from '../repo/interface.ts'
import { type CheckoutIntent, forgetNote, notesLeftBehind } from './checkout-note.ts'
import { type Step, planSteps, stepsBetween } from './checkout-plan.ts'
import { carryOut } from './checkout-write.ts'
import { equalEntries } from './entries.ts'
import { readIndex } from './index-state.ts'
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

/**
 * As recover, for whoever has other things to do: what cannot be finished now (a folder that may not be written to, a damaged
 * table) must keep nobody from looking, or from going back. Returns why; then nothing may be staged, for the files that are
 * behind would be taken for the user's.
 */
export async function tryRecover(worktree: Worktree): Promise<VarveError | null> {
  try {
    await recover(worktree)
    return null
  } catch (cause) {
    if (!isVarveError(cause)) throw cause
    return new VarveError(
      cause.code,
      `a checkout that was cut short cannot be finished, and files still show what was before it: ${cause.message}`,
      { data: cause.data, cause, hint: "put right what is in its way, or go back with 'varve undo'" },
    )
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
  const steps = await stillWanted(worktree, trees.to, await stepsBetween(worktree, trees.from, trees.to, {}))
  const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
  try {
    const { planned } = await planSteps(worktree, steps, cache, {})
    await carryOut(worktree, planned, { cache, nodes, occupied: 'refuse' })
  } finally {
    await cache.close()
  }
}

/** The index may have gone elsewhere since: what it holds there is for others to bring. */
async function stillWanted(worktree: Worktree, to: Tree, steps: readonly Step[]): Promise<readonly Step[]> {
  const { index } = await readIndex(worktree)
  if (index.cid === to.cid) return steps
  const paths = steps.map(({ path }) => path)
  const [now, then] = [await index.getMany(paths), await to.getMany(paths)]
  return steps.filter((_, i) => equalEntries(now[i]!, then[i]!))
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
