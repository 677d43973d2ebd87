// Reads from two stores as if they were one: what lies near is not asked of the far one. Objects are named by their
// content, so it never matters who answers. Commits that both sides of a transfer have are read here for nothing,
// where each generation would cost a round trip. What came from afar is remembered, up to a bound: the transfer
// wants the same commits once more, to keep them.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions, StoredObject } from '../store/interface.ts'

const rememberedBytesMax = 16 << 20

export class NearFirst implements ObjectReader {
  readonly #near: ObjectReader
  readonly #far: ObjectReader
  readonly #remembered = new Map<Cid, Uint8Array>()
  #rememberedBytes = 0

  /** `far` must check what it reads. */
  constructor(near: ObjectReader, far: ObjectReader) {
    this.#near = near
    this.#far = far
  }

  /** Bytes that came from afar, if they are still held. */
  recall(cid: Cid): Uint8Array | undefined {
    return this.#remembered.get(cid)
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    const found = new Map<Cid, Uint8Array>()
    const unknown = cids.filter((cid) => !this.#remembered.has(cid))
    const isNear = await this.#near.has(unknown, options)
    const near = unknown.filter((_, i) => isNear[i])
    const far = [...new Set(unknown.filter((_, i) => !isNear[i]))]
    if (near.length > 0)
      (await this.#near.get(near, options)).forEach((bytes, i) => found.set(near[i]!, bytes))
    if (far.length > 0)
      (await this.#far.get(far, options)).forEach((bytes, i) => this.#take(found, far[i]!, bytes))
    return cids.map((cid) => (found.get(cid) ?? this.#remembered.get(cid))!)
  }

  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    const near = await this.#near.has(cids, options)
    if (!near.includes(false)) return near
    const far = await this.#far.has(cids, options)
    return near.map((isNear, i) => isNear || far[i]!)
  }

  async getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#far.getStored(cids, options)
  }

  #take(found: Map<Cid, Uint8Array>, cid: Cid, bytes: Uint8Array): void {
    found.set(cid, bytes)
    if (this.#rememberedBytes + bytes.length > rememberedBytesMax) return
    this.#rememberedBytes += bytes.length
    this.#remembered.set(cid, bytes)
  }
}
