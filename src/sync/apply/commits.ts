// The last part of a round: what the branch changed is written to the endpoint. All at once, or, where the link asks for
// it, commit by commit: each commit of the branch that changed the link's tables, along first parents, is one transaction
// there, with its own record of how far the endpoint was brought. So a kill in between leaves it at a commit, and the next
// round goes on behind that.
//
//   brought ── c1 ── c2 ── tip          each arrow one transaction, guarded by what the one before has left
//
// A row that clashes or is refused in one of them waits while the others go through, and is tried again in each that
// changes it and in the last, so that in the end the endpoint holds what one write would have left.
import { sameEntry } from '../../prolly/entry-batch.ts'
import { fromHex } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { firstParentsAfter } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { HeldBack, RowCounts } from '../interface.ts'
import type { Sides } from '../merge/interface.ts'
import { branchSide, mergeSides } from '../merge/merge-sides.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { linkTree, tableAt } from '../tables/link-tables.ts'
import { applyStep } from './apply.ts'
import type { AppliedStep, ApplyStep, Written } from './interface.ts'
import { note } from './remember.ts'
import { guardWritten, tableSteps } from './table-steps.ts'

export async function applyRound(step: ApplyStep, sides: Sides): Promise<Written> {
  const counts = new Map<Path, RowCounts>()
  let now = step
  const commits = await commitsBefore(step, sides)
  if (commits.length > 0) await guardWhole(step)
  let refused: Refused = { rows: [], target: step.captured }
  for (const commit of commits) {
    throwIfAborted(step.round.options.signal)
    const made = await applyCommit(now, { commit, sides, refused, held: step.held })
    now = made.next
    refused = made.refused
    addCounts(counts, made.counts)
  }
  const { target, common, branch, held, stops } = step
  const last = await applyStep({ ...now, target, common, branch, held, stops })
  await note(last.next)
  addCounts(counts, last.counts)
  return { counts, after: last.after }
}

/** Those that are to be written by themselves before the tip, oldest first. */
async function commitsBefore(
  { round, io, branch, tables }: ApplyStep,
  { brought }: Sides,
): Promise<Commit[]> {
  const { link, options } = round
  // In two ways what is written comes back by the log as transactions of their own, which nobody could tell from others'.
  const isOneWay = link.mode === 'materialize' || link.mode === 'mirror'
  const isEach = link.commits === 'each' && isOneWay && options.dryRun !== true
  if (!isEach || brought === null || branch === null) return []
  const { reader } = io.nodes
  const all = await firstParentsAfter(reader, brought, branch)
  if (all === null || all.length < 2) return []
  const changed: Commit[] = []
  let known = (await linkTree(io, (await readCommit(reader, brought)).tree, tables)).cid
  for (const commit of all.slice(0, -1)) {
    const { cid } = await linkTree(io, commit.tree, tables)
    if (cid !== known) changed.push(commit)
    known = cid
  }
  return changed
}

/** A guard looks at all that the round would do. */
async function guardWhole(step: ApplyStep): Promise<void> {
  const whole = await step.held.put(step.io, step.target, step.captured)
  await guardWritten(step, await tableSteps(step, whole), whole)
}

/** Rows that the endpoint did not take, and what they were to become. */
interface Refused {
  readonly rows: readonly HeldBack[]
  readonly target: Tree
}

interface BranchStep {
  readonly commit: Commit
  readonly sides: Sides
  readonly refused: Refused
  /** What waits in the whole round. */
  readonly held: HeldRows
}

async function applyCommit(
  now: ApplyStep,
  { commit, sides, refused, held: waiting }: BranchStep,
): Promise<AppliedStep & { readonly refused: Refused }> {
  const { round, io } = now
  const { tables } = sides
  const merged = await mergeSides(round, io, sides, await branchSide(io, commit.tree, tables))
  const target = await endpointView(io, tables, now.captured, merged.target, 'as captured')
  const common = await endpointView(io, tables, sides.captured, merged.common)
  const held = waiting.wholeTables()
  await held.addConflicts(io, merged.conflicts, tables)
  for (const row of refused.rows) if (await isSameRow(io, row, refused.target, target)) held.add(row)
  const applied = await applyStep({ ...now, target, common, branch: commit.cid, held, stops: null })
  const rows = held.list.filter(({ reason }) => reason === 'rejected' || reason === 'changed')
  return { ...applied, refused: { rows, target } }
}

async function isSameRow(io: Io, { path, keyHex }: HeldBack, before: Tree, after: Tree): Promise<boolean> {
  const [old, now] = [await tableAt(io, before, path), await tableAt(io, after, path)]
  if (old === null || now === null || old.rows === now.rows) return old?.rows === now?.rows
  const key = [fromHex(keyHex)]
  const [one] = await (await ProllyMap.load(io.nodes, old.rows)).getMany(key)
  const [other] = await (await ProllyMap.load(io.nodes, now.rows)).getMany(key)
  return sameEntry(one!, other!)
}

function addCounts(all: Map<Path, RowCounts>, counts: Written['counts']): void {
  for (const [path, { added, changed, removed }] of counts) {
    const known = all.get(path) ?? { added: 0, changed: 0, removed: 0 }
    all.set(path, {
      added: known.added + added,
      changed: known.changed + changed,
      removed: known.removed + removed,
    })
  }
}
