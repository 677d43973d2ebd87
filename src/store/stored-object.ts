// An object as packs hold it, and its bytes: whoever takes one in makes its bytes again and holds them against its name.
import { corrupt } from '../base/errors.ts'
import { type Cid, cidOf, codecOf } from '../encoding/cid.ts'
import type { StoredObject } from './interface.ts'
import { unpack } from './packing.ts'

/** The object's bytes, whose digest is its name; `base`: the bytes of its base, if it has one. @throws VARVE_CORRUPT */
export function checkedBytes(object: StoredObject, base: Uint8Array | null): Uint8Array {
  const { cid } = object
  const bytes = unpack(object.packing, object.payload, object.rawLength, base)
  if (cidOf(codecOf(cid), bytes) !== cid) throw corrupt(`object '${cid}' does not match its name`, { cid })
  return bytes
}

/** An object that is held as it is, in the form in which packs hold one. */
export function storedWhole(cid: Cid, bytes: Uint8Array): StoredObject {
  return { cid, packing: 'none', rawLength: bytes.length, base: null, depth: 0, payload: bytes }
}
