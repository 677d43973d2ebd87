// Takes objects in for a remote store. They are packed here, in a spool, and nobody sees them before the remote's
// manifest names them. What the remote has already is found in its index, without a request.
import { throwIfAborted } from '../../../base/errors.ts'
import { type Cid, type Codec, cidOf, codecOf } from '../../../encoding/cid.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import type { IndexView } from '../../../store/disk/index-view.ts'
import {
  type AdoptOptions,
  type ObjectReader,
  type ObjectWriter,
  type PackedObjects,
  type ReadOptions,
  type StoredObject,
  type WholePack,
  objectBytesMax,
} from '../../../store/interface.ts'
import { deltaDepthMax, unpack } from '../../../store/packing.ts'
import { readRecord } from '../../../store/record.ts'
import { checkedBytes } from '../../../store/stored-object.ts'
import type { BlobHome } from './home.ts'
import type { Spool } from './spool.ts'

/** What has come is made durable and sent each time it has grown by this. */
const checkpointBytes = 48 << 20
const earlyBytesMax = 16 << 20

export interface BlobWriterOptions {
  readonly home: BlobHome
  readonly openSpool: () => Promise<Spool>
  /** Whether a push that was cut short has left one. */
  readonly hasSpool: () => boolean
  /** Has the objects that deltas stand on, closer than the remote is. */
  readonly near: ObjectReader | null
}

export class BlobWriter implements ObjectWriter {
  readonly resumes = true
  readonly home: BlobHome
  /** What was taken for present at the remote, and in which view of it. */
  readonly assumed: Set<Cid> = new Set()
  view: IndexView | null = null
  readonly #options: BlobWriterOptions
  /** Put since the last chance to wait. */
  readonly #early = new Map<Cid, { codec: Codec; bytes: Uint8Array }>()
  /** All that went into the spool. */
  readonly #spooled = new Set<Cid>()
  #earlyBytes = 0
  #sinceCheckpoint = 0
  #spool: Spool | null = null
  #opening: Promise<Spool> | null = null

  constructor(options: BlobWriterOptions) {
    this.home = options.home
    this.#options = options
    this.view = options.home.loadedView()
  }

  put(codec: Codec, bytes: Uint8Array): Cid {
    if (bytes.length > objectBytesMax) throw new TypeError(`an object has at most ${objectBytesMax} bytes`)
    const cid = cidOf(codec, bytes)
    if (!this.#isHere(cid)) this.putAnew(codec, bytes, cid)
    return cid
  }

  /** As `put`, even if the remote has the object. */
  putAnew(codec: Codec, bytes: Uint8Array, cid: Cid = cidOf(codec, bytes)): void {
    if (this.isPending(cid)) return
    this.#early.set(cid, { codec, bytes: new Uint8Array(bytes) })
    this.#earlyBytes += bytes.length
  }

  async putStored(object: StoredObject): Promise<void> {
    const { cid, base } = object
    const view = await this.#view()
    const basis = base === null ? null : await this.#nearby(base)
    const bytes = checkedBytes(object, basis)
    const codec = codecOf(cid)
    if (this.#isHere(cid)) return
    const depth = base === null ? 0 : this.#depthOf(base, view) + 1
    if (depth > deltaDepthMax || object.payload.length > bytes.length) {
      this.putAnew(codec, bytes, cid)
      return this.drained()
    }
    if (base !== null) await this.#settle()
    const spool = await this.#opened()
    spool.writer.appendStored({ ...object, depth })
    this.#spooled.add(cid)
    await this.#came(object.payload.length)
  }

  async adopt(pack: WholePack, options: AdoptOptions = {}): Promise<boolean> {
    await this.#view()
    const spool = await this.#opened()
    if (!(await spool.adopt(pack, options))) return false
    for (const cid of pack.cids) this.#spooled.add(cid)
    return true
  }

  putPacked(objects: PackedObjects): void {
    objects.cids.forEach((cid, i) => {
      if (this.#isHere(cid)) return
      const { packing, payload, rawLength } = readRecord(objects.records, i === 0 ? 0 : objects.ends[i - 1]!)
      this.putAnew(objects.codec, unpack(packing, payload, rawLength, null), cid)
    })
  }

  hold(cids: readonly Cid[]): boolean[] {
    return cids.map((cid) => this.#isHere(cid))
  }

  async drained(): Promise<void> {
    if (this.#earlyBytes > earlyBytesMax) await this.#settle()
    await this.#spool?.writer.drained()
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return this.#split(
      cids,
      (staged, spool) => spool.writer.get(staged),
      (remote) => this.home.read(remote),
    )
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    throwIfAborted(options.signal)
    return this.#split(
      cids,
      (staged, spool) => spool.writer.getStored(staged),
      (remote) => this.home.readStored(remote),
    )
  }

  async has(cids: readonly Cid[], options: ReadOptions = {}): Promise<boolean[]> {
    throwIfAborted(options.signal)
    await this.#view()
    return cids.map((cid) => this.#isHere(cid))
  }

  async abort(): Promise<void> {
    const opening = this.#opening
    this.#reset()
    await (await opening)?.close()
  }

  isPending(cid: Cid): boolean {
    return this.#early.has(cid) || this.#spool?.writer.hold([cid])[0] === true
  }

  pendingCids(): Cid[] {
    return [...this.#spooled, ...this.#early.keys()]
  }

  /** Everything that was put lies at the remote, in packs that no manifest names yet; null when nothing was put. */
  async flush(): Promise<Spool | null> {
    await this.#settle()
    await this.#spool?.send()
    return this.#spool
  }

  /** After the manifest stands, or when what was put is of no use: the next push begins anew. */
  async clear(): Promise<void> {
    const opening = this.#opening
    this.#reset()
    await (await opening)?.remove()
  }

  #reset(): void {
    this.#spool = null
    this.#opening = null
    this.#early.clear()
    this.#spooled.clear()
    this.#earlyBytes = 0
    this.#sinceCheckpoint = 0
    this.assumed.clear()
    this.view = this.home.loadedView()
  }

  async #opened(): Promise<Spool> {
    this.#opening ??= this.#options.openSpool()
    this.#spool = await this.#opening
    return this.#spool
  }

  async #settle(): Promise<void> {
    if (this.#early.size === 0) return
    const spool = await this.#opened()
    for (const [cid, { codec, bytes }] of this.#early) {
      spool.writer.put(codec, bytes)
      this.#spooled.add(cid)
    }
    const bytes = this.#earlyBytes
    this.#early.clear()
    this.#earlyBytes = 0
    await this.#came(bytes)
  }

  async #came(bytes: number): Promise<void> {
    const spool = await this.#opened()
    this.#sinceCheckpoint += bytes
    if (this.#sinceCheckpoint < checkpointBytes) return spool.writer.drained()
    this.#sinceCheckpoint = 0
    await spool.checkpoint()
  }

  async #view(): Promise<IndexView> {
    this.view ??= await this.home.view()
    // What a push that was cut short has left counts as put.
    if (this.#opening === null && this.#options.hasSpool()) await this.#opened()
    return this.view
  }

  #isHere(cid: Cid): boolean {
    if (this.isPending(cid)) return true
    if (this.view === null || this.view.find(cidDigest(cid), codecOf(cid)) === null) return false
    this.assumed.add(cid)
    return true
  }

  #depthOf(cid: Cid, view: IndexView): number {
    if (this.#early.has(cid)) return 0
    if (this.isPending(cid)) return this.#spool!.writer.depthOf(cid)
    const found = view.find(cidDigest(cid), codecOf(cid))
    // Not there: the delta is put whole instead.
    if (found === null) return deltaDepthMax
    this.assumed.add(cid)
    return found.depth
  }

  async #nearby(base: Cid): Promise<Uint8Array> {
    const { near } = this.#options
    if (near !== null && (await near.has([base]))[0] === true) return (await near.get([base]))[0]!
    return (await this.get([base]))[0]!
  }

  async #split<T>(
    cids: readonly Cid[],
    staged: (cids: readonly Cid[], spool: Spool) => Promise<T[]>,
    remote: (cids: readonly Cid[]) => Promise<T[]>,
  ): Promise<T[]> {
    await this.#settle()
    const here = cids.filter((cid) => this.isPending(cid))
    const there = cids.filter((cid) => !this.isPending(cid))
    const found = new Map<Cid, T>()
    if (here.length > 0) {
      const values = await staged(here, this.#spool!)
      here.forEach((cid, i) => found.set(cid, values[i]!))
    }
    if (there.length > 0) {
      const values = await remote(there)
      there.forEach((cid, i) => found.set(cid, values[i]!))
    }
    return cids.map((cid) => found.get(cid)!)
  }
}
