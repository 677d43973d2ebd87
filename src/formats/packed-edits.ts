// Packed rows as edits of a table's map.
import { startOf } from '../prolly/entry-batch.ts'
import type { Edit } from '../prolly/interface.ts'
import type { ObjectWriter } from '../store/interface.ts'
import { putContents } from '../table/content.ts'
import type { PackedRows } from './packed.ts'

/** The rows as edits of a map; what does not fit into a row is stored. */
export async function packedEdits(rows: PackedRows, writer: ObjectWriter): Promise<Edit[]> {
  const { count, keys, keyEnds, values, valueEnds, contentEnds } = rows
  const links = await putContents(writer, rows.contents ?? [])
  return Array.from({ length: count }, (_, i) => ({
    key: keys.slice(startOf(keyEnds, i), keyEnds[i]),
    value: values.slice(startOf(valueEnds, i), valueEnds[i]),
    links: contentEnds === null ? [] : links.slice(startOf(contentEnds, i), contentEnds[i]),
  }))
}
