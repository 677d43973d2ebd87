// A database of PostgreSQL that another client uses, as a fixture for the suites.
import type { Client } from 'pg'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { ConnectorFixture, PlainRow } from '../../src/contract/fixture.ts'
import { type SqlDialect, backupIn, sqlEndpoint } from '../contract/sql-endpoint.ts'
import {
  type Postgres,
  startNewerPostgres,
  startPostgres,
  withoutNewerPostgres,
  withoutPostgres,
} from '../support/postgres.ts'
import { postgresRefusals, postgresValues } from './postgres-cases.ts'

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (value: string | null): string =>
  value === null ? 'NULL' : `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

const facts: Omit<ConnectorFixture, 'name' | 'without' | 'start'> = {
  features: new Set([
    'unique',
    'unique swaps',
    'foreign keys',
    'cascades',
    'checks',
    'generated columns',
    'triggers',
    'tables without a key',
    'one moment over all tables',
    'digest',
    'writers amid a plan',
    'a line that can be cut',
    'sequences',
    'values of more than 16 MiB',
    'a log that is read on after a kill',
  ]),
  values: postgresValues,
  refusals: postgresRefusals,
}

export const postgresFixture: ConnectorFixture = {
  ...facts,
  name: 'PostgreSQL',
  without: withoutPostgres,
  start: () => startWith(startPostgres),
}

export const newerPostgresFixture: ConnectorFixture = {
  ...facts,
  name: 'PostgreSQL 18',
  without: withoutNewerPostgres,
  start: () => startWith(startNewerPostgres),
}

async function startWith(begin: () => Promise<Postgres>): ReturnType<ConnectorFixture['start']> {
  const postgres = await begin()
  let count = 0
  // Making a database costs more than most tests: each is used again when its test is through.
  const free: string[] = []
  return {
    stop: () => postgres.stop(),
    async fresh() {
      const url = free.pop() ?? (await postgres.database(`contract${++count}`))
      const db = await postgres.client(url)
      await db.query('SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public')
      const means: Pick<SqlDialect, 'run' | 'query' | 'quote'> = {
        run: async (statements) => void (await db.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'))),
        query: (sql) => textRows(db, sql),
        quote,
      }
      return {
        url,
        open: () => openEndpoint(url),
        ...sqlEndpoint({
          ...means,
          literal,
          types: { int: 'int', name: 'text', text: 'text', serial: 'serial' },
          shown: 'v::text',
        }),
        async capitalize(table, column) {
          await db.query(`
            CREATE FUNCTION capitals() RETURNS trigger LANGUAGE plpgsql AS $$
              BEGIN NEW.${quote(column)} = upper(NEW.${quote(column)}); RETURN NEW; END $$;
            CREATE TRIGGER capitals BEFORE INSERT OR UPDATE ON ${quote(table)}
              FOR EACH ROW EXECUTE FUNCTION capitals()`)
        },
        backup: backupIn(
          means,
          "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        ),
        async cut() {
          await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()`)
        },
        async close() {
          await db.end()
          free.push(url)
        },
      }
    },
  }
}

async function textRows(db: Client, sql: string): Promise<PlainRow[]> {
  const { rows } = await db.query({
    text: sql,
    types: { getTypeParser: () => (text: string) => text } as never,
  })
  return rows as PlainRow[]
}
