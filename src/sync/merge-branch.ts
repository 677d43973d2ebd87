// The middle of a round: what the endpoint changed comes into the branch by a three-way merge over the common base. The
// branch moves by compare-and-set, together with the user's files where it is checked out; when another process was
// faster the merge is done again on its commit.
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { nextGeneration, writeCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { branchRef, shortRefName } from '../history/refs.ts'
import { storedConfig } from '../dataset/stored-config.ts'
import { configFileName } from '../dataset/interface.ts'
import { mergeTrees } from '../merge/merge-trees.ts'
import { type PolicyReport, noDecisions, policyExtra } from '../merge/decisions.ts'
import type { GivenPolicies } from '../merge/policy-source.ts'
import { signatureOf } from '../repo/context.ts'
import { readBranch, refuseWhileMerging } from '../repo/head.ts'
import type { Io } from '../repo/interface.ts'
import { refuseStaged } from '../repo/merge.ts'
import { type Move, move } from '../repo/move.ts'
import type { Manifest } from '../store/interface.ts'
import { VarveError } from '../base/errors.ts'
import { endpointView } from './tables/endpoint-view.ts'
import type { HeldRows } from './held/held-rows.ts'
import { linkCommit } from './link-commit.ts'
import { type LinkedTable, linkTree } from './tables/link-tables.ts'
import type { Link } from './interface.ts'
import type { Round } from './round.ts'
import { linkRef } from './state.ts'

export interface BranchMerge {
  /** What the endpoint shall become, but for rows that are held back. */
  readonly target: Tree
  /** What both sides then have in common, but for those rows. */
  readonly common: Tree
  readonly conflicts: Cid | null
  /** Of the branch, afterwards. */
  readonly commit: Cid | null
}

/** `target` and `common` with the endpoint's columns alone. */
export interface EndpointMerge extends BranchMerge {
  /** The target with all columns that the branch has. */
  readonly whole: Tree
}

export interface Sides {
  readonly tables: readonly LinkedTable[]
  readonly base: Tree | null
  readonly captured: Tree
  readonly live: Cid
  /** What the endpoint says it was brought to. */
  readonly told: Cid | null
  readonly held: HeldRows
}

export async function mergeIntoBranch(round: Round, io: Io, sides: Sides): Promise<EndpointMerge> {
  const merge = await moveBranch(round, io, sides)
  const view = (tree: Tree): Promise<Tree> => endpointView(io, sides.tables, sides.captured, tree)
  return {
    ...merge,
    whole: merge.target,
    target: await view(merge.target),
    common: await view(merge.common),
  }
}

async function moveBranch(round: Round, io: Io, sides: Sides): Promise<BranchMerge> {
  const { repo, folder, options } = round
  for (;;) {
    const planned = await plan(round, io, sides, await repo.store.manifest())
    if (planned.move === null || options.dryRun === true) return planned.merge
    let made: BranchMerge | null = null
    await move(
      repo,
      folder,
      async (manifest, inner) => {
        const again = await plan(round, inner, sides, manifest)
        made = again.move === null ? null : again.merge
        return again.move
      },
      { signal: options.signal },
    )
    // Else somebody else has brought the branch there meanwhile.
    if (made !== null) return made
  }
}

async function plan(
  round: Round,
  io: Io,
  sides: Sides,
  manifest: Manifest,
): Promise<{ merge: BranchMerge; move: Move | null }> {
  const { repo, link } = round
  const ref = branchOf(link, manifest)
  const tip = await readBranch(io.nodes.reader, manifest, ref)
  const outcome = await merged(round, io, sides, tip)
  const { branch, policies, ...merge } = outcome
  if (branch === null || (tip !== null && branch.cid === tip.tree))
    return { merge: { ...merge, commit: tip?.cid ?? null }, move: null }
  if (ref === manifest.head) {
    refuseWhileMerging(manifest, 'sync')
    refuseStaged(manifest, 'sync')
  }
  const committer = signatureOf(repo, manifest)
  const parents = [...(tip === null ? [] : [tip.cid]), sides.live]
  const commit = writeCommit(io.writer, {
    tree: branch.cid,
    parents,
    author: committer,
    committer,
    message: `Merge what '${link.name}' changed`,
    generation: await nextGeneration(io.writer, parents),
    extra: policyExtra(policies),
  })
  return {
    merge: { ...merge, commit },
    move: {
      refs: new Map([[ref, commit], ...(await mergedBase(round, io, sides, { ...merge, commit }))]),
      operation: { name: 'sync', message: `${link.name} into ${shortRefName(ref)}` },
      show: ref === manifest.head ? branch.cid : null,
    },
  }
}

/**
 * The branch has what the endpoint had, so that is in common from this very moment: a round that is cut short before it
 * has written must not take the endpoint's next change of a row for a clash with what came from there.
 */
async function mergedBase(
  round: Round,
  io: Io,
  { captured, base, held, tables, told }: Sides,
  { conflicts, commit }: BranchMerge,
): Promise<[string, Cid | null][]> {
  const { link } = round
  const all = held.copy()
  await all.addConflicts(io, conflicts, tables)
  const tree = await all.put(io, captured, base ?? Tree.empty(io.nodes, io.writer))
  const message = `In common with ${link.endpoint}`
  const parents = commit === null ? [] : [commit]
  return [
    [linkRef(link.name, 'base'), await linkCommit(round, io, { tree: tree.cid, parents, message })],
    [linkRef(link.name, 'written'), told],
  ]
}

interface Outcome extends Omit<BranchMerge, 'commit'> {
  /** The branch's whole tree afterwards; null where the mode leaves it alone. */
  readonly branch: Tree | null
  readonly policies: PolicyReport
}

async function merged(round: Round, io: Io, sides: Sides, tip: Commit | null): Promise<Outcome> {
  const { tables, base, captured } = sides
  const { mode } = round.link
  const ours = await linkTree(io, tip?.tree ?? null, tables)
  // A mirror asks nobody.
  if (mode === 'mirror')
    return { target: ours, common: ours, branch: null, conflicts: null, policies: noDecisions }
  const outcome = await mergeTrees(
    { ...io, base: base?.cid ?? null, ours: ours.cid, theirs: captured.cid },
    { policies: await policiesOf(io, tip, tables), signal: round.options.signal },
  )
  const all = await Tree.load(io.nodes, outcome.tree)
  const { conflicts, policies } = outcome
  // What the endpoint changed by itself stays there and does not come here: it is not in common.
  if (mode === 'materialize') return { target: all, common: ours, branch: null, conflicts, policies }
  const full = tip === null ? Tree.empty(io.nodes, io.writer) : await Tree.load(io.nodes, tip.tree)
  const entries = new Map<Path, TreeEntry | null>()
  for (const { path } of tables) entries.set(path, await all.get(path))
  const branch = await full.update(io.writer, entries)
  // In a capture, what the branch changed by itself stays here in the same way.
  const common = mode === 'capture' ? captured : all
  return { target: all, common, branch, conflicts, policies }
}

/** As the branch's varve.yaml has them. */
async function policiesOf(
  io: Io,
  tip: Commit | null,
  tables: readonly LinkedTable[],
): Promise<GivenPolicies> {
  if (tip === null) return new Map()
  const tree = await Tree.load(io.nodes, tip.tree)
  const config = await storedConfig(io.nodes, await tree.get(configFileName), {})
  return new Map(
    tables.flatMap(({ path }) => {
      const policies = config?.policiesAt(path) ?? null
      return policies === null ? [] : [[path, policies] as const]
    }),
  )
}

/** The ref that a link keeps in step. */
export function branchOf(link: Link, manifest: Manifest): string {
  if (link.branch !== null) return branchRef(link.branch)
  if (manifest.head !== null) return manifest.head
  throw new VarveError('VARVE_NOT_POSSIBLE', `no branch is checked out for the link '${link.name}'`, {
    hint: "switch to one, or name it as the link's 'branch' in varve.yaml",
  })
}
