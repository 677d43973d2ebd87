// Writes a plan in one transaction, in the order in which the database takes it. A batch that the database refuses for
// good is cut in halves until the rows are found that it is about. When any row has to be held back, all is rolled
// back: what then is right to write is the caller's to decide anew.
import type { Client } from 'pg'
import { VarveError } from '../../base/errors.ts'
import type { ApplyPlan, Applied, HeldBackRow, RowChange } from '../interface.ts'
import { type BatchWriter, writeInPasses } from '../passes.ts'
import { copyAll } from './copy-in.ts'
import type { PostgresTable } from './discover.ts'
import { isRefusal } from './failure.ts'
import { type Parking, finishOf, parkOf, parkings } from './parking.ts'
import { quoteName, quoteText } from './sql.ts'
import { writeState } from './state.ts'
import { type Staged, copiedRowsMin, rowsAlong, stageRows } from './stage.ts'
import { type Statement, alikeOf, changedColumns, statementOf } from './statements.ts'

const batchRows = 5_000
/** Of one plan; beyond it all of them are. */
const atOnceMax = 8
/** Of one plan; beyond it something is wrong with all of it. */
const heldBackMax = 10_000

export async function applyPlan(client: Client, plan: ApplyPlan): Promise<Applied> {
  for (let atOnce: readonly string[] = []; ;) {
    try {
      return await applyOnce(client, plan, atOnce)
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

/** `atOnce`: constraints that are checked row by row, whatever they were declared as. */
async function applyOnce(client: Client, plan: ApplyPlan, atOnce: readonly string[]): Promise<Applied> {
  const tables = plan.tables as readonly PostgresTable[]
  const writer = new Writer(client, plan)
  // Whatever the role's setting: what is reported is on the server's disk, and in its log.
  await client.query('BEGIN; SET LOCAL synchronous_commit = on')
  try {
    for (const constraint of atOnce) await client.query(`SET CONSTRAINTS ${constraint} IMMEDIATE`)
    await writeInPasses(plan, writer, batchRows)
    if (writer.heldBack.length > 0) {
      await client.query('ROLLBACK')
      return { outcome: 'held-back', rows: writer.heldBack }
    }
    for (const table of tables) await advanceSequences(client, table)
    await client.query('SET CONSTRAINTS ALL IMMEDIATE').catch((error: unknown) => {
      throw isRefusal(error) && atOnce[0] !== 'ALL' ? new LateRefusal(error) : error
    })
    await writeState(client, plan)
    await client.query('COMMIT')
    return { outcome: 'applied', written: writer.written }
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

class Writer implements BatchWriter<PostgresTable> {
  readonly heldBack: HeldBackRow[] = []
  written = 0
  readonly #client: Client
  readonly #plan: ApplyPlan
  readonly #parkings = new Map<PostgresTable, Promise<readonly Parking[]>>()
  /** How the rows of a batch were parked, by table and group. */
  readonly #parked = new Map<string, Parking>()

  constructor(client: Client, plan: ApplyPlan) {
    this.#client = client
    this.#plan = plan
  }

  async all(table: PostgresTable): Promise<boolean> {
    const planned = (await this.#plan.all?.(table)) ?? null
    if (planned === null || planned.count < copiedRowsMin) return false
    const isWhole = await copyAll(this.#client, table, planned, this.#plan.signal)
    if (isWhole) this.written += planned.count
    return isWhole
  }

  groupOf(table: PostgresTable, change: RowChange): string {
    return changedColumns(table, change)
  }

  async attempt(table: PostgresTable, batch: readonly RowChange[]): Promise<boolean> {
    const isWhole = await this.#all(statementOf(table, batch[0]!), batch)
    if (isWhole) this.written += batch.length
    return isWhole
  }

  async park(table: PostgresTable, batch: readonly RowChange[]): Promise<boolean> {
    let found = this.#parkings.get(table)
    if (found === undefined) this.#parkings.set(table, (found = parkings(this.#client, table)))
    for (const parking of await found) {
      const statement = parkOf(table, batch[0]!, parking)
      if (statement === null || !(await this.#all(statement, batch))) continue
      this.#parked.set(parkedKey(table, batch), parking)
      return true
    }
    return false
  }

  finish(table: PostgresTable, batch: readonly RowChange[]): Promise<void> {
    const parking = this.#parked.get(parkedKey(table, batch))!
    return this.#settle(table, batch, finishOf(table, batch[0]!, parking))
  }

  settle(table: PostgresTable, batch: readonly RowChange[]): Promise<void> {
    return this.#settle(table, batch, statementOf(table, batch[0]!))
  }

  async #settle(table: PostgresTable, changes: readonly RowChange[], statement: Statement): Promise<void> {
    await this.#client.query('SAVEPOINT varve')
    const staged = await stageRows(this.#client, statement, changes).catch(async (error: unknown) => {
      if (!isRefusal(error)) throw error
      // A value that not even a text can be: each row is sent by itself then.
      await this.#client.query('ROLLBACK TO SAVEPOINT varve')
      return rowsAlong(this.#client, statement, changes)
    })
    await this.#client.query('RELEASE SAVEPOINT varve')
    await this.#part(table, { changes, staged, start: 0, end: changes.length })
  }

  /** Of the whole batch or none of it. */
  async #all(statement: Statement, batch: readonly RowChange[]): Promise<boolean> {
    await this.#client.query('SAVEPOINT varve')
    try {
      const staged = await stageRows(this.#client, statement, batch)
      const missed = await staged.run(0, batch.length)
      await this.#client.query(
        missed.length === 0 ? 'RELEASE SAVEPOINT varve' : 'ROLLBACK TO SAVEPOINT varve',
      )
      return missed.length === 0
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#client.query('ROLLBACK TO SAVEPOINT varve')
      return false
    }
  }

  async #part(table: PostgresTable, part: Part): Promise<void> {
    const { changes, staged, start, end } = part
    if (this.heldBack.length > heldBackMax) throw tooMany(table)
    await this.#client.query('SAVEPOINT varve')
    try {
      const missed = await staged.run(start, end)
      await this.#client.query('RELEASE SAVEPOINT varve')
      await this.#missed(
        table,
        missed.map((place) => changes[place]!),
      )
      this.written += end - start - missed.length
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#client.query('ROLLBACK TO SAVEPOINT varve')
      if (end - start === 1) return this.#hold(table, changes[start]!, 'rejected', (error as Error).message)
      const middle = (start + end) >> 1
      await this.#part(table, { ...part, end: middle })
      await this.#part(table, { ...part, start: middle })
    }
  }

  async #missed(table: PostgresTable, changes: readonly RowChange[]): Promise<void> {
    const isInsert = changes[0]?.kind === 'insert'
    const alike = isInsert
      ? await rowsAlong(this.#client, alikeOf(table), changes).run(0, changes.length)
      : []
    for (const [place, change] of changes.entries()) {
      if (alike.includes(place))
        this.#hold(table, change, 'rejected', 'the database takes the key for that of another row')
      else this.#hold(table, change, 'changed', 'the row was changed meanwhile')
    }
  }

  #hold(table: PostgresTable, { key }: RowChange, reason: HeldBackRow['reason'], message: string): void {
    this.heldBack.push({ table: table.name, key, reason, message })
  }
}

interface Part {
  readonly changes: readonly RowChange[]
  readonly staged: Staged
  readonly start: number
  readonly end: number
}

function parkedKey(table: PostgresTable, [change]: readonly RowChange[]): string {
  return `${table.sql} ${Buffer.from(change!.key).toString('hex')}`
}

/** A sequence never gives out a number that is taken. */
async function advanceSequences(client: Client, table: PostgresTable): Promise<void> {
  for (const { name, sequence } of table.columns) {
    if (sequence === null) continue
    await client.query(
      `SELECT setval(q.seqrelid, m.max) FROM (SELECT max(${quoteName(name)}) AS max FROM ${table.sql}) m,
              ${sequence} s, pg_sequence q
        WHERE q.seqrelid = ${quoteText(sequence)}::regclass AND q.seqincrement > 0 AND m.max BETWEEN q.seqmin AND q.seqmax
          AND (m.max > s.last_value OR m.max = s.last_value AND NOT s.is_called)`,
    )
  }
}

function tooMany(table: PostgresTable): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `the database refuses too many rows of '${table.name}'`, {
    data: { table: table.name, heldBackMax },
    hint: 'nothing was written; look at one of them with a dry run',
  })
}
