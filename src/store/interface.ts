// The store keeps immutable objects, and one mutable thing: the manifest, a numbered log whose newest entry holds
// the refs, HEAD, configuration and the list of live index segments. Objects become visible to others only by a
// manifest, and a manifest moves only by compare-and-set: many processes, no locks.
import type { Cid, Codec } from '../encoding/cid.ts'

/** Largest object of all kinds, raw bytes; readers refuse more before they allocate. */
export const objectBytesMax: number = 4 << 20

/** How many manifests gc keeps for the reflog and undo, unless told. */
export const manifestsKeptMaxDefault = 1000

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

/** A cache of facts that are derived from the objects, kept beside them for the next process. */
export interface DerivedCache {
  /** null: there is no such file, or none that can be read, or it is larger. */
  read(name: string, bytesMax: number): Uint8Array | null
  /** Writes the whole file at once. Where that is not possible, nothing is written. */
  write(name: string, bytes: Uint8Array): void
}

export interface ObjectReader {
  readonly cache?: DerivedCache | undefined
  /** In a partial clone: a reader of the objects that are here, which never fetches. */
  readonly local?: ObjectReader | undefined
  /** Many callers read it in one thread, as in a server: reads of its nodes let the others have a turn (base/turns.ts). */
  readonly isShared?: true
  /**
   * Bytes of each object, in the order asked for, each checked against its name. Reads are batched: ask for many.
   * Treat the bytes as read-only.
   * @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT
   */
  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]>
  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]>
  /** The objects as they lie in packs, so that a transfer need not pack them again. */
  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]>
  /** Packs that hold hardly anything but these objects, each object unpacking by itself. */
  wholePacks?(cids: readonly Cid[], options?: ReadOptions): AsyncIterable<WholePack>
  /** In a shallow repository: commits that were left out on purpose, before which history ends. */
  horizon?(): Promise<ReadonlySet<Cid>>
  /** In a partial clone: fetches these and all that they reach in few large requests, as far as it is not here. */
  prefetch?(cids: readonly Cid[], options?: ReadOptions): Promise<void>
}

/** One pack record without its place: `payload` under `packing` is the object's bytes. */
export interface StoredObject {
  readonly cid: Cid
  readonly packing: Packing
  readonly rawLength: number
  /** With packing 'delta' or 'patch': the object whose bytes unpack it, and how many bases come before it in all. */
  readonly base: Cid | null
  readonly depth: number
  readonly payload: Uint8Array
}

/** A pack and the list of its objects, which are not trusted until they have been hashed. */
export interface WholePack {
  /** Its file, where it is on this machine. */
  readonly file?: string
  open(options?: ReadOptions): Promise<PackBytes>
  readonly kind: PackKind
  readonly bytes: number
  /** Every record's object, in order, and where the record ends in the file. None is a delta. */
  readonly cids: readonly Cid[]
  readonly ends: Uint32Array
  /** The receiver may move the file: no store owns it yet. */
  readonly movable?: true
  /** Set when every object in it has been hashed. Valid for one adoption, since the new name is used once. */
  readonly checked?: CheckedPack
}

/** What stands at a pack's beginning and end under its new name. */
export interface PackEnds {
  readonly name: string
  readonly head: Uint8Array
  readonly end: Uint8Array
}

export interface CheckedPack extends PackEnds {
  /** All of the pack's, unless the connection was cut. */
  readonly records: number
  readonly bytes: number
  /** Why there is no more; null when all is there. */
  readonly cut: unknown
}

export interface PackBytes {
  /** Fills `into` with what lies at `at`. @throws VarveError VARVE_CORRUPT, VARVE_IO, VARVE_UNREACHABLE */
  read(into: Uint8Array, at: number): Promise<void>
  close(): Promise<void>
}

export interface AdoptOptions extends ReadOptions {
  /** Bytes that were read and found right since the last call. */
  readonly onBytes?: (bytes: number) => void
}

/** Meta packs hold dag-cbor objects, data packs raw ones. */
export type PackKind = 'meta' | 'data'

export type Packing = 'none' | 'deflate' | 'brotli' | 'delta' | 'patch'

/** Whole objects of one codec, as records that lie back to back the way they will in a pack. */
export interface PackedObjects {
  readonly codec: Codec
  readonly cids: readonly Cid[]
  readonly records: Uint8Array
  /** Where each record ends. */
  readonly ends: Uint32Array
}

export interface PutOptions {
  /** A similar object (an older version of a node): its bytes may serve as dictionary. Never changes the name. */
  readonly base?: Cid | undefined
}

/** Names the objects that it is given; it need not keep them. */
export type ObjectSink = Pick<ObjectWriter, 'put'>

/** Takes objects in; nobody else sees them before `Store.update` has published them. Reads see pending ones too. */
export interface ObjectWriter extends ObjectReader {
  /** What is put survives a kill: the next writer for the same remote continues with it. */
  readonly resumes?: true
  /** Publishing is expensive: a long transfer should do it once per so many bytes, and not again when it is cut off. */
  readonly checkpointBytes?: number | undefined
  /** Hashes and queues; an object that is already here costs nothing more. Never keeps a view: copies or packs. */
  put(codec: Codec, bytes: Uint8Array, options?: PutOptions): Cid
  /** As put, for an object already packed; unpacks and hashes it before it counts. The base must be had already. */
  putStored(object: StoredObject): Promise<void>
  /**
   * As putStored, for all objects of a pack at once; false when this writer cannot take it as it is. A file that was moved
   * is moved back when nothing comes of it. @throws VARVE_CORRUPT when any object is not what it is called,
   * VARVE_UNREACHABLE when the connection is cut: what has arrived is kept
   */
  adopt?(pack: WholePack, options?: AdoptOptions): Promise<boolean>
  /**
   * As put, for objects that this very process has hashed and packed with `packBatch`: they are believed, so nothing
   * that came from outside may go this way. Keeps the records' buffer until they are written.
   */
  putPacked(objects: PackedObjects): void
  /** Like put, by name alone, for objects that should be here already: says for each whether it is here, and keeps it. */
  hold(cids: readonly Cid[]): boolean[]
  /** Back-pressure: resolves when little enough is queued in memory. Await it now and then while you put. */
  drained(): Promise<void>
  /** Drops what was put and removes temporary files. */
  abort(): Promise<void>
}

export interface Manifest {
  /** 1 for a new store; every update adds one. */
  readonly sequence: number
  readonly timeMs: number
  /** Name of the current ref ('refs/heads/main'), or null when HEAD is detached: refs.get('HEAD') is then a commit. */
  readonly head: string | null
  /**
   * Full names: 'refs/heads/…', 'refs/tags/…', 'refs/remotes/…', and the worktree's state as pseudo refs: 'HEAD'
   * (detached only), 'INDEX' and 'INDEX_BASE' (roots of path trees), 'MERGE' (a merge state). All are roots for gc.
   */
  readonly refs: ReadonlyMap<string, Cid>
  readonly config: ReadonlyMap<string, string>
  readonly operation: Operation
  readonly gcEpoch: number
}

/** What moved the manifest: the reflog's line, and what undo undoes. */
export interface Operation {
  /** The verb: 'commit', 'merge', 'undo', … */
  readonly name: string
  /** Kept up to 1024 characters: the commit itself has all of it. */
  readonly message: string
  readonly author: string
}

export interface ManifestChange {
  /** null removes. */
  readonly refs?: ReadonlyMap<string, Cid | null>
  readonly config?: ReadonlyMap<string, string | null>
  readonly head?: string | null
  readonly operation: Operation
}

/**
 * Sees the newest manifest, checks what it expects of it, and throws if that does not hold; returns null to leave all as
 * it is.
 */
export type Change = (current: Manifest) => ManifestChange | null | Promise<ManifestChange | null>

export interface WriterOptions {
  /** Another store that probably has the bases of deltas, and answers faster than this one. */
  readonly near?: ObjectReader | undefined
}

export interface UpdateOptions {
  /** Objects to publish with the change; they are durable before the manifest is written. */
  readonly writer?: ObjectWriter | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Store extends ObjectReader {
  /** Where it lies, for messages: a path, or 'memory'. */
  readonly location: string
  writer(options?: WriterOptions): ObjectWriter
  /** The newest manifest, read anew. */
  manifest(): Promise<Manifest>
  /** Older manifests, newest first, as far back as they are kept. */
  manifests(): AsyncIterable<Manifest>
  /** Compare-and-set of everything: `change` runs again when another process was faster. */
  update(change: Change, options?: UpdateOptions): Promise<Manifest>
  /** Removes what neither a ref nor a kept manifest reaches. Never on a clock alone. */
  gc(options?: GcOptions): Promise<GcReport>
  /** Reads every byte: packs, segments, manifests; and that all refs' closures are whole. */
  fsck(options?: FsckOptions): Promise<FsckReport>
  stats(): Promise<StoreStats>
  close(): Promise<void>
}

/** Objects that a store may lack on purpose: another one has them. Asked for anew whenever the refs may have moved. */
export type AbsentObjects = () => Promise<ReadonlySet<Cid>>

export interface GcOptions {
  readonly absent?: AbsentObjects | undefined
  readonly dryRun?: boolean
  /** Packs all anew, smaller and slower; needs room for a second copy meanwhile. */
  readonly aggressive?: boolean
  /** Manifests to keep for reflog and undo; their refs are roots. Default 1000. */
  readonly manifestsKeptMax?: number
  /**
   * How long replaced files stay on disk, so that slow readers and writers can end. Default 24 h. Files that were never
   * published stay an hour at least, and a writer that gc overtook without grace may have to be run again.
   */
  readonly graceMs?: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number) => void
}

export interface GcReport {
  readonly objectsKept: number
  readonly objectsDropped: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Files that a clone reads: many small ones become few. */
  readonly packsBefore: number
  readonly packsAfter: number
  readonly filesRemoved: number
}

export interface FsckOptions {
  readonly absent?: AbsentObjects | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: number, total: number) => void
}

export interface FsckReport {
  readonly objects: number
  readonly bytes: number
  readonly problems: readonly FsckProblem[]
}

export interface FsckProblem {
  /** File or object that is damaged, relative to the store. */
  readonly where: string
  readonly what: string
}

export interface StoreStats {
  readonly objects: number
  readonly packs: number
  readonly segments: number
  readonly packBytes: number
}
