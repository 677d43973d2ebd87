// Writes rows and reports for each what happened: written, no longer as expected, refused, or to be tried again when
// others are written. Many rows are inserted at once; if that fails, the faulty ones are found one by one.
import { HeldBackRows } from '../held-back-rows.ts'
import type { HeldBackRow, RowChange } from '../interface.ts'
import { DeniedStatements, isDenial } from './denied.ts'
import type { MysqlTable } from './discover.ts'
import { isRefusal, numberOf } from './failure.ts'
import type { Session } from './session.ts'
import { insertOf, unstorableReasonOf, occupyingRowsQuery, statementOf } from './statements.ts'

const waitingMax = 100_000
const packetCharsMax = 512 << 10
const insertedRowsMax = 512
const statementsMax = 512
/** A row under a unique index or a reference: another row of the plan may be in the way, or still to come. */
const tied: ReadonlySet<number> = new Set([1062, 1216, 1217, 1451, 1452, 1586, 1761, 1762])

export interface Pending {
  readonly table: MysqlTable
  readonly change: RowChange
  /** What the server said when it was tried. */
  readonly message?: string
}

interface Dealt {
  readonly count: number
  readonly written: readonly Pending[]
  readonly isRefused: boolean
}

export class RowWriter {
  readonly heldBack: HeldBackRows = new HeldBackRows()
  written = 0
  readonly #session: Session
  readonly #denied: DeniedStatements
  #waiting: Pending[] = []

  constructor(session: Session) {
    this.#session = session
    this.#denied = new DeniedStatements(session)
  }

  /** Writes rows of one table and one kind. */
  async write(table: MysqlTable, rows: readonly Pending[]): Promise<void> {
    const fitting = rows.filter((row) => {
      if (this.#isHeldAlready(row)) return false
      const reason = unstorableReasonOf(table, row.change)
      if (reason !== null) this.#holdBack(row, 'rejected', reason)
      return reason === null
    })
    for (let at = 0; at < fitting.length; at += insertedRowsMax) {
      const part = fitting.slice(at, at + insertedRowsMax).filter((row) => !this.#isHeldAlready(row))
      if (part.length === 0) continue
      if (part[0]!.change.kind !== 'insert' || !(await this.#insertAll(table, part)))
        await this.writeEach(part)
    }
  }

  /** Writes the rows one after the other, each for itself; returns those that were written. */
  async writeEach(rows: readonly Pending[]): Promise<Pending[]> {
    const written: Pending[] = []
    let together = statementsMax
    for (let at = 0; at < rows.length;) {
      if (this.#isHeldAlready(rows[at]!)) {
        at++
        continue
      }
      const statements: string[] = []
      const count = Math.min(together, rows.length - at)
      for (let chars = 0; statements.length < count;) {
        const row = rows[at + statements.length]!
        const statement = statementOf(row.table, row.change)
        chars += statement.length
        if (chars > packetCharsMax && statements.length > 0) break
        statements.push(statement)
      }
      const dealt = await this.#run(rows.slice(at, at + statements.length), statements)
      for (const row of dealt.written) written.push(row)
      // What lies behind a refused one has been sent for nothing.
      together = dealt.isRefused ? 1 : Math.min(together * 2, statementsMax)
      at += dealt.count
    }
    this.written += written.length
    return written
  }

  /** Takes out the rows that were refused because of other rows. */
  takeWaiting(): readonly Pending[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  reject(row: Pending): void {
    this.#holdBack(row, 'rejected', row.message ?? 'the database refuses the row')
  }

  /** Inserts all rows, or none of them and returns false. */
  async #insertAll(table: MysqlTable, rows: readonly Pending[]): Promise<boolean> {
    if (rows.length === 1) return false
    const insert = insertOf(
      table,
      rows.map(({ change }) => change),
    )
    if (insert.length > this.#session.packetBytesMax / 3) return false
    const { statements, error } = await this.#session.run(['SAVEPOINT varve', insert])
    if (error !== null && !isRefusal(error) && !isDenial(error)) throw error
    const done = statements[1]
    if (done !== undefined && done.matched === rows.length && done.warnings === 0) {
      this.written += rows.length
      return true
    }
    await this.#session.execute('ROLLBACK TO SAVEPOINT varve')
    return false
  }

  /** Runs the statements. The server stops at the first that it refuses. */
  async #run(rows: readonly Pending[], texts: readonly string[]): Promise<Dealt> {
    const bytes = rows.length > 1 ? 0 : Buffer.byteLength(texts[0]!)
    if (bytes >= this.#session.packetBytesMax) {
      const most = `more than the server takes at once (max_allowed_packet, ${this.#session.packetBytesMax})`
      this.#holdBack(rows[0]!, 'rejected', `the row takes a statement of ${bytes} bytes, ${most}`)
      return { count: 1, written: [], isRefused: true }
    }
    const { statements, error } = await this.#session.run(texts)
    const written: Pending[] = []
    for (const [i, { matched, warnings }] of statements.entries()) {
      const row = rows[i]!
      if (matched === 0) this.#holdBack(row, 'changed', 'the row was changed meanwhile')
      else if (warnings > 0) this.#holdBack(row, 'rejected', await this.#remark(i === rows.length - 1))
      else written.push(row)
    }
    if (error === null) return { count: rows.length, written, isRefused: false }
    if (isDenial(error)) await this.#deny(rows[statements.length]!, error)
    else if (isRefusal(error)) await this.#refused(rows[statements.length]!, error)
    else throw error
    return { count: statements.length + 1, written, isRefused: true }
  }

  async #remark(isLast: boolean): Promise<string> {
    const [row] = isLast ? await this.#session.texts('SHOW WARNINGS') : []
    return row?.[2] ?? 'the database would not keep a value as it is'
  }

  async #refused(row: Pending, error: Error): Promise<void> {
    const number = numberOf(error)
    let { message } = error
    if (row.change.kind === 'insert' && number === 1062) {
      const occupants = await this.#session.texts(occupyingRowsQuery(row.table, row.change.after))
      if (occupants.some(([isExact]) => isExact === '1'))
        return this.#holdBack(row, 'changed', 'there is a row with this key meanwhile')
      if (occupants.length > 0) message = `the database takes the key for that of another row: ${message}`
    }
    if (tied.has(number) && this.#waiting.length < waitingMax) this.#waiting.push({ ...row, message })
    else this.reject({ ...row, message })
  }

  async #deny(row: Pending, error: Error): Promise<void> {
    await this.#denied.add(row.table, row.change, error)
    this.#isHeldAlready(row)
  }

  /** Holds the row back where all its table waits, or what it needs was denied before. */
  #isHeldAlready(row: Pending): boolean {
    if (this.heldBack.isWhole(row.table.name)) return true
    const { table, change } = row
    const denial = this.#denied.find(table, change)
    if (denial === null) return false
    this.heldBack.add({ table: table.name, key: change.key, reason: 'rejected', ...denial })
    return true
  }

  #holdBack({ table, change }: Pending, reason: HeldBackRow['reason'], message: string): void {
    this.heldBack.add({ table: table.name, key: change.key, reason, message })
  }
}
