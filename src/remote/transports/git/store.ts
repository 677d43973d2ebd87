// A store on a plain Git host, under one ref beside whatever else the repository holds. It is a disk store over a
// private folder whose files are brought from the host's newest tree when they are read, and whose compare-and-set is
// a push: so everything that a disk store promises about races, garbage collection and hostile bytes holds here too.
import { VarveError } from '../../../base/errors.ts'
import type { Cid } from '../../../encoding/cid.ts'
import { DiskStore } from '../../../store/disk/store.ts'
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
} from '../../../store/interface.ts'
import type { OpenRemoteOptions } from '../../interface.ts'
import { GitFiles } from './files.ts'
import { GitHost, dataRef } from './host.ts'
import { GitLog } from './log.ts'
import { readGitUrl } from './url.ts'

/** @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED, VARVE_NOT_POSSIBLE without git */
export async function openGitStore(url: string, options: OpenRemoteOptions): Promise<Store> {
  const host = new GitHost(readGitUrl(url), options)
  const files = new GitFiles(host)
  const log = new GitLog(host, files)
  try {
    const bring = (file: string): boolean => files.bring(file)
    const settings = { log, bring, durability: 'loose', checkpointBytes } as const
    if (!(await log.refresh())) {
      if (options.create !== true) throw nothingThere(url)
      await (await DiskStore.create(host.storeDir)).close()
      log.begin()
    }
    return new GitStore(url, { host, files, log }, await DiskStore.open(host.storeDir, settings))
  } catch (error) {
    host.close(files.bytes)
    throw error
  }
}

/** Hosts refuse a push of several gigabytes; one of less is one push. */
const checkpointBytes = 1 << 30

interface Parts {
  readonly host: GitHost
  readonly files: GitFiles
  readonly log: GitLog
}

class GitStore implements Store {
  readonly location: string
  readonly #host: GitHost
  readonly #files: GitFiles
  readonly #log: GitLog
  readonly #disk: DiskStore
  /** What was read when the store was opened need not be read once more by whoever asks first. */
  #fresh = true

  constructor(location: string, { host, files, log }: Parts, disk: DiskStore) {
    this.location = location
    this.#host = host
    this.#files = files
    this.#log = log
    this.#disk = disk
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#disk.get(cids, options)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#disk.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#disk.getStored(cids, options)
  }

  writer(): ObjectWriter {
    this.#log.bringIndex()
    return this.#disk.writer()
  }

  async manifest(): Promise<Manifest> {
    if (!this.#fresh) await this.#log.refresh()
    this.#fresh = false
    return this.#disk.manifest()
  }

  async *manifests(): AsyncIterable<Manifest> {
    await this.#log.refresh()
    yield* this.#disk.manifests()
  }

  /**
   * Begins with the manifest that is known: if it is old, the host refuses the push. Only a change that comes to no
   * push, because it wants nothing or throws, must have seen the newest.
   */
  async update(change: Change, options?: UpdateOptions): Promise<Manifest> {
    let seen = this.#log.newest()
    let idle: { readonly error?: unknown } | null = null
    const noted: Change = async (current) => {
      seen = this.#log.newest()
      idle = null
      try {
        const wanted = await change(current)
        if (wanted === null) idle = {}
        return wanted
      } catch (error) {
        idle = { error }
        throw error
      }
    }
    const isOld = async (): Promise<boolean> => (await this.#log.refresh()) && this.#log.newest() !== seen
    for (;;) {
      try {
        const manifest = await this.#disk.update(noted, options)
        if (idle === null || !(await isOld())) return manifest
      } catch (error) {
        if ((idle as { error?: unknown } | null)?.error !== error || !(await isOld())) throw error
      }
    }
  }

  /** Its commit has no parent, so the host can let go of all that is no longer needed. */
  async gc(options?: GcOptions): Promise<GcReport> {
    await this.#log.refresh()
    this.#files.bringAll()
    this.#log.squash = true
    try {
      return await this.#disk.gc(options)
    } finally {
      this.#log.squash = false
    }
  }

  async fsck(options?: FsckOptions): Promise<FsckReport> {
    await this.#log.refresh()
    this.#files.bringAll()
    return this.#disk.fsck(options)
  }

  stats(): Promise<StoreStats> {
    return this.#disk.stats()
  }

  async close(): Promise<void> {
    await this.#disk.close()
    this.#host.close(this.#files.bytes)
  }
}

function nothingThere(url: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `no data of varve at '${url}'`, {
    data: { url, ref: dataRef },
    hint: "the Git repository is there; the first 'varve push' puts data beside what it holds",
  })
}
