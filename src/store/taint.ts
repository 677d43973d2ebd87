// Finds what is broken by lost objects: everything that reaches one of them. Links are followed from the roots once and
// stored backwards, so the answer costs memory for each object that has links; it is computed only where something is
// lost.
import { type Cid, codecOf } from '../encoding/cid.ts'
import { throwIfAborted } from '../base/errors.ts'
import { linksOf } from '../encoding/links.ts'
import type { ObjectReader, ReadOptions } from './interface.ts'
import { ObjectQueue } from './object-queue.ts'

export interface Taint {
  readonly lost: ReadonlySet<Cid>
  /** The lost that the roots reach, and everything between. */
  readonly tainted: ReadonlySet<Cid>
}

/** Finds what depends on lost objects. Objects that are neither here nor lost are passed over. */
export async function taintedBy(
  reader: Pick<ObjectReader, 'get' | 'has'>,
  roots: Iterable<Cid>,
  lost: ReadonlySet<Cid>,
  options: ReadOptions = {},
): Promise<Taint> {
  const parents = new Map<Cid, Cid[]>()
  const queue = new ObjectQueue(roots)
  for (const batch of queue.batches()) {
    throwIfAborted(options.signal)
    const isHere = await reader.has(batch)
    const nodes = batch.filter((cid, i) => isHere[i] && codecOf(cid) !== 'raw')
    const objects = await reader.get(nodes, options)
    objects.forEach((bytes, i) => {
      for (const link of linksOf(nodes[i]!, bytes)) {
        if (codecOf(link) === 'raw' && !lost.has(link)) continue
        // Also of what was seen before: there may be many ways to it.
        const known = parents.get(link)
        if (known === undefined) parents.set(link, [nodes[i]!])
        else known.push(nodes[i]!)
        queue.add(link)
      }
    })
  }
  const reached = [...lost].filter((cid) => queue.has(cid))
  return { lost, tainted: upwards(parents, reached) }
}

function upwards(parents: ReadonlyMap<Cid, readonly Cid[]>, lost: Iterable<Cid>): ReadonlySet<Cid> {
  const tainted = new Set(lost)
  for (const cid of tainted) for (const parent of parents.get(cid) ?? []) tainted.add(parent)
  return tainted
}
