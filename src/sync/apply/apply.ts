// One write of a round: the endpoint becomes what was merged, but for the rows that are held back. The base that it
// is about to be told is durable here before it is told; what the endpoint will not take is held back too, and all is
// tried again without it.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { HeldBackRow } from '../../connectors/interface.ts'
import { digestHex } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import type { HeldRows } from '../held/held-rows.ts'
import { overtaken } from '../link-refs.ts'
import { type LinkedTable, tablesThere } from '../tables/link-tables.ts'
import type { AppliedStep, ApplyStep, Written } from './interface.ts'
import { marksBefore, noteMarks } from './marks.ts'
import { afterQuiet, afterWrite, announce, announced } from './remember.ts'
import { allOf, changesOf, countSteps, guardWritten, tableSteps } from './table-steps.ts'

const attemptsMax = 6

export async function applyStep(given: ApplyStep): Promise<AppliedStep> {
  const { round, io, held } = given
  const { connector, link, options } = round
  let step = given
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const after = await held.put(io, step.target, step.captured)
    const base = await held.put(io, step.common, await keptBase(step))
    if (link.mode === 'capture') return quiet(step, base, new Map())
    const steps = await tableSteps(step, after)
    if (await guardWritten(step, steps, after)) continue
    const counts = await countSteps(step, steps)
    if (options.dryRun === true) return { counts, after, next: step }
    const isQuiet = [...counts.values()].every((one) => one.added + one.changed + one.removed === 0)
    if (isQuiet) return quiet(step, base, counts)
    const commit = await announced(step, base)
    step = await takenOver(await announce(step, commit))
    const applied = await connector.apply({
      link: link.name,
      fence: step.fence!,
      base: digestHex(commit),
      tables: tablesThere(step.tables),
      changes: (table, kind) => changesOf(step, steps, counts, table, kind),
      all: (table) => allOf(step, steps.get(table.name)!),
      marks: await marksBefore(step),
      signal: options.signal,
    })
    if (applied.outcome === 'applied') {
      await noteMarks(step, after, applied.marks)
      return { counts, after, next: await afterWrite(step, { base, after, written: commit }) }
    }
    for (const row of applied.rows) held.add(heldBack(step.tables, row))
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

async function quiet(step: ApplyStep, base: Tree, counts: Written['counts']): Promise<AppliedStep> {
  const next = step.round.options.dryRun === true ? step : await afterQuiet(step, base)
  return { counts, after: step.captured, next }
}

/** Once a round: who takes over in between makes the next write fail. */
async function takenOver(step: ApplyStep): Promise<ApplyStep> {
  if (step.fence !== null) return step
  const { connector, link } = step.round
  const { fence, base } = await connector.takeOver(link.name)
  if (base !== (step.checkpoint?.base ?? null)) throw overtaken(link.name)
  return { ...step, fence }
}

/**
 * What held rows have in common. In two ways the branch has taken in what was read, clashes apart: that it did so once more
 * must not look like a change of its own when the endpoint's row changes again.
 */
async function keptBase({ round, io, held, captured, base }: ApplyStep): Promise<Tree> {
  const before = base ?? Tree.empty(io.nodes, io.writer)
  return round.link.mode === 'two-way' ? held.unmerged().put(io, captured, before) : before
}

function heldBack(tables: readonly LinkedTable[], row: HeldBackRow): Parameters<HeldRows['add']>[0] {
  const path = tables.find(({ table }) => table.name === row.table)!.path
  return { table: row.table, path, key: '', keyHex: toHex(row.key), reason: row.reason, message: row.message }
}
