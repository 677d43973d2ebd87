// Which of many commits reach which, for lists of branches and tags: one walk for all of them, over what is known of commits,
// and no further down than the oldest of those that are asked about.
import type { CommitCid } from '../encoding/cid.ts'
import type { ObjectReader } from '../store/interface.ts'
import { type CommitGraph, type Slot, graphOf } from './commit-graph.ts'
import { Frontier } from './frontier.ts'
import { commitsLeftOut } from './horizon.ts'

export interface ReachOptions {
  readonly signal?: AbortSignal | undefined
}

/** Those of `candidates` that are one of `from`, or an ancestor of one. */
export async function reachedFrom(
  reader: ObjectReader,
  from: readonly CommitCid[],
  candidates: readonly CommitCid[],
  options: ReachOptions = {},
): Promise<Set<CommitCid>> {
  const graph = graphOf(reader)
  const sought = new Map(candidates.map((cid) => [graph.slotOf(cid), cid]))
  const found = new Set<CommitCid>()
  for await (const slot of descent(graph, reader, from, [...sought.keys()], options)) {
    const cid = sought.get(slot)
    if (cid !== undefined) found.add(cid)
  }
  return found
}

/** Those of `candidates` that are one of `sought`, or descend from one. */
export async function commitsReaching(
  reader: ObjectReader,
  candidates: readonly CommitCid[],
  sought: readonly CommitCid[],
  options: ReachOptions = {},
): Promise<Set<CommitCid>> {
  const graph = graphOf(reader)
  const reach = new Set(sought.map((cid) => graph.slotOf(cid)))
  const walked: Slot[] = []
  for await (const slot of descent(graph, reader, candidates, [...reach], options)) walked.push(slot)
  // Parents before children now.
  for (const slot of walked.reverse())
    if (graph.parentsOf(slot).some((parent) => reach.has(parent))) reach.add(slot)
  return new Set(candidates.filter((cid) => reach.has(graph.slotOf(cid))))
}

/** All that `from` reach, children before parents, down to the smallest generation of `floor`. */
async function* descent(
  graph: CommitGraph,
  reader: ObjectReader,
  from: readonly CommitCid[],
  floor: readonly Slot[],
  { signal }: ReachOptions,
): AsyncGenerator<Slot> {
  const beyond = new Set([...(await commitsLeftOut(reader))].map((cid) => graph.slotOf(cid)))
  // Of commits that were not fetched only the names are known.
  const known = floor.filter((slot) => !beyond.has(slot))
  await graph.learn(reader, known)
  const lowest = known.reduce((least, slot) => Math.min(least, graph.generationOf(slot)), Infinity)
  const frontier = new Frontier(graph, reader, { beyond, signal })
  await frontier.add(from.map((cid) => graph.slotOf(cid)))
  try {
    for (;;) {
      const slot = await frontier.take()
      if (slot === undefined || graph.generationOf(slot) < lowest) return
      await frontier.add(graph.parentsOf(slot))
      yield slot
    }
  } finally {
    graph.keep()
  }
}
