// Walks everything that roots reach, in batches: what a gc keeps.
import { type Cid, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue } from '../base/turns.ts'
import type { ObjectReader } from './interface.ts'

export interface MarkOptions {
  /** Objects that may be missing: where they are, they are walked as others are. */
  readonly absent?: ReadonlySet<Cid> | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

const batchObjects = 512

/**
 * Adds all that `roots` reach to `marked`; what is in it already is not walked again. Raw objects have no links, so
 * they are marked without being read.
 */
export async function mark(
  reader: Pick<ObjectReader, 'get' | 'has'>,
  roots: Iterable<Cid>,
  marked: Set<Cid>,
  options: MarkOptions = {},
): Promise<void> {
  const queue: Cid[] = []
  const found = (cid: Cid): void => {
    if (marked.has(cid)) return
    marked.add(cid)
    if (codecOf(cid) !== 'raw') queue.push(cid)
  }
  for (const root of roots) found(root)
  while (queue.length > 0) {
    await yieldIfDue()
    throwIfAborted(options.signal)
    // From the end: depth first in batches keeps the queue short.
    const batch = await present(reader, queue.splice(-batchObjects), options.absent)
    const objects = await reader.get(batch, { signal: options.signal })
    for (let i = 0; i < batch.length; i++) {
      for (const link of linksOf(batch[i]!, objects[i]!)) found(link)
    }
    options.onProgress?.(marked.size - queue.length, marked.size)
  }
}

async function present(
  reader: Pick<ObjectReader, 'has'>,
  cids: readonly Cid[],
  absent: ReadonlySet<Cid> | undefined,
): Promise<readonly Cid[]> {
  if (absent === undefined || !cids.some((cid) => absent.has(cid))) return cids
  const isHere = await reader.has(cids)
  return cids.filter((cid, i) => isHere[i] || !absent.has(cid))
}
