// What a client has sent, laid over the store that it pushes to: a walk over new commits finds those in what was sent, and
// where they stand on in the store. Also lets other work have its turn: taking in a large push is much CPU work in a row.
import { corrupt } from '../base/errors.ts'
import type { Cid, Codec } from '../encoding/cid.ts'
import type {
  AdoptOptions,
  ObjectReader,
  ObjectWriter,
  PackedObjects,
  PutOptions,
  ReadOptions,
  StoredObject,
  WholePack,
} from '../store/interface.ts'

const turnBytes = 2 << 20

export class SentObjects implements ObjectReader {
  readonly #sent: ObjectReader
  readonly #store: ObjectReader

  constructor(sent: ObjectReader, store: ObjectReader) {
    this.#sent = sent
    this.#store = store
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#split(cids, (reader, part) => reader.get(part, options))
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#split(cids, (reader, part) => reader.getStored(part, options))
  }

  async *wholePacks(cids: readonly Cid[], options?: ReadOptions): AsyncGenerator<WholePack> {
    yield* this.#sent.wholePacks?.(cids, options) ?? []
  }

  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    const [sent, stored] = await Promise.all([this.#sent.has(cids, options), this.#store.has(cids, options)])
    return sent.map((isSent, i) => isSent || stored[i]!)
  }

  async #split<T>(
    cids: readonly Cid[],
    read: (reader: ObjectReader, part: readonly Cid[]) => Promise<T[]>,
  ): Promise<T[]> {
    const isSent = await this.#sent.has(cids)
    const sent = await read(
      this.#sent,
      cids.filter((_, i) => isSent[i]),
    )
    const stored = await read(
      this.#store,
      cids.filter((_, i) => !isSent[i]),
    )
    if (sent.length + stored.length !== cids.length) throw corrupt('another number of objects than asked for')
    let [a, b] = [0, 0]
    return isSent.map((one) => (one ? sent[a++]! : stored[b++]!))
  }
}

/** A writer that pauses after every few megabytes that it has unpacked. */
export class PausingWriter implements ObjectWriter {
  readonly #writer: ObjectWriter
  #bytes = 0

  constructor(writer: ObjectWriter) {
    this.#writer = writer
  }

  async putStored(object: StoredObject): Promise<void> {
    await this.#writer.putStored(object)
    await this.#pause(object.rawLength + 1024)
  }

  /** Needs no pause: it reads in the background, a block at a time. */
  async adopt(pack: WholePack, options?: AdoptOptions): Promise<boolean> {
    return (await this.#writer.adopt?.(pack, options)) ?? false
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    const objects = await this.#writer.get(cids, options)
    await this.#pause(objects.reduce((sum, bytes) => sum + bytes.length, 0))
    return objects
  }

  put(codec: Codec, bytes: Uint8Array, options?: PutOptions): Cid {
    return this.#writer.put(codec, bytes, options)
  }

  putPacked(objects: PackedObjects): void {
    this.#writer.putPacked(objects)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#writer.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#writer.getStored(cids, options)
  }

  hold(cids: readonly Cid[]): boolean[] {
    return this.#writer.hold(cids)
  }

  drained(): Promise<void> {
    return this.#writer.drained()
  }

  abort(): Promise<void> {
    return this.#writer.abort()
  }

  async #pause(bytes: number): Promise<void> {
    this.#bytes += bytes
    if (this.#bytes < turnBytes) return
    this.#bytes = 0
    await new Promise((done) => setTimeout(done, 0))
  }
}
