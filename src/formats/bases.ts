// The nodes of the version before, by level and key: a new node that covers the same keys resembles the old one, so the
// store can keep it as a difference; a new leaf that equals an old one need not be packed at all.
import { compareBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { lowerBound } from '../prolly/entry-batch.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Node } from '../prolly/node.ts'
import type { BaseOf } from '../prolly/tree-builder.ts'
import { walkLevel } from '../prolly/walk.ts'
import type { ReadTableOptions } from './interface.ts'
import { type KnownLeaves, knownLeaves } from './known-leaves.ts'

export interface PreviousNodes {
  readonly baseOf: BaseOf
  readonly known: KnownLeaves
}

/** Reads the inner nodes of the previous map, without its leaves. */
export async function previousNodes({
  previous,
  nodes,
  signal,
}: Pick<ReadTableOptions, 'previous' | 'nodes' | 'signal'>): Promise<PreviousNodes | null> {
  if (previous === undefined) return null
  const { root } = await ProllyMap.load(nodes, previous.rows, { signal })
  const parents: Node[][] = []
  for (let level = 1; level <= root.node.level; level++) {
    const found: Node[] = []
    for await (const places of walkLevel(nodes, root, level, { signal })) {
      for (const { node } of places) found.push(node)
    }
    parents.push(found)
  }
  const { cid } = root.ref
  return {
    baseOf: (level, firstKey) =>
      level === parents.length ? cid : coveringChild(parents[level] ?? [], firstKey),
    known: knownLeaves(parents[0] === undefined ? [cid] : parents[0].flatMap(({ links }) => links)),
  }
}

/** The child whose keys reach up to `key` or beyond; the last one when none does. */
function coveringChild(parents: readonly Node[], key: Uint8Array): Cid | undefined {
  let low = 0
  let high = parents.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes(parents[middle]!.lastKey, key) < 0) low = middle + 1
    else high = middle
  }
  const parent = parents[low]
  return parent?.link(Math.min(lowerBound(parent, key), parent.count - 1))
}
