// An endpoint that can only be read now: a standby server, a file or a folder without the right to write it, a user without
// that right. What was read is in the branch; what is to be written waits, a table at a time, and the first round that may
// write does it. As long as it waits, a round asks before it announces anything, so that waiting costs no manifest.
import type { VarveError } from '../../base/errors.ts'
import type { Sides } from '../merge/interface.ts'
import { lastReceipt } from '../receipts/log.ts'
import { linkRef, readLinkState } from '../state.ts'
import { applyStep } from './apply.ts'
import type { ApplyStep, RoundWritten } from './interface.ts'
import { planStep } from './plan-step.ts'
import { toldBy, writeDueRefs } from './remember.ts'
import { countRows } from './table-steps.ts'
import { ensureFence } from './write.ts'

/** The step, with the endpoint taken over where it refused that in the last round. @throws WritesRefused */
export async function askedAgain(step: ApplyStep): Promise<ApplyStep> {
  const { repo, link, options } = step.round
  if (link.mode === 'capture' || options.dryRun === true) return step
  const last = await lastReceipt(repo, link.name)
  const wasRefused = last?.heldBack.some(({ isEndpoint }) => isEndpoint === true) ?? false
  return wasRefused ? ensureFence(step) : step
}

/** Ends the round without a write: all that there is to write waits. */
export async function applyNothing(
  step: ApplyStep,
  { brought }: Sides,
  why: VarveError,
): Promise<RoundWritten> {
  const { held, tables } = step
  const { commits, mode } = step.round.link
  const message = 'waits until the endpoint can be written to'
  const { counts } = await planStep(step)
  for (const { table, path } of tables) {
    if (countRows(new Map([[path, counts.get(path)!]])) === 0) continue
    const whole = { key: '', keyHex: '', reason: 'rejected', isTable: true, isEndpoint: true } as const
    held.add({ table: table.name, path, message, ...whole })
  }
  const isEach = commits === 'each' && mode !== 'two-way' && brought !== null
  const isBehind = isEach && held.list.some(({ isEndpoint }) => isEndpoint === true)
  const waiting = { ...step, due: await unannounced(step) }
  // Where each commit is a write of its own, all of them are still to be written, and the last is not in common.
  const { after, next } = isBehind ? { after: step.captured, next: waiting } : await applyStep(waiting)
  await writeDueRefs(next)
  const hint = why.hint === undefined ? '' : `: ${why.hint}`
  return {
    after,
    counts: new Map(),
    told: toldBy(next),
    notes: [`nothing can be written there now, and is as soon as it can: ${why.message}${hint}`],
  }
}

/** What was announced in this round was told to nobody. */
async function unannounced({ round, state, due }: ApplyStep): Promise<ApplyStep['due']> {
  const { repo, link } = round
  const now = readLinkState(await repo.store.manifest(), link.name)
  return now.intent === state.intent ? due : new Map([...due, [linkRef(link.name, 'intent'), state.intent]])
}
