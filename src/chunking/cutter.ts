// Cuts a stream of bytes into chunks. The cuts are the same whatever the sizes in which the bytes are pushed, and the
// cutter keeps no more than one chunk's worth of them. Large pushes are cut where they lie; only what is left at
// their ends is copied.
import { type CutRule, findCut } from './gear.ts'

/** Gets a view that is valid during the call only. */
export type ChunkTaker = (chunk: Uint8Array) => void

export class ChunkCutter {
  readonly #rule: CutRule
  readonly #take: ChunkTaker
  #pending: Uint8Array = new Uint8Array(0)
  #length = 0
  /** No cut lies in the first so many pending bytes. */
  #seen = 0

  constructor(rule: CutRule, take: ChunkTaker) {
    this.#rule = rule
    this.#take = take
  }

  push(bytes: Uint8Array): void {
    let at = 0
    while (this.#length > 0 && at < bytes.length) at = this.#cutPending(bytes, at)
    for (;;) {
      const cut = findCut(bytes, at, bytes.length, this.#rule)
      if (cut === -1) break
      this.#take(bytes.subarray(at, cut))
      at = cut
    }
    if (at === bytes.length) return
    this.#keep(bytes.subarray(at))
    this.#seen = this.#length
  }

  /** Ends the stream: what is left becomes the last chunks. An empty stream has none. */
  end(): void {
    let start = 0
    // A chunk cut at its smallest hash leaves bytes behind that may hold further cuts.
    for (;;) {
      const cut = findCut(this.#pending, start, this.#length, this.#rule, start === 0 ? this.#seen : 0)
      if (cut === -1) break
      this.#take(this.#pending.subarray(start, cut))
      start = cut
    }
    if (start < this.#length) this.#take(this.#pending.subarray(start, this.#length))
    this.#length = 0
    this.#seen = 0
  }

  /** Tries to end the pending chunk with bytes from `at`; returns how far they are used up. */
  #cutPending(bytes: Uint8Array, at: number): number {
    const before = this.#length
    const room = Math.max(this.#rule.min, before) + this.#rule.min
    const taken = Math.min(bytes.length - at, Math.min(this.#rule.max, room) - before)
    this.#keep(bytes.subarray(at, at + taken))
    const cut = findCut(this.#pending, 0, this.#length, this.#rule, this.#seen)
    if (cut === -1) {
      this.#seen = this.#length
      return at + taken
    }
    this.#take(this.#pending.subarray(0, cut))
    this.#seen = 0
    if (cut >= before) {
      this.#length = 0
      return at + (cut - before)
    }
    this.#pending.copyWithin(0, cut, this.#length)
    this.#length -= cut
    return at + taken
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#pending.length) {
      const grown = new Uint8Array(Math.min(this.#rule.max, Math.max(length, 2 * this.#pending.length)))
      grown.set(this.#pending.subarray(0, this.#length))
      this.#pending = grown
    }
    this.#pending.set(bytes, this.#length)
    this.#length = length
  }
}
