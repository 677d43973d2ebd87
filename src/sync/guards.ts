// What is stopped before it does harm: rows that vanish in masses, a table that is suddenly empty, another database
// under the same name. Where the endpoint can be read, what is stopped waits as a commit (pending/); an endpoint that is
// only told of rows is not told.
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

/** What is wrong, in words; null: nothing. `removed` may leave rows out that somebody has let go. */
export function massDeletion(
  table: string,
  where: string,
  { before, after, removed }: { before: number; after: number; removed: number },
): string | null {
  const isMass = removed > Math.max(removedRowsMin, before * removedShareMax)
  const isEmptied = after === 0 && removed > 0
  if (!isMass && !isEmptied) return null
  const what = removed === before ? `all ${before} rows` : `${removed} of ${before} rows`
  return `${what} of '${table}' are gone from ${where}`
}

/** @throws VarveError VARVE_REFUSED */
export function guardDeletes(rows: VanishingRows, options: SyncOptions): void {
  const { before, after, counts } = rows
  const message = massDeletion(rows.table, rows.where, { before, after, removed: counts.removed })
  if (message === null || isAllowed('deletes', options)) return
  throw new VarveError('VARVE_REFUSED', message, {
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
