// What a tracked table's file holds now, read as `add` reads it: the objects go into the caller's writer only.
import { VarveError } from '../../base/errors.ts'
import type { Path, TableEntry } from '../../files/interface.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { awaitWholeFiles } from '../checkout/turn.ts'
import { type FileStat, fileStatOf } from '../file-stat.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { lstatOrNull } from '../native.ts'
import { openSurvey } from '../open-survey.ts'
import { stageSurvey } from '../stager.ts'

export interface TableNow {
  readonly entry: TableEntry
  /** Of the file when it was read. */
  readonly stat: FileStat
}

/** @throws VarveError VARVE_RULE_VIOLATED for a broken row, VARVE_NOT_POSSIBLE where there is no table */
export async function readTableNow(
  worktree: Worktree,
  io: Io,
  { index, path }: { readonly index: Tree; readonly path: Path },
  options: WorktreeOptions,
): Promise<TableNow> {
  await awaitWholeFiles(worktree, options)
  const found = lstatOrNull(worktree.root, path)
  const looked = found === null ? null : fileStatOf(found)
  if (looked === null) throw noTableNow(path, 'there is no file')
  const { signal } = options
  const opened = await openSurvey(worktree, index, { from: [], spec: new PathSelection([path]), signal })
  try {
    const { edits, read, notTables } = await stageSurvey(worktree, io, opened, options)
    const entry = edits.get(path) ?? (await index.get(path))
    if (entry?.kind !== 'table') throw noTableNow(path, notTables[0]?.reason ?? 'it is a plain file')
    return { entry, stat: read.get(path) ?? looked }
  } finally {
    await opened.cache.close()
  }
}

function noTableNow(path: Path, reason: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' has no rows now: ${reason}`, {
    data: { path },
    hint: 'name the file without a key: then all of it is meant',
  })
}
