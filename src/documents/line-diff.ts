// Which lines of one text became which of another: Myers' algorithm (package `diff`), bounded. Lines that the other
// text does not have at all can match nothing, so they are put aside first; a text rewritten from scratch then costs
// nothing. What is left may still be too different to compare in reasonable time: the answer is then null.
import { diffArrays } from 'diff'

/** a[aStart, aEnd) became b[bStart, bEnd); one of the two may be empty. */
export interface LineHunk {
  readonly aStart: number
  readonly aEnd: number
  readonly bStart: number
  readonly bEnd: number
}

/** Moved lines cost the square of their number: beyond this many, comparing would take too long. */
const editLengthMax = 3000

/** null: the two differ too much. */
export function diffLines(a: readonly string[], b: readonly string[]): LineHunk[] | null {
  const prefix = commonPrefix(a, b)
  const suffix = commonSuffix(a, b, prefix)
  const left = comparable(a, prefix, a.length - suffix, b, prefix, b.length - suffix)
  const right = comparable(b, prefix, b.length - suffix, a, prefix, a.length - suffix)
  const changes = diffArrays(
    left.map((at) => a[at]!),
    right.map((at) => b[at]!),
    { maxEditLength: editLengthMax },
  )
  if (changes === undefined) return null
  const hunks: LineHunk[] = []
  let aAt = prefix
  let bAt = prefix
  const matched = (aNext: number, bNext: number): void => {
    if (aNext > aAt || bNext > bAt) hunks.push({ aStart: aAt, aEnd: aNext, bStart: bAt, bEnd: bNext })
    aAt = aNext + 1
    bAt = bNext + 1
  }
  let i = 0
  let j = 0
  for (const { added, removed, count } of changes) {
    if (!added && !removed) for (let n = 0; n < count; n++) matched(left[i + n]!, right[j + n]!)
    if (!added) i += count
    if (!removed) j += count
  }
  matched(a.length - suffix, b.length - suffix)
  return hunks
}

function commonPrefix(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}

function commonSuffix(a: readonly string[], b: readonly string[], prefix: number): number {
  const most = Math.min(a.length, b.length) - prefix
  let length = 0
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++
  return length
}

/** Indices in a[start, end) of the lines that b[otherStart, otherEnd) has too. */
function comparable(
  a: readonly string[],
  start: number,
  end: number,
  b: readonly string[],
  otherStart: number,
  otherEnd: number,
): number[] {
  const known = new Set<string>()
  for (let i = otherStart; i < otherEnd; i++) known.add(b[i]!)
  const indices: number[] = []
  for (let i = start; i < end; i++) if (known.has(a[i]!)) indices.push(i)
  return indices
}
