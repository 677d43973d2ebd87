// What an endpoint spells in a way of its own has not been changed there: a DECIMAL(10,2) keeps 1.5 as 1.50, and nobody
// could have it otherwise. So where a column has one spelling for each value, a value that is as it was known stays in the
// spelling in which it was known. Else two databases of other precision would correct each other for ever, and a value that
// was only respelled would clash with one that was changed.
import type { EndpointColumn } from '../../connectors/interface.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { RowChange } from '../../connectors/interface.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'
import type { TableStep } from '../tables/differences.ts'
import { rowChanges } from '../tables/row-changes.ts'
import { sameValue } from '../../connectors/spelling/same-value.ts'

export interface SpelledColumns {
  readonly columns: readonly EndpointColumn[]
  /** For messages. */
  readonly where: string
}

/** `after`, with values of `before` in their spelling there. */
export async function keepSpelling(
  io: Io,
  { columns, where }: SpelledColumns,
  { before, after }: TableStep,
): Promise<TableObject> {
  if (before.rows === after.rows) return after
  const own = after.schema.columns.map(({ name, id }) => {
    const column = columns.find((one) => one.name === name)
    const isKey = after.schema.key.includes(id)
    return column?.hasOneSpelling === true && !isKey && isThere(before, name) ? column : null
  })
  if (own.every((column) => column === null)) return after
  const table = await Table.of(io.nodes, after)
  // As before all rows are written there: each of them would be compared with nothing.
  if (table.map.count === 0 || (await Table.of(io.nodes, before)).map.count === 0) return after
  const packer = new CellPacker(table.shape, where)
  async function* edits(): AsyncGenerator<Edit[]> {
    for await (const changes of rowChanges(io.nodes, { before, after }, after.schema, 'update')) {
      const rows = changes.flatMap((change) => asKnown(change, own) ?? [])
      if (rows.length > 0) yield await packedEdits(packer.pack(rows), io.writer)
      await io.writer.drained()
    }
  }
  const { cid } = await table.map.mutate(io.writer, edits())
  return cid === after.rows ? after : { ...after, rows: cid }
}

function isThere({ schema }: TableObject, name: string): boolean {
  return schema.columns.some((column) => column.name === name)
}

/** The row; null where no value of it is only spelled otherwise. */
function asKnown(change: RowChange, own: readonly (EndpointColumn | null)[]): [Cell[]] | null {
  const { storedBefore, storedAfter } = change
  if (!storedBefore || !storedAfter) return null
  storedBefore.reader.read(storedBefore.row)
  storedAfter.reader.read(storedAfter.row)
  let row: Cell[] | null = null
  for (const [i, column] of own.entries()) {
    if (column === null || storedBefore.reader.isSame(i, storedAfter.reader)) continue
    const [known, now] = [change.before![i]!, change.after![i]!]
    if (sameValue(known, now, column)) (row ??= [...change.after!])[i] = known
  }
  return row === null ? null : [row]
}
