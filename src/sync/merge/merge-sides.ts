// The three-way merge of a link's tables: the branch's and the endpoint's over what both had last. What becomes of it
// depends on the link's mode.
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { configFileName } from '../../dataset/interface.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import { type PolicyReport, noDecisions } from '../../merge/policies/decisions.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { GivenPolicies } from '../../merge/policies/policy-source.ts'
import type { Io } from '../../repo/interface.ts'
import type { Round } from '../round.ts'
import { type LinkedTable, linkTree } from '../tables/link-tables.ts'
import type { BranchMerge, Sides } from './interface.ts'

export interface MergedSides extends Omit<BranchMerge, 'commit' | 'change'> {
  /** The branch's whole tree afterwards; null where the mode leaves it alone. */
  readonly branch: Tree | null
  readonly policies: PolicyReport
}

export interface BranchSide {
  readonly whole: Tree
  /** The link's tables of it. */
  readonly ours: Tree
  readonly policies: GivenPolicies
}

export async function branchSide(
  io: Io,
  root: Cid | null,
  tables: readonly LinkedTable[],
): Promise<BranchSide> {
  const whole = root === null ? Tree.empty(io.nodes, io.writer) : await Tree.load(io.nodes, root)
  return {
    whole,
    ours: await linkTree(io, root, tables),
    policies: await policiesOf(io, whole, tables),
  }
}

export async function mergeSides(
  round: Round,
  io: Io,
  { tables, base, captured }: Pick<Sides, 'tables' | 'base' | 'captured'>,
  { whole, ours, policies: given }: BranchSide,
): Promise<MergedSides> {
  const { mode } = round.link
  // A mirror asks nobody.
  if (mode === 'mirror')
    return { target: ours, common: ours, branch: null, conflicts: null, policies: noDecisions }
  const outcome = await mergeTrees(
    { ...io, base: base?.cid ?? null, ours: ours.cid, theirs: captured.cid },
    // A table is what its link calls it: one that is in the link no more has not become another.
    { policies: given, renames: 'none', signal: round.options.signal },
  )
  const all = await Tree.load(io.nodes, outcome.tree)
  const { conflicts, policies } = outcome
  // What the endpoint changed by itself stays there and does not come here: it is not in common.
  if (mode === 'materialize') return { target: all, common: ours, branch: null, conflicts, policies }
  const entries = new Map<Path, TreeEntry | null>()
  for (const { path } of tables) entries.set(path, await all.get(path))
  const branch = await whole.update(io.writer, entries)
  // In a capture, what the branch changed by itself stays here in the same way.
  const common = mode === 'capture' ? captured : all
  return { target: all, common, branch, conflicts, policies }
}

/** As the varve.yaml in the branch's tree has them. */
async function policiesOf(io: Io, tree: Tree, tables: readonly LinkedTable[]): Promise<GivenPolicies> {
  const config = await storedConfig(io.nodes, await tree.get(configFileName), {})
  return new Map(
    tables.flatMap(({ path }) => {
      const policies = config?.policiesAt(path) ?? null
      return policies === null ? [] : [[path, policies] as const]
    }),
  )
}
