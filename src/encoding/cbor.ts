// Structured objects (commits, tags, tables, manifests) as dag-cbor. Decoding is strict: what does not encode back
// to the same bytes is refused, so that one value has one name.
import * as dagCbor from '@ipld/dag-cbor'
import { equalBytes } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { readPlainCbor } from './cbor-reader.ts'

export function encodeCbor(value: unknown): Uint8Array {
  return dagCbor.encode(value)
}

export function decodeCbor(bytes: Uint8Array, what: string): unknown {
  const plain = readPlainCbor(bytes)
  return plain === undefined ? decodeAny(bytes, what) : plain
}

/** Any dag-cbor, and what is wrong with it. */
export function decodeAny(bytes: Uint8Array, what: string): unknown {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch (cause) {
    throw corrupt(`${what} is not dag-cbor`, {}, cause)
  }
  if (!equalBytes(dagCbor.encode(value), bytes)) throw corrupt(`${what} is not in canonical form`)
  return value
}
