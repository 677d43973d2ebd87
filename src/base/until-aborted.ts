// Work that cannot be stopped, such as a driver that waits for a server's greeting: whoever waits for it can be.
import { VarveError, stoppedEarly, throwIfAborted } from './errors.ts'

/**
 * What `work` gives. Once `signal` aborts it is no longer waited for; what it gives later is let go of by `release`.
 * @throws VarveError VARVE_ABORTED
 */
export async function untilAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  release: (given: T) => Promise<void>,
): Promise<T> {
  if (signal === undefined) return work()
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    let isWaited = true
    const onAbort = (): void => {
      isWaited = false
      reject(new VarveError('VARVE_ABORTED', stoppedEarly, { cause: signal.reason }))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work()
      .then((given) => (isWaited ? resolve(given) : release(given)))
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
