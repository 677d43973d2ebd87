// Walks over the commit graph: newest first, each commit once, in batches. Generation numbers cut the walks short, and
// all of them end where history was not fetched (horizon.ts).
import { throwIfAborted } from '../base/errors.ts'
import type { CommitCid } from '../encoding/cid.ts'
import type { ObjectReader } from '../store/interface.ts'
import { readCommits } from './commit.ts'
import { commitsLeftOut } from './horizon.ts'
import type { Commit } from './interface.ts'

export interface WalkOptions {
  /** Commits that these reach are left out. */
  readonly exclude?: readonly CommitCid[]
  readonly firstParent?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Commits that `from` reaches and `exclude` does not: children before parents, and among those newest first. */
export async function* walkCommits(
  reader: ObjectReader,
  from: readonly CommitCid[],
  options: WalkOptions = {},
): AsyncGenerator<Commit> {
  const beyond = await commitsLeftOut(reader)
  const frontier = new Frontier(beyond)
  const excluded = new Set<CommitCid>(options.exclude)
  await frontier.add(reader, [...from, ...excluded])
  const wanted = new Set(from.filter((cid) => !excluded.has(cid)))
  while (wanted.size > 0) {
    throwIfAborted(options.signal)
    const commit = frontier.take()
    if (commit === undefined) return
    const parents = options.firstParent === true ? commit.parents.slice(0, 1) : commit.parents
    await frontier.add(reader, excluded.has(commit.cid) ? commit.parents : parents)
    if (excluded.has(commit.cid)) {
      for (const parent of commit.parents) {
        excluded.add(parent)
        wanted.delete(parent)
      }
      continue
    }
    wanted.delete(commit.cid)
    for (const parent of parents) if (!excluded.has(parent) && !beyond.has(parent)) wanted.add(parent)
    yield commit
  }
}

/** Commits seen but not yet walked, largest generation first, then newest, then by name: a stable order. */
class Frontier {
  readonly #seen: Set<CommitCid>
  readonly #heap: Commit[] = []

  /** `beyond`: commits to be passed over. */
  constructor(beyond: ReadonlySet<CommitCid>) {
    this.#seen = new Set(beyond)
  }

  async add(reader: ObjectReader, cids: readonly CommitCid[]): Promise<void> {
    const fresh = [...new Set(cids)].filter((cid) => !this.#seen.has(cid))
    if (fresh.length === 0) return
    for (const cid of fresh) this.#seen.add(cid)
    for (const commit of await readCommits(reader, fresh)) {
      let at = this.#heap.length
      this.#heap.push(commit)
      while (at > 0 && isBefore(commit, this.#heap[at - 1]!)) {
        this.#heap[at] = this.#heap[at - 1]!
        at--
      }
      this.#heap[at] = commit
    }
  }

  take(): Commit | undefined {
    return this.#heap.shift()
  }
}

/** Whether a walk comes to `a` first: an ancestor always comes later. */
export function isBefore(a: Commit, b: Commit): boolean {
  if (a.generation !== b.generation) return a.generation > b.generation
  if (a.committer.timeMs !== b.committer.timeMs) return a.committer.timeMs > b.committer.timeMs
  return a.cid < b.cid
}

/** Along first parents, oldest first, without `older`; null where that way does not lead there. */
export async function firstParentsAfter(
  reader: ObjectReader,
  older: CommitCid,
  newer: CommitCid,
): Promise<Commit[] | null> {
  if ((await reader.has([older]))[0] !== true) return null
  const floor = (await readCommits(reader, [older]))[0]!.generation
  const after: Commit[] = []
  for await (const commit of walkCommits(reader, [newer], { firstParent: true })) {
    if (commit.cid === older) return after.reverse()
    if (commit.generation <= floor) break
    after.push(commit)
  }
  return null
}

export async function isAncestor(
  reader: ObjectReader,
  ancestor: CommitCid,
  descendant: CommitCid,
): Promise<boolean> {
  if (ancestor === descendant) return true
  const beyond = await commitsLeftOut(reader)
  // Of a commit that was left out nothing but its name is known.
  const floor = beyond.has(ancestor) ? 0 : (await readCommits(reader, [ancestor]))[0]!.generation
  const seen = new Set<CommitCid>([descendant])
  let level = [descendant]
  while (level.length > 0) {
    const next: CommitCid[] = []
    for (const commit of await readCommits(reader, level)) {
      for (const parent of commit.parents) {
        if (parent === ancestor) return true
        if (commit.generation <= floor + 1 || seen.has(parent) || beyond.has(parent)) continue
        seen.add(parent)
        next.push(parent)
      }
    }
    level = next
  }
  return false
}

export interface Divergence {
  /** How many commits ours has that theirs has not, and the other way round. */
  readonly ahead: number
  readonly behind: number
  /** As `mergeBases`. */
  readonly bases: readonly CommitCid[]
  /** Both together are more than were to be counted: there are so many at least, and no base may have been met. */
  readonly isCut: boolean
}

/**
 * How far two commits have gone apart, by one walk down to where nothing is left that both do not have: by generation,
 * painting each commit with the sides that reach it.
 */
export async function divergence(
  reader: ObjectReader,
  ours: CommitCid,
  theirs: CommitCid,
  options: { readonly countMax?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Divergence> {
  const { countMax = Number.POSITIVE_INFINITY, signal } = options
  const left = 1
  const right = 2
  const stale = 4
  const paint = new Map<CommitCid, number>()
  const beyond = await commitsLeftOut(reader)
  const frontier = new Frontier(beyond)
  paint.set(ours, left)
  paint.set(theirs, (paint.get(theirs) ?? 0) | right)
  await frontier.add(reader, [ours, theirs])
  let [ahead, behind] = [0, 0]
  const bases: CommitCid[] = []
  const open = new Set<CommitCid>([ours, theirs])
  for (let commit = frontier.take(); commit !== undefined && open.size > 0; commit = frontier.take()) {
    throwIfAborted(signal)
    let colour = paint.get(commit.cid)!
    paint.delete(commit.cid)
    open.delete(commit.cid)
    if (colour === left) ahead++
    if (colour === right) behind++
    if (ahead + behind > countMax) return { ahead, behind, bases, isCut: true }
    if ((colour & (left | right)) === (left | right) && (colour & stale) === 0) {
      bases.push(commit.cid)
      colour |= stale
    }
    for (const parent of commit.parents) {
      if (beyond.has(parent)) continue
      const merged = (paint.get(parent) ?? 0) | colour
      paint.set(parent, merged)
      if ((merged & stale) === 0) open.add(parent)
      else open.delete(parent)
    }
    await frontier.add(reader, commit.parents)
  }
  return { ahead, behind, bases: bases.sort(), isCut: false }
}

/**
 * The best common ancestors: those that no other common ancestor descends from. None for unrelated histories, more
 * than one for criss-cross merges.
 */
export async function mergeBases(reader: ObjectReader, a: CommitCid, b: CommitCid): Promise<CommitCid[]> {
  return [...(await divergence(reader, a, b)).bases]
}
