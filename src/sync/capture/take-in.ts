// Brings a table up to date by the rows that were written since it was last read, where the endpoint can tell which. What
// it costs follows what has changed, but for rows that somebody else has removed: which ones nothing says, and all are read.
import { sameEntry } from '../../prolly/entry-batch.ts'
import { entryWindows, gathered } from './gathered-rows.ts'
import type { EndpointTable, WrittenSince } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { type NamedRows } from '../../formats/runs.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Schema } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import { noteCounts } from '../tables/differences.ts'

/** Of more than this part of a table, reading all of it takes no longer. */
const writtenShareMax = 0.25

export interface LastReading {
  /** Every row that is kept is in it as it is; whether other rows are gone is told by their number. */
  readonly table: Cid
  /** Of the table as the dataset has it. */
  readonly schema: Schema
}

/** The table as it is now; null where all rows are to be read. */
export async function takeIn(
  io: Io,
  last: LastReading,
  since: WrittenSince,
  { table, where }: { readonly table: EndpointTable; readonly where: string },
): Promise<Cid | null> {
  if ((await io.nodes.reader.has([last.table]))[0] !== true) return null
  const object = await loadTable(io.nodes.reader, last.table)
  if (!isSameSchema(object.schema, last.schema) || !hasColumnsOf(object.schema, table)) return null
  if (since.isSame) return last.table
  const before = await Table.of(io.nodes, object)
  const writtenMax = before.count * writtenShareMax
  const goneOrWritten = before.count - since.kept
  if (since.written > writtenMax || goneOrWritten > since.written) return null
  const written = await gathered(io, before, since, where)
  if (written === null) return null
  let known = 0
  let changed = 0
  async function* inTurn(rows: readonly NamedRows[]): AsyncGenerator<Edit[]> {
    for (const window of entryWindows(rows)) {
      const found = await before.map.getMany(window.map(({ key }) => key))
      for (const [i, entry] of found.entries()) {
        if (entry === null) continue
        known++
        if (!sameEntry(entry, window[i]!)) changed++
      }
      yield window
      await io.writer.drained()
    }
  }
  const rows = await before.map.mutate(io.writer, inTurn(written))
  if (known !== goneOrWritten) return null
  const after = { ...object, rows: rows.cid }
  const counts = { added: since.written - known, changed, removed: 0 }
  noteCounts(io.nodes, { before: object, after }, counts)
  return writeTable(io.writer, after)
}

function isSameSchema(a: Schema, b: Schema): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export function hasColumnsOf({ columns, key }: Schema, table: EndpointTable): boolean {
  const isSame = (one: { name: string; type: string }, i: number): boolean =>
    one.name === table.columns[i]!.name && one.type === table.columns[i]!.type
  const names = key.map((id) => columns.find((column) => column.id === id)!.name)
  return (
    columns.length === table.columns.length &&
    columns.every(isSame) &&
    names.join('\0') === table.key.join('\0')
  )
}
