// A store as the world may see it: its objects, branches, tags, notes and receipts. Settings, the state of a working folder (what is
// staged, a merge under way), other remotes' branches and the log of operations are the owner's business.
import { VarveError } from '../base/errors.ts'
import { yieldIfDue, isTurnOver } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import { horizonRef, readHorizon } from '../history/horizon.ts'
import { branchPrefix, isSharedRef } from '../history/refs.ts'
import type {
  FsckReport,
  GcReport,
  Manifest,
  ObjectWriter,
  ReadOptions,
  DerivedCache,
  Store,
  StoreStats,
  StoredObject,
} from '../store/interface.ts'

/** Kept for as long as the refs are as they are: there may be many. */
const known = new WeakMap<Manifest['refs'], Manifest['refs']>()

function publicRefs(refs: Manifest['refs']): Manifest['refs'] {
  let found = known.get(refs)
  if (found === undefined) {
    found = new Map([...refs].filter(([ref]) => isPublic(ref)))
    known.set(refs, found)
  }
  return found
}

export function publicManifest(manifest: Manifest): Manifest {
  return {
    sequence: manifest.sequence,
    timeMs: manifest.timeMs,
    head: manifest.head?.startsWith(branchPrefix) === true ? manifest.head : null,
    refs: publicRefs(manifest.refs),
    config: new Map(),
    operation: { name: 'serve', message: '', author: '' },
    gcEpoch: manifest.gcEpoch,
  }
}

/** Where history ends on purpose is no secret: who fetches from here must know. */
function isPublic(ref: string): boolean {
  return isSharedRef(ref) || ref === horizonRef
}

export class PublicStore implements Store {
  readonly location: string = 'the repository'
  readonly isShared = true
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** A store on a disk is read without waiting: whoever walks a long history lets others have their turns here. */
  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    if (isTurnOver()) await yieldIfDue()
    return this.#store.get(cids, options)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#store.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#store.getStored(cids, options)
  }

  get cache(): DerivedCache | undefined {
    return this.#store.cache
  }

  async horizon(): Promise<ReadonlySet<Cid>> {
    return (await readHorizon(this.#store, await this.#store.manifest())).commits
  }

  /** What a diff needs for a while; nothing of it is ever published. */
  writer(): ObjectWriter {
    return this.#store.writer()
  }

  async manifest(): Promise<Manifest> {
    return publicManifest(await this.#store.manifest())
  }

  async *manifests(): AsyncIterable<Manifest> {
    for await (const manifest of this.#store.manifests()) yield publicManifest(manifest)
  }

  async update(): Promise<Manifest> {
    throw readOnly()
  }

  async gc(): Promise<GcReport> {
    throw readOnly()
  }

  async fsck(): Promise<FsckReport> {
    throw readOnly()
  }

  stats(): Promise<StoreStats> {
    return this.#store.stats()
  }

  async close(): Promise<void> {}
}

function readOnly(): VarveError {
  return new VarveError('VARVE_REFUSED', 'the repository is only read here', {
    hint: "to change it, push to it: 'varve push'",
  })
}
