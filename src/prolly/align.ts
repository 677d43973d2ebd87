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

/** Small numbers from 0 on: they index arrays. */
type Ids = readonly number[]

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

/** The gaps of the shortest edit script; null when it has too many edits. */
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
  const inA = onlyPlaces(a, gap.aFrom, gap.aTo)
  const inB = onlyPlaces(b, gap.bFrom, gap.bTo)
  const pairs: IndexPair[] = []
  for (let i = gap.aFrom; i < gap.aTo; i++) {
    const j = inB[a[i]!] ?? absent
    if (j >= 0 && inA[a[i]!] === i) pairs.push([i, j])
  }
  return pairs
}

const absent = -1
const repeated = -2

/** For each id the one place where it stands in ids[from, to), or less than 0. */
function onlyPlaces(ids: Ids, from: number, to: number): Int32Array {
  let idMax = 0
  for (let i = from; i < to; i++) idMax = Math.max(idMax, ids[i]!)
  const places = new Int32Array(idMax + 1).fill(absent)
  for (let i = from; i < to; i++) places[ids[i]!] = places[ids[i]!] === absent ? i : repeated
  return places
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
