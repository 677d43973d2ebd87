// What every receiver of objects keeps to: which of its refs prove a closure, and that nothing it counted on was
// collected while the objects came in.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest, Store } from '../store/interface.ts'

const attemptsMax = 5

class EpochMoved extends Error {}

/** Targets of the refs that name commits or tags; the pseudo refs of a working folder name other things. */
export function committedRefs(manifest: Manifest): Cid[] {
  const targets = new Set<Cid>()
  for (const [ref, cid] of manifest.refs) if (ref === 'HEAD' || ref.startsWith('refs/')) targets.add(cid)
  return [...targets]
}

/**
 * Runs `work` with the store's newest manifest. `work` calls `sameEpoch` inside its compare-and-set: when a gc came
 * in between, objects taken for present may be gone, so all of it runs again.
 */
export async function withFreshEpoch<T>(
  store: Store,
  work: (before: Manifest, sameEpoch: (current: Manifest) => void) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = await store.manifest()
    const sameEpoch = (current: Manifest): void => {
      if (current.gcEpoch !== before.gcEpoch) throw new EpochMoved()
    }
    try {
      return await work(before, sameEpoch)
    } catch (error) {
      if (!(error instanceof EpochMoved)) throw error
    }
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', 'garbage collection ran again and again during the transfer', {
    hint: 'try again when it has ended',
  })
}
