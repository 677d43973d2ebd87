// The paths of a merge as people are told of them: one line a move, conflicts first where there are too many to tell.
import type { MergedPath } from '../../merge/interface.ts'
import { visible } from '../visible.ts'

const words: Readonly<Record<MergedPath['result'], string>> = {
  ours: 'kept',
  theirs: 'updated',
  merged: 'merged',
  conflict: 'conflict',
}

export function resultWord({ result, state }: MergedPath): string {
  return (result === 'theirs' ? state : undefined) ?? words[result]
}

/** Those with conflicts first, each part in its order. */
export function conflictsFirst(paths: readonly MergedPath[]): readonly MergedPath[] {
  return paths.toSorted((a, b) => Math.sign(b.conflicts) - Math.sign(a.conflicts))
}

/** Leaves out paths that were moved, because the line of their new path says so. */
export function movesPaired(
  paths: readonly MergedPath[],
  moves: readonly { readonly from?: string }[] = paths,
): readonly MergedPath[] {
  const gone = new Set([...paths, ...moves].flatMap(({ from }) => from ?? []))
  return gone.size === 0 ? paths : paths.filter(({ path }) => !gone.has(path))
}

export function pathName({ path, from }: MergedPath): string {
  return from === undefined ? visible(path) : `${visible(from)} => ${visible(path)}`
}
