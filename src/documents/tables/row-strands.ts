// The rows of three versions as strands: which row of each is one row. Rows that both sides inserted are one when they
// have one key, or, without a key, when they are equal and stand at one place; so is a row that both sides moved.
import {
  alignByKey,
  alignInOrder,
  pairReplaced,
  pairInPlace,
  type AlignInput,
  type Alignment,
  Projection,
} from './align.ts'
import { appendKey } from './key-index.ts'
import type { KeyIndexes } from './key-indexes.ts'
import { type InferredKey, keyIndex, placesOf, sideKeys } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import { RowCells } from './row-cells.ts'
import { type Side, Strands } from './strands.ts'
import { TextTable } from './text-table.ts'
import type { Version } from './version.ts'

export interface RowsInput {
  readonly versions: Versions
  readonly lanes: readonly Lane[]
  readonly key: InferredKey | null
  readonly indexes: KeyIndexes
  /** Whether a row whose key was edited is looked for by the rest of its cells. */
  readonly pairsRest: boolean
}

/** Aligns the rows of three versions; null when these differ too much. */
export function rowStrands({ versions, lanes, key, indexes, pairsRest }: RowsInput): Strands | null {
  const { base, ours, theirs } = versions
  const chosen = key === null ? null : chosenRows(versions, key, indexes)
  const inputOf = (side: 'ours' | 'theirs'): AlignInput => ({
    a: { side: 'base', rows: base.rows },
    b: { side, rows: versions[side].rows },
    lanes,
  })
  const align = (side: 'ours' | 'theirs'): Alignment | null => {
    const input = inputOf(side)
    if (key === null) return alignInOrder(input)
    const keys = sideKeys(versions, key.lanes, side, indexes)!
    return alignByKey(input, key, { pairsRest, chosen: chosen?.[side] ?? null, keys })
  }
  const left = align('ours')
  const right = align('theirs')
  if (left === null || right === null) return null
  if (key !== null && pairsRest) {
    const isKept = (side: 'ours' | 'theirs', found: Alignment) => (row: number) =>
      found[row]! >= 0 && isUnedited(versions, lanes, side, [row, found[row]!])
    const kept = { ours: isKept('ours', left.slice()), theirs: isKept('theirs', right.slice()) }
    pairInPlace(inputOf('ours'), key, { found: left, isKept: kept.theirs })
    pairInPlace(inputOf('theirs'), key, { found: right, isKept: kept.ours })
  }
  // One column that is a key is one whatever else the rows share.
  const doubtful =
    key === null || (pairsRest && key.lanes.length > 1)
      ? pairReplaced(inputOf('ours'), inputOf('theirs'), { left, right, hasKey: key !== null })
      : new Set<number>()
  const oursNew = inserted(ours.rows.length, left)
  const theirsNew = inserted(theirs.rows.length, right)
  const partner =
    key === null
      ? equalInsertions({ versions, lanes, left, right, oursNew, theirsNew })
      : sameKeys(versions, key, oursNew, theirsNew)
  return strandsOf({ left, right, oursNew, theirsNew, partner, doubtful })
}

/** The rows of the base, then what ours inserted, then what theirs alone did. */
function strandsOf({
  left,
  right,
  oursNew,
  theirsNew,
  partner,
  doubtful,
}: {
  readonly left: Alignment
  readonly right: Alignment
  readonly oursNew: readonly number[]
  readonly theirsNew: readonly number[]
  readonly partner: ReadonlyMap<number, number>
  readonly doubtful: ReadonlySet<number>
}): Strands {
  const taken = new Set(partner.values())
  const rest = theirsNew.filter((i) => !taken.has(i))
  const count = left.length + oursNew.length + rest.length
  const none = (): Int32Array => new Int32Array(count).fill(-1)
  const [base, ours, theirs] = [none(), none(), none()]
  for (let i = 0; i < left.length; i++) base[i] = i
  ours.set(left)
  theirs.set(right)
  for (const [at, i] of oursNew.entries()) {
    ours[left.length + at] = i
    theirs[left.length + at] = partner.get(i) ?? -1
  }
  theirs.set(rest, left.length + oursNew.length)
  return new Strands({ base, ours, theirs }, doubtful)
}

function isUnedited(
  versions: Versions,
  lanes: readonly Lane[],
  side: 'ours' | 'theirs',
  [before, after]: readonly [number, number],
): boolean {
  const [row, other] = [versions.base.rows.at(before), versions[side].rows.at(after)]
  return lanes.every(
    (lane) => lane.base < 0 || lane[side] < 0 || row.cell(lane.base) === other.cell(lane[side]),
  )
}

type Chosen = Readonly<Record<'ours' | 'theirs', Uint8Array>>

/**
 * Of rows of the base with one key, the one that a side's row is: the one that it still has as it was, or else the other side
 * has, or the first. null: no two have one.
 */
function chosenRows(versions: Versions, key: InferredKey, indexes: KeyIndexes): Chosen | null {
  const { base } = versions
  if (base.rows.length === 0) return null
  if (keyIndex(indexes, base, key.lanes, 'base')?.isDoubled === false) return null
  const count = base.rows.length
  const kept = { ours: new Uint8Array(count), theirs: new Uint8Array(count) }
  for (const side of ['ours', 'theirs'] as const) {
    const texts = new TextTable()
    const appendText = ({ rows }: Version, i: number): TextTable => {
      texts.append(rows.bytes, rows.start(i), rows.end(i))
      return texts
    }
    for (let i = 0; i < versions[side].rows.length; i++) appendText(versions[side], i).add()
    for (let i = 0; i < count; i++) kept[side][i] = Number(appendText(base, i).find() >= 0)
  }
  return {
    ours: firstOfKey(base, key, (i) => 2 * kept.ours[i]! + kept.theirs[i]!),
    theirs: firstOfKey(base, key, (i) => 2 * kept.theirs[i]! + kept.ours[i]!),
  }
}

/** Marks, among rows with one key, the first of those that rank highest. */
function firstOfKey({ rows }: Version, key: InferredKey, rank: (i: number) => number): Uint8Array {
  const places = placesOf(key.lanes, 'base')
  const keys = new TextTable()
  const cells = new RowCells()
  const chosen: number[] = []
  for (let i = 0; i < rows.length; i++) {
    appendKey(keys, cells.set(rows, i), places)
    const number = keys.add()
    const before = chosen[number]
    if (before === undefined || rank(i) > rank(before)) chosen[number] = i
  }
  const isChosen = new Uint8Array(rows.length)
  for (const i of chosen) isChosen[i] = 1
  return isChosen
}

function inserted(count: number, alignment: Alignment): number[] {
  const isKnown = new Uint8Array(count)
  for (const place of alignment) if (place >= 0) isKnown[place] = 1
  const found: number[] = []
  for (let i = 0; i < count; i++) if (isKnown[i] === 0) found.push(i)
  return found
}

/** By inserted row of ours, the one of theirs that has its key. */
function sameKeys(
  { ours, theirs }: Versions,
  key: InferredKey,
  oursNew: readonly number[],
  theirsNew: readonly number[],
): Map<number, number> {
  const partner = new Map<number, number>()
  const keys = new Projection(key.lanes)
  const places = new Map(theirsNew.map((i) => [keys.numberOf(theirs.rows, i, 'theirs'), i]))
  for (const i of oursNew) {
    const found = places.get(keys.numberOf(ours.rows, i, 'ours'))
    if (found !== undefined) partner.set(i, found)
  }
  return partner
}

interface Insertions {
  readonly versions: Versions
  readonly lanes: readonly Lane[]
  readonly left: Alignment
  readonly right: Alignment
  readonly oursNew: readonly number[]
  readonly theirsNew: readonly number[]
}

/** Equal rows behind the same row of the base, in order; and rows that both took away elsewhere. */
function equalInsertions(input: Insertions): Map<number, number> {
  const { versions, lanes, left, right, oursNew, theirsNew } = input
  const shared = lanes.filter((lane) => lane.ours >= 0 && lane.theirs >= 0)
  const rest = new Projection(shared)
  const numberOf = (i: number, side: Side): number => rest.numberOf(versions[side].rows, i, side)
  const removed = new Set<number>()
  for (let i = 0; i < left.length; i++)
    if (left[i] === -1 && right[i] === -1) removed.add(numberOf(i, 'base'))
  const oursGap = gaps(versions.ours.rows.length, left)
  const theirsGap = gaps(versions.theirs.rows.length, right)
  const waiting = new Map<string, number[]>()
  for (const i of theirsNew) {
    const number = numberOf(i, 'theirs')
    const id = `${removed.has(number) ? 'moved' : theirsGap[i]} ${number}`
    const known = waiting.get(id)
    if (known === undefined) waiting.set(id, [i])
    else known.push(i)
  }
  const partner = new Map<number, number>()
  for (const i of oursNew) {
    const number = numberOf(i, 'ours')
    const found = waiting.get(`${removed.has(number) ? 'moved' : oursGap[i]} ${number}`)?.shift()
    if (found !== undefined) partner.set(i, found)
  }
  return partner
}

/** By row of a side, the last row of the base that stands before it. */
function gaps(count: number, alignment: Alignment): Int32Array {
  const baseOf = new Int32Array(count).fill(-1)
  alignment.forEach((row, i) => {
    if (row >= 0) baseOf[row] = i
  })
  for (let i = 1; i < count; i++) if (baseOf[i] === -1) baseOf[i] = baseOf[i - 1]!
  return baseOf
}
