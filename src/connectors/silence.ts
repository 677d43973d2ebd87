// Says that a server is waited for which has fallen silent in the middle of a round: it was asked something, and for two
// seconds no byte has come or gone. It may be at work on that, or wait for a lock; whether the network is still there the
// system's own probes find out (patience.ts, `probeMs`).
import type { OnWait } from '../base/telling-wait.ts'

/** A connection, as who watches it sees it. */
export interface WatchedLine {
  /** Bytes that have come and gone so far. */
  readonly bytes: () => number
  /** Whether an answer is waited for. */
  readonly isAsked: () => boolean
}

const lookMs = 250
/** Two seconds. Looks are counted: while this process itself is busy, nothing that comes is seen. */
const quietLooks = 8

/** Once for each silence. Returns what ends it. */
export function watchSilence(line: WatchedLine, location: string, onWait: OnWait | undefined): () => void {
  if (onWait === undefined) return () => undefined
  let [bytes, looks] = [-1, 0]
  const timer = setInterval(() => {
    const now = line.bytes()
    looks = now === bytes && line.isAsked() ? looks + 1 : 0
    bytes = now
    if (looks === quietLooks) onWait({ location, msMax: null })
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}
