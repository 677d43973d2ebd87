// One write of a round: the endpoint becomes what was merged, except for the rows that are held back. The new base is
// durable here before the endpoint is told it. Rows that the endpoint refuses are held back too, and the write is tried
// again without them.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { HeldBackRow } from '../../connectors/interface.ts'
import type { HeldBack } from '../interface.ts'
import { orTaken } from '../keys/taken-key.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { AppliedStep, ApplyStep, PlannedStep } from './interface.ts'
import { isEmptyStep, planStep } from './plan-step.ts'
import { afterNoWrite, afterWrite, announce, writeAnnouncement } from './remember.ts'
import { guardWritten } from './table-steps.ts'
import { ensureFence, write } from './write.ts'

const attemptsMax = 6

export async function applyStep(given: ApplyStep): Promise<AppliedStep> {
  const { round, held } = given
  const { link, options } = round
  let step = given
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const planned = await planStep(step)
    if (link.mode === 'capture') return quiet(step, planned)
    if (await guardWritten(step, planned.steps, planned.after)) continue
    const { counts, after } = planned
    if (options.dryRun === true) return { counts, after, next: step }
    if (isEmptyStep(planned)) return quiet(step, planned)
    const commit = await writeAnnouncement(step, planned)
    step = await ensureFence(await announce(step, commit))
    const outcome = await write(step, planned, commit)
    if (outcome.outcome === 'applied') return { counts, after, next: await afterWrite(step, planned, commit) }
    for (const row of outcome.rows)
      held.add(await orTaken(step.io, step.tables, heldBack(step.tables, row), step))
  }
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the endpoint of '${link.name}' changes faster than it can be written to`,
    {
      data: { link: link.name, attempts: attemptsMax, passing: true },
      hint: 'nothing is lost; run the sync again when fewer writers are at work',
    },
  )
}

async function quiet(step: ApplyStep, { base, counts }: PlannedStep): Promise<AppliedStep> {
  const next = step.round.options.dryRun === true ? step : await afterNoWrite(step, base)
  return { counts, after: step.captured, next }
}

function heldBack(tables: readonly LinkedTable[], row: HeldBackRow): HeldBack {
  const { path } = tables.find(({ table }) => table.name === row.table)!
  return {
    table: row.table,
    path,
    key: '',
    keyHex: row.key === null ? '' : toHex(row.key),
    reason: row.reason,
    message: row.message,
    ...(row.key === null ? { isTable: true } : {}),
    ...(row.rights === undefined ? {} : { rights: row.rights }),
  }
}
