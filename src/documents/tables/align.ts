// Which rows of two versions are one row. With a key the key tells; a row whose key alone was edited is found by the
// rest of its cells. Without a key rows are aligned in order: equal rows by Myers' algorithm, and between them rows
// that share most of their cells.
import { diffLines } from '../line-diff.ts'
import type { InferredKey } from './key.ts'
import type { Lane } from './lanes.ts'
import type { TableRecord } from './record.ts'

type Side = 'base' | 'ours' | 'theirs'

/** By row of `a`, the row of `b`, or -1. */
export type Alignment = Int32Array

export interface AlignInput {
  readonly a: { readonly side: Side; readonly rows: readonly TableRecord[] }
  readonly b: { readonly side: Side; readonly rows: readonly TableRecord[] }
  readonly lanes: readonly Lane[]
}

const likenessMin = 0.5
const pairingsMax = 250_000
const separator = '\u001f'

/** `pairsRest`: also rows whose key alone was edited. Of base rows with one key the one in `isChosen` has the partner. */
export function alignByKey(
  { a, b, lanes }: AlignInput,
  key: InferredKey,
  { pairsRest, isChosen }: { readonly pairsRest: boolean; readonly isChosen: (row: number) => boolean },
): Alignment {
  const places = new Map(b.rows.map((row, i) => [key.keyOf(b.side, row), i]))
  const found = Int32Array.from(a.rows, (row, i) =>
    isChosen(i) ? (places.get(key.keyOf(a.side, row)) ?? -1) : -1,
  )
  const others = lanes.filter((lane) => !key.lanes.includes(lane))
  if (pairsRest) pairByRest({ a, b, lanes: others }, found)
  return found
}

/** Rows left over on both sides that are equal but for the key, and like no other. */
function pairByRest(input: AlignInput, found: Alignment): void {
  const { a, b, lanes } = input
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  const left: number[] = []
  found.forEach((place, i) => {
    if (place === -1) left.push(i)
  })
  if (left.length === 0 || shared.length < 2) return
  const taken = new Set(found)
  const byRest = new Map<string, number>()
  for (const [i, row] of b.rows.entries()) {
    if (taken.has(i)) continue
    const rest = projected(row, shared, b.side)
    byRest.set(rest, byRest.has(rest) ? -1 : i)
  }
  const seen = new Map<string, number>()
  for (const i of left) {
    const rest = projected(a.rows[i]!, shared, a.side)
    seen.set(rest, (seen.get(rest) ?? 0) + 1)
  }
  for (const i of left) {
    const rest = projected(a.rows[i]!, shared, a.side)
    const isTelling = rest.replaceAll(separator, '').length > 0
    if (isTelling && seen.get(rest) === 1) found[i] = byRest.get(rest) ?? -1
  }
}

/**
 * A row alone between two that stay, equal but for a part of its key: its key was edited. `isKept` tells whether the
 * other side left the row as it was; else a person has to say whether it is one row.
 */
export function pairInPlace(
  { a, b, lanes }: AlignInput,
  key: InferredKey,
  { found, isKept }: { readonly found: Alignment; readonly isKept: (row: number) => boolean },
): void {
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  if (key.lanes.length < 2 || !found.includes(-1)) return
  const taken = new Set(found)
  for (let i = 0; i < found.length; i++) {
    const place = i === 0 ? 0 : found[i - 1]! + 1
    const behind = i === found.length - 1 ? b.rows.length : found[i + 1]!
    if (found[i] !== -1 || behind !== place + 1 || (i > 0 && place === 0) || taken.has(place)) continue
    const [row, other] = [a.rows[i]!, b.rows[place]!]
    const isEqual = (lane: Lane): boolean => row.cell(lane[a.side]) === other.cell(lane[b.side])
    const equal = shared.filter(isEqual)
    const isTelling = equal.some((lane) => !key.lanes.includes(lane) && row.cell(lane[a.side]) !== '')
    const isRestEqual = shared.every((lane) => key.lanes.includes(lane) || isEqual(lane))
    if (isTelling && isRestEqual && key.lanes.some(isEqual) && isKept(i)) found[i] = place
  }
}

/** null: the two differ too much. */
export function alignInOrder({ a, b, lanes }: AlignInput): Alignment | null {
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  const hunks = diffLines(
    a.rows.map((row) => projected(row, shared, a.side)),
    b.rows.map((row) => projected(row, shared, b.side)),
  )
  if (hunks === null) return null
  const found = new Int32Array(a.rows.length).fill(-1)
  let shift = 0
  let at = 0
  for (const { aStart, aEnd, bStart, bEnd } of hunks) {
    for (; at < aStart; at++) found[at] = at + shift
    pairAlike({ a, b, lanes: shared }, { aStart, aEnd, bStart, bEnd }, found)
    at = aEnd
    shift = bEnd - aEnd
  }
  for (; at < a.rows.length; at++) found[at] = at + shift
  return found
}

function projected({ cells }: TableRecord, lanes: readonly Lane[], side: Side): string {
  return lanes.map((lane) => cells[lane[side]] ?? '').join(separator)
}

interface Range {
  readonly aStart: number
  readonly aEnd: number
  readonly bStart: number
  readonly bEnd: number
}

/** Pairs rows in order so that the sum of their likeness is greatest (Needleman and Wunsch, 1970). */
function pairAlike(input: AlignInput, { aStart, aEnd, bStart, bEnd }: Range, found: Alignment): void {
  const [height, width] = [aEnd - aStart, bEnd - bStart]
  if (height === 0 || width === 0) return
  const { a, b, lanes } = input
  const like = (i: number, j: number): number =>
    likeness(a.rows[aStart + i]!, b.rows[bStart + j]!, lanes, a.side, b.side)
  if (height * width > pairingsMax) {
    if (height !== width) return
    for (let i = 0; i < height; i++) if (like(i, i) > likenessMin) found[aStart + i] = bStart + i
    return
  }
  const sums = new Float64Array((height + 1) * (width + 1))
  const pairs = new Float64Array(height * width)
  for (let i = height - 1; i >= 0; i--) {
    for (let j = width - 1; j >= 0; j--) {
      const one = like(i, j)
      pairs[i * width + j] = one
      const down = sums[(i + 1) * (width + 1) + j]!
      const right = sums[i * (width + 1) + j + 1]!
      const both = one > likenessMin ? one + sums[(i + 1) * (width + 1) + j + 1]! : 0
      sums[i * (width + 1) + j] = Math.max(down, right, both)
    }
  }
  for (let i = 0, j = 0; i < height && j < width;) {
    const here = sums[i * (width + 1) + j]!
    const one = pairs[i * width + j]!
    if (one > likenessMin && here === one + sums[(i + 1) * (width + 1) + j + 1]!) {
      found[aStart + i++] = bStart + j++
    } else if (here === sums[(i + 1) * (width + 1) + j]!) i++
    else j++
  }
}

/** Share of equal cells among those that either row fills. */
function likeness(a: TableRecord, b: TableRecord, lanes: readonly Lane[], aSide: Side, bSide: Side): number {
  let [equal, all] = [0, 0]
  for (const lane of lanes) {
    const [left, right] = [a.cells[lane[aSide]] ?? '', b.cells[lane[bSide]] ?? '']
    if (left === '' && right === '') continue
    all++
    if (left === right) equal++
  }
  return all === 0 ? 1 : equal / all
}
