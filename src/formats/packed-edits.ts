// Packed rows as edits of a table's map.
import type { Cid } from '../encoding/cid.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { Edit } from '../prolly/interface.ts'
import type { PackedRows } from './packed.ts'

/** The rows as edits of a map; `put` stores what does not fit into a row, and returns its name. */
export function packedEdits(rows: PackedRows, put: (content: Uint8Array) => Cid): Edit[] {
  const { count, keys, keyEnds, values, valueEnds, contentEnds } = rows
  const links = (rows.contents ?? []).map(put)
  return Array.from({ length: count }, (_, i) => ({
    key: keys.slice(startOf(keyEnds, i), keyEnds[i]),
    value: values.slice(startOf(valueEnds, i), valueEnds[i]),
    links: contentEnds === null ? [] : links.slice(startOf(contentEnds, i), contentEnds[i]),
  }))
}
