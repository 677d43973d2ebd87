// Slices of whole rows, in memory that threads share: large enough that what each costs by itself does not count.
import { SliceMemory } from '../../../base/slice-memory.ts'

const sliceBytes = 1 << 20

export class FrameSlices {
  readonly #source: AsyncIterator<Uint8Array>
  /** Had no room in the slice before: a view, good until the source is asked again. */
  #held: Uint8Array | null = null
  #isEnded = false
  #isFirst = true
  readonly #memory = new SliceMemory(sliceBytes)

  /** `source` gives whole frames, which are copied. */
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Null at the end. @throws what the source throws */
  async next(): Promise<{ bytes: Uint8Array; isLast: boolean } | null> {
    const first = this.#held ?? (await this.#more())
    if (first === null) return null
    let slice = this.#begin(first)
    let length = first.length
    for (;;) {
      this.#held = await this.#more()
      if (this.#held === null) break
      const needed = length + this.#held.length
      if (needed > Math.max(slice.length, sliceBytes)) break
      if (needed > slice.length) slice = copyInto(this.#memory.take(needed), slice)
      slice.set(this.#held, length)
      length = needed
    }
    return { bytes: slice.subarray(0, length), isLast: this.#isEnded }
  }

  /** Nothing more comes of a small table: it has memory of its size alone. */
  #begin(frames: Uint8Array): Uint8Array {
    const isSmall = this.#isFirst && frames.length < sliceBytes
    const memory = isSmall ? new Uint8Array(frames.length) : this.#memory.take(frames.length)
    this.#isFirst = false
    return copyInto(memory, frames)
  }

  /** Called when nobody reads the slice any more: its memory is used for another. */
  release(slice: Uint8Array): void {
    this.#memory.release(slice)
  }

  async close(): Promise<void> {
    if (!this.#isEnded) await this.#source.return?.()
    this.#isEnded = true
  }

  async #more(): Promise<Uint8Array | null> {
    if (this.#isEnded) return null
    const { value, done } = await this.#source.next()
    if (done !== true) return value
    this.#isEnded = true
    return null
  }
}

function copyInto(target: Uint8Array, bytes: Uint8Array): Uint8Array {
  target.set(bytes)
  return target
}
