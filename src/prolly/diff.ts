// What differs between maps, key by key, in key order. The cost follows the change: nodes that the maps share are
// never read. Entries are views of the leaves they lie in.
import { compareBytes } from '../base/bytes.ts'
import { changedLeaves, type DiffOptions } from './changed-nodes.ts'
import { entryAt } from './entry-batch.ts'
import type { Difference, Entry, KeyRange, ThreeWayDifference } from './interface.ts'
import type { ProllyMap } from './map.ts'
import { isOneOf } from './walk.ts'
import { Zipper } from './zipper.ts'

/** The changes from `before` to `after`, in batches. */
export async function* diffMaps(
  before: ProllyMap,
  after: ProllyMap,
  options: DiffOptions = {},
): AsyncGenerator<Difference[]> {
  if (before.cid === after.cid) return
  const zipper = new Zipper()
  for await (const leaves of changedLeaves(before, after, options)) {
    zipper.push(...leaves)
    const differences: Difference[] = []
    zipper.zip((a, i, b, j) => {
      const old = a === null ? null : entryAt(a.node, i)
      const young = b === null ? null : entryAt(b.node, j)
      const { key } = (old ?? young)!
      if (isWithin(key, options) && isOneOf(key, options.keys))
        differences.push({ key, before: old, after: young })
    })
    if (differences.length > 0) yield differences
  }
}

function isWithin(key: Uint8Array, { from, before }: KeyRange): boolean {
  return (
    (from === undefined || compareBytes(key, from) >= 0) &&
    (before === undefined || compareBytes(key, before) < 0)
  )
}

/** Every key on which ours or theirs differs from base; see ThreeWayDifference for what is one object. */
export async function* diffThreeWay(
  base: ProllyMap,
  ours: ProllyMap,
  theirs: ProllyMap,
  options: DiffOptions = {},
): AsyncGenerator<ThreeWayDifference[]> {
  const left = new DifferenceReader(diffMaps(base, ours, options))
  const right = new DifferenceReader(diffMaps(base, theirs, options))
  try {
    for (;;) {
      await Promise.all([left.fill(), right.fill()])
      const differences = zipDifferences(left, right)
      if (differences.length === 0) return
      yield differences
    }
  } finally {
    await Promise.all([left.close(), right.close()])
  }
}

/** Pairs differences until one side has to be filled again. */
function zipDifferences(left: DifferenceReader, right: DifferenceReader): ThreeWayDifference[] {
  const differences: ThreeWayDifference[] = []
  for (;;) {
    const [ours, theirs] = [left.head, right.head]
    if ((ours === null && !left.ended) || (theirs === null && !right.ended)) return differences
    const order = ours === null ? 1 : theirs === null ? -1 : compareBytes(ours.key, theirs.key)
    const one = order <= 0 ? ours : theirs
    if (one === null) return differences
    const base: Entry | null = one.before
    differences.push({
      key: one.key,
      base,
      ours: order <= 0 ? ours!.after : base,
      theirs: order >= 0 ? theirs!.after : base,
    })
    if (order <= 0) left.next()
    if (order >= 0) right.next()
  }
}

class DifferenceReader {
  readonly #source: AsyncGenerator<Difference[]>
  #batch: readonly Difference[] = []
  #index = 0
  #ended = false

  constructor(source: AsyncGenerator<Difference[]>) {
    this.#source = source
  }

  get head(): Difference | null {
    return this.#batch[this.#index] ?? null
  }

  get ended(): boolean {
    return this.#ended
  }

  next(): void {
    this.#index++
  }

  /** Reads on: afterwards there is a head, or the source has ended. */
  async fill(): Promise<void> {
    while (this.head === null && !this.#ended) {
      const result = await this.#source.next()
      this.#ended = result.done === true
      this.#batch = result.done === true ? [] : result.value
      this.#index = 0
    }
  }

  async close(): Promise<void> {
    await this.#source.return(undefined)
  }
}
