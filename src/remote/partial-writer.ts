// A writer of a partial clone. What it holds and what the local store has is read there; only what both lack is asked
// of the partial store, which may fetch it.
import { isVarveError } from '../base/errors.ts'
import { type Cid, type Codec, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import type {
  AdoptOptions,
  ObjectReader,
  ObjectWriter,
  PackedObjects,
  PutOptions,
  ReadOptions,
  DerivedCache,
  StoredObject,
  WholePack,
} from '../store/interface.ts'
import { ObjectQueue } from '../store/object-queue.ts'

/** A store some of whose contents may lie with a remote. */
export interface PartialReader extends ObjectReader {
  leavesContentsOut(): Promise<boolean>
}

export class PartialWriter implements ObjectWriter {
  readonly inner: ObjectWriter
  readonly #store: PartialReader

  constructor(inner: ObjectWriter, store: PartialReader) {
    this.inner = inner
    this.#store = store
  }

  put(codec: Codec, bytes: Uint8Array, options?: PutOptions): Cid {
    return this.inner.put(codec, bytes, options)
  }

  putStored(object: StoredObject): Promise<void> {
    return this.inner.putStored(object)
  }

  async adopt(pack: WholePack, options?: AdoptOptions): Promise<boolean> {
    return (await this.inner.adopt?.(pack, options)) ?? false
  }

  putPacked(objects: PackedObjects): void {
    this.inner.putPacked(objects)
  }

  hold(cids: readonly Cid[]): boolean[] {
    return this.inner.hold(cids)
  }

  drained(): Promise<void> {
    return this.inner.drained()
  }

  abort(): Promise<void> {
    return this.inner.abort()
  }

  get cache(): DerivedCache | undefined {
    return this.#store.cache
  }

  async horizon(): Promise<ReadonlySet<Cid>> {
    return (await this.#store.horizon?.()) ?? new Set()
  }

  /** What was written here, as a merged table, the remote does not have: of that it is asked for what it links to. */
  async prefetch(cids: readonly Cid[], options?: ReadOptions): Promise<void> {
    if (!(await this.#store.leavesContentsOut())) return
    const far: Cid[] = []
    const queue = new ObjectQueue(cids)
    for (const batch of queue.batches()) {
      const isStored = await this.#store.has(batch, options)
      const isHere = await this.inner.has(batch, options)
      const isWritten = (i: number): boolean => isHere[i]! && !isStored[i]!
      far.push(...batch.filter((_, i) => !isWritten(i)))
      const written = batch.filter((cid, i) => isWritten(i) && codecOf(cid) !== 'raw')
      const objects = await this.inner.get(written, options)
      for (const link of objects.flatMap((bytes, i) => linksOf(written[i]!, bytes))) queue.add(link)
    }
    if (far.length > 0) await this.#store.prefetch?.(far, options)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.inner.has(cids, options)
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#both(cids, (reader, some) => reader.get(some, options))
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#both(cids, (reader, some) => reader.getStored(some, options))
  }

  async #both<T>(
    cids: readonly Cid[],
    read: (reader: ObjectReader, some: readonly Cid[]) => Promise<T[]>,
  ): Promise<T[]> {
    try {
      return await read(this.inner, cids)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      const isHere = await this.inner.has(cids)
      const near = cids.filter((_, i) => isHere[i])
      const far = cids.filter((_, i) => !isHere[i])
      // A base that is missing, not an object that was asked for: nothing here can help.
      if (far.length === 0) throw error
      const [ours, others] = [await read(this.inner, near), await read(this.#store, far)]
      const [a, b] = [ours.values(), others.values()]
      return cids.map((_, i) => (isHere[i] ? a : b).next().value!)
    }
  }
}
