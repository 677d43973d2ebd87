// A record of the stat cache ends in a checksum of its key and its value (xxHash32, u32 little-endian), since LevelDB looks
// at its own checksums only where it is asked to. A sum over the seals of all folders says that none is missing or older.
import { xxh32 } from '../../encoding/xxh32.ts'

const sealBytes = 4

export function sealOf(key: Uint8Array, value: Uint8Array): number {
  return xxh32(value, 0, value.length, xxh32(key, 0, key.length, 0))
}

export function sealed(key: Uint8Array, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(value.length + sealBytes)
  bytes.set(value)
  new DataView(bytes.buffer).setUint32(value.length, sealOf(key, value), true)
  return bytes
}

/** The value; null when this is not what was stored under that key. */
export function unsealed(key: Uint8Array, bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < sealBytes) return null
  const value = bytes.subarray(0, bytes.length - sealBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset + value.length, sealBytes)
  return view.getUint32(0, true) === sealOf(key, value) ? value : null
}

/** Says which tree the folders are of: its CID | how many folders u32 | the sum of their seals u32. */
export function encodeWhole(tree: Uint8Array, seals: Iterable<number>): Uint8Array {
  const bytes = new Uint8Array(tree.length + 8)
  bytes.set(tree)
  let [count, sum] = [0, 0]
  for (const seal of seals) {
    count++
    sum = (sum + seal) >>> 0
  }
  const view = new DataView(bytes.buffer, tree.length)
  view.setUint32(0, count, true)
  view.setUint32(4, sum, true)
  return bytes
}
