// Guards against accidents: many rows that disappear at once, a table that is suddenly empty. What a guard stops waits
// as a commit (pending/).
import type { SyncGuard, SyncOptions } from './interface.ts'

const removedShareMax = 0.2
const removedRowsMin = 1000

export interface VanishedRows {
  readonly before: number
  readonly after: number
  /** It need not count rows whose removal was approved. */
  readonly removed: number
  /** The table waits for this already: it goes on when most of its rows are back, however few they are. */
  readonly isWaiting: boolean
}

/** What is wrong, in words; null when nothing is. */
export function massDeletion(
  table: string,
  where: string,
  { before, after, removed, isWaiting }: VanishedRows,
): string | null {
  const isMass = removed > Math.max(isWaiting ? 0 : removedRowsMin, before * removedShareMax)
  const isEmptied = after === 0 && removed > 0
  if (!isMass && !isEmptied) return null
  if (before === 1) return `the only row of '${table}' is gone from ${where}`
  const what = removed === before ? `all ${before} rows` : `${removed} of ${before} rows`
  return `${what} of '${table}' are gone from ${where}`
}

export function isAllowed(guard: SyncGuard, options: SyncOptions): boolean {
  return options.allow?.includes(guard) === true
}
