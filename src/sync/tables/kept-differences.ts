// Differences in packed memory: an object each, and a view that keeps its whole leaf, would take ten times as much.
import { BatchBuilder } from '../../prolly/batch-builder.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Difference } from '../../prolly/interface.ts'

const batchRows = 512
const inBefore = 1
const inAfter = 2

export class KeptDifferences {
  readonly #before = new BatchBuilder()
  readonly #after = new BatchBuilder()
  /** By difference: which sides have the row. */
  readonly #sides: number[] = []

  get bytes(): number {
    return this.#before.bytes + this.#after.bytes + 24 * this.#sides.length
  }

  add({ key, before, after }: Difference): void {
    if (before !== null) this.#before.add(key, before.value, before.links)
    if (after !== null) this.#after.add(key, after.value, after.links)
    this.#sides.push((before === null ? 0 : inBefore) | (after === null ? 0 : inAfter))
  }

  /** The differences as views, in the order in which they came. */
  *inBatches(): Generator<Difference[]> {
    const [old, now] = [this.#before.view(), this.#after.view()]
    let [i, j] = [0, 0]
    let batch: Difference[] = []
    for (const sides of this.#sides) {
      const before = sides & inBefore ? entryAt(old, i++) : null
      const after = sides & inAfter ? entryAt(now, j++) : null
      batch.push({ key: (before ?? after)!.key, before, after })
      if (batch.length < batchRows) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
}
