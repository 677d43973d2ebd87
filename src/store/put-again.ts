// After a gc: objects that a writer took for present may be gone, and what they link to with them. All that the writer
// relies on is walked, and what is gone is put again, from the state of the store in which it was found.
import { type Cid, type Codec, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import type { ObjectWriter } from './interface.ts'
import { ObjectQueue } from './object-queue.ts'

export interface RelyingWriter extends Pick<ObjectWriter, 'get'> {
  /** What it was asked to put or hold, and found present. */
  readonly assumed: ReadonlySet<Cid>
  pendingCids(): Cid[]
  isPending(cid: Cid): boolean
  /** As `put`, even if the store has the object. */
  putAnew(codec: Codec, bytes: Uint8Array): void
}

export interface BeforeAndAfterGc {
  wasHere(cid: Cid): boolean
  isHere(cid: Cid): boolean
  /** Reads what was here before. */
  read(cids: readonly Cid[]): Uint8Array[] | Promise<Uint8Array[]>
}

/** @throws what `read` throws, when the files of before are deleted already */
export async function putAgain(writer: RelyingWriter, gc: BeforeAndAfterGc): Promise<void> {
  const queue = new ObjectQueue([...writer.assumed, ...writer.pendingCids()])
  for (const batch of queue.batches()) {
    // What was not here before either never was: a partial clone links to such objects.
    const gone = batch.filter((cid) => !writer.isPending(cid) && !gc.isHere(cid) && gc.wasHere(cid))
    const objects = await gc.read(gone)
    objects.forEach((bytes, i) => writer.putAnew(codecOf(gone[i]!), bytes))
    // Whatever is new may link to more that is gone.
    const fresh = batch.filter((cid) => codecOf(cid) !== 'raw' && writer.isPending(cid))
    const found = await writer.get(fresh)
    for (const [i, bytes] of found.entries()) for (const link of linksOf(fresh[i]!, bytes)) queue.add(link)
  }
}
