// A few worker threads for pure functions over flat data, shared by the whole process. They start with the first job
// and never keep the process alive; where none can be had (tests run from sources), the function runs on the spot.
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

const threadsMax = 2
/** As many jobs wait for a thread before another is started: each compiles the same code anew, for half a second or so. */
const jobsPerThread = 6

/** The process's threads. Parsing and packing compete for the same processors, so all pools share them. */
class Threads {
  readonly #url: URL
  /** The thread that asks works too: beside it a second one only takes turns with both where there are two processors. */
  readonly #size: number = Math.max(1, Math.min(threadsMax, cpuCount() - 1))
  readonly #seats: Seat[] = []
  #nextId = 1

  constructor(url: URL) {
    this.#url = url
  }

  /** Starts them at once, because they take a while to start. */
  start(count: number): void {
    while (this.#seats.length < Math.min(count, threadsMax, cpuCount())) this.#start()
  }

  run(name: string, args: readonly unknown[], transfer: readonly ArrayBuffer[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const seat = this.#seat()
      const id = this.#nextId++
      if (seat.waiting.size === 0) seat.thread.hold()
      seat.waiting.set(id, { resolve, reject })
      seat.thread.post({ id, name, args } satisfies JobMessage, transfer)
    })
  }

  async end(): Promise<void> {
    await Promise.all(this.#seats.splice(0).map((seat) => seat.thread.end()))
  }

  #seat(): Seat {
    if (this.#seats.length === 0) return this.#start()
    const best = this.#seats.reduce((one, seat) => (seat.waiting.size < one.waiting.size ? seat : one))
    return best.waiting.size < jobsPerThread || this.#seats.length >= this.#size ? best : this.#start()
  }

  #start(): Seat {
    const waiting = new Map<number, Waiting>()
    const fail = (error: Error): void => {
      const at = this.#seats.indexOf(seat)
      if (at >= 0) this.#seats.splice(at, 1)
      for (const job of waiting.values()) job.reject(error)
      waiting.clear()
    }
    const thread = startThread(this.#url, (message) => settle(message as JobAnswer, waiting, thread), fail)
    const seat = { thread, waiting }
    this.#seats.push(seat)
    return seat
  }
}

let threads: Threads | null = null
const users = new Set<WorkerPool>()

/** One user's share in the process's threads: they end with the last user's `close`. */
export class WorkerPool {
  readonly #url: URL | null = workerUrl()
  #closed = false

  /** True where jobs run on the spot: then there is nothing to wait for or to overlap. */
  get isInline(): boolean {
    return this.#url === null || this.#closed
  }

  /** Starts threads before there is a job, where one is sure to come: two where the jobs are most of the work. */
  warm(count: 1 | 2): void {
    if (this.#url !== null && !this.#closed) this.#threads(this.#url).start(count)
  }

  /** Runs `local`, which the worker's table knows as `name`, in the least busy thread. */
  run<A extends readonly unknown[], R>(
    name: string,
    local: (...args: A) => R,
    args: A,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<R> {
    if (this.#url === null || this.#closed) return new Promise((resolve) => resolve(local(...args)))
    return this.#threads(this.#url).run(name, args, transfer) as Promise<R>
  }

  async close(): Promise<void> {
    this.#closed = true
    if (!users.delete(this) || users.size > 0) return
    const ending = threads
    threads = null
    await ending?.end()
  }

  #threads(url: URL): Threads {
    users.add(this)
    return (threads ??= new Threads(url))
  }
}

function settle(answer: JobAnswer, waiting: Map<number, Waiting>, thread: Thread): void {
  const job = waiting.get(answer.id)
  waiting.delete(answer.id)
  if (waiting.size === 0) thread.release()
  if (answer.error !== undefined) job?.reject(answer.error)
  else job?.resolve(answer.result)
}
