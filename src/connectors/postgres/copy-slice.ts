// Whole rows of COPY's text as packed rows, or as finished leaves where they come in key order. A pure function of plain
// data, so that threads can run it. Rows that are out of the ordinary are left to whoever says what is wrong with them.
import { cidOf } from '../../encoding/cid.ts'
import { compareRanges } from '../../base/bytes.ts'
import { type LeafWish, type PackedLeaves, leavesOf } from '../../formats/leaves.ts'
import { PackedBuffer, type PackedRows, ownRows } from '../../formats/packed.ts'
import { keyBytesMax, keyRoom } from '../../table/key.ts'
import { cellBytesMax, cellTag, inlineCellBytesMax, writeCellHead } from '../../table/row.ts'
import { writeCell, writeKeyElement } from './copy-cells.ts'
import { CopyFields } from './copy-fields.ts'
import type { CopyPlan } from './copy-plan.ts'
import { cellOfText } from './types.ts'
import type { Cell } from '../../table/interface.ts'

const cellRoom = 6
const rowBytesMax = 900 << 10
/** Bytes have two digits each. */
const inlineTextMax = 2 * inlineCellBytesMax + 2

export interface CopyTask {
  /** Whole rows: the last byte ends one. */
  readonly bytes: Uint8Array
  readonly plan: CopyPlan
  /** null: leaves are of no use. */
  readonly wish: LeafWish | null
}

export type CopySlice =
  | { readonly rows: PackedRows }
  | { readonly leaves: PackedLeaves; readonly contents: readonly Uint8Array[] }
  /** Some row is none that goes this way. */
  | null

// One slice after the other goes through a thread: the buffer stays. Rows are copied out of it.
const buffer = new PackedBuffer(1 << 16, 1 << 10)

export function copySlice({ bytes, plan, wish }: CopyTask): CopySlice {
  buffer.clear()
  const fields = new CopyFields(bytes, plan.types.length)
  for (let at = 0; at < bytes.length;) {
    at = fields.read(at)
    if (!addRow(bytes, fields, plan)) return null
  }
  const rows = buffer.view()
  if (wish !== null && rows.isOrdered && rows.count > 0) {
    const contents = rows.contents ?? []
    const leaves = leavesOf(
      rows,
      contents.map((content) => cidOf('raw', content)),
      wish,
    )
    if (leaves !== null) return { leaves, contents }
  }
  return { rows: ownRows(rows) }
}

function addRow(bytes: Uint8Array, fields: CopyFields, plan: CopyPlan): boolean {
  const { starts, ends, isUnescaped, unescaped } = fields
  const { types, keys, values } = plan
  const { count } = buffer
  const keyStart = count === 0 ? 0 : buffer.keyEnds[count - 1]!
  const valueStart = count === 0 ? 0 : buffer.valueEnds[count - 1]!
  let keyBytes = 0
  for (const field of keys) keyBytes += keyRoom(Math.max(0, ends[field]! - starts[field]!))
  let room = 1
  for (const field of values) {
    const length = ends[field]! - starts[field]!
    room += cellRoom + (length < 0 || length > inlineTextMax ? 0 : length)
  }
  if (room > rowBytesMax) return false
  buffer.reserve(keyStart + keyBytes, valueStart + room)
  let keyEnd = keyStart
  for (const field of keys) {
    const src = isUnescaped[field] === 1 ? unescaped : bytes
    if (ends[field]! < 0) return false
    keyEnd = writeKeyElement(buffer.keys, keyEnd, types[field]!, src, starts[field]!, ends[field]!)
    if (keyEnd < 0) return false
  }
  if (keyEnd - keyStart > keyBytesMax) return false
  const out = buffer.values
  out[valueStart] = 0
  let at = valueStart + 1
  for (const field of values) {
    const end = ends[field]!
    if (end < 0) {
      out[at++] = cellTag.null
      continue
    }
    const src = isUnescaped[field] === 1 ? unescaped : bytes
    const next = writeCell(out, at, types[field]!, src, starts[field]!, end)
    at = next < 0 ? writeContent(at, cellOfText(src.slice(starts[field]!, end), types[field]!)) : next
    if (at < 0) return false
  }
  if (count > 0 && buffer.isOrdered) {
    const before = count === 1 ? 0 : buffer.keyEnds[count - 2]!
    buffer.isOrdered = compareRanges(buffer.keys, before, keyStart, buffer.keys, keyStart, keyEnd) < 0
  }
  buffer.endRow(keyEnd, at)
  return true
}

/** A cell that is too large for its row. */
function writeContent(at: number, { kind, bytes }: Cell): number {
  if (bytes.length > cellBytesMax) return -1
  buffer.addContent(bytes)
  return writeCellHead(buffer.values, at, cellTag[kind], bytes.length)
}
