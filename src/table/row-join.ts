// All rows of two versions side by side, in key order, whether they differ or not: for versions whose equal bytes are
// no equal rows, since a column of one stands in another's place in the other.
import { compareBytes } from '../base/bytes.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Difference, Entry, KeyRange } from '../prolly/interface.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'

const rowsAtOnce = 512

export async function* joinRows(
  a: ProllyMap,
  b: ProllyMap,
  options: KeyRange & ReadOptions,
): AsyncGenerator<Difference[]> {
  const [left, right] = [new Cursor(a, options), new Cursor(b, options)]
  let batch: Difference[] = []
  for (;;) {
    const [before, after] = [await left.peek(), await right.peek()]
    if (before === null && after === null) break
    const order = before === null ? 1 : after === null ? -1 : compareBytes(before.key, after.key)
    if (order <= 0) left.next()
    if (order >= 0) right.next()
    const key = (order <= 0 ? before : after)!.key
    batch.push({ key, before: order <= 0 ? before : null, after: order >= 0 ? after : null })
    if (batch.length < rowsAtOnce) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

class Cursor {
  readonly #batches: AsyncIterator<{ readonly count: number }>
  #entries: readonly Entry[] = []
  #at = 0

  constructor(map: ProllyMap, options: KeyRange & ReadOptions) {
    this.#batches = map.scan(options)[Symbol.asyncIterator]()
  }

  /** The next entry. It is a promise only when the next leaf has to be read. */
  peek(): Entry | null | Promise<Entry | null> {
    return this.#entries[this.#at] ?? this.#read()
  }

  next(): void {
    this.#at++
  }

  async #read(): Promise<Entry | null> {
    for (;;) {
      const { done, value } = await this.#batches.next()
      if (done === true) return null
      const batch = value as Parameters<typeof entryAt>[0]
      this.#entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
      this.#at = 0
      if (batch.count > 0) return this.#entries[0]!
    }
  }
}
