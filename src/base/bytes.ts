// Byte strings. Order is always by unsigned bytes: UTF-8 text then sorts by code point, which JavaScript's own
// string comparison does not do.
import { hexOf } from './platform.ts'

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const emptyBytes: Uint8Array = new Uint8Array(0)

export function utf8(text: string): Uint8Array {
  return textEncoder.encode(text)
}

/** Strict: throws TypeError on bytes that are not UTF-8, keeps a leading BOM. */
export function utf8Text(bytes: Uint8Array): string {
  return textDecoder.decode(bytes)
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    textDecoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Compares a[aStart..aEnd) with b[bStart..bEnd) without making views. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

/** Memory that threads see without a copy; where it cannot be shared there are no threads to share it with. */
export function sharedBuffer(bytes: number): SharedArrayBuffer | ArrayBuffer {
  return typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)
}

/** A view that reads and writes numbers of several bytes. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

const growthBytesMax = 4 << 20

/** What memory of `length` bytes grows to so that it has `least`: twice as long, and beyond some megabytes by steps. */
export function grownLength(length: number, least: number): number {
  return Math.max(least, length + Math.min(length, growthBytesMax))
}

/** The bytes, or a longer copy where there are fewer than `length`. */
export function ensureCapacity(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes
  const larger = new Uint8Array(grownLength(bytes.length, length))
  larger.set(bytes)
  return larger
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function toHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return hexOf(bytes, start, end)
}

const hexValues = new Uint8Array(128).fill(255)
for (let value = 0; value < 16; value++) hexValues['0123456789abcdef'.charCodeAt(value)] = value

export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1)
  let seen = hex.length & 1 ? 255 : 0
  for (let i = 0; i < bytes.length; i++) {
    const high = hexValues[hex.charCodeAt(2 * i)] ?? 255
    const low = hexValues[hex.charCodeAt(2 * i + 1)] ?? 255
    seen |= high | low
    bytes[i] = (high << 4) | low
  }
  if (seen > 15) throw new TypeError(`not lower-case hex: '${hex}'`)
  return bytes
}
