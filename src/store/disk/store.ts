// The store on a disk. Readers work on a view that never changes; a writer publishes by writing packs, then a segment,
// then flushing their directories, and last creating the next manifest: at every moment a kill leaves the old state
// or the new one. Any number of processes may do so at once; whoever loses the race reads anew and tries again.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { firstManifest } from '../change.ts'
import type {
  Change,
  FsckOptions,
  FsckReport,
  GcOptions,
  GcReport,
  Manifest,
  ManifestChange,
  ObjectWriter,
  Operation,
  ReadOptions,
  DerivedCache,
  Store,
  StoreStats,
  StoredObject,
  UpdateOptions,
  WholePack,
} from '../interface.ts'
import { statsOfIndex } from '../index-stats.ts'
import { encodeLogEntry } from '../manifest-file.ts'
import type { Segment } from '../segment.ts'
import { linkNew, makeDir, syncDir, writeTmp } from './files.ts'
import { exists } from './exists.ts'
import { DiskHome, type HomeOptions } from './home.ts'
import { checkFormat, formatBytes, newestName } from './layout.ts'
import { type LoggedEntry, ManifestLog } from './log.ts'
import { publish } from './publish.ts'
import type { DiskRepair, DiskRepairOptions } from './repair/interface.ts'
import { packsToJoin } from './upkeep/packs-to-join.ts'
import type { UpkeepOptions } from './upkeep/interface.ts'
import { DiskWriter } from './writer.ts'

export interface StoreOptions extends HomeOptions {
  /** Small packs and old manifests are tidied up now and then, after updates. Default: that is left to gc. */
  readonly upkeep?: UpkeepOptions | undefined
  /** Told, once it is durable, of each update that moved refs, HEAD or settings. */
  readonly onMoved?: ((operation: Operation) => void) | undefined
}

/** Whoever keeps a store open for long looks now and then; others do when they close it. */
const updatesPerLook = 32

const folders = ['m', 'packs', 'idx', 'tmp']

/** A store in a folder, which is what a bare repository is. */
export class DiskStore implements Store {
  readonly location: string
  readonly #home: DiskHome
  readonly #upkeep: UpkeepOptions | null
  readonly #onMoved: StoreOptions['onMoved']
  #updates = 0
  #isTidying = false

  private constructor(home: DiskHome, { upkeep, onMoved }: StoreOptions) {
    this.#home = home
    this.#upkeep = upkeep ?? null
    this.#onMoved = onMoved
    this.location = home.dir
  }

  static exists(dir: string): boolean {
    return exists(path.join(dir, 'format'))
  }

  /** Missing, empty, or a store whose creation was cut short: nothing is lost where one is made. */
  static isFree(dir: string): boolean {
    try {
      return fs.readdirSync(dir).every((name) => [...folders, newestName].includes(name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false
      throw error
    }
  }

  /** The format file comes last: until it is there, there is no store, and a create that was cut short starts over. */
  static async create(
    dir: string,
    options: StoreOptions & { firstBranch?: string; config?: ReadonlyMap<string, string> | undefined } = {},
  ): Promise<DiskStore> {
    const exists = new VarveError('VARVE_NOT_POSSIBLE', `'${dir}' holds a store already`, {
      data: { path: dir },
      hint: 'open it, or choose another folder',
    })
    if (DiskStore.exists(dir)) throw exists
    for (const name of folders) makeDir(path.join(dir, name))
    const { refs, ...manifest } = firstManifest(options.firstBranch ?? 'main', Date.now(), options.config)
    const log = new ManifestLog(dir)
    await log.append(1, encodeLogEntry({ manifest, refs, segments: [], oldest: 1, previous: '' }))
    await log.sync()
    if (!(await linkNew(await writeTmp(dir, formatBytes()), path.join(dir, 'format')))) throw exists
    for (const parent of [dir, path.dirname(path.resolve(dir))]) await syncDir(parent)
    return DiskStore.open(dir, options)
  }

  /** Opens the store of a folder. @throws VarveError VARVE_NO_REPOSITORY, VARVE_UNSUPPORTED_FORMAT, VARVE_CORRUPT */
  static async open(dir: string, options: StoreOptions = {}): Promise<DiskStore> {
    refuseLinks(dir)
    checkFormat(dir)
    return new DiskStore(new DiskHome(dir, options), options)
  }

  /** Mends the store's own files, also where they are too damaged for it to be opened. @throws as repairDisk */
  static async repair(dir: string, options: DiskRepairOptions = {}): Promise<DiskRepair> {
    refuseLinks(dir)
    const { repairDisk } = await import('./repair/repair.ts')
    return repairDisk(path.resolve(dir), options)
  }

  get cache(): DerivedCache {
    return this.#home.cache
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
    yield* this.#home.wholePacks(cids, options)
  }

  writer(): ObjectWriter {
    return new DiskWriter(this.#home)
  }

  async manifest(): Promise<Manifest> {
    return this.#home.manifestOf(this.#home.refresh().entry)
  }

  /** The log's entry with this number (default: the newest), for whoever serves the store's files; null: not kept. */
  entry(sequence?: number): LoggedEntry | null {
    if (sequence === undefined) return this.#home.refresh().entry
    return sequence < this.#home.refresh().entry.oldest ? null : this.#home.log.read(sequence)
  }

  /** The manifest of an entry with its refs, wherever those are stored. */
  manifestOf(entry: LoggedEntry): Manifest {
    return this.#home.manifestOf(entry)
  }

  async *manifests(): AsyncIterable<Manifest> {
    const { manifest, oldest } = this.#home.refresh().entry
    for (let sequence = manifest.sequence - 1; sequence >= oldest; sequence--) {
      const entry = this.#home.log.read(sequence)
      if (entry === null) return
      yield this.#home.manifestOf(entry)
    }
  }

  async update(change: Change, options: UpdateOptions = {}): Promise<Manifest> {
    let wanted: ManifestChange | null = null
    const noted: Change = async (current) => (wanted = await change(current))
    const manifest = await publish(this.#home, noted, options)
    if (moves(wanted)) this.#onMoved?.(manifest.operation)
    if (++this.#updates % updatesPerLook === 0) await this.#tidyUp()
    return manifest
  }

  /** It is nobody's wish, so nobody hears that it failed; damage is for reads and fsck to tell. */
  async #tidyUp(): Promise<void> {
    if (this.#upkeep === null || this.#isTidying) return
    this.#updates = 0
    this.#isTidying = true
    try {
      if (packsToJoin(this.#home.refresh()) === null) return
      const { upkeep } = await import('./upkeep/upkeep.ts')
      await upkeep(this.#home, this.#upkeep)
    } catch {
      // The store is as it was.
    } finally {
      this.#isTidying = false
    }
  }

  async gc(options: GcOptions = {}): Promise<GcReport> {
    const { gcDisk } = await import('./gc.ts')
    return gcDisk(this.#home, options)
  }

  async fsck(options: FsckOptions = {}): Promise<FsckReport> {
    const { fsckDisk } = await import('./fsck.ts')
    return fsckDisk(this.#home, options)
  }

  async stats(): Promise<StoreStats> {
    return statsOfIndex(this.segments())
  }

  /** The index as it is now, oldest segment first: a store may be made part of another. */
  segments(): readonly Segment[] {
    return this.#home.retried(() => this.#home.refresh().segments())
  }

  async close(): Promise<void> {
    if (this.#updates > 0) await this.#tidyUp()
    await this.#home.pool.close()
  }
}

/** Whether a change moves refs or settings; other changes only add objects. */
function moves(change: ManifestChange | null): boolean {
  if (change === null) return false
  const { refs, config, head } = change
  return head !== undefined || (refs?.size ?? 0) + (config?.size ?? 0) > 0
}

/** A store that came as a folder could lead every write, and every removal, somewhere else. */
function refuseLinks(dir: string): void {
  let entries: fs.Dirent[]
  try {
    entries = fs.readdirSync(dir, { withFileTypes: true })
  } catch {
    // Whatever is wrong with the folder, reading the format file says it better.
    return
  }
  const link = entries.find((entry) => entry.isSymbolicLink())
  if (link === undefined) return
  throw new VarveError('VARVE_REFUSED', `'${path.join(dir, link.name)}' is a symbolic link`, {
    data: { path: path.join(dir, link.name) },
    hint: 'a repository keeps its own files in its own folder: put the folder itself there, if you trust it',
  })
}
