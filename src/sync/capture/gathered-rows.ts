// Rows that an endpoint tells of, held packed until they are laid over what is known of their table.
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { ownRows } from '../../formats/packed.ts'
import { type NamedRows, sortedBatches } from '../../formats/runs.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { WrittenSince } from '../../connectors/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { putContent } from '../../table/content.ts'
import type { Table } from '../../table/table.ts'

const heldBytesMax = 64 << 20
const rowOverhead = 16
const windowEntries = 512

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
    const links = (rows.contents ?? []).map((content) => putContent(io.writer, content))
    all.push({ ...ownRows(rows), contents: null, links })
    bytes += rows.keys.length + rows.values.length + rowOverhead * rows.count
    await io.writer.drained()
  }
  return bytes > heldBytesMax ? null : all
}

/** In the order of their keys, so few at a time that each leaf is looked up just before it is made anew. */
export function* entryWindows(rows: readonly NamedRows[]): Generator<Entry[]> {
  for (const batch of sortedBatches(rows)) {
    for (let at = 0; at < batch.count; at += windowEntries) {
      const count = Math.min(windowEntries, batch.count - at)
      yield Array.from({ length: count }, (_, i) => entryAt(batch, at + i))
    }
  }
}
