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
import { HeldRows } from '../held/held-rows.ts'
import type { Round } from '../round.ts'
import { type LinkedTable, linkTree, tableAt, unmarkedTree } from '../tables/link-tables.ts'
import { mergedSources } from '../transform/one-way.ts'
import { markTable } from '../../table/table-object.ts'
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
  sides: Sides,
  { whole, ours, policies: given }: BranchSide,
): Promise<MergedSides> {
  const { tables, base, captured } = sides
  const { mode } = round.link
  // A mirror asks nobody.
  if (mode === 'mirror')
    return { target: ours, common: ours, branch: null, conflicts: null, policies: noDecisions }
  const common = base === null ? null : (await unmarkedTree(io, base, tables)).cid
  const theirs = (await unmarkedTree(io, captured, tables)).cid
  const outcome = await mergeTrees(
    { ...io, base: common, ours: ours.cid, theirs },
    // A table is what its link calls it: one that is in the link no more has not become another.
    { policies: given, renames: 'none', signal: round.options.signal },
  )
  const all = await Tree.load(io.nodes, outcome.tree)
  const { conflicts, policies } = outcome
  // What the endpoint changed by itself stays there and does not come here: it is not in common.
  if (mode === 'materialize') return { target: all, common: ours, branch: null, conflicts, policies }
  const branch = await whole.update(
    io.writer,
    await markedEntries(round, io, sides, { whole, all, conflicts }),
  )
  // In a capture, what the branch changed by itself stays here in the same way.
  return { target: all, common: mode === 'capture' ? captured : all, branch, conflicts, policies }
}

interface Merged {
  readonly whole: Tree
  readonly all: Tree
  readonly conflicts: Cid | null
}

/** The merged tables, with their sources. */
async function markedEntries(
  { link }: Round,
  io: Io,
  { tables, base, captured, held, identity }: Sides,
  { whole, all, conflicts }: Merged,
): Promise<Map<Path, TreeEntry | null>> {
  const clashes = new HeldRows()
  await clashes.addConflicts(io, conflicts, tables)
  const entries = new Map<Path, TreeEntry | null>()
  for (const { table, path } of tables) {
    const entry = await all.get(path)
    entries.set(path, entry)
    if (entry?.kind !== 'table') continue
    const versions = {
      ours: await tableAt(io, whole, path),
      base: base && (await tableAt(io, base, path)),
      captured: await tableAt(io, captured, path),
      merged: (await tableAt(io, all, path))!,
      waits: held.waitsIn(path) || clashes.waitsIn(path),
    }
    const sources = mergedSources({ link, identity }, table.name, versions)
    entries.set(path, { ...entry, table: await markTable(io, entry.table, sources) })
  }
  return entries
}

/** The policies in varve.yaml of the branch's tree. */
async function policiesOf(io: Io, tree: Tree, tables: readonly LinkedTable[]): Promise<GivenPolicies> {
  const config = await storedConfig(io.nodes, await tree.get(configFileName), {})
  return new Map(
    tables.flatMap(({ path }) => {
      const policies = config?.policiesAt(path) ?? null
      return policies === null ? [] : [[path, policies] as const]
    }),
  )
}
