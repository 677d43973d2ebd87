// The kinds of SQL databases, for tests that ask the same of all of them: a new database each time, and somebody who
// uses it with plain SQL.
import path from 'node:path'
import { startMariadb, withoutMariadb } from './mariadb.ts'
import { isMysqlChosen, startMysql, withoutMysql } from './mysql.ts'
import type { MysqlServer } from './mysql-server.ts'
import { startPostgres, withoutPostgres } from './postgres.ts'
import { startSqliteWriter } from './sqlite-writer.ts'
import { temporaryDir } from './temporary.ts'

export interface SqlDatabase {
  readonly url: string
  run(...statements: readonly string[]): Promise<void>
  /** Each value as a text. */
  rows(sql: string): Promise<(string | null)[][]>
}

export interface SqlSystem {
  database(): Promise<SqlDatabase>
  stop(): Promise<void>
}

export interface SqlSystemKind {
  readonly name: string
  /** '' or why it is skipped. */
  readonly without: string
  /** `settings`: of a server of MySQL or MariaDB. */
  readonly start: (settings?: readonly string[]) => Promise<SqlSystem>
}

let count = 0

const systems: readonly SqlSystemKind[] = [
  {
    name: 'PostgreSQL',
    without: withoutPostgres,
    async start() {
      const server = await startPostgres({ max_replication_slots: '60', max_wal_senders: '20' })
      return {
        stop: () => server.stop(),
        async database() {
          const url = await server.database(`system${++count}`)
          const db = await server.client(url)
          return {
            url,
            run: async (...statements) => {
              for (const one of statements) await db.query(one)
            },
            rows: async (text) => {
              const { rows } = await db.query<unknown[]>({ text, rowMode: 'array' })
              return rows.map((row) => row.map(textOf))
            },
          }
        },
      }
    },
  },
  {
    name: 'MariaDB',
    without: withoutMariadb,
    start: (settings) => mysqlSystem(startMariadb(settings)),
  },
  {
    name: 'SQLite',
    without: '',
    async start() {
      const writer = startSqliteWriter()
      return {
        stop: () => writer.stop(),
        async database() {
          const file = path.join(temporaryDir(), 'system.db')
          return {
            url: `sqlite://${file}`,
            run: (...statements) => writer.run(file, statements),
            rows: async (sql) => (await writer.query(file, sql)).map((row) => Object.values(row)),
          }
        },
      }
    },
  },
]

const mysql: SqlSystemKind = {
  name: 'MySQL',
  without: withoutMysql,
  start: (settings) => mysqlSystem(startMysql(settings)),
}

/** With MySQL's own server, where it may do otherwise than MariaDB. */
export const sqlServers: readonly SqlSystemKind[] = [...systems, mysql]

/** Where it does as MariaDB does, MySQL's own server is among them only if that is asked for. */
export const sqlSystems: readonly SqlSystemKind[] = isMysqlChosen ? sqlServers : systems

async function mysqlSystem(starting: Promise<MysqlServer>): Promise<SqlSystem> {
  const server = await starting
  return {
    stop: () => server.stop(),
    async database() {
      const url = await server.database(`system${++count}`)
      const db = await server.client(url)
      return {
        url,
        run: async (...statements) => {
          for (const one of statements) await db.query(one)
        },
        rows: async (sql) => {
          const [rows] = await db.query({ sql, rowsAsArray: true })
          return (rows as unknown[][]).map((row) => row.map(textOf))
        },
      }
    },
  }
}

function textOf(value: unknown): string | null {
  return value === null
    ? null
    : Buffer.isBuffer(value)
      ? value.toString('hex')
      : String(value as string | number)
}
