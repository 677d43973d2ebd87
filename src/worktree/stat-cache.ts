// Remembers which content a file had at which stat, so that unchanged files are not read again. It is a LevelDB in
// .varve/cache/stat, and disposable: locked by another process, it is done without; damaged, it is thrown away. Small
// worktrees are read sooner than the database is loaded (about 35 ms), so they have none. Nothing but LevelDB opens
// the file LOCK in its folder: closing that would drop the lock of the whole process.
import * as fs from 'node:fs'
import type { Level } from 'level'
import { assert } from '../base/assert.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { pathFromBytes, pathToBytes } from '../files/path.ts'
import type { Worktree } from './interface.ts'
import { lstatOrNull } from './native.ts'
import { type KnownFile, decodeKnown, encodeKnown } from './stat-record.ts'

const pathsWorthCache = 50
const bytesWorthCache = 1 << 20
/** Reading everything in order is cheaper than asking for so many. */
const asksWorthScan = 5000
const batchRecords = 1000

type Database = Level<Uint8Array, Uint8Array>

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
    const now = Number(lstatOrNull(worktree.root, path)?.size ?? 0n)
    // A table says nothing of its file's size: to render one twice is what the cache is to spare.
    bytes += Math.max(now, after?.kind === 'file' ? after.size : 0)
  }
  return { paths: steps.length, bytes }
}

export class StatCache {
  readonly #database: Database | null
  #edits = new Map<Path, KnownFile | null>()

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

  /** What is known about the paths; those without a record are left out. */
  async load(paths: readonly Path[]): Promise<Map<Path, KnownFile>> {
    const found = new Map<Path, KnownFile>()
    if (this.#database === null || paths.length === 0) return found
    try {
      if (paths.length > asksWorthScan) await loadAll(this.#database, found)
      else await loadSome(this.#database, paths, found)
    } catch {
      // A damaged cache knows nothing; the next opening throws it away when LevelDB says so too.
      found.clear()
    }
    return found
  }

  set(path: Path, known: KnownFile): void {
    if (this.#database !== null) this.#edits.set(path, known)
  }

  forget(path: Path): void {
    if (this.#database !== null) this.#edits.set(path, null)
  }

  /** Writes what was set and closes. Failing to remember is not failing. */
  async close(): Promise<void> {
    if (this.#database === null) return
    try {
      await this.#flush(this.#database)
    } catch {
      // A full disk, say: the files will be read again.
    } finally {
      this.#edits = new Map()
      await this.#database.close().catch(() => undefined)
    }
  }

  async #flush(database: Database): Promise<void> {
    let batch: Parameters<typeof writeBatch>[1] = []
    for (const [path, known] of this.#edits) {
      batch.push({ key: pathToBytes(path), value: known === null ? null : encodeKnown(known) })
      if (batch.length < batchRecords) continue
      await writeBatch(database, batch)
      batch = []
    }
    await writeBatch(database, batch)
  }
}

async function writeBatch(
  database: Database,
  records: { key: Uint8Array; value: Uint8Array | null }[],
): Promise<void> {
  if (records.length === 0) return
  await database.batch(
    records.map(({ key, value }) => (value === null ? { type: 'del', key } : { type: 'put', key, value })),
  )
}

async function loadAll(database: Database, found: Map<Path, KnownFile>): Promise<void> {
  const iterator = database.iterator()
  try {
    for (;;) {
      const records = await iterator.nextv(batchRecords)
      if (records.length === 0) return
      for (const [key, value] of records) take(found, pathFromBytes(key), value)
    }
  } finally {
    await iterator.close()
  }
}

async function loadSome(
  database: Database,
  paths: readonly Path[],
  found: Map<Path, KnownFile>,
): Promise<void> {
  for (let start = 0; start < paths.length; start += batchRecords) {
    const asked = paths.slice(start, start + batchRecords)
    const values = await database.getMany(asked.map(pathToBytes))
    assert(values.length === asked.length, 'level answers every key')
    asked.forEach((path, i) => take(found, path, values[i]))
  }
}

function take(found: Map<Path, KnownFile>, path: Path, value: Uint8Array | undefined): void {
  const known = value === undefined ? null : decodeKnown(value)
  if (known !== null) found.set(path, known)
}

async function openDatabase(folder: string): Promise<Database | null> {
  const location = `${folder}/stat`
  const { Level } = await import('level')
  for (let attempt = 0; attempt < 2; attempt++) {
    const database: Database = new Level(location, { keyEncoding: 'view', valueEncoding: 'view' })
    try {
      fs.mkdirSync(folder, { recursive: true })
      await database.open()
      return database
    } catch (error) {
      if (isLocked(error)) return null
      try {
        fs.rmSync(location, { recursive: true, force: true })
      } catch {
        return null
      }
    }
  }
  return null
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && (error.cause as { code?: string } | undefined)?.code === 'LEVEL_LOCKED'
}
