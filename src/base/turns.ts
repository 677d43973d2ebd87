// Cooperative scheduling. Code that works through many batches without waiting for anything, as reads of a local store
// do, would block the thread for all other requests and timers. Between two batches it calls `yieldIfDue`, which yields
// to the event loop when the thread was busy for long enough. Waiting loops resume in the order in which they yielded,
// and in each turn of the event loop only for a limited time: so outside events do not wait for all of them, however
// many there are, and short work need not wait a turn for each loop before it.
import { throwIfAborted } from './errors.ts'
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

/**
 * For loops over local work that takes long: lets others have their turn, the one who presses Ctrl-C among them, and ends
 * where that is asked for. @throws VarveError VARVE_ABORTED
 */
export async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
  if (isTurnOver()) await yieldIfDue()
  throwIfAborted(signal)
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
