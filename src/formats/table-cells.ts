// A table's rows as cells in the order of its columns, in file order where it has one: what every export writes.
import { yieldIfDue } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Cell, TableObject } from '../table/interface.ts'
import { contentRuns, entryContentBytes } from '../table/content-runs.ts'
import { decodeKey } from '../table/key.ts'
import { type RowBounds, rowBounds } from '../table/row.ts'
import { rowShape } from '../table/rows.ts'
import { boundCell, fetchContents } from '../table/slot.ts'
import { orderedBatches } from './order.ts'

const cellsAtOnce = 64 << 10

export async function* tableCells(
  nodes: NodeStore,
  table: TableObject,
  options: ReadOptions = {},
): AsyncGenerator<Cell[][]> {
  const shape = rowShape(table.schema)
  const map = await ProllyMap.load(nodes, table.rows, options)
  const batches = table.order === null ? map.scan(options) : orderedBatches(nodes, map, table.order, options)
  const rowsMax = Math.max(1, Math.floor(cellsAtOnce / Math.max(1, shape.places.length)))
  for await (const { batch, from, to } of inParts(batches, rowsMax)) {
    await yieldIfDue()
    const entries = Array.from({ length: to - from }, (_, i) => entryAt(batch, from + i))
    for (const run of contentRuns(entries, entryContentBytes)) {
      const rows = run.map(({ value, links }) => rowBounds(value, links, shape.values.length))
      const contents = await fetchContents(nodes.reader, linksOf(rows), options)
      yield run.map(({ key, value }, i) => {
        const keyCells = decodeKey(table.schema, key)
        return shape.places.map((place) =>
          place.key >= 0 ? keyCells[place.key]! : boundCell(value, rows[i]!, place.value, contents),
        )
      })
    }
  }
}

/** A cell is an object of some hundred bytes, whatever its row has: wide rows come one by one. */
async function* inParts(
  batches: AsyncIterable<EntryBatch>,
  rowsMax: number,
): AsyncGenerator<{ readonly batch: EntryBatch; readonly from: number; readonly to: number }> {
  for await (const batch of batches) {
    for (let from = 0; from < batch.count; from += rowsMax)
      yield { batch, from, to: Math.min(batch.count, from + rowsMax) }
  }
}

function* linksOf(rows: readonly RowBounds[]): Generator<Cid> {
  for (const { linkOf } of rows) yield* linkOf.values()
}
