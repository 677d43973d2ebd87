// Which removed and added paths are one thing that moved. A tree keeps no renames; they are guessed when somebody
// looks, as git does it: first by equal content, then, while both sides are few, by likeness. Every path takes part
// in one rename at most.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { Path, TreeDifference, TreeEntry } from './interface.ts'
import { likeness, type Sketch, sketch } from './likeness.ts'

export interface Rename {
  readonly from: Path
  readonly to: Path
  readonly before: TreeEntry
  readonly after: TreeEntry
  /** 1 is the same content. */
  readonly likeness: number
}

export interface Renames {
  readonly renames: readonly Rename[]
  /** The differences that are no part of a rename, in their order. */
  readonly others: readonly TreeDifference[]
}

const likenessMin = 0.5
/** Beyond so many paths on a side only equal content counts: likeness reads every candidate. */
const candidatesMax = 200

interface Side {
  readonly path: Path
  readonly entry: TreeEntry
}

export async function findRenames(
  reader: ObjectReader,
  differences: readonly TreeDifference[],
  options: ReadOptions = {},
): Promise<Renames> {
  const removed: Side[] = []
  const added: Side[] = []
  for (const { path, before, after } of differences) {
    if (before !== null && after === null && canMove(before)) removed.push({ path, entry: before })
    if (before === null && after !== null && canMove(after)) added.push({ path, entry: after })
  }
  const renames = equalPairs(removed, added)
  const left = without(removed, new Set(renames.map(({ from }) => from)))
  const right = without(added, new Set(renames.map(({ to }) => to)))
  if (left.length <= candidatesMax && right.length <= candidatesMax) {
    renames.push(...(await likePairs(reader, left, right, options)))
  }
  const taken = new Set(renames.flatMap(({ from, to }) => [from, to]))
  return { renames, others: differences.filter(({ path }) => !taken.has(path)) }
}

/** Empty files are alike without having anything to do with each other. */
function canMove(entry: TreeEntry): boolean {
  return entry.kind !== 'file' || entry.size > 0
}

function without(sides: readonly Side[], paths: ReadonlySet<Path>): Side[] {
  return sides.filter(({ path }) => !paths.has(path))
}

function equalPairs(removed: readonly Side[], added: readonly Side[]): Rename[] {
  const byContent = new Map<string, Side[]>()
  for (const side of removed) {
    const content = contentOf(side.entry)
    const sides = byContent.get(content)
    if (sides === undefined) byContent.set(content, [side])
    else sides.push(side)
  }
  const renames: Rename[] = []
  for (const to of added) {
    const candidates = byContent.get(contentOf(to.entry)) ?? []
    const sameName = candidates.findIndex(({ path }) => nameOf(path) === nameOf(to.path))
    const [from] = candidates.splice(Math.max(0, sameName), 1)
    if (from !== undefined) renames.push(renameOf(from, to, 1))
  }
  return renames
}

function contentOf(entry: TreeEntry): string {
  return entry.kind === 'symlink' ? `symlink ${String(entry.target)}` : `${entry.kind} ${linkOf(entry)}`
}

function linkOf(entry: Exclude<TreeEntry, { kind: 'symlink' }>): Cid {
  return entry.kind === 'file' ? entry.content : entry.table
}

/** The most alike first; of equals, those with the same name. */
async function likePairs(
  reader: ObjectReader,
  removed: readonly Side[],
  added: readonly Side[],
  options: ReadOptions,
): Promise<Rename[]> {
  if (removed.length === 0 || added.length === 0) return []
  const sketches = await sketchesOf(reader, [...removed, ...added], options)
  const pairs: Rename[] = []
  for (const from of removed) {
    for (const to of added) {
      if (from.entry.kind !== to.entry.kind || from.entry.kind === 'symlink') continue
      const found = likeness(sketches.get(from.path)!, sketches.get(to.path)!)
      if (found >= likenessMin) pairs.push(renameOf(from, to, found))
    }
  }
  const sameName = (pair: Rename): number => Number(nameOf(pair.from) === nameOf(pair.to))
  pairs.sort((a, b) => b.likeness - a.likeness || sameName(b) - sameName(a))
  const taken = new Set<Path>()
  return pairs.filter(({ from, to }) => {
    if (taken.has(from) || taken.has(to)) return false
    taken.add(from).add(to)
    return true
  })
}

async function sketchesOf(
  reader: ObjectReader,
  sides: readonly Side[],
  options: ReadOptions,
): Promise<Map<Path, Sketch>> {
  const sketches = new Map<Path, Sketch>()
  for (const { path, entry } of sides) {
    if (entry.kind !== 'symlink') sketches.set(path, await sketch(reader, linkOf(entry), options))
  }
  return sketches
}

function renameOf(from: Side, to: Side, found: number): Rename {
  return { from: from.path, to: to.path, before: from.entry, after: to.entry, likeness: found }
}

function nameOf(path: Path): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
