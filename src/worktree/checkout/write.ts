// Carries out a plan: removals first (they may free the name of a folder), then files, symlinks last, so that nothing
// is ever written through a link that came with the tree. Small files are fetched in batches and written synchronously;
// large ones stream; a table whose old file is proven unchanged is patched instead of rendered, where that is possible.
import * as fs from 'node:fs'
import { VarveError } from '../../base/errors.ts'
import { sha256Stream } from '../../base/platform.ts'
import { takeTurn } from '../../base/turns.ts'
import { codecOf } from '../../encoding/cid.ts'
import type { FileEntry, Path, SymlinkEntry, TableEntry, TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { patchFile } from '../../formats/patch.ts'
import { renderTable } from '../../formats/render.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { loadTable } from '../../table/table-object.ts'
import { type PlannedStep, uncommitted } from './plan.ts'
import type { CheckoutResult, Worktree, WorktreeOptions } from '../interface.ts'
import { lstatOrNull, nativePath, withPathErrors } from '../native.ts'
import { isListed } from '../case-folding.ts'
import { fileModesOf } from '../file-modes.ts'
import { type FileStat, fileStatOf, sameStat } from '../file-stat.ts'
import { hashed, readRanges } from '../read-file.ts'
import type { StatCache } from '../stat-cache/stat-cache.ts'
import { knownFile } from '../stat-cache/record.ts'
import { FileWriter, type StreamedFile, type OnOccupied, removeEmptied, removeFile } from './write-file.ts'

const batchFilesMax = 256
const batchBytesMax = 8 << 20

type WriteStep<E extends TreeEntry> = PlannedStep & { readonly after: E }

interface WrittenTable {
  readonly stat: FileStat
  readonly sha256: Uint8Array
}

export interface CheckoutMeans {
  readonly cache: StatCache
  /** Reads the target's objects. */
  readonly nodes: NodeStore
  readonly occupied: OnOccupied
}

export async function applySteps(
  worktree: Worktree,
  steps: readonly PlannedStep[],
  means: CheckoutMeans,
  options: WorktreeOptions = {},
): Promise<CheckoutResult> {
  const removed: Path[] = []
  for (const { path, action, provenAt } of steps) {
    if (action !== 'remove') continue
    const stat = provenAt === null ? null : lstatOrNull(worktree.root, path)
    if (stat !== null) refuseChanged(path, fileStatOf(stat), provenAt!)
    removeFile(worktree.root, path)
    means.cache.forget(path)
    removed.push(path)
    if (removed.length % batchFilesMax !== 0) continue
    await takeTurn(options.signal)
    await means.cache.makeRoom()
  }
  removeEmptied(worktree.root, removed)
  const writes = steps.filter((step) => step.action === 'write' || isLost(worktree, step))
  const checkout = new Checkout(worktree, means, writes.length, options)
  await checkout.writeSmallFiles(writes.filter(isSmallFile))
  for (const step of writes) {
    if (isSmallFile(step)) continue
    if (step.after?.kind === 'file') await checkout.writeLargeFile(step as WriteStep<FileEntry>)
    if (step.after?.kind === 'table') await checkout.writeTable(step as WriteStep<TableEntry>)
  }
  for (const step of writes) if (step.after?.kind === 'symlink') await checkout.writeSymlink(step)
  return { written: checkout.written, removed }
}

// On a file system that folds case, removing 'a' takes away an 'A' that was to be kept.
function isLost(worktree: Worktree, step: PlannedStep): boolean {
  return step.action === 'keep' && lstatOrNull(worktree.root, step.path) === null
}

function isSmallFile(step: PlannedStep): step is WriteStep<FileEntry> {
  return step.after?.kind === 'file' && codecOf(step.after.content) === 'raw'
}

class Checkout {
  readonly written: Path[] = []
  readonly #worktree: Worktree
  readonly #means: CheckoutMeans
  readonly #total: number
  readonly #options: WorktreeOptions
  readonly #files: FileWriter

  constructor(worktree: Worktree, means: CheckoutMeans, total: number, options: WorktreeOptions) {
    this.#worktree = worktree
    this.#means = means
    this.#total = total
    this.#options = options
    this.#files = new FileWriter(worktree.root, means.occupied)
  }

  async writeSmallFiles(steps: readonly WriteStep<FileEntry>[]): Promise<void> {
    for (let start = 0; start < steps.length;) {
      let end = start
      for (let bytes = 0; end < steps.length && end - start < batchFilesMax && bytes < batchBytesMax; end++) {
        bytes += steps[end]!.after.size
      }
      const batch = steps.slice(start, end)
      const contents = await this.#means.nodes.reader.get(
        batch.map((step) => step.after.content),
        { signal: this.#options.signal },
      )
      const knownAtMs = Date.now()
      batch.forEach((step, i) => {
        this.#makeRoom(step)
        const stat = this.#files.writeBytes(step.path, contents[i]!, modeOf(step.after))
        this.#wrote(step, stat, knownAtMs)
      })
      await this.#report()
      await this.#means.cache.makeRoom()
      start = end
    }
  }

  async writeLargeFile(step: WriteStep<FileEntry>): Promise<void> {
    this.#makeRoom(step)
    const knownAtMs = Date.now()
    const source = readFile(this.#means.nodes, step.after, { signal: this.#options.signal })
    this.#wrote(step, await this.#files.writeStream(step.path, source, this.#streamed(step)), knownAtMs)
    await this.#report()
  }

  async writeTable(step: WriteStep<TableEntry>): Promise<void> {
    this.#makeRoom(step)
    const knownAtMs = Date.now()
    const { stat, sha256 } = (await this.#patched(step)) ?? (await this.#rendered(step))
    this.#wrote(step, stat, knownAtMs, sha256)
    await this.#report()
  }

  async writeSymlink(step: PlannedStep): Promise<void> {
    if (step.after?.kind !== 'symlink') throw new TypeError('not a symlink')
    this.#makeRoom(step)
    this.#wrote(step, this.#linked(step.path, step.after), Date.now())
    await this.#report()
  }

  #linked(path: Path, entry: SymlinkEntry): FileStat {
    return fileModesOf(this.#worktree).symlinks
      ? this.#files.writeSymlink(path, entry)
      : this.#files.writeBytes(path, entry.target, 'plain')
  }

  async #rendered(step: WriteStep<TableEntry>): Promise<WrittenTable> {
    const { path, after } = step
    const { nodes } = this.#means
    const hash = sha256Stream()
    const table = await loadTable(nodes.reader, after.table)
    const stat = await this.#files.writeStream(
      path,
      hashed(renderTable(nodes, table, { signal: this.#options.signal }), hash),
      this.#streamed(step),
    )
    return { stat, sha256: hash.digest() }
  }

  /** Writes the file as a patch of the old one; null when it has to be rendered in full. */
  async #patched(step: WriteStep<TableEntry>): Promise<WrittenTable | null> {
    const { path, before, after, provenAt } = step
    if (provenAt === null || before?.kind !== 'table') return null
    const { nodes } = this.#means
    const hash = sha256Stream()
    const tables = {
      before: await loadTable(nodes.reader, before.table),
      after: await loadTable(nodes.reader, after.table),
    }
    return readRanges(this.#worktree.root, path, async (file, { stat, check }) => {
      if (!sameStat(stat, provenAt)) throw uncommitted([path])
      const written = await this.#files.writeParts(path, this.#streamed(step), async (write) => {
        const writeHashed = async (part: Uint8Array): Promise<void> => {
          await write(part)
          hash.update(part)
        }
        const { signal } = this.#options
        if (!(await patchFile(nodes, tables, file, writeHashed, { signal }))) return false
        check()
        return true
      })
      return written === null ? null : { stat: written, sha256: hash.digest() }
    })
  }

  /** A file that may take long to write. */
  #streamed(step: WriteStep<FileEntry | TableEntry>): StreamedFile {
    return { executable: modeOf(step.after), lastLook: () => this.#makeRoom(step) }
  }

  /** The last look before a name is taken: what was not there when the plan was made must not be overwritten. */
  #makeRoom({ path, action, before, provenAt }: PlannedStep): void {
    const stat = lstatOrNull(this.#worktree.root, path)
    if (stat === null || this.#means.occupied === 'replace') return
    if (stat.isDirectory()) return removeEmptyFolders(this.#worktree.root, path)
    if (provenAt !== null) return refuseChanged(path, fileStatOf(stat), provenAt)
    if (action !== 'write') return
    if (fileModesOf(this.#worktree).ignoreCase && !isListed(this.#worktree.root, path)) return
    if (before !== null) throw uncommitted([path])
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot write '${path}': another file has that name here`, {
      data: { path },
      hint: 'two paths of the dataset have one name on this file system; rename one of them',
    })
  }

  #wrote(
    { path, after }: PlannedStep,
    stat: FileStat,
    knownAtMs: number,
    sha256: Uint8Array | null = null,
  ): void {
    this.written.push(path)
    this.#means.cache.set(path, knownFile({ stat, entry: after!, knownAtMs, sha256 }))
  }

  async #report(): Promise<void> {
    await takeTurn(this.#options.signal)
    this.#options.onProgress?.({
      phase: 'writing files',
      done: this.written.length,
      total: this.#total,
      unit: 'files',
    })
  }
}

/** Refuses a file that has changed since the plan was made: the user may have been at work. */
function refuseChanged(path: Path, now: FileStat | null, provenAt: FileStat): void {
  if (now === null || !sameStat(now, provenAt)) throw uncommitted([path])
}

function modeOf(entry: FileEntry | TableEntry): 'executable' | 'plain' {
  return entry.executable ? 'executable' : 'plain'
}

/** Depth first; a folder with anything in it stops the removal with an error. */
function removeEmptyFolders(root: string, folder: Path): void {
  withPathErrors(folder, 'removing the folder', () => {
    for (const name of fs.readdirSync(nativePath(root, folder))) {
      removeEmptyFolders(root, `${folder}/${name}`)
    }
    fs.rmdirSync(nativePath(root, folder))
  })
}
