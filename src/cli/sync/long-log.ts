// A single `varve sync` leaves V8 its habits, which are the fastest, unless a log has very much to tell: then old objects
// are collected at twice, not at four times, what is alive, for up to a sixth more processor time.
import { setFlagsFromString } from 'node:v8'
import type { LinkSyncOptions } from '../../index.ts'

type OnProgress = NonNullable<LinkSyncOptions['onProgress']>

const manyRows = 20_000

export function collectingOnLongLogs(report: OnProgress | undefined): OnProgress {
  let isLong = false
  return (progress) => {
    if (!isLong && progress.phase === 'reading the log' && progress.done > manyRows) {
      isLong = true
      setFlagsFromString('--heap-growing-percent=100')
    }
    report?.(progress)
  }
}
