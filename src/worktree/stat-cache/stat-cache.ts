// Remembers which content a file had at which stat, so that unchanged files are not read again. It is a LevelDB in
// .varve/cache/stat, and disposable: locked by another process, it is done without; damaged, it is thrown away. Small
// worktrees are read sooner than the database is loaded (about 35 ms), so they have none.
//   'v' -> version of this format | 't' -> the tree that the folders' values are of, and what they add up to
//   'f' + folder -> records of the files in it | 'p' + path -> one record, which counts instead of the folder's
//   'r' + path -> the table that `track` has made of a file
// A command that goes over the whole index stores folders, all at once; one that writes or reads some files leaves
// records, and the next that goes over the index puts them into the folders. Every record proves itself, and the folders
// prove that they are all there, so that whatever LevelDB has lost or mixed up costs time alone.
import { equalBytes, utf8 } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { type Cid, cidBytesLength, cidFromBytes, cidToBytes } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import type { Tree } from '../../files/tree.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { FolderRecords } from './folder-records.ts'
import type { Worktree } from '../interface.ts'
import { type ReadyTable, decodeReady, encodeReady } from '../tables/ready-table.ts'
import { lstatOrNull, parentOf } from '../native.ts'
import { type Database, type Operation, clearDatabase, openDatabase, recordsOf, written } from './database.ts'
import { type KnownFile, decodeKnown, encodeKnown } from './record.ts'
import { encodeWhole, sealOf, sealed, unsealed } from './seal.ts'
import { TrackedFiles } from './tracked-files.ts'

const pathsWorthCache = 50
const bytesWorthCache = 1 << 20
/** Reading all newer records in order is cheaper than asking for so many: there are few of them. */
const asksWorthScan = 5000
/** So many records are written at a time: in memory each takes a kilobyte and more on its way. */
const recordsAtOnce = 4096

const treeKey = utf8('t')

export interface CacheNeed {
  readonly paths: number
  readonly bytes: number
}

interface SizedStep {
  readonly path: Path
  readonly after: TreeEntry | null
}

/** What a checkout's steps are about: the files as they are, and as they will be. Many steps are worth a cache anyway. */
export function needOfSteps(worktree: Worktree, steps: readonly SizedStep[]): CacheNeed {
  let bytes = 0
  for (const { path, after } of steps.length < pathsWorthCache ? steps : []) {
    const now = lstatOrNull(worktree.root, path)?.size ?? 0
    // The size of a table's file is not stored with the table, and the cache exists to avoid rendering it twice.
    bytes += Math.max(now, after?.kind === 'file' ? after.size : 0)
  }
  return { paths: steps.length, bytes }
}

export class StatCache {
  readonly #database: Database | null
  #records = new Map<Path, KnownFile | null>()
  #ready = new Map<Path, ReadyTable>()
  /** Keys of records that are in the folders of what `tracked` gave. */
  #taken: Uint8Array[] = []
  #storedTree: Cid | null = null
  #seals = new Map<Path, number>()

  private constructor(database: Database | null) {
    this.#database = database
  }

  /** Opens the cache, or stands in for one when it is not worth it or cannot be had. */
  static async open(worktree: Worktree, need: CacheNeed): Promise<StatCache> {
    if (need.paths < pathsWorthCache && need.bytes < bytesWorthCache) return new StatCache(null)
    return new StatCache(await openDatabase(`${worktree.dotDir}/cache`))
  }

  get isOpen(): boolean {
    return this.#database !== null
  }

  /** What the tree tracks, with what is known of its files. */
  async tracked(tree: Tree, options: ReadOptions = {}): Promise<TrackedFiles> {
    const tracked = this.#database === null ? new TrackedFiles() : await this.#readOrClear(this.#database)
    await tracked.follow(tree, options)
    return tracked
  }

  /** What is known about the paths; those without a record are left out. */
  async load(paths: readonly Path[]): Promise<Map<Path, KnownFile>> {
    const found = new Map<Path, KnownFile>()
    if (this.#database === null || paths.length === 0) return found
    try {
      await loadSome(this.#database, paths, found)
    } catch {
      // A damaged cache knows nothing; the next opening throws it away when LevelDB says so too.
      found.clear()
    }
    return found
  }

  set(path: Path, known: KnownFile): void {
    if (this.#database !== null) this.#records.set(path, known)
  }

  forget(path: Path): void {
    if (this.#database !== null) this.#records.set(path, null)
  }

  /** What `track` made of the file, if nothing else is known of it. */
  async ready(path: Path): Promise<ReadyTable | null> {
    const key = keyOf('r', path)
    const stored = await this.#database?.get(key).catch(() => undefined)
    const value = stored === undefined ? null : unsealed(key, stored)
    return value === null ? null : decodeReady(value)
  }

  setReady(path: Path, ready: ReadyTable): void {
    this.#ready.set(path, ready)
  }

  /** Stores what is tracked, all of it or nothing. It came from this cache's `tracked`. */
  async save(tracked: TrackedFiles): Promise<void> {
    const { changed, tree } = tracked
    if (this.#database === null || tree === null) return
    const operations: Operation[] = []
    for (const path of changed) {
      const records = tracked.folder(path)?.bytes ?? null
      operations.push(operationOf('f', path, records))
      if (records === null) this.#seals.delete(path)
      else this.#seals.set(path, sealOf(keyOf('f', path), records))
    }
    const whole = encodeWhole(cidToBytes(tree), this.#seals.values())
    operations.push({ type: 'put', key: treeKey, value: sealed(treeKey, whole) })
    for (const key of this.#taken) operations.push({ type: 'del', key })
    if (changed.size > 0 || this.#taken.length > 0 || this.#storedTree !== tree)
      await written(this.#database, operations)
  }

  /** Writes what was set if it is much: for loops over many files. */
  async makeRoom(): Promise<void> {
    if (this.#database !== null && this.#records.size >= recordsAtOnce)
      await this.#writeRecords(this.#database)
  }

  /** Writes what was set, and closes. A failure to remember is not a failure. */
  async close(): Promise<void> {
    if (this.#database === null) return
    await this.#writeRecords(this.#database)
    const ready = [...this.#ready].map(([path, table]) => operationOf('r', path, encodeReady(table)))
    this.#ready = new Map()
    await written(this.#database, ready)
    await this.#database.close().catch(() => undefined)
  }

  async #writeRecords(database: Database): Promise<void> {
    let operations: Operation[] = []
    for (const [path, known] of this.#records) {
      operations.push(operationOf('p', path, known === null ? null : encodeKnown(known)))
      if (operations.length < recordsAtOnce) continue
      await written(database, operations)
      operations = []
    }
    this.#records = new Map()
    await written(database, operations)
  }

  async #readOrClear(database: Database): Promise<TrackedFiles> {
    try {
      return await this.#readAll(database)
    } catch {
      this.#taken = []
      this.#storedTree = null
      this.#seals.clear()
      await clearDatabase(database).catch(() => undefined)
      return new TrackedFiles()
    }
  }

  async #readAll(database: Database): Promise<TrackedFiles> {
    const folders = new Map<Path, FolderRecords>()
    for await (const [key, value] of recordsOf(database, 'f')) {
      const records = unsealed(key, value)
      if (records === null) throw corrupt('records of a folder are not as they were stored')
      const path = pathFromBytes(key.subarray(1))
      folders.set(path, FolderRecords.decode(records))
      this.#seals.set(path, sealOf(key, records))
    }
    const root = await database.get(treeKey)
    const tree = root === undefined ? null : treeOfAll(root, this.#seals.values())
    if (tree === null && folders.size > 0) throw corrupt('folders are missing, or are not all of one tree')
    this.#storedTree = tree
    const seen = new Map<Path, KnownFile>()
    for await (const [key, value] of recordsOf(database, 'p')) {
      this.#taken.push(key)
      const known = knownIn(key, value)
      if (known !== null) seen.set(pathFromBytes(key.subarray(1)), known)
    }
    return new TrackedFiles(this.#storedTree, folders, seen)
  }
}

function operationOf(kind: 'f' | 'p' | 'r', path: Path, value: Uint8Array | null): Operation {
  const key = keyOf(kind, path)
  return value === null ? { type: 'del', key } : { type: 'put', key, value: sealed(key, value) }
}

function knownIn(key: Uint8Array, stored: Uint8Array): KnownFile | null {
  const value = unsealed(key, stored)
  return value === null ? null : decodeKnown(value)
}

/** null: these are not all of its folders, or not as they were with it. */
function treeOfAll(stored: Uint8Array, seals: Iterable<number>): Cid | null {
  const value = unsealed(treeKey, stored)
  if (value === null || value.length <= cidBytesLength) return null
  const tree = cidFromBytes(value)
  return equalBytes(value, encodeWhole(cidToBytes(tree), seals)) ? tree : null
}

function keyOf(kind: 'f' | 'p' | 'r', path: Path): Uint8Array {
  const bytes = pathToBytes(path)
  const key = new Uint8Array(1 + bytes.length)
  key[0] = kind.charCodeAt(0)
  key.set(bytes, 1)
  return key
}

async function loadSome(
  database: Database,
  paths: readonly Path[],
  found: Map<Path, KnownFile>,
): Promise<void> {
  const folders = new Map<Path, Path[]>()
  for (const path of paths) {
    const folder = parentOf(path)
    const below = folders.get(folder)
    if (below === undefined) folders.set(folder, [path])
    else below.push(path)
  }
  const names = [...folders.keys()]
  const values = await database.getMany(names.map((folder) => keyOf('f', folder)))
  names.forEach((folder, i) => {
    const value = values[i] === undefined ? null : unsealed(keyOf('f', folder), values[i])
    const records = value === null ? FolderRecords.empty : FolderRecords.decode(value)
    for (const path of folders.get(folder)!) {
      const known = records.get(path.slice(folder === '' ? 0 : folder.length + 1))
      if (known !== null) found.set(path, known)
    }
  })
  for await (const [path, value] of newerRecords(database, paths)) {
    const known = knownIn(keyOf('p', path), value)
    if (known !== null) found.set(path, known)
  }
}

async function* newerRecords(
  database: Database,
  paths: readonly Path[],
): AsyncGenerator<readonly [Path, Uint8Array]> {
  if (paths.length <= asksWorthScan) {
    const values = await database.getMany(paths.map((path) => keyOf('p', path)))
    for (const [i, path] of paths.entries()) if (values[i] !== undefined) yield [path, values[i]]
    return
  }
  const asked = new Set(paths)
  for await (const [key, value] of recordsOf(database, 'p')) {
    const path = pathFromBytes(key.subarray(1))
    if (asked.has(path)) yield [path, value]
  }
}
