// Values that do not fit their columns, found in rows of values that are packed already: texts where the column is of another
// type.
import { ByteReader } from '../../encoding/varint.ts'
import type { ColumnType } from '../../table/interface.ts'
import { keyElementEnd, keyTag, unescapedElement } from '../../table/key.ts'
import { cellTag, shortTextMax } from '../../table/row.ts'
import { type MisfitNotes, fitsAsText } from './misfits.ts'
import type { PackedRows } from '../packed.ts'

/** `types` by place among the row's values; null: the column is of any type. */
export function noteMisfits(
  rows: PackedRows,
  { keyTypes, types }: { keyTypes: readonly (ColumnType | null)[]; types: readonly (ColumnType | null)[] },
  notes: MisfitNotes,
): void {
  noteKeys(rows, keyTypes, notes)
  if (types.every(isFree)) return
  const { count, values, valueEnds, contents, contentEnds } = rows
  for (let row = 0, start = 0; row < count; row++) {
    const end = valueEnds[row]!
    let content = row === 0 || contentEnds === null ? 0 : contentEnds[row - 1]!
    // Behind the flags, which rows of values have not got.
    for (let at = start + 1, place = 0; at < end; place++) {
      const tag = values[at]!
      if (tag <= shortTextMax) {
        const stop = at + 1 + tag
        if (isMisfit(types[place], values, at + 1, stop))
          notes.add('values', place, row, values.subarray(at + 1, stop))
        at = stop
      } else if (tag < cellTag.text) at++
      else {
        const reader = new ByteReader(values, at + 1)
        const length = reader.varint()
        const isLinked = tag >= cellTag.textLinked
        const bytes = isLinked ? contents![content++]! : values
        const from = isLinked ? 0 : reader.at
        const stop = isLinked ? bytes.length : from + length
        const isText = tag === cellTag.text || tag === cellTag.textLinked
        if (isText && isMisfit(types[place], bytes, from, stop))
          notes.add('values', place, row, bytes.subarray(from, stop))
        at = isLinked ? reader.at : reader.at + length
      }
    }
    start = end
  }
}

/** Those of the keys alone. */
export function noteKeys(
  { count, keys, keyEnds }: Pick<PackedRows, 'count' | 'keys' | 'keyEnds'>,
  types: readonly (ColumnType | null)[],
  notes: MisfitNotes,
): void {
  if (types.every(isFree)) return
  for (let row = 0, at = 0; row < count; row++) {
    for (const [place, type] of types.entries()) {
      const end = keyElementEnd(keys, at)
      if (!isFree(type) && keys[at] === keyTag.text) {
        const text = unescapedElement(keys, at + 1, end - 1)
        if (isMisfit(type, text, 0, text.length)) notes.add('key', place, row, text)
      }
      at = end
    }
    at = keyEnds[row]!
  }
}

function isMisfit(
  type: ColumnType | null | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return type !== undefined && type !== null && !fitsAsText(type, bytes, start, end)
}

/** Any text is a value of such a column. */
function isFree(type: ColumnType | null): boolean {
  return type === null || type === 'text'
}
