// Walks over the commit graph: newest first, each commit once. Generation numbers cut the walks short, and all of them end
// where history was not fetched (horizon.ts). They go over what is known of commits (commit-graph.ts), and read those that
// are met for the first time; who asks for the commits themselves gets them read in batches.
import { throwIfAborted } from '../base/errors.ts'
import { takeTurn } from '../base/turns.ts'
import type { CommitCid } from '../encoding/cid.ts'
import type { ObjectReader } from '../store/interface.ts'
import { type CommitGraph, type Slot, graphOf } from './commit-graph.ts'
import { readCommits } from './commit.ts'
import { Frontier } from './frontier.ts'
import { commitsLeftOut } from './horizon.ts'
import type { Commit } from './interface.ts'

const batchFirst = 1
const batchMax = 64

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
  const graph = graphOf(reader)
  let size = batchFirst
  let batch: CommitCid[] = []
  for await (const slot of walkGraph(graph, reader, from, options)) {
    batch.push(graph.cidOf(slot))
    if (batch.length < size) continue
    yield* await readCommits(reader, batch)
    batch = []
    size = Math.min(2 * size, batchMax)
  }
  yield* await readCommits(reader, batch)
}

/** As `walkCommits`, without reading commits that are known already. */
export async function* walkGraph(
  graph: CommitGraph,
  reader: ObjectReader,
  from: readonly CommitCid[],
  options: WalkOptions = {},
): AsyncGenerator<Slot> {
  const beyond = await slotsLeftOut(graph, reader)
  const frontier = new Frontier(graph, reader, { beyond, signal: options.signal })
  const excluded = new Set(options.exclude?.map((cid) => graph.slotOf(cid)))
  const starts = from.map((cid) => graph.slotOf(cid))
  const wanted = new Set(starts.filter((slot) => !excluded.has(slot)))
  try {
    await frontier.add([...starts, ...excluded])
    while (wanted.size > 0) {
      const slot = await frontier.take()
      if (slot === undefined) return
      const all = graph.parentsOf(slot)
      if (excluded.has(slot)) {
        await frontier.add(all)
        for (const parent of all) {
          excluded.add(parent)
          wanted.delete(parent)
        }
        continue
      }
      const parents = options.firstParent === true ? all.subarray(0, 1) : all
      await frontier.add(parents)
      wanted.delete(slot)
      for (const parent of parents) if (!excluded.has(parent) && !beyond.has(parent)) wanted.add(parent)
      yield slot
    }
  } finally {
    graph.keep()
  }
}

async function slotsLeftOut(graph: CommitGraph, reader: ObjectReader): Promise<ReadonlySet<Slot>> {
  return new Set([...(await commitsLeftOut(reader))].map((cid) => graph.slotOf(cid)))
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

export interface AncestryOptions {
  readonly signal?: AbortSignal | undefined
}

export async function isAncestor(
  reader: ObjectReader,
  ancestor: CommitCid,
  descendant: CommitCid,
  { signal }: AncestryOptions = {},
): Promise<boolean> {
  throwIfAborted(signal)
  if (ancestor === descendant) return true
  const graph = graphOf(reader)
  const beyond = await slotsLeftOut(graph, reader)
  const [sought, start] = [graph.slotOf(ancestor), graph.slotOf(descendant)]
  // A commit that was left out of a shallow clone is known by name alone.
  if (!beyond.has(sought)) await graph.learn(reader, [sought])
  const floor = beyond.has(sought) ? 0 : graph.generationOf(sought)
  const seen = new Set([start])
  let level = [start]
  try {
    while (level.length > 0) {
      await takeTurn(signal)
      const next: Slot[] = []
      await graph.learn(reader, level)
      for (const slot of level) {
        for (const parent of graph.parentsOf(slot)) {
          if (parent === sought) return true
          if (graph.generationOf(slot) <= floor + 1 || seen.has(parent) || beyond.has(parent)) continue
          seen.add(parent)
          next.push(parent)
        }
      }
      level = next
    }
    return false
  } finally {
    graph.keep()
  }
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
 * How far two commits have gone apart (theirs may be several, as one: a merge of them), by one walk down to where nothing is left that both do not have: by generation,
 * painting each commit with the sides that reach it.
 */
export async function divergence(
  reader: ObjectReader,
  ours: CommitCid,
  theirs: CommitCid | readonly CommitCid[],
  options: { readonly countMax?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Divergence> {
  const { countMax = Number.POSITIVE_INFINITY, signal } = options
  const left = 1
  const right = 2
  const stale = 4
  const graph = graphOf(reader)
  const beyond = await slotsLeftOut(graph, reader)
  const frontier = new Frontier(graph, reader, { beyond, signal })
  const paint = new Map<Slot, number>([[graph.slotOf(ours), left]])
  for (const their of [theirs].flat()) {
    const slot = graph.slotOf(their)
    paint.set(slot, (paint.get(slot) ?? 0) | right)
  }
  let [ahead, behind] = [0, 0]
  const bases: CommitCid[] = []
  const open = new Set(paint.keys())
  await frontier.add(open)
  for (let slot = await frontier.take(); slot !== undefined && open.size > 0; slot = await frontier.take()) {
    let colour = paint.get(slot)!
    paint.delete(slot)
    open.delete(slot)
    if (colour === left) ahead++
    if (colour === right) behind++
    if (ahead + behind > countMax) {
      graph.keep()
      return { ahead, behind, bases, isCut: true }
    }
    if ((colour & (left | right)) === (left | right) && (colour & stale) === 0) {
      bases.push(graph.cidOf(slot))
      colour |= stale
    }
    const parents = graph.parentsOf(slot)
    for (const parent of parents) {
      if (beyond.has(parent)) continue
      const merged = (paint.get(parent) ?? 0) | colour
      paint.set(parent, merged)
      if ((merged & stale) === 0) open.add(parent)
      else open.delete(parent)
    }
    await frontier.add(parents)
  }
  graph.keep()
  return { ahead, behind, bases: bases.sort(), isCut: false }
}

/**
 * The best common ancestors: those that no other common ancestor descends from. None for unrelated histories, more
 * than one for criss-cross merges.
 */
export async function mergeBases(
  reader: ObjectReader,
  a: CommitCid,
  b: CommitCid | readonly CommitCid[],
  options: AncestryOptions = {},
): Promise<CommitCid[]> {
  return [...(await divergence(reader, a, b, options)).bases]
}

/** The best of the commits from which all of these descend. */
export async function commonBases(
  reader: ObjectReader,
  commits: readonly CommitCid[],
  options: AncestryOptions = {},
): Promise<CommitCid[]> {
  let bases = commits.slice(0, 1)
  for (const commit of commits.slice(1)) {
    const found = new Set<CommitCid>()
    for (const base of bases)
      for (const one of await mergeBases(reader, base, commit, options)) found.add(one)
    bases = await independent(reader, [...found], options)
  }
  return bases
}

/** Those of the commits that no other of them reaches, each once. */
export async function independent(
  reader: ObjectReader,
  commits: readonly CommitCid[],
  options: AncestryOptions = {},
): Promise<CommitCid[]> {
  let left = [...new Set(commits)]
  for (const one of left)
    for (const other of left)
      if (one !== other && (await isAncestor(reader, one, other, options))) {
        left = left.filter((commit) => commit !== one)
        break
      }
  return left
}
