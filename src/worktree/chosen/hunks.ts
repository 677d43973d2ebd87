// `add` and `restore` of single hunks of a text: all else of the file and of the index stays as it is.
import { concatBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { LineHunk } from '../../documents/line-hunks.ts'
import { writeFile } from '../../files/content.ts'
import type { FileEntry, Path } from '../../files/interface.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { readFile } from '../../files/read.ts'
import { withWriter } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import { textBytesMax } from '../../repo/diff/diff.ts'
import { refuseWhileMerging } from '../../repo/merging/refuse.ts'
import { awaitTurn } from '../checkout/turn.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import type { RestoreOptions } from '../restore.ts'
import { oneRestored, oneStaged, replaceEntry, stageEntry } from './entry-change.ts'
import { readEntryNow } from './entry-now.ts'
import { type TextSides, withHunks } from './lines.ts'

/** Stages hunks of the difference from what is staged to the file. Returns the path. */
export async function stageHunks(
  worktree: Worktree,
  named: readonly NamedPath[],
  hunks: readonly LineHunk[],
  options: WorktreeOptions & { readonly dryRun?: boolean | undefined },
): Promise<Path> {
  return withWriter(worktree.repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const { state, path, staged } = await oneStaged(worktree, named, 'file', options)
    await refuseWhileMerging(worktree.repo.store, state.manifest, 'stage single changes')
    const now = await readEntryNow(worktree, io, { index: state.index, path, kind: 'file' }, options)
    const sides = await sidesOf(io, path, staged, now.entry, options)
    const after = await entryWith(io, staged, withHunks(path, sides, hunks), options)
    if (options.dryRun !== true)
      await stageEntry(worktree, io, { path, before: staged, after, operation: 'add' }, options)
    return path
  })
}

/** Takes hunks back of the difference from another version to the file, or to what is staged. Returns the path. */
export async function restoreHunks(
  worktree: Worktree,
  named: readonly NamedPath[],
  hunks: readonly LineHunk[],
  options: RestoreOptions,
): Promise<Path> {
  return withWriter(worktree.repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const { state, path, staged, source } = await oneRestored(worktree, named, 'file', options)
    if (options.staged === true) {
      const sides = await sidesOf(io, path, source, staged, options)
      const after = await entryWith(io, staged, withHunks(path, sides, hunks, { back: true }), options)
      await stageEntry(worktree, io, { path, before: staged, after, operation: 'restore' }, options)
      return path
    }
    await awaitTurn(worktree, options)
    const now = await readEntryNow(worktree, io, { index: state.index, path, kind: 'file' }, options)
    const sides = await sidesOf(io, path, source, now.entry, options)
    const after = await entryWith(io, now.entry, withHunks(path, sides, hunks, { back: true }), options)
    await replaceEntry(worktree, io, { path, before: now.entry, after, provenAt: now.stat }, options)
    return path
  })
}

export async function sidesOf(
  { nodes }: Io,
  path: Path,
  old: FileEntry,
  fresh: FileEntry,
  options: WorktreeOptions,
): Promise<TextSides> {
  const read = async (entry: FileEntry): Promise<Uint8Array> => {
    if (entry.size > textBytesMax)
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is too large for its lines to be told apart`, {
        data: { path },
        hint: 'take all of the file',
      })
    return concatBytes((await collect(readFile(nodes, entry, options))).map((part) => part.slice()))
  }
  return { old: await read(old), fresh: await read(fresh) }
}

export async function entryWith(
  { writer }: Io,
  like: FileEntry,
  bytes: Uint8Array,
  { signal }: WorktreeOptions,
): Promise<FileEntry> {
  return { kind: 'file', executable: like.executable, ...(await writeFile(writer, [bytes], { signal })) }
}
