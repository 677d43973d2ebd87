// What the parts of one remote store share: the files, the newest manifest that is known, its segments, and a cache of
// objects. Reading goes the other way round than writing: manifest, segments, packs. When a manifest is new, the packs
// that came with it are likely what is wanted: small ones are fetched whole and together, which makes a fetch of a few
// commits four round trips however deep their trees are.
import { Lru } from '../../../base/lru.ts'
import { type VarveError, corrupt, isVarveError } from '../../../base/errors.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import { forgetOthers, IndexView, type SegmentCache } from '../../../store/disk/index-view.ts'
import { manifestName, packPath, segmentPath } from '../../../store/disk/layout.ts'
import type { LoggedEntry } from '../../../store/disk/log.ts'
import type { Manifest, StoredObject, WholePack } from '../../../store/interface.ts'
import { type LogEntry, decodeLogEntry, fileDigest, manifestBytesMax } from '../../../store/manifest-file.ts'
import { refParts, refsOfParts } from '../../../store/ref-spill.ts'
import { type PackRef, Segment } from '../../../store/segment.ts'
import type { RemoteCache } from './cache.ts'
import { wholePacksFor } from './far-packs.ts'
import type { Blobs, ManifestFile } from './interface.ts'
import { LostFile, type RemoteReading, readRemoteObjects, readRemoteRecords } from './read.ts'

const cacheBytes = 32 << 20
const recentMs = 5 * 60_000
/** Enough for some sixteen million objects; held in memory. */
const segmentBytesMax = 512 << 20
/** New packs are fetched whole when they all have no more than this. */
const wholeBytesMax = 8 << 20

export class BlobHome {
  readonly blobs: Blobs
  readonly cache: RemoteCache
  readonly segments: SegmentCache = new Map()
  readonly #objects = new Lru<Cid, Uint8Array>(cacheBytes)
  readonly #whole = new Map<string, Promise<Uint8Array>>()
  readonly #signal: AbortSignal | undefined
  /** When the remote was last asked for its newest manifest, by a clock that only runs forward. */
  #askedMs = -Infinity
  #newest: (ManifestFile & { entry: LoggedEntry }) | null = null
  /** Whether the newest manifest was known from an earlier run. */
  #isKnown: boolean
  /** Whether a gc lies between it and the one that was known before: then new packs may hold old objects. */
  #isCollected = false
  #view: Promise<IndexView> | null = null
  /** Packs of manifests that were known before this one. */
  readonly #knownPacks = new Set<string>()
  #fresh: ReadonlySet<string> = new Set()

  constructor(blobs: Blobs, cache: RemoteCache, signal: AbortSignal | undefined) {
    this.blobs = blobs
    this.cache = cache
    this.#signal = signal
    this.#newest = cache.manifest()
    this.#isKnown = this.#newest !== null
  }

  get location(): string {
    return this.blobs.location
  }

  /** The newest manifest there is; one request when it is the one we know. */
  async refresh(): Promise<LoggedEntry> {
    const file = await this.blobs.newest(this.#newest, { signal: this.#signal })
    this.#askedMs = performance.now()
    if (file === null) return this.#newest!.entry
    return this.learn(file)
  }

  /**
   * The newest that is known, when it was asked for not long ago. Publishing on an old one fails, for the next number is
   * taken; but of one so old that gc has removed the next one, nobody could tell.
   */
  async entry(): Promise<LoggedEntry> {
    const isRecent = performance.now() - this.#askedMs < recentMs
    return this.#newest === null || !isRecent ? this.refresh() : this.#newest.entry
  }

  /** Takes this manifest for the newest. */
  learn(file: ManifestFile): LoggedEntry {
    const entry = entryOf(file)
    this.#rememberPacks()
    const known = this.#newest?.entry.manifest.gcEpoch ?? entry.manifest.gcEpoch
    this.#isCollected = known !== entry.manifest.gcEpoch
    this.#newest = { ...file, entry }
    this.#view = null
    this.#isKnown = false
    this.cache.keepManifest(file, new Set(entry.segments.map(({ name }) => name)))
    return entry
  }

  async readManifest(sequence: number): Promise<ManifestFile | null> {
    const bytes = await this.blobs.read(manifestName(sequence), manifestBytesMax, { signal: this.#signal })
    return bytes === null ? null : { sequence, bytes }
  }

  /** Where all objects lie, according to the newest manifest that is known. */
  async view(): Promise<IndexView> {
    const entry = await this.entry()
    this.#view ??= this.#loadView(entry)
    try {
      return await this.#view
    } catch (error) {
      this.#view = null
      throw error
    }
  }

  /** The view, if it is loaded already; for those who cannot wait. */
  loadedView(): IndexView | null {
    const entry = this.#newest?.entry
    if (entry === undefined) return null
    const segments = entry.segments.map(({ name }) => this.segments.get(name))
    return segments.includes(undefined) ? null : viewOf(entry, segments as Segment[])
  }

  async segment(ref: LogEntry['segments'][number]): Promise<Segment> {
    const known = this.segments.get(ref.name) ?? this.cache.segment(ref.name)
    if (known !== null) {
      this.segments.set(ref.name, known)
      return known
    }
    const bytesMax = Math.min(ref.bytes, segmentBytesMax)
    const bytes = await this.blobs.read(segmentPath(ref.name), bytesMax, { signal: this.#signal })
    if (bytes === null) throw new LostFile(segmentPath(ref.name))
    return this.remember(bytes, ref.name)
  }

  /** Keeps a segment that was just read or written. */
  remember(bytes: Uint8Array, name: string): Segment {
    const segment = new Segment(bytes, name)
    this.segments.set(name, segment)
    this.cache.keepSegment(name, bytes)
    return segment
  }

  async read(cids: readonly Cid[]): Promise<Uint8Array[]> {
    return this.retried((view) => readRemoteObjects(cids, this.#reading(view)))
  }

  async readStored(cids: readonly Cid[]): Promise<StoredObject[]> {
    const records = await this.retried((view) => readRemoteRecords(cids, this.#reading(view)))
    return cids.map((cid) => records.get(cid)!)
  }

  /** Looks into the newest index that is known, without asking the remote. */
  async has(cids: readonly Cid[]): Promise<boolean[]> {
    return this.retried(async (view) => cids.map((cid) => view.find(cidDigest(cid), codecOf(cid)) !== null))
  }

  /** From a view of the past, as far as its files still lie there. */
  readFrom(view: IndexView, cids: readonly Cid[]): Promise<Uint8Array[]> {
    return readRemoteObjects(cids, this.#reading(view))
  }

  async *wholePacks(cids: readonly Cid[]): AsyncGenerator<WholePack> {
    const view = await this.#viewOrNull()
    if (view !== null) yield* wholePacksFor(cids, view, this.blobs)
  }

  async manifestOf(entry: LoggedEntry): Promise<Manifest> {
    if (typeof entry.refs !== 'string') return { ...entry.manifest, refs: entry.refs }
    const [root] = await this.read([entry.refs])
    return { ...entry.manifest, refs: refsOfParts(await this.read(refParts(root!))) }
  }

  /** Runs `work` on the known view; when a file of it is gone, or it lacks an object, on the newest. */
  async retried<T>(work: (view: IndexView) => Promise<T>): Promise<T> {
    const before = await this.#viewOrNull()
    try {
      if (before !== null) return await work(before)
    } catch (error) {
      if (!(error instanceof LostFile) && !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      const entry = await this.refresh()
      if (entry === before!.entry) throw error instanceof LostFile ? lostFile(error) : error
    }
    return work(await this.view())
  }

  close(): void {
    this.cache.close()
  }

  /** null when gc has removed a segment: then there is a newer manifest. */
  async #viewOrNull(): Promise<IndexView | null> {
    const entry = await this.entry()
    try {
      return await this.view()
    } catch (error) {
      if (!(error instanceof LostFile)) throw error
      if ((await this.refresh()) === entry) throw lostFile(error)
      return null
    }
  }

  async #loadView(entry: LoggedEntry): Promise<IndexView> {
    forgetOthers(this.segments, entry)
    // With the manifest that was known at the beginning, its packs were.
    if (this.#isKnown) this.#rememberPacks()
    const segments = await Promise.all(entry.segments.map((ref) => this.segment(ref)))
    const fresh = new Map<string, number>()
    for (const segment of segments)
      for (const pack of segment.packs) if (!this.#knownPacks.has(pack.name)) fresh.set(pack.name, pack.bytes)
    let bytes = 0
    for (const size of fresh.values()) bytes += size
    this.#fresh = bytes <= wholeBytesMax && !this.#isCollected ? new Set(fresh.keys()) : new Set()
    this.#whole.clear()
    return viewOf(entry, segments)
  }

  /** Before the cache forgets the segments that a newer manifest does not name. */
  #rememberPacks(): void {
    for (const { name } of this.#newest?.entry.segments ?? [])
      for (const pack of (this.segments.get(name) ?? this.cache.segment(name))?.packs ?? [])
        this.#knownPacks.add(pack.name)
  }

  #reading(view: IndexView): RemoteReading {
    return {
      view,
      location: this.location,
      cache: this.#objects,
      range: (pack, offset, length) => this.#range(view, pack, offset, length),
    }
  }

  async #range(view: IndexView, pack: PackRef, offset: number, length: number): Promise<Uint8Array> {
    if (this.#fresh.has(pack.name)) {
      this.#fetchFresh(view)
      const whole = this.#whole.get(pack.name)
      if (whole !== undefined) return (await whole).subarray(offset, offset + length)
    }
    const bytes = await this.blobs.readRange(packPath(pack.name), offset, length, { signal: this.#signal })
    if (bytes === null) throw new LostFile(packPath(pack.name))
    return bytes
  }

  /** All at once: whoever needs the commit will need its trees, and the rows below them. */
  #fetchFresh(view: IndexView): void {
    if (this.#whole.size > 0) return
    for (const segment of view.segments()) {
      for (const pack of segment.packs) {
        if (!this.#fresh.has(pack.name) || this.#whole.has(pack.name)) continue
        const bytes = this.blobs
          .read(packPath(pack.name), pack.bytes, { signal: this.#signal })
          .then((found) => {
            if (found === null) throw new LostFile(packPath(pack.name))
            return found
          })
        // Whoever awaits it hears of a failure.
        bytes.catch(() => undefined)
        this.#whole.set(pack.name, bytes)
      }
    }
  }
}

/** A view of segments that are all loaded. */
function viewOf(entry: LoggedEntry, segments: readonly Segment[]): IndexView {
  return new IndexView('', entry, new Map(segments.map((segment) => [segment.name, segment])))
}

export function entryOf({ sequence, bytes }: ManifestFile): LoggedEntry {
  const entry = decodeLogEntry(bytes, manifestName(sequence))
  if (entry.manifest.sequence !== sequence) throw corrupt(`'${manifestName(sequence)}' is another manifest's`)
  return { ...entry, digest: fileDigest(bytes) }
}

function lostFile(cause: LostFile): VarveError {
  return corrupt(
    `a file that the newest manifest needs is gone: '${cause.message}'`,
    { path: cause.message },
    cause,
  )
}
