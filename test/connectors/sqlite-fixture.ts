// An SQLite file in WAL mode or with a rollback journal, that another process writes to, as a fixture for the suites.
import fs from 'node:fs'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { ConnectorFixture, Feature } from '../../src/contract/fixture.ts'
import { sqlEndpoint } from '../contract/sql-endpoint.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'
import { sqliteRefusals, sqliteValues } from './sqlite-cases.ts'

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (value: string | null): string =>
  value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`

const features: readonly Feature[] = [
  'unique',
  'unique swaps',
  'foreign keys',
  'cascades',
  'checks',
  'generated columns',
  'triggers',
  'tables without a key',
  'digest',
  'sequences',
  'values of more than 16 MiB',
]

export function sqliteFixture(journal: 'WAL' | 'DELETE', more: readonly Feature[]): ConnectorFixture {
  return {
    name: `SQLite (${journal})`,
    without: '',
    features: new Set([...features, ...more]),
    values: sqliteValues,
    refusals: sqliteRefusals,
    start() {
      const writer = startSqliteWriter()
      const dir = temporaryDir()
      let count = 0
      return Promise.resolve({
        stop: () => writer.stop(),
        async fresh() {
          const file = `${dir}/contract ${++count}.db`
          await writer.query(file, `PRAGMA journal_mode = ${journal}`)
          const url = `sqlite://${file.replaceAll(' ', '%20')}`
          return {
            url,
            open: () => openEndpoint(url),
            ...sqlEndpoint({
              run: (statements) => writer.run(file, statements),
              query: (sql) => writer.query(file, sql),
              quote,
              literal,
              types: { int: 'INTEGER', name: 'TEXT', text: 'TEXT', serial: 'INTEGER' },
              shown: `typeof(v) || ' ' || hex(CAST(v AS BLOB)) || quote(v)`,
            }),
            capitalize: (table, column) =>
              writer.run(
                file,
                ['INSERT', 'UPDATE'].map(
                  (when) => `CREATE TRIGGER "capitals ${when}" AFTER ${when} ON ${quote(table)}
                BEGIN UPDATE ${quote(table)} SET ${quote(column)} = upper(NEW.${quote(column)}) WHERE id = NEW.id; END`,
                ),
              ),
            async backup() {
              const saved = `${file}.${++count}`
              const flush = (): Promise<unknown> => writer.query(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
              await flush()
              fs.copyFileSync(file, saved)
              return async () => {
                await flush()
                fs.copyFileSync(saved, file)
              }
            },
            cut: () => Promise.reject(new Error('there is no line')),
            close: () => Promise.resolve(),
          }
        },
      })
    },
  }
}
