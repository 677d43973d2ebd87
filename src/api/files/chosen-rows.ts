// `add` and `restore` where only some rows of a table are meant.
import { checkList } from '../../base/errors.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import type { Worktree } from '../../worktree/interface.ts'
import type { RestoreOptions } from '../../worktree/restore.ts'
import { type RowChoice, restoreRows, stageRows } from '../../worktree/row-choice.ts'
import type { AddOptions, AddResult } from './adding.ts'
import { rowKeyOf } from './row-selector.ts'
import type { RowsOptions } from './rows-options.ts'

export async function addRows(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: AddOptions,
): Promise<AddResult> {
  const { path, count } = await stageRows(worktree, paths, choiceOf(options), options)
  const staged = count === 0 ? [] : [{ path, state: 'modified', kind: 'table' } as const]
  return { staged, notTables: [], skipped: [], rows: count }
}

export async function bringRowsBack(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: RestoreOptions & RowsOptions,
): Promise<readonly string[]> {
  const { path, count } = await restoreRows(worktree, paths, choiceOf(options), options)
  return count === 0 ? [] : [path]
}

function choiceOf({ rows, column }: RowsOptions): RowChoice {
  checkList(rows, "{ rows: [KEY], column: 'city' }")
  return { rows: rows!.map(rowKeyOf), column }
}
