// Putting named paths back: the files to what the index (or another tree) holds, or the index to what it was laid over.
// Unlike a checkout it overwrites local changes: that is what it is asked for. Untracked files are left alone.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { nearPath } from '../files/near-path.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { prefetchContents } from '../files/prefetch.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { resolveStart } from '../history/revision-set.ts'
import { withWriter } from '../repo/context.ts'
import { withoutTree } from '../repo/named-tree.ts'
import type { PlannedStep } from './checkout/plan.ts'
import { awaitTurn } from './checkout/turn.ts'
import { applySteps } from './checkout/write.ts'
import { equalEntries } from '../files/entry.ts'
import { type IndexState, entriesOf, readIndex, updateIndex } from './index-state.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { PathLookup } from './native.ts'
import { filesAt } from './files-at.ts'
import { StatCache, needOfSteps } from './stat-cache/stat-cache.ts'
import { unstagedChanges } from './status.ts'
import { unwanted, wantedPaths } from './partial-files.ts'

export interface RestoreOptions extends WorktreeOptions {
  /** Revision to take from. Default: the index for files; for the index, what it was laid over. */
  readonly source?: string | undefined
  /** Restores the index. */
  readonly staged?: boolean | undefined
  /** Restores the files. Default: true unless `staged` is given. */
  readonly worktree?: boolean | undefined
}

/** Returns the paths that changed. @throws VarveError VARVE_PATH_NOT_FOUND */
export async function restorePaths(
  worktree: Worktree,
  named: readonly NamedPath[],
  options: RestoreOptions = {},
): Promise<readonly Path[]> {
  const staged = options.staged === true
  const files = options.worktree ?? !staged
  const spec = new PathSelection(named)
  const state = await readIndex(worktree)
  const source = await sourceOf(worktree, state, options)
  const inIndex = await entriesOf(state.index, spec, options)
  const inSource = await entriesOf(source, spec, options)
  await spec.requireMatches([...inIndex.keys(), ...inSource.keys()], {
    near: async (path) => (await nearPath(state.index, path)) ?? nearPath(source, path),
  })
  const changed = new Set<Path>()
  if (files) {
    await awaitTurn(worktree, options)
    const wanted = wantedPaths(worktree)
    const carried = { inIndex: only(inIndex, wanted), inSource: only(inSource, wanted) }
    const outside = [...inSource.keys()].find((path) => spec.names(path) && wanted?.(path) === false)
    if (outside !== undefined) throw unwanted(outside)
    for (const path of await restoreFiles(worktree, carried, options)) changed.add(path)
  }
  if (staged)
    for (const path of await restoreIndex(worktree, { inIndex, inSource }, options)) changed.add(path)
  return [...changed].sort()
}

/** What is restored from: a revision, what is staged, or what that was laid over. */
export async function sourceOf(
  worktree: Worktree,
  state: IndexState,
  options: RestoreOptions,
): Promise<Tree> {
  if (options.source !== undefined) {
    const { nodes, store } = worktree.repo
    const { commit } = await resolveStart(store, withoutTree(options.source), state.manifest)
    return Tree.load(nodes, (await readCommit(store, commit)).tree)
  }
  return options.staged === true ? state.base : state.index
}

function only(
  entries: ReadonlyMap<Path, TreeEntry>,
  wanted: ((path: Path) => boolean) | null,
): ReadonlyMap<Path, TreeEntry> {
  return wanted === null ? entries : new Map([...entries].filter(([path]) => wanted(path)))
}

interface Sides {
  readonly inIndex: ReadonlyMap<Path, TreeEntry>
  readonly inSource: ReadonlyMap<Path, TreeEntry>
}

async function restoreFiles(
  worktree: Worktree,
  sides: Sides,
  options: RestoreOptions,
): Promise<readonly Path[]> {
  const files = filesAt(worktree.root, sides.inSource.keys(), options.signal)
  const steps: PlannedStep[] = []
  const lookup = new PathLookup(worktree.root)
  for (const [path, before] of sides.inIndex) {
    const stat = sides.inSource.has(path) ? null : lookup.look(path)
    if (stat !== null && !stat.isDirectory())
      steps.push({ path, before, after: null, action: 'remove', provenAt: null })
  }
  for (const { path } of await unstagedChanges(worktree, sides.inSource, files, options)) {
    steps.push({ path, before: null, after: sides.inSource.get(path)!, action: 'write', provenAt: null })
  }
  const written = steps.map(({ after }) => after)
  await prefetchContents(worktree.repo.nodes.reader, written, options)
  const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
  try {
    await applySteps(worktree, steps, { cache, nodes: worktree.repo.nodes, occupied: 'replace' }, options)
  } catch (cause) {
    if (!isVarveError(cause, 'VARVE_ABORTED')) throw cause
    throw new VarveError('VARVE_ABORTED', 'stopped while files were written', {
      cause,
      hint: 'some may be restored: the same command does the rest',
    })
  } finally {
    await cache.close()
  }
  return steps.map(({ path }) => path)
}

async function restoreIndex(
  worktree: Worktree,
  { inIndex, inSource }: Sides,
  options: RestoreOptions,
): Promise<readonly Path[]> {
  const edits = new Map<Path, TreeEntry | null>()
  for (const [path, entry] of inSource)
    if (!equalEntries(inIndex.get(path) ?? null, entry)) edits.set(path, entry)
  for (const path of inIndex.keys()) if (!inSource.has(path)) edits.set(path, null)
  if (edits.size > 0) {
    await withWriter(worktree.repo, (writer, nodes) =>
      updateIndex(worktree, { writer, nodes, edits, operation: 'restore' }, options),
    )
  }
  return [...edits.keys()]
}
