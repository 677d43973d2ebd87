// Takes objects in on disk. `put` hashes, looks whether the object is known, and copies the bytes into a batch; full
// batches are packed by threads once there is enough to do, and appended to temporary packs. Nothing of it is seen
// by others until the store publishes it with a manifest.
import { VarveError, corrupt, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { sha256 } from '../../base/platform.ts'
import { type Cid, type Codec, cidOf, cidOfDigest, codecOf } from '../../encoding/cid.ts'
import { type PackedBatch, packBatch } from '../batch.ts'
import {
  type ObjectWriter,
  type PutOptions,
  type ReadOptions,
  type StoredObject,
  objectBytesMax,
} from '../interface.ts'
import type { PackKind } from '../pack.ts'
import { deltaDepthMax, pack, unpack } from '../packing.ts'
import { recordLength, writeRecord } from '../record.ts'
import type { Placed } from '../run.ts'
import { isMissing } from './files.ts'
import type { DiskHome } from './home.ts'
import type { IndexView } from './index-view.ts'
import { BufferShelf, OpenBatch } from './open-batch.ts'
import { PackFile } from './pack-file.ts'
import type { Place } from './read.ts'
import { cidDigest } from './digest.ts'

/** Below this a thread's start costs more than it saves. */
const threadBytesMin = 1 << 20
const rewriteObjects = 256
/** `drained` waits until no more than this is in memory. */
const queuedBytesMax = 16 << 20

interface Pending {
  readonly digest: Uint8Array
  readonly codec: Codec
  batch: OpenBatch | null
  item: number
  /** Set when it is packed. */
  pack: PackFile | null
  offset: number
  length: number
  depth: number
}

export class DiskWriter implements ObjectWriter {
  readonly home: DiskHome
  /** What was here when the writer began: what it takes for present, it has from this. */
  view: IndexView
  readonly assumed: Set<Cid> = new Set()
  readonly #pending = new Map<Cid, Pending>()
  readonly #shelf = new BufferShelf()
  readonly #open: Record<Codec, OpenBatch | null> = { raw: null, 'dag-cbor': null }
  readonly #packs: Record<PackKind, PackFile | null> = { meta: null, data: null }
  #finished: PackFile[] = []
  #held: OpenBatch[] = []
  #tasks = new Set<Promise<void>>()
  #seenBytes = 0
  #queuedBytes = 0
  #failure: unknown = null

  constructor(home: DiskHome) {
    this.home = home
    this.view = home.view()
  }

  put(codec: Codec, bytes: Uint8Array, options: PutOptions = {}): Cid {
    if (bytes.length > objectBytesMax) throw new TypeError(`an object has at most ${objectBytesMax} bytes`)
    const digest = sha256(bytes)
    const cid = cidOfDigest(codec, digest)
    if (!this.#isHere(cid, digest, codec)) this.#queue(cid, digest, codec, bytes, options.base ?? null)
    return cid
  }

  /** As put, also where the store has the object: gc and its victims need another copy. */
  putAnew(codec: Codec, bytes: Uint8Array): void {
    const digest = sha256(bytes)
    const cid = cidOfDigest(codec, digest)
    if (!this.#pending.has(cid)) this.#queue(cid, digest, codec, bytes, null)
  }

  #queue(cid: Cid, digest: Uint8Array, codec: Codec, bytes: Uint8Array, base: Cid | null): void {
    const batch = (this.#open[codec] ??= new OpenBatch(codec, this.#shelf))
    const item = batch.items.length
    // A base that is pending too has the depth it may get: what it gets is never more.
    const depth = base === null ? 0 : this.#depthOf(base) + 1
    batch.add(cid, digest, bytes, depth > deltaDepthMax ? null : base, depth)
    this.#pending.set(cid, {
      digest,
      codec,
      batch,
      item,
      pack: null,
      offset: 0,
      length: 0,
      depth: depth > deltaDepthMax ? 0 : depth,
    })
    this.#seenBytes += bytes.length
    this.#queuedBytes += bytes.length
    if (batch.isFull) this.#seal(codec)
  }

  async putStored(object: StoredObject): Promise<void> {
    if (this.#isHere(object.cid, cidDigest(object.cid), codecOf(object.cid))) {
      // What it claims to be is checked all the same: a liar is a liar.
      await this.#unpacked(object)
      return
    }
    await this.copyStored(object)
  }

  /** As putStored, also where the store has the object. */
  async copyStored(object: StoredObject): Promise<void> {
    const bytes = await this.#unpacked(object)
    const codec = codecOf(object.cid)
    if (this.#pending.has(object.cid)) return
    const depth = object.base === null ? 0 : this.#depthOf(object.base) + 1
    if (depth > deltaDepthMax || object.payload.length > bytes.length) this.putAnew(codec, bytes)
    else this.#appendStored({ ...object, depth })
    if (this.#queuedBytes > queuedBytesMax) await this.drained()
  }

  async #unpacked(object: StoredObject): Promise<Uint8Array> {
    const base = object.base === null ? null : (await this.get([object.base]))[0]!
    const bytes = unpack(object.packing, object.payload, object.rawLength, base)
    if (cidOf(codecOf(object.cid), bytes) !== object.cid)
      throw corrupt(`object '${object.cid}' does not match its name`)
    return bytes
  }

  #appendStored(object: StoredObject): void {
    const codec = codecOf(object.cid)
    const digest = cidDigest(object.cid)
    const base = object.base === null ? null : Buffer.from(object.base, 'hex')
    const record = new Uint8Array(recordLength(object.packing, object.payload.length))
    writeRecord(record, 0, { ...object, codec, digest, base })
    const file = this.#packOf(codec)
    const offset = file.append(record, [record.length])
    const place = { batch: null, item: 0, pack: file, offset, length: record.length, depth: object.depth }
    this.#pending.set(object.cid, { digest, codec, ...place })
    this.#queuedBytes += record.length
    this.#track(file.written().then(() => void (this.#queuedBytes -= record.length)))
  }

  async drained(): Promise<void> {
    while (this.#queuedBytes > queuedBytesMax && this.#failure === null && this.#tasks.size > 0) {
      await Promise.race(this.#tasks)
    }
    this.#throwFailure()
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    await this.#readable(cids)
    return this.home.read(cids, this.#locate)
  }

  async has(cids: readonly Cid[], options: ReadOptions = {}): Promise<boolean[]> {
    throwIfAborted(options.signal)
    return this.home.has(cids, this.#locate)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    throwIfAborted(options.signal)
    await this.#readable(cids)
    return this.home.readStored(cids, this.#locate)
  }

  async abort(): Promise<void> {
    this.#pending.clear()
    this.assumed.clear()
    this.#open.raw = null
    this.#open['dag-cbor'] = null
    this.#held = []
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks)
    const files = [...this.#finished, this.#packs.meta, this.#packs.data].filter((file) => file !== null)
    this.#finished = []
    this.#packs.meta = null
    this.#packs.data = null
    this.#queuedBytes = 0
    this.#seenBytes = 0
    this.#failure = null
    this.view = this.home.view()
    for (const file of files) await file.abort()
  }

  /** Everything put so far is in finished, durable packs; returns those and where each object lies in them. */
  async flush(): Promise<{ packs: readonly PackFile[]; objects: Placed[] }> {
    this.#seal('dag-cbor')
    this.#seal('raw')
    for (const batch of this.#held.splice(0)) this.#append(batch, packBatch(this.#jobOf(batch)))
    while (this.#tasks.size > 0) await Promise.race(this.#tasks)
    this.#throwFailure()
    const open = [this.#packs.meta, this.#packs.data].filter((file) => file !== null)
    this.#packs.meta = null
    this.#packs.data = null
    this.#finished.push(...open)
    await this.#guard(Promise.all(open.map((file) => file.finish())))
    const objects = [...this.#pending.values()].map((found) => ({ ...found, pack: found.pack!.ref! }))
    return { packs: this.#finished, objects }
  }

  isPending(cid: Cid): boolean {
    return this.#pending.has(cid)
  }

  pendingCids(): Cid[] {
    return [...this.#pending.keys()]
  }

  /**
   * Moves what lies in finished packs into new ones, for a gc may have seen those as orphans; and packs whole what is a
   * delta of something that `view` has not.
   */
  async rewrite(view: IndexView): Promise<void> {
    await this.flush()
    const packs = this.#finished
    this.#finished = []
    const cids = this.pendingCids()
    for (let at = 0; at < cids.length; at += rewriteObjects) {
      for (const object of this.home.readStored(cids.slice(at, at + rewriteObjects), this.#locate)) {
        const { base, cid, rawLength } = object
        const hasBase = base === null || this.#pending.has(base) || this.home.locate(base, view) !== null
        const whole = hasBase ? null : pack(this.home.readFrom(this.view, [cid], this.#locate)[0]!, null)
        this.#appendStored(whole === null ? object : { cid, rawLength, base: null, depth: 0, ...whole })
      }
      await this.drained()
    }
    await this.flush()
    for (const old of packs) await old.abort()
  }

  /** After the manifest stands: what was pending is the store's. */
  published(view: IndexView): void {
    this.#pending.clear()
    this.assumed.clear()
    this.#finished = []
    this.#seenBytes = 0
    this.view = view
  }

  /** After a failed write the files are removed and the writer refuses to publish, until it is aborted. */
  async fail(error: unknown): Promise<void> {
    await this.abort()
    this.#failure = error
  }

  #isHere(cid: Cid, digest: Uint8Array, codec: Codec): boolean {
    if (this.#pending.has(cid)) return true
    if (this.#find(digest, codec) === null) return false
    this.assumed.add(cid)
    return true
  }

  // Segments load on the first question; if gc was faster, nothing has been assumed yet and a newer view will do.
  #find(digest: Uint8Array, codec: Codec): unknown {
    try {
      return this.view.find(digest, codec)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.view = this.home.refresh()
      return this.view.find(digest, codec)
    }
  }

  readonly #locate = (cid: Cid, view: IndexView): Place | null => {
    const found = this.#pending.get(cid)
    if (found === undefined) return this.home.locate(cid, view)
    if (found.batch !== null) return { raw: found.batch.raw(found.item).slice() }
    const { offset, length, codec, depth } = found
    return { file: found.pack!.file, offset, length, codec, depth }
  }

  /** What is on its way into a file must be there before it can be read. */
  async #readable(cids: readonly Cid[]): Promise<void> {
    const packs = new Set<PackFile>()
    for (const cid of cids) {
      const pack = this.#pending.get(cid)?.pack
      if (pack !== undefined && pack !== null) packs.add(pack)
    }
    // A delta's base may lie in another pack of this writer.
    if (packs.size === 0) return
    for (const pack of [...this.#finished, this.#packs.meta, this.#packs.data]) await pack?.written()
  }

  #seal(codec: Codec): void {
    const batch = this.#open[codec]
    if (batch === null) return
    this.#open[codec] = null
    this.#held.push(batch)
    if (this.#seenBytes < threadBytesMin) return
    for (const held of this.#held.splice(0)) {
      if (this.home.pool.isInline) this.#append(held, packBatch(this.#jobOf(held)))
      else {
        const job = this.#jobOf(held)
        this.#track(
          this.home.pool.run('packBatch', packBatch, [job]).then((packed) => this.#append(held, packed)),
        )
      }
    }
  }

  #jobOf(batch: OpenBatch): ReturnType<OpenBatch['job']> {
    return batch.job((cid) => this.#baseOf(cid))
  }

  // A base is a hint only: one that cannot be read costs space, not the commit.
  #baseOf(cid: Cid): Uint8Array | null {
    const pending = this.#pending.get(cid)
    if (pending?.batch) return pending.batch.raw(pending.item)
    if (pending !== undefined) return null
    try {
      return this.home.read([cid])[0]!
    } catch (error) {
      if (isVarveError(error)) return null
      throw error
    }
  }

  #depthOf(cid: Cid): number {
    const pending = this.#pending.get(cid)
    if (pending !== undefined) return pending.depth
    const place = this.home.retried((view) => this.home.locate(cid, view))
    return place !== null && 'file' in place ? place.depth : deltaDepthMax
  }

  #packOf(codec: Codec): PackFile {
    const kind = codec === 'raw' ? 'data' : 'meta'
    const open = this.#packs[kind]
    if (open !== null && !open.isFull) return open
    if (open !== null) {
      this.#finished.push(open)
      this.#track(open.finish().then(() => undefined))
    }
    const next = new PackFile(this.home.dir, kind)
    this.#packs[kind] = next
    return next
  }

  #append(batch: OpenBatch, packed: PackedBatch): void {
    if (this.#failure !== null) return
    const pack = this.#packOf(batch.codec)
    const start = pack.append(packed.records, packed.ends)
    const bytes = batch.bytes
    this.#track(pack.written().then(() => this.#landed(batch, packed, pack, start, bytes)))
  }

  #landed(batch: OpenBatch, packed: PackedBatch, pack: PackFile, start: number, bytes: number): void {
    this.#queuedBytes -= bytes
    batch.items.forEach((item, i) => {
      const found = this.#pending.get(item.cid)
      if (found === undefined || found.batch !== batch) return
      const from = i === 0 ? 0 : packed.ends[i - 1]!
      found.batch = null
      found.pack = pack
      found.offset = start + from
      found.length = packed.ends[i]! - from
      found.depth = packed.depths[i]!
    })
    batch.release(this.#shelf)
  }

  #track(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  async #guard(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }

  #throwFailure(): void {
    if (this.#failure === null) return
    if (this.#failure instanceof VarveError) throw this.#failure
    throw new VarveError('VARVE_IO', 'writing objects failed', { cause: this.#failure })
  }
}
