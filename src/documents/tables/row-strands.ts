// The rows of three versions as strands: which row of each is one row. Rows that both sides inserted are one when they
// have one key, or, without a key, when they are equal and stand at one place; so is a row that both sides moved.
import { alignByKey, alignInOrder, pairInPlace, type AlignInput, type Alignment } from './align.ts'
import type { InferredKey } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import type { TableRecord } from './record.ts'
import type { Strand } from './weave.ts'

const separator = '\u001f'

/** null: the versions differ too much to be aligned. */
export function rowStrands(
  versions: Versions,
  lanes: readonly Lane[],
  key: InferredKey | null,
  pairsRest: boolean,
): Strand[] | null {
  const { base, ours, theirs } = versions
  const chosen = key === null ? null : chosenRows(versions, key)
  const inputOf = (side: 'ours' | 'theirs'): AlignInput => ({
    a: { side: 'base', rows: base.rows },
    b: { side, rows: versions[side].rows },
    lanes,
  })
  const align = (side: 'ours' | 'theirs'): Alignment | null => {
    const input = inputOf(side)
    return key === null
      ? alignInOrder(input)
      : alignByKey(input, key, { pairsRest, isChosen: (row) => chosen === null || chosen.has(row) })
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
  const strands: Strand[] = base.rows.map((_, i) => ({ base: i, ours: left[i]!, theirs: right[i]! }))
  const oursNew = inserted(ours.rows.length, left)
  const theirsNew = inserted(theirs.rows.length, right)
  const partner =
    key === null
      ? equalInsertions({ versions, lanes, left, right, oursNew, theirsNew })
      : new Map(sameKeys(versions, key, oursNew, theirsNew))
  const taken = new Set(partner.values())
  for (const i of oursNew) strands.push({ base: -1, ours: i, theirs: partner.get(i) ?? -1 })
  for (const i of theirsNew) if (!taken.has(i)) strands.push({ base: -1, ours: -1, theirs: i })
  return strands
}

function isUnedited(
  versions: Versions,
  lanes: readonly Lane[],
  side: 'ours' | 'theirs',
  [before, after]: readonly [number, number],
): boolean {
  const [row, other] = [versions.base.rows[before]!, versions[side].rows[after]!]
  return lanes.every(
    (lane) => lane.base < 0 || lane[side] < 0 || row.cell(lane.base) === other.cell(lane[side]),
  )
}

/** Of rows of the base with one key, the one that a side still has as it was, or the first; null: all, as none have. */
function chosenRows({ base, ours, theirs }: Versions, key: InferredKey): Set<number> | null {
  const keys = new Set<string>()
  if (base.rows.every((row) => keys.size < keys.add(key.keyOf('base', row)).size)) return null
  const texts = new Set([...ours.rows, ...theirs.rows].map(({ text }) => text))
  const chosen = new Map<string, number>()
  for (const [i, row] of base.rows.entries()) {
    const text = key.keyOf('base', row)
    const before = chosen.get(text)
    if (before === undefined || (!texts.has(base.rows[before]!.text) && texts.has(row.text)))
      chosen.set(text, i)
  }
  return new Set(chosen.values())
}

function inserted(count: number, alignment: Alignment): number[] {
  const isKnown = new Uint8Array(count)
  for (const place of alignment) if (place >= 0) isKnown[place] = 1
  const found: number[] = []
  for (let i = 0; i < count; i++) if (isKnown[i] === 0) found.push(i)
  return found
}

function* sameKeys(
  { ours, theirs }: Versions,
  key: InferredKey,
  oursNew: readonly number[],
  theirsNew: readonly number[],
): Generator<[number, number]> {
  const places = new Map(theirsNew.map((i) => [key.keyOf('theirs', theirs.rows[i]!), i]))
  for (const i of oursNew) {
    const found = places.get(key.keyOf('ours', ours.rows[i]!))
    if (found !== undefined) yield [i, found]
  }
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
  const textOf = (row: TableRecord, side: 'base' | 'ours' | 'theirs'): string =>
    shared.map((lane) => row.cells[lane[side]] ?? '').join(separator)
  const removed = new Set(
    versions.base.rows.filter((_, i) => left[i] === -1 && right[i] === -1).map((row) => textOf(row, 'base')),
  )
  const oursGap = gaps(versions.ours.rows.length, left)
  const theirsGap = gaps(versions.theirs.rows.length, right)
  const waiting = new Map<string, number[]>()
  for (const i of theirsNew) {
    const text = textOf(versions.theirs.rows[i]!, 'theirs')
    const place = removed.has(text) ? 'moved' : String(theirsGap[i])
    const id = `${place}${separator}${text}`
    const known = waiting.get(id)
    if (known === undefined) waiting.set(id, [i])
    else known.push(i)
  }
  const partner = new Map<number, number>()
  for (const i of oursNew) {
    const text = textOf(versions.ours.rows[i]!, 'ours')
    const place = removed.has(text) ? 'moved' : String(oursGap[i])
    const found = waiting.get(`${place}${separator}${text}`)?.shift()
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
