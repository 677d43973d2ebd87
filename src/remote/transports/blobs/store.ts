// A store over files that lie elsewhere: the same layout, the same promises and the same race-free publishing as on a
// disk, with requests where that has system calls. Any number of machines may write at once, without a server between
// them. Nothing is asked for twice that the cache folder can tell.
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { Cid } from '../../../encoding/cid.ts'
import path from 'node:path'
import { firstManifest } from '../../../store/change.ts'
import { fsckObjects, rootsOf } from '../../../store/closure.ts'
import { checkFormatBytes, formatBytes, formatBytesMax, manifestName } from '../../../store/disk/layout.ts'
import { statsOfIndex } from '../../../store/index-stats.ts'
import type {
  Change,
  FsckOptions,
  FsckReport,
  GcOptions,
  GcReport,
  Manifest,
  ObjectWriter,
  ReadOptions,
  Store,
  StoreStats,
  StoredObject,
  UpdateOptions,
  WholePack,
  WriterOptions,
} from '../../../store/interface.ts'
import { encodeLogEntry } from '../../../store/manifest-file.ts'
import { RemoteCache } from './cache.ts'
import { gcBlobs } from './gc.ts'
import { BlobHome, entryOf } from './home.ts'
import type { Blobs, WritableBlobs } from './interface.ts'
import { type Publisher, blobsPublisher } from './publish.ts'
import { Spool, hasLeftSpool } from './spool.ts'
import { BlobWriter } from './writer.ts'

export interface BlobStoreOptions {
  readonly cacheDir?: string | undefined
  /** Makes an empty store where there is none. */
  readonly create?: boolean | undefined
  readonly firstBranch?: string
  readonly signal?: AbortSignal | undefined
  /** Called at the end: connections, processes. */
  readonly onClose?: (() => Promise<void>) | undefined
}

export class BlobStore implements Store {
  readonly location: string
  readonly #home: BlobHome
  /** null for what can only be read. */
  readonly #publisher: Publisher | null
  /** null where only somebody else may remove files. */
  readonly #blobs: WritableBlobs | null
  readonly #options: BlobStoreOptions

  private constructor(
    home: BlobHome,
    writing: { publisher: Publisher | null; blobs: WritableBlobs | null },
    options: BlobStoreOptions,
  ) {
    this.#home = home
    this.#publisher = writing.publisher
    this.#blobs = writing.blobs
    this.#options = options
    this.location = home.location
  }

  /** @throws VarveError VARVE_UNREACHABLE when there is no store and `create` is not asked for */
  static async open(blobs: WritableBlobs, options: BlobStoreOptions = {}): Promise<BlobStore> {
    const publisher = blobsPublisher(blobs)
    return BlobStore.#open(blobs, { publisher, blobs }, options)
  }

  /** What is read as files, and moved by asking a server; without a publisher writing is refused. */
  static async openServed(
    blobs: Blobs,
    publisher: Publisher | null,
    options: Omit<BlobStoreOptions, 'create'> = {},
  ): Promise<BlobStore> {
    return BlobStore.#open(blobs, { publisher, blobs: null }, options)
  }

  static async #open(
    blobs: Blobs,
    writing: { publisher: Publisher | null; blobs: WritableBlobs | null },
    options: BlobStoreOptions,
  ): Promise<BlobStore> {
    const cache = new RemoteCache(options.cacheDir, blobs.location)
    const { signal } = options
    // A store that was read before was of a format we know.
    if (cache.manifest() === null) {
      const format = await blobs.read('format', formatBytesMax, { signal })
      if (format !== null) checkFormatBytes(format, blobs.location)
      else if (options.create === true && writing.blobs !== null) await create(writing.blobs, options)
      else throw noStore(blobs.location)
    }
    return new BlobStore(new BlobHome(blobs, cache, signal), writing, options)
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return this.#home.read(cids)
  }

  async has(cids: readonly Cid[], options: ReadOptions = {}): Promise<boolean[]> {
    throwIfAborted(options.signal)
    return this.#home.has(cids)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    throwIfAborted(options.signal)
    return this.#home.readStored(cids)
  }

  async *wholePacks(cids: readonly Cid[], options: ReadOptions = {}): AsyncGenerator<WholePack> {
    throwIfAborted(options.signal)
    yield* this.#home.wholePacks(cids)
  }

  writer(options: WriterOptions = {}): ObjectWriter {
    const publisher = this.#publishing()
    const dir = path.join(this.#home.cache.dir, 'spool')
    return new BlobWriter({
      home: this.#home,
      near: options.near ?? null,
      hasSpool: () => hasLeftSpool(dir),
      openSpool: async () => {
        const { gcEpoch } = (await this.#home.entry()).manifest
        return Spool.open(publisher, {
          dir,
          gcEpoch,
          signal: this.#options.signal,
        })
      },
    })
  }

  async manifest(): Promise<Manifest> {
    return this.#home.manifestOf(await this.#home.refresh())
  }

  async *manifests(): AsyncIterable<Manifest> {
    const { manifest, oldest } = await this.#home.refresh()
    for (let sequence = manifest.sequence - 1; sequence >= oldest; sequence--) {
      const file = await this.#home.readManifest(sequence)
      if (file === null) return
      yield await this.#home.manifestOf(entryOf(file))
    }
  }

  async update(change: Change, options: UpdateOptions = {}): Promise<Manifest> {
    const { writer = this.writer() } = options
    if (!(writer instanceof BlobWriter && writer.home === this.#home))
      throw new TypeError('a writer publishes through the store that made it')
    return this.#publishing().publish(change, { ...options, writer, home: this.#home })
  }

  async gc(options: GcOptions = {}): Promise<GcReport> {
    throwIfAborted(options.signal)
    if (this.#blobs === null) throw readOnly(this.location)
    return gcBlobs(this.#home, this.#blobs, options)
  }

  /** Every object that a ref reaches is there and is what its name says. */
  async fsck(options: FsckOptions = {}): Promise<FsckReport> {
    const manifest = await this.manifest()
    const problems = await fsckObjects(this, rootsOf([manifest]), options)
    const { objects, packBytes } = await this.stats()
    return { objects, bytes: packBytes, problems }
  }

  async stats(): Promise<StoreStats> {
    return statsOfIndex((await this.#home.view()).segments())
  }

  async close(): Promise<void> {
    this.#home.close()
    await this.#options.onClose?.()
  }

  #publishing(): Publisher {
    if (this.#publisher === null) throw readOnly(this.location)
    return this.#publisher
  }
}

function readOnly(location: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${location}' can only be read`, {
    data: { location },
    hint: 'push to the place that it is made from',
  })
}

/** The format file comes last: until it is there, there is no store. Two who make one at once make the same. */
async function create(
  blobs: WritableBlobs,
  { signal, firstBranch = 'main' }: BlobStoreOptions,
): Promise<void> {
  const { refs, ...manifest } = firstManifest(firstBranch, Date.now())
  const first = encodeLogEntry({ manifest, refs, segments: [], oldest: 1, previous: '' })
  await blobs.create(manifestName(1), first, { signal })
  await blobs.create('format', formatBytes(), { signal })
}

function noStore(location: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `no repository at '${location}'`, {
    data: { location, isAbsent: !/^https?:/.test(location) },
    hint: /^https?:/.test(location)
      ? `check the address; on a Git host it is 'git+${location}', and what Git keeps itself comes by 'varve import git'`
      : "check the address; the first 'varve push' makes a repository there, where one can be made",
  })
}
