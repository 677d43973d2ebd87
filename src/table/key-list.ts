// Keys in order, packed into one buffer, found by binary search: a million of them are some ten megabytes, and a
// million arrays would be ten times that.
import { compareRanges } from '../base/bytes.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'

export class KeyList {
  readonly count: number
  readonly #keys: Uint8Array
  readonly #ends: Float64Array

  private constructor(parts: readonly Pick<EntryBatch, 'count' | 'keys' | 'keyEnds'>[]) {
    this.count = parts.reduce((sum, part) => sum + part.count, 0)
    this.#ends = new Float64Array(this.count)
    this.#keys = new Uint8Array(parts.reduce((sum, part) => sum + lengthOf(part), 0))
    let at = 0
    let row = 0
    for (const part of parts) {
      this.#keys.set(part.keys.subarray(0, lengthOf(part)), at)
      for (let i = 0; i < part.count; i++) this.#ends[row++] = at + part.keyEnds[i]!
      at += lengthOf(part)
    }
  }

  /** The keys of a map's entries, as a scan gives them. */
  static async ofBatches(batches: AsyncIterable<EntryBatch>): Promise<KeyList> {
    const parts: Pick<EntryBatch, 'count' | 'keys' | 'keyEnds'>[] = []
    for await (const { count, keys, keyEnds } of batches) {
      // Copies: the views would keep whole nodes alive.
      parts.push({ count, keys: keys.slice(0, keyEnds[count - 1]), keyEnds: keyEnds.slice(0, count) })
    }
    return new KeyList(parts)
  }

  /** `keys` are sorted, and each is there once. */
  static of(keys: readonly Uint8Array[]): KeyList {
    return new KeyList(keys.map((key) => ({ count: 1, keys: key, keyEnds: Uint32Array.of(key.length) })))
  }

  at(i: number): Uint8Array {
    return this.#keys.subarray(i === 0 ? 0 : this.#ends[i - 1], this.#ends[i])
  }

  /** The place of the key, or -1. */
  find(key: Uint8Array): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(middle, key) < 0) low = middle + 1
      else high = middle
    }
    return low < this.count && this.#compare(low, key) === 0 ? low : -1
  }

  #compare(i: number, key: Uint8Array): number {
    const start = i === 0 ? 0 : this.#ends[i - 1]!
    return compareRanges(this.#keys, start, this.#ends[i]!, key, 0, key.length)
  }
}

function lengthOf({ count, keyEnds }: Pick<EntryBatch, 'count' | 'keyEnds'>): number {
  return startOf(keyEnds, count)
}
