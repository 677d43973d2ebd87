// Where an endpoint refuses row after row it is no matter of single rows: the round ends, and says why by the last of them.
import { VarveError } from '../base/errors.ts'
import type { HeldBackRow } from './interface.ts'

/** So many rows wait one by one. */
export const heldBackMax = 10_000

export function tooManyRefused(table: string, heldBack: readonly HeldBackRow[]): VarveError {
  const reason = heldBack.at(-1)?.message ?? 'no reason is known'
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `more than ${heldBackMax} rows of '${table}' cannot be written, the last of them because: ${reason}`,
    {
      data: { table, heldBackMax, reason },
      hint: 'nothing was written; change the rows or the table there, or map the column by a transform of the link',
    },
  )
}
