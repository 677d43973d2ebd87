// A path that one side moved and the other edited: the edit follows to where the path is now. Renames are guessed as
// everywhere (files/renames.ts), and only when some path was removed on one side and edited on the other.
import type { Path, TreeDifference, TreeThreeWayDifference } from '../files/interface.ts'
import { findRenames } from '../files/renames.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'

export interface Followed {
  /** What to merge; a path that moved stands under its new name. */
  readonly cases: readonly TreeThreeWayDifference[]
  /** Paths of ours that theirs moved, and that have a case under their new name. */
  readonly moved: readonly Path[]
}

export async function followRenames(
  reader: ObjectReader,
  differences: readonly TreeThreeWayDifference[],
  options: ReadOptions = {},
): Promise<Followed> {
  const byPath = new Map(differences.map((difference) => [difference.path, difference]))
  const moved: Path[] = []
  for (const [mover, editor] of [
    ['ours', 'theirs'],
    ['theirs', 'ours'],
  ] as const) {
    const isLeft = (one: TreeThreeWayDifference): boolean =>
      one.base !== null && one[mover] === null && one[editor] !== null && one[editor] !== one.base
    if (!differences.some(isLeft)) continue
    const ofMover = differences.map((one): TreeDifference => ({
      path: one.path,
      before: one.base,
      after: one[mover],
    }))
    for (const { from, to } of (await findRenames(reader, ofMover, options)).renames) {
      const left = byPath.get(from)
      const found = byPath.get(to)
      if (left === undefined || found === undefined || !isLeft(left) || found[editor] !== null) continue
      if (differences.some((one) => one[editor] !== null && isNested(one.path, to))) continue
      byPath.delete(from)
      byPath.set(to, {
        path: to,
        base: left.base,
        ours: left.ours ?? found.ours,
        theirs: left.theirs ?? found.theirs,
      })
      if (mover === 'theirs') moved.push(from)
    }
  }
  return { cases: [...byPath.values()], moved }
}

/** One of the two would have to be a directory. */
function isNested(a: Path, b: Path): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}
