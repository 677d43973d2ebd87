// A worker thread of one user's own, for long synchronous work that must be stoppable: it is ended in the middle of
// whatever it does. It starts with the first job; where none can be had (tests run from sources), work runs on the spot.
// What strangers may ask for is done in a process instead: that can be ended without harm at any time, and holds its own
// memory.
import { VarveError, stoppedEarly, throwIfAborted } from './errors.ts'
import { type ProcessOptions, startProcess } from './platform-process.ts'
import { type Thread, startThread } from './platform-threads.ts'
import { workerUrl } from './platform.ts'
import type { JobAnswer, JobMessage } from './pool.ts'

export interface OwnProcessOptions extends ProcessOptions {
  /** Its script, which lies beside that of threads. */
  readonly script: string
}

export class OwnThread {
  readonly #url: URL | null = workerUrl()
  readonly #process: OwnProcessOptions | null
  #thread: Thread | null = null
  /** Files that a thread has open may go when it has. */
  #ended: Promise<void> = Promise.resolve()
  /** Ends the job that runs; there is one at a time. */
  #settle: ((answer: JobAnswer) => void) | null = null

  /** With `process`, the work runs in a process of its own; with null, in a thread. */
  constructor(process: OwnProcessOptions | null = null) {
    this.#process = process
  }

  /** Runs `local`, which the worker's table knows as `name`. @throws VarveError VARVE_ABORTED, and what it throws */
  async run<A extends readonly unknown[], R>(
    name: string,
    local: (...args: A) => R | Promise<R>,
    args: A,
    { signal, transfer = [] }: { signal: AbortSignal | undefined; transfer?: readonly ArrayBuffer[] },
  ): Promise<R> {
    throwIfAborted(signal)
    if (this.#url === null) return local(...args)
    this.#thread ??= this.#start(this.#url)
    const thread = this.#thread
    const { promise, settle } = settled()
    this.#settle = settle
    const stop = (): void => {
      const error = new VarveError('VARVE_ABORTED', stoppedEarly, { cause: signal?.reason })
      void this.close().finally(() => settle({ id: 0, error }))
    }
    signal?.addEventListener('abort', stop, { once: true })
    thread.hold()
    try {
      thread.post({ id: 0, name, args } satisfies JobMessage, transfer)
      const { result, error } = await promise
      if (error !== undefined) throw error
      return result as R
    } finally {
      thread.release()
      signal?.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    this.#settle = null
    if (thread !== null) this.#ended = thread.end()
    await this.#ended
  }

  #start(url: URL): Thread {
    const fail = (error: Error): void => this.#settle?.({ id: 0, error })
    const answered = (message: unknown): void => this.#settle?.(message as JobAnswer)
    if (this.#process === null) return startThread(url, answered, fail)
    return startProcess(new URL(this.#process.script, url), answered, fail, this.#process)
  }
}

function settled(): { promise: Promise<JobAnswer>; settle: (answer: JobAnswer) => void } {
  let settle: (answer: JobAnswer) => void = () => undefined
  const promise = new Promise<JobAnswer>((resolve) => (settle = resolve))
  return { promise, settle }
}
