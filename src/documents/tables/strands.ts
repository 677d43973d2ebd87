// A strand is one row, or one column, of the three versions: its place in base, ours and theirs, where it is there. A
// million of them are three arrays of numbers.
import type { VersionsOf } from './lanes.ts'

export type Side = 'base' | 'ours' | 'theirs'

export class Strands implements VersionsOf<Int32Array> {
  /** Places in the versions; -1: not there. */
  readonly base: Int32Array
  readonly ours: Int32Array
  readonly theirs: Int32Array
  /** Strands of which nobody can say that their three places are one row. */
  readonly doubtful: ReadonlySet<number>

  constructor({ base, ours, theirs }: VersionsOf<Int32Array>, doubtful: ReadonlySet<number> = new Set()) {
    this.doubtful = doubtful
    this.base = base
    this.ours = ours
    this.theirs = theirs
  }

  static of(places: readonly VersionsOf<number>[]): Strands {
    const of = (side: Side): Int32Array => Int32Array.from(places, (place) => place[side])
    return new Strands({ base: of('base'), ours: of('ours'), theirs: of('theirs') })
  }

  get length(): number {
    return this.base.length
  }

  /** The strands that a version has, in the order of its rows. */
  inOrder(side: Side): Int32Array {
    const places = this[side]
    const present = new Int32Array(places.length)
    let length = 0
    let isSorted = true
    for (let strand = 0; strand < places.length; strand++) {
      if (places[strand]! < 0) continue
      isSorted &&= length === 0 || places[present[length - 1]!]! < places[strand]!
      present[length++] = strand
    }
    const found = present.subarray(0, length)
    return isSorted ? found : found.sort((a, b) => places[a]! - places[b]!)
  }

  /** Whether the side has what it kept of the base in another order. */
  hasMoves(side: Side): boolean {
    const places = this[side]
    let last = -1
    for (const strand of this.inOrder('base')) {
      const place = places[strand]!
      if (place < 0) continue
      if (place < last) return true
      last = place
    }
    return false
  }
}
