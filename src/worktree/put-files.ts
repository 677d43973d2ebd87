// Contents that can be made again from the user's files: a file that has not changed since gives the very objects that
// were made of it, as their names prove. What a changed file gives is put as well: some of it may be what was sought.
import { isVarveError } from '../base/errors.ts'
import { WorkerPool } from '../base/pool.ts'
import { writeBytes, writeFile } from '../files/content.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { NotATable } from '../formats/not-a-table.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter } from '../store/interface.ts'
import { readConfig } from './config-file.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { lstatOrNull } from './native.ts'
import { readSmall, readSteady, smallBytesMax } from './read-file.ts'
import { readTableFile } from './tables/table-file.ts'

/** Puts what the files at these paths hold, as entries of the kinds that are given. */
export async function putFiles(
  worktree: Worktree,
  entries: Iterable<readonly [Path, TreeEntry]>,
  writer: ObjectWriter,
  options: WorktreeOptions = {},
): Promise<void> {
  const nodes = worktree.repo.nodes.through(writer)
  const pool = new WorkerPool()
  try {
    for (const [path, entry] of entries) {
      if (lstatOrNull(worktree.root, path)?.isFile() !== true) continue
      try {
        if (entry.kind === 'file') await putFile(worktree, path, writer, options)
        if (entry.kind === 'table') await putTable(worktree, path, entry, { writer, nodes, pool }, options)
      } catch (error) {
        // A file that has changed, or gone meanwhile, is no help; nothing is lost by that.
        if (!(error instanceof NotATable) && !isVarveError(error)) throw error
        if (isVarveError(error, 'VARVE_ABORTED') || isVarveError(error, 'VARVE_DISK_FULL')) throw error
      }
      await writer.drained()
    }
  } finally {
    await pool.close()
  }
}

async function putFile(
  worktree: Worktree,
  path: Path,
  writer: ObjectWriter,
  options: WorktreeOptions,
): Promise<void> {
  const small = readSmall(worktree.root, path, new Uint8Array(smallBytesMax))
  if (small !== null) writeBytes(writer, small.bytes)
  else
    await readSteady(
      worktree.root,
      path,
      (source) => writeFile(writer, source, { signal: options.signal }),
      options,
    )
}

/** With the table that was as the one before, as far as that can be read: column numbers then are the same. */
async function putTable(
  worktree: Worktree,
  path: Path,
  entry: TreeEntry,
  io: { writer: ObjectWriter; nodes: NodeStore; pool: WorkerPool },
  options: WorktreeOptions,
): Promise<void> {
  const setting = (await readConfig(worktree.root)).tableAt(path)
  if (setting === null) return
  try {
    await readTableFile(worktree, path, setting, { ...io, previous: entry }, options)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_OBJECT_MISSING') && !isVarveError(error, 'VARVE_CORRUPT')) throw error
    await readTableFile(worktree, path, setting, { ...io, previous: null }, options)
  }
}
