// What a merge by structure comes to, before anybody spells it: which pieces of which side stand in the merged
// document, in which order, and what is still to be chosen. Rendering makes a text of it, and `valueOf` says which
// value that text must have: the proof that nothing was lost or invented on the way.
import type { Choice, DocumentConflict } from '../interface.ts'
import { assert } from '../../base/assert.ts'
import { NotFit, none, type NodeIndex, type Tree } from './tree.ts'
import type { ValueId, ValueTable } from './values.ts'

export const sideNames = ['base', 'ours', 'theirs'] as const

/** 0 is base, 1 ours, 2 theirs. */
export type Side = 0 | 1 | 2

/** A node of each side; -1 where the side has none. */
export type Nodes = readonly [NodeIndex, NodeIndex, NodeIndex]

/** Three values, one for each version: base, ours, theirs. */
export function threeOf<T>(values: readonly T[]): readonly [T, T, T] {
  assert(values.length === 3, 'there are three versions')
  return values as readonly [T, T, T]
}

/** A node that only one side has. */
export function onlyOn(side: number, node: NodeIndex): Nodes {
  return [side === 0 ? node : none, side === 1 ? node : none, side === 2 ? node : none]
}

export type Trees = readonly [Tree, Tree, Tree]

export type Plan =
  | { readonly kind: 'copy'; readonly side: Side; readonly node: NodeIndex }
  | { readonly kind: 'container'; readonly nodes: Nodes; readonly members: readonly Member[] }
  | SpelledPlan
  /** A value that each side has, and each another. */
  | { readonly kind: 'clash'; readonly nodes: Nodes; readonly conflict: DocumentConflict }

/** A scalar that no side has, put together of all three; `spelling` is laid out as in ours. */
export interface SpelledPlan {
  readonly kind: 'spelled'
  readonly nodes: Nodes
  readonly spelling: string
  readonly value: ValueId
}

export type Member =
  | { readonly kind: 'member'; readonly nodes: Nodes; readonly plan: Plan }
  /** Members of which one side has others, or none. */
  | { readonly kind: 'clash'; readonly sides: readonly MemberList[]; readonly conflict: DocumentConflict }

type MemberList = readonly Member[]

export type Choose = (conflict: DocumentConflict) => Choice

export const chooseOurs: Choose = () => 'ours'

/** The side that a choice names; null for a value somebody typed. */
export function chosenSide(choice: Choice): Side | null {
  return typeof choice === 'string' ? (sideNames.indexOf(choice) as Side) : null
}

export function conflictsOf(plan: Plan): DocumentConflict[] {
  const conflicts: DocumentConflict[] = []
  const visit = (next: Plan): void => {
    if (next.kind === 'clash') conflicts.push(next.conflict)
    if (next.kind !== 'container') return
    for (const member of next.members) {
      if (member.kind === 'clash') conflicts.push(member.conflict)
      else visit(member.plan)
    }
  }
  visit(plan)
  return conflicts
}

/** The value of the merged document when every conflict takes one side. */
export function valueOf(plan: Plan, trees: Trees, values: ValueTable, side: Side): ValueId {
  if (plan.kind === 'copy') return trees[plan.side].value(plan.node)
  if (plan.kind === 'spelled') return plan.value
  if (plan.kind === 'clash') return trees[side].value(plan.nodes[side])
  const keys: ValueId[] = []
  const elements: ValueId[] = []
  const add = (member: Member): void => {
    if (member.kind === 'clash') {
      member.sides[side]!.forEach(add)
      return
    }
    keys.push(keyOf(member.nodes, trees))
    elements.push(valueOf(member.plan, trees, values, side))
  }
  plan.members.forEach(add)
  if (isArray(plan.nodes, trees)) return values.array(elements)
  const value = values.object(keys, elements)
  if (value === null) throw new NotFit('a key would stand twice in one object')
  return value
}

function isArray(nodes: Nodes, trees: Trees): boolean {
  return nodes.some((node, side) => node !== none && trees[side]!.kind(node) === 'array')
}

function keyOf(nodes: Nodes, trees: Trees): ValueId {
  const side = anySide(nodes)
  return trees[side].key(nodes[side])
}

/** A side that has the node: ours before theirs before base. */
export function anySide(nodes: Nodes): Side {
  return nodes[1] !== none ? 1 : nodes[2] !== none ? 2 : 0
}
