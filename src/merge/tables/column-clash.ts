// A clash about one column of a table: removed here and edited or renamed there, renamed to two names. All else of the
// table is merged, and the column stands as ours has it until somebody chooses. It is stored as a conflict of kind
// `schema` whose sides are the three tables and whose row key is dag-cbor [name, ids in the merged table, base, ours
// and theirs]; null where a table does not have the column. A conflict of the whole table has an empty key.
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Sides } from '../conflicts/conflict-record.ts'

export interface ColumnIds extends Sides<number | null> {
  readonly merged: number | null
}

export interface ColumnClash {
  /** Ours' name of it, or theirs' where ours removed it. */
  readonly name: string
  /** One sentence. */
  readonly reason: string
  readonly ids: ColumnIds
}

export function columnKey({ name, ids: { merged, base, ours, theirs } }: ColumnClash): Uint8Array {
  return encodeCbor([name, merged, base, ours, theirs])
}

/** The column that a conflict is about; null when it is about the whole table. @throws VarveError VARVE_CORRUPT */
export function columnOfKey(key: Uint8Array): { readonly name: string; readonly ids: ColumnIds } | null {
  if (key.length === 0) return null
  const value = decodeCbor(key, 'column of a conflict')
  const [name, merged, base, ours, theirs] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof name !== 'string') throw corrupt('column of a conflict is malformed')
  const ids = [merged, base, ours, theirs]
  if (!ids.every((id) => id === null || Number.isSafeInteger(id)))
    throw corrupt('column of a conflict is malformed')
  const [first, second, third, fourth] = ids as (number | null)[]
  return { name, ids: { merged: first!, base: second!, ours: third!, theirs: fourth! } }
}
