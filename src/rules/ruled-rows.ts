// The rows that a check looks at, with the cells of the columns that have rules and no others: all rows of a table, or
// those that are not as they were. What is in memory at a time is bounded by rows and by contents out of line.
import { throwIfAborted } from '../base/errors.ts'
import { diffMaps } from '../prolly/diff.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Entry } from '../prolly/interface.ts'
import { columnPlaces } from '../table/column-places.ts'
import { EntryCells } from '../table/entry-cells.ts'
import type { Cell } from '../table/interface.ts'
import { type RowSlots, slotContentLength } from '../table/row.ts'
import { entrySlots } from '../table/rows.ts'
import { fetchContents } from '../table/slot.ts'
import type { Table } from '../table/table.ts'

export interface RuledRow {
  readonly key: Uint8Array
  /** In the order of the columns asked for. */
  readonly cells: readonly Cell[]
}

export interface RuledRowsOptions {
  /** Rows that it has just so are left out. */
  readonly before?: Table | null | undefined
  readonly signal?: AbortSignal | undefined
}

const rowsMax = 1024
const contentBytesMax = 32 << 20

export async function* ruledRows(
  table: Table,
  columns: readonly string[],
  { before, signal }: RuledRowsOptions,
): AsyncGenerator<RuledRow[]> {
  const reader = new EntryCells(
    table.shape,
    columns.map((name) => ({ name })),
  )
  const places = columnPlaces(table.shape.values, columns)
  const source =
    before === null || before === undefined ? allEntries(table, signal) : changed(before, table, signal)
  for await (const entries of source) {
    let batch: { entry: Entry; slots: RowSlots }[] = []
    let [bytes, links] = [0, [] as NonNullable<RowSlots['cells'][number]['link']>[]]
    const finish = async (): Promise<RuledRow[]> => {
      const contents = await fetchContents(table.nodes.reader, links, { signal })
      const rows = batch.map(({ entry, slots }) => ({
        key: entry.key,
        cells: reader.of(entry, slots, contents),
      }))
      ;[batch, bytes, links] = [[], 0, []]
      return rows
    }
    for (const entry of entries) {
      const slots = entrySlots(table.shape, entry)
      for (const place of places) {
        const slot = slots.cells[place]
        if (slot?.link === null || slot === undefined) continue
        links.push(slot.link)
        bytes += slotContentLength(slot)
      }
      batch.push({ entry, slots })
      if (batch.length >= rowsMax || bytes >= contentBytesMax) yield await finish()
    }
    if (batch.length > 0) yield await finish()
    throwIfAborted(signal)
  }
}

async function* allEntries(table: Table, signal: AbortSignal | undefined): AsyncGenerator<Entry[]> {
  for await (const batch of table.map.scan({ signal }))
    yield Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
}

async function* changed(
  before: Table,
  after: Table,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry[]> {
  for await (const differences of diffMaps(before.map, after.map, { signal }))
    yield differences.flatMap((one) => (one.after === null ? [] : [one.after]))
}
