// Objects that were put and are not packed yet: their bytes are copied into one buffer, which later goes to a thread
// as it is. Its arrays grow by doubling, so that a commit of three objects stays cheap.
import { emptyBytes } from '../../base/bytes.ts'
import { type Cid, type Codec, cidToBytes } from '../../encoding/cid.ts'
import type { PackJob } from '../batch.ts'
import { mayBeDelta } from '../packing.ts'
import type { BasesOf } from './bases.ts'
import { cidDigest } from './digest.ts'

const batchBytesFull: number = 512 << 10
const batchObjectsMax = 4096
const firstBytes = 16 << 10
const buffersFreeMax = 8
/** Room for a full batch, whose last object goes beyond the limit. */
const fullBytes = batchBytesFull + (64 << 10)

/**
 * Full-grown buffers between two batches. Fresh memory costs more than the copy into it (page faults); shared memory
 * crosses to a thread without another copy.
 */
export class BufferPool {
  readonly #free: Uint8Array[] = []

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(firstBytes))
  }

  /** A buffer of at least `bytes`. */
  takeFor(bytes: number): Uint8Array {
    const free = this.take()
    return bytes <= free.length ? free : new Uint8Array(new SharedArrayBuffer(roomFor(bytes)))
  }

  /** Takes a buffer back that nobody reads any more. */
  giveBack(buffer: Uint8Array): void {
    if (buffer.length > firstBytes && buffer.length <= fullBytes && this.#free.length < buffersFreeMax) {
      this.#free.push(buffer)
    }
  }
}

export interface BatchItem {
  readonly cid: Cid
  readonly start: number
  readonly end: number
  readonly base: Cid | null
  /** What it would have as a delta of the base. */
  readonly depth: number
}

export class OpenBatch {
  readonly codec: Codec
  readonly items: BatchItem[] = []
  #raws: Uint8Array
  /** The bases of its objects, while a thread packs it. */
  #bases: Uint8Array = emptyBytes
  #length = 0

  constructor(codec: Codec, buffers: BufferPool) {
    this.codec = codec
    this.#raws = buffers.take()
  }

  /** Gives the batch's memory back, once its bytes lie in a pack. */
  release(buffers: BufferPool): void {
    buffers.giveBack(this.#raws)
    buffers.giveBack(this.#bases)
    this.#raws = this.#bases = emptyBytes
  }

  get bytes(): number {
    return this.#length
  }

  get isFull(): boolean {
    return this.#length >= batchBytesFull || this.items.length >= batchObjectsMax
  }

  add(cid: Cid, bytes: Uint8Array, base: Cid | null, depth: number): void {
    const end = this.#length + bytes.length
    if (end > this.#raws.length) {
      const grown = new Uint8Array(new SharedArrayBuffer(roomFor(end)))
      grown.set(this.#raws.subarray(0, this.#length))
      this.#raws = grown
    }
    this.#raws.set(bytes, this.#length)
    this.items.push({ cid, start: this.#length, end, base, depth })
    this.#length = end
  }

  /** An item's bytes, as a view: copy what must outlive the batch. */
  raw(item: number): Uint8Array {
    return this.#raws.subarray(this.items[item]!.start, this.items[item]!.end)
  }

  /** Its bases lie in memory of the pool too: a copy for each batch is half a megabyte that a thread lets lie. */
  job(basesOf: BasesOf, buffers: BufferPool, isThorough: boolean): PackJob {
    const count = this.items.length
    const known = basesOf(this.items.flatMap(({ base }) => base ?? []))
    const bases: Uint8Array[] = []
    const job = {
      codec: this.codec,
      raws: this.#raws.subarray(0, this.#length),
      rawEnds: new Uint32Array(count),
      digests: new Uint8Array(count * 32),
      baseEnds: new Uint32Array(count),
      baseCids: new Uint8Array(count * 36),
      depths: new Uint8Array(count),
      isThorough,
    }
    let basesLength = 0
    this.items.forEach((item, i) => {
      job.rawEnds[i] = item.end
      job.digests.set(cidDigest(item.cid), i * 32)
      const base = item.base === null ? undefined : known.get(item.base)
      if (base !== undefined && mayBeDelta(this.raw(i), base)) {
        bases.push(base)
        basesLength += base.length
        job.baseCids.set(cidToBytes(item.base!), i * 36)
        job.depths[i] = item.depth
      }
      job.baseEnds[i] = basesLength
    })
    if (basesLength > 0) this.#bases = buffers.takeFor(basesLength)
    let at = 0
    for (const base of bases) {
      this.#bases.set(base, at)
      at += base.length
    }
    return { ...job, bases: this.#bases.subarray(0, basesLength) }
  }
}

/** Four times as much each time, up to that of a full batch. */
function roomFor(bytes: number): number {
  let room = firstBytes
  while (room < bytes) room *= 4
  return bytes <= fullBytes ? Math.min(room, fullBytes) : room
}
