// Turns files into tree entries: the content goes into the writer, the entry into `edits`. Small files are read and
// hashed synchronously, in batches, with one wait a batch for the writer; large ones stream, and tables are parsed.
import { throwIfAborted } from '../base/errors.ts'
import { WorkerPool } from '../base/pool.ts'
import { writeBytes, writeFile } from '../files/content.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import type { Io } from '../repo/interface.ts'
import { isProven } from './content-check.ts'
import type { DatasetConfig, TableSetting } from '../dataset/interface.ts'
import { readConfig } from './config-file.ts'
import { changeOf, equalEntries } from './entries.ts'
import type { PathEdits } from './index-state.ts'
import type { PathChange, Worktree, WorktreeOptions } from './interface.ts'
import { readSmall, readSteady, readTarget, smallBytesMax } from './read-file.ts'
import type { FileStat, Scan } from './scan.ts'
import { StatCache } from './stat-cache.ts'
import type { KnownFile } from './stat-record.ts'
import { bytesOf, isCarried } from './status.ts'
import { bytesWorthThreads, isMadeWith, readTableFile, reasonOf } from './table-file.ts'

const filesPerBatch = 500
const batchBytesMax = 8 << 20

export interface StagerOptions extends WorktreeOptions {
  /** Tables are kept as plain bytes. */
  readonly asFile?: boolean | undefined
  /** What to do with a table whose rows break its rules. Default: 'throw'. */
  readonly onFault?: 'throw' | 'keep as file' | undefined
}

export interface Staged {
  readonly edits: PathEdits
  readonly changes: readonly PathChange[]
  readonly notTables: readonly { readonly path: string; readonly reason: string }[]
}

/** Stages what a scan found, and the deletion of what it did not find. Publishes nothing. */
export async function stageScan(
  worktree: Worktree,
  io: Io,
  { scan, tracked }: { readonly scan: Scan; readonly tracked: ReadonlyMap<Path, TreeEntry> },
  options: StagerOptions,
): Promise<Staged> {
  const pool = new WorkerPool()
  // A large new file is sure to be read: threads start while the settings and the cache are loaded.
  for (const [path, { size }] of scan.files) {
    if (size < bytesWorthThreads || tracked.has(path)) continue
    pool.warm()
    break
  }
  let cache: StatCache | null = null
  try {
    const config = await readConfig(worktree.root)
    cache = await StatCache.open(worktree, { paths: scan.files.size, bytes: bytesOf(scan.files) })
    const stager = new Stager(worktree, { ...io, cache, config, pool }, options)
    await stager.stageFiles(scan.files, tracked)
    await stager.stageDeletions(scan.files, tracked)
    return stager
  } finally {
    await Promise.all([cache?.close(), pool.close()])
  }
}

interface StagerMeans extends Io {
  readonly cache: StatCache
  readonly config: DatasetConfig
  readonly pool: WorkerPool
}

class Stager {
  readonly edits: Map<Path, TreeEntry | null> = new Map()
  readonly changes: PathChange[] = []
  readonly notTables: { path: string; reason: string }[] = []
  readonly #worktree: Worktree
  readonly #means: StagerMeans
  readonly #options: StagerOptions
  readonly #scratch: Uint8Array = new Uint8Array(smallBytesMax)

  constructor(worktree: Worktree, means: StagerMeans, options: StagerOptions) {
    this.#worktree = worktree
    this.#means = means
    this.#options = options
  }

  async stageFiles(files: ReadonlyMap<Path, FileStat>, tracked: ReadonlyMap<Path, TreeEntry>): Promise<void> {
    const known = await this.#means.cache.load([...files.keys()])
    let batchBytes = 0
    let done = 0
    for (const [path, stat] of files) {
      const before = tracked.get(path) ?? null
      // Only tables and large files give promises: nothing waits once a file.
      const staged = this.#isStaged(path, stat, before, known.get(path))
      if (!(typeof staged === 'boolean' ? staged : await staged)) {
        const work = this.#stageFile(path, stat, before)
        if (work !== undefined) await work
        batchBytes += stat.size
      }
      done++
      if (done % filesPerBatch !== 0 && batchBytes < batchBytesMax) continue
      batchBytes = 0
      throwIfAborted(this.#options.signal)
      await this.#means.writer.drained()
      this.#options.onProgress?.({ phase: 'adding files', done, total: files.size, unit: 'files' })
    }
  }

  /** What the index has and the worktree has no more. */
  async stageDeletions(
    files: ReadonlyMap<Path, FileStat>,
    tracked: ReadonlyMap<Path, TreeEntry>,
  ): Promise<void> {
    for (const [path, entry] of tracked) {
      if (files.has(path) || !(await isCarried(this.#means.nodes.reader, entry))) continue
      this.edits.set(path, null)
      this.changes.push(changeOf(path, entry, null))
      this.#means.cache.forget(path)
    }
  }

  /** Whether the index holds the file already, in the shape that is asked for; without reading it. */
  #isStaged(
    path: Path,
    stat: FileStat,
    before: TreeEntry | null,
    known: KnownFile | undefined,
  ): boolean | Promise<boolean> {
    if (before === null || !isProven(known, stat) || !equalEntries(known.entry, before)) return false
    const setting = this.#tableSetting(path, stat)
    if (setting === null) return before.kind !== 'table'
    return before.kind === 'table' && isMadeWith(this.#worktree, before, setting)
  }

  #tableSetting(path: Path, stat: FileStat): TableSetting | null {
    return this.#options.asFile === true || stat.kind !== 'file' ? null : this.#means.config.tableAt(path)
  }

  #stageFile(path: Path, stat: FileStat, before: TreeEntry | null): void | Promise<void> {
    const setting = this.#tableSetting(path, stat)
    if (setting !== null) return this.#stageTable(path, setting, before)
    const knownAtMs = Date.now()
    if (stat.kind === 'symlink') {
      return this.#take(path, before, {
        stat,
        entry: symlinkEntry(this.#worktree.root, path),
        knownAtMs,
        sha256: null,
      })
    }
    const read = stat.size <= smallBytesMax ? readSmall(this.#worktree.root, path, this.#scratch) : null
    if (read === null) return this.#stageLarge(path, before)
    const content = writeBytes(this.#means.writer, read.bytes)
    const entry: TreeEntry = { kind: 'file', executable: read.stat.executable, ...content }
    this.#take(path, before, { stat: read.stat, entry, knownAtMs, sha256: null })
  }

  async #stageLarge(path: Path, before: TreeEntry | null): Promise<void> {
    const { onProgress, signal } = this.#options
    const knownAtMs = Date.now()
    const { result: content, stat } = await readSteady(
      this.#worktree.root,
      path,
      (source, { size }) =>
        writeFile(this.#means.writer, source, {
          signal,
          onProgress: (done) => onProgress?.({ phase: `adding ${path}`, done, total: size, unit: 'bytes' }),
        }),
      this.#options,
    )
    const entry: TreeEntry = { kind: 'file', executable: stat.executable, ...content }
    this.#take(path, before, { stat, entry, knownAtMs, sha256: null })
  }

  async #stageTable(path: Path, setting: TableSetting, before: TreeEntry | null): Promise<void> {
    const { writer, nodes, pool } = this.#means
    const knownAtMs = Date.now()
    try {
      const read = await readTableFile(
        this.#worktree,
        path,
        setting,
        { writer, nodes, pool, previous: before },
        this.#options,
      )
      // The digest of the bytes is left to who needs it first: most files are never touched without a change.
      this.#take(path, before, { stat: read.stat, entry: read.entry, knownAtMs, sha256: null })
    } catch (error) {
      const reason = reasonOf(error, path, this.#options.onFault ?? 'throw')
      this.notTables.push({ path, reason })
      await this.#stageLarge(path, before)
    }
  }

  #take(path: Path, before: TreeEntry | null, known: KnownFile): void {
    this.#means.cache.set(path, known)
    if (equalEntries(before, known.entry)) return
    this.edits.set(path, known.entry)
    this.changes.push(changeOf(path, before, known.entry))
  }
}

function symlinkEntry(root: string, path: Path): TreeEntry {
  return { kind: 'symlink', target: readTarget(root, path) }
}
