// How many requests are under way, of all and of each client, and how many of them are costly: more are sent away at once,
// with a word on when to come back, instead of being kept waiting in memory. A client is a token, or, of those that have
// none, an address.
import { HttpError } from './answers.ts'
import type { Limits, Principal } from './interface.ts'

export function clientOf({ id }: Principal, address: string): string {
  return id === 'anonymous' ? `${id} ${address}` : id
}

export class Gate {
  readonly #all: Places
  readonly #costly: Places
  readonly #queries: Places

  constructor(limits: Limits) {
    this.#all = new Places(limits.requestsMax, limits.requestsPerTokenMax)
    this.#costly = new Places(limits.costlyMax, limits.costlyPerClientMax)
    this.#queries = new Places(limits.queriesMax, limits.queriesPerClientMax)
  }

  get count(): number {
    return this.#all.count
  }

  /** Call what it returns when the request is over. @throws HttpError 503, 429 */
  enter(client: string): () => void {
    return this.#all.enter(client, 1, 'requests')
  }

  /** As `enter`, for requests that compare, search or read whole tables. */
  enterCostly(client: string): () => void {
    return this.#costly.enter(client, 2, 'comparisons, searches and exports')
  }

  /** As `enterCostly`, for requests that have a process of their own. */
  enterQuery(client: string): () => void {
    return this.#queries.enter(client, 5, 'queries')
  }
}

class Places {
  readonly #most: number
  readonly #mostOfOne: number
  readonly #byClient = new Map<string, number>()
  #count = 0

  constructor(most: number, mostOfOne: number) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  get count(): number {
    return this.#count
  }

  enter(client: string, retrySeconds: number, what: string): () => void {
    const mine = this.#byClient.get(client) ?? 0
    if (mine >= this.#mostOfOne)
      throw busy(429, `too many ${what} at a time from you: ${this.#mostOfOne} are taken`, retrySeconds)
    if (this.#count >= this.#most) throw busy(503, `the server is busy with ${what}`, retrySeconds)
    this.#count++
    this.#byClient.set(client, mine + 1)
    return () => {
      this.#count--
      const left = this.#byClient.get(client)! - 1
      if (left === 0) this.#byClient.delete(client)
      else this.#byClient.set(client, left)
    }
  }
}

/** Pushes of one token to one repository, one after another: the same work is not done twice at a time. */
export class PushQueue {
  readonly #last = new Map<string, Promise<void>>()

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const turn = before.then(work)
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#last.set(key, settled)
    try {
      return await turn
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}

const denialsPerMinuteMax = 60

/** How many refusals are written down: whoever is refused must not fill the disk with it. The log has them all. */
export class DenialLimit {
  #minute = 0
  #count = 0

  mayWrite(nowMs: number): boolean {
    const minute = Math.floor(nowMs / 60_000)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#count = 0
    }
    return ++this.#count <= denialsPerMinuteMax
  }
}

function busy(status: number, message: string, retrySeconds: number): HttpError {
  return new HttpError(status, 'VARVE_UNREACHABLE', message, { 'retry-after': String(retrySeconds) })
}
