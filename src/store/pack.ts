// A pack: an immutable file of records. Its name is the digest in its trailer, so a name proves the content.
// Numbers are little-endian.
//
//   head      magic 'VPAK', version u8 = 1, kind u8 (0 meta: dag-cbor objects, 1 data: raw objects), zero u16,
//             8 random bytes: no two packs ever share a name, so deleting one by name never hits another's
//   records   back to back (record.ts)
//   footer    u32 offset of each record, ascending
//   trailer   record count u32, footer offset u32, sha-256 of all bytes before it, magic 'KAPV'
import { toHex } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import type { PackKind } from './interface.ts'
import { recordHeadBytes } from './record.ts'

export const packHeadBytes = 16
export const packTrailerBytes = 44
/** The part of the trailer that the digest does not cover. */
export const packEndBytes = 36
/** A pack that has reached this is closed and the next begun. */
export const packBytesFull: Readonly<Record<PackKind, number>> = { meta: 16 << 20, data: 64 << 20 }

const headMagic = 0x4b415056
const trailerMagic = 0x5650414b

export function packHead(kind: PackKind, nonce: Uint8Array): Uint8Array {
  const head = new Uint8Array(packHeadBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, headMagic, true)
  view.setUint8(4, 1)
  view.setUint8(5, kind === 'meta' ? 0 : 1)
  head.set(nonce.subarray(0, 8), 8)
  return head
}

/** Footer and the trailer's first 8 bytes; the digest of all that, and the end magic, follow. */
export function packFooter(offsets: readonly number[], footerAt: number): Uint8Array {
  const footer = new Uint8Array(offsets.length * 4 + 8)
  const view = new DataView(footer.buffer)
  for (let i = 0; i < offsets.length; i++) view.setUint32(i * 4, offsets[i]!, true)
  view.setUint32(offsets.length * 4, offsets.length, true)
  view.setUint32(offsets.length * 4 + 4, footerAt, true)
  return footer
}

export function packEnd(digest: Uint8Array): Uint8Array {
  const end = new Uint8Array(packEndBytes)
  end.set(digest)
  new DataView(end.buffer).setUint32(32, trailerMagic, true)
  return end
}

export function readPackKind(head: Uint8Array): PackKind {
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  if (head.length < packHeadBytes || view.getUint32(0, true) !== headMagic) throw corrupt('not a pack')
  if (view.getUint8(4) !== 1 || view.getUint8(5) > 1 || view.getUint16(6) !== 0)
    throw corrupt('not a pack of version 1')
  return view.getUint8(5) === 0 ? 'meta' : 'data'
}

export interface PackTrailer {
  readonly records: number
  readonly footerAt: number
  /** Hex of the digest: the pack's name. */
  readonly name: string
}

/** `trailer` is the file's last 44 bytes, `size` the whole file's length. */
export function readPackTrailer(trailer: Uint8Array, size: number): PackTrailer {
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.length)
  if (trailer.length !== packTrailerBytes || view.getUint32(40, true) !== trailerMagic) {
    throw corrupt('a pack has no end: it is cut short or overwritten')
  }
  const records = view.getUint32(0, true)
  const footerAt = view.getUint32(4, true)
  const fits = footerAt >= packHeadBytes && footerAt + records * 4 + packTrailerBytes === size
  if (!fits || packHeadBytes + records * recordHeadBytes > footerAt)
    throw corrupt("a pack's trailer does not fit its size")
  return { records, footerAt, name: toHex(trailer, 8, 40) }
}
