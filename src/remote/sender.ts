// Carries objects from one store into another's writer as they lie in packs, without packing them again, in batches
// bounded by bytes. A delta travels as a delta when the receiver has its base or gets it now; else it is unpacked
// and put whole. The writer hashes all that comes in.
import { throwIfAborted } from '../base/errors.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import type { ObjectReader, ObjectWriter, StoredObject } from '../store/interface.ts'

const batchBytesMax = 8 << 20
const batchObjectsFirst = 16
const batchObjectsMax = 256

export class Sender {
  readonly #from: ObjectReader
  readonly #writer: ObjectWriter
  readonly #signal: AbortSignal | undefined
  // Sizes are known only once objects are here: the last batch's average says how many to ask for.
  #batchObjects = batchObjectsFirst
  objects = 0
  bytes = 0

  constructor(from: ObjectReader, writer: ObjectWriter, signal: AbortSignal | undefined) {
    this.#from = from
    this.#writer = writer
    this.#signal = signal
  }

  async send(cids: readonly Cid[], onBatch: () => void): Promise<void> {
    const waiting = new Set(cids)
    const late: StoredHead[] = []
    for (let at = 0; at < cids.length;) {
      const batch = cids.slice(at, at + this.#batchObjects)
      at += batch.length
      await this.#sendBatch(batch, waiting, late)
      onBatch()
    }
    // Deltas that came before their bases. The shallow ones first: a base is always shallower than its delta.
    late.sort((a, b) => a.depth - b.depth)
    for (let at = 0; at < late.length;) {
      const batch = late.slice(at, at + this.#batchObjects).map((head) => head.cid)
      at += batch.length
      await this.#sendBatch(batch, new Set(), [])
      onBatch()
    }
  }

  /** Objects whose base is still waiting go to `late`. */
  async #sendBatch(batch: readonly Cid[], waiting: Set<Cid>, late: StoredHead[]): Promise<void> {
    throwIfAborted(this.#signal)
    const objects = await this.#from.getStored(batch, { signal: this.#signal })
    this.#adapt(objects)
    const sorted = objects.toSorted((a, b) => a.depth - b.depth)
    const bases = [...new Set(sorted.flatMap((object) => object.base ?? []))]
    const had = new Set(await this.#present(bases))
    const whole: Cid[] = []
    for (const object of sorted) {
      if (object.base !== null && !had.has(object.base)) {
        if (waiting.has(object.base)) late.push({ cid: object.cid, depth: object.depth })
        else whole.push(object.cid)
        continue
      }
      await this.#writer.putStored(object)
      this.#count(object.payload.length)
      had.add(object.cid)
    }
    const unpacked = whole.length === 0 ? [] : await this.#from.get(whole, { signal: this.#signal })
    unpacked.forEach((bytes, i) => {
      this.#writer.put(codecOf(whole[i]!), bytes)
      this.#count(bytes.length)
    })
    const deferred = new Set(late.map((head) => head.cid))
    for (const cid of batch) if (!deferred.has(cid)) waiting.delete(cid)
    await this.#writer.drained()
  }

  async #present(bases: readonly Cid[]): Promise<Cid[]> {
    if (bases.length === 0) return []
    const present = await this.#writer.has(bases)
    return bases.filter((_, i) => present[i])
  }

  #count(bytes: number): void {
    this.objects++
    this.bytes += bytes
  }

  #adapt(objects: readonly StoredObject[]): void {
    let bytes = 0
    for (const object of objects) bytes += object.payload.length
    const average = Math.max(1, bytes / Math.max(1, objects.length))
    const fitting = Math.max(1, Math.floor(batchBytesMax / average))
    this.#batchObjects = Math.min(batchObjectsMax, fitting, 2 * this.#batchObjects)
  }
}

interface StoredHead {
  readonly cid: Cid
  readonly depth: number
}
