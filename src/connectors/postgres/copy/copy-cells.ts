// Values as COPY sends them, written into rows and keys: the same cells as `cellOfText` makes of them, without the cells.
import { varintLength } from '../../../encoding/varint.ts'
import type { PackedBuffer } from '../../../formats/packed.ts'
import { keyTag, writeKeyCell, writeTerminated } from '../../../table/key.ts'
import { writeIntLiteral } from '../../../table/int-key.ts'
import { cellBytesMax, cellTag, inlineCellBytesMax, shortTextMax, writeCellHead } from '../../../table/row.ts'
import { isJsonNumber } from '../../../table/cell.ts'
import type { ColumnType } from '../../../table/interface.ts'
import { fieldKind } from './copy-plan.ts'
import type { CopyReader } from './copy-reader.ts'
import { cellOfText } from '../types.ts'

const zero = 0x30
const nine = 0x39
const plus = 0x2b
const space = 0x20
const letterT = 0x54
const letterZ = 0x5a
const smallT = 0x74

/** By `fieldKind`: what stands before the content, if that is as short as most are. */
const headBytes = Uint8Array.of(1, 2, 2, 1, 1, 2, 2)

/** Writes the reader's field as the row's next cell, at `at`; the place behind it, or -1 for what no cell can hold. */
export function writeCell(buffer: PackedBuffer, at: number, kind: number, reader: CopyReader): number {
  const target = buffer.values
  const from = at + headBytes[kind]!
  const end = reader.copy(target, from)
  switch (kind) {
    case fieldKind.text:
      return endCell(buffer, at, cellTag.text, from, end)
    case fieldKind.int:
      return endCell(buffer, at, cellTag.number, from, end)
    case fieldKind.decimal:
      return endCell(buffer, at, isJsonNumber(target, from, end) ? cellTag.number : cellTag.text, from, end)
    case fieldKind.bool:
      target[at] = target[from] === smallT ? cellTag.true : cellTag.false
      return from
    case fieldKind.timestamp:
      return endCell(buffer, at, cellTag.text, from, asIso(target, from, end))
    case fieldKind.bytes:
      return endCell(buffer, at, cellTag.bytes, from, fromHex(target, from, end))
    default:
      return endCell(buffer, at, cellTag.json, from, end)
  }
}

/** The content lies at [from, end) already, where it belongs if its head is as short as most are. */
function endCell(buffer: PackedBuffer, at: number, tag: number, from: number, end: number): number {
  const target = buffer.values
  const length = end - from
  if (tag === cellTag.text && length <= shortTextMax && from === at + 1) {
    target[at] = length
    return end
  }
  if (length > cellBytesMax) return -1
  if (length > inlineCellBytesMax) {
    buffer.addContent(target.slice(from, end))
    return writeCellHead(target, at, tag, length)
  }
  const head = tag === cellTag.text && length <= shortTextMax ? 1 : 1 + varintLength(length)
  if (at + head !== from) target.copyWithin(at + head, from, end)
  writeCellHead(target, at, tag, length)
  return at + head + length
}

/** Writes src[start..end) as an element of a key; -1 for what cannot be one. */
export function writeKeyElement(
  target: Uint8Array,
  at: number,
  type: ColumnType,
  src: Uint8Array,
  start: number,
  end: number,
): number {
  switch (type) {
    case 'int':
      return writeIntLiteral(target, at, src, start, end)
    case 'text':
    case 'date':
      return writeTerminated(target, at, keyTag.text, src, start, end)
    case 'json':
      return -1
    default:
      return writeKeyCell(
        target,
        at,
        cellOfText(src.subarray(start, end), type),
        { id: 0, name: '', type },
        'typed',
      )
  }
}

/** '2024-05-06 07:08:09.123+00' as ISO 8601 has it; other eras and infinity stay as they are. Its new end. */
function asIso(target: Uint8Array, start: number, end: number): number {
  if (end - start < 19 || target[start + 10] !== space || target[end - 1]! > nine) return end
  target[start + 10] = letterT
  if (target[end - 3] !== plus || target[end - 2] !== zero || target[end - 1] !== zero) return end
  target[end - 3] = letterZ
  return end - 2
}

/** Decodes '\x00ff', two digits a byte, in place; returns the end of the bytes. */
function fromHex(target: Uint8Array, start: number, end: number): number {
  let to = start
  for (let from = start + 2; from + 1 < end; from += 2)
    target[to++] = (digit(target[from]!) << 4) | digit(target[from + 1]!)
  return to
}

function digit(byte: number): number {
  return byte <= nine ? byte - zero : byte - 0x57
}
