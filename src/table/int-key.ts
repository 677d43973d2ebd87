// Integers as key elements: a byte 0x20 + n for a number of n magnitude bytes (0x20 - n when it is negative), then
// the magnitude, big-endian and without leading zeros (complemented when negative). Comparing such bytes compares the
// numbers, and a canonical literal ('0', '7', '-7'; never '007', '+7' or '-0') comes back exactly as it was written.

export const intZero = 0x20
export const intBytesMax = 16
const digitsMax = 39
const magnitudeMax = (1n << 128n) - 1n

/** Writes src[start..end) as an integer and returns the offset behind it; -1 when it is no canonical literal. */
export function writeIntLiteral(
  target: Uint8Array,
  at: number,
  src: Uint8Array,
  start: number,
  end: number,
): number {
  const complement = src[start] === 0x2d ? 255 : 0
  const first = complement === 0 ? start : start + 1
  const digits = end - first
  if (digits <= 0 || digits > digitsMax) return -1
  if (src[first] === 0x30) {
    if (digits > 1 || complement !== 0) return -1
    target[at] = intZero
    return at + 1
  }
  if (digits > 15) return writeLongLiteral(target, at, src, first, end, complement)
  let magnitude = 0
  for (let i = first; i < end; i++) {
    const digit = src[i]! - 0x30
    if (digit < 0 || digit > 9) return -1
    magnitude = magnitude * 10 + digit
  }
  return writeMagnitude(target, at, magnitude, complement)
}

function writeMagnitude(target: Uint8Array, at: number, magnitude: number, complement: number): number {
  const high = Math.floor(magnitude / 0x1_0000_0000)
  const low = magnitude >>> 0
  let count = high > 0 ? 5 : low > 0xff_ffff ? 4 : low > 0xffff ? 3 : low > 0xff ? 2 : 1
  if (high > 0xff) count = high > 0xffff ? 7 : 6
  target[at] = complement === 0 ? intZero + count : intZero - count
  for (let i = count; i > 0; i--) {
    const shift = count - i
    target[at + i] = ((shift < 4 ? low >>> (8 * shift) : high >>> (8 * (shift - 4))) & 255) ^ complement
  }
  return at + 1 + count
}

function writeLongLiteral(
  target: Uint8Array,
  at: number,
  src: Uint8Array,
  first: number,
  end: number,
  complement: number,
): number {
  let text = ''
  for (let i = first; i < end; i++) {
    const byte = src[i]!
    if (byte < 0x30 || byte > 0x39) return -1
    text += String.fromCharCode(byte)
  }
  const magnitude = BigInt(text)
  if (magnitude > magnitudeMax) return -1
  const hex = magnitude.toString(16)
  const count = (hex.length + 1) >> 1
  const padded = hex.padStart(2 * count, '0')
  target[at] = complement === 0 ? intZero + count : intZero - count
  for (let i = 0; i < count; i++) {
    target[at + 1 + i] = Number.parseInt(padded.slice(2 * i, 2 * i + 2), 16) ^ complement
  }
  return at + 1 + count
}

/** Magnitude bytes of an element with this tag: 0 for zero, -1 when the tag is no integer's. */
export function intLengthOf(tag: number): number {
  const length = Math.abs(tag - intZero)
  return length <= intBytesMax ? length : -1
}

/** The literal of the element at `at`; null when its magnitude has a leading zero. */
export function intLiteralAt(key: Uint8Array, at: number): string | null {
  const tag = key[at]!
  const length = intLengthOf(tag)
  if (length === 0) return '0'
  const complement = tag < intZero ? 255 : 0
  if ((key[at + 1]! ^ complement) === 0) return null
  let magnitude = 0n
  for (let i = 1; i <= length; i++) magnitude = (magnitude << 8n) | BigInt(key[at + i]! ^ complement)
  return (complement === 0 ? '' : '-') + magnitude.toString()
}

const digits = new Uint8Array(16)

/** Writes the literal of the well-formed element at `at` and returns the offset behind the text. */
export function writeIntText(target: Uint8Array, to: number, key: Uint8Array, at: number): number {
  const tag = key[at]!
  const length = intLengthOf(tag)
  if (length > 6) return writeAscii(target, to, intLiteralAt(key, at) ?? '')
  const complement = tag < intZero ? 255 : 0
  let magnitude = 0
  for (let i = 1; i <= length; i++) magnitude = magnitude * 256 + (key[at + i]! ^ complement)
  if (complement !== 0) target[to++] = 0x2d
  let count = 0
  while (magnitude > 0x7fff_ffff) {
    const rest = Math.floor(magnitude / 10)
    digits[count++] = magnitude - rest * 10
    magnitude = rest
  }
  let small = magnitude | 0
  do {
    const rest = (small / 10) | 0
    digits[count++] = small - rest * 10
    small = rest
  } while (small > 0)
  while (count > 0) target[to++] = 0x30 + digits[--count]!
  return to
}

function writeAscii(target: Uint8Array, to: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[to++] = text.charCodeAt(i)
  return to
}
