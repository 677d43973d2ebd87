// The descent from the root. A ref is what a parent says of a child: its name, its sums, and the keys it must lie
// between; reading a ref checks that the child agrees, so a tree whose nodes are each valid but do not fit together is
// VARVE_CORRUPT, never a wrong answer. Reads are by level: one for all the nodes that a step needs.
import { compareBytes } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions } from '../store/interface.ts'
import { compareKeyAt, keyAt } from './entry-batch.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import { mapKind } from './rule.ts'

export interface NodeRef {
  readonly cid: Cid
  readonly level: number
  /** Leaf items before and in it. */
  readonly start: number
  readonly items: number
  /** Measure before and in it. */
  readonly measureStart: number
  readonly measure: number
  /** Its last key; every key of it is greater than `after` (null: no bound). */
  readonly last: Uint8Array
  readonly after: Uint8Array | null
  readonly parent: Node | null
}

export interface Place {
  readonly ref: NodeRef
  readonly node: Node
}

export function rootPlace(cid: Cid, node: Node): Place {
  const { level, items, measure, lastKey: last } = node
  return {
    ref: { cid, level, start: 0, items, measureStart: 0, measure, last, after: null, parent: null },
    node,
  }
}

export function endOf(ref: NodeRef): number {
  return ref.start + ref.items
}

export function childRef(place: Place, i: number): NodeRef {
  const { ref, node } = place
  const items = node.itemsBefore(i)
  const measure = node.measureBefore(i)
  return {
    cid: node.link(i),
    level: node.level - 1,
    start: ref.start + items,
    items: node.itemsBefore(i + 1) - items,
    measureStart: ref.measureStart + measure,
    measure: node.measureBefore(i + 1) - measure,
    last: keyAt(node, i),
    after: i === 0 ? ref.after : keyAt(node, i - 1),
    parent: node,
  }
}

export function childRefs(place: Place): NodeRef[] {
  return Array.from({ length: place.node.count }, (_, i) => childRef(place, i))
}

/** Reads the nodes of all refs in one read. */
export async function readRefs(
  nodes: NodeStore,
  refs: readonly NodeRef[],
  options: ReadOptions = {},
): Promise<Place[]> {
  const found = await nodes.get(
    refs.map((ref) => ref.cid),
    options,
  )
  return refs.map((ref, i) => checkedPlace(ref, found[i]!))
}

function checkedPlace(ref: NodeRef, node: Node): Place {
  const { parent } = ref
  if (parent === null) return { ref, node }
  const { kind, leafTarget } = parent.shape
  if (node.shape.kind !== kind || node.shape.leafTarget !== leafTarget || node.level !== ref.level) {
    throw corrupt('node is not of the kind and level that its parent says', { cid: ref.cid })
  }
  if (node.items !== ref.items || node.measure !== ref.measure) {
    throw corrupt('node does not hold what its parent counts', { cid: ref.cid })
  }
  if (kind !== mapKind) return { ref, node }
  if (compareBytes(node.lastKey, ref.last) !== 0) {
    throw corrupt('node does not end with the key that its parent says', { cid: ref.cid })
  }
  if (ref.after !== null && compareKeyAt(node, 0, ref.after) <= 0) {
    throw corrupt('node begins before its left neighbour ends', { cid: ref.cid })
  }
  return { ref, node }
}

/** Picks the entry of `place` to go down by, for the i-th thing sought. */
export type PickChild = (place: Place, i: number) => number

/** Goes down to `level` for `count` things at once: one read a level. */
export async function descend(
  nodes: NodeStore,
  root: Place,
  level: number,
  count: number,
  pick: PickChild,
  options: ReadOptions = {},
): Promise<Place[]> {
  let places = Array.from({ length: count }, () => root)
  for (let above = root.node.level; above > level && count > 0; above--) {
    const refs: NodeRef[] = []
    const chosen: number[] = []
    let place: Place | undefined
    let child = -1
    for (let i = 0; i < count; i++) {
      const next = pick(places[i]!, i)
      // Neighbours mostly go the same way; only then are two refs known to be one without a lookup.
      if (places[i] !== place || next !== child) refs.push(childRef(places[i]!, next))
      place = places[i]!
      child = next
      chosen.push(refs.length - 1)
    }
    const read = await readRefs(nodes, refs, options)
    places = chosen.map((index) => read[index]!)
  }
  return places
}

/** The entry of an inner node below which item `offset` lies; the last one for an offset at the end or behind it. */
export function childAtOffset(place: Place, offset: number): number {
  const ends = place.node.itemEnds!
  return upperBound(ends, offset - place.ref.start, place.node.count - 1)
}

/** The first entry whose end is above `value`, but at most `last`. */
export function upperBound(ends: Float64Array | Uint32Array, value: number, last: number): number {
  let low = 0
  let high = last
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ends[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
