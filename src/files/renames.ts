// Which removed and added paths are one thing that moved. A tree keeps no renames; they are guessed when somebody
// looks, as git does it: first by equal content, then, while both sides are few, by likeness. Every path takes part
// in one rename at most.
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue, isTurnOver } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { Path, TreeDifference, TreeEntry } from './interface.ts'
import { similarity, type Sketch, sketch } from './similarity.ts'

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

const likenessDefault = 0.5
/** Beyond so many paths on a side only equal content counts: likeness reads every candidate. */
const candidatesMax = 200

interface Side {
  readonly path: Path
  readonly entry: TreeEntry
}

/** Pairs paths of equal content only, so nothing has to be read. */
export function findMoves(differences: readonly TreeDifference[]): Renames {
  const [removed, added] = candidates(differences)
  return apart(differences, equalPairs(removed, added))
}

export interface RenameOptions extends ReadOptions {
  /** How alike two files have to be: 1 is the same content. Default: a half. */
  readonly likenessMin?: number | undefined
}

export async function findRenames(
  reader: ObjectReader,
  differences: readonly TreeDifference[],
  options: RenameOptions = {},
): Promise<Renames> {
  const { renames, others } = findMoves(differences)
  if (options.likenessMin === 1) return { renames, others }
  const [removed, added] = candidates(others)
  if (removed.length > candidatesMax || added.length > candidatesMax) return { renames, others }
  return apart(differences, [...renames, ...(await likePairs(reader, removed, added, options))])
}

function apart(differences: readonly TreeDifference[], renames: readonly Rename[]): Renames {
  const taken = new Set(renames.flatMap(({ from, to }) => [from, to]))
  return { renames, others: differences.filter(({ path }) => !taken.has(path)) }
}

function candidates(differences: readonly TreeDifference[]): [removed: Side[], added: Side[]] {
  const removed: Side[] = []
  const added: Side[] = []
  for (const { path, before, after } of differences) {
    if (before !== null && after === null && canMove(before)) removed.push({ path, entry: before })
    if (before === null && after !== null && canMove(after)) added.push({ path, entry: after })
  }
  return [removed, added]
}

/** Whether an entry can have been moved. Empty files are alike without having anything to do with each other. */
function canMove(entry: TreeEntry): boolean {
  return entry.kind !== 'file' || entry.size > 0
}

/** Those that kept their name first; of the rest, the first with the first. */
function equalPairs(removed: readonly Side[], added: readonly Side[]): Rename[] {
  const renames: Rename[] = []
  const taken = new Set<Path>()
  for (const likeOf of [contentAndName, contentOf]) {
    const waiting = new Map<string, Side[]>()
    for (const side of removed.toReversed()) {
      if (taken.has(side.path)) continue
      const sides = waiting.get(likeOf(side))
      if (sides === undefined) waiting.set(likeOf(side), [side])
      else sides.push(side)
    }
    for (const to of added) {
      const from = taken.has(to.path) ? undefined : waiting.get(likeOf(to))?.pop()
      if (from === undefined) continue
      renames.push(renameOf(from, to, 1))
      taken.add(from.path).add(to.path)
    }
  }
  return renames
}

function contentAndName(side: Side): string {
  return `${contentOf(side)} ${nameOf(side.path)}`
}

function contentOf({ entry }: Side): string {
  return entry.kind === 'symlink' ? `symlink ${String(entry.target)}` : `${entry.kind} ${linkOf(entry)}`
}

function linkOf(entry: Exclude<TreeEntry, { kind: 'symlink' }>): Cid {
  return entry.kind === 'file' ? entry.content : entry.table
}

/** Pairs of paths with similar content: the most alike first; among equals, those of the same name. */
async function likePairs(
  reader: ObjectReader,
  removed: readonly Side[],
  added: readonly Side[],
  { likenessMin = likenessDefault, ...options }: RenameOptions,
): Promise<Rename[]> {
  if (removed.length === 0 || added.length === 0) return []
  const sketches = await sketchesOf(reader, [...removed, ...added], options)
  const pairs: Rename[] = []
  for (const from of removed) {
    for (const to of added) {
      if (isTurnOver()) await yieldIfDue()
      throwIfAborted(options.signal)
      if (from.entry.kind !== to.entry.kind || from.entry.kind === 'symlink') continue
      const found = similarity(sketches.get(from.path)!, sketches.get(to.path)!)
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
    if (isTurnOver()) await yieldIfDue()
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
