// Reads from two stores as if they were one: the remote store is asked only for what the local one lacks. Objects are
// named by their content, so it does not matter which store answers. Commits that both sides of a transfer have are read
// locally, where each generation would otherwise cost a round trip. What came from the remote store is remembered, up to
// a bound, since the transfer reads the same commits once more in order to keep them.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions, StoredObject } from '../store/interface.ts'

const rememberedBytesMax = 16 << 20

export class LocalFirstReader implements ObjectReader {
  readonly #local: ObjectReader
  readonly #remote: ObjectReader
  readonly #remembered = new Map<Cid, Uint8Array>()
  #rememberedBytes = 0

  /** `remote` must be a reader that checks what it reads. */
  constructor(local: ObjectReader, remote: ObjectReader) {
    this.#local = local
    this.#remote = remote
  }

  /** The bytes of an object that came from the remote, if they are still held. */
  recall(cid: Cid): Uint8Array | undefined {
    return this.#remembered.get(cid)
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    const found = new Map<Cid, Uint8Array>()
    const unknown = cids.filter((cid) => !this.#remembered.has(cid))
    const isLocal = await this.#local.has(unknown, options)
    const local = unknown.filter((_, i) => isLocal[i])
    const remote = [...new Set(unknown.filter((_, i) => !isLocal[i]))]
    if (local.length > 0)
      (await this.#local.get(local, options)).forEach((bytes, i) => found.set(local[i]!, bytes))
    if (remote.length > 0)
      (await this.#remote.get(remote, options)).forEach((bytes, i) => this.#take(found, remote[i]!, bytes))
    return cids.map((cid) => (found.get(cid) ?? this.#remembered.get(cid))!)
  }

  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    const local = await this.#local.has(cids, options)
    if (!local.includes(false)) return local
    const remote = await this.#remote.has(cids, options)
    return local.map((isLocal, i) => isLocal || remote[i]!)
  }

  async getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#remote.getStored(cids, options)
  }

  #take(found: Map<Cid, Uint8Array>, cid: Cid, bytes: Uint8Array): void {
    found.set(cid, bytes)
    if (this.#rememberedBytes + bytes.length > rememberedBytesMax) return
    this.#rememberedBytes += bytes.length
    this.#remembered.set(cid, bytes)
  }
}
