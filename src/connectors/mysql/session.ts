// One connection, and the three ways to use it: ask for a few texts, stream rows as bytes, run statements one after the
// other in one packet. Its settings make every value's text the same everywhere, and every refusal an error.
import type { Socket } from 'node:net'
import mysql, { type Connection, type ConnectionOptions, type ResultSetHeader } from 'mysql2'
import { connectMsMax, probeMs } from '../patience.ts'
import type { WatchedLine } from '../silence.ts'

const batchBytesMax = 512 << 10
const batchRowsMax = 4_096

const settings: readonly string[] = [
  // What the server's own mode allows is allowed (dates that are none, say); nothing is cut or guessed.
  `SET SESSION sql_mode = TRIM(BOTH ',' FROM CONCAT_WS(',', 'STRICT_ALL_TABLES', 'NO_AUTO_VALUE_ON_ZERO',
     REGEXP_REPLACE(@@GLOBAL.sql_mode,
       '(^|,)(ANSI|ANSI_QUOTES|NO_BACKSLASH_ESCAPES|PAD_CHAR_TO_FULL_LENGTH|PIPES_AS_CONCAT|IGNORE_SPACE|ORACLE|EMPTY_STRING_IS_NULL|SIMULTANEOUS_ASSIGNMENT|TIME_ROUND_FRACTIONAL)(?=,|$)', '')))`,
  // Whatever the server has set for all: every row is sent and takes the time that it takes, a transaction ends where it is
  // told to, and references and unique values are checked. Each bucket of a digest has thirty-two bytes a row: digest.ts.
  `SET SESSION time_zone = '+00:00', autocommit = 1, completion_type = 'NO_CHAIN', sql_select_limit = 18446744073709551615,
     sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0, foreign_key_checks = 1, unique_checks = 1,
     /*M!100101 max_statement_time = 0, */ /*M!100300 idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0,
     idle_write_transaction_timeout = 0, */ /*!50708 max_execution_time = 0, */
     wait_timeout = 28800, net_write_timeout = 600, group_concat_max_len = 1073741824`,
]

export type ByteRow = readonly (Uint8Array | null)[]

export interface StatementsResult {
  /** For each statement that ran: rows that its condition met, and what the server remarked. */
  readonly statements: readonly { readonly matched: number; readonly warnings: number }[]
  /** Error of the first that failed; those after it did not run. */
  readonly error: Error | null
}

/** What of the driver is not in its types. */
interface Internals {
  readonly stream: Socket
  readonly _command?: object | null
  readonly _paused: boolean
}

export class Session {
  /** Longest statement. */
  packetBytesMax = 0
  /** Isolation of transactions that write: the one that locks least, where the server's log can have it. */
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED'
  readonly #connection: Connection
  #broken: Error | null = null
  /** Fails the statement that runs: the driver reports a lost connection to the connection alone. */
  #fail: (error: Error) => void = () => undefined

  private constructor(connection: Connection) {
    this.#connection = connection
    connection.on('error', (error: Error) => {
      this.#broken ??= error
      this.#fail(error)
    })
  }

  get #driver(): Internals {
    return this.#connection as unknown as Internals
  }

  get line(): WatchedLine {
    const driver = this.#driver
    return {
      bytes: () => driver.stream.bytesRead + driver.stream.bytesWritten,
      isAsked: () => (driver._command ?? null) !== null && !driver._paused,
    }
  }

  #break(error: Error): void {
    this.#broken ??= error
    // The driver's own way to close waits for all that is under way.
    this.#driver.stream.destroy()
  }

  static async open(address: ConnectionOptions): Promise<Session> {
    const connection = mysql.createConnection({
      ...address,
      charset: 'utf8mb4_bin',
      multipleStatements: true,
      connectTimeout: connectMsMax,
      keepAliveInitialDelay: probeMs,
      connectAttributes: { program_name: 'varve' },
    })
    const session = new Session(connection)
    try {
      await new Promise<void>((done, fail) => connection.connect((error) => (error ? fail(error) : done())))
      for (const setting of settings) await session.execute(setting)
      session.packetBytesMax = Number((await session.texts('SELECT @@max_allowed_packet'))[0]![0])
      const [format] = await session.texts("SHOW VARIABLES LIKE 'binlog_format'")
      if (format?.[1] === 'STATEMENT') session.isolation = 'REPEATABLE READ'
    } catch (error) {
      connection.destroy()
      throw error
    }
    return session
  }

  /** All rows of a statement, each field as text. */
  async texts(sql: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = []
    for await (const batch of this.rows(sql)) {
      for (const row of batch)
        rows.push(row.map((field) => (field === null ? null : Buffer.from(field).toString('utf8'))))
    }
    return rows
  }

  /** Batches of rows as they come; the server waits while nobody reads. Who leaves in the middle can go on, unless `signal` is aborted. */
  async *rows(sql: string, signal?: AbortSignal): AsyncGenerator<ByteRow[]> {
    if (this.#broken !== null) throw this.#broken
    const query = this.#connection.query({ sql, rowsAsArray: true, typeCast: false })
    let [batch, batchBytes, isEnded, isLeft]: [ByteRow[], number, boolean, boolean] = [[], 0, false, false]
    let failure: Error | null = null
    let wake = (): void => undefined
    query.on('result', (row: ByteRow | ResultSetHeader) => {
      if (isLeft || !Array.isArray(row)) return
      batch.push(row as ByteRow)
      for (const field of row as ByteRow) batchBytes += field?.length ?? 0
      if (batchBytes < batchBytesMax && batch.length < batchRowsMax) return
      this.#connection.pause()
      wake()
    })
    this.#fail = (error) => {
      failure = error
      isEnded = true
      wake()
    }
    query.on('error', this.#fail)
    query.on('end', () => {
      isEnded = true
      wake()
    })
    try {
      for (;;) {
        if (!isEnded && batch.length === 0) await new Promise<void>((done) => (wake = done))
        if (failure !== null) throw failure as Error
        const full = batch
        batch = []
        batchBytes = 0
        if (full.length > 0) yield full
        if (isEnded) return
        this.#connection.resume()
      }
    } finally {
      isLeft = true
      // The server sends the rest of the rows whether anybody wants them or not; it stops when the connection is closed.
      const cut = (): void => this.#break(new Error('the connection was closed in the middle of an answer'))
      if (signal?.aborted === true) cut()
      if (!isEnded && this.#broken === null) {
        signal?.addEventListener('abort', cut)
        this.#connection.resume()
        while (!isEnded) await new Promise<void>((done) => (wake = done))
        signal?.removeEventListener('abort', cut)
      }
    }
  }

  /** Runs statements that give no rows, in one packet. */
  run(statements: readonly string[]): Promise<StatementsResult> {
    const results: { matched: number; warnings: number }[] = []
    return new Promise((done, fail) => {
      if (this.#broken !== null) return fail(this.#broken)
      this.#fail = fail
      const query = this.#connection.query({ sql: statements.join(';\n') })
      let failure: Error | null = null
      query.on('result', (header: ResultSetHeader) => {
        results.push({ matched: header.affectedRows, warnings: header.warningStatus })
      })
      query.on('error', (error: Error) => (failure = error))
      query.on('end', () => done({ statements: results, error: failure }))
    })
  }

  /** As run, of one statement that must not fail; rows that its condition met. */
  async execute(sql: string): Promise<number> {
    const { statements, error } = await this.run([sql])
    if (error !== null) throw error
    return statements[0]!.matched
  }

  close(): Promise<void> {
    if (this.#broken !== null) {
      this.#connection.destroy()
      return Promise.resolve()
    }
    return new Promise((done) => {
      this.#fail = () => done()
      this.#connection.end(() => done())
    })
  }
}
