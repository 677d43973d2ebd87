// One path to merge, after renames were followed: where it is, what each side has there, and where it was.
import type { Path, TreeThreeWayDifference } from '../files/interface.ts'
import type { Sides } from './conflicts/conflict-record.ts'

export interface MergeCase extends TreeThreeWayDifference {
  /** Where ours has it, when `path` is another place. */
  readonly from?: Path
  /** The names of a path that the sides moved in ways that exclude each other; null: the side does not have it. */
  readonly names?: Sides<Path | null>
}

export type MovingSide = 'ours' | 'theirs'

export const movingSides: readonly (readonly [mover: MovingSide, other: MovingSide])[] = [
  ['ours', 'theirs'],
  ['theirs', 'ours'],
]

/** By side: where each moved path went. */
export type SideRenames = Readonly<Record<MovingSide, ReadonlyMap<Path, Path>>>
