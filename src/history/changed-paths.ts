// Which paths differ between a commit and a parent: a filter on the edge between them (bloom.ts), made when somebody asks for
// the first time. Folders count as paths, so that their histories are found too. Where more has changed than a filter is
// worth, it denies nothing.
import { diffMaps } from '../prolly/diff.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { type Probe, emptyFilter, filterFor, fullFilter, mayHold, probeOf } from './bloom.ts'
import type { CommitGraph, FilterKind, Slot } from './commit-graph.ts'
import { readCommits } from './commit.ts'
import type { Commit } from './interface.ts'

const slash = 0x2f
const pathsMax = 256

/** From a commit to the parent of that number. */
export interface Edge {
  readonly slot: Slot
  readonly parent: number
}

/** Whether the path, or what lies below it, may be another than in the parent of that number. */
export async function mayDiffer(
  graph: CommitGraph,
  nodes: NodeStore,
  at: Edge,
  path: Probe,
  options: ReadOptions = {},
): Promise<boolean> {
  return mayHold(await filterAlong(graph, at, 'paths', () => changedPaths(graph, nodes, at, options)), path)
}

/** The filter of an edge. It is made when nobody has asked for it before. */
export async function filterAlong(
  graph: CommitGraph,
  { slot, parent }: Edge,
  kind: FilterKind,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const edge = graph.firstEdgeOf(slot) + parent
  const known = graph.filterOf(edge, kind)
  if (known !== null) return known
  const filter = await make()
  graph.setFilter(edge, kind, filter)
  return filter
}

/** Whether it is known of all parents already, by the filters of their edges, that `isSame` of them. */
export function isKnownOfAll(
  graph: CommitGraph,
  slot: Slot,
  isSame: (paths: Uint8Array, rows: Uint8Array | null) => boolean,
): boolean {
  const first = graph.firstEdgeOf(slot)
  const { length } = graph.parentsOf(slot)
  for (let edge = first; edge < first + length; edge++) {
    const paths = graph.filterOf(edge, 'paths')
    if (paths === null || !isSame(paths, graph.filterOf(edge, 'rows'))) return false
  }
  return length > 0
}

export async function commitsOfEdge(
  graph: CommitGraph,
  nodes: NodeStore,
  { slot, parent }: Edge,
): Promise<[before: Commit, after: Commit]> {
  const pair = [graph.cidOf(graph.parentsOf(slot)[parent]!), graph.cidOf(slot)]
  const [before, after] = await readCommits(nodes.reader, pair)
  return [before!, after!]
}

/** Makes the filter of the paths that changed along an edge. */
export async function changedPaths(
  graph: CommitGraph,
  nodes: NodeStore,
  at: Edge,
  options: ReadOptions,
): Promise<Uint8Array> {
  const [before, after] = await commitsOfEdge(graph, nodes, at)
  if (before.tree === after.tree) return emptyFilter
  const [old, young] = [await ProllyMap.load(nodes, before.tree), await ProllyMap.load(nodes, after.tree)]
  const paths: Probe[] = []
  let last: Uint8Array = new Uint8Array(0)
  for await (const differences of diffMaps(old, young, options)) {
    for (const { key } of differences) {
      for (const end of newEnds(last, key)) paths.push(probeOf(key.subarray(0, end)))
      if (paths.length > pathsMax) return fullFilter
      last = key
    }
  }
  return filterFor(paths)
}

/** Where the path ends, and its folders that were not in the path before it. */
function newEnds(last: Uint8Array, path: Uint8Array): number[] {
  const ends = [path.length]
  let isShared = true
  for (let i = 0; i < path.length; i++) {
    if (path[i] === slash && !(isShared && last[i] === slash)) ends.push(i)
    isShared &&= last[i] === path[i]
  }
  return ends
}
