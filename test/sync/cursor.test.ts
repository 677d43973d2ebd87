// Tables that are read by a cursor column keep their contract with PostgreSQL, MariaDB and SQLite; and what varve.yaml may say.
import { describe, expect, test } from 'vitest'
import { cursorContract } from '../contract/cursor.ts'
import { parseConfig } from '../../src/dataset/config.ts'
import { cursorEntry } from '../../src/dataset/cursor-section.ts'
import { hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { isMysqlChosen, startMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { type SqliteWriter, startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

let count = 0
let postgres: Postgres
let writer: SqliteWriter
let dir: string

cursorContract({
  name: 'PostgreSQL',
  without: hasPostgres ? '' : withoutPostgres,
  timeType: 'timestamp',
  start: async () => void (postgres = await startPostgres()),
  stop: () => postgres.stop(),
  fresh: () => postgres.database(`cursor${++count}`),
  run: async (url, sql) => {
    const db = await postgres.client(url)
    await db.query(sql)
    await db.end()
  },
})

mysqlContract('MariaDB', hasMariadb ? '' : withoutMariadb, startMariadb)
if (isMysqlChosen) mysqlContract('MySQL', '', startMysql)

function mysqlContract(name: string, without: string, start: () => Promise<MysqlServer>): void {
  let server: MysqlServer
  cursorContract({
    name,
    without,
    timeType: 'datetime',
    start: async () => void (server = await start()),
    stop: () => server.stop(),
    fresh: () => server.database(`cursor${++count}`),
    run: async (url, sql) => {
      const db = await server.client(url)
      await db.query(sql)
      await db.end()
    },
  })
}

cursorContract({
  name: 'SQLite',
  without: '',
  timeType: 'timestamp',
  start: () => {
    writer = startSqliteWriter()
    dir = temporaryDir()
    return Promise.resolve()
  },
  stop: () => writer.stop(),
  fresh: async () => {
    const file = `${dir}/cursor${++count}.db`
    await writer.query(file, 'PRAGMA journal_mode = WAL')
    return `sqlite://${file}`
  },
  run: (url, sql) => writer.run(url.replace('sqlite://', ''), [sql]),
})

describe('the setting cursor of a link', () => {
  const links = (cursor: string, mode = 'capture') =>
    parseConfig(
      `links: {shop: {endpoint: 'postgres:///a', mode: ${mode}, tables: [people, orders], cursor: ${cursor}}}`,
    ).links.get('shop')!.cursor

  test('names a column, or column, lag and how often all is read', () => {
    expect(links('{people: at, orders: {column: id, lag: 1000, full: 24h}}')).toEqual([
      { table: 'people', column: 'at' },
      { table: 'orders', column: 'id', lag: { units: 1000 }, fullMs: 86_400_000 },
    ])
    expect(links('{people: {column: at, lag: 5m}}')).toEqual([
      { table: 'people', column: 'at', lag: { ms: 300_000 } },
    ])
  })

  test('names how rows are marked as deleted, by a column or by its values, and is written as it was read', () => {
    const [marked] = links('{people: {column: at, deletes: gone}}')!
    expect(marked).toEqual({ table: 'people', column: 'at', deletes: [{ path: 'gone', values: ['*'] }] })
    const [valued] = links('{people: {column: at, deletes: {state: [gone, 2]}}}')!
    expect(valued!.deletes).toEqual([{ path: 'state', values: ['gone', '2'] }])
    for (const one of [marked!, valued!])
      expect(links(`{people: ${JSON.stringify(cursorEntry(one))}}`)).toEqual([one])
    expect(() => links('{people: {column: at, deletes: [gone]}}')).toThrow(
      /'deletes' is neither a property nor a map/,
    )
  })

  test.each([
    ['{others: at}', 'capture', /no such table/],
    ['{people: {lag: 5m}}', 'capture', /no column/],
    ['{people: {column: at, lag: soon}}', 'capture', /not a lag/],
    ['{people: {column: at, fill: 1h}}', 'capture', /unknown setting/],
    ['{people: at}', 'two-way', /sees no deletes/],
  ])('%s with %s is refused', (cursor, mode, message) => {
    expect(() => links(cursor, mode)).toThrow(message)
  })
})
