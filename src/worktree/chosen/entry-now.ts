// What a tracked file holds now, read as `add` reads it: the objects go into the caller's writer only.
import { VarveError } from '../../base/errors.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { awaitWholeFiles } from '../checkout/turn.ts'
import { type FileStat, fileStatOf } from '../file-stat.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { lstatOrNull } from '../native.ts'
import { openSurvey } from '../open-survey.ts'
import { stageSurvey } from '../stager.ts'

export interface EntryNow<K extends TreeEntry['kind']> {
  readonly entry: Extract<TreeEntry, { kind: K }>
  /** Of the file when it was read. */
  readonly stat: FileStat
}

export interface AskedEntry<K extends TreeEntry['kind']> {
  readonly index: Tree
  readonly path: Path
  readonly kind: K
}

/** @throws VarveError VARVE_RULE_VIOLATED for a broken row, VARVE_NOT_POSSIBLE where it is nothing of that kind */
export async function readEntryNow<K extends TreeEntry['kind']>(
  worktree: Worktree,
  io: Io,
  { index, path, kind }: AskedEntry<K>,
  options: WorktreeOptions,
): Promise<EntryNow<K>> {
  await awaitWholeFiles(worktree, options)
  const found = lstatOrNull(worktree.root, path)
  const looked = found === null ? null : fileStatOf(found)
  if (looked === null) throw another(path, kind, 'there is no file')
  const { signal } = options
  const opened = await openSurvey(worktree, index, { from: [], spec: new PathSelection([path]), signal })
  try {
    const { edits, read, notTables } = await stageSurvey(worktree, io, opened, options)
    const entry = edits.get(path) ?? (await index.get(path))
    if (entry?.kind !== kind) throw another(path, kind, notTables[0]?.reason ?? `it is a ${entry?.kind}`)
    return { entry: entry as EntryNow<K>['entry'], stat: read.get(path) ?? looked }
  } finally {
    await opened.cache.close()
  }
}

function another(path: Path, kind: TreeEntry['kind'], reason: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is no ${kind} now: ${reason}`, {
    data: { path },
    hint: 'name the file alone: then all of it is meant',
  })
}
