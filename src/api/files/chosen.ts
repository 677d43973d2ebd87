// `add` and `restore` where only some rows of a table, or some hunks of a text, are meant.
import { checkList } from '../../base/errors.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { restoreHunks, stageHunks } from '../../worktree/chosen/hunks.ts'
import { type RowChoice, restoreRows, stageRows } from '../../worktree/chosen/rows.ts'
import type { Worktree } from '../../worktree/interface.ts'
import type { RestoreOptions } from '../../worktree/restore.ts'
import type { AddOptions, AddResult } from './adding.ts'
import type { ChosenOptions } from './chosen-options.ts'
import { rowKeyOf } from './row-selector.ts'

export async function addChosen(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: AddOptions,
): Promise<AddResult> {
  const result = { notTables: [], skipped: [] }
  if (options.hunks !== undefined) {
    const path = await stageHunks(worktree, paths, hunksOf(options), options)
    return { ...result, staged: [{ path, state: 'modified', kind: 'file' }] }
  }
  const { path, count } = await stageRows(worktree, paths, rowsOf(options), options)
  return { ...result, staged: count === 0 ? [] : [{ path, state: 'modified', kind: 'table' }], rows: count }
}

export async function restoreChosen(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: RestoreOptions & ChosenOptions,
): Promise<readonly string[]> {
  if (options.hunks !== undefined) return [await restoreHunks(worktree, paths, hunksOf(options), options)]
  const { path, count } = await restoreRows(worktree, paths, rowsOf(options), options)
  return count === 0 ? [] : [path]
}

function rowsOf({ rows, column }: ChosenOptions): RowChoice {
  checkList(rows, "{ rows: [KEY], column: 'city' }")
  return { rows: rows!.map(rowKeyOf), column }
}

function hunksOf({ hunks, rows, column }: ChosenOptions): NonNullable<ChosenOptions['hunks']> {
  checkList(hunks, '{ hunks: [HUNK] }')
  if (rows !== undefined || column !== undefined) throw new TypeError('a file has either rows or hunks')
  return hunks!
}
