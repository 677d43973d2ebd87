// Which elements of one list became which of another, where nothing names them: by how much they have in common.
import { similarity } from './similarity.ts'
import type { NodeIndex, Tree } from './tree.ts'

type Nodes = readonly NodeIndex[]

/** Pairing takes time by the product of the lengths. */
export const pairsMax = 40_000

/** For each element of the one list, the place in the other of what it became, or -1; in rising order. */
export type Match = readonly number[]

/** Pairs the elements that are most alike; null when there are too many to compare all with all. */
export function pairedElements(a: Tree, before: Nodes, b: Tree, after: Nodes): Match | null {
  if (before.length === after.length) {
    const isEach = (is: (x: NodeIndex, y: NodeIndex) => boolean): boolean =>
      before.every((node, i) => is(node, after[i]!))
    if (isEach((x, y) => a.value(x) === b.value(y)) || isEach((x, y) => isChanged(a, x, b, y)))
      return before.map((_node, i) => i)
  }
  if (before.length * after.length > pairsMax) return null
  return bestAlignment(before.length, after.length, (i, j) => similarity(a, before[i]!, b, after[j]!))
}

/** At the same place in lists of equal length, scalars count as changed, and others if they are alike enough. */
function isChanged(a: Tree, before: NodeIndex, b: Tree, after: NodeIndex): boolean {
  if (a.kind(before) === 'scalar') return b.kind(after) === 'scalar'
  return similarity(a, before, b, after) >= 0.5
}

/** Pairs in rising order with the greatest sum of likeness, each above a half. */
function bestAlignment(n: number, m: number, like: (i: number, j: number) => number): Match {
  const width = m + 1
  const sums = new Float64Array((n + 1) * width)
  const scores = new Float64Array(n * m)
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const score = like(i, j)
      scores[i * m + j] = score
      const paired = score > 0.5 ? score + sums[(i + 1) * width + j + 1]! : 0
      sums[i * width + j] = Math.max(paired, sums[(i + 1) * width + j]!, sums[i * width + j + 1]!)
    }
  }
  const match: number[] = Array.from({ length: n }, () => -1)
  for (let i = 0, j = 0; i < n && j < m;) {
    const score = scores[i * m + j]!
    const sum = sums[i * width + j]!
    if (score > 0.5 && sum === score + sums[(i + 1) * width + j + 1]!) match[i++] = j++
    else if (sum === sums[(i + 1) * width + j]) i++
    else j++
  }
  return match
}
