// The promise behind every ref: all that it reaches is there and is what its name says. fsck proves it for a whole
// store and names every object that is lost or damaged, not only the first.
import { type Cid, codecOf } from '../encoding/cid.ts'
import { isVarveError, throwIfAborted } from '../base/errors.ts'
import { yieldIfDue } from '../base/turns.ts'
import { linksOf } from '../encoding/links.ts'
import type { FsckOptions, FsckProblem, Manifest, ObjectReader } from './interface.ts'
import { ObjectQueue } from './object-queue.ts'

export function* rootsOf(manifests: Iterable<Manifest>): Generator<Cid> {
  for (const manifest of manifests) yield* manifest.refs.values()
}

/** Reads the closure of `roots`; each object that cannot be had is one problem. */
export async function fsckObjects(
  reader: ObjectReader,
  roots: Iterable<Cid>,
  options: FsckOptions = {},
): Promise<FsckProblem[]> {
  const problems: FsckProblem[] = []
  const absent = await options.absent?.()
  const queue = new ObjectQueue(roots)
  for (const batch of queue.batches()) {
    await yieldIfDue()
    throwIfAborted(options.signal)
    for (const link of await linksOfAll(reader, batch, absent, problems)) queue.add(link)
    options.onProgress?.(queue.done, queue.total)
  }
  return problems
}

/** One bad object spoils a batched read; then they are read one by one. */
async function linksOfAll(
  reader: ObjectReader,
  cids: readonly Cid[],
  absent: ReadonlySet<Cid> | undefined,
  problems: FsckProblem[],
): Promise<Cid[]> {
  const present = await reader.has(cids)
  for (let i = 0; i < cids.length; i++) {
    if (!present[i]! && absent?.has(cids[i]!) !== true)
      problems.push({ where: cids[i]!, what: 'the object is missing, though a ref reaches it' })
  }
  // Raw objects have no links, and the scan of the packs has read them.
  const nodes = cids.filter((cid, i) => present[i]! && codecOf(cid) !== 'raw')
  try {
    return (await reader.get(nodes)).flatMap((bytes, i) => linksOf(nodes[i]!, bytes))
  } catch (error) {
    if (!isVarveError(error)) throw error
    const links: Cid[] = []
    for (const cid of nodes) {
      try {
        links.push(...linksOf(cid, (await reader.get([cid]))[0]!))
      } catch (cause) {
        if (!isVarveError(cause)) throw cause
        problems.push({ where: cid, what: cause.message })
      }
    }
    return links
  }
}
