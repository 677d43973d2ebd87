// The two-sided queue of a transfer: objects to send (fresh) and objects the receiver is known to have whole, sorted
// into ranks so that both sides go down in step and equal subtrees meet. A rank is a stage (how many trees lie above:
// path tree, then table or file, then rows, then big cells) and, within it, a level of a prolly tree from the root
// down. A link met first has no level yet; its node's own bytes give it one, so trees of different height still meet.
import type { Cid } from '../encoding/cid.ts'

/** Levels fit below this; see prolly's rule. */
const levelsMax = 24
const ranksPerStage = levelsMax + 1

export interface Bucket {
  readonly rank: number
  readonly fresh: Set<Cid>
  /** Fresh ones that were sent already, when their level was not known: left to be walked. */
  readonly sent: Set<Cid>
  readonly known: Set<Cid>
}

/** Where a node lies: `level` null for a link that comes out of a leaf, a table or a commit. */
export function rankOf(stage: number, level: number | null): number {
  return stage * ranksPerStage + (level === null ? 0 : levelsMax - level)
}

export function stageOf(rank: number): number {
  return Math.floor(rank / ranksPerStage)
}

export function hasLevel(rank: number): boolean {
  return rank % ranksPerStage !== 0
}

/** The rank of the objects that an object of this rank links to. */
export function rankBelow(rank: number, level: number | null): number {
  return level === null || level === 0 ? rankOf(stageOf(rank) + 1, null) : rankOf(stageOf(rank), level - 1)
}

/** Level of a prolly node, null for any other object: the fourth byte of [version, kind, level, …]. */
export function levelOf(bytes: Uint8Array): number | null {
  const isNode =
    bytes.length > 4 && bytes[0]! >> 5 === 4 && bytes[1] === 1 && bytes[2]! < 24 && bytes[3]! < levelsMax
  return isNode ? bytes[3]! : null
}

export class Frontier {
  readonly #buckets = new Map<number, Bucket>()
  #pending = 0

  /** How many fresh objects are still to be walked; at zero there is nothing left to do. */
  get pending(): number {
    return this.#pending
  }

  add(side: 'fresh' | 'sent' | 'known', rank: number, cids: Iterable<Cid>): void {
    let bucket = this.#buckets.get(rank)
    if (bucket === undefined) {
      bucket = { rank, fresh: new Set(), sent: new Set(), known: new Set() }
      this.#buckets.set(rank, bucket)
    }
    const before = bucket[side].size
    for (const cid of cids) bucket[side].add(cid)
    if (side !== 'known') this.#pending += bucket[side].size - before
  }

  /** The bucket that is nearest to the roots. */
  take(): Bucket | undefined {
    let first = Number.POSITIVE_INFINITY
    for (const rank of this.#buckets.keys()) first = Math.min(first, rank)
    const bucket = this.#buckets.get(first)
    this.#buckets.delete(first)
    if (bucket !== undefined) this.#pending -= bucket.fresh.size + bucket.sent.size
    return bucket
  }
}
