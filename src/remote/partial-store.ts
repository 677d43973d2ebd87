// The local store of a clone that may be partial: a shallow one, whose history ends early, or one whose contents are
// left with a remote until somebody reads them. It answers as a whole store does. An object that is missing is fetched
// from that remote, checked and kept; one before the end of history is an error that says so. gc and fsck are told what
// may be missing, so that they neither stumble over it nor call it damage.
import { VarveError, isVarveError } from '../base/errors.ts'
import { type Cid, shortCid } from '../encoding/cid.ts'
import { type Horizon, horizonRef, noHorizon, readHorizon } from '../history/horizon.ts'
import type {
  Change,
  FsckOptions,
  FsckReport,
  GcOptions,
  GcReport,
  Manifest,
  ObjectWriter,
  ReadOptions,
  DerivedCache,
  Store,
  StoreStats,
  StoredObject,
  UpdateOptions,
  WholePack,
} from '../store/interface.ts'
import { ObjectFetcher } from './object-fetcher.ts'
import type { Source, TransferOptions } from './interface.ts'
import { PartialWriter } from './partial-writer.ts'
import { promisedObjects, promisorOf } from './promised.ts'

/** Opens the remote of that name. */
export type Connect = (remoteName: string, manifest: Manifest) => Promise<Source>

/** Objects and bytes, packed. */
export interface FetchedCounts {
  readonly objects: number
  readonly bytes: number
}

export const nothingFetched: FetchedCounts = { objects: 0, bytes: 0 }

export class PartialStore implements Store {
  readonly #store: Store
  readonly #connect: Connect
  #promisor: { readonly name: string; readonly remote: Source; readonly fetcher: ObjectFetcher } | null = null
  #connecting: Promise<void> | null = null
  #horizon: { readonly ref: Cid | undefined; readonly horizon: Horizon } = {
    ref: undefined,
    horizon: noHorizon,
  }

  constructor(store: Store, connect: Connect) {
    this.#store = store
    this.#connect = connect
  }

  /** A store of what is here and nothing more: reading it never fetches. */
  get local(): Store {
    return this.#store
  }

  get location(): string {
    return this.#store.location
  }

  get cache(): DerivedCache | undefined {
    return this.#store.cache
  }

  async horizon(): Promise<ReadonlySet<Cid>> {
    const manifest = await this.#store.manifest()
    const ref = manifest.refs.get(horizonRef)
    if (this.#horizon.ref !== ref) this.#horizon = { ref, horizon: await readHorizon(this.#store, manifest) }
    return this.#horizon.horizon.commits
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#whole(cids, options, () => this.#reader.get(cids, options))
  }

  async getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#whole(cids, options, () => this.#reader.getStored(cids, options))
  }

  /** The whole packs that are here; none is fetched. */
  async *wholePacks(cids: readonly Cid[], options?: ReadOptions): AsyncGenerator<WholePack> {
    yield* this.#store.wholePacks?.(cids, options) ?? []
  }

  /** Whether objects are here; that they could be fetched does not count. */
  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#reader.has(cids, options)
  }

  async prefetch(cids: readonly Cid[], options?: ReadOptions): Promise<void> {
    if (await this.#reach()) await this.#guarded(() => this.#promisor!.fetcher.bringAll(cids, options))
  }

  /** False in most repositories, where all contents are kept here. */
  async leavesContentsOut(): Promise<boolean> {
    return this.#promisor !== null || promisorOf(await this.#store.manifest()) !== null
  }

  /** As prefetch; keeps what came at once, and says how much it was. */
  async bringAll(cids: readonly Cid[], options: TransferOptions = {}): Promise<FetchedCounts> {
    if (!(await this.#reach())) return nothingFetched
    const { fetcher } = this.#promisor!
    const { objects, bytes } = fetcher
    await this.#guarded(() => fetcher.bringAll(cids, options))
    await fetcher.keep()
    return { objects: fetcher.objects - objects, bytes: fetcher.bytes - bytes }
  }

  writer(): ObjectWriter {
    return new PartialWriter(this.#store.writer(), this)
  }

  manifest(): Promise<Manifest> {
    return this.#store.manifest()
  }

  manifests(): AsyncIterable<Manifest> {
    return this.#store.manifests()
  }

  update(change: Change, options: UpdateOptions = {}): Promise<Manifest> {
    const { writer } = options
    return this.#store.update(
      change,
      writer instanceof PartialWriter ? { ...options, writer: writer.inner } : options,
    )
  }

  async gc(options: GcOptions = {}): Promise<GcReport> {
    await this.#promisor?.fetcher.keep()
    return this.#store.gc({ ...options, absent: () => this.absent() })
  }

  async fsck(options: FsckOptions = {}): Promise<FsckReport> {
    await this.#promisor?.fetcher.keep()
    return this.#store.fsck({ ...options, absent: () => this.absent() })
  }

  stats(): Promise<StoreStats> {
    return this.#store.stats()
  }

  async close(): Promise<void> {
    try {
      await this.#promisor?.fetcher.keep()
    } catch (error) {
      // What was done is done; these contents can be had again.
      if (!isVarveError(error)) throw error
    } finally {
      await this.#promisor?.remote.close()
      await this.#store.close()
    }
  }

  /** The objects that may be missing. */
  async absent(): Promise<ReadonlySet<Cid>> {
    const beyond = await this.horizon()
    const promised = await promisedObjects(this.#store, beyond)
    return promised.size === 0 ? beyond : new Set([...beyond, ...promised])
  }

  get #reader(): Store | ObjectWriter {
    return this.#promisor?.fetcher.reader ?? this.#store
  }

  /** Runs `read`, and runs it again when what it missed was fetched. */
  async #whole<T>(
    cids: readonly Cid[],
    options: ReadOptions | undefined,
    read: () => Promise<T>,
  ): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (!isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      const isHere = await this.#reader.has(cids)
      const missing = cids.filter((_, i) => !isHere[i])
      const beyond = await this.horizon()
      const left = missing.find((cid) => beyond.has(cid))
      if (left !== undefined) throw leftOut(left)
      if (!(await this.#reach())) throw error
      await this.#guarded(() => this.#promisor!.fetcher.bring(missing, options))
      return read()
    }
  }

  /** Connects to the remote; returns false when none keeps contents for this clone. */
  async #reach(): Promise<boolean> {
    if (this.#promisor !== null) return true
    const manifest = await this.#store.manifest()
    const name = promisorOf(manifest)
    if (name === null) return false
    this.#connecting ??= this.#open(name, manifest).finally(() => (this.#connecting = null))
    await this.#connecting
    return true
  }

  async #open(name: string, manifest: Manifest): Promise<void> {
    try {
      const remote = await this.#connect(name, manifest)
      this.#promisor = { name, remote, fetcher: new ObjectFetcher(this.#store, remote) }
    } catch (error) {
      throw notBrought(error, name)
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw notBrought(error, this.#promisor!.name)
    }
  }
}

function leftOut(cid: Cid): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `history was not fetched as far back as commit '${shortCid(cid)}'`,
    {
      data: { commit: cid },
      hint: "bring more of it: 'varve fetch --deepen 10', or all of it: 'varve fetch --unshallow'",
    },
  )
}

function notBrought(error: unknown, name: string): unknown {
  if (isVarveError(error, 'VARVE_UNREACHABLE')) {
    return new VarveError(error.code, `contents that are not here cannot be fetched: ${error.message}`, {
      data: error.data,
      cause: error,
      hint: `this is a partial clone, and remote '${name}' has the rest; bring what you need while you can reach it: 'varve fetch --paths PATH'`,
    })
  }
  if (!isVarveError(error, 'VARVE_OBJECT_MISSING') && !isVarveError(error, 'VARVE_CORRUPT')) return error
  return new VarveError(error.code, `contents cannot be fetched from '${name}': ${error.message}`, {
    data: { ...error.data, remote: name },
    cause: error,
    hint: "run 'varve fsck' in the remote repository",
  })
}
