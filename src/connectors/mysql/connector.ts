// MySQL and MariaDB as an endpoint. One connection, whose settings make every value's text the same everywhere. A snapshot
// is one consistent read over all tables, streamed as the server's own text; writing is one transaction of guarded
// statements.
import type { ConnectionOptions } from 'mysql2'
import type { Cell } from '../../table/interface.ts'
import type {
  ApplyPlan,
  Applied,
  Checkpoint,
  Connector,
  ConnectorOptions,
  EndpointSnapshot,
  EndpointTable,
} from '../interface.ts'
import { linkSecret } from '../link-secret.ts'
import { addressOf, placeOf, uncheckedOf } from './address.ts'
import { applyPlan } from './apply.ts'
import { BinlogChangeLog } from './binlog/change-log.ts'
import { SnapshotDigests } from './digest.ts'
import { type MysqlTable, discoverTables } from './discover.ts'
import { endpointError, withEndpointErrors } from './failure.ts'
import { rowSelect } from './long-values.ts'
import { watchSilence } from '../silence.ts'
import { Session } from './session.ts'
import { quoteName } from './sql.ts'
import { linkTls } from '../tls/link-tls.ts'
import { sinceCursor } from './since.ts'
import { readState, takeOver } from './state.ts'

export async function openMysql(url: string, options: ConnectorOptions): Promise<Connector> {
  const { link, environment } = options
  const own = link === undefined ? null : await linkSecret({ link, environment }, 'PASSWORD')
  const address = addressOf(url, options, { own, tls: await linkTls(options) })
  try {
    const session = await Session.open(address)
    const location = placeOf(url)
    const unwatch = watchSilence(session.line, location, options.onWait)
    return new MysqlConnector(session, address, { location, unwatch })
  } catch (error) {
    throw endpointError(placeOf(url), error)
  }
}

class MysqlConnector implements Connector {
  readonly location: string
  readonly unchecked?: string
  readonly log: BinlogChangeLog
  readonly #session: Session
  readonly #unwatch: () => void

  constructor(
    session: Session,
    address: ConnectionOptions,
    { location, unwatch }: { readonly location: string; readonly unwatch: () => void },
  ) {
    this.#session = session
    this.#unwatch = unwatch
    this.location = location
    const unchecked = uncheckedOf(address)
    if (unchecked !== undefined) this.unchecked = unchecked
    this.log = new BinlogChangeLog({
      session,
      address,
      location,
      snapshot: (tables) => this.snapshot(tables),
    })
  }

  /** The server's own number, where its data lie, and the database in it. */
  identity(): Promise<string> {
    return this.#withErrors(async () => {
      const known = await this.#session.texts(
        "SHOW VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')",
      )
      const [[folder, name]] = (await this.#session.texts('SELECT @@datadir, DATABASE()')) as [
        [string, string],
      ]
      const server =
        known.map(([, value]) => value).join() || (await this.#session.texts('SELECT @@hostname'))[0]![0]
      return `mysql:${JSON.stringify([server, folder, name])}`
    })
  }

  /** The end of what is on the disk of InnoDB's own log; null before MySQL 8.0.30, which does not tell everybody. */
  writePosition(): Promise<bigint | null> {
    return this.#withErrors(async () => {
      const [status] = await this.#session.texts(
        `SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_flushed', 'Innodb_redo_log_flushed_to_disk_lsn')`,
      )
      return status === undefined ? null : BigInt(status[1]!)
    })
  }

  discover(names?: readonly string[]): Promise<readonly EndpointTable[]> {
    return this.#withErrors(() => discoverTables(this.#session, names))
  }

  async snapshot(tables: readonly EndpointTable[]): Promise<EndpointSnapshot> {
    await this.#withErrors(async () => {
      await this.#session.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await this.#session.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    })
    const digests = new SnapshotDigests(this.#session, tables as readonly MysqlTable[])
    return {
      rows: (table, signal) => this.#rows(table as MysqlTable, 'TRUE', signal),
      digest: (table) => this.#withErrors(() => digests.of(table as MysqlTable)),
      since: async (table, cursor) => {
        const from = table as MysqlTable
        const { condition, largest, isIndexed } = await this.#withErrors(() =>
          sinceCursor(this.#session, from, cursor),
        )
        return { isIndexed, largest: () => largest, rows: () => this.#rows(from, condition) }
      },
      // A reader is told of a lost connection; there is nothing to close then.
      close: async () => void (await this.#session.execute('COMMIT').catch(() => undefined)),
    }
  }

  checkpoint(link: string): Promise<Checkpoint | null> {
    return this.#withErrors(() => readState(this.#session, link))
  }

  takeOver(link: string): Promise<Checkpoint> {
    return this.#withErrors(() => takeOver(this.#session, link))
  }

  apply(plan: ApplyPlan): Promise<Applied> {
    return this.#withErrors(() => applyPlan(this.#session, plan))
  }

  async close(): Promise<void> {
    this.#unwatch()
    await this.log.close()
    await this.#session.close()
  }

  #withErrors<T>(work: () => Promise<T>): Promise<T> {
    return withEndpointErrors(this.location, work)
  }

  /** In the order in which a table keeps its rows, as far as the database can tell: sorting them again costs little. */
  async *#rows(table: MysqlTable, condition = 'TRUE', signal?: AbortSignal): AsyncGenerator<Cell[][]> {
    const { list, cells } = rowSelect(table)
    const select = `SELECT ${list} FROM ${table.sql} t WHERE ${condition} ORDER BY ${orderOf(table)}`
    try {
      for await (const rows of this.#session.rows(select, signal)) yield rows.map(cells)
    } catch (error) {
      throw endpointError(this.location, error)
    }
  }
}

function orderOf(table: MysqlTable): string {
  const order = table.key.map((key) => {
    const { isText } = table.columns.find(({ name }) => name === key)!
    const column = `t.${quoteName(key)}`
    return isText ? `CAST(CONVERT(${column} USING utf8mb4) AS BINARY)` : column
  })
  return order.join(', ')
}
