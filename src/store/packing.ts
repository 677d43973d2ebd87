// How the bytes of one object are packed: not at all, compressed, or by means of another object's bytes: as a patch
// of them, or as a delta, deflated with them as the dictionary. Packing stands outside the hash: the same object
// has the same name however it is packed.
import { brotli, deflate, inflate, sameBytes, unbrotli } from '../base/platform.ts'
import { corrupt } from '../base/errors.ts'
import type { Packing } from './interface.ts'
import { applyPatch, makePatch } from './patch.ts'

/** Longest chain of patches and deltas: a record's depth is how many bases must be unpacked before it. */
export const deltaDepthMax = 5
/** Deflate looks back 32 KiB: a longer base is out of its sight. */
const deltaBytesMax = 64 << 10
const deltaLevel = 3
/** A patch is quick to read, but nothing in it is compressed: what is longer becomes a delta. */
const patchShare = 1 / 8
const sampleBytes = 4096
const gainMin = 1.1
const packedBytesMin = 64
/** Beside quality 1 a quarter less time to pack and a third less to unpack, for 6 % more bytes. */
const brotliQuality = 0
/** A quarter less bytes than quality 0, in several times its time; the next ones hardly gain. */
const thoroughQuality = 5

export interface Packed {
  readonly packing: Packing
  readonly payload: Uint8Array
}

/** One of none, brotli and, with a base, patch and delta; never larger than the bytes themselves. Thorough takes its time. */
export function pack(bytes: Uint8Array, base: Uint8Array | null, isThorough = false): Packed {
  if (base !== null && mayBeDelta(bytes, base)) {
    const patch = makePatch(bytes, base, Math.floor(bytes.length * patchShare))
    if (patch !== null && sameBytes(applyPatch(patch, base, bytes.length), bytes))
      return { packing: 'patch', payload: patch }
    const payload = deflate(bytes, { level: deltaLevel, dictionary: base })
    // Few programs use zlib with a dictionary: what it packs must be proven to come back.
    if (payload.length < bytes.length * 0.6 && sameBytes(inflate(payload, bytes.length, base), bytes)) {
      return { packing: 'delta', payload }
    }
  }
  if (bytes.length < packedBytesMin || !shrinks(bytes)) return { packing: 'none', payload: bytes }
  const payload = brotli(bytes, isThorough ? thoroughQuality : brotliQuality)
  return payload.length * gainMin < bytes.length
    ? { packing: 'brotli', payload }
    : { packing: 'none', payload: bytes }
}

/** The bytes of an object that `pack` has packed. @throws VarveError VARVE_CORRUPT */
export function unpack(
  packing: Packing,
  payload: Uint8Array,
  rawLength: number,
  base: Uint8Array | null,
): Uint8Array {
  if (packing === 'patch' && base !== null) return applyPatch(payload, base, rawLength)
  try {
    if (packing === 'brotli') return unbrotli(payload, rawLength)
    if (packing === 'deflate') return inflate(payload, rawLength)
    if (packing === 'delta' && base !== null) return inflate(payload, rawLength, base)
  } catch (cause) {
    throw corrupt('an object does not unpack', { packing, rawLength }, cause)
  }
  if (packing !== 'none' || payload.length !== rawLength)
    throw corrupt('an object does not unpack', { packing, rawLength })
  return payload
}

/** Whether it is unpacked by the bytes of another object. */
export function needsBase(packing: Packing): boolean {
  return packing === 'delta' || packing === 'patch'
}

export function mayBeDelta(bytes: Uint8Array, base: Uint8Array): boolean {
  return base.length > 0 && bytes.length > packedBytesMin && bytes.length + base.length <= deltaBytesMax
}

function shrinks(bytes: Uint8Array): boolean {
  if (bytes.length <= 8 * sampleBytes) return true
  return brotli(bytes.subarray(0, sampleBytes), 0).length * gainMin < sampleBytes
}
