// Which rows of tables differ between a commit and a parent: a filter on the edge between them, as there is one of paths
// (history/changed-paths.ts). A member is a table's path, a NUL and the row's key; the path and the NUL alone stand for all
// rows: where the table came, went or has other columns, where more rows differ than a filter is worth, where a partial clone
// has not fetched them, and of plain files, which may be read as the tables that they became.
import { concatBytes } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import type { Path, TreeDifference } from '../../files/interface.ts'
import { pathToBytes } from '../../files/path.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import { Tree } from '../../files/tree.ts'
import { type Probe, filterFor, fullFilter, mayHold, probeOf } from '../../history/bloom.ts'
import { type Edge, commitsOfEdge, filterAlong } from '../../history/changed-paths.ts'
import type { CommitGraph } from '../../history/commit-graph.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { Table } from '../../table/table.ts'

const pathsMax = 64
const rowsMax = 256

/** A row as filters look for it. */
export interface RowProbe {
  readonly row: Probe
  readonly allRows: Probe
}

export function rowProbeOf(path: Path, key: Uint8Array): RowProbe {
  return { row: probeOf(memberOf(path, key)), allRows: probeOf(memberOf(path, noKey)) }
}

const noKey = new Uint8Array(0)

function memberOf(path: Path, key: Uint8Array): Uint8Array {
  return concatBytes([pathToBytes(path), new Uint8Array(1), key])
}

export function mayHoldRow(filter: Uint8Array, { row, allRows }: RowProbe): boolean {
  return mayHold(filter, row) || mayHold(filter, allRows)
}

/** false: the row is there as it is in the parent, in a table of the same columns, or in neither. */
export async function rowMayDiffer(
  graph: CommitGraph,
  nodes: NodeStore,
  edge: Edge,
  row: RowProbe,
  options: ReadOptions = {},
): Promise<boolean> {
  const make = (): Promise<Uint8Array> => changedRows(graph, nodes, edge, options)
  return mayHoldRow(await filterAlong(graph, edge, 'rows', make), row)
}

/** Makes the filter of the rows that changed along an edge. */
export async function changedRows(
  graph: CommitGraph,
  nodes: NodeStore,
  edge: Edge,
  options: ReadOptions,
): Promise<Uint8Array> {
  const [before, after] = await commitsOfEdge(graph, nodes, edge)
  const [old, young] = [await Tree.load(nodes, before.tree), await Tree.load(nodes, after.tree)]
  const { local } = nodes.reader
  const here = local === undefined ? nodes : nodes.through(local)
  const members: Probe[] = []
  let paths = 0
  for await (const differences of diffTrees(old, young, options)) {
    for (const difference of differences) {
      if (++paths > pathsMax) return fullFilter
      members.push(...(await rowsBetween(here, difference, options)))
    }
  }
  return filterFor(members)
}

async function rowsBetween(
  nodes: NodeStore,
  { path, before, after }: TreeDifference,
  options: ReadOptions,
): Promise<Probe[]> {
  const all = [probeOf(memberOf(path, noKey))]
  if (before?.kind !== 'table' || after?.kind !== 'table') return all
  try {
    const [old, young] = [await Table.load(nodes, before.table), await Table.load(nodes, after.table)]
    if (JSON.stringify(old.schema) !== JSON.stringify(young.schema)) return all
    const rows: Probe[] = []
    for await (const differences of diffMaps(old.map, young.map, options)) {
      if (rows.length + differences.length > rowsMax) return all
      for (const { key } of differences) rows.push(probeOf(memberOf(path, key)))
    }
    return rows
  } catch (error) {
    if (isVarveError(error, 'VARVE_OBJECT_MISSING')) return all
    throw error
  }
}
