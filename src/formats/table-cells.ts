// A table's rows as cells in the order of its columns, in file order where it has one: what every export writes.
import { entryAt } from '../prolly/entry-batch.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { absentCell } from '../table/cell.ts'
import type { Cell, TableObject } from '../table/interface.ts'
import { decodeKey } from '../table/key.ts'
import { absentSlot } from '../table/row.ts'
import { cellLinks, entrySlots, type RowShape, rowShape } from '../table/rows.ts'
import { fetchContents, slotCell } from '../table/slot.ts'
import { orderedBatches } from './order.ts'

export async function* tableCells(
  nodes: NodeStore,
  table: TableObject,
  options: ReadOptions = {},
): AsyncGenerator<Cell[][]> {
  const shape = rowShape(table.schema)
  const map = await ProllyMap.load(nodes, table.rows, options)
  const batches = table.order === null ? map.scan(options) : orderedBatches(nodes, map, table.order, options)
  for await (const batch of batches) {
    const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    const slots = entries.map((entry) => entrySlots(shape, entry))
    const contents = await fetchContents(nodes.reader, slots.flatMap(cellLinks), options)
    yield entries.map(({ key }, i) => {
      const values = shape.values.map((_, place) => slotCell(slots[i]!.cells[place] ?? absentSlot, contents))
      return inFileOrder(shape, decodeKey(table.schema, key), values)
    })
  }
}

function inFileOrder(shape: RowShape, key: readonly Cell[], values: readonly Cell[]): Cell[] {
  return shape.places.map((place) => (place.key >= 0 ? key[place.key] : values[place.value]) ?? absentCell)
}
