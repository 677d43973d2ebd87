// A thread is shared: whoever works through many batches without waiting for anything, as reads of a local store do, would
// keep everybody else's requests and timers from it. Between two batches they ask here whether it is time to let others in.
// Those that wait come back in the order in which they went, and in each turn of the thread's loop only for so long: however
// many there are, what comes from outside does not wait for all of them, and short work does not wait a turn for each before it.
import { allAtRest, nextTurn } from './platform.ts'

/** So long this thread is kept at a time, and one batch more. */
const turnMs = 10
const waiting: (() => void)[] = []
let since = performance.now()
let isCalling = false

/** Resolves at once; where the thread was kept for a while, when others have had their turn. */
export async function yieldIfDue(): Promise<void> {
  if (!isTurnOver()) return
  const back = new Promise<void>((resolve) => void waiting.push(resolve))
  if (!isCalling) void callBack()
  await back
}

/** For loops that are so hot that a promise for each of their steps costs too much. */
export function isTurnOver(): boolean {
  // A clock that was another one in between, as in tests, was not here for so long.
  return Math.abs(performance.now() - since) > turnMs
}

async function callBack(): Promise<void> {
  isCalling = true
  while (waiting.length > 0) {
    await nextTurn()
    since = performance.now()
    do {
      waiting.shift()!()
      await allAtRest()
    } while (waiting.length > 0 && !isTurnOver())
  }
  isCalling = false
}
