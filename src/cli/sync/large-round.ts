// A single `varve sync` leaves V8 its habits, which are the fastest, until it takes much memory: then old objects are
// collected at one and a half times, not at four times, what is alive.
import { setFlagsFromString } from 'node:v8'
import type { LinkSyncOptions } from '../../index.ts'

type OnProgress = NonNullable<LinkSyncOptions['onProgress']>

const muchMemory = 170 << 20

/** `memory` tells the bytes that the process takes. */
export function collectingInLargeRounds(
  report: OnProgress | undefined,
  memory: () => number = () => process.memoryUsage.rss(),
): OnProgress {
  let isLarge = false
  return (progress) => {
    if (!isLarge && memory() > muchMemory) {
      isLarge = true
      setFlagsFromString('--heap-growing-percent=50')
    }
    report?.(progress)
  }
}
