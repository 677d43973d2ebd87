// Takes objects in on disk. `put` hashes, looks whether the object is known, and copies the bytes into a batch; full
// batches are packed by threads once there is enough to do, and appended to temporary packs. Nothing of it is seen
// by others until the store publishes it with a manifest.
import { throwIfAborted } from '../../base/errors.ts'
import { type Cid, type Codec, cidOf, codecOf } from '../../encoding/cid.ts'
import { type PackedBatch, selectPacked } from '../batch.ts'
import {
  type AdoptOptions,
  type ObjectWriter,
  type PackedObjects,
  type PutOptions,
  type ReadOptions,
  type DerivedCache,
  type StoredObject,
  type WholePack,
  objectBytesMax,
} from '../interface.ts'
import { deltaDepthMax, pack } from '../packing.ts'
import { recordHead } from '../record.ts'
import type { PlacedObject } from '../run.ts'
import { checkedBytes } from '../stored-object.ts'
import { isMissing } from './files.ts'
import { type BasesOf, readableBases } from './bases.ts'
import type { DiskHome } from './home.ts'
import type { IndexView } from './index-view.ts'
import type { OpenBatch } from './open-batch.ts'
import { adoptPack } from './adopted-pack.ts'
import type { PendingPack } from './pack-file.ts'
import { PendingObjects } from './pending.ts'
import { PackQueue } from './pack-queue.ts'
import { PackSink } from './pack-sink.ts'
import type { Place } from './read.ts'
import { cidDigest } from './digest.ts'

const rewriteObjects = 256

export class DiskWriter implements ObjectWriter {
  readonly home: DiskHome
  readonly checkpointBytes: number | undefined
  /** What was here when the writer began: what it takes for present, it has from this. */
  view: IndexView
  /** The newest view that is known to have nothing of what is pending. */
  since: IndexView
  readonly assumed: Set<Cid> = new Set()
  readonly #pending = new PendingObjects()
  readonly #sink: PackSink
  readonly #queue: PackQueue

  constructor(home: DiskHome, isThorough = false) {
    this.home = home
    this.checkpointBytes = home.checkpointBytes
    this.view = home.view()
    this.since = this.view
    this.#sink = new PackSink(home.dir, home.durability)
    this.#queue = new PackQueue(home.pool, this.#sink, this.#basesOf, (batch, packed) =>
      this.#append(batch, packed),
    )
    this.#queue.isThorough = isThorough
  }

  get cache(): DerivedCache {
    return this.home.cache
  }

  put(codec: Codec, bytes: Uint8Array, options: PutOptions = {}): Cid {
    if (bytes.length > objectBytesMax) throw new TypeError(`an object has at most ${objectBytesMax} bytes`)
    const cid = cidOf(codec, bytes)
    if (!this.#isHere(cid)) this.#enqueue(cid, codec, bytes, options.base ?? null)
    return cid
  }

  /** As put, also where the store has the object: gc and its victims need another copy. */
  putAnew(codec: Codec, bytes: Uint8Array): void {
    const cid = cidOf(codec, bytes)
    if (!this.#pending.has(cid)) this.#enqueue(cid, codec, bytes, null)
  }

  #enqueue(cid: Cid, codec: Codec, bytes: Uint8Array, hint: Cid | null): void {
    // A base that is pending too has the depth it may get: what it gets is never more.
    const hintDepth = hint === null ? 0 : this.depthOf(hint) + 1
    const [base, depth] = hintDepth > deltaDepthMax ? [null, 0] : [hint, hintDepth]
    const { batch, item } = this.#queue.add({ cid, codec, bytes, base, depth })
    // A batch that is packed at once, without a thread, is not in a file before this turn ends.
    this.#pending.queued(cid, depth, batch, item)
  }

  async putStored(object: StoredObject): Promise<void> {
    if (this.#isHere(object.cid)) {
      // What it claims to be is checked all the same: a liar is a liar.
      await this.#unpacked(object)
      return
    }
    await this.copyStored(object)
  }

  /** As `putStored`, even if the store has the object. */
  async copyStored(object: StoredObject): Promise<void> {
    const bytes = await this.#unpacked(object)
    const codec = codecOf(object.cid)
    if (this.#pending.has(object.cid)) return
    const depth = object.base === null ? 0 : this.depthOf(object.base) + 1
    if (depth > deltaDepthMax || object.payload.length > bytes.length) this.putAnew(codec, bytes)
    else this.appendStored({ ...object, depth })
    await this.drained()
  }

  async #unpacked(object: StoredObject): Promise<Uint8Array> {
    const base = object.base === null ? null : (await this.get([object.base]))[0]!
    return checkedBytes(object, base)
  }

  /** As putStored, unpacked and hashed by the caller; its base may lie in another store. Keeps the payload until written. */
  appendStored(object: StoredObject): void {
    const codec = codecOf(object.cid)
    const digest = cidDigest(object.cid)
    const base = object.base === null ? null : Buffer.from(object.base, 'hex')
    const head = recordHead({ ...object, codec, digest, base })
    const ends = Uint32Array.of(head.length + object.payload.length)
    this.#appendRecords({ codec, cids: [object.cid], records: [head, object.payload], ends }, object.depth)
  }

  #appendRecords(
    { codec, cids, records, ends }: Omit<PackedObjects, 'records'> & { records: readonly Uint8Array[] },
    depth: number,
  ): void {
    const bytes = ends.at(-1)!
    this.#sink.queued(bytes)
    const { pack: file, start } = this.#sink.append(codec, records, ends, () => this.#sink.unqueued(bytes))
    this.#pending.appended(file, start, { cids, ends }, depth)
  }

  async adopt(pack: WholePack, options: AdoptOptions = {}): Promise<boolean> {
    const { cids, ends } = pack
    const taken = await adoptPack(this.home, pack, options)
    this.adopted(taken, { cids: cids.slice(0, taken.records), ends })
    if (taken.cut !== null) throw taken.cut
    return true
  }

  /** As `adopt`, for a pack that was checked already. */
  adopted(taken: PendingPack, pack: Pick<WholePack, 'cids' | 'ends'>): void {
    this.#sink.adopt(taken)
    this.#pending.adopted(taken, pack, (cid) => this.#isHere(cid))
  }

  putPacked(objects: PackedObjects): void {
    const fresh = selectPacked(objects, (cid) => !this.#isHere(cid))
    if (fresh.cids.length > 0) this.#appendRecords({ ...fresh, records: [fresh.records] }, 0)
  }

  hold(cids: readonly Cid[]): boolean[] {
    return cids.map((cid) => this.#isHere(cid))
  }

  drained(): Promise<void> {
    return this.#sink.drained()
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
    this.#queue.reset()
    this.#see(this.home.view())
    await this.#sink.abort()
  }

  /** Everything put so far is in finished, durable packs; returns those and where each object lies in them. */
  async flush(): Promise<{ packs: readonly PendingPack[]; objects: PlacedObject[] }> {
    this.#queue.flush()
    const packs = await this.#sink.finish()
    return { packs, objects: this.#pending.placedIn(new Set(packs)) }
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
    const packs = new Set((await this.flush()).packs)
    this.#sink.forget(packs)
    const cids = this.pendingCids()
    for (let at = 0; at < cids.length; at += rewriteObjects) {
      for (const object of this.home.readStored(cids.slice(at, at + rewriteObjects), this.#locate)) {
        const { base, cid, rawLength } = object
        const hasBase = base === null || this.#pending.has(base) || this.home.locate(base, view) !== null
        const whole = hasBase ? null : pack(this.home.readFrom(this.view, [cid], this.#locate)[0]!, null)
        this.appendStored(whole === null ? object : { cid, rawLength, base: null, depth: 0, ...whole })
      }
      await this.drained()
    }
    await this.flush()
    for (const old of packs) await old.abort()
  }

  /** After the manifest stands: what these packs hold is the store's. What was put since stays pending. */
  published(view: IndexView, packs: readonly PendingPack[]): void {
    const done = new Set(packs)
    this.#pending.published(done)
    if (this.#pending.size === 0) this.assumed.clear()
    this.#sink.forget(done)
    this.#queue.published()
    this.#see(view)
  }

  /** After a failed write the files are removed and the writer refuses to publish, until it is aborted. */
  async fail(error: unknown): Promise<void> {
    await this.abort()
    this.#sink.fail(error)
  }

  #see(view: IndexView): void {
    this.view = view
    if (this.#pending.size === 0) this.since = view
  }

  #isHere(cid: Cid): boolean {
    if (this.#pending.has(cid)) return true
    if (this.#find(cidDigest(cid), codecOf(cid)) === null) return false
    this.assumed.add(cid)
    return true
  }

  // If gc was faster than the first question, nothing has been assumed yet and a newer view will do.
  #find(digest: Uint8Array, codec: Codec): unknown {
    try {
      return this.view.find(digest, codec)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#see(this.home.refresh())
      return this.view.find(digest, codec)
    }
  }

  readonly #locate = (cid: Cid, view: IndexView): Place | null => {
    const found = this.#pending.get(cid)
    if (found === undefined) return this.home.locate(cid, view)
    if (found.batch !== null) return { raw: new Uint8Array(found.batch.raw(found.item)) }
    const { offset, length, codec, depth } = found
    return { file: found.file!.file, offset, length, codec, depth }
  }

  /** What is on its way into a file must be there before it can be read; a delta's base may lie in another one. */
  async #readable(cids: readonly Cid[]): Promise<void> {
    const isPacked = (cid: Cid): boolean => (this.#pending.get(cid)?.file ?? null) !== null
    if (cids.some(isPacked)) await this.#sink.written()
  }

  readonly #basesOf: BasesOf = (cids) => {
    const bases = new Map<Cid, Uint8Array>()
    const stored: Cid[] = []
    for (const cid of cids) {
      const pending = this.#pending.get(cid)
      if (pending === undefined) stored.push(cid)
      else if (pending.batch !== null) bases.set(cid, pending.batch.raw(pending.item))
    }
    for (const [cid, bytes] of readableBases(stored, (some) => this.home.read(some))) bases.set(cid, bytes)
    return bases
  }

  /** How many bases must be unpacked before the object; the largest there may be when it is not here. */
  depthOf(cid: Cid): number {
    const pending = this.#pending.get(cid)
    if (pending !== undefined) return pending.depth
    const place = this.home.retried((view) => this.home.locate(cid, view))
    return place !== null && 'file' in place ? place.depth : deltaDepthMax
  }

  #append(batch: OpenBatch, packed: PackedBatch): void {
    const { records, ends } = packed
    this.#sink.append(batch.codec, [records], ends, (file, start) => {
      this.#pending.landed(batch, packed, file, start)
      this.#queue.done(batch)
    })
  }
}
