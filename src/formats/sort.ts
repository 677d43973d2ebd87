// Puts packed rows in key order: a radix sort of numbers cut from the keys behind their common beginning, and a
// comparison of whole keys only where these numbers are equal. Rows are not moved until they are gathered.
import { compareRanges } from '../base/bytes.ts'
import type { PackedRows } from './packed.ts'

/** Where a row lies: batch and index, packed into one number each. */
export interface SortedRows {
  readonly batches: readonly PackedRows[]
  /** By rank: the row's number, counted through all batches. */
  readonly order: Uint32Array
  /** Rows before each batch. */
  readonly firsts: Uint32Array
}

export function sortRows(batches: readonly PackedRows[]): SortedRows {
  const firsts = new Uint32Array(batches.length + 1)
  batches.forEach((batch, i) => (firsts[i + 1] = firsts[i]! + batch.count))
  const count = firsts[batches.length]!
  const starts = new Uint32Array(count)
  const batchOf = new Uint32Array(count)
  batches.forEach((batch, b) => {
    for (let i = 0; i < batch.count; i++) {
      starts[firsts[b]! + i] = i === 0 ? 0 : batch.keyEnds[i - 1]!
      batchOf[firsts[b]! + i] = b
    }
  })
  const compare = (x: number, y: number): number => {
    const a = batches[batchOf[x]!]!
    const b = batches[batchOf[y]!]!
    const aEnd = a.keyEnds[x - firsts[batchOf[x]!]!]!
    const bEnd = b.keyEnds[y - firsts[batchOf[y]!]!]!
    return compareRanges(a.keys, starts[x]!, aEnd, b.keys, starts[y]!, bEnd)
  }
  const order = sortByPrefix(prefixes(batches, firsts, commonLength(batches)))
  return { batches, order: order.ordered(compare), firsts }
}

function commonLength(batches: readonly PackedRows[]): number {
  const first = batches.find((batch) => batch.count > 0)
  if (first === undefined) return 0
  let common = first.keyEnds[0]!
  for (const { count, keys, keyEnds } of batches) {
    for (let i = 0; i < count && common > 0; i++) {
      const start = i === 0 ? 0 : keyEnds[i - 1]!
      const length = Math.min(common, keyEnds[i]! - start)
      let same = 0
      while (same < length && keys[start + same] === first.keys[same]) same++
      common = same
    }
  }
  return common
}

/** Four bytes of each key behind the common ones; a key that ends there counts as followed by zeros. */
function prefixes(batches: readonly PackedRows[], firsts: Uint32Array, skip: number): Uint32Array {
  const words = new Uint32Array(firsts[batches.length]!)
  batches.forEach(({ count, keys, keyEnds }, b) => {
    for (let i = 0; i < count; i++) {
      const end = keyEnds[i]!
      let at = (i === 0 ? 0 : keyEnds[i - 1]!) + skip
      let word = 0
      for (let k = 0; k < 4; k++, at++) word = (word << 8) | (at < end ? keys[at]! : 0)
      words[firsts[b]! + i] = word
    }
  })
  return words
}

function sortByPrefix(words: Uint32Array): {
  ordered(compare: (x: number, y: number) => number): Uint32Array
} {
  let order = new Uint32Array(words.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  for (const shift of [0, 16]) order = radixPass(words, order, shift)
  return {
    ordered(compare) {
      for (let from = 0; from < order.length;) {
        const word = words[order[from]!]!
        let to = from + 1
        while (to < order.length && words[order[to]!] === word) to++
        if (to - from > 1) order.subarray(from, to).sort(compare)
        from = to
      }
      return order
    },
  }
}

function radixPass(words: Uint32Array, order: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(65_537)
  for (const word of words) counts[((word >>> shift) & 0xffff) + 1]!++
  for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!
  const sorted = new Uint32Array(order.length)
  for (const row of order) sorted[counts[(words[row]! >>> shift) & 0xffff]!++] = row
  return sorted
}
