// What was chosen of a file goes where it belongs: into the index, or into the file.
import { VarveError } from '../../base/errors.ts'
import { equalEntries } from '../../files/entry.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { Tree } from '../../files/tree.ts'
import { type Io, indexRef } from '../../repo/interface.ts'
import { refuseWhileMerging } from '../../repo/merging/refuse.ts'
import type { Manifest } from '../../store/interface.ts'
import type { PlannedStep } from '../checkout/plan.ts'
import { applySteps } from '../checkout/write.ts'
import { type IndexState, entriesOf, readIndex, updateIndex } from '../index-state.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { type RestoreOptions, sourceOf } from '../restore.ts'
import { StatCache, needOfSteps } from '../stat-cache/stat-cache.ts'

export interface StagedEntry<K extends TreeEntry['kind']> {
  readonly state: IndexState
  readonly path: Path
  readonly staged: Extract<TreeEntry, { kind: K }>
}

/** The one path that is named, as it is staged. */
export async function oneStaged<K extends TreeEntry['kind']>(
  worktree: Worktree,
  named: readonly NamedPath[],
  kind: K,
  options: WorktreeOptions,
): Promise<StagedEntry<K>> {
  const state = await readIndex(worktree)
  const selection = new PathSelection(named)
  const [first, more] = await entriesOf(state.index, selection, options)
  if (more !== undefined || named.length !== 1)
    throw new VarveError('VARVE_USAGE', 'what is chosen is of one file: name one path', {
      hint: 'without a choice all of several files is meant',
    })
  if (first?.[1].kind !== kind) throw notThere(first?.[0] ?? selection.starts[0]!, kind, 'what is staged')
  return { state, path: first[0], staged: first[1] as StagedEntry<K>['staged'] }
}

/** The same beside what is to be taken from another version. Refused, if it is, before anything is done. */
export async function oneRestored<K extends TreeEntry['kind']>(
  worktree: Worktree,
  named: readonly NamedPath[],
  kind: K,
  options: RestoreOptions,
): Promise<StagedEntry<K> & { readonly source: StagedEntry<K>['staged'] }> {
  const found = await oneStaged(worktree, named, kind, options)
  const { state, path } = found
  if (options.staged === true)
    await refuseWhileMerging(worktree.repo.store, state.manifest, 'unstage single changes')
  const source = await (await sourceOf(worktree, state, options)).get(path)
  if (source?.kind !== kind) throw notThere(path, kind, options.source ?? 'what is restored')
  return { ...found, source: source as StagedEntry<K>['staged'] }
}

export interface EntryChange {
  readonly path: Path
  readonly before: TreeEntry
  readonly after: TreeEntry
  /** The verb for the operation log. */
  readonly operation: string
}

/** @throws VarveError VARVE_NOT_POSSIBLE where the path was staged meanwhile */
export async function stageEntry(
  worktree: Worktree,
  { writer, nodes }: Io,
  { path, before, after, operation }: EntryChange,
  options: WorktreeOptions,
): Promise<void> {
  if (equalEntries(before, after)) return
  const verify = async ({ refs }: Manifest): Promise<void> => {
    const root = refs.get(indexRef)
    const found = root === undefined ? null : await (await Tree.load(nodes, root)).get(path)
    if (equalEntries(found, before)) return
    throw new VarveError('VARVE_NOT_POSSIBLE', `somebody else has staged '${path}' meanwhile`, {
      data: { path },
      hint: 'run the command again',
    })
  }
  await updateIndex(worktree, { writer, nodes, edits: new Map([[path, after]]), operation, verify }, options)
}

/** The file is only replaced while it is as it was when it was read. */
export async function replaceEntry(
  worktree: Worktree,
  { nodes }: Io,
  change: Pick<PlannedStep, 'path' | 'before' | 'after' | 'provenAt'>,
  options: WorktreeOptions,
): Promise<void> {
  if (equalEntries(change.before, change.after)) return
  const step = { ...change, action: 'write' } as const
  const cache = await StatCache.open(worktree, needOfSteps(worktree, [step]))
  try {
    await applySteps(worktree, [step], { cache, nodes, occupied: 'refuse' }, options)
    // No version that is stored has just this: what the file holds is found out when it is looked at.
    cache.forget(step.path)
  } finally {
    await cache.close()
  }
}

function notThere(path: string, kind: TreeEntry['kind'], where: string): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is not a ${kind} in ${where}`, {
    data: { path },
    hint: 'name the file alone: then all of it is meant',
  })
}
