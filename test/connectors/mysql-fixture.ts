// MariaDB and MySQL as endpoints of the contract of connectors.
import { type Connection, escape, escapeId } from 'mysql2/promise'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { ConnectorFixture, PlainRow } from '../../src/contract/fixture.ts'
import { type SqlDialect, backupIn, sqlEndpoint } from '../contract/sql-endpoint.ts'
import type { MysqlServer } from '../support/mysql-server.ts'

const quote = (name: string): string => escapeId(name, true)
const literal = (value: string | null): string => (value === null ? 'NULL' : escape(value))

export interface MysqlKind extends Pick<ConnectorFixture, 'name' | 'without' | 'values' | 'refusals'> {
  readonly start: (settings: readonly string[]) => Promise<MysqlServer>
}

export function mysqlFixture({ start, ...kind }: MysqlKind): ConnectorFixture {
  return {
    ...kind,
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
    // Identifiers are of the first plane of Unicode.
    impossibleNames: ['Ünïcode 💧'],
    async start() {
      const server = await start(['--max-allowed-packet=256M'])
      let count = 0
      return {
        stop: () => server.stop(),
        async fresh() {
          const name = `contract${++count}`
          const url = await server.database(name)
          const db = await server.client(url)
          await db.query("SET time_zone = '+00:00'")
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
              types: { int: 'int', name: 'varchar(200)', text: 'longtext', serial: 'int auto_increment' },
              shown: 'HEX(CAST(v AS BINARY))',
            }),
            async capitalize(table, column) {
              for (const event of ['INSERT', 'UPDATE'])
                await db.query(
                  `CREATE TRIGGER capitals_${event} BEFORE ${event} ON ${quote(table)}
                   FOR EACH ROW SET NEW.${quote(column)} = UPPER(NEW.${quote(column)})`,
                )
            },
            backup: backupIn(
              means,
              'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
            ),
            async cut() {
              const others = await textRows(
                db,
                'SELECT id FROM information_schema.PROCESSLIST WHERE db = DATABASE() AND id <> CONNECTION_ID()',
              )
              for (const { id } of others) await db.query(`KILL ${Number(id)}`)
            },
            async close() {
              await db.query(`DROP DATABASE ${name}`)
              await db.end()
            },
          }
        },
      }
    },
  }
}

async function textRows(db: Connection, sql: string): Promise<PlainRow[]> {
  const all = /^SELECT \* FROM (.+)$/.exec(sql)?.[1]
  if (all === undefined)
    return (await db.query({ sql, typeCast: (field) => field.string('utf8') }))[0] as PlainRow[]
  // The driver refuses columns of some names, such as __proto__.
  const names = (await textRows(db, `SHOW COLUMNS FROM ${all}`)).map((row) => row['Field']!)
  const columns = names.map((name, i) => `${quote(name)} AS c${i}`).join(', ')
  const rows = await textRows(db, `SELECT ${columns} FROM ${all} t`)
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[`c${i}`]!])))
}
