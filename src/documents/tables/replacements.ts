// Whether a row that one side does not have any more may be there all the same: as another row in its place, or, where no
// key tells rows apart, as an equal one elsewhere.
import { Projection } from './align.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import type { Strands } from './strands.ts'

type EitherSide = 'ours' | 'theirs'

export interface ReplacementsInput {
  readonly versions: Versions
  readonly strands: Strands
  readonly lanes: readonly Lane[]
  readonly hasKey: boolean
}

/** What one side has put in the place of rows. What is looked up is made when it is first asked for. */
export class Replacements {
  readonly #input: ReplacementsInput
  readonly #side: EitherSide
  /** By row of the base: whether the side has rows of its own between the neighbours that it kept. */
  #isFilled: Uint8Array | null = null
  #isMoved: ((row: number) => boolean) | null = null

  constructor(input: ReplacementsInput, side: EitherSide) {
    this.#input = input
    this.#side = side
  }

  /** @param row its place in the base; it is gone on this side */
  has(row: number): boolean {
    this.#isFilled ??= this.#filledGaps()
    if (this.#isFilled[row] === 1) return true
    if (this.#input.hasKey) return false
    this.#isMoved ??= this.#movedRows()
    return this.#isMoved(row)
  }

  #filledGaps(): Uint8Array {
    const { strands, versions } = this.#input
    const places = strands[this.#side]
    const count = versions.base.rows.length
    const isFilled = new Uint8Array(count)
    let last = -1
    for (let row = 0; row < count; row++) {
      if (places[row]! >= 0) {
        last = places[row]!
        continue
      }
      const start = row
      while (row + 1 < count && places[row + 1]! < 0) row++
      const next = row + 1 < count ? places[row + 1]! : versions[this.#side].rows.length
      if (next !== last + 1) isFilled.fill(1, start, row + 1)
    }
    return isFilled
  }

  #movedRows(): (row: number) => boolean {
    const { lanes, strands, versions } = this.#input
    const side = this.#side
    const projection = new Projection(lanes.filter((lane) => lane.base >= 0 && lane[side] >= 0))
    const own = new Set<number>()
    for (let strand = versions.base.rows.length; strand < strands.length; strand++) {
      const place = strands[side][strand]!
      if (place >= 0) own.add(projection.numberOf(versions[side].rows, place, side))
    }
    return (row) => own.has(projection.numberOf(versions.base.rows, row, 'base'))
  }
}
