// Finds what two sequences of ids have in common, in order, and returns the gaps between. Few differences give the
// shortest edit script (Myers, "An O(ND) Difference Algorithm", 1986); many are split at ids that occur once on each
// side (patience diff), so that the cost stays bounded when all is different.
import { diffArrays } from 'diff'

/** a[aFrom, aTo) and b[bFrom, bTo) have nothing in common that the alignment uses. */
export interface Gap {
  readonly aFrom: number
  readonly aTo: number
  readonly bFrom: number
  readonly bTo: number
}

type Ids = readonly (string | number)[]

const editsMax = 200
// The search costs the square of the edits, once for each part: many parts get less each.
const editsSquaredMax = 400_000
const editsMin = 8

/** In order, never empty on both sides, each two separated by at least one common id. */
export function gapsBetween(a: Ids, b: Ids): Gap[] {
  const gap = trimmed(a, b, { aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length })
  const shortest = shortestGaps(a, b, gap, editsMax)
  if (shortest !== null) return shortest
  const parts = splitAtUnique(a, b, gap)
  const partEditsMax = Math.min(editsMax, Math.max(editsMin, Math.sqrt(editsSquaredMax / parts.length)))
  return parts.flatMap((part) => {
    const inner = trimmed(a, b, part)
    return shortestGaps(a, b, inner, Math.floor(partEditsMax)) ?? [inner]
  })
}

function trimmed(a: Ids, b: Ids, gap: Gap): Gap {
  let { aFrom, aTo, bFrom, bTo } = gap
  while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) {
    aFrom++
    bFrom++
  }
  while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) {
    aTo--
    bTo--
  }
  return { aFrom, aTo, bFrom, bTo }
}

/** null when there are too many edits. */
function shortestGaps(a: Ids, b: Ids, gap: Gap, maxEditLength: number): Gap[] | null {
  if (gap.aFrom === gap.aTo && gap.bFrom === gap.bTo) return []
  if (gap.aFrom === gap.aTo || gap.bFrom === gap.bTo) return [gap]
  // As many edits as the lengths differ by are needed at least.
  if (Math.abs(gap.aTo - gap.aFrom - gap.bTo + gap.bFrom) > maxEditLength) return null
  const [left, right] = [a.slice(gap.aFrom, gap.aTo), b.slice(gap.bFrom, gap.bTo)]
  const changes = diffArrays(left, right, { maxEditLength })
  if (changes === undefined) return null
  const gaps: Gap[] = []
  let [aAt, bAt] = [gap.aFrom, gap.bFrom]
  let open: Gap | null = null
  for (const { count, added, removed } of changes) {
    if (!added && !removed) {
      if (open !== null) gaps.push(open)
      open = null
      aAt += count
      bAt += count
      continue
    }
    open ??= { aFrom: aAt, aTo: aAt, bFrom: bAt, bTo: bAt }
    if (removed) aAt += count
    else bAt += count
    open = { ...open, aTo: aAt, bTo: bAt }
  }
  if (open !== null) gaps.push(open)
  return gaps
}

/** The gaps between the longest ascending run of ids that are unique on both sides. */
function splitAtUnique(a: Ids, b: Ids, gap: Gap): Gap[] {
  const gaps: Gap[] = []
  let { aFrom, bFrom } = gap
  for (const [i, j] of longestAscending(uniquePairs(a, b, gap))) {
    if (aFrom < i || bFrom < j) gaps.push({ aFrom, aTo: i, bFrom, bTo: j })
    aFrom = i + 1
    bFrom = j + 1
  }
  if (aFrom < gap.aTo || bFrom < gap.bTo) gaps.push({ aFrom, aTo: gap.aTo, bFrom, bTo: gap.bTo })
  return gaps
}

type IndexPair = readonly [number, number]

function uniquePairs(a: Ids, b: Ids, gap: Gap): IndexPair[] {
  const repeated = -1
  const places = new Map<string | number, number>()
  for (let j = gap.bFrom; j < gap.bTo; j++) places.set(b[j]!, places.has(b[j]!) ? repeated : j)
  const pairs = new Map<string | number, IndexPair | null>()
  for (let i = gap.aFrom; i < gap.aTo; i++) {
    const j = places.get(a[i]!)
    if (j === undefined || j === repeated) continue
    pairs.set(a[i]!, pairs.has(a[i]!) ? null : [i, j])
  }
  return [...pairs.values()].filter((pair) => pair !== null)
}

/** Longest subsequence in which the second numbers ascend too, by patience sorting; the first ascend already. */
function longestAscending(pairs: readonly IndexPair[]): IndexPair[] {
  const tops: number[] = []
  const before = new Int32Array(pairs.length).fill(-1)
  for (const [index, [, j]] of pairs.entries()) {
    let low = 0
    let high = tops.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (pairs[tops[middle]!]![1] < j) low = middle + 1
      else high = middle
    }
    before[index] = low === 0 ? -1 : tops[low - 1]!
    tops[low] = index
  }
  const run: IndexPair[] = []
  for (let index = tops.at(-1) ?? -1; index >= 0; index = before[index]!) run.push(pairs[index]!)
  return run.reverse()
}
