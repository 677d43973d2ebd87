// Which rows of two versions are one row. With a key the key tells; a row whose key alone was edited is found by the
// rest of its cells. Without a key rows are aligned in order: equal rows by Myers' algorithm, and between them rows
// that share most of their cells.
import { diffLines } from '../line-diff.ts'
import { appendKey, separator } from './key-index.ts'
import { type InferredKey, placesOf } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Records, TableRecord } from './record.ts'
import { RowCells } from './row-cells.ts'
import type { SideKeys } from './side-keys.ts'
import type { Side } from './strands.ts'
import { TextTable } from './text-table.ts'

/** By row of `a`, the row of `b`, or -1. */
export type Alignment = Int32Array

export interface AlignInput {
  readonly a: { readonly side: Side; readonly rows: Records }
  readonly b: { readonly side: Side; readonly rows: Records }
  readonly lanes: readonly Lane[]
}

const likenessMin = 0.5
const pairingsMax = 250_000

/**
 * `pairsRest`: also rows whose key alone was edited. `keys` are those of `b`. Of base rows with one key the one in `chosen`
 * has the partner; null: all are.
 */
export function alignByKey(
  { a, b, lanes }: AlignInput,
  key: InferredKey,
  {
    pairsRest,
    chosen,
    keys,
  }: { readonly pairsRest: boolean; readonly chosen: Uint8Array | null; readonly keys: SideKeys },
): Alignment {
  const found = new Int32Array(a.rows.length)
  for (let i = 0; i < found.length; i++) {
    found[i] = chosen === null || chosen[i] === 1 ? keys.rowOf(i) : -1
  }
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
  const taken = takenPlaces(found, b.rows.length)
  const rest = new Projection(shared)
  /** By number of the rest: its row in `b`, -1 where it has several; how often it is left in `a`. */
  const byRest: number[] = []
  for (let i = 0; i < b.rows.length; i++) {
    if (taken[i] === 1) continue
    const number = rest.numberOf(b.rows, i, b.side)
    byRest[number] = byRest[number] === undefined ? i : -1
  }
  const seen: number[] = []
  const numbers = left.map((i) => {
    const number = rest.numberOf(a.rows, i, a.side)
    seen[number] = (seen[number] ?? 0) + 1
    return number
  })
  for (const [at, i] of left.entries()) {
    const number = numbers[at]!
    if (seen[number] === 1 && isTelling(a.rows, i, shared, a.side)) found[i] = byRest[number] ?? -1
  }
}

/** Whether there is anything in these cells. */
function isTelling(rows: Records, i: number, lanes: readonly Lane[], side: Side): boolean {
  const row = rows.at(i)
  return lanes.some((lane) => row.cell(lane[side]).replaceAll(separator, '') !== '')
}

function takenPlaces(found: Alignment, count: number): Uint8Array {
  const taken = new Uint8Array(count)
  for (const place of found) if (place >= 0) taken[place] = 1
  return taken
}

/** Rows by what they have in some columns: equal ones have one number, whichever version they are of. */
export class Projection {
  readonly #lanes: readonly Lane[]
  readonly #cells = new RowCells()
  readonly #texts = new TextTable()
  readonly #places = new Map<Side, readonly number[]>()

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes
  }

  numberOf(rows: Records, i: number, side: Side): number {
    let places = this.#places.get(side)
    if (places === undefined) this.#places.set(side, (places = placesOf(this.#lanes, side)))
    appendKey(this.#texts, this.#cells.set(rows, i), places)
    return this.#texts.add()
  }
}

/**
 * A row in the place of one that is gone, equal but for a part of its key: its key was edited. `isKept` tells whether the
 * other side left the row as it was; else a person has to say whether it is one row.
 */
export function pairInPlace(
  { a, b, lanes }: AlignInput,
  key: InferredKey,
  { found, isKept }: { readonly found: Alignment; readonly isKept: (row: number) => boolean },
): void {
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  if (key.lanes.length < 2 || !found.includes(-1)) return
  const taken = takenPlaces(found, b.rows.length)
  const places = placesOfGone(found, b.rows.length)
  for (let i = 0; i < found.length; i++) {
    const place = places[i]!
    if (place < 0 || taken[place] === 1) continue
    const [row, other] = [a.rows.at(i), b.rows.at(place)]
    const isEqual = (lane: Lane): boolean => row.cell(lane[a.side]) === other.cell(lane[b.side])
    const equal = shared.filter(isEqual)
    const isTold = equal.some((lane) => !key.lanes.includes(lane) && row.cell(lane[a.side]) !== '')
    const isRestEqual = shared.every((lane) => key.lanes.includes(lane) || isEqual(lane))
    if (isTold && isRestEqual && key.lanes.some(isEqual) && isKept(i)) found[i] = place
  }
}

/** By row of `a` that is gone, the one in its place: of as many new ones between the same neighbours, in order. Else -1. */
function placesOfGone(found: Alignment, count: number): Int32Array {
  const places = new Int32Array(found.length).fill(-1)
  for (let i = 0; i < found.length; i++) {
    if (found[i] !== -1) continue
    const start = i
    while (i + 1 < found.length && found[i + 1] === -1) i++
    const first = start === 0 ? 0 : found[start - 1]! + 1
    const behind = i + 1 === found.length ? count : found[i + 1]!
    if (behind - first !== i + 1 - start) continue
    for (let at = start; at <= i; at++) places[at] = first + at - start
  }
  return places
}

/**
 * Rows in whose place each side has another one. Where both share most of the cells of what was there, both edited its key
 * and the three are one row; where one of them shares anything, nobody can say whether they are: those rows are given back.
 */
export function pairReplaced(
  ours: AlignInput,
  theirs: AlignInput,
  { left, right, hasKey }: { readonly left: Alignment; readonly right: Alignment; readonly hasKey: boolean },
): Set<number> {
  const doubtful = new Set<number>()
  const [mine, others] = [placesOfGone(left, ours.b.rows.length), placesOfGone(right, theirs.b.rows.length)]
  const [isMine, isOther] = [takenPlaces(left, ours.b.rows.length), takenPlaces(right, theirs.b.rows.length)]
  const both = { a: ours.b, b: theirs.b, lanes: ours.lanes }
  for (let i = 0; i < left.length; i++) {
    const [place, other] = [mine[i]!, others[i]!]
    if (place < 0 || other < 0 || isMine[place] === 1 || isOther[other] === 1) continue
    const like = [likenessOf(ours, i, place), likenessOf(theirs, i, other)]
    const isOne = hasKey && like.every((share) => share > likenessMin)
    if (!isOne && (like.every((share) => share === 0) || likenessOf(both, place, other) === 1)) continue
    left[i] = place
    right[i] = other
    if (!isOne) doubtful.add(i)
  }
  return doubtful
}

/** Likeness of a row of `a` and one of `b`: the share of equal cells among those that either row fills. */
function likenessOf({ a, b, lanes }: AlignInput, i: number, j: number): number {
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  return likeness(a.rows.at(i), b.rows.at(j), shared, a.side, b.side)
}

/** Aligns two versions whose rows lie in the same order; null when they differ too much. */
export function alignInOrder({ a, b, lanes }: AlignInput): Alignment | null {
  const shared = lanes.filter((lane) => lane[a.side] >= 0 && lane[b.side] >= 0)
  const projection = new Projection(shared)
  const numbers = ({ rows, side }: AlignInput['a']): Int32Array => {
    const found = new Int32Array(rows.length)
    for (let i = 0; i < found.length; i++) found[i] = projection.numberOf(rows, i, side)
    return found
  }
  const hunks = diffLines(numbers(a), numbers(b))
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
  // Whoever compares all with all keeps the rows: their cells are taken apart once.
  const keeps = height * width <= pairingsMax
  const rowsOf = ({ rows }: AlignInput['a'], start: number, end: number): TableRecord[] =>
    keeps ? rows.slice(start, end).all() : []
  const [left, right] = [rowsOf(a, aStart, aEnd), rowsOf(b, bStart, bEnd)]
  const like = (i: number, j: number): number =>
    likeness(left[i] ?? a.rows.at(aStart + i), right[j] ?? b.rows.at(bStart + j), lanes, a.side, b.side)
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
