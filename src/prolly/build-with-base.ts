// Rebuilding a map from all of its entries, as an import of a table's next version does. Most new nodes resemble the
// old one that covers their first key; naming it lets the store keep the new one as a difference.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import type { Place } from './descent.ts'
import { lowerBound } from './entry-batch.ts'
import { MapBuilder } from './map-builder.ts'
import type { ProllyMap } from './map.ts'
import { walkLevel } from './walk.ts'

/** Above this many old nodes the names alone would fill memory: a base is a saving, not a promise. */
const baseNodesMax = 1_000_000

/** A builder whose nodes have the previous map's as bases. Reads that map's inner nodes, no leaf. */
export async function buildWithBase(
  previous: ProllyMap,
  writer: ObjectWriter,
  options: ReadOptions = {},
): Promise<MapBuilder> {
  const { leafTarget } = previous.root.node.shape
  if (previous.count === 0) return new MapBuilder(writer, { leafTarget })
  const levels: BaseCursor[] = []
  let nodes = 1
  for (let level = 0; level < previous.root.node.level; level++) {
    const parents: Place[] = []
    for await (const group of walkLevel(previous.nodes, previous.root, level + 1, options)) {
      for (const place of group) nodes += place.node.count
      parents.push(...group)
      if (nodes > baseNodesMax) return new MapBuilder(writer, { leafTarget })
    }
    levels.push(new BaseCursor(parents))
  }
  const { cid } = previous
  const baseOf = (level: number, firstKey: Uint8Array): Cid | undefined =>
    level > levels.length ? undefined : level === levels.length ? cid : levels[level]!.find(firstKey)
  return new MapBuilder(writer, { leafTarget, baseOf })
}

/** Children of one level's nodes; asked for by ascending keys. */
class BaseCursor {
  readonly #parents: readonly Place[]
  #at = 0

  constructor(parents: readonly Place[]) {
    this.#parents = parents
  }

  find(key: Uint8Array): Cid | undefined {
    for (; this.#at < this.#parents.length; this.#at++) {
      const { node } = this.#parents[this.#at]!
      const i = lowerBound(node, key)
      if (i < node.count) return node.link(i)
    }
    return undefined
  }
}
