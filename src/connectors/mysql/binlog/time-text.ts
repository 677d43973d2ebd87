// TIMESTAMP, DATETIME and TIME as MySQL stores them since 5.6: big-endian bit fields, then the fraction of a second in as
// many bytes as its digits need.
import type { ByteCursor } from './byte-cursor.ts'

export function timestampText(cursor: ByteCursor, digits: number): string {
  const seconds = cursor.take(4).readUInt32BE(0)
  const fraction = fractionText(fractionOf(cursor, digits), digits)
  if (seconds === 0) return `0000-00-00 00:00:00${fraction}`
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ') + fraction
}

export function datetimeText(cursor: ByteCursor, digits: number): string {
  const packed = BigInt(cursor.take(5).readUIntBE(0, 5)) - 0x80_0000_0000n
  return `${packedDateText(packed << 24n)} ${clock(Number(packed & 0x1ffffn))}${fractionText(fractionOf(cursor, digits), digits)}`
}

/** A time as text. A negative one is stored as the complement of all its bytes, its fraction among them. */
export function timeText(cursor: ByteCursor, digits: number): string {
  const fractionBytes = (digits + 1) >> 1
  const size = 3 + fractionBytes
  const value = cursor.take(size).readUIntBE(0, size) - 0x80_0000 * 256 ** fractionBytes
  const magnitude = Math.abs(value)
  const fraction = (magnitude % 256 ** fractionBytes) * 100 ** (3 - fractionBytes)
  const whole = Math.floor(magnitude / 256 ** fractionBytes)
  return `${value < 0 ? '-' : ''}${clock(whole & 0x3f_ffff)}${fractionText(fraction, digits)}`
}

/** As JSON holds it: the same fields, and microseconds in the lower three bytes, in eight bytes. */
export function packedDatetimeText(packed: bigint): string {
  return `${packedDateText(packed)} ${clock(Number((packed >> 24n) & 0x1ffffn))}${microsText(packed)}`
}

export function packedDateText(packed: bigint): string {
  const day = Number(packed >> 41n)
  const yearMonth = day >> 5
  return [part(Math.floor(yearMonth / 13), 4), part(yearMonth % 13), part(day & 31)].join('-')
}

export function packedTimeText(packed: bigint): string {
  const magnitude = packed < 0n ? -packed : packed
  return `${packed < 0n ? '-' : ''}${clock(Number(magnitude >> 24n) & 0x3f_ffff)}${microsText(magnitude)}`
}

function microsText(packed: bigint): string {
  return fractionText(Number(packed & 0xff_ffffn), 6)
}

/** The fraction of a second, in microseconds. */
function fractionOf(cursor: ByteCursor, digits: number): number {
  const size = (digits + 1) >> 1
  return size === 0 ? 0 : cursor.take(size).readUIntBE(0, size) * 100 ** (3 - size)
}

function fractionText(micros: number, digits: number): string {
  return digits === 0 ? '' : `.${part(micros, 6).slice(0, digits)}`
}

function clock(packed: number): string {
  return [part(packed >> 12), part((packed >> 6) & 63), part(packed & 63)].join(':')
}

function part(value: number, digits = 2): string {
  return String(value).padStart(digits, '0')
}
