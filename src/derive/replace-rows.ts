// Takes rows out of a derived table and puts others in. What goes must be there, byte for byte, and what comes must be new:
// else what was computed from the change does not fit the table, and all is computed.
import { equalBytes, toHex } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { CellPacker } from '../formats/columnar/pack-cells.ts'
import { entriesOf } from '../formats/packed.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Edit } from '../prolly/interface.ts'
import type { Io } from '../repo/interface.ts'
import type { Cell } from '../table/interface.ts'
import type { Table } from '../table/table.ts'
import { writeTable } from '../table/table-object.ts'
import { RunWhole } from './sql/scope.ts'

export type CellRows = AsyncIterable<readonly (readonly Cell[])[]>

/** @throws RunWhole */
export async function replaceRows(
  io: Io,
  table: Table,
  { gone, come, where }: { readonly gone: CellRows; readonly come: CellRows; readonly where: string },
): Promise<Cid> {
  const out = await packed(io, table, gone, where)
  const into = await packed(io, table, come, where)
  const present = await table.map.getMany([...out.values()].map(({ key }) => key))
  for (const [i, { value }] of [...out.values()].entries()) {
    const found = present[i] ?? null
    if (found === null || value === null || !equalBytes(found.value, value))
      throw new RunWhole('what is there is not what was derived')
  }
  const added = [...into].filter(([id]) => !out.has(id)).map(([, { key }]) => key)
  if ((await table.map.getMany(added)).some((found) => found !== null))
    throw new RunWhole('two rows have one key')
  const edits = new Map<string, Edit>([
    ...[...out].map(([id, { key }]) => [id, { key, value: null }] as const),
    ...into,
  ])
  const sorted = [...edits].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, edit]) => edit)
  const rows = await table.map.mutate(io.writer, sorted)
  await io.writer.drained()
  return writeTable(io.writer, { ...table.object, rows: rows.cid, order: null })
}

/** Packs the rows; returns them by their key in hex. */
async function packed(io: Io, { shape }: Table, rows: CellRows, where: string): Promise<Map<string, Edit>> {
  const packer = new CellPacker(shape, where)
  const edits = new Map<string, Edit>()
  for await (const batch of rows) {
    const packedRows = packer.pack(batch)
    const links = (packedRows.contents ?? []).map((content) => io.writer.put('raw', content))
    const entries = entriesOf(packedRows, links)
    for (let i = 0; i < entries.count; i++) {
      const { key, value, links: own } = entryAt(entries, i)
      const id = toHex(key)
      if (edits.has(id)) throw new RunWhole('two rows have one key')
      edits.set(id, { key: key.slice(), value: value.slice(), links: own })
    }
    await io.writer.drained()
  }
  return edits
}
