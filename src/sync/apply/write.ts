// A plan is handed to the endpoint: one transaction, in which it is also told which base it then has.
import { type VarveError, isVarveError } from '../../base/errors.ts'
import type { Applied } from '../../connectors/interface.ts'
import { type Cid, digestHex } from '../../encoding/cid.ts'
import { concurrentRoundError } from '../link-refs.ts'
import { endpointTables } from '../tables/link-tables.ts'
import type { ApplyStep, PlannedStep } from './interface.ts'
import { marksBefore, noteMarks } from './marks.ts'
import { TableWrite } from './table-write.ts'

/** The endpoint takes no writes at all now, whatever they are about. */
export class WritesRefused extends Error {
  override readonly cause: VarveError

  constructor(cause: VarveError) {
    super(cause.message)
    this.cause = cause
  }
}

/**
 * Takes the endpoint over, once in a round. When another worker takes over in between, the next write fails.
 * @throws WritesRefused before anything is written
 */
export async function ensureFence(step: ApplyStep): Promise<ApplyStep> {
  if (step.fence !== null) return step
  const { connector, link } = step.round
  const taken = await connector.takeOver(link.name, step.place).catch((error: unknown) => {
    throw isVarveError(error, 'VARVE_REFUSED') ? new WritesRefused(error) : error
  })
  const { fence, base, place = null } = taken
  if (base !== (step.checkpoint?.base ?? null)) throw concurrentRoundError(link.name)
  return { ...step, fence, place }
}

/**
 * Writes a step, all of it or nothing; returns which rows were not as expected. `commit` was announced before, and
 * the endpoint was taken over.
 */
export async function write(
  step: ApplyStep,
  { stored, steps, counts }: PlannedStep,
  commit: Cid,
): Promise<Applied> {
  const { connector, link, options } = step.round
  const writes = new Map<string, TableWrite>()
  for (const { table, path } of step.tables)
    writes.set(table.name, new TableWrite(step, table, steps.get(table.name)!, counts.get(path)!))
  const applied = await connector.apply({
    link: link.name,
    fence: step.fence!,
    base: digestHex(commit),
    tables: endpointTables(step.tables),
    changes: (table, kind) => writes.get(table.name)!.changes(kind),
    all: (table) => writes.get(table.name)!.all(),
    marks: await marksBefore(step),
    signal: options.signal,
  })
  if (applied.outcome === 'applied') await noteMarks(step, stored, applied.marks)
  return applied
}
