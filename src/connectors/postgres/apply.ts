// Writes a plan in one transaction: deletes from the children up, updates, inserts from the parents down. A batch that
// the database refuses is cut in halves until the rows are found that it is about. When any row has to be held back,
// all is rolled back: what then is right to write is the caller's to decide anew.
import type { Client } from 'pg'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { ApplyPlan, Applied, HeldBackRow, RowChange } from '../interface.ts'
import type { PostgresTable } from './discover.ts'
import { quoteName, quoteText } from './sql.ts'
import { writeState } from './state.ts'
import { type Staged, stageRows } from './stage.ts'
import { changedColumns, statementOf } from './statements.ts'

const batchRows = 5_000
/** Of one plan; beyond it something is wrong with all of it. */
const heldBackMax = 10_000

export async function applyPlan(client: Client, plan: ApplyPlan): Promise<Applied> {
  const tables = parentsFirst(plan.tables as readonly PostgresTable[])
  const run: Run = { client, heldBack: [], written: 0 }
  await client.query('BEGIN')
  try {
    for (const table of tables.toReversed()) await applyKind(run, plan, table, 'delete')
    for (const table of tables) await applyKind(run, plan, table, 'update')
    for (const table of tables) await applyKind(run, plan, table, 'insert')
    if (run.heldBack.length > 0) {
      await client.query('ROLLBACK')
      return { outcome: 'held-back', rows: run.heldBack }
    }
    for (const table of tables) await advanceSequences(client, table)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE')
    await writeState(client, plan)
    await client.query('COMMIT')
    return { outcome: 'applied', written: run.written }
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

interface Run {
  readonly client: Client
  readonly heldBack: HeldBackRow[]
  written: number
}

async function applyKind(
  run: Run,
  plan: ApplyPlan,
  table: PostgresTable,
  kind: RowChange['kind'],
): Promise<void> {
  const groups = new Map<string, RowChange[]>()
  const flush = async (group: string): Promise<void> => {
    const changes = groups.get(group)!
    groups.delete(group)
    throwIfAborted(plan.signal)
    await applyBatch(run, table, changes)
  }
  for await (const changes of plan.changes(table, kind)) {
    for (const change of changes) {
      const group = changedColumns(change)
      const waiting = groups.get(group)
      if (waiting === undefined) groups.set(group, [change])
      else waiting.push(change)
      if ((waiting?.length ?? 0) >= batchRows) await flush(group)
    }
  }
  for (const group of groups.keys()) await flush(group)
}

async function applyBatch(run: Run, table: PostgresTable, changes: readonly RowChange[]): Promise<void> {
  const staged = await stageRows(run.client, statementOf(table, changes[0]!), changes)
  await applyPart(run, table, { changes, staged, start: 0, end: changes.length })
}

interface Part {
  readonly changes: readonly RowChange[]
  readonly staged: Staged
  readonly start: number
  readonly end: number
}

async function applyPart(run: Run, table: PostgresTable, part: Part): Promise<void> {
  const { changes, staged, start, end } = part
  if (run.heldBack.length > heldBackMax) throw tooMany(table)
  await run.client.query('SAVEPOINT varve')
  try {
    const missed = await staged.run(start, end)
    await run.client.query('RELEASE SAVEPOINT varve')
    for (const place of missed) {
      const { key } = changes[place]!
      const message = 'the row was changed meanwhile'
      run.heldBack.push({ table: table.name, key, reason: 'changed', message })
    }
    run.written += end - start - missed.length
  } catch (error) {
    if (!isRefusal(error)) throw error
    await run.client.query('ROLLBACK TO SAVEPOINT varve')
    if (end - start === 1) {
      const { key } = changes[start]!
      run.heldBack.push({ table: table.name, key, reason: 'rejected', message: (error as Error).message })
      return
    }
    const middle = (start + end) >> 1
    await applyPart(run, table, { ...part, end: middle })
    await applyPart(run, table, { ...part, start: middle })
  }
}

/** Classes 22 and 23, 42804 and what triggers raise: about the rows, not about the server. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(22|23|P0)|^(42804|44000)$/.test(code)
}

/** A sequence never gives out a number that is taken. */
async function advanceSequences(client: Client, table: PostgresTable): Promise<void> {
  for (const { name, sequence } of table.columns) {
    if (sequence === null) continue
    await client.query(
      `SELECT setval(${quoteText(sequence)}, m.max) FROM (SELECT max(${quoteName(name)}) AS max FROM ${table.sql}) m,
              ${sequence} s WHERE m.max > s.last_value`,
    )
  }
}

/** Cycles are left as they come: deferrable constraints are checked at the end. */
function parentsFirst(tables: readonly PostgresTable[]): PostgresTable[] {
  const sorted = new Set<PostgresTable>()
  const visit = (table: PostgresTable, path: readonly PostgresTable[]): void => {
    if (sorted.has(table) || path.includes(table)) return
    for (const name of table.references) {
      const parent = tables.find((one) => one.name === name)
      if (parent !== undefined) visit(parent, [...path, table])
    }
    sorted.add(table)
  }
  for (const table of tables) visit(table, [])
  return [...sorted]
}

function tooMany(table: PostgresTable): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `the database refuses too many rows of '${table.name}'`, {
    data: { table: table.name, heldBackMax },
    hint: 'nothing was written; look at one of them with a dry run',
  })
}
