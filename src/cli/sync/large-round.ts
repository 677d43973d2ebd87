// A single `varve sync` leaves V8 its habits, which are the fastest, until it takes much memory: then old objects are
// collected at one and a half times, not at four times, what is alive.
import { setFlagsFromString } from 'node:v8'
import type { LinkSyncOptions } from '../../index.ts'

type OnProgress = NonNullable<LinkSyncOptions['onProgress']>

const muchMemory = 170 << 20
/** A write to a database takes 200 MiB, and no more; it would only be slower. */
const muchMemoryWriting = 230 << 20
/** To ask the system takes 20 microseconds, and a write tells how far it is some 16,000 times for a million rows. */
const msBetweenLooks = 20

export interface Collector {
  /** Bytes that the process takes. */
  memory: () => number
  /** Asks for old objects to be collected sooner, from now on. */
  collectSooner: () => void
  /** Milliseconds. */
  now: () => number
}

const ofV8: Collector = {
  memory: () => process.memoryUsage.rss(),
  collectSooner: () => setFlagsFromString('--heap-growing-percent=50'),
  now: () => performance.now(),
}

export function collectingInLargeRounds(
  report: OnProgress | undefined,
  collector: Collector = ofV8,
): OnProgress {
  let isLarge = false
  let lookedAt = -Infinity
  const look = (phase: string): void => {
    if (collector.now() - lookedAt < msBetweenLooks) return
    lookedAt = collector.now()
    if (collector.memory() <= (phase.startsWith('writing ') ? muchMemoryWriting : muchMemory)) return
    isLarge = true
    collector.collectSooner()
  }
  return (progress) => {
    if (!isLarge) look(progress.phase)
    report?.(progress)
  }
}
