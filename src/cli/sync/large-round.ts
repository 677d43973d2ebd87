// A single `varve sync` leaves V8 its habits, which are the fastest, unless it reads very many rows, from a log or from a
// table: then old objects are collected at one and a half times, not at four times, what is alive, for up to a sixth more
// processor time.
import { setFlagsFromString } from 'node:v8'
import type { LinkSyncOptions } from '../../index.ts'

type OnProgress = NonNullable<LinkSyncOptions['onProgress']>

const manyRows = 20_000

export function collectingInLargeRounds(report: OnProgress | undefined): OnProgress {
  let isLarge = false
  return (progress) => {
    if (!isLarge && progress.phase.startsWith('reading ') && progress.done > manyRows) {
      isLarge = true
      setFlagsFromString('--heap-growing-percent=50')
    }
    report?.(progress)
  }
}
