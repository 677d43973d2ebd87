// What a write is going to do: found out without the endpoint, from what was read there and what it shall hold.
import { Tree } from '../../files/tree.ts'
import { inKeysThere } from '../keys/respell-there.ts'
import type { ApplyStep, PlannedStep } from './interface.ts'
import { countRows, countSteps, tableSteps } from './table-steps.ts'

export async function planStep(step: ApplyStep): Promise<PlannedStep> {
  const { round, io, held, captured, tables } = step
  const after = await held.put(io, step.target, captured)
  const base = await held.put(io, step.common, await keptBase(step))
  // In a capture nothing is written, whatever the branch has.
  if (round.link.mode === 'capture')
    return {
      after: captured,
      stored: step.stored,
      names: step.names,
      base,
      steps: new Map(),
      counts: new Map(),
    }
  const steps = await tableSteps(step, after)
  const counts = await countSteps(step, steps)
  const isQuiet = countRows(counts) === 0
  const { tree: stored, names } = isQuiet
    ? { tree: step.stored, names: step.names }
    : await inKeysThere(io, tables, step, after)
  return { after, stored, names, base, steps, counts }
}

/** Whether there is nothing to write. */
export function isEmptyStep({ counts }: PlannedStep): boolean {
  return countRows(counts) === 0
}

/**
 * The common base with what held rows have in common. When the branch takes in what was read, it has taken it in
 * except for clashes. If it did so a second time, that must not look like a change of the branch's own when the
 * endpoint's row changes again.
 */
async function keptBase({ round, io, held, captured, base }: ApplyStep): Promise<Tree> {
  const before = base ?? Tree.empty(io.nodes, io.writer)
  const isTakenIn = round.link.mode === 'two-way' || round.link.mode === 'capture'
  return isTakenIn ? held.unmerged().put(io, captured, before) : before
}
