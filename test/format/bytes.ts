// What the whole reader stands on: bytes, checks, and canonical dag-cbor by the standard's own library. Nothing of `src/` is
// imported in this folder: it reads a repository by the words of docs/FORMAT.md alone.
import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'

/** The 36 bytes of a CID in hex. */
export type Name = string

export type Value = null | boolean | number | bigint | string | Uint8Array | CID | Value[] | Fields
export interface Fields {
  [name: string]: Value
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not as FORMAT says: ${what}`)
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Canonical form or an error. */
export function decode(bytes: Uint8Array, what: string): Value {
  const value: Value = dagCbor.decode(bytes)
  check(same(dagCbor.encode(value), bytes), `${what} is canonical`)
  return value
}

export const encode = (value: Value): Uint8Array => dagCbor.encode(value)

export function fields(value: Value | undefined, what: string): Fields {
  const isMap =
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  check(isMap && CID.asCID(value) === null, `${what} is a map`)
  return value as Fields
}

export function list(value: Value | undefined, what: string): Value[] {
  check(Array.isArray(value), `${what} is an array`)
  return value
}

export function number(value: Value | undefined, what: string): number {
  check(Number.isSafeInteger(value) && (value as number) >= 0, `${what} is an unsigned number`)
  return value as number
}

export function string(value: Value | undefined, what: string): string {
  check(typeof value === 'string', `${what} is a text`)
  return value
}

export function bytesOf(value: Value | undefined, what: string): Uint8Array {
  check(value instanceof Uint8Array, `${what} is bytes`)
  return value
}

export function link(value: Value | undefined, what: string): Name {
  const cid = CID.asCID(value)
  check(cid !== null, `${what} is a link`)
  const name = hex(cid.bytes)
  check(/^01(55|71)1220[0-9a-f]{64}$/.test(name), `${what} is a CIDv1 of sha2-256`)
  return name
}

/** Bytes that are read from the front. */
export class Cursor {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    check(this.at < this.bytes.length, 'bytes do not end early')
    return this.bytes[this.at++]!
  }

  take(length: number): Uint8Array {
    check(this.at + length <= this.bytes.length, 'bytes do not end early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  /** Unsigned LEB128 in its shortest form. */
  varint(): number {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte()
      value += (byte & 127) * shift
      if (byte < 128) {
        check(byte !== 0 || shift === 1, 'a varint is in its shortest form')
        return value
      }
    }
  }
}
