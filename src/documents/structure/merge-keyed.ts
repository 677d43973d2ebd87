// Merges members that are told apart by an identity: keys of objects, elements of arrays with ids, members of sets.
// Each identity is merged for itself, so that it does not matter where it stands or what is beside it. What is added
// on both sides under one identity must be equal; what is removed on one side must not be changed on the other.
import type { Orders } from './order.ts'
import { mergedOrder, orderOfOurs } from './order.ts'
import { furtherElement, isLeft, isMovedAlike, isRemoved } from './same-change.ts'
import { keepSorted } from './sorted.ts'
import type { MergeContext } from './merge-context.ts'
import { identityStep, keyStep, type Path } from './path.ts'
import type { Member, Nodes } from './plan.ts'
import { strictIdentities, type Identified, type Identity } from './identity.ts'
import { isExtension } from './similarity.ts'
import { gaps, renamedKeys, replacedOf, slotsOf, withRenames } from './renames.ts'
import { none, type NodeIndex } from './tree.ts'
import type { ValueId } from './values.ts'

type Entries = ReadonlyMap<ValueId, Nodes>

/** Merges the members of objects. Their order is never a conflict. */
export function mergeObjects(merging: MergeContext, nodes: Nodes, path: Path): Member[] {
  const { trees } = merging
  const sides = nodes.map((node, side) => {
    const children = node === none ? [] : trees[side]!.children(node)
    const ids = children.map((child) => trees[side]!.key(child))
    return { nodes: children, ids, set: new Set(ids) }
  })
  const entries = entriesOf(sides)
  const members = new Map<ValueId, Member>()
  const replaced = renamedKeys(merging, sides)
  for (const [id, entry] of entries) {
    const where = { parent: path, step: () => keyStep(merging.values.text(id)) }
    const member = mergeEntry(merging, entry, where, { further: () => null, isReplaced: replaced.has(id) })
    if (member?.kind === 'clash' && entry[0] !== none && isMovedAlike(merging, sides, id, entry)) continue
    if (member !== null) members.set(id, member)
  }
  const orders = ordersOf(sides)
  const kept = new Set(members.keys())
  const order = mergedOrder(orders, kept) ?? orderOfOurs(orders, kept)
  return keepSorted(order, orders, merging.values).map((id) => members.get(id)!)
}

/**
 * Elements of arrays. The order of elements with a name is that of ours where both sides moved the same ones; the order
 * of a set's members may be all that they say, and is then a person's to decide: null.
 */
export function mergeIdentified(merging: MergeContext, found: Identity, path: Path): Member[] | null {
  const identity = withRenames(merging, found)
  const members = new Map<ValueId, Member>()
  const replaced = replacedIds(identity)
  for (const [id, entry] of entriesOf(identity.sides)) {
    const member = mergeEntry(
      merging,
      entry,
      { parent: path, step: () => identityStep(merging.values, identity.name, id) },
      { further: () => furtherElement(merging, identity.sides, entry), isReplaced: replaced.has(id) },
    )
    if (member !== null) members.set(id, member)
  }
  joinReplaced(merging, identity, members, path)
  if (!joinDoubled(merging, identity, members, path)) return null
  const orders = ordersOf(identity.sides)
  const { slots, names } = slotsOf(identity, members)
  const slotOf = (id: ValueId): ValueId => slots.get(id) ?? id
  const kept = new Set([...members.keys()].map(slotOf))
  const inSlots = { base: orders.base, ours: orders.ours.map(slotOf), theirs: orders.theirs.map(slotOf) }
  const order = mergedOrder(inSlots, kept) ?? (identity.name === null ? null : orderOfOurs(inSlots, kept))
  if (order === null) return null
  const named = order.map((id) => names.get(id) ?? id)
  return keepSorted(named, orders, merging.values).map((id) => members.get(id)!)
}

function entriesOf(sides: readonly Identified[]): Entries {
  const entries = new Map<ValueId, [NodeIndex, NodeIndex, NodeIndex]>()
  for (const [side, { ids, nodes }] of sides.entries()) {
    for (const [i, id] of ids.entries()) {
      const entry = entries.get(id)
      if (entry !== undefined) entry[side] = nodes[i]!
      else {
        const fresh: [NodeIndex, NodeIndex, NodeIndex] = [none, none, none]
        fresh[side] = nodes[i]!
        entries.set(id, fresh)
      }
    }
  }
  return entries
}

function ordersOf(sides: readonly Identified[]): Orders {
  return { base: sides[0]!.ids, ours: sides[1]!.ids, theirs: sides[2]!.ids }
}

/** Elements of the base in whose place a side has others, which may be what became of them. */
function replacedIds({ name, sides }: Identity): Set<ValueId> {
  if (name === null) return new Set()
  const found = [sides[1], sides[2]].flatMap((own) => replacedOf(sides[0], own))
  return new Set(found.flatMap(({ removed, added }) => (added.length > 0 ? removed : [])))
}

interface EntryOptions {
  /** Names, of two that were added and differ, the one that is to stay. */
  readonly further: () => 1 | 2 | null
  readonly isReplaced: boolean
}

/** Merges one member or element; null when it is gone. */
function mergeEntry(
  merging: MergeContext,
  nodes: Nodes,
  path: Path,
  { further, isReplaced }: EntryOptions = { further: () => null, isReplaced: false },
): Member | null {
  const [base, ours, theirs] = nodes
  if (ours === none && theirs === none) return null
  if (base === none && (ours === none || theirs === none)) return merging.copied(nodes)
  if (base === none) return mergeAdded(merging, nodes, path, further)
  if (ours === none || theirs === none) {
    const isGone = isReplaced ? isLeft(merging, nodes) : isRemoved(merging, nodes)
    return isGone ? null : merging.clash('row', path, membersOf(merging, nodes))
  }
  return { kind: 'member', nodes, plan: merging.value(nodes, path) }
}

/** Added on both sides: the same thing if one of the two has all that the other has, and that is more than an id. */
function mergeAdded(merging: MergeContext, nodes: Nodes, path: Path, further: () => 1 | 2 | null): Member {
  const { trees } = merging
  const isElement = trees[1].key(nodes[1]) === none
  for (const [larger, smaller] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const isEnough = !isElement || trees[smaller].children(nodes[smaller]).length > 1
    const isEqual = trees[larger].value(nodes[larger]) === trees[smaller].value(nodes[smaller])
    if (!isEqual && !(isEnough && isExtension(trees[larger], nodes[larger], trees[smaller], nodes[smaller])))
      continue
    return { kind: 'member', nodes, plan: { kind: 'copy', side: larger, node: nodes[larger] } }
  }
  const side = further()
  if (side !== null) return { kind: 'member', nodes, plan: { kind: 'copy', side, node: nodes[side] } }
  const members = isElement ? null : mergeAddedObjects(merging, nodes, path)
  if (members !== null) return { kind: 'member', nodes, plan: { kind: 'container', nodes, members } }
  return merging.clash('key-collision', path, membersOf(merging, nodes))
}

/** All that two objects have, of which neither contradicts the other; else null. */
function mergeAddedObjects(merging: MergeContext, nodes: Nodes, path: Path): Member[] | null {
  const { trees } = merging
  if (trees[1].kind(nodes[1]) !== 'object' || trees[2].kind(nodes[2]) !== 'object') return null
  const members = mergeObjects(merging, nodes, path)
  return members.some((member) => member.kind === 'clash') ? null : members
}

function membersOf(merging: MergeContext, nodes: Nodes): Member[][] {
  return nodes.map((_node, side) => (nodes[side] === none ? [] : [merging.alone(nodes, side)]))
}

/**
 * Where both sides removed an element and each put others in its place, both may have renamed it: nobody can say
 * whether the two are one.
 */
function joinReplaced(
  merging: MergeContext,
  { name, sides }: Identity,
  members: Map<ValueId, Member>,
  path: Path,
): void {
  const [base, ours, theirs] = sides
  const isGone = (id: ValueId): boolean => !ours.set.has(id) && !theirs.set.has(id)
  if (!base.ids.some(isGone)) return
  const stays = (id: ValueId): boolean => base.set.has(id) && ours.set.has(id) && theirs.set.has(id)
  const removed = gaps(base.ids, stays, isGone)
  const isNew = (id: ValueId): boolean => !base.set.has(id)
  const [left, right] = [gaps(ours.ids, stays, isNew), gaps(theirs.ids, stays, isNew)]
  const nodeOf = sides.map((side) => new Map(side.ids.map((id, i) => [id, side.nodes[i]!])))
  for (const [gap, gone] of removed) {
    // What the other side has at another place is not what this one was renamed to.
    const [all, its] = [left.get(gap) ?? [], right.get(gap) ?? []]
    const mine = all.filter((id) => !theirs.set.has(id) || its.includes(id))
    const others = its.filter((id) => !ours.set.has(id) || all.includes(id))
    const shared = mine.filter((id) => others.includes(id))
    if (shared.length >= gone.length || mine.length === 0 || others.length === 0) continue
    const lists = [gone, mine, others].map((ids, side) =>
      ids.map((id) => {
        const nodes: [NodeIndex, NodeIndex, NodeIndex] = [none, none, none]
        nodes[side] = nodeOf[side]!.get(id)!
        return merging.alone(nodes, side)
      }),
    )
    for (const id of [...mine, ...others]) members.delete(id)
    const where = { parent: path, step: () => identityStep(merging.values, name, gone[0]!) }
    members.set(mine[0]!, merging.clash('cell', where, lists))
  }
}

/** Two new elements that share another identity are a collision; false where it is no pair of one per side. */
function joinDoubled(
  merging: MergeContext,
  identity: Identity,
  members: Map<ValueId, Member>,
  path: Path,
): boolean {
  if (identity.name === null) return true
  const elements = identity.sides.map(({ nodes }) => nodes)
  const others = strictIdentities(elements, merging.trees, merging.values, identity.name)
  if (others.length === 0) return true
  const idOf = identity.sides.map((side) => new Map(side.nodes.map((node, i) => [node, side.ids[i]!])))
  for (const other of others) {
    for (const [id, nodes] of entriesOf(other.sides)) {
      const [base, ours, theirs] = nodes
      if (ours === none || theirs === none) continue
      const [mine, its] = [idOf[1]!.get(ours)!, idOf[2]!.get(theirs)!]
      if (mine === its || !members.has(mine) || !members.has(its)) continue
      const isNew = base === none && !identity.sides[0].set.has(mine) && !identity.sides[0].set.has(its)
      if (!isNew || members.get(mine)!.kind === 'clash' || members.get(its)!.kind === 'clash') return false
      members.delete(its)
      const step = (): string => `[${other.name}=${merging.values.text(id)}]`
      members.set(mine, merging.clash('key-collision', { parent: path, step }, membersOf(merging, nodes)))
    }
  }
  return true
}
