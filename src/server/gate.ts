// How many requests are under way, of all and of each token: more are sent away at once, with a word on when to come back,
// instead of being kept waiting in memory.
import { HttpError } from './answers.ts'
import type { Limits, Principal } from './interface.ts'

export class Gate {
  readonly #limits: Limits
  readonly #byToken = new Map<string, number>()
  #count = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get count(): number {
    return this.#count
  }

  /** Call what it returns when the request is over. @throws HttpError 503, 429 */
  enter({ id }: Principal): () => void {
    const mine = this.#byToken.get(id) ?? 0
    if (this.#count >= this.#limits.requestsMax) throw busy(503, 'the server is busy')
    if (mine >= this.#limits.requestsPerTokenMax) throw busy(429, 'too many requests at a time of this token')
    this.#count++
    this.#byToken.set(id, mine + 1)
    return () => {
      this.#count--
      const left = this.#byToken.get(id)! - 1
      if (left === 0) this.#byToken.delete(id)
      else this.#byToken.set(id, left)
    }
  }
}

/** Pushes of one token to one repository, one after another: the same work is not done twice at a time. */
export class Turns {
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
export class Denials {
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

function busy(status: number, message: string): HttpError {
  return new HttpError(status, 'VARVE_UNREACHABLE', message, { 'retry-after': '1' })
}
