// Commits that a walk has seen and not yet been at: it goes on with the one of the largest generation, then the newest, then
// by name, so that whatever it comes to, all descendants of it have been there before, and each walk is the same.
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue, isTurnOver } from '../base/turns.ts'
import type { ObjectReader } from '../store/interface.ts'
import type { CommitGraph, Slot } from './commit-graph.ts'

export class Frontier {
  readonly #graph: CommitGraph
  readonly #reader: ObjectReader
  readonly #signal: AbortSignal | undefined
  readonly #seen: Set<Slot>
  /** A binary heap. */
  readonly #heap: Slot[] = []

  /** `beyond` are commits to be passed over. */
  constructor(
    graph: CommitGraph,
    reader: ObjectReader,
    { beyond, signal }: { readonly beyond: ReadonlySet<Slot>; readonly signal?: AbortSignal | undefined },
  ) {
    this.#graph = graph
    this.#reader = reader
    this.#signal = signal
    this.#seen = new Set(beyond)
  }

  /** Adds those that are new. @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT */
  async add(slots: Iterable<Slot>): Promise<void> {
    const fresh: Slot[] = []
    for (const slot of slots) {
      if (this.#seen.has(slot)) continue
      this.#seen.add(slot)
      fresh.push(slot)
    }
    if (!fresh.every((slot) => this.#graph.isKnown(slot))) await this.#graph.learn(this.#reader, fresh)
    for (const slot of fresh) this.#push(slot)
  }

  async take(): Promise<Slot | undefined> {
    throwIfAborted(this.#signal)
    if (isTurnOver()) await yieldIfDue()
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (this.#heap.length > 0) this.#sink(last!)
    return first
  }

  #push(slot: Slot): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(slot)
    while (at > 0) {
      const above = (at - 1) >>> 1
      if (!this.#graph.isBefore(slot, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = slot
  }

  /** Moves a slot from the top of the heap down to its place. */
  #sink(slot: Slot): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && this.#graph.isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!this.#graph.isBefore(heap[below]!, slot)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = slot
  }
}
