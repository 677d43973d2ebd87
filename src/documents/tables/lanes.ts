// Which columns of three versions are one column. Names tell; a name that a side no longer has is looked for by
// content among the columns that are new there: a renamed column holds (nearly) the same cells. Without a header the
// places tell.
import type { Records } from './record.ts'
import { RowCells } from './row-cells.ts'
import type { Version } from './version.ts'

export interface VersionsOf<T> {
  readonly base: T
  readonly ours: T
  readonly theirs: T
}

/** One column through the merge: its places in the versions, -1 where it is not. */
export interface Lane extends VersionsOf<number> {
  readonly name: string
}

/** Share of equal cells from which on a column counts as renamed; less is enough where it kept its place. */
const likenessMin = 0.8
const likenessInPlaceMin = 0.5
const sampleRows = 5000

export function lanesOf(base: Version | null, ours: Version, theirs: Version): Lane[] {
  if (base === null) {
    const partner = partners(ours, theirs)
    return [
      ...range(ours.width).map((i) => ({ base: -1, ours: i, theirs: partner[i]!, name: nameAt(ours, i) })),
      ...range(theirs.width)
        .filter((i) => !partner.includes(i))
        .map((i) => ({ base: -1, ours: -1, theirs: i, name: nameAt(theirs, i) })),
    ]
  }
  const left = partners(base, ours)
  const right = partners(base, theirs)
  const lanes: Lane[] = range(base.width).map((i) => ({
    base: i,
    ours: left[i]!,
    theirs: right[i]!,
    name: mergedName(nameAt(base, i), nameAt(ours, left[i]!), nameAt(theirs, right[i]!)),
  }))
  const [leftNew, rightNew] = [newColumns(ours, left), newColumns(theirs, right)]
  const added = new Map(leftNew.map((i) => [nameAt(ours, i), { base: -1, ours: i, theirs: -1 }]))
  for (const i of rightNew) {
    const name = nameAt(theirs, i)
    added.set(name, { base: -1, ours: added.get(name)?.ours ?? -1, theirs: i })
  }
  return [...lanes, ...[...added].map(([name, strand]) => ({ ...strand, name }))]
}

function mergedName(base: string, ours: string, theirs: string): string {
  if (ours === '' || theirs === '') return ours || theirs || base
  return ours === base ? theirs : ours
}

export function nameAt({ names }: Version, place: number): string {
  return place < 0 ? '' : (names[place] ?? `column ${place + 1}`)
}

function newColumns(side: Version, partner: readonly number[]): number[] {
  const known = new Set(partner)
  return range(side.width).filter((i) => !known.has(i))
}

/** For each column of `a` its place in `b`, or -1. */
function partners(a: Version, b: Version): number[] {
  if (a.header === null || b.header === null) {
    return range(a.width).map((i) => (i < b.width ? i : -1))
  }
  const byName = new Map(b.names.map((name, i) => [name, i]))
  const found = range(a.width).map((i) =>
    // Cells beyond the header belong to nobody; they keep their distance from it.
    i < a.names.length ? (byName.get(a.names[i]!) ?? -1) : beyond(i, a, b),
  )
  const missing = range(a.names.length).filter((i) => found[i] === -1)
  if (missing.length === 0) return found
  const taken = new Set(found)
  const fresh = range(b.names.length).filter((i) => !taken.has(i))
  for (const [from, to] of renamed(a, b, { missing, fresh, found })) found[from] = to
  return found
}

function beyond(place: number, a: Version, b: Version): number {
  const at = place - a.names.length + b.names.length
  return at < b.width ? at : -1
}

/** Pairs of columns that are one under two names: the best of each other, and alike enough. */
function renamed(
  a: Version,
  b: Version,
  columns: { missing: readonly number[]; fresh: readonly number[]; found: readonly number[] },
): [number, number][] {
  const pairs: { from: number; to: number; likeness: number; isInPlace: boolean }[] = []
  for (const from of columns.missing) {
    const counts = valueCounts(a.rows, from)
    for (const to of columns.fresh) {
      const isInPlace = sameNeighbour(from, to, columns.found, a, b)
      const likeness = likenessOf(counts, valueCounts(b.rows, to), isInPlace)
      if (likeness >= (isInPlace ? likenessInPlaceMin : likenessMin))
        pairs.push({ from, to, likeness, isInPlace })
    }
  }
  pairs.sort((x, y) => Number(y.isInPlace) - Number(x.isInPlace) || y.likeness - x.likeness)
  const result: [number, number][] = []
  const used = new Set<string>()
  for (const { from, to } of pairs) {
    if (used.has(`a${from}`) || used.has(`b${to}`)) continue
    used.add(`a${from}`).add(`b${to}`)
    result.push([from, to])
  }
  return result
}

function sameNeighbour(from: number, to: number, found: readonly number[], a: Version, b: Version): boolean {
  const isBefore = from === 0 ? to === 0 : found[from - 1] === to - 1
  const isBehind = from === a.names.length - 1 ? to === b.names.length - 1 : found[from + 1] === to + 1
  return isBefore || isBehind
}

function valueCounts(rows: Records, column: number): Map<string, number> {
  const counts = new Map<string, number>()
  const cells = new RowCells()
  for (let i = 0; i < Math.min(rows.length, sampleRows); i++) {
    const value = cells.set(rows, i, column + 1).value(column)
    if (value !== '') counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}

/** Share of the filled cells. Columns of one or two values are alike by chance: they count in their place only. */
function likenessOf(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
  isInPlace: boolean,
): number {
  if (!isInPlace && Math.min(a.size, b.size) <= 2) return 0
  if (a.size === 0 && b.size === 0) return 1
  let [common, all] = [0, 0]
  for (const [value, count] of a) {
    common += Math.min(count, b.get(value) ?? 0)
    all += count
  }
  let others = 0
  for (const count of b.values()) others += count
  return common / Math.max(1, Math.min(all, others))
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
