// The objects that a walk along links has yet to visit: each comes once, however many links lead to it. Batches are
// taken from the end, because depth first in batches keeps the queue short.
import type { Cid } from '../encoding/cid.ts'

const batchObjectsDefault = 512

export class ObjectQueue<Id extends Cid = Cid> {
  readonly #seen: Set<Id>
  #waiting: Id[]

  constructor(roots: Iterable<Id>) {
    this.#seen = new Set(roots)
    this.#waiting = [...this.#seen]
  }

  /** Objects that are known so far. */
  get total(): number {
    return this.#seen.size
  }

  /** Objects that were taken. */
  get done(): number {
    return this.#seen.size - this.#waiting.length
  }

  has(cid: Id): boolean {
    return this.#seen.has(cid)
  }

  add(cid: Id): void {
    if (this.#seen.has(cid)) return
    this.#seen.add(cid)
    this.#waiting.push(cid)
  }

  /** Has objects visited again. */
  addAgain(cids: Iterable<Id>): void {
    for (const cid of cids) {
      this.#seen.add(cid)
      this.#waiting.push(cid)
    }
  }

  /** Until none is left; what is added meanwhile comes as well. */
  *batches(count: number = batchObjectsDefault): Generator<Id[]> {
    while (this.#waiting.length > 0) yield this.#waiting.splice(-count)
  }
}
