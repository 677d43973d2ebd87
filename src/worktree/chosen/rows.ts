// `add` and `restore` of single rows, or single cells: the other rows of the file and of the index stay as they are.
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { Path, TableEntry } from '../../files/interface.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { takeRows } from '../../merge/tables/take-rows.ts'
import { withWriter } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import { refuseWhileMerging } from '../../repo/merging/refuse.ts'
import { type RowKey, encodeRowKey, rowKeyText } from '../../table/row-key.ts'
import { Table } from '../../table/table.ts'
import { awaitTurn } from '../checkout/turn.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import type { RestoreOptions } from '../restore.ts'
import { oneRestored, oneStaged, replaceEntry, stageEntry } from './entry-change.ts'
import { readEntryNow } from './entry-now.ts'

export interface RowChoice {
  readonly rows: readonly RowKey[]
  /** Only this cell of each row. */
  readonly column?: string | undefined
}

export interface ChosenRows {
  readonly path: Path
  /** How many rows differed, and are as asked now. */
  readonly count: number
}

/** Stages rows as the file has them now. @throws VarveError VARVE_PATH_NOT_FOUND for a table, row or column that is not there */
export async function stageRows(
  worktree: Worktree,
  named: readonly NamedPath[],
  choice: RowChoice,
  options: WorktreeOptions & { readonly dryRun?: boolean | undefined },
): Promise<ChosenRows> {
  return withWriter(worktree.repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const { state, path, staged } = await oneStaged(worktree, named, 'table', options)
    await refuseWhileMerging(worktree.repo.store, state.manifest, 'stage single rows')
    const { entry: now } = await readEntryNow(
      worktree,
      io,
      { index: state.index, path, kind: 'table' },
      options,
    )
    const taken = await takeChosenRows(io, path, { into: staged, from: now }, choice, options)
    if (options.dryRun !== true)
      await stageEntry(worktree, io, { path, before: staged, after: taken.entry, operation: 'add' }, options)
    return { path, count: taken.count }
  })
}

/** Brings rows back as another version has them. */
export async function restoreRows(
  worktree: Worktree,
  named: readonly NamedPath[],
  choice: RowChoice,
  options: RestoreOptions,
): Promise<ChosenRows> {
  return withWriter(worktree.repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const { state, path, staged, source } = await oneRestored(worktree, named, 'table', options)
    let count = 0
    if (options.worktree ?? options.staged !== true) {
      await awaitTurn(worktree, options)
      const now = await readEntryNow(worktree, io, { index: state.index, path, kind: 'table' }, options)
      const taken = await takeChosenRows(io, path, { into: now.entry, from: source }, choice, options)
      const change = { path, before: now.entry, after: taken.entry, provenAt: now.stat }
      await replaceEntry(worktree, io, change, options)
      count = taken.count
    }
    if (options.staged === true) {
      // What only the file had is away by now.
      const mayLack = options.worktree === true
      const taken = await takeChosenRows(
        io,
        path,
        { into: staged, from: source },
        { ...choice, mayLack },
        options,
      )
      await stageEntry(
        worktree,
        io,
        { path, before: staged, after: taken.entry, operation: 'restore' },
        options,
      )
      count = Math.max(count, taken.count)
    }
    return { path, count }
  })
}

export async function takeChosenRows(
  io: Io,
  path: Path,
  sides: { readonly into: TableEntry; readonly from: TableEntry },
  { rows, column, mayLack = false }: RowChoice & { readonly mayLack?: boolean },
  options: WorktreeOptions,
): Promise<{ entry: TableEntry; count: number }> {
  const into = await Table.load(io.nodes, sides.into.table, options)
  const from = await Table.load(io.nodes, sides.from.table, options)
  const keys = rows.map((row) => encodeRowKey(from.shape, row, path))
  const present = [await into.map.getMany(keys, options), await from.map.getMany(keys, options)]
  const missing = keys.findIndex((_, i) => present.every((entries) => entries[i] === null))
  if (missing >= 0 && !mayLack) {
    const row = rowKeyText(from.shape, rows[missing]!)
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' has no row ${row} in either version`, {
      data: { path },
      hint: `'varve diff' shows the rows that differ`,
    })
  }
  const sorted = keys.sort(compareBytes).filter((key, i) => i === 0 || !equalBytes(key, keys[i - 1]!))
  const { table, count } = await takeRows(io, path, { into, from }, { keys: sorted, column }, options)
  return { entry: { ...sides.into, table }, count }
}
