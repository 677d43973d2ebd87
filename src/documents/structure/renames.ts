// Elements whose identity itself changed. Where a side removed an element and put another into its place, the new one
// may be the old one under another name: if it still says much of the same, the two are merged as one. Where it does
// not, it takes at least the old one's place, so that what the other side added around the old one stays around it.
import { isStrictName, type Identified, type Identity } from './identity.ts'
import { similarity } from './similarity.ts'
import type { MergeContext } from './merge-context.ts'
import { type Member, threeOf } from './plan.ts'
import { none, type NodeIndex } from './tree.ts'
import type { ValueId } from './values.ts'

/** Comparing all with all in a place takes time by the product. */
const pairsMax = 2500
/** A text or container of this length is no chance when two elements share it. */
export const tellingLengthMin = 12

/** The same identity, with elements that a side has renamed under their old names. */
export function withRenames(merging: MergeContext, identity: Identity): Identity {
  if (identity.name === null) return identity
  const sides = identity.sides.map((own, side) => {
    if (side === 0) return own
    const renamed = renamesOf(merging, identity, side)
    if (renamed.size === 0) return own
    const ids = own.ids.map((id) => renamed.get(id) ?? id)
    return { ...own, ids, set: new Set(ids) }
  })
  return { ...identity, sides: threeOf(sides) }
}

/** The new names that a side has given to elements, with their old ones. */
function renamesOf(merging: MergeContext, { sides }: Identity, side: number): Map<ValueId, ValueId> {
  const renamed = new Map<ValueId, ValueId>()
  const [base, own, other] = [sides[0], sides[side]!, sides[side === 1 ? 2 : 1]!]
  const replaced = replacedOf(base, own)
  if (replaced.length === 0) return renamed
  const [nodesOfBase, nodesOfOwn] = [nodesById(base), nodesById(own)]
  for (const { removed, added } of replaced) {
    if (removed.length * added.length > pairsMax) continue
    for (const id of added) {
      if (other.set.has(id)) continue
      const free = removed.filter((old) => ![...renamed.values()].includes(old))
      const node = nodesOfOwn.get(id)!
      const best = free
        .map((old) => ({ old, like: renameLikeness(merging, side, nodesOfBase.get(old)!, node) }))
        .filter(({ like }) => like > 0.5)
        .sort((a, b) => b.like - a.like)
      if (best.length > 0) renamed.set(id, best[0]!.old)
    }
  }
  return renamed
}

function renameLikeness(merging: MergeContext, side: number, old: NodeIndex, node: NodeIndex): number {
  const [tree, other] = [merging.trees[0], merging.trees[side]!]
  return sharesTelling(merging, side, old, node) ? similarity(tree, old, other, node) : 0
}

/** A long piece that both have, or a short one whose name says that it tells elements apart; in objects within as well. */
function sharesTelling(merging: MergeContext, side: number, old: NodeIndex, node: NodeIndex): boolean {
  const { trees, values } = merging
  const [tree, own] = [trees[0], trees[side]!]
  return tree.children(old).some((child) => {
    const other = own.child(node, tree.key(child))
    if (other === none) return false
    if (tree.value(child) !== own.value(other)) {
      return tree.kind(child) === 'object' && sharesTelling(merging, side, child, other)
    }
    if (tree.end(child) - tree.start(child) >= tellingLengthMin) return true
    return values.isScalar(tree.value(child)) && isStrictName(values.text(tree.key(child)))
  })
}

/** Keys of objects that a side may have renamed: it has another in their place, with much of their value. */
export function renamedKeys({ trees }: MergeContext, sides: readonly Identified[]): Set<ValueId> {
  const renamed = new Set<ValueId>()
  const base = sides[0]!
  for (const side of [1, 2] as const) {
    const own = sides[side]!
    const replaced = replacedOf(base, own).filter(({ added }) => added.length > 0)
    if (replaced.length === 0) continue
    const [nodesOfBase, nodesOfOwn] = [nodesById(base), nodesById(own)]
    for (const { removed, added } of replaced) {
      const isMany = removed.length * added.length > pairsMax
      const isAlike = (id: ValueId): boolean =>
        added.some(
          (other) => similarity(trees[0], nodesOfBase.get(id)!, trees[side], nodesOfOwn.get(other)!) > 0.5,
        )
      for (const id of removed) if (isMany || isAlike(id)) renamed.add(id)
    }
  }
  return renamed
}

interface Replaced {
  readonly removed: readonly ValueId[]
  readonly added: readonly ValueId[]
}

/** Where a side took members of the base away, and what it put into their place. */
export function replacedOf(base: Identified, own: Identified): Replaced[] {
  const isGone = (id: ValueId): boolean => !own.set.has(id)
  if (!base.ids.some(isGone)) return []
  const removed = gaps(base.ids, (id) => own.set.has(id), isGone)
  const added = gaps(
    own.ids,
    (id) => base.set.has(id),
    (id) => !base.set.has(id),
  )
  return [...removed].map(([gap, ids]) => ({ removed: ids, added: added.get(gap) ?? [] }))
}

/** For each place between elements that stay, those of `ids` that `wanted` takes; a place is the element before it. */
export function gaps(
  ids: readonly ValueId[],
  stays: (id: ValueId) => boolean,
  wanted: (id: ValueId) => boolean,
): Map<ValueId, ValueId[]> {
  const found = new Map<ValueId, ValueId[]>()
  let gap = none
  for (const id of ids) {
    if (stays(id)) gap = id
    else if (wanted(id)) {
      if (found.has(gap)) found.get(gap)!.push(id)
      else found.set(gap, [id])
    }
  }
  return found
}

/** Elements that replaced as many others: to be ordered as if they were those, and what they are called. */
export function slotsOf(
  { sides }: Identity,
  members: ReadonlyMap<ValueId, Member>,
): { slots: Map<ValueId, ValueId>; names: Map<ValueId, ValueId> } {
  const slots = new Map<ValueId, ValueId>()
  const names = new Map<ValueId, ValueId>()
  for (const side of [1, 2] as const) {
    const other = sides[side === 1 ? 2 : 1]
    for (const { removed, added } of replacedOf(sides[0], sides[side])) {
      if (removed.length !== added.length) continue
      for (const [i, id] of added.entries()) {
        const old = removed[i]!
        if (!members.has(id) || members.has(old) || names.has(old) || other.set.has(id)) continue
        slots.set(id, old)
        names.set(old, id)
      }
    }
  }
  return { slots, names }
}

function nodesById({ ids, nodes }: Identified): Map<ValueId, NodeIndex> {
  return new Map(ids.map((id, i) => [id, nodes[i]!]))
}
