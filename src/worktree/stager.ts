// Turns files into tree entries: the content goes into the writer, the entry into `edits`. Small files are read and
// hashed synchronously, in batches, with one wait a batch for the writer; large ones stream, and tables are parsed.
import { takeTurn } from '../base/turns.ts'
import { WorkerPool } from '../base/pool.ts'
import { writeBytes, writeFile } from '../files/content.ts'
import { equalEntries, isPossibleTarget } from '../files/entry.ts'
import type { FileContent, FileEntry, Path, TreeEntry } from '../files/interface.ts'
import type { Io } from '../repo/interface.ts'
import { isProven } from './content-check.ts'
import { type DatasetConfig, type TableSetting, configFileName } from '../dataset/interface.ts'
import { readConfig } from './config-file.ts'
import { changeOf } from './entries.ts'
import { type FileModes, fileModesOf } from './file-modes.ts'
import type { PathEdits } from './index-state.ts'
import type { PathChange, Worktree, WorktreeOptions } from './interface.ts'
import { lstatOrNull } from './native.ts'
import { readSmall, readSteady, readTarget, smallBytesMax } from './read-file.ts'
import { type FileStat, fileStatOf } from './file-stat.ts'
import type { OpenSurvey } from './open-survey.ts'
import { type KnownFile, type ObservedFile, knownFile } from './stat-cache/record.ts'
import { isReadyFor } from './tables/ready-table.ts'
import { isSameTable } from './tables/same-table.ts'
import { hasShape } from './tables/shape.ts'
import { isCarried } from './status.ts'
import { fileBytesWorthThreads } from '../formats/slice-jobs.ts'
import { readTableFile, reasonOf } from './tables/table-file.ts'

const filesPerBatch = 500
const batchBytesMax = 8 << 20

export interface StagerOptions extends WorktreeOptions {
  /** Tables are kept as plain bytes. */
  readonly asFile?: boolean | undefined
  /** What to do with a table whose rows break its rules. Default: 'throw'. */
  readonly onFault?: 'throw' | 'keep as file' | undefined
}

export interface StagedEdits {
  readonly edits: PathEdits
  readonly changes: readonly PathChange[]
  readonly notTables: readonly { readonly path: string; readonly reason: string }[]
  /** For each path of `edits`, the stat of the file that was read; null: there was no file. */
  readonly read: ReadonlyMap<Path, FileStat | null>
  /** Where what was found ready is used: it is there as long as no gc has come. */
  readonly gcEpoch: number | null
}

/** Stages what a survey found, taking it out of the survey, and the deletion of what it missed. Publishes nothing. */
export async function stageSurvey(
  worktree: Worktree,
  io: Io,
  { survey, tracked, cache }: OpenSurvey,
  options: StagerOptions,
): Promise<StagedEdits> {
  const pool = new WorkerPool()
  // A large new file is sure to be read: a thread starts while the settings are loaded.
  for (const [path, { size }] of survey.files) {
    if (size < fileBytesWorthThreads || survey.known(path) !== null || (await cache.ready(path)) !== null)
      continue
    pool.warm(1)
    break
  }
  try {
    const config = await readConfig(worktree.root)
    const { gcEpoch } = await worktree.repo.store.manifest()
    const stager = new Stager(worktree, { ...io, survey, tracked, cache, config, pool, gcEpoch }, options)
    await stager.stageFiles()
    await stager.stageDeletions()
    if (stager.isReshaped) await stager.stageSettings()
    return stager
  } finally {
    await pool.close()
  }
}

interface StagerMeans extends Io, OpenSurvey {
  /** The store's epoch when staging began. */
  readonly gcEpoch: number
  readonly config: DatasetConfig
  readonly pool: WorkerPool
}

class Stager {
  readonly edits: Map<Path, TreeEntry | null> = new Map()
  readonly read: Map<Path, FileStat | null> = new Map()
  readonly changes: PathChange[] = []
  readonly notTables: { path: string; reason: string }[] = []
  gcEpoch: number | null = null
  /** A file became a table, or one by another key, or plain bytes again, because varve.yaml says so. */
  isReshaped: boolean = false
  readonly #worktree: Worktree
  readonly #means: StagerMeans
  readonly #options: StagerOptions
  readonly #modes: FileModes
  readonly #scratch: Uint8Array = new Uint8Array(smallBytesMax)

  constructor(worktree: Worktree, means: StagerMeans, options: StagerOptions) {
    this.#worktree = worktree
    this.#means = means
    this.#options = options
    this.#modes = fileModesOf(worktree)
  }

  async stageFiles(): Promise<void> {
    const reshaped = await this.#inAnotherShape()
    const total = this.#means.survey.files.size + reshaped.length
    let batchBytes = 0
    let done = 0
    for (const [path, stat] of this.#filesAnd(reshaped)) {
      const known = this.#known(path)
      // Only tables and large files give promises: nothing waits once a file.
      if (!isProven(known, stat) || !(await this.#hasShape(path, known.entry))) {
        const work = this.#stageFile(path, stat, known?.entry ?? null)
        if (work !== undefined) await work
        batchBytes += stat.size
      }
      done++
      if (done % filesPerBatch !== 0 && batchBytes < batchBytesMax) continue
      batchBytes = 0
      await takeTurn(this.#options.signal)
      await this.#means.writer.drained()
      this.#options.onProgress?.({ phase: 'adding files', done, total, unit: 'files' })
    }
  }

  /** Those of the survey are taken out of it: of a hundred thousand, each is held as little as can be. */
  *#filesAnd(reshaped: readonly (readonly [Path, FileStat])[]): Generator<readonly [Path, FileStat]> {
    const { files } = this.#means.survey
    for (const file of files) {
      files.delete(file[0])
      yield file
    }
    yield* reshaped
  }

  /** Stages the removal of what the index has and the folder no longer has. */
  async stageDeletions(): Promise<void> {
    for (const path of this.#means.survey.missing) {
      const known = this.#known(path)
      if (known === null || !(await isCarried(this.#means.nodes.reader, known.entry))) continue
      this.edits.set(path, null)
      this.read.set(path, null)
      this.changes.push(changeOf(path, known.entry, null))
    }
  }

  /**
   * varve.yaml goes with the tables that it makes: in a commit without it their keys would be lost, and a clone would
   * keep plain bytes again.
   */
  async stageSettings(): Promise<void> {
    const found = lstatOrNull(this.#worktree.root, configFileName)
    const stat = found === null ? null : fileStatOf(found)
    if (stat === null || this.edits.has(configFileName)) return
    await this.#stageFile(configFileName, stat, this.#means.tracked.get(configFileName)?.entry ?? null)
  }

  #known(path: Path): KnownFile | null {
    const { survey, tracked } = this.#means
    return survey.known(path) === null ? null : tracked.get(path)
  }

  /** Files that have not changed, but are to be tables now, or no more, or by another key. */
  async #inAnotherShape(): Promise<[Path, FileStat][]> {
    const { survey, config } = this.#means
    const mayBeTables = this.#options.asFile !== true && !config.isEmpty
    const found: [Path, FileStat][] = []
    for (const { path, records, index } of survey.proven()) {
      if (!mayBeTables && !records.isTable(index)) continue
      const { entry, stat } = this.#known(path)!
      if (!(await this.#hasShape(path, entry))) found.push([path, stat!])
    }
    return found
  }

  /** Whether the entry is of the shape that is asked for. */
  #hasShape(path: Path, entry: TreeEntry): boolean | Promise<boolean> {
    if (this.#options.asFile === true) return entry.kind !== 'table'
    return hasShape(this.#worktree, this.#means.config, path, entry)
  }

  #tableSetting(path: Path): TableSetting | null {
    return this.#options.asFile === true ? null : this.#means.config.tableAt(path)
  }

  #stageFile(path: Path, stat: FileStat, before: TreeEntry | null): void | Promise<void> {
    const isLinkFile = this.#modes.isLinkFile(stat, before)
    const setting = stat.kind === 'file' && !isLinkFile ? this.#tableSetting(path) : null
    if (setting !== null) return this.#stageTable(path, stat, setting, before)
    if (before?.kind === 'table' && this.#options.asFile !== true) this.isReshaped = true
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
    const entry: TreeEntry =
      isLinkFile && isPossibleTarget(read.bytes)
        ? { kind: 'symlink', target: read.bytes.slice() }
        : this.#fileEntry(read.stat, before, writeBytes(this.#means.writer, read.bytes))
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
    const entry = this.#fileEntry(stat, before, content)
    this.#take(path, before, { stat, entry, knownAtMs, sha256: null })
  }

  #fileEntry(stat: FileStat, before: TreeEntry | null, content: FileContent): FileEntry {
    return { kind: 'file', executable: this.#modes.executable(stat, before), ...content }
  }

  async #stageTable(
    path: Path,
    stat: FileStat,
    setting: TableSetting,
    before: TreeEntry | null,
  ): Promise<void> {
    const { writer, nodes, pool } = this.#means
    const isReshaped = before === null || !(await this.#hasShape(path, before))
    if (isReshaped) this.isReshaped = true
    if (before?.kind !== 'table' && (await this.#takeReady(path, stat, setting, before))) return
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
      const isSame =
        before?.kind === 'table' &&
        !isReshaped &&
        (await isSameTable(this.#worktree, nodes, { path, before, read }, this.#options))
      const entry = isSame ? before : read.entry
      this.#take(path, before, { stat: read.stat, entry, knownAtMs, sha256: null })
    } catch (error) {
      const reason = reasonOf(error, path, this.#options.onFault ?? 'throw')
      this.notTables.push({ path, reason })
      await this.#stageLarge(path, before)
    }
  }

  /** Takes over what `track` has made of the file, if nothing has changed since. */
  async #takeReady(
    path: Path,
    stat: FileStat,
    setting: TableSetting,
    before: TreeEntry | null,
  ): Promise<boolean> {
    const { cache, gcEpoch, writer } = this.#means
    const ready = await cache.ready(path)
    if (ready === null || !isReadyFor(ready, { stat, setting, gcEpoch })) return false
    if (writer.hold([ready.table])[0] !== true) return false
    const { table, knownAtMs } = ready
    this.gcEpoch = gcEpoch
    this.#take(path, before, {
      stat,
      entry: { kind: 'table', executable: this.#modes.executable(stat, before), table },
      knownAtMs,
      sha256: null,
    })
    return true
  }

  #take(path: Path, before: TreeEntry | null, seen: ObservedFile): void {
    this.#means.tracked.see(path, knownFile(seen))
    if (equalEntries(before, seen.entry)) return
    this.edits.set(path, seen.entry)
    this.read.set(path, seen.stat)
    this.changes.push(changeOf(path, before, seen.entry))
  }
}

function symlinkEntry(root: string, path: Path): TreeEntry {
  return { kind: 'symlink', target: readTarget(root, path) }
}
