// The way from put to a pack: objects gather in one batch per codec, full batches are packed, by threads once there is
// enough to do to pay for starting them, and the result goes to the sink.
import type { WorkerPool } from '../../base/pool.ts'
import type { Cid, Codec } from '../../encoding/cid.ts'
import { type PackJob, type PackedBatch, packBatch } from '../batch.ts'
import type { BasesOf } from './bases.ts'
import { BufferPool, OpenBatch } from './open-batch.ts'
import type { PackSink } from './pack-sink.ts'

/** Below this a thread's start costs more than it saves. */
const threadBytesMin = 1 << 20

export interface QueuedObject {
  readonly cid: Cid
  readonly codec: Codec
  readonly bytes: Uint8Array
  readonly base: Cid | null
  readonly depth: number
}

export class PackQueue {
  readonly #pool: WorkerPool
  readonly #sink: PackSink
  readonly #basesOf: BasesOf
  /** Called with a batch's records before they are appended. */
  readonly #packed: (batch: OpenBatch, packed: PackedBatch) => void
  readonly #buffers = new BufferPool()
  readonly #open: Record<Codec, OpenBatch | null> = { raw: null, 'dag-cbor': null }
  #held: OpenBatch[] = []
  #seenBytes = 0
  /** Packs small rather than quickly. */
  isThorough = false

  constructor(
    pool: WorkerPool,
    sink: PackSink,
    basesOf: BasesOf,
    packed: (batch: OpenBatch, packed: PackedBatch) => void,
  ) {
    this.#pool = pool
    this.#sink = sink
    this.#basesOf = basesOf
    this.#packed = packed
  }

  /** Copies the bytes into a batch; returns where they are until they are packed. */
  add(object: QueuedObject): { batch: OpenBatch; item: number } {
    const batch = (this.#open[object.codec] ??= new OpenBatch(object.codec, this.#buffers))
    const item = batch.items.length
    batch.add(object.cid, object.bytes, object.base, object.depth)
    this.#seenBytes += object.bytes.length
    this.#sink.queued(object.bytes.length)
    if (batch.isFull) this.#seal(object.codec)
    return { batch, item }
  }

  /** Packs here and now what was not given to a thread. */
  flush(): void {
    this.#seal('dag-cbor')
    this.#seal('raw')
    for (const batch of this.#held.splice(0)) this.#packHere(batch)
  }

  /** The next commit is small until it has shown that it is not. */
  published(): void {
    this.#seenBytes = 0
  }

  /** Drops all that is not packed yet. */
  reset(): void {
    this.#open.raw = null
    this.#open['dag-cbor'] = null
    this.#held = []
    this.#seenBytes = 0
  }

  /** Called when a batch lies in a pack: its memory is used for the next. */
  done(batch: OpenBatch): void {
    this.#sink.unqueued(batch.bytes)
    batch.release(this.#buffers)
  }

  #seal(codec: Codec): void {
    const batch = this.#open[codec]
    if (batch === null) return
    this.#open[codec] = null
    this.#held.push(batch)
    if (this.#seenBytes < threadBytesMin) return
    for (const held of this.#held.splice(0)) {
      if (this.#pool.isInline) this.#packHere(held)
      else this.#packInThread(held)
    }
  }

  #packHere(batch: OpenBatch): void {
    this.#packed(batch, packBatch(batch.job(this.#basesOf, this.#buffers, this.isThorough)))
  }

  #packInThread(batch: OpenBatch): void {
    const job = batch.job(this.#basesOf, this.#buffers, this.isThorough)
    const packed = this.#pool.run('packBatch', packBatch, [job], handedOver(job))
    this.#sink.track(packed.then((result) => this.#packed(batch, result)))
  }
}

/** A copy would be made twice, in a message and out of it. What is shared is not copied. */
function handedOver({ rawEnds, digests, baseEnds, baseCids, depths }: PackJob): ArrayBuffer[] {
  const parts = [rawEnds, digests, baseEnds, baseCids, depths]
  return parts.map(({ buffer }) => buffer as ArrayBuffer)
}
