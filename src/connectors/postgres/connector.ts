// PostgreSQL as an endpoint. One connection, whose settings make every value's text the same everywhere. A snapshot is
// one repeatable-read transaction over all tables, read by COPY; writing is one transaction of guarded statements.
import type { Client } from 'pg'
import type { Cell } from '../../table/interface.ts'
import type {
  ApplyPlan,
  Applied,
  Checkpoint,
  Connector,
  ConnectorOptions,
  EndpointSnapshot,
  EndpointTable,
  Written,
} from '../interface.ts'
import { uncheckedOf } from './address.ts'
import { applyPlan } from './writing/apply.ts'
import { PostgresChangeLog, endOf, connectAhead } from './log/change-log.ts'
import { copyOut } from './copy/copy-out.ts'
import type { CopyColumn } from './copy/copy-plan.ts'
import { type PostgresTable, discoverTables } from './discover.ts'
import { withEndpointErrors, endpointError } from './failure.ts'
import { cellRows, packedRows } from './copy/packed-rows.ts'
import { watchSilence } from '../silence.ts'
import { type Session, connect, placeOf, watchedLine } from './session.ts'
import { quoteName, quoteText } from './sql.ts'
import { readState, takeOver } from './state.ts'
import { sinceCursor } from './since.ts'
import { tableWrites } from './writing/written.ts'
import { writePosition } from './write-position.ts'

/** The digests of more rows are too much for one value of the server. */
const digestRowsMax = 20_000_000

export async function openPostgres(url: string, options: ConnectorOptions): Promise<Connector> {
  const session = { url, options }
  const line = options.readsLog === true ? connectAhead(session) : null
  try {
    return new PostgresConnector(session, await connect(session, 'statements'), line)
  } catch (error) {
    await endOf(line)
    throw error
  }
}

class PostgresConnector implements Connector {
  readonly location: string
  readonly unchecked?: string
  readonly log: PostgresChangeLog
  readonly #client: Client
  readonly #unwatch: () => void
  /** The schema of the table in which this connection has taken links over. */
  #place: string | null = null

  constructor(session: Session, client: Client, line: Promise<Client> | null) {
    this.#client = client
    this.location = placeOf(session.url)
    const unchecked = uncheckedOf(session.url, session.options.environment)
    if (unchecked !== undefined) this.unchecked = unchecked
    this.#unwatch = watchSilence(watchedLine(client), this.location, session.options.onWait)
    this.log = new PostgresChangeLog(session, client, line, (exported) => this.#snapshot(exported))
  }

  /** The cluster's own number, and the name of the database in it. */
  identity(): Promise<string> {
    return this.#withErrors(async () => {
      const { rows } = await this.#client.query<{ cluster: string; database: string }>(
        `SELECT (SELECT system_identifier FROM pg_control_system())::text AS cluster, oid::text AS database
           FROM pg_database WHERE datname = current_database()`,
      )
      return `postgres:${rows[0]!.cluster}:${rows[0]!.database}`
    })
  }

  writePosition(): Promise<bigint | null> {
    return this.#withErrors(() => writePosition(this.#client))
  }

  discover(names?: readonly string[]): Promise<readonly EndpointTable[]> {
    return this.#withErrors(() => discoverTables(this.#client, names))
  }

  snapshot(): Promise<EndpointSnapshot> {
    return this.#snapshot(null)
  }

  /** `exported` names the snapshot of another connection, at whose moment the tables are read. */
  async #snapshot(exported: string | null): Promise<EndpointSnapshot> {
    const moment = exported === null ? '' : `; SET TRANSACTION SNAPSHOT ${quoteText(exported)}`
    await this.#withErrors(() =>
      this.#client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY${moment}`),
    )
    return {
      rows: (table, signal) => this.#rows(table as PostgresTable, 'true', signal),
      packed: (table, options) => {
        const from = table as PostgresTable
        return packedRows((columns) => this.#copy(from, columns, 'true', options.signal), from, options)
      },
      digest: (table) => this.#withErrors(() => this.#digest(table as PostgresTable)),
      written: (table, earlier) => this.#withErrors(() => this.#written(table as PostgresTable, earlier)),
      since: async (table, cursor) => {
        const from = table as PostgresTable
        const { condition, largest, isIndexed } = await this.#withErrors(() =>
          sinceCursor(this.#client, from, cursor),
        )
        return { isIndexed, largest: () => largest, rows: () => this.#rows(from, condition) }
      },
      // A reader is told of a lost connection; there is nothing to close then.
      close: async () => void (await this.#client.query('COMMIT').catch(() => undefined)),
    }
  }

  checkpoint(link: string, place: string | null = null): Promise<Checkpoint | null> {
    return this.#withErrors(() => readState(this.#client, link, place))
  }

  takeOver(link: string, place: string | null = null): Promise<Checkpoint> {
    return this.#withErrors(async () => {
      const taken = await takeOver(this.#client, link, place)
      this.#place = taken.place ?? null
      return taken
    })
  }

  apply(plan: ApplyPlan): Promise<Applied> {
    return this.#withErrors(() => applyPlan(this.#client, plan, this.#place))
  }

  async close(): Promise<void> {
    this.#unwatch()
    // A lost connection need not be closed.
    await Promise.all([this.log.close(), this.#client.end().catch(() => undefined)])
  }

  #withErrors<T>(work: () => Promise<T>): Promise<T> {
    return withEndpointErrors(this.location, work)
  }

  /** Over the same texts that `rows` gives, so that what it says of them holds. */
  async #digest(table: PostgresTable): Promise<string | null> {
    const columns = table.columns.map(({ name }) => `t.${quoteName(name)}`).join(', ')
    const row = `sha256(convert_to(ROW(${columns})::text, 'UTF8'))`
    const { rows } = await this.#client.query<{ count: string; digest: string | null }>(
      `SELECT count(*) AS count, CASE WHEN count(*) <= ${digestRowsMax} THEN
         encode(sha256(string_agg(${row}, ''::bytea ORDER BY ${orderOf(table)})), 'hex') END AS digest
         FROM (SELECT * FROM ${table.rowsSql} LIMIT ${digestRowsMax + 1}) t`,
    )
    const { count, digest } = rows[0]!
    if (Number(count) > digestRowsMax) return null
    const shape = table.columns.map(({ name, nativeType }) => `${name} ${nativeType}`)
    return `${count} ${digest ?? ''} ${JSON.stringify(shape)}`
  }

  async #written(table: PostgresTable, earlier: string | null): Promise<Written | null> {
    const writes = await tableWrites(this.#client, table, earlier)
    if (writes === null) return null
    const { mark, since } = writes
    return { mark, since: since && { ...since, rows: () => this.#rows(table, since.condition) } }
  }

  #rows(table: PostgresTable, condition = 'true', signal?: AbortSignal): AsyncGenerator<Cell[][]> {
    return cellRows((columns) => this.#copy(table, columns, condition, signal), table)
  }

  /** What COPY sends. */
  async *#copy(
    table: PostgresTable,
    columns: readonly CopyColumn[],
    condition: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const frames = copyOut(this.#client, rowsCopy(table, columns, condition))
    let [isWhole, hasFailed] = [false, false]
    try {
      for (let next = await frames.next(); next.done !== true; next = await frames.next()) yield next.value
      isWhole = true
    } catch (error) {
      hasFailed = true
      throw endpointError(this.location, error)
    } finally {
      // The server sends the rest of the rows whether anybody wants them or not; it stops when the connection is closed.
      if (!isWhole && (hasFailed || !(await isPassedOver(frames, signal))))
        this.#client.connection.stream.destroy()
    }
  }
}

/** Whether all came that there was; not if `signal` is aborted before. */
async function isPassedOver(frames: AsyncGenerator<Uint8Array>, signal?: AbortSignal): Promise<boolean> {
  try {
    while (signal?.aborted !== true) if ((await frames.next()).done === true) return true
  } catch {
    // The connection is lost.
  }
  return false
}

/** In the order in which a table keeps its rows, as far as the database can tell: sorting them again costs little. */
function rowsCopy(table: PostgresTable, columns: readonly CopyColumn[], condition: string): string {
  // No casts: COPY then writes each type as the log of changes does (inet), which a cast to text does not.
  const list = columns
    .map(({ name, isPadded }) => `t.${quoteName(name)}${isPadded ? '::text' : ''}`)
    .join(', ')
  return `COPY (SELECT ${list} FROM ${table.rowsSql} t WHERE ${condition} ORDER BY ${orderOf(table)}) TO STDOUT`
}

function orderOf(table: PostgresTable): string {
  const order = table.key.map((name) => {
    const { isCollatable } = table.columns.find((column) => column.name === name)!
    return `t.${quoteName(name)}${isCollatable ? ' COLLATE "C"' : ''}`
  })
  return order.join(', ')
}
