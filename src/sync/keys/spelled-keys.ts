// The keys under which an endpoint may have a row: those of all spellings of their columns' values.
import { compareBytes } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import type { EndpointColumn } from '../../connectors/interface.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { decodeKey, encodeKey } from '../../table/key.ts'
import { spellingsOf } from './spellings.ts'

/** Of the spellings of a key of several columns. */
const keysMax = 64

/**
 * The likeliest first; the key itself where it has no other. `columns` are those of the key, in its order.
 */
export function spelledKeys(
  schema: Schema,
  columns: readonly EndpointColumn[],
  key: Uint8Array,
): readonly Uint8Array[] {
  let rows: (readonly Cell[])[] = [[]]
  for (const [i, cell] of decodeKey(schema, key).entries()) {
    const spellings = spellingsOf(cell, columns[i]!)
    rows = rows.flatMap((row) => spellings.map((one) => [...row, one])).slice(0, keysMax)
  }
  const keys: Uint8Array[] = []
  for (const cells of rows) {
    const made = encoded(schema, cells)
    if (made !== null && !keys.some((one) => compareBytes(one, made) === 0)) keys.push(made)
  }
  return keys
}

/** null for a key that would be too long. */
function encoded(schema: Schema, cells: readonly Cell[]): Uint8Array | null {
  try {
    return encodeKey(schema, cells)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    return null
  }
}
