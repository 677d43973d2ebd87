// Names of objects. A CID (CIDv1, sha2-256) of ours is always 36 bytes: 01, codec (55 raw or 71 dag-cbor), 12, 20,
// then the digest. Inside the house it is held as the lower-case hex of those bytes, because strings are cheap map
// keys; `multiformats` objects are made at the edge only (they cost 1 to 10 microseconds each).
// An id is branded by what it names, so that a table's cannot stand in for a commit's.
import { CID } from 'multiformats/cid'
import { fromHex, toHex } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { sha256Hex } from '../base/platform.ts'

declare const named: unique symbol
/** Hex of a binary CID: 72 characters. */
export type Cid = string & { readonly [named]: 'object' }
export type TableCid = Cid & { readonly of?: 'table' }
export type CommitCid = Cid & { readonly of?: 'commit' }

export type Codec = 'raw' | 'dag-cbor'

export const cidBytesLength = 36
const rawPrefix = '01551220'
const cborPrefix = '01711220'

export function cidOf(codec: Codec, bytes: Uint8Array): Cid {
  return ((codec === 'raw' ? rawPrefix : cborPrefix) + sha256Hex(bytes)) as Cid
}

/** The name of an object whose digest is the 32 bytes at `start`. */
export function cidOfDigest(codec: Codec, bytes: Uint8Array, start = 0): Cid {
  return ((codec === 'raw' ? rawPrefix : cborPrefix) + toHex(bytes, start, start + 32)) as Cid
}

export function codecOf(cid: Cid): Codec {
  return cid.startsWith(rawPrefix) ? 'raw' : 'dag-cbor'
}

/** The 64 hex characters of the digest: what people are shown (shortened) and may type. */
export function digestHex(cid: Cid): string {
  return cid.slice(8)
}

export function shortCid(cid: Cid): string {
  return cid.slice(8, 18)
}

export function isCid(text: string): text is Cid {
  return /^01(55|71)1220[0-9a-f]{64}$/.test(text)
}

export function cidToBytes(cid: Cid): Uint8Array {
  return fromHex(cid)
}

/** Whether the 36 bytes at `start` are one of our two kinds of CID. */
export function isCidAt(bytes: Uint8Array, start: number): boolean {
  const codec = bytes[start + 1]
  return (
    bytes.length - start >= cidBytesLength &&
    bytes[start] === 1 &&
    (codec === 0x55 || codec === 0x71) &&
    bytes[start + 2] === 0x12 &&
    bytes[start + 3] === 0x20
  )
}

/** Reads the 36 bytes at `start`; anything but our two kinds of CID is refused. */
export function cidFromBytes(bytes: Uint8Array, start = 0): Cid {
  if (!isCidAt(bytes, start)) throw corrupt('not the name of an object of ours')
  return toHex(bytes, start, start + cidBytesLength) as Cid
}

/** The name as a link, for dag-cbor values and the public API. */
export function cidToLink(cid: Cid): CID {
  return CID.decode(cidToBytes(cid))
}

export function cidFromLink(link: CID): Cid {
  return cidFromBytes(link.bytes)
}

/** The name as IPLD tools print it: base32, `bafy…` or `bafk…`. */
export function cidToText(cid: Cid): string {
  return cidToLink(cid).toString()
}

/** Accepts base32 text, our hex, or 64 hex digits of a dag-cbor object's digest. */
export function parseCid(text: string): Cid | null {
  if (isCid(text)) return text
  if (/^[0-9a-f]{64}$/.test(text)) return (cborPrefix + text) as Cid
  try {
    return cidFromLink(CID.parse(text))
  } catch {
    return null
  }
}
