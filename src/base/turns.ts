// A thread is shared: whoever works through many batches without waiting for anything, as reads of a local store do, would
// keep everybody else's requests and timers from it. Between two batches they ask here whether it is time to let others in.
import { nextTurn } from './platform.ts'

/** So long this thread is kept at a time, and one batch more. */
const turnMs = 10
let since = performance.now()

/** Resolves at once; where the thread was kept for a while, when others have had their turn. */
export async function breathe(): Promise<void> {
  if (!isTurnOver()) return
  await nextTurn()
  since = performance.now()
}

/** For loops that are so hot that a promise for each of their steps costs too much. */
export function isTurnOver(): boolean {
  return performance.now() - since > turnMs
}
