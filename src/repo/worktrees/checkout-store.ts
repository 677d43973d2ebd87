// The store as one checkout sees it: HEAD, index and merge are its own, all else is shared. No branch is checked out
// twice, and none moves or goes while another checkout has it: that is checked inside the compare-and-set, whatever
// operation it is.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { shortRefName } from '../../history/refs.ts'
import type {
  Change,
  DerivedCache,
  FsckOptions,
  FsckReport,
  GcOptions,
  GcReport,
  Manifest,
  ManifestChange,
  ObjectWriter,
  ReadOptions,
  Store,
  StoreStats,
  StoredObject,
  UpdateOptions,
  WholePack,
} from '../../store/interface.ts'
import { type Checkout, changeBehind, otherCheckouts, viewOf } from './checkouts.ts'

export class CheckoutStore implements Store {
  readonly #store: Store
  readonly #name: string | null
  #seen: { readonly raw: Manifest; readonly view: Manifest } | null = null

  /** `name`: of a linked checkout; null: the main one. */
  constructor(store: Store, name: string | null) {
    this.#store = store
    this.#name = name
  }

  get location(): string {
    return this.#store.location
  }

  get cache(): DerivedCache | undefined {
    return this.#store.cache
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#store.get(cids, options)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#store.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#store.getStored(cids, options)
  }

  async *wholePacks(cids: readonly Cid[], options?: ReadOptions): AsyncGenerator<WholePack> {
    yield* this.#store.wholePacks?.(cids, options) ?? []
  }

  writer(): ObjectWriter {
    return this.#store.writer()
  }

  async manifest(): Promise<Manifest> {
    return this.#viewOf(await this.#store.manifest())
  }

  async *manifests(): AsyncGenerator<Manifest> {
    for await (const manifest of this.#store.manifests()) yield viewOf(manifest, this.#name)
  }

  async update(change: Change, options?: UpdateOptions): Promise<Manifest> {
    const manifest = await this.#store.update(async (raw) => {
      const current = this.#viewOf(raw)
      const wanted = await change(current)
      if (wanted === null) return null
      refuseTakenElsewhere(current, wanted, this.location)
      return changeBehind(wanted, this.#name)
    }, options)
    return this.#viewOf(manifest)
  }

  gc(options?: GcOptions): Promise<GcReport> {
    return this.#store.gc(options)
  }

  fsck(options?: FsckOptions): Promise<FsckReport> {
    return this.#store.fsck(options)
  }

  stats(): Promise<StoreStats> {
    return this.#store.stats()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #viewOf(raw: Manifest): Manifest {
    if (this.#name === null) return raw
    if (this.#seen?.raw !== raw) this.#seen = { raw, view: viewOf(raw, this.#name) }
    return this.#seen.view
  }
}

function refuseTakenElsewhere(current: Manifest, change: ManifestChange, location: string): void {
  for (const other of otherCheckouts(current)) {
    const { head } = other
    if (head === null) continue
    const comes = change.head === head && current.head !== head
    const to = change.refs?.get(head)
    const moves = to !== undefined && to !== (current.refs.get(head) ?? null)
    if (comes || moves) throw checkedOutAt(head, folderOf(other, location))
  }
}

/** Where a checkout's files are. */
export function folderOf({ path: folder }: Pick<Checkout, 'path'>, location: string): string {
  return folder ?? mainFolderOf(location)
}

/** The main checkout lies around the store; a bare repository is the store's folder. */
export function mainFolderOf(location: string): string {
  return location.replace(/[\\/]\.varve$/, '') || '/'
}

export function checkedOutAt(ref: string, folder: string): VarveError {
  const branch = shortRefName(ref)
  return new VarveError('VARVE_NOT_POSSIBLE', `'${branch}' is already checked out at '${folder}'`, {
    data: { ref, path: folder },
    hint: `work on it there, or switch to another branch there first; 'varve worktree list' shows all checkouts`,
  })
}
