// Which lines of one text became which of another: Myers' algorithm (package `diff`), bounded. Lines that the other
// text does not have at all can match nothing, so they are put aside first; a text rewritten from scratch then costs
// nothing. Large changes are first cut where unique lines match. What is left may still be too different to compare in
// reasonable time: the answer is then null.
import { diffArrays } from 'diff'

/** a[aStart, aEnd) became b[bStart, bEnd); one of the two may be empty. */
export interface LineHunk {
  readonly aStart: number
  readonly aEnd: number
  readonly bStart: number
  readonly bEnd: number
}

/** Up to so many lines added and removed, texts are compared at once. */
const editLengthQuick = 400
/** Moved lines cost the square of their number: beyond this many, comparing would take too long. */
const editLengthMax = 3000

/** a[i] and b[j] are the same line. */
type Match = readonly [i: number, j: number]

/** Of lines, or numbers that stand for them; null: the two differ too much. */
export function diffLines<Line extends string | number>(
  a: ArrayLike<Line>,
  b: ArrayLike<Line>,
): LineHunk[] | null {
  const prefix = commonPrefix(a, b)
  const suffix = commonSuffix(a, b, prefix)
  const [before, after] = numbered([between(a, prefix, suffix), between(b, prefix, suffix)])
  const left = comparable(before, after)
  const right = comparable(after, before)
  const matches = matchesOf(
    left.map((at) => before[at]!),
    right.map((at) => after[at]!),
  )
  if (matches === null) return null
  const hunks: LineHunk[] = []
  let aAt = prefix
  let bAt = prefix
  const matched = (aNext: number, bNext: number): void => {
    if (aNext > aAt || bNext > bAt) hunks.push({ aStart: aAt, aEnd: aNext, bStart: bAt, bEnd: bNext })
    aAt = aNext + 1
    bAt = bNext + 1
  }
  for (const [i, j] of matches) matched(prefix + left[i]!, prefix + right[j]!)
  matched(a.length - suffix, b.length - suffix)
  return hunks
}

/**
 * Where much changed, the lines that each text has once, in the longest run that rises in both, cut the texts into
 * parts (patience diff), and the square of the work is that of the parts.
 */
function matchesOf(a: readonly number[], b: readonly number[]): Match[] | null {
  const quick = myers(a, b, editLengthQuick)
  if (quick !== null) return quick.matches
  const anchors = anchorsOf(a, b)
  if (anchors.length === 0) return myers(a, b, editLengthMax)?.matches ?? null
  const matches: Match[] = []
  let work = editLengthMax ** 2
  let [i, j] = [0, 0]
  for (const [nextI, nextJ] of [...anchors, [a.length, b.length] as const]) {
    const part = myers(a.slice(i, nextI), b.slice(j, nextJ), Math.floor(Math.sqrt(work)))
    if (part === null) return null
    work -= part.edits ** 2
    for (const [x, y] of part.matches) matches.push([i + x, j + y])
    if (nextI < a.length) matches.push([nextI, nextJ])
    ;[i, j] = [nextI + 1, nextJ + 1]
  }
  return matches
}

function myers(
  a: readonly number[],
  b: readonly number[],
  maxEditLength: number,
): { matches: Match[]; edits: number } | null {
  if (a.length === 0 || b.length === 0) return { matches: [], edits: 0 }
  const changes = diffArrays([...a], [...b], { maxEditLength })
  if (changes === undefined) return null
  const matches: Match[] = []
  let [i, j, edits] = [0, 0, 0]
  for (const { added, removed, count } of changes) {
    if (added || removed) edits += count
    else for (let n = 0; n < count; n++) matches.push([i + n, j + n])
    if (!added) i += count
    if (!removed) j += count
  }
  return { matches, edits }
}

/** Lines that stand once in each text: the longest run of them that rises in both. */
function anchorsOf(a: readonly number[], b: readonly number[]): Match[] {
  const placesInB = placesOf(b)
  const unique: Match[] = []
  for (const [line, i] of placesOf(a)) {
    const j = placesInB.get(line)
    if (i !== -1 && j !== undefined && j !== -1) unique.push([i, j])
  }
  unique.sort((x, y) => x[0] - y[0])
  // The piles of patience sorting: the last of each pile, and for each line the one before it in its run.
  const piles: number[] = []
  const before: number[] = []
  for (const [at, [, j]] of unique.entries()) {
    let [low, high] = [0, piles.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (unique[piles[middle]!]![1] < j) low = middle + 1
      else high = middle
    }
    before.push(low === 0 ? -1 : piles[low - 1]!)
    piles[low] = at
  }
  const run: Match[] = []
  for (let at = piles.at(-1) ?? -1; at !== -1; at = before[at]!) run.push(unique[at]!)
  return run.reverse()
}

/** Where each line stands; -1 for those that stand more than once. */
function placesOf(lines: readonly number[]): Map<number, number> {
  const places = new Map<number, number>()
  for (const [i, line] of lines.entries()) places.set(line, places.has(line) ? -1 : i)
  return places
}

/** What is left without so many lines before and behind. */
function between<Line>(lines: ArrayLike<Line>, prefix: number, suffix: number): Line[] {
  return Array.from({ length: lines.length - prefix - suffix }, (_, i) => lines[prefix + i]!)
}

function commonPrefix<Line>(a: ArrayLike<Line>, b: ArrayLike<Line>): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}

function commonSuffix<Line>(a: ArrayLike<Line>, b: ArrayLike<Line>, prefix: number): number {
  const most = Math.min(a.length, b.length) - prefix
  let length = 0
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++
  return length
}

/** Equal lines by equal numbers, which are cheaper to compare. */
function numbered<Line>([a, b]: readonly [readonly Line[], readonly Line[]]): [number[], number[]] {
  const numbers = new Map<Line, number>()
  const numberOf = (line: Line): number => {
    const known = numbers.get(line)
    if (known !== undefined) return known
    numbers.set(line, numbers.size)
    return numbers.size - 1
  }
  return [a.map(numberOf), b.map(numberOf)]
}

/** Indices of the lines that the other has too. */
function comparable(lines: readonly number[], others: readonly number[]): number[] {
  const isKnown = new Uint8Array(lines.length + others.length)
  for (const line of others) isKnown[line] = 1
  const indices: number[] = []
  for (const [i, line] of lines.entries()) if (isKnown[line] === 1) indices.push(i)
  return indices
}
