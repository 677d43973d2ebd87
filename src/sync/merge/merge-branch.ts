// The middle of a round: what the endpoint changed comes into the branch by a three-way merge over the common base. The
// branch moves by compare-and-set, together with the user's files where it is checked out; when another process was
// faster the merge is done again on its commit.
import type { Cid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { writeCommit } from '../../history/commit.ts'
import type { Commit, Signature } from '../../history/interface.ts'
import { branchRef, shortRefName } from '../../history/refs.ts'
import { policyExtra } from '../../merge/policies/decisions.ts'
import { signatureOf } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import { refuseWhileMerging } from '../../repo/merging/refuse.ts'
import type { Io } from '../../repo/interface.ts'
import { refuseStaged } from '../../repo/merging/merge.ts'
import { type Move, move } from '../../repo/move.ts'
import type { Manifest } from '../../store/interface.ts'
import { VarveError } from '../../base/errors.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { linkCommit } from '../link-commit.ts'
import type { BranchMerge, EndpointMerge, Sides } from './interface.ts'
import { type MergedSides, branchSide, mergeSides } from './merge-sides.ts'
import { type CapturedStep, capturedSteps, hasSteps } from './transactions.ts'
import type { Link } from '../interface.ts'
import type { Round } from '../round.ts'
import { refuseWritingBack } from '../transform/one-way.ts'
import { baseExtra, storedTree, toldRefs } from '../common-base.ts'
import { linkRef } from '../state.ts'

export async function mergeIntoBranch(round: Round, io: Io, sides: Sides): Promise<EndpointMerge> {
  const merge = await moveBranch(round, io, sides)
  const { tables, captured } = sides
  return {
    ...merge,
    whole: merge.target,
    target: await endpointView(io, tables, captured, merge.target, 'as captured'),
    common: await endpointView(io, tables, captured, merge.common),
  }
}

async function moveBranch(round: Round, io: Io, sides: Sides): Promise<BranchMerge> {
  const { repo, folder, options } = round
  // Many steps are planned once: where they really move the branch.
  let isMoving = options.dryRun !== true && hasSteps(round.link, sides)
  for (;;) {
    if (!isMoving) {
      const planned = await plan(round, io, sides, await repo.store.manifest())
      if (planned.move === null || options.dryRun === true) return planned.merge
    }
    isMoving = false
    let made: Planned | null = null as Planned | null
    await move(
      repo,
      folder,
      async (manifest, inner) => {
        sides.refs.check(manifest)
        made = await plan(round, inner, sides, manifest)
        return made.move
      },
      { signal: options.signal },
    )
    // Else somebody else has brought the branch there meanwhile.
    if (made === null || made.move === null) continue
    sides.refs.moved(made.move.refs)
    return made.merge
  }
}

interface Planned {
  readonly merge: BranchMerge
  readonly move: Move | null
}

async function plan(round: Round, io: Io, sides: Sides, manifest: Manifest): Promise<Planned> {
  const { repo, link } = round
  const ref = branchOf(link, manifest)
  const tip = await readBranch(io.nodes.reader, manifest, ref)
  let side = await branchSide(io, tip?.tree ?? null, sides.tables)
  const steps = await capturedSteps(io, link, sides, side.ours)
  // Somebody else may have moved the branch since the round began.
  await refuseWritingBack(io, { link, identity: sides.identity, branch: side.whole, base: sides.base })
  let { base } = sides
  let commit: BranchCommit | null = tip
  let merged: MergedSides | null = null
  for (const step of steps) {
    const { captured } = step
    merged = await mergeSides(round, io, { ...sides, base, captured }, side)
    const { branch, conflicts } = merged
    if (branch !== null && (commit === null || branch.cid !== side.whole.cid)) {
      const by = signatureOf(repo, manifest)
      commit = stepCommit(round, io, { step, merged, tree: branch.cid, parent: commit, by })
      side = { ...side, whole: branch, ours: merged.target }
    }
    base = await commonAfter(io, { ...sides, base, captured }, conflicts)
    await io.writer.drained()
  }
  if (commit === null || commit === tip)
    return { merge: { ...merged!, commit: commit?.cid ?? null, change: null }, move: null }
  const before = tip?.tree ?? Tree.empty(io.nodes, io.writer).cid
  const merge = { ...merged!, commit: commit.cid, change: { before, after: side.whole.cid } }
  if (ref === manifest.head) {
    await refuseWhileMerging(io.writer, manifest, 'sync')
    refuseStaged(manifest, 'sync')
  }
  const common = await mergedBase(round, io, sides, { common: base!, commit: commit.cid })
  return {
    merge,
    move: {
      refs: new Map([[ref, commit.cid], ...common]),
      operation: { name: 'sync', message: `${link.name} into ${shortRefName(ref)}` },
      show: ref === manifest.head ? side.whole.cid : null,
    },
  }
}

type BranchCommit = Pick<Commit, 'cid' | 'generation'>

interface MadeStep {
  readonly step: CapturedStep
  readonly merged: MergedSides
  readonly tree: Cid
  readonly parent: BranchCommit | null
  readonly by: Signature
}

function stepCommit({ link }: Round, io: Io, made: MadeStep): BranchCommit {
  const { step, merged, tree, parent, by } = made
  const { transaction, live } = step
  const parents = parent === null ? [live] : [parent, live]
  const generation = 1 + Math.max(...parents.map((one) => one.generation))
  const cid = writeCommit(io.writer, {
    tree,
    parents: parents.map((one) => one.cid),
    author: transaction?.author ?? by,
    committer: by,
    message:
      transaction === null
        ? `Merge what '${link.name}' changed`
        : `Merge transaction ${transaction.id} of '${link.name}'`,
    generation,
    extra: policyExtra(merged.policies),
  })
  return { cid, generation }
}

/** What both sides have in common once the branch has what was captured: everything except clashes. */
async function commonAfter(
  io: Io,
  { captured, base, held, tables }: Sides,
  conflicts: Cid | null,
): Promise<Tree> {
  const all = held.unmerged()
  await all.addConflicts(io, conflicts, tables)
  return all.put(io, captured, base ?? Tree.empty(io.nodes, io.writer))
}

/**
 * Records the new base at once. The branch has what the endpoint had, so they have it in common from now on.
 * Otherwise, after a round that is cut short before it has written, the endpoint's next change of a row would count
 * as a clash with what came from there.
 */
async function mergedBase(
  round: Round,
  io: Io,
  { live, told, stranger, brought, captured, stored }: Sides,
  { common, commit }: { readonly common: Tree; readonly commit: Cid },
): Promise<(readonly [string, Cid | null])[]> {
  const { link } = round
  const message = `In common with ${link.endpoint}`
  const parents = [commit]
  const extra = baseExtra({ merged: live, brought, ...storedTree(common, { captured, stored }) })
  const base = await linkCommit(round, io, { tree: common.cid, parents, message, extra })
  return [[linkRef(link.name, 'base'), base], ...toldRefs(io.writer, link.name, { told, stranger })]
}

/** The ref of the branch that the link keeps in step. */
export function branchOf(link: Link, manifest: Manifest): string {
  if (link.branch !== null) return branchRef(link.branch)
  if (manifest.head !== null) return manifest.head
  throw new VarveError('VARVE_NOT_POSSIBLE', `no branch is checked out for the link '${link.name}'`, {
    data: { detached: true },
    hint: "switch to one, or name it as the link's 'branch' in varve.yaml",
  })
}
