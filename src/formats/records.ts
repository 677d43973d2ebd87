// Single rows as the records that they are in their file.
import { BatchBuilder } from '../prolly/batch-builder.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { Entry } from '../prolly/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { withContents } from './contents.ts'
import type { RowSource, TableRenderer } from './interface.ts'

/** The bytes of each entry's record, line end included; null for null. */
export async function recordsOf(
  renderer: TableRenderer,
  entries: readonly (Entry | null)[],
  nodes: NodeStore,
): Promise<(Uint8Array | null)[]> {
  const batch = new BatchBuilder()
  for (const entry of entries) if (entry !== null) batch.add(entry.key, entry.value, entry.links)
  const records: Uint8Array[] = []
  for await (const rows of withContents(batch.finish(), nodes.reader)) {
    for (let i = 0; i < rows.count; i++) records.push(renderer.rows(oneRow(rows, i)).slice())
  }
  let next = 0
  return entries.map((entry) => (entry === null ? null : records[next++]!))
}

function oneRow(rows: RowSource, i: number): RowSource {
  const keys = rows.keys.subarray(startOf(rows.keyEnds, i), rows.keyEnds[i])
  const values = rows.values.subarray(startOf(rows.valueEnds, i), rows.valueEnds[i])
  const ends = rows.contentEnds
  const contents = ends === null ? [] : rows.contents.slice(startOf(ends, i), ends[i])
  return {
    count: 1,
    keys,
    keyEnds: Uint32Array.of(keys.length),
    values,
    valueEnds: Uint32Array.of(values.length),
    contents,
    contentEnds: ends === null ? null : Uint32Array.of(contents.length),
  }
}
