// Three-way merge of one value: what only one side changed is taken from there, what both changed alike is taken once,
// objects and arrays that both changed are merged within, unless they mean something only as a whole, and the rest is a
// conflict. Where the values are equal and only their spelling differs (1.0 and 1.00, white space, escapes), the
// spelling is merged by the same rule, and ours holds where both changed it.
import { childrenOf, identityOf } from './identity.ts'
import { mergeIdentified, mergeObjects } from './merge-keyed.ts'
import { mergeSequence } from './merge-sequence.ts'
import { createMerging, type MergeContext, type ScalarMerger } from './merge-context.ts'
import { root, type Path } from './path.ts'
import type { Member, Nodes, Plan, Trees } from './plan.ts'
import { furtherText } from './same-change.ts'
import type { NodeIndex, Tree } from './tree.ts'
import type { ValueTable } from './values.ts'
import { isWhole } from './whole.ts'

export interface StructuralMerge {
  readonly plan: Plan
  /** How the elements of merged arrays were told apart: 'id', 'value', 'position'. */
  readonly told: readonly string[]
}

export function mergeTrees(trees: Trees, values: ValueTable, scalars?: ScalarMerger): StructuralMerge {
  const merging = createMerging(trees, values, mergeValue, scalars)
  const plan = merging.value([0, 0, 0], root)
  return { plan, told: [...merging.told] }
}

function mergeValue(merging: MergeContext, nodes: Nodes, path: Path): Plan {
  const { trees } = merging
  const base = trees[0].value(nodes[0])
  const ours = trees[1].value(nodes[1])
  const theirs = trees[2].value(nodes[2])
  const copy = (side: 1 | 2): Plan => ({ kind: 'copy', side, node: nodes[side] })
  if (ours === theirs && ours !== base) return copy(1)
  if (ours === base && isSpelledAlike(merging, nodes, 0, 1)) return copy(2)
  if (theirs === base && isSpelledAlike(merging, nodes, 0, 2)) return copy(1)
  if (ours === theirs && isSpelledAlike(merging, nodes, 1, 2)) return copy(1)
  const isBoth = ours !== base && theirs !== base
  const members = isBoth && isWhole(merging, nodes) ? null : mergeMembers(merging, nodes, path)
  if (members !== null) return { kind: 'container', nodes, members }
  if (theirs === base) return copy(1)
  if (ours === base) return copy(2)
  const further = furtherText(merging, nodes)
  if (further !== null) return copy(further)
  return merging.scalars?.(nodes) ?? merging.clashOfValues(nodes, path)
}

/** Null where the three are no objects, or no arrays, that can be merged within. */
function mergeMembers(merging: MergeContext, nodes: Nodes, path: Path): Member[] | null {
  const { trees, values, told } = merging
  const kind = trees[1].kind(nodes[1]) === 'scalar' ? trees[2].kind(nodes[2]) : trees[1].kind(nodes[1])
  if (kind === 'scalar') return null
  // What is written as an empty flow collection in YAML has no members, and is otherwise like any other.
  const empty = kind === 'array' ? values.emptyArray : values.emptyObject
  const isOne = (tree: Tree, node: NodeIndex): boolean =>
    tree.kind(node) === kind || tree.value(node) === empty
  if (!trees.every((tree, side) => isOne(tree, nodes[side]!))) return null
  if (kind === 'object') return mergeObjects(merging, nodes, path)
  const elements = childrenOf(nodes, trees)
  const identity = identityOf(elements, trees, values)
  if (identity === null) {
    told.add('position')
    return mergeSequence(merging, elements, path)
  }
  told.add(identity.name ?? 'value')
  return mergeIdentified(merging, identity, path)
}

function isSpelledAlike({ trees }: MergeContext, nodes: Nodes, a: 0 | 1 | 2, b: 0 | 1 | 2): boolean {
  const length = trees[a].end(nodes[a]) - trees[a].start(nodes[a])
  if (trees[b].end(nodes[b]) - trees[b].start(nodes[b]) !== length) return false
  return trees[a].spelling(nodes[a]) === trees[b].spelling(nodes[b])
}
