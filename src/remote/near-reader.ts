// Reads objects of a store that is far away out of one that is near, as far as that has them: an object has the same
// bytes everywhere. What is there is still the far one's to say.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions, StoredObject } from '../store/interface.ts'

export class NearReader implements ObjectReader {
  readonly #near: ObjectReader
  readonly #far: ObjectReader

  constructor(near: ObjectReader, far: ObjectReader) {
    this.#near = near
    this.#far = far
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#split(cids, (reader, part) => reader.get(part, options))
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#far.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#split(cids, (reader, part) => reader.getStored(part, options))
  }

  async #split<T>(
    cids: readonly Cid[],
    read: (reader: ObjectReader, cids: readonly Cid[]) => Promise<T[]>,
  ): Promise<T[]> {
    const isNear = await this.#near.has(cids)
    const [near, far] = [cids.filter((_, i) => isNear[i]), cids.filter((_, i) => !isNear[i])]
    const found = new Map<Cid, T>()
    for (const [reader, part] of [[this.#near, near] as const, [this.#far, far] as const]) {
      if (part.length === 0) continue
      const values = await read(reader, part)
      part.forEach((cid, i) => found.set(cid, values[i]!))
    }
    return cids.map((cid) => found.get(cid)!)
  }
}
