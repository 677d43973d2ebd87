// Writes batches inside a plan's transaction, each in a savepoint of its own. A batch that the database refuses for good is
// cut in halves until the rows are found that it is about.
import type { Client } from 'pg'
import { HeldBackRows } from '../../held-back-rows.ts'
import type { ApplyPlan, HeldBackRow, RowChange } from '../../interface.ts'
import type { BatchWriter } from '../../passes.ts'
import { copyAll } from '../copy/copy-in.ts'
import { type PostgresTable, discoverTables } from '../discover.ts'
import { isDenial, isRefusal } from '../failure.ts'
import { withoutReferences, clearableColumns, restoreReferences } from './circular-references.ts'
import { type Parking, unparkStatement, parkStatement, parkings } from './parking.ts'
import type { RowDigest } from './row-digest.ts'
import { type Batch, type Staged, batchOf, copiedRowsMin, rowsAlong, stageRows } from './stage.ts'
import { type Statement, alikeOf, changedColumns, changedPlaces, statementOf } from './statements.ts'
import { missingRight } from './rights.ts'
import { Tally } from './tally.ts'

export class PostgresWriter implements BatchWriter<PostgresTable> {
  readonly heldBack: HeldBackRows = new HeldBackRows()
  /** Tables into which something was inserted, or of which something was updated. */
  readonly filled: Set<PostgresTable> = new Set()
  /** Tallies of the tables for which they are asked. */
  readonly tallies: Map<PostgresTable, Tally> = new Map()
  written = 0
  readonly #client: Client
  readonly #plan: ApplyPlan
  /** Rules write more or other rows than a statement names. */
  readonly #ruled: ReadonlySet<PostgresTable>
  readonly #parkings = new Map<PostgresTable, Promise<readonly Parking[]>>()
  /** Rows of `heldBack`, which may come by again. */
  readonly #held = new Set<string>()
  readonly #clearableColumns = new Map<PostgresTable, Promise<readonly string[]>>()
  /** For batches whose references were cleared, the statement that does the rest. */
  readonly #restoring = new Map<string, Statement>()
  /** How the rows of a batch were parked, by table and group. */
  readonly #parked = new Map<string, Parking>()
  /** Batches that were made ready, and what the server is to have of them. */
  readonly #ready = new WeakMap<readonly RowChange[], { batch: Batch; digest: RowDigest | undefined }>()

  constructor(client: Client, plan: ApplyPlan, ruled: ReadonlySet<PostgresTable>) {
    this.#client = client
    this.#plan = plan
    this.#ruled = ruled
    for (const table of plan.tables as readonly PostgresTable[])
      if (plan.marks?.has(table.name) === true) this.tallies.set(table, new Tally(table))
  }

  async all(table: PostgresTable): Promise<boolean> {
    const planned = (await this.#plan.all?.(table)) ?? null
    if (planned === null || planned.count < copiedRowsMin) return false
    // Rules apply to statements and not to COPY.
    if (this.#ruled.has(table) || missingRight(table, 'insert', []) !== null) return false
    const tally = this.tallies.get(table)
    const digest = tally?.digest() ?? null
    const isWhole = await copyAll(this.#client, table, planned, { digest, signal: this.#plan.signal })
    if (!isWhole) return false
    this.written += planned.count
    this.filled.add(table)
    if (digest !== null) tally!.addAll(planned, digest)
    return true
  }

  groupOf(table: PostgresTable, change: RowChange): string {
    return changedColumns(table, change)
  }

  prepare(table: PostgresTable, changes: readonly RowChange[]): void {
    if (this.#missingRight(table, changes) !== null) return
    const batch = batchOf(statementOf(table, changes[0]!), changes)
    batch.lines?.prepare()
    this.#ready.set(changes, { batch, digest: this.tallies.get(table)?.digestOf(changes) })
  }

  async attempt(table: PostgresTable, changes: readonly RowChange[]): Promise<boolean> {
    if (this.heldBack.isWhole(table.name)) return true
    const message = this.#missingRight(table, changes)
    if (message !== null) {
      const { name, rights } = table
      for (const { key } of changes)
        this.heldBack.add({ table: name, key, reason: 'rejected', message, rights })
      return true
    }
    const ready = this.#ready.get(changes)
    if (!(await this.#all(table, ready?.batch ?? batchOf(this.#statement(table, changes), changes))))
      return false
    this.#add(table, changes, ready?.digest)
    this.written += changes.length
    return true
  }

  #missingRight(table: PostgresTable, changes: readonly RowChange[]): string | null {
    const [first] = changes as [RowChange]
    return missingRight(table, first.kind, first.kind === 'update' ? changedPlaces(table, first) : [])
  }

  async clearReferences(
    table: PostgresTable,
    changes: readonly RowChange[],
    how: 'whole' | 'by row',
  ): Promise<void> {
    const { kind } = changes[0]!
    const key = batchKey(table, changes)
    if (kind === 'update' || this.#restoring.has(key)) return
    let found = this.#clearableColumns.get(table)
    if (found === undefined)
      this.#clearableColumns.set(table, (found = clearableColumns(this.#client, table)))
    const columns = await found
    if (columns.length === 0) return
    const statement = withoutReferences(table, kind, columns)
    if (how === 'by row') await this.#byRow(table, changes, statement)
    else if (!(await this.#all(table, batchOf(statement, changes)))) return
    this.#restoring.set(key, restoreReferences(table, kind, columns))
  }

  async park(table: PostgresTable, changes: readonly RowChange[]): Promise<boolean> {
    let found = this.#parkings.get(table)
    if (found === undefined) this.#parkings.set(table, (found = parkings(this.#client, table)))
    for (const parking of await found) {
      const statement = parkStatement(table, changes[0]!, parking)
      if (statement === null || !(await this.#all(table, batchOf(statement, changes)))) continue
      this.#parked.set(batchKey(table, changes), parking)
      return true
    }
    return false
  }

  finish(table: PostgresTable, changes: readonly RowChange[]): Promise<void> {
    const parking = this.#parked.get(batchKey(table, changes))!
    return this.#settle(table, changes, unparkStatement(table, changes[0]!, parking))
  }

  settle(table: PostgresTable, changes: readonly RowChange[]): Promise<void> {
    const isHeld = (change: RowChange): boolean => this.#held.has(batchKey(table, [change]))
    const rest = this.#held.size === 0 ? changes : changes.filter((change) => !isHeld(change))
    return this.#settle(table, rest, this.#statement(table, changes))
  }

  async #settle(table: PostgresTable, changes: readonly RowChange[], statement: Statement): Promise<void> {
    if (changes.length === 0 || this.heldBack.isWhole(table.name)) return
    this.written += await this.#byRow(table, changes, statement)
    this.#add(table, changes)
  }

  /** As many as possible at once; those that are refused or missed are held back. How many were written. */
  async #byRow(table: PostgresTable, changes: readonly RowChange[], statement: Statement): Promise<number> {
    const client = this.#client
    const staged = await stageRows(client, batchOf(statement, changes)).catch(async (error: unknown) => {
      if (!isRefusal(error)) throw error
      // A value that not even a text can be: each row is sent by itself then.
      await client.query('ROLLBACK TO SAVEPOINT varve')
      return rowsAlong(client, statement, changes)
    })
    await client.query('RELEASE SAVEPOINT varve')
    return this.#part(table, { changes, staged, start: 0, end: changes.length })
  }

  #statement(table: PostgresTable, changes: readonly RowChange[]): Statement {
    return this.#restoring.get(batchKey(table, changes)) ?? statementOf(table, changes[0]!)
  }

  /** Writes the whole batch or none of it. */
  async #all(table: PostgresTable, batch: Batch): Promise<boolean> {
    // The server does not say how many rows its rules have written.
    const isRuled = this.#ruled.has(table)
    try {
      const staged = await stageRows(this.#client, batch)
      const { length } = batch.changes
      const isWhole = isRuled ? (await staged.run(0, length)).length === 0 : await staged.runAll()
      await this.#client.query(isWhole ? 'RELEASE SAVEPOINT varve' : 'ROLLBACK TO SAVEPOINT varve')
      return isWhole
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#client.query('ROLLBACK TO SAVEPOINT varve')
      return false
    }
  }

  async #part(table: PostgresTable, part: Part): Promise<number> {
    const { changes, staged, start, end } = part
    if (this.heldBack.isWhole(table.name)) return 0
    await this.#client.query('SAVEPOINT varve')
    try {
      const missed = await staged.run(start, end)
      await this.#client.query('RELEASE SAVEPOINT varve')
      await this.#missed(
        table,
        missed.map((place) => changes[place]!),
      )
      return end - start - missed.length
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#client.query('ROLLBACK TO SAVEPOINT varve')
      if (end - start === 1) {
        const { message } = error as Error
        if (!isDenial(error)) this.#hold(table, changes[start]!, 'rejected', message)
        else if (await this.#hasItsRights(table))
          this.#hold(table, changes[start]!, 'rejected', message, table.rights)
        else throw error
        return 0
      }
      const middle = (start + end) >> 1
      const written = await this.#part(table, { ...part, end: middle })
      return written + (await this.#part(table, { ...part, start: middle }))
    }
  }

  /** Whether no right to the table was taken away amid the round, of which the next one would say more. */
  async #hasItsRights({ schema, relation, rights }: PostgresTable): Promise<boolean> {
    const [now] = await discoverTables(this.#client, [`${schema}.${relation}`])
    return now?.rights === rights
  }

  /** What is held back ends all of it, so that it need not be taken off. */
  #add(table: PostgresTable, changes: readonly RowChange[], digest?: RowDigest): void {
    if (changes[0]!.kind !== 'delete') this.filled.add(table)
    const tally = this.tallies.get(table)
    tally?.add(changes, digest ?? tally.digestOf(changes))
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

  #hold(
    table: PostgresTable,
    change: RowChange,
    reason: HeldBackRow['reason'],
    message: string,
    rights?: string,
  ): void {
    this.#held.add(batchKey(table, [change]))
    const why = rights === undefined ? { reason, message } : { reason, message, rights }
    this.heldBack.add({ table: table.name, key: change.key, ...why })
  }
}

interface Part {
  readonly changes: readonly RowChange[]
  readonly staged: Staged
  readonly start: number
  readonly end: number
}

function batchKey(table: PostgresTable, [change]: readonly RowChange[]): string {
  return `${table.sql} ${change!.kind} ${Buffer.from(change!.key).toString('hex')}`
}
