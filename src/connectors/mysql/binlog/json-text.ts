// MySQL's own form of JSON, as its log has it, as the text that the server makes of it. The layout is that of the source
// of the server, json_binary.h: values lie at offsets from the beginning of the object or array that they are in, small ones
// in place of the offset. Bytes come from outside: whatever leads out of them, or to the same bytes again and again, is
// corrupt.
import { corrupt } from '../../../base/errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { decimalText } from './decimal-text.ts'
import { packedDateText, packedDatetimeText, packedTimeText } from './time-text.ts'

/** As the server itself has it. */
const depthMax = 100
const literals = ['null', 'true', 'false']

/** @throws VarveError VARVE_CORRUPT */
export function jsonText(bytes: Buffer): string {
  // What INSERT IGNORE makes of nothing.
  if (bytes.length === 0) return 'null'
  try {
    return valueText(bytes[0]!, bytes.subarray(1), { depth: 0, unread: { bytes: bytes.length } })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw corrupt('the binary log has JSON that ends too early')
  }
}

interface Reading {
  readonly depth: number
  /** What is left of the document: its values share no bytes, so that none is read twice. */
  readonly unread: { bytes: number }
}

/** `bytes` begin with the value. */
function valueText(type: number, bytes: Buffer, reading: Reading): string {
  switch (type) {
    case 0:
    case 1:
    case 2:
    case 3:
      return membersText(type, bytes, reading)
    case 4:
      return literals[bytes.readUInt8(0)] ?? unknown(type)
    case 5:
      return String(bytes.readInt16LE(0))
    case 6:
      return String(bytes.readUInt16LE(0))
    case 7:
      return String(bytes.readInt32LE(0))
    case 8:
      return String(bytes.readUInt32LE(0))
    case 9:
      return String(bytes.readBigInt64LE(0))
    case 10:
      return String(bytes.readBigUInt64LE(0))
    case 11:
      return doubleText(bytes.readDoubleLE(0))
    case 12:
      return JSON.stringify(sized(bytes, reading).toString('utf8'))
    case 15:
      return opaqueText(bytes.readUInt8(0), sized(bytes.subarray(1), reading))
    default:
      return unknown(type)
  }
}

/** Of an object or array. Its members' types lie beside their offsets; the names of an object's come before. */
function membersText(type: number, all: Buffer, { depth, unread }: Reading): string {
  if (depth >= depthMax) throw corrupt('the binary log has JSON of too many levels')
  const [isObject, size] = [type < 2, type % 2 === 0 ? 2 : 4]
  const [count, length] = [all.readUIntLE(0, size), all.readUIntLE(size, size)]
  if (length > all.length) throw new RangeError()
  const bytes = all.subarray(0, length)
  const [nameBytes, valueBytes] = [isObject ? size + 2 : 0, size + 1]
  const values = 2 * size + count * nameBytes
  if (values + count * valueBytes > length) throw new RangeError()
  take(unread, values + count * valueBytes)
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    const at = values + i * valueBytes
    const of = bytes.readUInt8(at)
    const value = isInline(of, size) ? at + 1 : bytes.readUIntLE(at + 1, size)
    const text = valueText(of, bytes.subarray(value), { depth: depth + 1, unread })
    texts.push(isObject ? `${nameText(bytes, 2 * size + i * nameBytes, size, unread)}: ${text}` : text)
  }
  return isObject ? `{${texts.join(', ')}}` : `[${texts.join(', ')}]`
}

function nameText(bytes: Buffer, at: number, size: number, unread: Reading['unread']): string {
  const [from, length] = [bytes.readUIntLE(at, size), bytes.readUInt16LE(at + size)]
  if (from + length > bytes.length) throw new RangeError()
  take(unread, length)
  return JSON.stringify(bytes.toString('utf8', from, from + length))
}

/** Literals and numbers that take no more bytes than an offset. */
function isInline(type: number, size: number): boolean {
  return (type >= 4 && type <= 6) || (size === 4 && (type === 7 || type === 8))
}

/** Behind its length, of which each byte has seven bits. */
function sized(bytes: Buffer, { unread }: Reading): Buffer {
  let [length, at] = [0, 0]
  for (let more = true; more; at++) {
    const byte = bytes.readUInt8(at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    more = byte > 0x7f
  }
  if (at + length > bytes.length) throw new RangeError()
  take(unread, length)
  return bytes.subarray(at, at + length)
}

function take(unread: Reading['unread'], bytes: number): void {
  if ((unread.bytes -= bytes) < 0) throw corrupt('the binary log has JSON whose values share bytes')
}

/** A value of another type of the server. */
function opaqueText(type: number, bytes: Buffer): string {
  switch (type) {
    case 246:
      return decimalText(new ByteCursor(bytes.subarray(2)), bytes.readUInt8(0), bytes.readUInt8(1))
    case 10:
      return `"${packedDateText(bytes.readBigInt64LE(0))}"`
    case 7:
    case 12:
      return `"${packedDatetimeText(bytes.readBigInt64LE(0))}"`
    case 11:
      return `"${packedTimeText(bytes.readBigInt64LE(0))}"`
    default:
      return `"base64:type${type}:${bytes.toString('base64')}"`
  }
}

/** The fewest digits that are this number; with an exponent from 1e15 on, but where a fraction is left, and below 1e-15. */
function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [, sign, first, rest = '', power] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential())!
  const [digits, point] = [`${first}${rest}`, Number(power) + 1]
  if (point < -14 || (point > 15 && digits.length <= point))
    return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${Number(power)}`
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point) || '0'}`
}

function unknown(type: number): never {
  throw corrupt(`the binary log has JSON with a value of an unknown type ${type}`)
}
