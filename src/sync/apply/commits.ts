// The last part of a round: what the branch changed is written to the endpoint. All at once, or, where the link asks for
// it, commit by commit: each commit of the branch that changed the link's tables, along first parents, is one transaction
// there, with its own record of how far the endpoint was brought. So a kill in between leaves it at a commit, and the next
// round goes on behind that.
//
//   brought ── c1 ── c2 ── tip          each arrow one transaction, guarded by what the one before has left
//
// Many of them are announced by one manifest (commit-run.ts): the endpoint's record tells at which of them it is.
//
// A row that clashes or is refused in one of them waits while the others go through, and is tried again in each that
// changes it and in the last, so that in the end the endpoint holds what one write would have left.
import type { Path } from '../../files/interface.ts'
import { firstParentsAfter } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { Tree } from '../../files/tree.ts'
import { wouldGoBack } from '../transform/one-way.ts'
import type { RowCounts } from '../interface.ts'
import type { Sides } from '../merge/interface.ts'
import { linkTree } from '../tables/link-tables.ts'
import { applyStep } from './apply.ts'
import { applyNothing, askedAgain } from './apply-nothing.ts'
import { announcedMax, applyRun } from './commit-run.ts'
import { type RefusedRows, commitStep, refusedIn } from './commit-step.ts'
import type { AppliedStep, ApplyStep, RoundWritten } from './interface.ts'
import { toldBy, writeDueRefs } from './remember.ts'
import { addCounts, guardWritten, tableSteps } from './table-steps.ts'
import { WritesRefused } from './write.ts'

export async function applyRound(step: ApplyStep, sides: Sides): Promise<RoundWritten> {
  try {
    return { ...(await applyCommits(await askedAgain(step), sides)), notes: [] }
  } catch (error) {
    if (!(error instanceof WritesRefused)) throw error
    return applyNothing(step, sides, error.cause)
  }
}

async function applyCommits(step: ApplyStep, sides: Sides): Promise<Omit<RoundWritten, 'notes'>> {
  const counts = new Map<Path, RowCounts>()
  let now = step
  const commits = await commitsBefore(step, sides)
  if (commits.length > 0) await guardWhole(step)
  let refused: RefusedRows = { rows: [], target: step.captured }
  const take = (made: AppliedStep, others: RefusedRows): void => {
    now = made.next
    refused = others
    addCounts(counts, made.counts)
  }
  for (let at = 0, length = announcedMax; at < commits.length;) {
    const run = await applyRun(now, commits.slice(at, at + length), { sides, refused, waiting: step.held })
    take(run, run.refused)
    at += run.done
    length = Math.min(2 * length, announcedMax)
    if (run.isWhole) continue
    // One that is not taken as it was announced is written by itself, without the rows that are refused.
    const alone = await commitStep(now, commits[at]!, { sides, refused, waiting: step.held })
    take(await applyStep(alone), refusedIn(alone))
    at += 1
    length = 1
  }
  const { target, common, branch, held, stops } = step
  const last = await applyStep({ ...now, target, common, branch, held, stops })
  await writeDueRefs(last.next)
  addCounts(counts, last.counts)
  return { counts, after: last.after, told: toldBy(last.next) }
}

/** The commits that are written by themselves before the tip, oldest first. */
async function commitsBefore(
  { round, io, branch, tables }: ApplyStep,
  { brought, identity }: Sides,
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
    // What a transform had made of the endpoint's rows is passed over: a later commit has them as they are.
    const isMade = await wouldGoBack(io, { link, identity }, await Tree.load(io.nodes, commit.tree))
    if (isMade) continue
    if (cid !== known) changed.push(commit)
    known = cid
  }
  return changed
}

/** Lets the guards judge all that the round would do, before the first of its steps. */
async function guardWhole(step: ApplyStep): Promise<void> {
  const whole = await step.held.put(step.io, step.target, step.captured)
  await guardWritten(step, await tableSteps(step, whole), whole)
}
