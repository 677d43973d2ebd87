// Packs and the records in them (docs/format/store.md).
import { brotliDecompressSync, inflateRawSync } from 'node:zlib'
import { Cursor, type Name, check, hex, sha256, text } from './bytes.ts'

export interface StoredRecord {
  readonly name: Name
  readonly packing: number
  readonly depth: number
  readonly length: number
  readonly base: Name | null
  readonly payload: Uint8Array
}

const packings = { none: 0, deflate: 1, brotli: 2, delta: 3, patch: 4 }

/** The records of a pack by their offsets, after all that its head, footer and trailer say was checked. */
export function readPack(file: Uint8Array, name: string): Map<number, StoredRecord> {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const end = file.length - 44
  check(text(file.subarray(0, 4)) === 'VPAK' && file[4] === 1, 'a pack begins with VPAK and version 1')
  check(file[5]! < 2 && view.getUint16(6, true) === 0, 'a pack is of kind 0 or 1')
  check(text(file.subarray(end + 40)) === 'KAPV', 'a pack ends with KAPV')
  const digest = hex(file.subarray(end + 8, end + 40))
  check(digest === sha256(file.subarray(0, end + 8)) && digest === name, 'a pack is named by its digest')
  const count = view.getUint32(end, true)
  const footer = view.getUint32(end + 4, true)
  check(footer + 4 * count === end, 'the footer has four bytes for each record')
  const records = new Map<number, StoredRecord>()
  let offset = 16
  for (let i = 0; i < count; i++) {
    check(view.getUint32(footer + 4 * i, true) === offset, 'records lie one behind the other')
    const record = readRecord(file, offset)
    check((record.name.slice(2, 4) === '55') === (file[5] === 1), 'a pack of data has raw objects alone')
    records.set(offset, record)
    offset = record.payload.byteOffset - file.byteOffset + record.payload.length
  }
  check(offset === footer, 'the footer is behind the last record')
  return records
}

export function readRecord(file: Uint8Array, offset: number): StoredRecord {
  const view = new DataView(file.buffer, file.byteOffset + offset)
  check(text(file.subarray(offset, offset + 4)) === 'VREC', 'a record begins with VREC')
  const kind = view.getUint8(4)
  const packing = kind & 15
  check(kind < 32 && packing <= 4 && view.getUint16(6, true) === 0, 'packing and codec are known')
  const based = packing >= packings.delta
  const depth = view.getUint8(5)
  check(based ? depth >= 1 && depth <= 5 : depth === 0, 'only deltas and patches have a depth')
  const start = offset + (based ? 84 : 48)
  const digest = hex(file.subarray(offset + 16, offset + 48))
  return {
    name: `01${kind & 16 ? '71' : '55'}1220${digest}`,
    packing,
    depth,
    length: view.getUint32(12, true),
    base: based ? hex(file.subarray(offset + 48, offset + 84)) : null,
    payload: file.subarray(start, start + view.getUint32(8, true)),
  }
}

/** The bytes of an object; `base` are those of the record's base. */
export function unpack(record: StoredRecord, base: Uint8Array): Uint8Array {
  const { packing, payload, length } = record
  check(payload.length <= length, 'a payload is never longer than what it unpacks to')
  const bytes = unpacked(packing, payload, base)
  check(bytes.length === length, 'a payload unpacks to the length that its record says')
  check(sha256(bytes) === record.name.slice(8), 'an object has the digest that is its name')
  return bytes
}

function unpacked(packing: number, payload: Uint8Array, base: Uint8Array): Uint8Array {
  if (packing === packings.none) return payload
  if (packing === packings.deflate) return inflateRawSync(payload)
  if (packing === packings.brotli) return brotliDecompressSync(payload)
  if (packing === packings.delta) return inflateRawSync(payload, { dictionary: base })
  return patched(payload, base)
}

function patched(payload: Uint8Array, base: Uint8Array): Uint8Array {
  const from = new Cursor(payload)
  const parts: Uint8Array[] = []
  let expected = 0
  while (!from.done) {
    const operation = from.varint()
    const length = Math.floor(operation / 2)
    check(length > 0, 'an operation has a length above 0')
    if (operation % 2 === 0) {
      parts.push(from.take(length))
      expected += length
    } else {
      const zigzag = from.varint()
      const start = expected + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2)
      check(start >= 0 && start + length <= base.length, 'a copy lies inside the base')
      parts.push(base.subarray(start, start + length))
      expected = start + length
    }
  }
  return Buffer.concat(parts)
}
