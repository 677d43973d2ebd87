// Databases that can be killed, as the test of kills sees them: a table of people, and a writer who is told of every change
// whether it was done.
import path from 'node:path'
import type { Client } from 'pg'
import type { Connection } from 'mysql2/promise'
import { type Mariadb, hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { type SqliteWriter, startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

export interface Person {
  readonly id: number
  readonly name: string
  readonly n: number
}

/** A change of one row; `upsert` counts one up where the row is there. */
export interface Write {
  readonly kind: 'upsert' | 'rename' | 'delete'
  readonly id: number
  readonly name: string
}

export interface KillEndpoint {
  /** For `link add`. */
  readonly url: string
  /** A transaction. Where it fails, whether it was done is not known. */
  write(write: Write): Promise<void>
  fill(people: readonly Person[]): Promise<void>
  people(): Promise<Person[]>
  /** As kill -9, and back again with what was committed. */
  kill(): Promise<void>
}

export interface KillServer {
  /** With an empty table of people. */
  endpoint(name: string): Promise<KillEndpoint>
  stop(): Promise<void>
}

export interface ServerKind {
  readonly name: string
  /** '' or why it is skipped. */
  readonly without: string
  readonly start: () => Promise<KillServer>
}

export const serverKinds: Readonly<Record<'postgres' | 'mariadb' | 'sqlite', ServerKind>> = {
  postgres: {
    name: 'PostgreSQL',
    without: hasPostgres ? '' : withoutPostgres,
    start: async () => {
      const server = await startPostgres({ fsync: 'on' })
      return { endpoint: (name) => PostgresEndpoint.make(server, name), stop: () => server.stop() }
    },
  },
  mariadb: {
    name: 'MariaDB',
    without: hasMariadb ? '' : withoutMariadb,
    start: async () => {
      const server = await startMariadb()
      return { endpoint: (name) => MariadbEndpoint.make(server, name), stop: () => server.stop() }
    },
  },
  sqlite: {
    name: 'SQLite',
    without: '',
    start: async () => {
      const writers: SqliteWriter[] = []
      return {
        endpoint: () => SqliteEndpoint.make(writers),
        stop: async () => {
          for (const writer of writers) await writer.stop()
        },
      }
    },
  },
}

const table = 'CREATE TABLE people (id int NOT NULL PRIMARY KEY, name varchar(100) NOT NULL, n int NOT NULL)'

function statementOf({ kind, id, name }: Write, conflict: string): string {
  if (kind === 'delete') return `DELETE FROM people WHERE id = ${id}`
  if (kind === 'rename') return `UPDATE people SET name = '${name}' WHERE id = ${id}`
  return `INSERT INTO people VALUES (${id}, '${name}', 1) ${conflict} name = '${name}', n = people.n + 1`
}

function filling(people: readonly Person[]): string {
  return `INSERT INTO people VALUES ${people.map(({ id, name, n }) => `(${id}, '${name}', ${n})`).join(', ')}`
}

class PostgresEndpoint implements KillEndpoint {
  readonly url: string
  readonly #server: Postgres
  #db: Client

  private constructor(server: Postgres, url: string, db: Client) {
    this.#server = server
    this.url = url
    this.#db = db
  }

  static async make(server: Postgres, name: string): Promise<PostgresEndpoint> {
    const url = await server.database(name)
    const endpoint = new PostgresEndpoint(server, url, await server.client(url))
    await endpoint.#db.query(table)
    return endpoint
  }

  async write(write: Write): Promise<void> {
    await this.#db.query(statementOf(write, 'ON CONFLICT (id) DO UPDATE SET'))
  }

  async fill(people: readonly Person[]): Promise<void> {
    await this.#db.query(filling(people))
  }

  async people(): Promise<Person[]> {
    return (await this.#db.query<Person>('SELECT id, name, n FROM people ORDER BY id')).rows
  }

  async kill(): Promise<void> {
    await this.#server.kill()
    await this.#server.start()
    this.#db = await this.#server.client(this.url)
  }
}

class MariadbEndpoint implements KillEndpoint {
  readonly url: string
  readonly #server: Mariadb
  #db: Connection

  private constructor(server: Mariadb, url: string, db: Connection) {
    this.#server = server
    this.url = url
    this.#db = db
  }

  static async make(server: Mariadb, name: string): Promise<MariadbEndpoint> {
    const url = await server.database(name)
    const endpoint = new MariadbEndpoint(server, url, await server.client(url))
    await endpoint.#db.query(table)
    return endpoint
  }

  async write(write: Write): Promise<void> {
    await this.#db.query(statementOf(write, 'ON DUPLICATE KEY UPDATE'))
  }

  async fill(people: readonly Person[]): Promise<void> {
    await this.#db.query(filling(people))
  }

  async people(): Promise<Person[]> {
    const [rows] = await this.#db.query('SELECT id, name, n FROM people ORDER BY id')
    return (rows as Person[]).map(({ id, name, n }) => ({ id, name, n }))
  }

  async kill(): Promise<void> {
    await this.#server.kill()
    await this.#server.start()
    this.#db = await this.#server.client(this.url)
  }
}

/** Killed is the process that writes: it leaves a half transaction in the file. */
class SqliteEndpoint implements KillEndpoint {
  readonly url: string
  readonly #writers: SqliteWriter[]
  #writer: SqliteWriter

  private constructor(url: string, writers: SqliteWriter[]) {
    this.url = url
    this.#writers = writers
    this.#writer = startSqliteWriter()
    writers.push(this.#writer)
  }

  static async make(writers: SqliteWriter[]): Promise<SqliteEndpoint> {
    const endpoint = new SqliteEndpoint(path.join(temporaryDir(), 'people.db'), writers)
    await endpoint.#writer.run(endpoint.url, [table])
    return endpoint
  }

  write(write: Write): Promise<void> {
    return this.#writer.run(this.url, [statementOf(write, 'ON CONFLICT (id) DO UPDATE SET')])
  }

  fill(people: readonly Person[]): Promise<void> {
    return this.#writer.run(this.url, [filling(people)])
  }

  async people(): Promise<Person[]> {
    const rows = await this.#writer.query(this.url, 'SELECT id, name, n FROM people ORDER BY id')
    return rows.map(({ id, name, n }) => ({ id: Number(id), name: name!, n: Number(n) }))
  }

  async kill(): Promise<void> {
    await this.#writer.kill()
    this.#writers.splice(this.#writers.indexOf(this.#writer), 1)
    this.#writer = startSqliteWriter()
    this.#writers.push(this.#writer)
  }
}
