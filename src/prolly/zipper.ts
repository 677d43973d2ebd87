// Walks two sequences of nodes of one level by key and shows where their entries differ. Nodes come in as they are
// read; an entry of one side is judged once it is known whether the other side has its key, and waits until then.
import { compareBytes, compareRanges } from '../base/bytes.ts'
import type { Place } from './descent.ts'
import { keyAt, startOf } from './entry-batch.ts'
import { type Node, equalRun, sameContent } from './node.ts'

/** What is known of a side's entries to come: their keys are above this; null: there are none; undefined: nothing. */
export type LowerBound = Uint8Array | null | undefined

export interface Group {
  readonly places: readonly Place[]
  readonly floor: LowerBound
}

/** An entry that only one side has comes with null for the other. */
export type VisitDifference = (a: Place | null, i: number, b: Place | null, j: number) => void

export class Zipper {
  readonly #a = new Cursor()
  readonly #b = new Cursor()

  push(a: Group, b: Group): void {
    this.#a.push(a)
    this.#b.push(b)
  }

  get floors(): [LowerBound, LowerBound] {
    return [this.#a.floor, this.#b.floor]
  }

  /** Goes on as far as both sides are known. */
  zip(visit: VisitDifference): void {
    const [a, b] = [this.#a, this.#b]
    for (;;) {
      const [left, right] = [a.place, b.place]
      if (left !== null && right !== null) {
        const equal = equalRun(left.node, a.index, right.node, b.index)
        if (equal > 0) {
          a.skip(equal)
          b.skip(equal)
          continue
        }
        const order = compareKeys(left.node, a.index, right.node, b.index)
        if (order < 0) visit(left, a.index, null, 0)
        else if (order > 0) visit(null, 0, right, b.index)
        else if (!sameContent(left.node, a.index, right.node, b.index)) visit(left, a.index, right, b.index)
        if (order <= 0) a.next()
        if (order >= 0) b.next()
      } else if (left !== null && b.isPast(keyAt(left.node, a.index))) {
        visit(left, a.index, null, 0)
        a.next()
      } else if (right !== null && a.isPast(keyAt(right.node, b.index))) {
        visit(null, 0, right, b.index)
        b.next()
      } else {
        return
      }
    }
  }
}

class Cursor {
  /** The node that is read now, or null when all that came is read. */
  place: Place | null = null
  index = 0
  #waiting: Place[] = []
  #floor: LowerBound = undefined

  push(group: Group): void {
    for (const place of group.places) if (place.node.count > 0) this.#waiting.push(place)
    this.#floor = group.floor
    if (this.place === null) this.#take()
  }

  next(): void {
    this.skip(1)
  }

  skip(entries: number): void {
    this.index += entries
    if (this.index === this.place!.node.count) this.#take()
  }

  get floor(): LowerBound {
    if (this.place === null) return this.#floor
    return (this.index === 0 ? this.place.ref.after : keyAt(this.place.node, this.index - 1)) ?? undefined
  }

  /** Whether no entry with this key will come, when none is at hand. */
  isPast(key: Uint8Array): boolean {
    return this.#floor === null || (this.#floor !== undefined && compareBytes(key, this.#floor) <= 0)
  }

  #take(): void {
    this.index = 0
    this.place = this.#waiting.shift() ?? null
  }
}

function compareKeys(a: Node, i: number, b: Node, j: number): number {
  return compareRanges(
    a.keys,
    startOf(a.keyEnds, i),
    a.keyEnds[i]!,
    b.keys,
    startOf(b.keyEnds, j),
    b.keyEnds[j]!,
  )
}
