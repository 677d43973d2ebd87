// The leaves of a tree of rows that another tree has not: natural key ranges, each with a checksum of its own. Rows that
// differ are counted by the leaf they belong to, in one walk over both orders.
import { compareBytes } from '../../base/bytes.ts'
import { changedLeaves } from '../../prolly/changed-nodes.ts'
import { keyAt } from '../../prolly/entry-batch.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Schema } from '../../table/interface.ts'
import { keyText } from '../../table/key.ts'
import type { DifferingRange } from './interface.ts'

interface Leaf {
  readonly first: Uint8Array
  readonly last: Uint8Array
  readonly rows: number
}

export class RangeCounter {
  readonly #schema: Schema
  readonly #leaves: AsyncGenerator<Leaf>
  readonly #max: number
  readonly ranges: DifferingRange[] = []
  #leaf: Leaf | null = null
  #differing = 0
  #isCut = false

  constructor(schema: Schema, commit: ProllyMap, endpoint: ProllyMap, max: number) {
    this.#schema = schema
    this.#max = max
    this.#leaves = leavesOf(commit, endpoint)
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** Counts a row that differs. Keys must come in ascending order. */
  async count(key: Uint8Array): Promise<void> {
    while (this.#leaf === null || compareBytes(key, this.#leaf.last) > 0) {
      const next = await this.#leaves.next()
      // What stands behind the last row belongs to the last leaf.
      if (next.done === true) break
      this.#flush()
      this.#leaf = next.value
    }
    this.#differing++
  }

  async finish(): Promise<void> {
    this.#flush()
    await this.#leaves.return(undefined)
  }

  #flush(): void {
    if (this.#differing === 0) return
    const { first, last, rows } = this.#leaf ?? { first: null, last: null, rows: 0 }
    const text = (key: Uint8Array | null): string => (key === null ? '' : keyText(this.#schema, key))
    if (this.ranges.length < this.#max)
      this.ranges.push({ from: text(first), to: text(last), rows, differing: this.#differing })
    else this.#isCut = true
    this.#differing = 0
  }
}

async function* leavesOf(commit: ProllyMap, endpoint: ProllyMap): AsyncGenerator<Leaf> {
  for await (const [{ places }] of changedLeaves(commit, endpoint, {})) {
    for (const { node } of places)
      if (node.count > 0) yield { first: keyAt(node, 0), last: node.lastKey, rows: node.count }
  }
}
