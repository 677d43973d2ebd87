// Databases that can be killed, as the test of kills sees them: a table of people, and a writer who is told of every change
// whether it was done.
import path from 'node:path'
import type { Client } from 'pg'
import type { Connection } from 'mysql2/promise'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
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

export const serverKinds: Readonly<Record<'postgres' | 'mariadb' | 'mysql' | 'sqlite', ServerKind>> = {
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
    without: withoutMariadb,
    start: () => killMysql(startMariadb()),
  },
  mysql: {
    name: 'MySQL',
    without: withoutMysql,
    start: () => killMysql(startMysql()),
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
const allPeople = 'SELECT id, name, n FROM people ORDER BY id'

function statementOf({ kind, id, name }: Write, conflict: string): string {
  if (kind === 'delete') return `DELETE FROM people WHERE id = ${id}`
  if (kind === 'rename') return `UPDATE people SET name = '${name}' WHERE id = ${id}`
  return `INSERT INTO people VALUES (${id}, '${name}', 1) ${conflict} name = '${name}', n = people.n + 1`
}

function filling(people: readonly Person[]): string {
  return `INSERT INTO people VALUES ${people.map(({ id, name, n }) => `(${id}, '${name}', ${n})`).join(', ')}`
}

/** A database on a server; `db` is lost with it. */
abstract class ServerEndpoint<Db> implements KillEndpoint {
  readonly url: string
  protected db: Db
  readonly #server: Killable<Db>

  constructor(server: Killable<Db>, url: string, db: Db) {
    this.#server = server
    this.url = url
    this.db = db
  }

  protected abstract readonly conflict: string
  protected abstract run(sql: string): Promise<unknown>
  abstract people(): Promise<Person[]>

  async make(): Promise<this> {
    await this.run(table)
    return this
  }

  async write(write: Write): Promise<void> {
    await this.run(statementOf(write, this.conflict))
  }

  async fill(people: readonly Person[]): Promise<void> {
    await this.run(filling(people))
  }

  async kill(): Promise<void> {
    await this.#server.kill()
    await this.#server.start()
    this.db = await this.#server.client(this.url)
  }
}

interface Killable<Db> {
  client(url: string): Promise<Db>
  kill(): Promise<void>
  start(): Promise<void>
}

class PostgresEndpoint extends ServerEndpoint<Client> {
  protected readonly conflict = 'ON CONFLICT (id) DO UPDATE SET'

  static async make(server: Postgres, name: string): Promise<KillEndpoint> {
    const url = await server.database(name)
    return new PostgresEndpoint(server, url, await server.client(url)).make()
  }

  protected run(sql: string): Promise<unknown> {
    return this.db.query(sql)
  }

  async people(): Promise<Person[]> {
    return (await this.db.query<Person>(allPeople)).rows
  }
}

async function killMysql(starting: Promise<MysqlServer>): Promise<KillServer> {
  const server = await starting
  return { endpoint: (name) => MysqlEndpoint.make(server, name), stop: () => server.stop() }
}

class MysqlEndpoint extends ServerEndpoint<Connection> {
  protected readonly conflict = 'ON DUPLICATE KEY UPDATE'

  static async make(server: MysqlServer, name: string): Promise<KillEndpoint> {
    const url = await server.database(name)
    return new MysqlEndpoint(server, url, await server.client(url)).make()
  }

  protected run(sql: string): Promise<unknown> {
    return this.db.query(sql)
  }

  async people(): Promise<Person[]> {
    const [rows] = await this.db.query(allPeople)
    return (rows as Person[]).map(({ id, name, n }) => ({ id, name, n }))
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
    const rows = await this.#writer.query(this.url, allPeople)
    return rows.map(({ id, name, n }) => ({ id: Number(id), name: name!, n: Number(n) }))
  }

  async kill(): Promise<void> {
    await this.#writer.kill()
    this.#writers.splice(this.#writers.indexOf(this.#writer), 1)
    this.#writer = startSqliteWriter()
    this.#writers.push(this.#writer)
  }
}
