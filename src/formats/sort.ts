// Puts packed rows in key order: a radix sort of numbers cut from the keys behind their common beginning, and a
// comparison of whole keys only where these numbers are equal. Rows are not moved until they are gathered.
import { compareRanges } from '../base/bytes.ts'
import type { PackedRows } from './packed.ts'

/** By rank: which row of which batch. */
export interface SortedRows {
  readonly batchOf: Uint32Array
  readonly rowOf: Uint32Array
}

export type Keys = Pick<PackedRows, 'count' | 'keys' | 'keyEnds'>

export function sortRows(batches: readonly Keys[]): SortedRows {
  const firsts = new Uint32Array(batches.length + 1)
  batches.forEach((batch, i) => (firsts[i + 1] = firsts[i]! + batch.count))
  const count = firsts[batches.length]!
  const batchOfRow = new Uint32Array(count)
  batches.forEach((_, b) => batchOfRow.fill(b, firsts[b], firsts[b + 1]))
  const compare = (x: number, y: number): number => {
    const [a, b] = [batchOfRow[x]!, batchOfRow[y]!]
    return compareKeys(batches[a]!, x - firsts[a]!, batches[b]!, y - firsts[b]!)
  }
  const order = sortByPrefix(prefixes(batches, firsts, commonLength(batches)), compare)
  const batchOf = new Uint32Array(count)
  for (let rank = 0; rank < count; rank++) {
    const b = batchOfRow[order[rank]!]!
    batchOf[rank] = b
    order[rank]! -= firsts[b]!
  }
  return { batchOf, rowOf: order }
}

export function compareKeys(a: Keys, i: number, b: Keys, j: number): number {
  const aStart = i === 0 ? 0 : a.keyEnds[i - 1]!
  const bStart = j === 0 ? 0 : b.keyEnds[j - 1]!
  return compareRanges(a.keys, aStart, a.keyEnds[i]!, b.keys, bStart, b.keyEnds[j]!)
}

function commonLength(batches: readonly Keys[]): number {
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
function prefixes(batches: readonly Keys[], firsts: Uint32Array, skip: number): Uint32Array {
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

function sortByPrefix(words: Uint32Array, compare: (x: number, y: number) => number): Uint32Array {
  let order = new Uint32Array(words.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  for (const shift of [0, 16]) order = radixPass(words, order, shift)
  for (let from = 0; from < order.length;) {
    const word = words[order[from]!]!
    let to = from + 1
    while (to < order.length && words[order[to]!] === word) to++
    if (to - from > 1) order.subarray(from, to).sort(compare)
    from = to
  }
  return order
}

function radixPass(words: Uint32Array, order: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(65_537)
  for (const word of words) counts[((word >>> shift) & 0xffff) + 1]!++
  for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!
  const sorted = new Uint32Array(order.length)
  for (const row of order) sorted[counts[(words[row]! >>> shift) & 0xffff]!++] = row
  return sorted
}
