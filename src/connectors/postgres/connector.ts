// PostgreSQL as an endpoint. One connection, whose settings make every value's text the same everywhere. A snapshot is
// one repeatable-read transaction over all tables, read by COPY; writing is one transaction of guarded statements.
import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { VarveError } from '../../base/errors.ts'
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
import { applyPlan } from './apply.ts'
import { copyRows } from './copy-text.ts'
import { type PostgresTable, discoverTables } from './discover.ts'
import { quoteName } from './sql.ts'
import { readState, takeOver } from './state.ts'
import { cellOfText, sessionSettings } from './types.ts'

const connectMsMax = 15_000

export async function openPostgres(url: string, options: ConnectorOptions): Promise<Connector> {
  const password = options.environment?.['PGPASSWORD']
  const client = new Client({
    connectionString: url,
    ...(password === undefined ? {} : { password }),
    connectionTimeoutMillis: connectMsMax,
    application_name: 'varve',
  })
  // A connection that breaks while nobody waits for it is noticed by whoever asks next.
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (const setting of sessionSettings) await client.query(setting)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw unreachable(url, error)
  }
  return new PostgresConnector(client, url)
}

class PostgresConnector implements Connector {
  readonly location: string
  readonly #client: Client

  constructor(client: Client, url: string) {
    this.#client = client
    this.location = url.replace(/\?.*$/, '')
  }

  /** The cluster's own number, and the database in it. */
  async identity(): Promise<string> {
    const { rows } = await this.#client.query<{ cluster: string; database: string }>(
      `SELECT (SELECT system_identifier FROM pg_control_system())::text AS cluster, oid::text AS database
         FROM pg_database WHERE datname = current_database()`,
    )
    return `postgres:${rows[0]!.cluster}:${rows[0]!.database}`
  }

  discover(names?: readonly string[]): Promise<readonly EndpointTable[]> {
    return discoverTables(this.#client, names)
  }

  async snapshot(): Promise<EndpointSnapshot> {
    await this.#client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    return {
      rows: (table) => this.#rows(table as PostgresTable),
      close: async () => void (await this.#client.query('COMMIT')),
    }
  }

  checkpoint(link: string): Promise<Checkpoint | null> {
    return readState(this.#client, link)
  }

  takeOver(link: string): Promise<Checkpoint> {
    return takeOver(this.#client, link)
  }

  apply(plan: ApplyPlan): Promise<Applied> {
    return applyPlan(this.#client, plan)
  }

  async close(): Promise<void> {
    await this.#client.end()
  }

  /** In the order in which a table keeps its rows, as far as the database can tell: sorting them again costs little. */
  async *#rows(table: PostgresTable): AsyncGenerator<Cell[][]> {
    const columns = table.columns.map(({ name }) => `t.${quoteName(name)}::text`).join(', ')
    const order = table.key.map((name) => {
      const isCollatable = table.columns.find((column) => column.name === name)!.isCollatable
      return `t.${quoteName(name)}${isCollatable ? ' COLLATE "C"' : ''}`
    })
    const select = `SELECT ${columns} FROM ${table.sql} t ORDER BY ${order.join(', ')}`
    const stream = this.#client.query(copyTo(`COPY (${select}) TO STDOUT`))
    for await (const rows of copyRows(stream as AsyncIterable<Uint8Array>, table.columns.length)) {
      yield rows.map((fields) => fields.map((field, i) => cellOfText(field, table.columns[i]!.type)))
    }
  }
}

function unreachable(url: string, cause: unknown): VarveError {
  const where = url.replace(/\?.*$/, '')
  const { code, message } = cause as { code?: string; message: string }
  if (code !== undefined && /^(28|3D)/.test(code)) {
    return new VarveError('VARVE_REFUSED', `'${where}' refuses access: ${message}`, {
      data: { url: where },
      cause,
      hint: 'give the password in PGPASSWORD or a .pgpass file, never in the URL',
    })
  }
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${where}': ${message || code}`, {
    data: { url: where },
    cause,
    hint: 'check that the server runs and can be reached from here',
  })
}
