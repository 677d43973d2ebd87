// Several commits that follow each other, each one transaction of the endpoint, announced together, since a manifest
// costs more than a small transaction. What the endpoint will be told with each commit is computed ahead, assuming that
// it takes all of them as planned, and is durable before the first is written. The endpoint's own record then says how
// far it came, whenever the process is killed.
//
//   announced: b1 ── b2 ── b3          told: b1, b2, b3, each with its rows; noted together with what is written down next
//
// The first commit that is not taken as planned ends the run, since all later ones would differ from what was
// announced.
import { throwIfAborted } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Commit } from '../../history/interface.ts'
import type { RowCounts } from '../interface.ts'
import { type RefusedRows, type StepInput, commitStep, refusedIn } from './commit-step.ts'
import type { AppliedStep, ApplyStep, PlannedStep } from './interface.ts'
import { isEmptyStep, planStep } from './plan-step.ts'
import { afterNoWrite, afterWrite, announce, writeAnnouncement } from './remember.ts'
import { addCounts, countRows } from './table-steps.ts'
import { ensureFence, write } from './write.ts'

/** How many commits one run has at most: after a kill, that many have to be told apart by what the endpoint says. */
export const announcedMax = 128
/**
 * A run ends with the commit that reaches this number of rows, so that little has to be read again for the writing.
 */
const rowsMax = 10_000

export interface AppliedRun extends AppliedStep {
  /** How many went through, from the first. */
  readonly done: number
  /** The endpoint has taken all that was announced. */
  readonly isWhole: boolean
  readonly refused: RefusedRows
}

interface PlannedCommit {
  readonly step: ApplyStep
  readonly plan: PlannedStep
  /** The base that the endpoint is going to be told; null when nothing is to be written. */
  readonly told: Cid | null
  /** When it has been written. */
  readonly next: ApplyStep
}

export async function applyRun(
  now: ApplyStep,
  commits: readonly Commit[],
  input: StepInput,
): Promise<AppliedRun> {
  const run = await planRun(now, commits, input)
  const last = run.findLast(({ told }) => told !== null)?.told ?? null
  const start = last === null ? now : await ensureFence(await announce(now, last))
  const { fence, place } = start
  const counts = new Map<Path, RowCounts>()
  let done = 0
  for (const { step, plan, told } of run) {
    throwIfAborted(step.round.options.signal)
    const taken = told === null || (await write({ ...step, fence }, plan, told)).outcome === 'applied'
    if (!taken) break
    addCounts(counts, plan.counts)
    done++
  }
  const end = run[done - 1]
  const how = { counts, done, isWhole: done === run.length }
  if (end === undefined) return { ...how, after: now.captured, next: start, refused: input.refused }
  return { ...how, after: end.plan.after, next: { ...end.next, fence, place }, refused: refusedIn(end.step) }
}

async function planRun(
  now: ApplyStep,
  commits: readonly Commit[],
  input: StepInput,
): Promise<PlannedCommit[]> {
  const run: PlannedCommit[] = []
  let [next, before, refused]: [ApplyStep, Cid | null, RefusedRows] = [now, null, input.refused]
  let rows = 0
  for (const commit of commits) {
    if (rows >= rowsMax) break
    const step = await commitStep(next, commit, { ...input, refused })
    const plan = await planStep(step)
    const told: Cid | null = isEmptyStep(plan) ? null : await writeAnnouncement(step, plan, before)
    next = told === null ? await afterNoWrite(step, plan.base) : await afterWrite(step, plan, told)
    run.push({ step, plan, told, next })
    before = told ?? before
    refused = refusedIn(step)
    rows += countRows(plan.counts)
    await step.io.writer.drained()
  }
  return run
}
