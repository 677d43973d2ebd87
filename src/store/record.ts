// One record of a pack: an object with all that is needed to read it without any index, so that an index can be
// rebuilt by scanning. Numbers are little-endian.
//
//   0 magic 'VREC'      4 packing (bits 0-3: 0 none, 1 deflate, 2 brotli, 3 delta, 4 patch) + codec (bit 4: 0 raw, 1 dag-cbor)
//   5 depth             6 zero u16      8 payload length u32      12 raw length u32      16 sha-256 of the raw bytes
//   48 delta and patch: binary CID of the base (36 bytes)         48 or 84 payload
//
// A writer gives a base a smaller depth than what it makes of it. Who publishes an object first decides where it lies
// (disk/publish.ts), so chains cannot run in circles.
import { corrupt } from '../base/errors.ts'
import { type Cid, type Codec, cidBytesLength, cidFromBytes, cidOfDigest } from '../encoding/cid.ts'
import { type Packing, type StoredObject, objectBytesMax } from './interface.ts'
import { deltaDepthMax, needsBase } from './packing.ts'

export const recordHeadBytes = 48
const deltaHeadBytes: number = recordHeadBytes + cidBytesLength
export const recordMagic = 0x43455256

export const packings: readonly Packing[] = ['none', 'deflate', 'brotli', 'delta', 'patch']

export interface RecordHead {
  readonly packing: Packing
  readonly codec: Codec
  readonly depth: number
  readonly rawLength: number
  /** Length of the whole record: head, the base's CID, payload. */
  readonly length: number
  readonly payloadLength: number
}

export function recordLength(packing: Packing, payloadLength: number): number {
  return (needsBase(packing) ? deltaHeadBytes : recordHeadBytes) + payloadLength
}

/** A record's parts; `digest` and `base` are binary. */
export interface RecordParts {
  readonly packing: Packing
  readonly codec: Codec
  readonly depth: number
  readonly rawLength: number
  readonly digest: Uint8Array
  readonly base: Uint8Array | null
  readonly payload: Uint8Array
}

/** The part of a record that comes before its payload. */
export function recordHead(record: RecordParts): Uint8Array {
  const head = new Uint8Array(recordLength(record.packing, 0))
  writeHead(head, 0, record)
  return head
}

/** Writes head, base and payload at `at`; returns the offset after them. */
export function writeRecord(target: Uint8Array, at: number, record: RecordParts): number {
  writeHead(target, at, record)
  target.set(record.payload, at + recordLength(record.packing, 0))
  return at + recordLength(record.packing, record.payload.length)
}

function writeHead(target: Uint8Array, at: number, record: RecordParts): void {
  const view = new DataView(target.buffer, target.byteOffset + at)
  view.setUint32(0, recordMagic, true)
  view.setUint8(4, packings.indexOf(record.packing) | (record.codec === 'raw' ? 0 : 16))
  view.setUint8(5, record.depth)
  view.setUint16(6, 0)
  view.setUint32(8, record.payload.length, true)
  view.setUint32(12, record.rawLength, true)
  target.set(record.digest, at + 16)
  if (needsBase(record.packing)) target.set(record.base!, at + recordHeadBytes)
}

/** Reads a head. All lengths are bounded here, before anybody allocates memory by them. */
export function readRecordHead(bytes: Uint8Array, at: number, end: number = bytes.length): RecordHead {
  if (end - at < recordHeadBytes) throw corrupt('a pack record is cut short')
  const kind = bytes[at + 4]!
  const packing = packings[kind & 15]
  const depth = bytes[at + 5]!
  const payloadLength = wordAt(bytes, at + 8)
  const rawLength = wordAt(bytes, at + 12)
  if (
    wordAt(bytes, at) !== recordMagic ||
    packing === undefined ||
    kind > 31 ||
    (bytes[at + 6]! | bytes[at + 7]!) !== 0 ||
    needsBase(packing) !== depth > 0 ||
    depth > deltaDepthMax ||
    rawLength > objectBytesMax ||
    payloadLength > rawLength
  ) {
    throw corrupt('not the head of a pack record')
  }
  const codec = kind & 16 ? 'dag-cbor' : 'raw'
  return { packing, codec, depth, rawLength, payloadLength, length: recordLength(packing, payloadLength) }
}

/** The record at `at` as a stored object; its payload is a view. The digest is not checked here. */
export function readRecord(bytes: Uint8Array, at: number, end: number = bytes.length): StoredObject {
  const head = readRecordHead(bytes, at, end)
  if (end - at < head.length) throw corrupt('a pack record is cut short')
  const payloadAt = at + recordLength(head.packing, 0)
  return {
    cid: recordCid(bytes, at, head),
    packing: head.packing,
    rawLength: head.rawLength,
    base: needsBase(head.packing) ? cidFromBytes(bytes, at + recordHeadBytes) : null,
    depth: head.depth,
    payload: bytes.subarray(payloadAt, payloadAt + head.payloadLength),
  }
}

export function recordCid(bytes: Uint8Array, at: number, head: RecordHead): Cid {
  return cidOfDigest(head.codec, bytes, at + 16)
}

/** A little-endian number; faster than making a DataView for it. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
