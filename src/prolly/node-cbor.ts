// The little of CBOR (RFC 8949, section 3) that nodes use: heads in their shortest form, and links. A link is 41
// bytes: d8 2a (tag 42), 58 25 (byte string of 37), 00 (multibase identity), then the CID's 36 bytes.
import { corrupt } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ByteReader } from '../encoding/varint.ts'

export const unsignedMajor = 0
export const bytesMajor = 2
export const arrayMajor = 4

export const linkLength = 41
const linkPrefix = [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01] as const
export const linkPrefixLength = 5
const codecRaw = 0x55
const codecCbor = 0x71

export function headLength(value: number): number {
  if (value < 24) return 1
  if (value < 0x100) return 2
  if (value < 0x10000) return 3
  return value < 0x1_0000_0000 ? 5 : 9
}

/** Writes at `at`, and returns the offset after it. */
export function writeHead(target: Uint8Array, at: number, major: number, value: number): number {
  const length = headLength(value)
  if (length === 1) {
    target[at] = (major << 5) | value
    return at + 1
  }
  target[at] = (major << 5) | (length === 2 ? 24 : length === 3 ? 25 : length === 5 ? 26 : 27)
  let rest = value
  for (let i = length - 1; i > 0; i--) {
    target[at + i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return at + length
}

export function readHead(reader: ByteReader, major: number): number {
  const head = reader.byte()
  if (head >> 5 !== major) throw corrupt('node has a field of the wrong type')
  const info = head & 31
  if (info < 24) return info
  if (info > 27) throw corrupt('node is not dag-cbor')
  const length = 1 << (info - 24)
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + reader.byte()
  if (value > Number.MAX_SAFE_INTEGER || headLength(value) !== length + 1) {
    throw corrupt('node has a number that is not in its shortest form')
  }
  return value
}

const nibbles = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) nibbles[digit.toString(16).charCodeAt(0)] = digit

export function writeLink(target: Uint8Array, at: number, cid: Cid): number {
  for (let i = 0; i < linkPrefixLength; i++) target[at++] = linkPrefix[i]!
  for (let i = 0; i < cid.length; i += 2) {
    target[at++] = (nibbles[cid.charCodeAt(i) & 127]! << 4) | nibbles[cid.charCodeAt(i + 1) & 127]!
  }
  return at
}

/** Checks all but the digests; nodes link to nodes only, so above the leaves the codec must be dag-cbor. */
export function checkLinks(links: Uint8Array, level: number): void {
  for (let at = 0; at < links.length; at += linkLength) {
    for (let i = 0; i < linkPrefix.length; i++) {
      if (links[at + i] !== linkPrefix[i]) throw corrupt('node has a link that is not of our kind')
    }
    const codec = links[at + 6]!
    if (codec !== codecCbor && (codec !== codecRaw || level > 0))
      throw corrupt('node links to an unknown codec')
    if (links[at + 7] !== 0x12 || links[at + 8] !== 0x20)
      throw corrupt('node has a link with an unknown hash')
  }
}
