// A few worker threads for pure functions over flat data. Threads start with the first job and never keep the
// process alive; where none can be had (tests run from sources), the function runs on the spot.
import { type Thread, cpuCount, startThread } from './platform-threads.ts'
import { workerUrl } from './platform.ts'

export interface JobMessage {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

export interface JobAnswer {
  readonly id: number
  readonly result?: unknown
  readonly error?: unknown
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Seat {
  readonly thread: Thread
  readonly waiting: Map<number, Waiting>
}

const threadsMax = 4

export class WorkerPool {
  readonly #url: URL | null = workerUrl()
  readonly #size: number
  readonly #seats: Seat[] = []
  #nextId = 1
  #closed = false

  constructor(size: number = Math.min(threadsMax, cpuCount())) {
    this.#size = Math.max(1, size)
  }

  /** True where jobs run on the spot: then there is nothing to wait for or to overlap. */
  get isInline(): boolean {
    return this.#url === null || this.#closed
  }

  /** Runs `local`, which the worker's table knows as `name`, in the least busy thread. */
  run<A extends readonly unknown[], R>(
    name: string,
    local: (...args: A) => R,
    args: A,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<R> {
    if (this.#url === null || this.#closed) return new Promise((resolve) => resolve(local(...args)))
    return new Promise<R>((resolve, reject) => {
      const seat = this.#seat(this.#url!)
      const id = this.#nextId++
      if (seat.waiting.size === 0) seat.thread.hold()
      seat.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      seat.thread.post({ id, name, args } satisfies JobMessage, transfer)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#seats.splice(0).map((seat) => seat.thread.end()))
  }

  #seat(url: URL): Seat {
    const idle = this.#seats.find((seat) => seat.waiting.size === 0)
    if (idle !== undefined) return idle
    if (this.#seats.length < this.#size) return this.#start(url)
    return this.#seats.reduce((best, seat) => (seat.waiting.size < best.waiting.size ? seat : best))
  }

  #start(url: URL): Seat {
    const waiting = new Map<number, Waiting>()
    const fail = (error: Error): void => {
      const at = this.#seats.indexOf(seat)
      if (at >= 0) this.#seats.splice(at, 1)
      for (const job of waiting.values()) job.reject(error)
      waiting.clear()
    }
    const thread = startThread(url, (message) => settle(message as JobAnswer, waiting, thread), fail)
    const seat = { thread, waiting }
    this.#seats.push(seat)
    return seat
  }
}

function settle(answer: JobAnswer, waiting: Map<number, Waiting>, thread: Thread): void {
  const job = waiting.get(answer.id)
  waiting.delete(answer.id)
  if (waiting.size === 0) thread.release()
  if (answer.error !== undefined) job?.reject(answer.error)
  else job?.resolve(answer.result)
}
