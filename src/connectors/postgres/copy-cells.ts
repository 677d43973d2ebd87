// Values as COPY sends them, written into rows and keys: the same cells as `cellOfText` makes of them, without the cells.
import { keyTag, writeKeyCell, writeTerminated } from '../../table/key.ts'
import { writeIntLiteral } from '../../table/int-key.ts'
import { cellTag, inlineCellBytesMax, writeCellHead } from '../../table/row.ts'
import type { ColumnType } from '../../table/interface.ts'
import { cellOfText } from './types.ts'

const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const nine = 0x39
const plus = 0x2b
const space = 0x20
const letterT = 0x54
const letterZ = 0x5a
const smallE = 0x65
const smallT = 0x74
const largeE = 0x45
const loopMax = 32

/** Writes src[start..end) as a cell; the place behind it, or -1 when it is to lie outside of the row. */
export function writeCell(
  target: Uint8Array,
  at: number,
  type: ColumnType,
  src: Uint8Array,
  start: number,
  end: number,
): number {
  switch (type) {
    case 'bool':
      target[at] = src[start] === smallT ? cellTag.true : cellTag.false
      return at + 1
    case 'int':
      return writeBytes(target, at, cellTag.number, src, start, end)
    case 'decimal':
    case 'float':
      return writeBytes(
        target,
        at,
        isJsonNumber(src, start, end) ? cellTag.number : cellTag.text,
        src,
        start,
        end,
      )
    case 'json':
      return writeBytes(target, at, cellTag.json, src, start, end)
    case 'timestamp':
      return writeTimestamp(target, at, src, start, end)
    case 'bytes':
      return writeHex(target, at, src, start, end)
    default:
      return writeBytes(target, at, cellTag.text, src, start, end)
  }
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
      return start === end ? -1 : writeTerminated(target, at, keyTag.text, src, start, end)
    case 'json':
      return -1
    default: {
      const cell = cellOfText(src.subarray(start, end), type)
      return cell.bytes.length === 0 && cell.kind === 'text'
        ? -1
        : writeKeyCell(target, at, cell, { id: 0, name: '', type }, 'typed')
    }
  }
}

function writeBytes(
  target: Uint8Array,
  at: number,
  tag: number,
  src: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start
  if (length > inlineCellBytesMax) return -1
  at = writeCellHead(target, at, tag, length)
  if (length > loopMax) target.set(src.subarray(start, end), at)
  else for (let i = 0; i < length; i++) target[at + i] = src[start + i]!
  return at + length
}

/** '2024-05-06 07:08:09.123+00' as ISO 8601 has it; other eras and infinity stay as they are. */
function writeTimestamp(target: Uint8Array, at: number, src: Uint8Array, start: number, end: number): number {
  const isIso = end - start >= 19 && src[start + 10] === space && src[end - 1]! <= nine
  const isUtc = isIso && src[end - 3] === plus && src[end - 2] === zero && src[end - 1] === zero
  const to = writeBytes(target, at, cellTag.text, src, start, isUtc ? end - 2 : end)
  if (!isIso || to < 0) return to
  const first = to - (end - start) + (isUtc ? 2 : 0)
  target[first + 10] = letterT
  if (isUtc) target[to - 1] = letterZ
  return to
}

/** '\x00ff': two digits a byte. */
function writeHex(target: Uint8Array, at: number, src: Uint8Array, start: number, end: number): number {
  const length = Math.max(0, (end - start - 2) >> 1)
  if (length > inlineCellBytesMax) return -1
  at = writeCellHead(target, at, cellTag.bytes, length)
  for (let i = 0; i < length; i++) {
    const from = start + 2 + 2 * i
    target[at + i] = (digit(src[from]!) << 4) | digit(src[from + 1]!)
  }
  return at + length
}

function digit(byte: number): number {
  return byte <= nine ? byte - zero : byte - 0x57
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine
}

function isJsonNumber(src: Uint8Array, start: number, end: number): boolean {
  let at = src[start] === minus ? start + 1 : start
  const whole = at
  while (at < end && isDigit(src[at])) at++
  if (at === whole || (src[whole] === zero && at > whole + 1)) return false
  if (at < end && src[at] === dot) {
    const fraction = ++at
    while (at < end && isDigit(src[at])) at++
    if (at === fraction) return false
  }
  if (at < end && (src[at] === smallE || src[at] === largeE)) {
    at++
    if (src[at] === plus || src[at] === minus) at++
    const exponent = at
    while (at < end && isDigit(src[at])) at++
    if (at === exponent) return false
  }
  return at === end
}
