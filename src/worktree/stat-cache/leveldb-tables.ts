// LevelDB believes what its table files say, unless it is asked to look at their checksums, which the binding does not; a
// wrong bit there ends the process. So the tables are looked over before it opens them.
//   table: blocks, each followed by its kind u8 (0: not compressed) and a masked CRC-32C of block and kind, u32
//     | footer, 48 bytes: place of the metaindex | place of the index | zeros | magic, 8 bytes
//   place: offset varint | length varint. Both indices are blocks of entries:
//     bytes shared with the key before varint | more bytes of the key varint | length varint | key's end | value: a place
//     … | starts of some entries, u32 each | how many u32
// https://github.com/google/leveldb/blob/main/doc/table_format.md
import * as fs from 'node:fs'
import path from 'node:path'
import { crc32c } from '../../encoding/crc32c.ts'

const footerBytes = 48
const trailerBytes = 5
const magic = 0xdb4775248b80fb57n
const maskDelta = 0xa282ead8
/** A table whose time is as near as that may be one that another process is writing; a whole one never changes. */
const growingMs = 10_000

/** Removes tables that are damaged: LevelDB then misses them, and says so. Another process may use the database meanwhile. */
export function dropDamagedTables(folder: string): void {
  if (!fs.existsSync(folder)) return
  for (const name of fs.readdirSync(folder)) {
    if (!/\.(ldb|sst)$/.test(name)) continue
    const place = path.join(folder, name)
    try {
      if (Math.abs(Date.now() - fs.statSync(place).mtimeMs) < growingMs) continue
      if (!isSoundTable(fs.readFileSync(place))) fs.rmSync(place)
    } catch (error) {
      // It has put another in its place.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** Whether every block is as it was written. */
export function isSoundTable(bytes: Uint8Array): boolean {
  try {
    const footer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - footerBytes, footerBytes)
    if (footer.getBigUint64(footerBytes - 8, true) !== magic) return false
    const reader = new Reader(bytes, bytes.length - footerBytes, bytes.length)
    for (const index of [reader.place(), reader.place()]) {
      if (!isSoundBlock(bytes, index)) return false
      for (const block of placesIn(bytes, index)) if (!isSoundBlock(bytes, block)) return false
    }
    return true
  } catch (error) {
    // What points outside of the file is not as it was written.
    if (error instanceof RangeError) return false
    throw error
  }
}

interface Place {
  readonly offset: number
  readonly length: number
}

function isSoundBlock(bytes: Uint8Array, { offset, length }: Place): boolean {
  const end = offset + length
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, trailerBytes)
  if (end + trailerBytes > bytes.length || trailer.getUint8(0) !== 0) return false
  const crc = crc32c(bytes, offset, end + 1)
  return trailer.getUint32(1, true) === (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0
}

/** The places of blocks that an index names. */
function* placesIn(bytes: Uint8Array, { offset, length }: Place): Generator<Place> {
  const end = offset + length
  const starts = new DataView(bytes.buffer, bytes.byteOffset + end - 4, 4).getUint32(0, true)
  const reader = new Reader(bytes, offset, end - 4 * (starts + 1))
  while (!reader.isAtEnd) {
    reader.varint()
    const keyBytes = reader.varint()
    const valueBytes = reader.varint()
    reader.skip(keyBytes)
    const after = reader.at + valueBytes
    yield reader.place()
    if (reader.at !== after) throw new RangeError('a value is not a place')
  }
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #end: number
  at: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.at = start
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end
  }

  skip(count: number): void {
    this.at += count
  }

  /** A number of up to 2^53: no file is longer than that. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      if (this.isAtEnd) break
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('a number has no end')
  }

  place(): Place {
    return { offset: this.varint(), length: this.varint() }
  }
}
