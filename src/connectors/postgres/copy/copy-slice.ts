// Rows as COPY sends them as packed rows, or as finished leaves where they come in key order. A pure function of plain
// data, so that threads can run it. Rows that are out of the ordinary are left to whoever says what is wrong with them.
import { compareRanges } from '../../../base/bytes.ts'
import { type LeafOptions, type PackedLeaves, leavesOf } from '../../../formats/leaves.ts'
import { PackedBuffer, type PackedRows, ownRows } from '../../../formats/packed.ts'
import { keyBytesMax } from '../../../table/key.ts'
import { contentCid } from '../../../table/content.ts'
import { cellTag } from '../../../table/row.ts'
import { writeCell, writeKeyElement } from './copy-cells.ts'
import type { CopyPlan } from './copy-plan.ts'
import { CopyReader } from './copy-reader.ts'
import { letterCut } from './copy-frames.ts'

/** Room for a cell's head, and for what separates two fields. */
const cellRoom = 6
const rowBytesMax = 900 << 10
/** A key that does not fit is longer than a key may be. */
const keyBytesRoom = 2 * keyBytesMax

export interface CopyTask {
  /** Whole frames. */
  readonly bytes: Uint8Array
  readonly plan: CopyPlan
  /** null: leaves are of no use. */
  readonly leafOptions: LeafOptions | null
}

export type CopySlice =
  | { readonly rows: PackedRows }
  | { readonly leaves: PackedLeaves; readonly contents: readonly Uint8Array[] }
  /** Some row is none that goes this way. */
  | null

// One slice after the other goes through a thread: the buffer stays. Rows are copied out of it. It has room for a usual slice
// from the start, as formats/csv/slice.ts has.
const buffer = new PackedBuffer(2 << 20, 1 << 16)

export function copySlice({ bytes, plan, leafOptions }: CopyTask): CopySlice {
  buffer.clear()
  const reader = new CopyReader(bytes)
  while (reader.at < bytes.length) if (bytes[reader.at] === letterCut || !addRow(reader, plan)) return null
  const rows = buffer.view()
  if (leafOptions !== null && rows.isOrdered && rows.count > 0) {
    const contents = rows.contents ?? []
    const leaves = leavesOf(rows, contents.map(contentCid), leafOptions)
    if (leaves !== null) return { leaves, contents }
  }
  return { rows: ownRows(rows) }
}

function addRow(reader: CopyReader, { keys, values }: CopyPlan): boolean {
  reader.beginRow()
  const { count } = buffer
  const keyStart = count === 0 ? 0 : buffer.keyEnds[count - 1]!
  const valueStart = count === 0 ? 0 : buffer.valueEnds[count - 1]!
  const last = keys.length + values.length - 1
  const room = reader.end - reader.at + cellRoom * (last + 2)
  buffer.reserve(keyStart + keyBytesRoom, valueStart + room)
  const keyEnd = addKey(reader, keys, keyStart, valueStart, last)
  if (keyEnd < 0 || keyEnd - keyStart > keyBytesMax) return false
  const out = buffer.values
  out[valueStart] = 0
  let at = valueStart + 1
  for (let i = 0; i < values.length; i++) {
    if (reader.isNull()) out[at++] = cellTag.null
    else at = writeCell(buffer, at, values[i]!, reader)
    if (at < 0) return false
    reader.endField(keys.length + i === last)
  }
  if (at - valueStart > rowBytesMax) return false
  if (count > 0 && buffer.isOrdered) {
    const before = count === 1 ? 0 : buffer.keyEnds[count - 2]!
    buffer.isOrdered = compareRanges(buffer.keys, before, keyStart, buffer.keys, keyStart, keyEnd) < 0
  }
  buffer.endRow(keyEnd, at)
  return true
}

/** Adds the row's key. Its fields lie for a moment where the row's cells will lie. */
function addKey(
  reader: CopyReader,
  keys: CopyPlan['keys'],
  keyStart: number,
  scratch: number,
  last: number,
): number {
  let keyEnd = keyStart
  for (let i = 0; i < keys.length; i++) {
    if (reader.isNull()) return -1
    const end = reader.copy(buffer.values, scratch)
    keyEnd = writeKeyElement(buffer.keys, keyEnd, keys[i]!, buffer.values, scratch, end)
    if (keyEnd < 0) return -1
    reader.endField(i === last)
  }
  return keyEnd
}
