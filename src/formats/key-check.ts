// Whether the keys of a file's rows are all different. They come packed, slice by slice, and stay so: those in order need
// no memory at all, others are kept and sorted, as many as that takes.
import { compareRanges } from '../base/bytes.ts'
import type { PackedRows } from './packed.ts'
import { type Keys, compareKeys, sortRows } from './sort.ts'

/** Of keys that are kept; ends and the numbers that sort them take three times as much where they are short. */
const keptBytesMax = 48 << 20

export class KeyCheck {
  #kept: Keys[] | null = []
  #keptBytes = 0
  #last: Keys | null = null
  #isOrdered = true

  /** Takes the keys of the next rows in. 'unknown': there is not enough room to tell. */
  add({
    count,
    keys,
    keyEnds,
    isOrdered,
  }: Keys & Pick<PackedRows, 'isOrdered'>): 'different' | 'repeated' | 'unknown' {
    if (count === 0) return 'different'
    const next = { count, keys, keyEnds }
    if (!isOrdered && repeats([next])) return 'repeated'
    this.#isOrdered &&= isOrdered && (this.#last === null || isAbove(this.#last, next))
    this.#last = next
    this.#keptBytes += keys.length + 4 * count
    if (this.#keptBytes > keptBytesMax) this.#kept = null
    this.#kept?.push(next)
    return this.#isOrdered || this.#kept !== null ? 'different' : 'unknown'
  }

  /** Takes one more row in. */
  addKey(key: Uint8Array): 'different' | 'repeated' | 'unknown' {
    return this.add({ count: 1, keys: key, keyEnds: Uint32Array.of(key.length), isOrdered: true })
  }

  /** Once all rows were taken. */
  hasRepeats(): boolean {
    return !this.#isOrdered && repeats(this.#kept!)
  }
}

function isAbove(last: Keys, { keys, keyEnds }: Keys): boolean {
  const start = last.count === 1 ? 0 : last.keyEnds[last.count - 2]!
  return compareRanges(last.keys, start, last.keyEnds[last.count - 1]!, keys, 0, keyEnds[0]!) < 0
}

function repeats(batches: readonly Keys[]): boolean {
  const { batchOf, rowOf } = sortRows(batches)
  for (let i = 1; i < rowOf.length; i++) {
    const [a, b] = [batches[batchOf[i - 1]!]!, batches[batchOf[i]!]!]
    if (compareKeys(a, rowOf[i - 1]!, b, rowOf[i]!) === 0) return true
  }
  return false
}
