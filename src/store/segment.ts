// An index segment: an immutable sorted table over many packs, 32 bytes an object. Its name is the digest in its
// trailer; the digest is checked when it is loaded, so a damaged segment never answers. Numbers are little-endian.
//
//   head      magic 'VSEG', version u8 = 1, 3 zero bytes, entry count u32, pack count u32, 8 random bytes, 8 zero bytes
//   fan-out   256 x u32: entries whose first digest byte is at most this
//   packs     each: name 32 bytes, size u64
//   entries   each: first 20 bytes of the digest, pack ordinal u32, offset u32, record length (24 bits) + codec (bit
//             24: 0 raw, 1 dag-cbor) + depth (bits 25-31); ascending by digest, then codec
//   trailer   sha-256 of all bytes before it
import { fromHex, toHex } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { sha256 } from '../base/platform.ts'
import type { Codec } from '../encoding/cid.ts'

export const entryBytes = 32
export const prefixBytes = 20
const headBytes = 32
const fanoutBytes = 1024
const packBytes = 40
const magic = 0x47455356

export interface PackRef {
  readonly name: string
  readonly bytes: number
}

/** Sorted entries and the packs they name by ordinal: a segment before it is a file. */
export interface Run {
  readonly entries: Uint8Array
  readonly packs: readonly PackRef[]
}

export interface Location {
  readonly pack: PackRef
  readonly offset: number
  readonly length: number
  readonly codec: Codec
  readonly depth: number
}

export class Segment implements Run {
  readonly name: string
  readonly packs: readonly PackRef[]
  readonly entries: Uint8Array
  readonly count: number
  readonly #fanout: Uint32Array
  readonly #view: DataView

  /** Checks every byte. @throws VarveError VARVE_CORRUPT */
  constructor(bytes: Uint8Array, name: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const least = headBytes + fanoutBytes + 32
    if (bytes.length < least || view.getUint32(0, true) !== magic)
      throw corrupt(`'idx/${name}.idx' is not an index segment`)
    const digest = sha256(bytes.subarray(0, bytes.length - 32))
    if (toHex(digest) !== name || toHex(bytes, bytes.length - 32) !== name) {
      throw corrupt(`'idx/${name}.idx' does not match its name`)
    }
    if (view.getUint8(4) !== 1) throw corrupt(`'idx/${name}.idx' is not a segment of version 1`)
    this.name = name
    this.count = view.getUint32(8, true)
    const packs = view.getUint32(12, true)
    const entriesAt = headBytes + fanoutBytes + packs * packBytes
    if (entriesAt + this.count * entryBytes + 32 !== bytes.length)
      throw corrupt(`'idx/${name}.idx' has the wrong size`)
    this.packs = Array.from({ length: packs }, (_, i) =>
      readPackRef(bytes, view, headBytes + fanoutBytes + i * packBytes),
    )
    this.entries = bytes.subarray(entriesAt, bytes.length - 32)
    this.#fanout = new Uint32Array(257)
    for (let i = 0; i < 256; i++) this.#fanout[i + 1] = view.getUint32(headBytes + i * 4, true)
    this.#view = new DataView(this.entries.buffer, this.entries.byteOffset, this.entries.length)
    this.#check()
  }

  /** Ordinal of the object's entry, or -1. Only the digest's first 20 bytes are compared: a read checks the rest. */
  find(digest: Uint8Array, codec: Codec): number {
    let low = this.#fanout[digest[0]!]!
    let high = this.#fanout[digest[0]! + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      const order =
        comparePrefix(this.entries, middle * entryBytes, digest) || this.codecBit(middle) - codecBitOf(codec)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle
    }
    return -1
  }

  at(entry: number): Location {
    const at = entry * entryBytes + prefixBytes
    const kind = this.#view.getUint8(at + 11)
    return {
      pack: this.packs[this.#view.getUint32(at, true)]!,
      offset: this.#view.getUint32(at + 4, true),
      length: this.#view.getUint32(at + 8, true) & 0xffffff,
      codec: kind & 1 ? 'dag-cbor' : 'raw',
      depth: kind >> 1,
    }
  }

  /** The first 20 bytes of the object's digest. */
  prefix(entry: number): Uint8Array {
    return this.entries.subarray(entry * entryBytes, entry * entryBytes + prefixBytes)
  }

  prefixHex(entry: number): string {
    return toHex(this.prefix(entry))
  }

  codecBit(entry: number): number {
    return this.entries[entry * entryBytes + 31]! & 1
  }

  // The digest proves that the bytes are what was written, not that the writer was sane: another program may be one.
  #check(): void {
    let sane = this.#fanout[256] === this.count
    for (let i = 0; i < 256; i++) sane &&= this.#fanout[i]! <= this.#fanout[i + 1]!
    for (let i = 0; i < this.count; i++)
      sane &&= this.#view.getUint32(i * entryBytes + prefixBytes, true) < this.packs.length
    if (!sane) throw corrupt(`'idx/${this.name}.idx' holds entries that make no sense`)
  }
}

/** The whole file. The name is the hex of its last 32 bytes. */
export function encodeSegment(run: Run, nonce: Uint8Array): Uint8Array {
  const count = run.entries.length / entryBytes
  const entriesAt = headBytes + fanoutBytes + run.packs.length * packBytes
  const bytes = new Uint8Array(entriesAt + run.entries.length + 32)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint8(4, 1)
  view.setUint32(8, count, true)
  view.setUint32(12, run.packs.length, true)
  bytes.set(nonce.subarray(0, 8), 16)
  const counts = new Uint32Array(256)
  for (let at = 0; at < run.entries.length; at += entryBytes) counts[run.entries[at]!]!++
  let total = 0
  for (let i = 0; i < 256; i++) view.setUint32(headBytes + i * 4, (total += counts[i]!), true)
  for (let i = 0; i < run.packs.length; i++) {
    const at = headBytes + fanoutBytes + i * packBytes
    bytes.set(fromHex(run.packs[i]!.name), at)
    view.setBigUint64(at + 32, BigInt(run.packs[i]!.bytes), true)
  }
  bytes.set(run.entries, entriesAt)
  bytes.set(sha256(bytes.subarray(0, bytes.length - 32)), bytes.length - 32)
  return bytes
}

export function segmentName(bytes: Uint8Array): string {
  return toHex(bytes, bytes.length - 32)
}

export function codecBitOf(codec: Codec): number {
  return codec === 'raw' ? 0 : 1
}

/** Order of the entry at `at` against a digest, by the 20 bytes that are kept. */
function comparePrefix(entries: Uint8Array, at: number, digest: Uint8Array): number {
  for (let i = 0; i < prefixBytes; i++) {
    const difference = entries[at + i]! - digest[i]!
    if (difference !== 0) return difference
  }
  return 0
}

function readPackRef(bytes: Uint8Array, view: DataView, at: number): PackRef {
  return { name: toHex(bytes, at, at + 32), bytes: Number(view.getBigUint64(at + 32, true)) }
}
