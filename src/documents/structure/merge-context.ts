// What the parts of a merge by structure share: the three trees, and their values.
import type { DocumentConflictKind } from '../interface.ts'
import { nameOf, type Path } from './path.ts'
import { type Member, type Nodes, type Plan, type Trees, onlyOn } from './plan.ts'
import { none } from './tree.ts'
import type { ValueTable } from './values.ts'

export type ScalarMerger = (nodes: Nodes) => Plan | null

export interface MergeContext {
  readonly trees: Trees
  readonly values: ValueTable
  /** How arrays were told apart: 'id', or 'position'. */
  readonly told: Set<string>
  /** The array is a list of records, no two of them equal. */
  readonly isList?: boolean
  /** Merges scalars that both sides changed, where the format knows how. */
  readonly scalars?: ScalarMerger
  /** Merges a value that each side has. */
  value(nodes: Nodes, path: Path): Plan
  clash(kind: DocumentConflictKind, path: Path, sides: readonly (readonly Member[])[]): Member
  clashOfValues(nodes: Nodes, path: Path): Plan
  /** The member as ours has it, or else theirs. */
  copied(nodes: Nodes): Member
  /** The member as one side has it. */
  alone(nodes: Nodes, side: number): Member
}

export function createMerging(
  trees: Trees,
  values: ValueTable,
  value: (merging: MergeContext, nodes: Nodes, path: Path) => Plan,
  scalars?: ScalarMerger,
): MergeContext {
  const spelled = (member: Member, side: number): string[] =>
    member.kind === 'member' ? [trees[side]!.spelling(member.nodes[side]!)] : []
  const alone = (nodes: Nodes, side: number): Member => {
    return {
      kind: 'member',
      nodes: onlyOn(side, nodes[side]!),
      plan: { kind: 'copy', side: side as 0 | 1 | 2, node: nodes[side]! },
    }
  }
  const merging: MergeContext = {
    trees,
    values,
    told: new Set(),
    ...(scalars === undefined ? {} : { scalars }),
    value(nodes, path) {
      return value(merging, nodes, path)
    },
    clash(kind, path, sides) {
      const texts = sides.map((members, side) =>
        members.flatMap((member) => spelled(member, side)).join(', '),
      )
      const [base, ours, theirs] = sides.map((members, side) => (members.length === 0 ? null : texts[side]!))
      const conflict = { kind, where: nameOf(path), column: null, base: base!, ours: ours!, theirs: theirs! }
      return { kind: 'clash', sides, conflict }
    },
    clashOfValues(nodes, path) {
      const [base, ours, theirs] = nodes.map((node, side) => trees[side]!.spelling(node))
      const conflict = { kind: 'cell', where: nameOf(path), column: null, base, ours, theirs } as const
      return { kind: 'clash', nodes, conflict: { ...conflict, base: base!, ours: ours!, theirs: theirs! } }
    },
    copied(nodes) {
      const side = nodes[1] === none ? 2 : 1
      return { kind: 'member', nodes, plan: { kind: 'copy', side, node: nodes[side] } }
    },
    alone,
  }
  return merging
}
