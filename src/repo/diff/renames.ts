// Changed paths in git's words: a path that went and one that came with the same content, or much of it, are one
// renamed path.
import type { TreeDifference, TreeEntry } from '../../files/interface.ts'
import { type Rename, findMoves } from '../../files/renames.ts'
import type { ChangedPath } from './diff.ts'
import type { PathState } from '../interface.ts'

/** In the order of `differences`; a move stands where its new path does. Default: those with the very same content. */
export function pairRenames(
  differences: readonly TreeDifference[],
  renames: readonly Rename[] = findMoves(differences).renames,
): ChangedPath[] {
  const moves = new Map(renames.map((rename) => [rename.to, rename]))
  const gone = new Set(renames.map(({ from }) => from))
  return differences
    .filter(({ path }) => !gone.has(path))
    .map(({ path, before, after }): ChangedPath => {
      const move = moves.get(path)
      if (move === undefined) return { path, before, after, state: stateOf(before, after) }
      return { path, from: move.from, before: move.before, after, state: 'renamed' }
    })
}

/** The two sides differ, so they are not both null. */
export function stateOf(before: TreeEntry | null, after: TreeEntry | null): PathState {
  if (before === null) return 'added'
  if (after === null) return 'deleted'
  return before.kind === after.kind ? 'modified' : 'typechange'
}
