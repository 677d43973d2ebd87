// Rows of JSON lines as rows of values: how a line was spelled, and how it ended, is left behind.
import { ByteReader } from '../../encoding/varint.ts'
import { cellTag, rowFlag, shortTextMax } from '../../table/row.ts'
import type { PackedRows } from '../packed.ts'

/** The rows are changed where they lie; most have nothing to leave behind. */
export function valueRows(rows: PackedRows): PackedRows {
  const { count, values, valueEnds } = rows
  let first = 0
  while (first < count && values[startOf(valueEnds, first)] === 0) first++
  if (first === count) return rows
  const contents: Uint8Array[] = []
  const contentEnds = rows.contentEnds === null ? null : new Uint32Array(count)
  let [start, to, content] = [0, 0, 0]
  for (let row = 0; row < count; row++) {
    const end = valueEnds[row]!
    const { at, isLinked } = behindHead(values, start)
    if (isLinked) content++
    values[to++] = 0
    values.copyWithin(to, at, end)
    to += end - at
    valueEnds[row] = to
    start = end
    if (contentEnds === null) continue
    while (content < rows.contentEnds![row]!) contents.push(rows.contents![content++]!)
    contentEnds[row] = contents.length
  }
  const has = contents.length > 0
  return {
    ...rows,
    values: values.subarray(0, to),
    contents: has ? contents : null,
    contentEnds: has ? contentEnds : null,
  }
}

function startOf(ends: Uint32Array, row: number): number {
  return row === 0 ? 0 : ends[row - 1]!
}

/** Where the cells begin, and whether the line itself, which stands before them, lies out of line. */
function behindHead(values: Uint8Array, start: number): { at: number; isLinked: boolean } {
  const flags = values[start]!
  const at = start + 1 + (flags & rowFlag.lineEnd ? 1 : 0)
  if (!(flags & rowFlag.rawLine)) return { at, isLinked: false }
  const tag = values[at]!
  if (tag <= shortTextMax) return { at: at + 1 + tag, isLinked: false }
  const reader = new ByteReader(values, at + 1)
  const length = reader.varint()
  const isLinked = tag === cellTag.textLinked
  return { at: reader.at + (isLinked ? 0 : length), isLinked }
}
