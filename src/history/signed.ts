// Signatures of commits and tags: a field of the map, beside the others. What is signed is the map without that field, in
// its canonical form, so that whoever has the object has what was signed, and no other bytes pass for it.
import { VarveError, corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'

/** In characters. The longest signatures have a chain of certificates in them. */
export const signatureLengthMax: number = 1 << 16

export interface SignedParts {
  /** What was signed, or would be. */
  readonly payload: Uint8Array
  /** null: there is none. */
  readonly signature: string | null
}

/** Takes a commit or a tag apart. @throws VarveError VARVE_CORRUPT */
export function signedParts(bytes: Uint8Array, what: string): SignedParts {
  const value = decodeCbor(bytes, what) as Record<string, unknown>
  const { signature = null } = storedSignature(value, what)
  if (signature === null) return { payload: bytes, signature }
  const { signature: _, ...rest } = value
  return { payload: encodeCbor(rest), signature }
}

/** The commit or tag with a signature of these bytes. */
export function withSignature(payload: Uint8Array, signature: string): Uint8Array {
  if (signature === '' || signature.length > signatureLengthMax) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `a signature has at most ${signatureLengthMax} characters, this one has ${signature.length}`,
      { hint: 'sign with another key' },
    )
  }
  return encodeCbor({ ...(decodeCbor(payload, 'what was signed') as object), signature })
}

/** What the map has as signature, for the parsed commit or tag. @throws VarveError VARVE_CORRUPT */
export function storedSignature(
  { signature }: Readonly<Record<string, unknown>>,
  what: string,
): { signature?: string } {
  if (signature === undefined) return {}
  if (typeof signature !== 'string' || signature === '' || signature.length > signatureLengthMax)
    throw corrupt(`${what} has a damaged signature`)
  return { signature }
}
