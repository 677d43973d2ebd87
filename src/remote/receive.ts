// What every receiver of objects keeps to: which of its refs prove a closure, that nothing it counted on was collected
// while the objects came in, and that what has come is not lost when the transfer breaks off. Every 64 MiB, and when
// somebody interrupts it or the line goes down, what has arrived is published without moving a ref: it proves nothing
// to anybody, and the next transfer finds it there.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { horizonRef } from '../history/horizon.ts'
import type { Manifest, ObjectWriter, Store, WriterOptions } from '../store/interface.ts'

const attemptsMax = 5
export const checkpointBytes: number = 64 << 20
/** Less than this is received again sooner than it is made durable. */
const keptBytesMin = 1 << 20

/** Thrown within `withFreshEpoch`, whose work then begins anew from the newest manifest. */
export class StaleEpoch extends Error {}

/** Targets of the refs that name commits or tags; the pseudo refs of a working folder name other things. */
export function committedRefs(manifest: Manifest): Cid[] {
  const targets = new Set<Cid>()
  for (const [ref, cid] of manifest.refs) if (ref === 'HEAD' || ref.startsWith('refs/')) targets.add(cid)
  return [...targets]
}

/**
 * Runs `work` with the store's newest manifest. `work` calls `sameState` inside its compare-and-set: when a gc came
 * in between, objects taken for present may be gone, and another transfer may have moved the end of history: then all
 * of it runs again.
 */
export async function withFreshEpoch<T>(
  store: Store,
  work: (before: Manifest, sameState: (current: Manifest) => void) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = await store.manifest()
    const sameState = (current: Manifest): void => {
      const sameEnd = current.refs.get(horizonRef) === before.refs.get(horizonRef)
      if (current.gcEpoch !== before.gcEpoch || !sameEnd) throw new StaleEpoch()
    }
    try {
      return await work(before, sameState)
    } catch (error) {
      if (!(error instanceof StaleEpoch)) throw error
    }
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', 'garbage collection ran again and again during the transfer', {
    hint: 'try again when it has ended',
  })
}

/** Where a transfer puts what comes in. */
export interface Receiver {
  readonly writer: ObjectWriter
  /** Call it for every batch: now and then it makes durable what has arrived. */
  arrived(bytes: number): Promise<void>
}

/** Runs `work` with a writer of `store`, which `work` publishes; what it leaves unpublished is dropped. */
export async function withReceiver<T>(
  store: Store,
  verb: string,
  work: (receiver: Receiver) => Promise<T>,
  options: WriterOptions = {},
): Promise<T> {
  const writer = store.writer(options)
  let loose = 0
  const keep = async (): Promise<void> => {
    loose = 0
    const operation = { name: verb, message: 'part of a transfer', author: '' }
    await store.update(() => ({ operation }), { writer })
  }
  const arrived = async (bytes: number): Promise<void> => {
    // A remote's writer may keep by itself what it was given, and carry on.
    if (writer.resumes === true) return
    loose += bytes
    if (loose >= (writer.checkpointBytes ?? checkpointBytes)) await keep()
  }
  try {
    return await work({ writer, arrived })
  } catch (error) {
    // Whatever is in the way of keeping it, why the transfer ended is what there is to say.
    const pays = loose >= keptBytesMin && writer.checkpointBytes === undefined
    if (isInterruption(error) && pays) await keep().catch(() => undefined)
    throw error
  } finally {
    await writer.abort()
  }
}

/** The line went down or somebody pressed Ctrl-C: what came before is as good as ever. */
export function isInterruption(error: unknown): boolean {
  return isVarveError(error, 'VARVE_ABORTED') || isVarveError(error, 'VARVE_UNREACHABLE')
}
