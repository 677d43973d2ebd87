// Paths that a side moved: an edit follows to where the path is now, two moves of one path meet, and what one side
// adds to a folder that the other renamed goes along (moved-folders.ts). Renames are guessed as everywhere
// (files/renames.ts), and only when something happened on the other side that a rename bears on. Where two sides moved
// one path apart, or one moved what the other removed, that is a clash of names: merge-entries.ts makes it a conflict.
import type { Path, TreeDifference, TreeThreeWayDifference } from '../files/interface.ts'
import { findRenames } from '../files/renames.ts'
import type { Tree } from '../files/tree.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { Sides } from './conflicts/conflict-record.ts'
import type { MergeCase, MovingSide, SideRenames } from './merge-case.ts'
import { followFolders } from './moved-folders.ts'
import { OccupiedPaths } from './occupied-paths.ts'

export interface FollowedRenames {
  /** What to merge; a path that moved stands under its new name. */
  readonly cases: readonly MergeCase[]
  /** Paths of ours that theirs moved, and that have a case under their new name. */
  readonly moved: readonly Path[]
  /** Paths that a side added to a folder that is another now: where they were added, and where they are. */
  readonly relocated: ReadonlyMap<Path, Path>
}

export async function followRenames(
  reader: ObjectReader,
  trees: { readonly ours: Tree; readonly theirs: Tree },
  differences: readonly TreeThreeWayDifference[],
  options: ReadOptions = {},
): Promise<FollowedRenames> {
  const renames: SideRenames = {
    ours: await renamesOf(reader, differences, 'ours', options),
    theirs: await renamesOf(reader, differences, 'theirs', options),
  }
  if (renames.ours.size + renames.theirs.size === 0) return inPlace(differences)
  const cases = new Map<Path, MergeCase>(differences.map((difference) => [difference.path, difference]))
  const moved: Path[] = []
  const occupied = new OccupiedPaths(differences)
  for (const from of new Set([...renames.ours.keys(), ...renames.theirs.keys()])) {
    const [a, b] = [renames.ours.get(from), renames.theirs.get(from)]
    if (a !== undefined && b !== undefined) meet(cases, from, a, b)
    else follow(cases, moved, occupied, from, a === undefined ? ['theirs', b!] : ['ours', a])
  }
  const relocated = await followFolders(trees, renames, cases, moved, options)
  return { cases: [...cases.values()], moved, relocated }
}

/** The result when nothing has moved. */
export function inPlace(differences: readonly TreeThreeWayDifference[]): FollowedRenames {
  return { cases: differences, moved: [], relocated: new Map() }
}

async function renamesOf(
  reader: ObjectReader,
  differences: readonly TreeThreeWayDifference[],
  mover: MovingSide,
  options: ReadOptions,
): Promise<ReadonlyMap<Path, Path>> {
  if (!bearsOnOther(differences, mover)) return new Map()
  const ofMover = differences
    .filter((one) => one[mover] !== one.base)
    .map((one): TreeDifference => ({ path: one.path, before: one.base, after: one[mover] }))
  const { renames } = await findRenames(reader, ofMover, options)
  return new Map(renames.map(({ from, to }) => [from, to]))
}

/** Whether the mover removed a path that the other side changed or removed too, or removed one and the other added one. */
function bearsOnOther(differences: readonly TreeThreeWayDifference[], mover: MovingSide): boolean {
  const other = mover === 'ours' ? 'theirs' : 'ours'
  const left = differences.filter((one) => one.base !== null && one[mover] === null)
  if (left.length === 0 || !differences.some((one) => one.base === null && one[mover] !== null)) return false
  return (
    left.some((one) => one[other] !== one.base) ||
    differences.some((one) => one.base === null && one[mover] === null && one[other] !== null)
  )
}

/** Notes that both sides have moved one path. */
function meet(cases: Map<Path, MergeCase>, from: Path, a: Path, b: Path): void {
  const left = cases.get(from)!
  const mine = cases.get(a)!
  const yours = cases.get(b)!
  if (a === b) {
    cases.delete(from)
    cases.set(a, { ...mine, base: left.base })
    return
  }
  // Something else of the other side stands there: two paths that both sides added say enough.
  if (mine.theirs !== null || yours.ours !== null) return
  cases.delete(from)
  cases.delete(b)
  const names = { base: from, ours: a, theirs: b }
  cases.set(a, { path: a, base: left.base, ours: mine.ours, theirs: yours.theirs, names })
}

/** One side moved it, and the other left it where it was or removed it. */
function follow(
  cases: Map<Path, MergeCase>,
  moved: Path[],
  occupied: OccupiedPaths,
  from: Path,
  [mover, to]: readonly [MovingSide, Path],
): void {
  const other = mover === 'ours' ? 'theirs' : 'ours'
  const left = cases.get(from)
  const found = cases.get(to)
  if (left === undefined || found === undefined || found[other] !== null || found.base !== null) return
  if (occupied.clashes(to, other)) return
  if (left[other] === left.base) {
    // Nothing to follow: it went, and came; that it is one is told.
    if (mover === 'theirs') cases.set(to, { ...found, from })
    return
  }
  cases.delete(from)
  const sides = { ours: left.ours ?? found.ours, theirs: left.theirs ?? found.theirs }
  if (left[other] === null) {
    const names: Sides<Path | null> = { base: from, ours: null, theirs: null, [mover]: to }
    cases.set(to, { path: to, base: left.base, ...sides, names })
    return
  }
  const origin = mover === 'theirs' ? { from } : {}
  cases.set(to, { path: to, base: left.base, ...sides, ...origin })
  if (mover === 'theirs') moved.push(from)
}
