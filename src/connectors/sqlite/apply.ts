// Writes a plan in one transaction that nobody else's can come into: each row is looked at as it is, compared with what
// is expected, and written. Rows that a rule refuses are tried again after the others of their batch, in turns from
// either end, so that chains come loose whichever way they lie.
import { sameCell } from '../../table/cell.ts'
import { HeldBackRows } from '../held-back-rows.ts'
import type { ApplyPlan, Applied, HeldBackRow, RowChange } from '../interface.ts'
import { type BatchWriter, writeInPasses } from '../passes.ts'
import type { SqliteDatabase } from './database.ts'
import { type SqliteTable, quoteName } from './discover.ts'
import { isRefusal, isTriggers } from './failure.ts'
import { type Parking, parkings } from './parking.ts'
import { type KeyBound, keyText, readRow } from './rows.ts'
import { writeState } from './state.ts'
import { type Bound, boundOf, isAsKept } from './values.ts'

const batchRows = 1_000

export async function applyPlan(database: SqliteDatabase, plan: ApplyPlan): Promise<Applied> {
  const writer = new Writer(database)
  try {
    return await database.transaction(async () => {
      await writeInPasses(plan, writer, batchRows)
      if (!writer.heldBack.isEmpty) throw new HeldBack()
      writeState(database, plan)
      return { outcome: 'applied', written: writer.written }
    })
  } catch (error) {
    if (error instanceof HeldBack) return { outcome: 'held-back', rows: writer.heldBack.list }
    throw error
  }
}

/** Thrown to end the transaction: a row was held back that undoes the whole plan. */
class HeldBack extends Error {}

interface Verdict {
  readonly reason: HeldBackRow['reason']
  readonly message: string
  /** It would be no better another time. */
  readonly isFinal?: true
}
type Step = (change: RowChange) => Verdict | null

class Writer implements BatchWriter<SqliteTable> {
  readonly heldBack: HeldBackRows = new HeldBackRows()
  written = 0
  readonly #database: SqliteDatabase
  readonly #parkings = new Map<SqliteTable, readonly Parking[]>()

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** All rows are of one group: they are written one by one anyway. */
  groupOf(): string {
    return ''
  }

  attempt(table: SqliteTable, batch: readonly RowChange[]): Promise<boolean> {
    if (this.heldBack.isWhole(table.name)) return Promise.resolve(true)
    const isWhole = this.#all(table, batch, (change) => this.#write(table, change))
    if (isWhole) this.written += batch.length
    return Promise.resolve(isWhole)
  }

  park(table: SqliteTable, batch: readonly RowChange[]): Promise<boolean> {
    let found = this.#parkings.get(table)
    if (found === undefined) this.#parkings.set(table, (found = parkings(this.#database, table)))
    return Promise.resolve(
      found.some((parking) => this.#all(table, batch, (change) => this.#park(table, change, parking))),
    )
  }

  finish(table: SqliteTable, batch: readonly RowChange[]): Promise<void> {
    return this.#settle(table, batch, (change) => this.#update(table, change))
  }

  settle(table: SqliteTable, batch: readonly RowChange[]): Promise<void> {
    return this.#settle(table, batch, (change) => this.#write(table, change))
  }

  #settle(table: SqliteTable, batch: readonly RowChange[], step: Step): Promise<void> {
    if (this.heldBack.isWhole(table.name)) return Promise.resolve()
    const left = this.#clearReferences(table, batch, step)
    this.written += batch.length - left.size
    for (const [{ key }, { reason, message }] of left)
      this.heldBack.add({ table: table.name, key, reason, message })
    return Promise.resolve()
  }

  /** Writes the whole batch or none of it. */
  #all(table: SqliteTable, batch: readonly RowChange[], step: Step): boolean {
    this.#database.exec('SAVEPOINT varve')
    const isWhole = this.#clearReferences(table, batch, step).size === 0
    this.#database.exec(isWhole ? 'RELEASE varve' : 'ROLLBACK TO varve; RELEASE varve')
    return isWhole
  }

  /** What is left when no row goes through any more, each with why. */
  #clearReferences(table: SqliteTable, batch: readonly RowChange[], step: Step): Map<RowChange, Verdict> {
    const final = new Map<RowChange, Verdict>()
    for (let next = batch; ;) {
      const left = new Map<RowChange, Verdict>()
      for (const change of next) {
        const verdict = step(change)
        if (!this.#database.isInTransaction) this.#giveUp(table, change, verdict!)
        if (verdict !== null) (verdict.isFinal === true ? final : left).set(change, verdict)
      }
      if (left.size === next.length || left.size === 0) return new Map([...left, ...final])
      next = [...left.keys()].reverse()
    }
  }

  /** Gives up the plan: a rule that ends the transaction has undone all of it. */
  #giveUp({ name }: SqliteTable, { key }: RowChange, { reason, message }: Verdict): never {
    this.heldBack.only({ table: name, key, reason, message })
    throw new HeldBack()
  }

  #write(table: SqliteTable, change: RowChange): Verdict | null {
    const { kind, before } = change
    const key = keyOf(table, (before ?? change.after)!)
    if (typeof key === 'string') return rejected(key)
    const now = readRow(this.#database, table, key)
    if (kind === 'insert' ? now !== null : now === null) return changed
    if (
      before !== null &&
      table.columns.some(
        ({ generated }, i) => !generated && !isAsKept(now![i]!, before[i]!, table.columns[i]!),
      )
    )
      return changed
    if (kind === 'update') return this.#update(table, change)
    return kind === 'delete'
      ? this.#run(`DELETE FROM main.${quoteName(table.name)} AS t WHERE ${keyText(table, key)}`, key)
      : this.#insert(table, change)
  }

  #insert(table: SqliteTable, { after }: RowChange): Verdict | null {
    const values = boundsOf(table, after!, () => true)
    if (typeof values === 'string') return rejected(values)
    const names = values.map(({ name }) => quoteName(name)).join(', ')
    const parameters = values.map(({ sql }) => sql).join(', ')
    return this.#run(
      `INSERT OR ABORT INTO main.${quoteName(table.name)} (${names}) VALUES (${parameters})`,
      values,
    )
  }

  /** Updates without a guard: `write` has compared the row before. */
  #update(table: SqliteTable, { before, after }: RowChange): Verdict | null {
    const key = keyOf(table, before!)
    if (typeof key === 'string') return rejected(key)
    const values = boundsOf(table, after!, (i) => !sameCell(before![i]!, after![i]!))
    if (typeof values === 'string') return rejected(values)
    const set = values.map(({ name, sql }) => `${quoteName(name)} = ${sql}`).join(', ')
    return set === '' ? null : this.#set(table, set, [...values, ...key], key)
  }

  #park(table: SqliteTable, change: RowChange, parking: Parking): Verdict | null {
    const { before, after } = change
    const key = keyOf(table, before!)
    if (typeof key === 'string') return rejected(key)
    const now = readRow(this.#database, table, key)
    if (
      now === null ||
      table.columns.some(
        ({ generated }, i) => !generated && !isAsKept(now[i]!, before![i]!, table.columns[i]!),
      )
    )
      return changed
    const set = table.columns.flatMap(({ name }, i) => {
      const value = parking.get(name)
      return value === undefined || sameCell(before![i]!, after![i]!) ? [] : [`${quoteName(name)} = ${value}`]
    })
    return set.length === 0 ? null : this.#set(table, set.join(', '), key, key)
  }

  #set(table: SqliteTable, set: string, values: readonly Bound[], key: KeyBound): Verdict | null {
    return this.#run(
      `UPDATE OR ABORT main.${quoteName(table.name)} AS t SET ${set} WHERE ${keyText(table, key)}`,
      values,
    )
  }

  #run(sql: string, values: readonly Bound[]): Verdict | null {
    try {
      const count = this.#database.run(
        sql,
        values.map(({ value }) => value),
      )
      return count === 0 ? { ...rejected('a trigger leaves the row out'), isFinal: true } : null
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { message } = error as Error
      // A trigger may leave behind what it had done before it said no, or end the transaction.
      if (isTriggers(error) || !this.#database.isInTransaction) return { ...rejected(message), isFinal: true }
      return rejected(message)
    }
  }
}

const changed: Verdict = { reason: 'changed', message: 'the row was changed meanwhile' }

function rejected(message: string): Verdict {
  return { reason: 'rejected', message }
}

function keyOf(table: SqliteTable, row: RowChange['before'] & object): KeyBound | string {
  const bounds: Bound[] = []
  for (const name of table.key) {
    const i = table.columns.findIndex((column) => column.name === name)
    const bound = boundOf(row[i]!, table.columns[i]!)
    if (typeof bound === 'string') return bound
    bounds.push(bound)
  }
  return bounds
}

function boundsOf(
  table: SqliteTable,
  row: RowChange['before'] & object,
  isWanted: (place: number) => boolean,
): (Bound & { readonly name: string })[] | string {
  const bounds: (Bound & { readonly name: string })[] = []
  for (const [i, column] of table.columns.entries()) {
    if (column.generated || !isWanted(i)) continue
    const bound = boundOf(row[i]!, column)
    if (typeof bound === 'string') return bound
    bounds.push({ ...bound, name: column.name })
  }
  return bounds
}
