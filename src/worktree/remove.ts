// `rm`: takes tracked paths out of the index and, unless only that is wanted, out of the folder. What would be lost
// for good, a change that no commit holds, is refused first. The files follow the index as in a checkout: should it be cut
// short, the next command removes the rest.
import type { Path, TreeEntry } from '../files/interface.ts'
import { nearPath } from '../files/near-path.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { withWriter } from '../repo/context.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { indexBaseRef, indexRef } from '../repo/interface.ts'
import { move } from '../repo/move.ts'
import { uncommitted } from './checkout/plan.ts'
import { equalEntries } from '../files/entry.ts'
import { type IndexState, editedIndex, entriesOf, readIndex, updateIndex } from './index-state.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { filesAt } from './files-at.ts'
import { worktreeFolder } from './folder.ts'
import { unstagedChanges } from './status.ts'

export interface RemoveOptions extends WorktreeOptions {
  /** Only the index; the files stay, untracked. */
  readonly cached?: boolean | undefined
  /** Removes changes that are not committed too. */
  readonly force?: boolean | undefined
  /** Only lists what would be removed. */
  readonly dryRun?: boolean | undefined
}

/** Returns the paths that were removed. @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_UNCOMMITTED */
export async function removePaths(
  worktree: Worktree,
  named: readonly NamedPath[],
  options: RemoveOptions = {},
): Promise<readonly Path[]> {
  const spec = new PathSelection(named)
  const state = await readIndex(worktree)
  const tracked = await entriesOf(state.index, spec, options)
  await spec.requireMatches(tracked.keys(), { near: (path) => nearPath(state.index, path) })
  if (options.force !== true) await refuseLoss(worktree, state, tracked, options)
  const paths = [...tracked.keys()]
  if (options.dryRun === true) return paths
  const edits = new Map<Path, TreeEntry | null>(paths.map((path) => [path, null]))
  if (options.cached === true) {
    await withWriter(worktree.repo, (writer, nodes) =>
      updateIndex(worktree, { writer, nodes, edits, operation: 'rm' }, options),
    )
    return paths
  }
  await move(
    worktree.repo,
    worktreeFolder(worktree),
    async (manifest, io) => {
      const show = await editedIndex({ ...io, edits }, manifest.refs.get(indexRef), options)
      const over = manifest.refs.get(indexBaseRef) ?? emptyTreeOf(io)
      return { refs: new Map(), operation: { name: 'rm', message: '' }, show, over }
    },
    { signal: options.signal, discard: options.force === true ? 'touched' : false },
  )
  return paths
}

async function refuseLoss(
  worktree: Worktree,
  state: IndexState,
  tracked: ReadonlyMap<Path, TreeEntry>,
  options: RemoveOptions,
): Promise<void> {
  const files = filesAt(worktree.root, tracked.keys(), options.signal)
  const unstaged = await unstagedChanges(worktree, tracked, files, options)
  const edited = new Set(unstaged.filter(({ state: kind }) => kind !== 'deleted').map(({ path }) => path))
  const paths = [...tracked.keys()]
  const committed = await state.base.getMany(paths, options)
  const lost = paths.filter((path, i) => {
    const isStaged = !equalEntries(committed[i] ?? null, tracked.get(path)!)
    // Without the file nothing is lost as long as one of the two holds what the index does.
    return options.cached === true
      ? isStaged && !(files.has(path) && !edited.has(path))
      : isStaged || edited.has(path)
  })
  if (lost.length > 0) throw uncommitted(lost)
}
