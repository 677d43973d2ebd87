// Guards against accidents: many rows that disappear at once, a table that is suddenly empty. What a guard stops waits
// as a commit (pending/).
import type { SyncGuard, SyncOptions } from './interface.ts'

const removedShareMax = 0.2
const removedRowsMin = 1000

/** What is wrong, in words; null when nothing is. `removed` need not count rows whose removal was approved. */
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

export function isAllowed(guard: SyncGuard, options: SyncOptions): boolean {
  return options.allow?.includes(guard) === true
}
