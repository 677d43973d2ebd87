// What stops a round before it does harm: rows that vanish in masses, a table that is suddenly empty, another database
// under the same name. Nothing has moved then but what the endpoint was seen to be, under a ref of its own, so that one
// can look at it and let the round through.
import { VarveError } from '../base/errors.ts'
import type { RowCounts, SyncGuard, SyncOptions } from './interface.ts'

const removedShareMax = 0.2
const removedRowsMin = 1000

export interface VanishingRows {
  readonly link: string
  readonly table: string
  /** Whose rows vanish: 'the endpoint', 'the branch'. */
  readonly where: string
  readonly before: number
  readonly after: number
  readonly counts: RowCounts
}

/** @throws VarveError VARVE_REFUSED */
export function guardDeletes(rows: VanishingRows, options: SyncOptions): void {
  const { before, after, counts } = rows
  const isMass = counts.removed > Math.max(removedRowsMin, before * removedShareMax)
  const isEmptied = before > 0 && after === 0
  if ((!isMass && !isEmptied) || isAllowed('deletes', options)) return
  const what = isEmptied ? `all ${before} rows` : `${counts.removed} of ${before} rows`
  throw new VarveError('VARVE_REFUSED', `${what} of '${rows.table}' are gone from ${rows.where}`, {
    data: { link: rows.link, table: rows.table, guard: 'deletes', before, after, removed: counts.removed },
    hint: `nothing was changed; if that is right, run 'varve sync ${rows.link} --allow deletes'`,
  })
}

/** @throws VarveError VARVE_REFUSED */
export function guardIdentity(link: string, known: string | null, found: string, options: SyncOptions): void {
  if (known === null || known === found || isAllowed('identity', options)) return
  throw new VarveError('VARVE_REFUSED', `the endpoint of '${link}' is another database than before`, {
    data: { link, guard: 'identity', known, found },
    hint: `nothing was changed; if that is right, run 'varve sync ${link} --allow identity' after a dry run`,
  })
}

export function isAllowed(guard: SyncGuard, options: SyncOptions): boolean {
  return options.allow?.includes(guard) === true
}
