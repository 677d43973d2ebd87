// The nodes of the version before, by level and key: a new node that covers the same keys is much like the old one,
// and the store can keep it as a difference.
import { compareBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { childRefs, type NodeRef } from '../prolly/descent.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { BaseOf } from '../prolly/tree-builder.ts'
import { walkLevel } from '../prolly/walk.ts'
import type { ReadTableOptions } from './interface.ts'
import { type KnownLeaves, knownLeaves } from './known-leaves.ts'

export interface PreviousNodes {
  readonly baseOf: BaseOf
  readonly known: KnownLeaves
}

export async function previousNodes(options: ReadTableOptions): Promise<PreviousNodes | null> {
  const { previous, nodes, signal } = options
  if (previous === undefined) return null
  const map = await ProllyMap.load(nodes, previous.rows, { signal })
  const levels: NodeRef[][] = []
  for (let level = 0; level + 1 < map.height; level++) {
    const refs: NodeRef[] = []
    for await (const places of walkLevel(nodes, map.root, level + 1, { signal })) {
      for (const place of places) refs.push(...childRefs(place))
    }
    levels.push(refs)
  }
  levels.push([map.root.ref])
  return {
    baseOf: (level, firstKey) => coveringNode(levels[level] ?? [], firstKey),
    known: knownLeaves(levels[0]!.map(({ cid }) => cid)),
  }
}

/** The node whose keys reach up to `key` or beyond; the last one when none does. */
function coveringNode(refs: readonly NodeRef[], key: Uint8Array): Cid | undefined {
  let low = 0
  let high = refs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes(refs[middle]!.last, key) < 0) low = middle + 1
    else high = middle
  }
  return refs[low]?.cid
}
