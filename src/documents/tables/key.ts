// The key of a table that nobody declared: columns that all versions have and whose cells are unique and filled in
// ours and theirs (the base may hold a few rows twice that both sides have put right). A single column is preferred
// to the smallest unique set of leading columns, and that to any pair; a name that says "key" or the first place to
// any other column. A key under which the versions have clearly fewer rows in common comes last.
import type { Lane } from './lanes.ts'
import type { TableRecord } from './record.ts'
import type { Version } from './version.ts'

export interface InferredKey {
  readonly lanes: readonly Lane[]
  /** A row's key; rows of all versions with one key are one row. */
  keyOf(side: Side, row: TableRecord): string
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
}

const leadingColumnsMax = 6
const pairColumnsMax = 24
const pairRowsMax = 50_000
/** Share of rows that may have another's key: in the base of a key, and anywhere of a guarded set. */
const doubledMax = 0.1
const guardDoubledMax = 0.02
/** Rows without partner, and their share, by which a key has to be worse than another to lose against it. */
const missingRowsMin = 4
const missingShare = 0.05
const separator = '\u001f'
const keyNames = /(^|[\s_\-.:])(id|key|code|uuid|guid|iri|uri|identifier|accession)$/i

/** null: no columns tell rows apart. */
export function inferKey(versions: KeyVersions, lanes: readonly Lane[]): InferredKey | null {
  const shared = sharedLanes(versions, lanes)
  const isKey = (columns: readonly Lane[]): boolean =>
    isUnique(versions.ours, columns, 'ours', 0) &&
    isUnique(versions.theirs, columns, 'theirs', 0) &&
    (versions.base === null || isUnique(versions.base, columns, 'base', doubledMax))
  const found: Candidate[] = shared
    .filter((lane) => isKey([lane]))
    .map((lane) => ({ lanes: [lane], rank: isKeyLike(lane, shared) ? 0 : 2 }))
  const isFound = found.some(({ rank }) => rank === 0)
  const leading = isFound ? null : leadingSet(shared, isKey)
  if (leading !== null) found.push({ lanes: leading, rank: leading.every(isNamedKey) ? 1 : 3 })
  if (found.length === 0) {
    for (const pair of uniquePairs(versions, shared, isKey)) found.push({ lanes: pair, rank: 4 })
  }
  return found.length === 0 ? null : keyOn(best(found, versions))
}

/**
 * Sets of columns that are as good as unique on both sides, so that a merge must not make a row of another's key:
 * key-like columns, the first one, and leading columns that are named like keys; not the key itself, which is proved.
 */
export function guardedKeys(
  versions: KeyVersions,
  lanes: readonly Lane[],
  key: InferredKey | null,
): InferredKey[] {
  const shared = sharedLanes(versions, lanes)
  const isGuarded = (columns: readonly Lane[]): boolean =>
    (columns.length === 1 || columns.every(isNamedKey)) &&
    (['ours', 'theirs'] as const).every((side) => isUnique(versions[side], columns, side, guardDoubledMax))
  const isTheKey = (columns: readonly Lane[]): boolean =>
    key !== null && columns.length === key.lanes.length && columns.every((lane) => key.lanes.includes(lane))
  const sets = shared
    .filter((lane) => isKeyLike(lane, shared))
    .map((lane) => [lane])
    .filter((columns) => isTheKey(columns) || isGuarded(columns))
  // Where the first column is unique, so is every set that it is in.
  const leading = sets.some(([lane]) => lane === shared[0]) ? null : leadingSet(shared, isGuarded)
  if (leading !== null) sets.push(leading)
  return sets.filter((columns) => !isTheKey(columns)).map(keyOn)
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

function uniquePairs(
  versions: KeyVersions,
  shared: readonly Lane[],
  isKey: (columns: readonly Lane[]) => boolean,
): Lane[][] {
  const { rows } = versions.ours
  if (rows.length > pairRowsMax) return []
  // Only columns with many different cells can make rows unique in pairs.
  const counted = shared
    .map((lane) => ({ lane, count: new Set(rows.map(({ cells }) => cells[lane.ours])).size }))
    .filter(({ count }) => count * count >= rows.length && count > 1)
  const wide = counted.sort((a, b) => b.count - a.count).slice(0, pairColumnsMax)
  const pairs: Lane[][] = []
  for (const [i, a] of wide.entries()) {
    for (const b of wide.slice(i + 1)) {
      if (a.count * b.count < rows.length) continue
      const pair = shared.filter((lane) => lane === a.lane || lane === b.lane)
      if (isKey(pair)) pairs.push(pair)
    }
  }
  return pairs
}

export function isBlank({ text }: TableRecord): boolean {
  return text.trim() === ''
}

function keyOn(lanes: readonly Lane[]): InferredKey {
  const [first] = lanes
  return {
    lanes,
    keyOf: (side, row) =>
      lanes.length === 1 ? row.cell(first![side]) : lanes.map((lane) => row.cell(lane[side])).join(separator),
  }
}

/** Whether at most this share of rows has a key that another row has before them. Blank lines do not count. */
function isUnique({ rows }: Version, columns: readonly Lane[], side: Side, share: number): boolean {
  const key = keyOn(columns)
  const empty = separator.repeat(columns.length - 1)
  const known = new Set<string>()
  let twice = 0
  for (const row of rows) {
    const text = key.keyOf(side, row)
    if (text === empty) {
      if (isBlank(row)) continue
      return false
    }
    if (known.size === known.add(text).size && ++twice > rows.length * share) return false
  }
  return known.size > 0
}

function best(candidates: readonly Candidate[], versions: KeyVersions): readonly Lane[] {
  if (candidates.length === 1) return candidates[0]!.lanes
  const rows = Math.max(versions.ours.rows.length, versions.theirs.rows.length)
  const scored = candidates.map(({ lanes, rank }, i) => ({
    lanes,
    missing: missingRows(keyOn(lanes), versions),
    rank,
    i,
  }))
  const least = Math.min(...scored.map(({ missing }) => missing))
  const most = least + Math.max(missingRowsMin, rows * missingShare)
  const good = scored.filter(({ missing }) => missing <= most)
  good.sort((a, b) => a.rank - b.rank || a.missing - b.missing || a.i - b.i)
  return good[0]!.lanes
}

/** Rows of the base that have no partner, over both sides. */
function missingRows(key: InferredKey, { base, ours, theirs }: KeyVersions): number {
  const keys = (side: Side, version: Version): Set<string> =>
    new Set(version.rows.map((row) => key.keyOf(side, row)))
  const own = { ours: keys('ours', ours), theirs: keys('theirs', theirs) }
  const from = base === null ? own.ours : keys('base', base)
  let missing = 0
  for (const side of base === null ? [own.theirs] : [own.ours, own.theirs]) {
    let common = 0
    for (const one of side) if (from.has(one)) common++
    missing += from.size - common
  }
  return missing
}
