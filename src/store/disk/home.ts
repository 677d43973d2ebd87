// What the parts of one open store share: where it lies, the newest view of it that is known, the caches and the
// threads. Reads that meet a file which gc has removed look for the newest manifest once, and try again.
import path from 'node:path'
import { Lru } from '../../base/lru.ts'
import { corrupt, isVarveError, type VarveError } from '../../base/errors.ts'
import { WorkerPool } from '../../base/pool.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import type { ReadOptions, Manifest, DerivedCache, StoredObject, WholePack } from '../interface.ts'
import { SpilledRefs } from '../ref-spill.ts'
import { storedWhole } from '../stored-object.ts'
import { cidDigest } from './digest.ts'
import { isMissing } from './files.ts'
import { IndexView, type SegmentCache, forgetOthers } from './index-view.ts'
import { packPath } from './layout.ts'
import type { Durability } from './pack-file.ts'
import { type Log, type LoggedEntry, ManifestLog } from './log.ts'
import { type Place, type ReadContext, readObjects, readRecords } from './read.ts'
import { diskCache } from './derived-cache.ts'
import { wholePacksOf } from './whole-pack.ts'

/** Where an object lies according to a view; a writer knows more places than the view does. */
export type Locate = (cid: Cid, view: IndexView) => Place | null

/** Trees keep decoded what they read: this is for the bases of what is read and written next. */
const cacheBytesDefault = 8 << 20

export interface HomeOptions {
  readonly durability?: Durability | undefined
  /** Memory for objects that were read. */
  readonly cacheBytes?: number
  // For a store whose files really lie elsewhere, and are here as copies:
  /** Its manifests, and how one is added. */
  readonly log?: Log
  readonly checkpointBytes?: number
  /** Lays a file here that the manifest needs and that is not here yet; false when there is none. */
  readonly bring?: (file: string) => boolean
}

export class DiskHome {
  readonly dir: string
  readonly durability: Durability
  readonly checkpointBytes: number | undefined
  readonly log: Log
  readonly pool: WorkerPool = new WorkerPool()
  readonly cache: DerivedCache
  readonly segments: SegmentCache = new Map()
  readonly #cache: Lru<Cid, Uint8Array>
  readonly #bring: (file: string) => boolean
  #view: IndexView | null = null
  /** The refs of a manifest that does not hold them itself. */
  readonly #spilled = new SpilledRefs()

  constructor(dir: string, options: HomeOptions = {}) {
    this.#cache = new Lru(options.cacheBytes ?? cacheBytesDefault)
    this.dir = path.resolve(dir)
    this.cache = diskCache(this.dir)
    this.checkpointBytes = options.checkpointBytes
    this.durability = options.durability ?? 'flushed'
    this.log = options.log ?? new ManifestLog(this.dir)
    this.#bring = options.bring ?? (() => false)
  }

  /** The newest that is known: objects are immutable, so an old view is never wrong, only incomplete. */
  view(): IndexView {
    return this.#view ?? this.refresh()
  }

  /** The newest view of the index. */
  refresh(): IndexView {
    const entry = this.log.newest()
    if (this.#view !== null && entry === this.#view.entry) return this.#view
    forgetOthers(this.segments, entry)
    this.#view = new IndexView(this.dir, entry, this.segments)
    return this.#view
  }

  /** The newest that can be had: for whoever is done, and must not fail any more. */
  latest(): IndexView {
    try {
      return this.refresh()
    } catch {
      return this.view()
    }
  }

  readonly locate: Locate = (cid, view) => {
    const found = view.find(cidDigest(cid), codecOf(cid))
    if (found === null) return null
    const { offset, length, codec, depth } = found
    return { file: `${this.dir}/${packPath(found.pack.name)}`, offset, length, codec, depth }
  }

  read(cids: readonly Cid[], locate: Locate = this.locate): Uint8Array[] {
    return this.retried((view) => readObjects(cids, this.#context(locate, view)))
  }

  /** From a view of the past, as far as its files still lie there. */
  readFrom(view: IndexView, cids: readonly Cid[], locate: Locate = this.locate): Uint8Array[] {
    return this.#bringing(() => readObjects(cids, this.#context(locate, view)))
  }

  readStored(cids: readonly Cid[], locate: Locate = this.locate): StoredObject[] {
    return this.retried((view) => {
      const found = new Map<Cid, StoredObject>()
      for (const record of readRecords(cids, this.#context(locate, view))) {
        found.set(record.cid, 'raw' in record ? storedWhole(record.cid, record.raw) : record)
      }
      return cids.map((cid) => found.get(cid)!)
    })
  }

  wholePacks(cids: readonly Cid[], options: ReadOptions): AsyncGenerator<WholePack> {
    const view = this.view()
    return wholePacksOf(cids, (cid) => this.locate(cid, view), options)
  }

  has(cids: readonly Cid[], locate: Locate = this.locate): boolean[] {
    const ask = (view: IndexView): boolean[] => cids.map((cid) => locate(cid, view) !== null)
    const before = this.view()
    const known = this.retried(ask)
    // Another process may have published more since.
    return known.includes(false) && this.refresh() !== before ? this.retried(ask) : known
  }

  /** The manifest with its refs, wherever those are stored. */
  manifestOf(entry: LoggedEntry): Manifest {
    if (typeof entry.refs !== 'string') return { ...entry.manifest, refs: entry.refs }
    return { ...entry.manifest, refs: this.#spilled.of(entry.refs, (cids) => this.read(cids)) }
  }

  /** Runs `work` on the known view; when a file of it is gone, or it lacks an object, on the newest. */
  retried<T>(work: (view: IndexView) => T): T {
    const view = this.view()
    try {
      return this.#bringing(() => work(view))
    } catch (error) {
      if (!isMissing(error) && !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      if (this.refresh() === view) throw isMissing(error) ? lostFile(error) : error
      return this.#bringing(() => work(this.view()))
    }
  }

  #bringing<T>(work: () => T): T {
    for (;;) {
      try {
        return work()
      } catch (error) {
        const file = isMissing(error) ? (error as NodeJS.ErrnoException).path : undefined
        if (file === undefined || !this.#bring(file)) throw error
      }
    }
  }

  #context(locate: Locate, view: IndexView): ReadContext {
    return { locate: (cid) => locate(cid, view), location: this.dir, cache: this.#cache }
  }
}

function lostFile(cause: unknown): VarveError {
  const file = (cause as NodeJS.ErrnoException).path ?? ''
  return corrupt(`a file that the newest manifest needs is gone: '${file}'`, { path: file }, cause)
}
