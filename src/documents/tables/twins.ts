// Records that are the same in two versions of a file, found while the second is read: where a record is the other
// file's next one, or one of those behind it, all bytes that follow are compared at once. What is found is certainly
// equal; a record that is missed only costs time.
import { commonLength } from '../../base/platform.ts'
import { isSameRange, type RecordFile } from './record.ts'

/** How far ahead an equal record is looked for, and after how many in vain no more is. */
const aheadMax = 32
const missesMax = 4096

/** Records [first, end) of `like`. */
export interface TwinRun {
  readonly like: RecordFile
  readonly starts: Uint32Array
  readonly first: number
  readonly end: number
  /** Whether some of them has a text. */
  readonly isFilled: boolean
}

export class TwinFinder {
  readonly #bytes: Uint8Array
  readonly #like: RecordFile
  /** Records of the other file that end with a line end: what stands behind the last one may be another's. */
  readonly #ended: number
  #twins: Int32Array
  #next = 0
  #misses = 0

  constructor(bytes: Uint8Array, like: RecordFile) {
    this.#bytes = bytes
    this.#like = like
    const { records } = like
    const last = records.length - 1
    this.#ended = records.length > 0 && records.eol(last) === '' ? last : records.length
    this.#twins = new Int32Array(records.length + 16).fill(-1)
  }

  /** The records from `at` on, the first of which is the file's record `count`; null: none is known. */
  at(at: number, count: number): TwinRun | null {
    if (this.#misses > missesMax) return null
    const { starts, bytes } = this.#like.records
    const most = Math.min(this.#ended, this.#next + aheadMax)
    for (let first = this.#next; first < most; first++) {
      const start = starts[first]!
      const length = starts[first + 1]! - start
      if (at + length > this.#bytes.length || bytes[start] !== this.#bytes[at]) continue
      if (!isSameRange(bytes, start, this.#bytes, at, length)) continue
      return this.#runFrom(first, at, count)
    }
    this.#misses++
    return null
  }

  /** For each of the file's `count` records its twin in the base. */
  found(count: number): Int32Array {
    this.#grow(count)
    return this.#twins.slice(0, count)
  }

  #runFrom(first: number, at: number, count: number): TwinRun {
    const { starts, bytes } = this.#like.records
    const same = starts[first]! + commonLength(bytes, starts[first]!, this.#bytes, at)
    let end = first
    let isFilled = false
    for (; end < this.#ended && starts[end + 1]! <= same; end++)
      isFilled ||= starts[end + 1]! - starts[end]! > 2
    this.#grow(count + end - first)
    for (let i = first; i < end; i++) this.#twins[count + i - first] = i
    this.#next = end
    this.#misses = 0
    return { like: this.#like, starts, first, end, isFilled }
  }

  #grow(count: number): void {
    const { length } = this.#twins
    if (count <= length) return
    const twins = new Int32Array(Math.max(count, 2 * length)).fill(-1)
    twins.set(this.#twins)
    this.#twins = twins
  }
}
