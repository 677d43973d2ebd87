// Puts what two versions hold into one order. The frame's order stands; what the frame dropped comes behind its
// predecessor in the base, so that places relative to it still mean something; what only the other version has comes
// behind its predecessor there. Where both inserted at one place the frame's come first, unless a comparison is given
// under which the place is sorted on both sides (sorted-place.ts).
import type { Strands } from './strands.ts'

/** Measured on real merges: docs/ARCHITECTURE.md. */
const mainlineRatio = 3

/** Compares two strands, by their numbers. */
export type Compare = (a: number, b: number) => number

export interface WeaveOptions {
  readonly frame: 'ours' | 'theirs'
  /** The order of two runs at one place, or null: the frame's first. */
  readonly orderAt?: (place: Place) => Compare | null
}

/** Where both versions inserted: the runs, and what precedes them in the woven order. */
export interface Place {
  readonly frameRun: readonly number[]
  readonly otherRun: readonly number[]
}

/** The strands in order, as a linked list. */
class Chain {
  readonly head: number
  readonly #next: Int32Array
  readonly #isIn: Uint8Array

  constructor(length: number) {
    this.head = length
    this.#next = new Int32Array(length + 1).fill(-1)
    this.#isIn = new Uint8Array(length)
  }

  next(at: number): number {
    return this.#next[at]!
  }

  has(strand: number): boolean {
    return this.#isIn[strand] === 1
  }

  insertAfter(at: number, strand: number): number {
    this.#next[strand] = this.#next[at]!
    this.#next[at] = strand
    this.#isIn[strand] = 1
    return strand
  }

  order(): Int32Array {
    const order = new Int32Array(this.head)
    let length = 0
    for (let at = this.next(this.head); at !== -1; at = this.next(at)) order[length++] = at
    return order.subarray(0, length)
  }
}

/** The numbers of the strands, in the merged order. */
export function weave(strands: Strands, options: WeaveOptions): Int32Array {
  const { frame } = options
  const other = frame === 'ours' ? 'theirs' : 'ours'
  const chain = new Chain(strands.length)
  let at = chain.head
  for (const strand of strands.inOrder(frame)) at = chain.insertAfter(at, strand)
  at = chain.head
  for (const strand of strands.inOrder('base'))
    at = chain.has(strand) ? strand : chain.insertAfter(at, strand)
  let run: number[] = []
  at = chain.head
  const [base, places] = [strands.base, strands[other]]
  const isFrameOnly = (strand: number): boolean => base[strand]! < 0 && places[strand]! < 0
  const isGone = (strand: number): boolean => strands[frame][strand]! < 0 && places[strand]! < 0
  const place = (): void => {
    // What stood there and is gone from both comes before what both put in its place.
    while (chain.next(at) !== -1 && isGone(chain.next(at))) at = chain.next(at)
    if (run.length > 0) insertRun(chain, at, run, { isFrameOnly, orderAt: options.orderAt })
    run = []
  }
  for (const strand of strands.inOrder(other)) {
    if (!chain.has(strand)) run.push(strand)
    else {
      place()
      at = strand
    }
  }
  place()
  return chain.order()
}

function insertRun(
  chain: Chain,
  before: number,
  run: readonly number[],
  {
    isFrameOnly,
    orderAt,
  }: { readonly isFrameOnly: (strand: number) => boolean; readonly orderAt: WeaveOptions['orderAt'] },
): void {
  const frameRun: number[] = []
  for (let at = chain.next(before); at !== -1 && isFrameOnly(at); at = chain.next(at)) frameRun.push(at)
  const compare = frameRun.length > 0 ? (orderAt?.({ frameRun, otherRun: run }) ?? null) : null
  let at = before
  let left = compare === null && run.length >= mainlineRatio * frameRun.length ? 0 : frameRun.length
  for (const strand of run) {
    while (left > 0 && (compare === null || compare(chain.next(at), strand) <= 0)) {
      at = chain.next(at)
      left--
    }
    at = chain.insertAfter(at, strand)
  }
}
