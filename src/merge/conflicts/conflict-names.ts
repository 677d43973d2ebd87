// The names that a path has on each side of a conflict about names, as they are stored: in the place of the row's key,
// dag-cbor [base, ours, theirs], each the path's bytes or null.
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Path } from '../../files/interface.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import type { ConflictRecord, Sides } from './conflict-record.ts'

export function encodeNames({ base, ours, theirs }: Sides<Path | null>): Uint8Array {
  return encodeCbor([base, ours, theirs].map((name) => (name === null ? null : pathToBytes(name))))
}

/**
 * The path that each side has the file under; null when it is the conflict's own for all. @throws VarveError
 * VARVE_CORRUPT
 */
export function namesOf({ kind, key }: Pick<ConflictRecord, 'kind' | 'key'>): Sides<Path | null> | null {
  if (kind !== 'file' || key.length === 0) return null
  const value = decodeCbor(key, 'names of a conflict')
  if (!Array.isArray(value) || value.length !== 3) throw corrupt('names of a conflict are malformed')
  const [base, ours, theirs] = (value as unknown[]).map((name): Path | null => {
    if (name === null) return null
    if (!(name instanceof Uint8Array)) throw corrupt('names of a conflict are malformed')
    return pathFromBytes(name)
  })
  return { base: base!, ours: ours!, theirs: theirs! }
}
