// Brings a table up to date by the rows that were written since it was last read, where the endpoint can tell which. What
// it costs follows what has changed, but for rows that somebody else has removed: which ones nothing says, and all are read.
import { equalBytes } from '../../base/bytes.ts'
import type { EndpointTable, WrittenSince } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { ownRows } from '../../formats/packed.ts'
import { type NamedRows, sortedBatches } from '../../formats/runs.ts'
import { entryAt, sameLinks } from '../../prolly/entry-batch.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Schema } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import { noteCounts } from '../tables/differences.ts'

/** Of more than this part of a table, reading all of it takes no longer. */
const writtenShareMax = 0.25
const heldBytesMax = 64 << 20
const rowOverhead = 16
/** Looked up just before they are made, so that each leaf is read once. */
const windowEdits = 512

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
    for (const batch of sortedBatches(rows)) {
      for (let at = 0; at < batch.count; at += windowEdits) {
        const count = Math.min(windowEdits, batch.count - at)
        const window = Array.from({ length: count }, (_, i) => entryAt(batch, at + i))
        const found = await before.map.getMany(window.map(({ key }) => key))
        for (const [i, entry] of found.entries()) {
          if (entry === null) continue
          known++
          if (!isSameEntry(entry, window[i]!)) changed++
        }
        yield window
        await io.writer.drained()
      }
    }
  }
  const rows = await before.map.mutate(io.writer, inTurn(written))
  if (known !== goneOrWritten) return null
  const after = { ...object, rows: rows.cid }
  const counts = { added: since.written - known, changed, removed: 0 }
  noteCounts(io.nodes, { before: object, after }, counts)
  return writeTable(io.writer, after)
}

/** Packed; null when they are too many to be held. */
export async function gathered(
  io: Io,
  { shape }: Table,
  since: Pick<WrittenSince, 'rows'>,
  where: string,
): Promise<NamedRows[] | null> {
  const packer = new CellPacker(shape, where)
  const all: NamedRows[] = []
  let bytes = 0
  for await (const cells of since.rows()) {
    // Left in the middle, the line would have to be cut.
    if (bytes > heldBytesMax) continue
    const rows = packer.pack(cells)
    const links = (rows.contents ?? []).map((content) => io.writer.put('raw', content))
    all.push({ ...ownRows(rows), contents: null, links })
    bytes += rows.keys.length + rows.values.length + rowOverhead * rows.count
    await io.writer.drained()
  }
  return bytes > heldBytesMax ? null : all
}

function isSameEntry(a: Entry, b: Entry): boolean {
  return equalBytes(a.value, b.value) && sameLinks(a.links, b.links)
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
