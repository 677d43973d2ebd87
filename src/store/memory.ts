// A store in memory: the same promises as the one on disk, without durability. Browsers, tests and previews use it.
// Objects become visible by `update` only, and gc re-checks with the epoch as every store does.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, type Codec, cidOf, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { firstManifest, missingTarget, nextManifest, targetsOf } from './change.ts'
import { fsckObjects, rootsOf } from './closure.ts'
import {
  type Change,
  type FsckOptions,
  type FsckReport,
  type GcOptions,
  type GcReport,
  type Manifest,
  type ObjectWriter,
  type PackedObjects,
  type PutOptions,
  type ReadOptions,
  type DerivedCache,
  type Store,
  type StoreStats,
  type StoredObject,
  type UpdateOptions,
  manifestsKeptMaxDefault,
  objectBytesMax,
} from './interface.ts'
import { mark } from './mark.ts'
import { unpack } from './packing.ts'
import { readRecord } from './record.ts'
import { checkedBytes, storedWhole } from './stored-object.ts'

/** A store that lives as long as the process. */
export class MemoryStore implements Store {
  readonly location = 'memory'
  /** It keeps nothing: what was learnt of this store's objects is known as long as there is room in memory. */
  readonly cache: DerivedCache = { read: () => null, write: () => undefined }
  #objects = new Map<Cid, Uint8Array>()
  #log: Manifest[]

  private constructor(first: Manifest) {
    this.#log = [first]
  }

  /** An empty store, on no branch yet but `firstBranch` ('main'). */
  static create(options: { firstBranch?: string } = {}): MemoryStore {
    return new MemoryStore(firstManifest(options.firstBranch ?? 'main', Date.now()))
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return cids.map((cid) => this.peek(cid) ?? fail(missing(cid)))
  }

  async has(cids: readonly Cid[]): Promise<boolean[]> {
    return cids.map((cid) => this.#objects.has(cid))
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    return (await this.get(cids, options)).map((bytes, i) => storedWhole(cids[i]!, bytes))
  }

  /** The object's bytes, or undefined; for the writer, which also looks at its own objects. */
  peek(cid: Cid): Uint8Array | undefined {
    return this.#objects.get(cid)
  }

  writer(): ObjectWriter {
    return new MemoryWriter(this, this.#objects)
  }

  async manifest(): Promise<Manifest> {
    return this.#log.at(-1)!
  }

  async *manifests(): AsyncIterable<Manifest> {
    yield* this.#log.slice(0, -1).reverse()
  }

  async update(change: Change, options: UpdateOptions = {}): Promise<Manifest> {
    for (;;) {
      throwIfAborted(options.signal)
      const current = this.#log.at(-1)!
      const wanted = await change(current)
      if (this.#log.at(-1) !== current) continue
      if (wanted === null) return current
      const next = nextManifest(current, wanted, Date.now())
      const writer = this.#own(options.writer ?? this.writer())
      if (writer.before !== this.#objects) rescue(writer, this.#objects)
      const { pending } = writer
      const lost = targetsOf(wanted).find((cid) => !this.#objects.has(cid) && !pending.has(cid))
      if (lost !== undefined) throw missingTarget(lost, this.location)
      for (const [cid, bytes] of pending) this.#objects.set(cid, bytes)
      writer.published(this.#objects)
      this.#log.push(next)
      return next
    }
  }

  #own(writer: ObjectWriter): MemoryWriter {
    if (writer instanceof MemoryWriter && writer.store === this) return writer
    throw new TypeError('a writer publishes through the store that made it')
  }

  async gc(options: GcOptions = {}): Promise<GcReport> {
    throwIfAborted(options.signal)
    const current = this.#log.at(-1)!
    const keptLog = this.#log.slice(-Math.max(1, options.manifestsKeptMax ?? manifestsKeptMaxDefault))
    const marked = new Set<Cid>()
    await mark(this, rootsOf(keptLog), marked, { ...options, absent: await options.absent?.() })
    if (this.#log.at(-1) !== current) return this.gc(options)
    const kept = new Map([...this.#objects].filter(([cid]) => marked.has(cid)))
    const report = {
      objectsKept: kept.size,
      objectsDropped: this.#objects.size - kept.size,
      bytesBefore: bytesOf(this.#objects),
      bytesAfter: bytesOf(kept),
      packsBefore: 0,
      packsAfter: 0,
      filesRemoved: 0,
    }
    if (options.dryRun === true || report.objectsDropped === 0) return report
    this.#objects = kept
    const swept = nextManifest(current, { operation: { name: 'gc', message: '', author: '' } }, Date.now())
    this.#log = [...keptLog, { ...swept, gcEpoch: current.gcEpoch + 1 }]
    return report
  }

  async fsck(options: FsckOptions = {}): Promise<FsckReport> {
    const problems = await fsckObjects(this, rootsOf(this.#log), options)
    for (const [cid, bytes] of this.#objects) {
      if (cidOf(codecOf(cid), bytes) !== cid)
        problems.push({ where: cid, what: 'the bytes do not match the name' })
    }
    return { objects: this.#objects.size, bytes: bytesOf(this.#objects), problems }
  }

  async stats(): Promise<StoreStats> {
    return { objects: this.#objects.size, packs: 0, segments: 0, packBytes: bytesOf(this.#objects) }
  }

  async close(): Promise<void> {}
}

/** Holds the bytes of all it was given, also of those the store has: a gc in between then costs nothing. */
class MemoryWriter implements ObjectWriter {
  readonly store: MemoryStore
  readonly pending: Map<Cid, Uint8Array> = new Map()
  /** The store's objects when the writer began; gc makes a new map and leaves this one as it is. */
  before: ReadonlyMap<Cid, Uint8Array>

  get cache(): DerivedCache {
    return this.store.cache
  }

  constructor(store: MemoryStore, before: ReadonlyMap<Cid, Uint8Array>) {
    this.store = store
    this.before = before
  }

  published(objects: ReadonlyMap<Cid, Uint8Array>): void {
    this.pending.clear()
    this.before = objects
  }

  put(codec: Codec, bytes: Uint8Array, _options?: PutOptions): Cid {
    if (bytes.length > objectBytesMax) throw new TypeError(`an object has at most ${objectBytesMax} bytes`)
    const cid = cidOf(codec, bytes)
    if (!this.pending.has(cid)) this.pending.set(cid, this.store.peek(cid) ?? new Uint8Array(bytes))
    return cid
  }

  async putStored(object: StoredObject): Promise<void> {
    const base = object.base === null ? null : (await this.get([object.base]))[0]!
    this.put(codecOf(object.cid), checkedBytes(object, base))
  }

  putPacked(objects: PackedObjects): void {
    objects.cids.forEach((cid, i) => {
      if (this.hold([cid])[0] === true) return
      const { packing, payload, rawLength } = readRecord(objects.records, i === 0 ? 0 : objects.ends[i - 1]!)
      this.pending.set(cid, unpack(packing, payload, rawLength, null).slice())
    })
  }

  hold(cids: readonly Cid[]): boolean[] {
    return cids.map((cid) => {
      const bytes = this.pending.get(cid) ?? this.store.peek(cid)
      if (bytes !== undefined) this.pending.set(cid, bytes)
      return bytes !== undefined
    })
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return cids.map((cid) => this.pending.get(cid) ?? this.store.peek(cid) ?? fail(missing(cid)))
  }

  async has(cids: readonly Cid[]): Promise<boolean[]> {
    return cids.map((cid) => this.pending.has(cid) || this.store.peek(cid) !== undefined)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    return (await this.get(cids, options)).map((bytes, i) => storedWhole(cids[i]!, bytes))
  }

  async drained(): Promise<void> {}

  async abort(): Promise<void> {
    this.pending.clear()
  }
}

/** After a gc: takes over what the pending objects link to and gc has dropped. */
function rescue(writer: MemoryWriter, objects: ReadonlyMap<Cid, Uint8Array>): void {
  const queue = [...writer.pending.keys()]
  for (let cid = queue.pop(); cid !== undefined; cid = queue.pop()) {
    for (const link of linksOf(cid, writer.pending.get(cid)!)) {
      const bytes = objects.has(link) || writer.pending.has(link) ? undefined : writer.before.get(link)
      if (bytes === undefined) continue
      writer.pending.set(link, bytes)
      queue.push(link)
    }
  }
}

function missing(cid: Cid): VarveError {
  return new VarveError('VARVE_OBJECT_MISSING', `no such object: '${cid}'`, {
    data: { cid, location: 'memory' },
  })
}

function fail(error: Error): never {
  throw error
}

function bytesOf(objects: ReadonlyMap<Cid, Uint8Array>): number {
  let bytes = 0
  for (const object of objects.values()) bytes += object.length
  return bytes
}
