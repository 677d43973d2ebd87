// `add` and `restore` of single rows, or single cells: the other rows of the file and of the index stay as they are.
import { equalBytes, compareBytes } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import type { Path, TableEntry, TreeEntry } from '../files/interface.ts'
import { equalEntries } from '../files/entry.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { Tree } from '../files/tree.ts'
import { takeRows } from '../merge/tables/take-rows.ts'
import { withWriter } from '../repo/context.ts'
import { type Io, indexRef } from '../repo/interface.ts'
import { refuseWhileMerging } from '../repo/merging/refuse.ts'
import { type RowKey, encodeRowKey, rowKeyText } from '../table/row-key.ts'
import { Table } from '../table/table.ts'
import { awaitTurn } from './checkout/turn.ts'
import { applySteps } from './checkout/write.ts'
import { type IndexState, entriesOf, readIndex, updateIndex } from './index-state.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { type RestoreOptions, sourceOf } from './restore.ts'
import { StatCache, needOfSteps } from './stat-cache/stat-cache.ts'
import { readTableNow } from './tables/table-now.ts'

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
    const { state, path, staged } = await stagedTable(worktree, named, options)
    await refuseWhileMerging(worktree.repo.store, state.manifest, 'stage single rows')
    const { entry: now } = await readTableNow(worktree, io, { index: state.index, path }, options)
    const taken = await taking(io, path, { into: staged, from: now }, choice, options)
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
    const { state, path, staged } = await stagedTable(worktree, named, options)
    const source = await (await sourceOf(worktree, state, options)).get(path)
    if (source?.kind !== 'table') throw notThere(path, options.source ?? 'what is restored')
    let count = 0
    if (options.worktree ?? options.staged !== true) {
      await awaitTurn(worktree, options)
      const now = await readTableNow(worktree, io, { index: state.index, path }, options)
      const taken = await taking(io, path, { into: now.entry, from: source }, choice, options)
      const step = {
        path,
        before: now.entry,
        after: taken.entry,
        action: 'write',
        provenAt: now.stat,
      } as const
      if (!equalEntries(now.entry, taken.entry)) await writeTable(worktree, io, step, options)
      count = taken.count
    }
    if (options.staged === true) {
      await refuseWhileMerging(worktree.repo.store, state.manifest, 'unstage single rows')
      // What only the file had is away by now.
      const mayLack = options.worktree === true
      const taken = await taking(io, path, { into: staged, from: source }, { ...choice, mayLack }, options)
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

async function stagedTable(
  worktree: Worktree,
  named: readonly NamedPath[],
  options: WorktreeOptions,
): Promise<{ state: IndexState; path: Path; staged: TableEntry }> {
  const state = await readIndex(worktree)
  const selection = new PathSelection(named)
  const found = [...(await entriesOf(state.index, selection, options))]
  const [first] = found
  if (found.length > 1 || named.length !== 1)
    throw new VarveError('VARVE_USAGE', 'rows are of one table: name one path', {
      hint: 'without a key all of several files is meant',
    })
  if (first === undefined || first[1].kind !== 'table')
    throw notThere(first?.[0] ?? selection.starts[0]!, 'what is staged')
  return { state, path: first[0], staged: first[1] }
}

async function taking(
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

interface EntryChange {
  readonly path: Path
  readonly before: TreeEntry
  readonly after: TreeEntry
  readonly operation: string
}

async function stageEntry(
  worktree: Worktree,
  { writer, nodes }: Io,
  { path, before, after, operation }: EntryChange,
  options: WorktreeOptions,
): Promise<void> {
  if (equalEntries(before, after)) return
  const edits = new Map([[path, after]])
  const verify = async ({
    refs,
  }: {
    refs: ReadonlyMap<string, Parameters<typeof Tree.load>[1]>
  }): Promise<void> => {
    const root = refs.get(indexRef)
    const found = root === undefined ? null : await (await Tree.load(nodes, root)).get(path)
    if (equalEntries(found, before)) return
    throw new VarveError('VARVE_NOT_POSSIBLE', `somebody else has staged '${path}' meanwhile`, {
      data: { path },
      hint: 'run the command again',
    })
  }
  await updateIndex(worktree, { writer, nodes, edits, operation, verify }, options)
}

/** The file is only replaced while it is as it was when it was read. */
async function writeTable(
  worktree: Worktree,
  { nodes }: Io,
  step: Parameters<typeof applySteps>[1][number],
  options: WorktreeOptions,
): Promise<void> {
  const cache = await StatCache.open(worktree, needOfSteps(worktree, [step]))
  try {
    await applySteps(worktree, [step], { cache, nodes, occupied: 'refuse' }, options)
    // No version that is stored has these very rows: what the file holds is found out when it is looked at.
    cache.forget(step.path)
  } finally {
    await cache.close()
  }
}

function notThere(path: string, where: string): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is not a table in ${where}`, {
    data: { path },
    hint: 'name the file without a key: then all of it is meant',
  })
}
