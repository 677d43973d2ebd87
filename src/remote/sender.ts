// Carries objects from one store into another's writer as they lie in packs, without packing them again: whole packs
// where nearly all in them is wanted and the writer can take them, the rest in batches bounded by bytes. A delta travels
// as a delta when the receiver has its base or gets it now; else it is unpacked and put whole. The writer hashes all that
// comes in. While one batch or pack is written the next is on its way, one and no more: a far source answers meanwhile,
// and memory stays bounded.
import { isVarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, cidOf, codecOf } from '../encoding/cid.ts'
import type { StoredObject, WholePack } from '../store/interface.ts'
import type { CheckedReader } from './checked-reader.ts'
import { type Receiver, isInterruption } from './receive.ts'

const batchBytesMax = 8 << 20
const batchObjectsFirst = 16
const batchObjectsMax = 256
/** Packs on their way at once, where they come over a network. */
const packsAtOnce = 2

export class Sender {
  readonly #from: CheckedReader
  readonly #to: Receiver
  readonly #signal: AbortSignal | undefined
  // Sizes are known only once objects are here: the last batch's average says how many to ask for.
  #batchObjects = batchObjectsFirst
  #settled: Promise<void> = Promise.resolve()
  objects = 0
  bytes = 0

  constructor(from: CheckedReader, to: Receiver, signal: AbortSignal | undefined) {
    this.#from = from
    this.#to = to
    this.#signal = signal
  }

  async send(cids: readonly Cid[], onBatch: () => void): Promise<void> {
    const waiting = new Set(cids)
    await this.#sendPacks(waiting, onBatch)
    const late: StoredHead[] = []
    for await (const objects of this.#read([...waiting])) {
      await this.#write(objects, waiting, late)
      onBatch()
    }
    // Deltas that came before their bases. The shallow ones first: a base is always shallower than its delta.
    late.sort((a, b) => a.depth - b.depth)
    for await (const objects of this.#read(late.map((head) => head.cid))) {
      await this.#write(objects, new Set(), [])
      onBatch()
    }
  }

  /** Sends bytes that are here already, and checked. */
  async put(cid: Cid, bytes: Uint8Array): Promise<void> {
    const before = this.bytes
    this.#to.writer.put(codecOf(cid), bytes)
    this.#count(bytes.length)
    await this.#settle(this.bytes - before)
  }

  /** Sends whole packs, and takes what they hold out of `waiting`. */
  async #sendPacks(waiting: Set<Cid>, onBatch: () => void): Promise<void> {
    const { writer } = this.#to
    if (writer.adopt === undefined || waiting.size === 0) return
    const options = { signal: this.#signal }
    const flights = new Set<Promise<void>>()
    const failures: unknown[] = []
    for await (const pack of this.#from.wholePacks([...waiting], options)) {
      // Nothing goes along that was not asked for: it may be what somebody thought they had deleted.
      const others = pack.cids.filter((cid) => !waiting.has(cid))
      if ((await writer.has(others, options)).includes(false)) continue
      const flight = this.#sendPack(pack, waiting, onBatch)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => flights.delete(flight))
      flights.add(flight)
      if (flights.size >= (pack.file === undefined ? packsAtOnce : 1)) await Promise.race(flights)
      if (failures.length > 0) break
    }
    await Promise.all(flights)
    if (failures.length > 0) throw failures[0]
  }

  async #sendPack(pack: WholePack, waiting: Set<Cid>, onBatch: () => void): Promise<void> {
    if (!(await this.#adopt(pack, onBatch))) return
    for (const cid of pack.cids) if (waiting.delete(cid)) this.objects++
    onBatch()
  }

  /** What is damaged is sent object by object: that mends it, or says what it is. */
  async #adopt(pack: WholePack, onBatch: () => void): Promise<boolean> {
    let taken = 0
    const onBytes = (bytes: number): void => {
      taken += bytes
      this.bytes += bytes
      onBatch()
    }
    try {
      const isTaken = await this.#to.writer.adopt!(pack, { signal: this.#signal, onBytes })
      await this.#settle(taken)
      return isTaken
    } catch (error) {
      if (isInterruption(error)) await this.#arrived(taken).catch(() => undefined)
      if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
      this.bytes -= taken
      return false
    }
  }

  async *#read(cids: readonly Cid[]): AsyncGenerator<StoredObject[]> {
    let at = 0
    const next = (): Promise<StoredObject[]> | null => {
      throwIfAborted(this.#signal)
      const batch = cids.slice(at, at + this.#batchObjects)
      at += batch.length
      if (batch.length === 0) return null
      const reading = this.#from.getStored(batch, { signal: this.#signal })
      // It may fail while the one before is written; whoever awaits it gets the failure all the same.
      void reading.catch(() => {})
      return reading
    }
    let reading = next()
    while (reading !== null) {
      const objects = await reading
      this.#adapt(objects)
      reading = next()
      yield objects
    }
  }

  /** Writes objects; those whose base is still waiting go to `late`. */
  async #write(objects: readonly StoredObject[], waiting: Set<Cid>, late: StoredHead[]): Promise<void> {
    const { writer } = this.#to
    const before = this.bytes
    const sorted = objects.toSorted((a, b) => a.depth - b.depth)
    const bases = [...new Set(sorted.flatMap((object) => object.base ?? []))]
    const had = new Set(await this.#present(bases))
    const whole: Cid[] = []
    const deferred = new Set<Cid>()
    for (const object of sorted) {
      if (object.base !== null && !had.has(object.base)) {
        if (waiting.has(object.base)) {
          late.push({ cid: object.cid, depth: object.depth })
          deferred.add(object.cid)
        } else whole.push(object.cid)
        continue
      }
      await this.#putStored(object)
      this.#count(object.payload.length)
      had.add(object.cid)
    }
    const unpacked = whole.length === 0 ? [] : await this.#from.get(whole, { signal: this.#signal })
    unpacked.forEach((bytes, i) => {
      writer.put(codecOf(whole[i]!), bytes)
      this.#count(bytes.length)
    })
    for (const { cid } of objects) if (!deferred.has(cid)) waiting.delete(cid)
    await this.#settle(this.bytes - before)
  }

  async #putStored(object: StoredObject): Promise<void> {
    const { writer } = this.#to
    try {
      await writer.putStored(object)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
      const bytes = await this.#from.mend(object.cid, { signal: this.#signal })
      if (bytes === null || cidOf(codecOf(object.cid), bytes) !== object.cid) throw error
      writer.put(codecOf(object.cid), bytes)
    }
  }

  async #settle(bytes: number): Promise<void> {
    await this.#to.writer.drained()
    await this.#arrived(bytes)
  }

  /** Tells of what has come, once at a time, because it may be published then. */
  #arrived(bytes: number): Promise<void> {
    return (this.#settled = this.#settled.catch(() => undefined).then(() => this.#to.arrived(bytes)))
  }

  async #present(bases: readonly Cid[]): Promise<Cid[]> {
    if (bases.length === 0) return []
    const present = await this.#to.writer.has(bases)
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
