// What the store has kept about its commits (history/commit-graph.ts), held against the commits themselves: a checksum tells
// damage, not whether it was ever true.
import { equalBytes } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { changedPaths } from '../../history/changed-paths.ts'
import { type CommitGraph, type Slot, graphOf } from '../../history/commit-graph.ts'
import { readCommits } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { FsckProblem, ReadOptions } from '../../store/interface.ts'
import { changedRows } from '../log/changed-rows.ts'

const atOnce = 256

export interface GraphCheck extends ReadOptions {
  /** Filters of rows say less where contents were not fetched. */
  readonly rows: boolean
}

/** Checks what the graph knows of commits that are here; others may have been removed. */
export async function checkGraph(nodes: NodeStore, options: GraphCheck): Promise<FsckProblem[]> {
  const graph = graphOf(nodes.reader, { whole: true })
  const known = Array.from({ length: graph.count }, (_, slot) => slot).filter((slot) => graph.isKnown(slot))
  for (let at = 0; at < known.length; at += atOnce) {
    const slots = known.slice(at, at + atOnce)
    const isHere = await nodes.reader.has(slots.map((slot) => graph.cidOf(slot)))
    const here = slots.filter((_, i) => isHere[i])
    const commits = await readCommits(
      nodes.reader,
      here.map((slot) => graph.cidOf(slot)),
    )
    for (const [i, slot] of here.entries()) {
      await yieldIfDue()
      throwIfAborted(options.signal)
      if (isTrue(graph, slot, commits[i]!) && (await areTrue(graph, nodes, slot, options))) continue
      const what = `says of ${commits[i]!.cid} what is not so`
      return [{ where: 'cache/history', what }]
    }
  }
  return []
}

function isTrue(graph: CommitGraph, slot: Slot, commit: Commit): boolean {
  const parents = [...graph.parentsOf(slot)].map((parent) => graph.cidOf(parent))
  return (
    graph.generationOf(slot) === commit.generation &&
    graph.timeOf(slot) === commit.committer.timeMs &&
    parents.join() === commit.parents.join()
  )
}

async function areTrue(
  graph: CommitGraph,
  nodes: NodeStore,
  slot: Slot,
  options: GraphCheck,
): Promise<boolean> {
  const parents = graph.parentsOf(slot)
  const isHere = await nodes.reader.has([...parents].map((parent) => graph.cidOf(parent)))
  for (const parent of parents.keys()) {
    const at = graph.firstEdgeOf(slot) + parent
    const [paths, rows] = [graph.filterOf(at, 'paths'), graph.filterOf(at, 'rows')]
    if (isHere[parent] !== true) continue
    const edge = { slot, parent }
    if (paths !== null && !equalBytes(paths, await changedPaths(graph, nodes, edge, options))) return false
    if (!options.rows || rows === null) continue
    if (!equalBytes(rows, await changedRows(graph, nodes, edge, options))) return false
  }
  return true
}
