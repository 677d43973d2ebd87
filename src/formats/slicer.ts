// Cuts a stream of bytes into slices that end behind a record. The cut is a guess of the format's, which the parser
// checks: what it could not finish comes back and leads the next slice.
import { concatBytes, emptyBytes, grownLength } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import { SliceMemory } from '../base/slice-memory.ts'
import { NotATable } from './not-a-table.ts'

/** Large enough that the few leaves at a slice's ends, which are cut twice, do not count. */
const sliceBytes = 2 << 20
/** A table cannot hold a longer record than this. */
const sliceBytesMax = 64 << 20

export class Slicer {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal | undefined
  /** Unread bytes are #buffer[#start..#end). */
  #buffer: Uint8Array = emptyBytes
  #start = 0
  #end = 0
  #ended = false
  #windowMin = sliceBytes
  readonly #memory = new SliceMemory(sliceBytes)

  constructor(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    this.#source = source[Symbol.asyncIterator]()
    this.#signal = signal
  }

  /** Whether all that is left is in the buffer. */
  get hasAll(): boolean {
    return this.#ended
  }

  /** At least `length` unread bytes, or all there are, as a view. */
  async peek(length: number): Promise<Uint8Array> {
    await this.#fill(length)
    return this.#buffer.subarray(this.#start, this.#end)
  }

  skip(length: number): void {
    this.#start += length
  }

  /** The next slice, a copy in memory that threads can share; null at the end. The last slice may end anywhere. */
  async next(cut: (bytes: Uint8Array) => number): Promise<{ bytes: Uint8Array; isLast: boolean } | null> {
    for (let window = this.#windowMin; ; window *= 2) {
      if (window > sliceBytesMax) throw new NotATable('a row is longer than 64 MiB')
      const unread = await this.peek(window)
      if (this.#ended && unread.length <= window) {
        this.#start = this.#end
        if (unread.length === 0) return null
        return { bytes: unread.length < sliceBytes ? unread.slice() : this.#copyOf(unread), isLast: true }
      }
      const end = cut(unread.subarray(0, window))
      if (end === 0) continue
      this.skip(end)
      this.#windowMin = sliceBytes
      return { bytes: this.#copyOf(unread.subarray(0, end)), isLast: false }
    }
  }

  /** Called when nobody reads the slice any more: its memory is used for another. */
  release(slice: Uint8Array): void {
    this.#memory.release(slice)
  }

  #copyOf(bytes: Uint8Array): Uint8Array {
    const copy = this.#memory.take(bytes.length)
    copy.set(bytes)
    return copy.subarray(0, bytes.length)
  }

  /** Puts bytes back before all that is unread; the next slice will be larger than they are. */
  giveBack(parts: readonly Uint8Array[]): void {
    const returned = concatBytes(parts)
    this.#buffer = concatBytes([returned, this.#buffer.subarray(this.#start, this.#end)])
    this.#start = 0
    this.#end = this.#buffer.length
    this.#windowMin = Math.max(sliceBytes, 2 * (parts[0]?.length ?? 0))
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.()
    this.#ended = true
  }

  async #fill(length: number): Promise<void> {
    while (!this.#ended && this.#end - this.#start < length) {
      throwIfAborted(this.#signal)
      const { value, done } = await this.#source.next()
      if (done === true) this.#ended = true
      else this.#append(value)
    }
  }

  #append(chunk: Uint8Array): void {
    const unread = this.#end - this.#start
    if (this.#end + chunk.length > this.#buffer.length) {
      const room = grownLength(unread + chunk.length, 0)
      const target = room > this.#buffer.length ? new Uint8Array(room) : this.#buffer
      target.set(this.#buffer.subarray(this.#start, this.#end))
      this.#buffer = target
      this.#start = 0
      this.#end = unread
    }
    this.#buffer.set(chunk, this.#end)
    this.#end += chunk.length
  }
}
