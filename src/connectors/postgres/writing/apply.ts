// Writes a plan in one transaction, in the order in which the database takes it. When any row has to be held back, all is
// rolled back: what then is right to write is the caller's to decide anew.
import type { Client, QueryResult } from 'pg'
import type { ApplyPlan, Applied } from '../../interface.ts'
import { writeInPasses } from '../../passes.ts'
import { PostgresWriter } from './batch-writer.ts'
import type { PostgresTable } from '../discover.ts'
import { isRefusal } from '../failure.ts'
import { type OwnSpan, markAfterWrite } from './own-writes.ts'
import { quoteName, quoteText } from '../sql.ts'
import { writeState } from '../state.ts'

const batchRows = 5_000
/** Constraints of one plan that are checked at once; with more, all of them are. */
const atOnceMax = 8
/** For a lock of another's, where the role has no limit of its own: who else wants our rows waits as long. */
const patience = '30s'

/** `place` is the schema of the link's record; null: the one to which its name leads. */
export async function applyPlan(client: Client, plan: ApplyPlan, place: string | null): Promise<Applied> {
  let late: readonly string[] | null = null
  for (let atOnce: readonly string[] = []; ;) {
    try {
      const applied = await applyOnce(client, plan, { late: late ?? [], atOnce, place })
      const isRejected =
        applied.outcome === 'held-back' && applied.rows.some((one) => one.reason === 'rejected')
      if (!isRejected || late !== null || atOnce[0] === 'ALL') return applied
      // A circle of rows whose references cannot be cleared is written where they are checked once all rows are there.
      late = await deferrableReferences(client, plan.tables as readonly PostgresTable[])
      if (late.length === 0) return applied
    } catch (error) {
      if (!(error instanceof LateRefusal)) throw error
      // Only it: rows that refer to each other in a circle may need the others to wait.
      const { constraint } = error
      const isNew = constraint !== null && !atOnce.includes(constraint) && atOnce.length < atOnceMax
      atOnce = isNew ? [...atOnce, constraint] : ['ALL']
    }
  }
}

/** A constraint that is checked at the end does not say which row it is about. */
class LateRefusal extends Error {
  /** Ready for SQL; null where the database does not say. */
  readonly constraint: string | null

  constructor(cause: unknown) {
    super()
    const { schema, constraint } = cause as { schema?: unknown; constraint?: unknown }
    const isNamed = typeof schema === 'string' && typeof constraint === 'string'
    this.constraint = isNamed ? `${quoteName(schema)}.${quoteName(constraint)}` : null
  }
}

/** References that are checked at once, and may be checked at the end; ready for SQL. */
async function deferrableReferences(client: Client, tables: readonly PostgresTable[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, k.conname AS name FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
      WHERE k.contype = 'f' AND k.condeferrable AND NOT k.condeferred AND k.conrelid = ANY ($1::regclass[])`,
    [tables.map(({ sql }) => sql)],
  )
  return rows.map(({ schema, name }) => `${quoteName(schema)}.${quoteName(name)}`)
}

interface Timing {
  /** Constraints that are checked at the end, though they were declared to be checked at once. */
  readonly late: readonly string[]
  /** Those that are checked row by row, whatever they were declared as. */
  readonly atOnce: readonly string[]
}

interface Applying extends Timing {
  readonly place: string | null
}

async function applyOnce(
  client: Client,
  plan: ApplyPlan,
  { late, atOnce, place }: Applying,
): Promise<Applied> {
  const tables = plan.tables as readonly PostgresTable[]
  try {
    const writer = new PostgresWriter(client, plan, await begin(client, tables))
    if (late.length > 0) await client.query(`SET CONSTRAINTS ${late.join(', ')} DEFERRED`)
    for (const constraint of atOnce) await client.query(`SET CONSTRAINTS ${constraint} IMMEDIATE`)
    await writeInPasses(plan, writer, batchRows)
    if (!writer.heldBack.isEmpty) {
      await client.query('ROLLBACK')
      return { outcome: 'held-back', rows: writer.heldBack.list }
    }
    for (const table of writer.filled) await advanceSequences(client, table)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE').catch((error: unknown) => {
      throw isRefusal(error) && atOnce[0] !== 'ALL' ? new LateRefusal(error) : error
    })
    const span = await writeState(client, plan, place)
    const marks = await marksOf(client, plan, writer, span)
    await client.query('COMMIT')
    return { outcome: 'applied', written: writer.written, ...(plan.marks === undefined ? {} : { marks }) }
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Begins the transaction; returns those of the tables that have rewrite rules. */
async function begin(client: Client, tables: readonly PostgresTable[]): Promise<Set<PostgresTable>> {
  const places = tables.map(({ sql }, i) => `(${i}, to_regclass(${quoteText(sql)}))`).join(', ')
  const ruled =
    places === ''
      ? 'SELECT 0 AS i WHERE false'
      : `SELECT i FROM (VALUES ${places}) v (i, oid) JOIN pg_class USING (oid) WHERE relhasrules`
  // Whatever the role's setting: a row that another changes meanwhile is seen as it is then, and what is reported is on
  // the server's disk, and in its log.
  const results = await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on;
     SELECT set_config('lock_timeout', '${patience}', true) WHERE current_setting('lock_timeout') = '0'; ${ruled}`,
  )
  const { rows } = (results as unknown as QueryResult<{ i: number }>[]).at(-1)!
  return new Set(rows.map(({ i }) => tables[i]!))
}

/** The last that the transaction does: what happened to rows on the way is there. */
async function marksOf(
  client: Client,
  { marks }: ApplyPlan,
  { tallies }: PostgresWriter,
  span: OwnSpan,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const [table, tally] of tallies) {
    try {
      const mark = await markAfterWrite(client, table, marks!.get(table.name)!, tally.write, span)
      if (mark !== null) found.set(table.name, mark)
    } catch (error) {
      // A limit of time, or of anything else: the rows are read back then. On a lost connection this fails too.
      if (typeof (error as { code?: unknown }).code !== 'string') throw error
      await client.query('ROLLBACK TO SAVEPOINT varve')
    }
  }
  return found
}

/** Moves the table's sequences on, so that none gives out a number that is taken. */
async function advanceSequences(client: Client, table: PostgresTable): Promise<void> {
  for (const { name, sequence, mayAdvance } of table.columns) {
    // Rows can only have been updated then.
    if (sequence === null || !mayAdvance) continue
    await client.query(
      `SELECT setval(q.seqrelid, m.max) FROM (SELECT max(${quoteName(name)}) AS max FROM ${table.sql}) m,
              ${sequence} s, pg_sequence q
        WHERE q.seqrelid = ${quoteText(sequence)}::regclass AND q.seqincrement > 0 AND m.max BETWEEN q.seqmin AND q.seqmax
          AND (m.max > s.last_value OR m.max = s.last_value AND NOT s.is_called)`,
    )
  }
}
