// The key of a table that nobody declared: columns that all versions have and whose cells are unique and filled in
// ours and theirs (the base may hold a few rows twice that both sides have put right). A single column is preferred
// to the smallest unique set of leading columns, and that to any pair; a name that says "key" or the first place to
// any other column. A key under which the versions have clearly fewer rows in common comes last.
import type { KeyIndex } from './key-index.ts'
import type { KeyIndexes } from './key-indexes.ts'
import type { Lane } from './lanes.ts'
import { RowCells } from './row-cells.ts'
import { TextTable } from './text-table.ts'
import { indexedKeys, type SideKeys, twinKeys } from './side-keys.ts'
import type { Version } from './version.ts'

/** Rows of all versions that have the same cells there are one row. */
export interface InferredKey {
  readonly lanes: readonly Lane[]
}

export interface KeyVersions {
  readonly base: Version | null
  readonly ours: Version
  readonly theirs: Version
}

type Side = 'base' | 'ours' | 'theirs'

interface Candidate {
  readonly lanes: readonly Lane[]
  readonly rank: number
  /** Rows that it leaves without a partner, where that is known already. */
  readonly missing: number | null
}

const leadingColumnsMax = 6
const pairColumnsMax = 24
const pairRowsMax = 50_000
const indexedCellsMax = 1 << 20
/**
 * For each set of columns, rows that are not in both are taken apart anew; from so many sets on, indexes that share
 * that work are better.
 */
const setsByTwinsMax = 64
/** Share of rows that the base has not as they are, up to which they are looked at one by one. */
const twinlessMax = 0.1
/** Share of rows that may have another's key: in the base of a key, and anywhere of a guarded set. */
const doubledMax = 0.1
const guardDoubledMax = 0.02
/** Rows without partner, and their share, by which a key has to be worse than another to lose against it. */
const missingRowsMin = 4
const missingShare = 0.05
const keyNames = /(^|[\s_\-.:])(id|key|code|uuid|guid|iri|uri|identifier|accession)$/i

/** Finds columns that tell rows apart; null when there are none. */
export function inferKey(
  versions: KeyVersions,
  lanes: readonly Lane[],
  indexes: KeyIndexes,
): InferredKey | null {
  const shared = sharedLanes(versions, lanes)
  const isKey = (columns: readonly Lane[]): boolean => keysAmong(versions, [columns], indexes).length > 0
  const singles = (isLike: boolean): Candidate[] => {
    const columns = shared.filter((lane) => isKeyLike(lane, shared) === isLike).map((lane) => [lane])
    return keysAmong(versions, columns, indexes).map((key) => ({ ...key, rank: isLike ? 0 : 2 }))
  }
  const found = singles(true)
  const isFound = found.length > 0
  // Nothing that ranks lower wins against a column that leaves few rows without a partner, so nothing else is looked at.
  const certain = isFound ? best(found, versions, indexes) : null
  if (certain !== null && certain.missing <= missingMax(versions)) return { lanes: certain.lanes }
  found.push(...singles(false))
  const leading = isFound ? null : leadingSet(shared, isKey)
  if (leading !== null) found.push({ lanes: leading, rank: leading.every(isNamedKey) ? 1 : 3, missing: null })
  if (found.length === 0) {
    const pairs = uniquePairs(versions, shared)
    for (const key of keysAmong(versions, pairs, indexes)) found.push({ ...key, rank: 4 })
  }
  return found.length === 0 ? null : { lanes: best(found, versions, indexes).lanes }
}

/** Which sets of columns tell all rows apart; with several of them, what each leaves without a partner. */
function keysAmong(
  versions: KeyVersions,
  sets: readonly (readonly Lane[])[],
  indexes: KeyIndexes,
): Omit<Candidate, 'rank'>[] {
  const among = (side: Side, columns: readonly (readonly Lane[])[]): readonly (readonly Lane[])[] => {
    const version = versions[side]
    if (version === null) return columns
    const known = columns.map((one) =>
      columns.length > setsByTwinsMax ? undefined : keysByTwins(versions, one, side, indexes),
    )
    const open = columns.filter((_, i) => known[i] === undefined)
    const places = open.map((one) => placesOf(one, side))
    const unique = indexes.uniqueAmong(version.rows, places, twiceMaxOf(version, side))
    const isUnique = new Map(open.map((one, i) => [one, unique[i] !== null]))
    return columns.filter((one, i) => isUnique.get(one) ?? known[i] !== null)
  }
  const likely = among('ours', sets)
  const found: Omit<Candidate, 'rank'>[] = []
  // As many at once as there is memory for; all share the work of taking rows apart.
  const most = Math.max(1, Math.floor(indexedCellsMax / versions.ours.rows.length))
  for (let at = 0; at < likely.length; at += most) {
    const some = among('base', among('theirs', among('ours', likely.slice(at, at + most))))
    for (const columns of some) {
      const missing = likely.length === 1 ? null : missingRows(columns, versions, indexes, likely.length)
      found.push({ lanes: columns, missing })
    }
  }
  return found
}

/**
 * Sets of columns that are as good as unique on both sides, so that a merge must not make a row of another's key:
 * key-like columns, the first one, and leading columns that are named like keys; not the key itself, which is proved.
 */
export function guardedKeys(
  versions: KeyVersions,
  lanes: readonly Lane[],
  key: InferredKey | null,
  indexes: KeyIndexes,
): InferredKey[] {
  const shared = sharedLanes(versions, lanes)
  const isGuarded = (columns: readonly Lane[]): boolean =>
    (columns.length === 1 || columns.every(isNamedKey)) &&
    (['ours', 'theirs'] as const).every((side) => isGuardedIn(indexes, versions[side], columns, side))
  const isTheKey = (columns: readonly Lane[]): boolean =>
    key !== null && columns.length === key.lanes.length && columns.every((lane) => key.lanes.includes(lane))
  const sets = shared
    .filter((lane) => isKeyLike(lane, shared))
    .map((lane) => [lane])
    .filter((columns) => isTheKey(columns) || isGuarded(columns))
  // Where the first column is unique, so is every set that it is in.
  const leading = sets.some(([lane]) => lane === shared[0]) ? null : leadingSet(shared, isGuarded)
  if (leading !== null) sets.push(leading)
  return sets.filter((columns) => !isTheKey(columns)).map((columns) => ({ lanes: columns }))
}

function sharedLanes({ base }: KeyVersions, lanes: readonly Lane[]): Lane[] {
  return lanes.filter((lane) => lane.ours >= 0 && lane.theirs >= 0 && (base === null || lane.base >= 0))
}

function isNamedKey({ name }: Lane): boolean {
  return keyNames.test(name)
}

function isKeyLike(lane: Lane, shared: readonly Lane[]): boolean {
  return lane === shared[0] || isNamedKey(lane)
}

function leadingSet(shared: readonly Lane[], isKey: (columns: readonly Lane[]) => boolean): Lane[] | null {
  for (let count = 2; count <= Math.min(leadingColumnsMax, shared.length); count++) {
    const columns = shared.slice(0, count)
    if (isKey(columns)) return columns
  }
  return null
}

/** Pairs of columns that may be unique together. */
function uniquePairs(versions: KeyVersions, shared: readonly Lane[]): Lane[][] {
  const { rows } = versions.ours
  if (rows.length > pairRowsMax) return []
  // Only columns with many different cells can make rows unique in pairs.
  const counts = differentCells(versions.ours, shared)
  const counted = shared
    .map((lane, i) => ({ lane, count: counts[i]! }))
    .filter(({ count }) => count * count >= rows.length && count > 1)
  const wide = counted.sort((a, b) => b.count - a.count).slice(0, pairColumnsMax)
  const pairs: Lane[][] = []
  for (const [i, a] of wide.entries()) {
    for (const b of wide.slice(i + 1)) {
      if (a.count * b.count < rows.length) continue
      pairs.push(shared.filter((lane) => lane === a.lane || lane === b.lane))
    }
  }
  return pairs
}

/** For each column, how many different cells it has. A row that ends before it counts as one more. */
function differentCells({ rows }: Version, shared: readonly Lane[]): number[] {
  const cells = new RowCells()
  const columns = shared.map(({ ours }) => ({ place: ours, texts: new TextTable(), isShort: false }))
  for (let i = 0; i < rows.length; i++) {
    cells.set(rows, i)
    for (const column of columns) {
      if (column.place >= cells.count) column.isShort = true
      else {
        cells.appendValue(column.texts, column.place)
        column.texts.add()
      }
    }
  }
  return columns.map(({ texts, isShort }) => texts.size + Number(isShort))
}

/** An index of the rows by these columns; null when they are not a key. */
export function keyIndex(
  indexes: KeyIndexes,
  version: Version,
  columns: readonly Lane[],
  side: Side,
): KeyIndex | null {
  return indexes.unique(version.rows, placesOf(columns, side), twiceMaxOf(version, side))
}

/** The keys of a side by these columns; null when they are not a key. */
export function sideKeys(
  versions: KeyVersions & { readonly base: Version },
  columns: readonly Lane[],
  side: 'ours' | 'theirs',
  indexes: KeyIndexes,
): SideKeys | null {
  const known = keysByTwins(versions, columns, side, indexes)
  if (known !== undefined) return known
  const index = keyIndex(indexes, versions[side], columns, side)
  return index === null ? null : indexedKeys(index, versions.base.rows, placesOf(columns, 'base'))
}

/**
 * The keys of a side, from rows that stand in the base as well; undefined when too little is known of these columns.
 */
function keysByTwins(
  { base, ...sides }: KeyVersions,
  columns: readonly Lane[],
  side: Side,
  indexes: KeyIndexes,
): SideKeys | null | undefined {
  if (base === null || side === 'base') return undefined
  const { rows, twins } = sides[side]
  if (twins === null || rows.length - twins.count > rows.length * twinlessMax) return undefined
  if (columns.some((lane) => lane.base !== lane[side])) return undefined
  // Mostly the base has a cell twice soon, where it is not unique.
  const index = indexes.unique(base.rows, placesOf(columns, 'base'), 0)
  return index === null ? undefined : twinKeys(index, rows, twins)
}

function twiceMaxOf({ rows }: Version, side: Side): number {
  return side === 'base' ? rows.length * doubledMax : 0
}

function isGuardedIn(indexes: KeyIndexes, { rows }: Version, columns: readonly Lane[], side: Side): boolean {
  return indexes.unique(rows, placesOf(columns, side), rows.length * guardDoubledMax) !== null
}

export function placesOf(lanes: readonly Lane[], side: Side): number[] {
  return lanes.map((lane) => lane[side])
}

interface Scored {
  readonly lanes: readonly Lane[]
  readonly missing: number
}

function best(candidates: readonly Candidate[], versions: KeyVersions, indexes: KeyIndexes): Scored {
  const scored = candidates.map(({ lanes, rank, missing }, i) => ({
    lanes,
    missing: missing ?? missingRows(lanes, versions, indexes, candidates.length),
    rank,
    i,
  }))
  const most = Math.min(...scored.map(({ missing }) => missing)) + missingMax(versions)
  const good = scored.filter(({ missing }) => missing <= most)
  good.sort((a, b) => a.rank - b.rank || a.missing - b.missing || a.i - b.i)
  return good[0]!
}

/** By how many rows without a partner a key may be worse than another and still win against it. */
function missingMax({ ours, theirs }: KeyVersions): number {
  return Math.max(missingRowsMin, Math.max(ours.rows.length, theirs.rows.length) * missingShare)
}

/** Rows of the base that have no partner, over both sides; one of `sets` sets of columns that are asked about. */
function missingRows(
  columns: readonly Lane[],
  versions: KeyVersions,
  indexes: KeyIndexes,
  sets: number,
): number {
  const { base, ours, theirs } = versions
  if (base === null) {
    const from = keyIndex(indexes, ours, columns, 'ours')!
    return from.size - keyIndex(indexes, theirs, columns, 'theirs')!.common(from)
  }
  const from = keyIndex(indexes, base, columns, 'base')!
  let missing = 0
  for (const side of ['ours', 'theirs'] as const) {
    const keys =
      sets > setsByTwinsMax
        ? keyIndex(indexes, versions[side], columns, side)!
        : sideKeys({ ...versions, base }, columns, side, indexes)!
    missing += from.size - keys.common(from)
  }
  return missing
}
