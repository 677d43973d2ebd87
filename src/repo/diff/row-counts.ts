// How many rows of a table differ. A whole table that came or went is counted by its root; only what both sides have is
// walked.
import type { NodeStore } from '../../prolly/node-store.ts'
import type { DifferenceCounts } from '../../table/diff.ts'
import type { RowDifference, TableObject } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'

export type RowCounts = DifferenceCounts

export const noRows: RowCounts = { added: 0, removed: 0, changed: 0, cells: 0 }

export async function countWhole(
  nodes: NodeStore,
  object: TableObject,
  kind: 'added' | 'removed',
): Promise<RowCounts> {
  return { ...noRows, [kind]: (await Table.of(nodes, object)).count }
}

export async function countRows(batches: AsyncIterable<readonly RowDifference[]>): Promise<RowCounts> {
  const counts = { ...noRows }
  for await (const batch of batches) {
    for (const row of batch) {
      counts[row.kind]++
      counts.cells += row.cells.length
    }
  }
  return counts
}
