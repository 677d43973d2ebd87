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

/** The `count` lines from a[i] and from b[j] on are the same. */
interface Run {
  readonly i: number
  readonly j: number
  count: number
}

/** The differences of lines, or of numbers that stand for them; null: the two differ too much. */
export function diffLines<Line extends string | number>(
  a: ArrayLike<Line>,
  b: ArrayLike<Line>,
): LineHunk[] | null {
  return diffWith(a, b, numbered)
}

/** Compares lines that were replaced by numbers, all of them below `count`. */
export function diffNumbers(a: Int32Array, b: Int32Array, count: number): LineHunk[] | null {
  return diffWith(a, b, (left, right) => [left, right, count])
}

/** Equal lines by equal numbers, and what all numbers are below. */
type Numbered = readonly [before: readonly number[], after: readonly number[], count: number]

function diffWith<Line>(
  a: ArrayLike<Line>,
  b: ArrayLike<Line>,
  numbersOf: (before: readonly Line[], after: readonly Line[]) => Numbered,
): LineHunk[] | null {
  const prefix = commonPrefix(a, b)
  const suffix = commonSuffix(a, b, prefix)
  const [before, after, count] = numbersOf(between(a, prefix, suffix), between(b, prefix, suffix))
  const left = comparable(before, after, count)
  const right = comparable(after, before, count)
  const runs = runsOf(
    left.map((at) => before[at]!),
    right.map((at) => after[at]!),
    count,
  )
  if (runs === null) return null
  const hunks: LineHunk[] = []
  let aAt = prefix
  let bAt = prefix
  const matched = (aNext: number, bNext: number): void => {
    if (aNext > aAt || bNext > bAt) hunks.push({ aStart: aAt, aEnd: aNext, bStart: bAt, bEnd: bNext })
    aAt = aNext + 1
    bAt = bNext + 1
  }
  for (const run of runs) {
    for (let n = 0; n < run.count; n++) matched(prefix + left[run.i + n]!, prefix + right[run.j + n]!)
  }
  matched(a.length - suffix, b.length - suffix)
  return hunks
}

/**
 * Where much changed, the lines that each text has once, in the longest run that rises in both, cut the texts into
 * parts (patience diff), and the square of the work is that of the parts.
 */
function runsOf(a: readonly number[], b: readonly number[], numbers: number): Run[] | null {
  const quick = myers(a, b, editLengthQuick)
  if (quick !== null) return quick.runs
  const anchors = anchorsOf(a, b, numbers)
  if (anchors.length === 0) return myers(a, b, editLengthMax)?.runs ?? null
  const runs: Run[] = []
  let work = editLengthMax ** 2
  let [i, j] = [0, 0]
  for (const next of [...anchors, { i: a.length, j: b.length, count: 0 }]) {
    // A part that is empty on a side has no matches.
    if (next.i > i && next.j > j) {
      const part = myers(a.slice(i, next.i), b.slice(j, next.j), Math.floor(Math.sqrt(work)))
      if (part === null) return null
      work -= part.edits ** 2
      for (const run of part.runs) runs.push({ i: i + run.i, j: j + run.j, count: run.count })
    }
    runs.push(next)
    ;[i, j] = [next.i + next.count, next.j + next.count]
  }
  return runs
}

function myers(
  a: readonly number[],
  b: readonly number[],
  maxEditLength: number,
): { runs: Run[]; edits: number } | null {
  if (a.length === 0 || b.length === 0) return { runs: [], edits: 0 }
  const changes = diffArrays(a as number[], b as number[], { maxEditLength })
  if (changes === undefined) return null
  const runs: Run[] = []
  let [i, j, edits] = [0, 0, 0]
  for (const { added, removed, count } of changes) {
    if (added || removed) edits += count
    else runs.push({ i, j, count })
    if (!added) i += count
    if (!removed) j += count
  }
  return { runs, edits }
}

/** Lines that stand once in each text: the longest run of them that rises in both, those behind one another as one. */
function anchorsOf(a: readonly number[], b: readonly number[], numbers: number): Run[] {
  const [placesInA, placesInB] = [placesOf(a, numbers), placesOf(b, numbers)]
  /** Places in both, by rising place in `a`. */
  const inA: number[] = []
  const inB: number[] = []
  for (let i = 0; i < a.length; i++) {
    const j = placesInB[a[i]!]!
    if (placesInA[a[i]!] !== i || j < 0) continue
    inA.push(i)
    inB.push(j)
  }
  const runs: Run[] = []
  for (const at of longestRising(inB)) {
    const [i, j] = [inA[at]!, inB[at]!]
    const last = runs.at(-1)
    const isNext = last !== undefined && last.i + last.count === i && last.j + last.count === j
    if (isNext) last.count++
    else runs.push({ i, j, count: 1 })
  }
  return runs
}

/** By patience sorting: the last of each pile, and for each number the one before it in its run. */
function longestRising(numbers: readonly number[]): number[] {
  const piles: number[] = []
  const before: number[] = []
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at]!
    let [low, high] = [0, piles.length]
    // Mostly it is the greatest yet.
    if (high > 0 && numbers[piles[high - 1]!]! < number) low = high
    while (low < high) {
      const middle = (low + high) >> 1
      if (numbers[piles[middle]!]! < number) low = middle + 1
      else high = middle
    }
    before.push(low === 0 ? -1 : piles[low - 1]!)
    piles[low] = at
  }
  const run: number[] = []
  for (let at = piles.at(-1) ?? -1; at !== -1; at = before[at]!) run.push(at)
  return run.reverse()
}

/** Where each number below `count` stands; below 0 for those that stand more than once, or nowhere. */
export function placesOf(numbers: ArrayLike<number>, count: number): Int32Array {
  const places = new Int32Array(count).fill(-2)
  for (let i = 0; i < numbers.length; i++) places[numbers[i]!] = places[numbers[i]!] === -2 ? i : -1
  return places
}

/** The lines without the first `prefix` and the last `suffix` of them. */
function between<Line>(lines: ArrayLike<Line>, prefix: number, suffix: number): Line[] {
  const left: Line[] = []
  for (let i = prefix; i < lines.length - suffix; i++) left.push(lines[i]!)
  return left
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

/** Replaces lines by numbers, which are cheaper to compare. */
function numbered<Line>(before: readonly Line[], after: readonly Line[]): Numbered {
  const numbers = new Map<Line, number>()
  const numberOf = (line: Line): number => {
    const known = numbers.get(line)
    if (known !== undefined) return known
    numbers.set(line, numbers.size)
    return numbers.size - 1
  }
  return [before.map(numberOf), after.map(numberOf), before.length + after.length]
}

/** Indices of those lines that the other side has too. */
function comparable(lines: readonly number[], others: readonly number[], count: number): number[] {
  const isKnown = new Uint8Array(count)
  for (let i = 0; i < others.length; i++) isKnown[others[i]!] = 1
  const indices: number[] = []
  for (let i = 0; i < lines.length; i++) if (isKnown[lines[i]!] === 1) indices.push(i)
  return indices
}
