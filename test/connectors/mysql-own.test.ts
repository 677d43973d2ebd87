// What only MySQL's own server has: its way to check passwords, keys and columns that nobody sees, indexes over what is
// computed, and changes of references, which its log has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from 'mysql2/promise'
import { utf8Text } from '../../src/base/bytes.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { freePort } from '../support/free-port.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { beginLog, changeText, openReader, readChanges } from './log-reading.ts'

describe.skipIf(withoutMysql !== '')(`MySQL's own ways${withoutMysql}`, () => {
  let server: MysqlServer
  let url: string
  let db: Connection
  let connector: Connector
  let port: number
  beforeAll(async () => {
    port = await freePort()
    server = await startMysql([
      '--skip-networking=OFF',
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--sql-generate-invisible-primary-key=ON',
      '--binlog-row-metadata=FULL',
    ])
    url = await server.database('own')
    db = await server.client(url)
    connector = await openEndpoint(url)
  }, 60_000)
  afterAll(async () => {
    await connector.close()
    await server.stop()
  }, 60_000)

  /** What the log has of some statements, and what the table holds then. */
  async function logged(name: string, ...statements: readonly string[]): Promise<string[]> {
    const tables = await connector.discover([name])
    expect(await connector.log!.obstacle(tables)).toBe(null)
    const reader = await openReader(connector.log!, tables, await beginLog(connector.log!, name, tables))
    for (const one of statements) await db.query(one)
    const found = await readChanges(reader)
    await reader.close()
    return found.map(changeText)
  }

  async function rowsOf(name: string): Promise<string[]> {
    const tables = await connector.discover([name])
    const snapshot = await connector.snapshot(tables)
    const rows: string[] = []
    for await (const batch of snapshot.rows(tables[0]!))
      rows.push(...batch.map((row) => row.map(({ bytes }) => utf8Text(bytes)).join(' ')))
    await snapshot.close()
    return rows
  }

  test('a password by caching_sha2_password, over TCP without TLS, at first and when the server knows it', async () => {
    await db.query(
      "CREATE USER sha IDENTIFIED WITH caching_sha2_password BY 'p ä'; GRANT SELECT ON own.* TO sha",
    )
    const open = (password: string): Promise<Connector> =>
      openEndpoint(`mysql://sha@127.0.0.1:${port}/own`, { environment: { MYSQL_PWD: password } })
    for (let i = 0; i < 2; i++) {
      const other = await open('p ä')
      expect(await other.identity!()).toContain('mysql:')
      await other.close()
    }
    await expect(open('wrong')).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  })

  test('a key that the server has made by itself is a key, and columns that are not shown are there', async () => {
    await db.query('CREATE TABLE keyless (n int, hidden int INVISIBLE)')
    const [table] = await connector.discover(['keyless'])
    expect(table!.key).toEqual(['my_row_id'])
    expect(await logged('keyless', 'INSERT INTO keyless (n, hidden) VALUES (7, 8)')).toEqual(['put 1 7 8'])
    expect(await rowsOf('keyless')).toEqual(['1 7 8'])
  })

  test('what is computed is in the log as it is in the table; what an index computes is no column', async () => {
    await db.query(`CREATE TABLE computed (id int PRIMARY KEY, n int, double_n int AS (n * 2) VIRTUAL, kept int AS (n + 1) STORED,
      tags json, CHECK (n < 100), KEY ((n + 5)), KEY (double_n), KEY ((CAST(tags AS UNSIGNED ARRAY))))`)
    expect(
      await logged(
        'computed',
        "INSERT INTO computed (id, n, tags) VALUES (1, 4, '[1, 2]')",
        'UPDATE computed SET n = 5 WHERE id = 1',
      ),
    ).toEqual(['put 1 4 8 5 [1, 2]', 'put 1 5 10 6 [1, 2]'])
    expect(await rowsOf('computed')).toEqual(['1 5 10 6 [1, 2]'])
  })

  test('rows that change with those that they refer to are in the log', async () => {
    await db.query(`CREATE TABLE parents (id int PRIMARY KEY);
      CREATE TABLE children (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE);
      INSERT INTO parents VALUES (1), (2); INSERT INTO children VALUES (10, 1), (20, 2)`)
    expect(
      await logged('children', 'UPDATE parents SET id = 3 WHERE id = 2', 'DELETE FROM parents WHERE id = 1'),
    ).toEqual(['put 20 3', 'delete 10'])
  })

  test('a collation that tells spaces at the end apart, one that does not, and one that knows no case', async () => {
    await db.query(`CREATE TABLE spaced (k varchar(9) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, v int);
      INSERT INTO spaced VALUES ('a', 1), ('a ', 2), ('ä b', 3)`)
    expect(await logged('spaced', "UPDATE spaced SET v = 4 WHERE k = 'A '")).toEqual(['put a  4'])
    expect((await rowsOf('spaced')).toSorted()).toEqual(['a  4', 'a 1', 'ä b 3'])
  })

  test('a transaction is called by its GTID', async () => {
    await db.query('CREATE TABLE named (id int PRIMARY KEY)')
    const tables = await connector.discover(['named'])
    const log = connector.log!
    const reader = await openReader(log, tables, await beginLog(log, 'named', tables))
    await db.query('INSERT INTO named VALUES (1)')
    const ids: string[] = []
    for await (const { transaction } of reader.read(await reader.now()))
      if (transaction !== null) ids.push(transaction.id)
    await reader.close()
    expect(ids).toEqual([expect.stringMatching(/^GTID [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d+$/)])
  })

  test('what a session writes in part is compared', async () => {
    await db.query(
      `CREATE TABLE partial (id int PRIMARY KEY, j json); INSERT INTO partial VALUES (1, '{"a": 1, "b": "${'x'.repeat(200)}"}')`,
    )
    await db.query("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'")
    const found = await logged('partial', "UPDATE partial SET j = JSON_SET(j, '$.a', 2)")
    await db.query("SET SESSION binlog_row_value_options = ''")
    expect(found).toEqual(['unclear: the log has an event of an unknown kind (39)'])
  })

  test('compressed transactions are read, each as a whole, and gone on from; one that is too long is compared', async () => {
    await db.query(`CREATE TABLE packed (id int PRIMARY KEY, v longtext);
      SET SESSION binlog_transaction_compression = ON`)
    const tables = await connector.discover(['packed'])
    const log = connector.log!
    let mark = await beginLog(log, 'packed', tables)
    const changes: string[] = []
    const named: string[] = []
    /** Opens the log anew each time. */
    const read = async (...statements: readonly string[]): Promise<void> => {
      for (const one of statements) await db.query(one)
      const reader = await openReader(log, tables, mark)
      for await (const part of reader.read(await reader.now())) {
        changes.push(...part.changes.map(changeText))
        if (part.transaction !== null) named.push(part.transaction.id)
        if (part.position !== null) mark = { position: part.position, acknowledged: part.position }
      }
      await reader.close()
    }
    await read(
      "BEGIN; INSERT INTO packed VALUES (1, 'a'), (2, 'b'); UPDATE packed SET v = 'c' WHERE id = 2; COMMIT",
      'DELETE FROM packed WHERE id = 1',
    )
    await read(
      "UPDATE packed SET v = REPEAT('x', 100000)",
      'SET SESSION binlog_transaction_compression = OFF',
    )
    await read("INSERT INTO packed VALUES (3, 'plain')")
    expect(changes).toEqual([
      'put 1 a',
      'put 2 b',
      'put 2 c',
      'delete 1',
      `put 2 ${'x'.repeat(100_000)}`,
      'put 3 plain',
    ])
    expect(new Set(named).size).toBe(4)
    expect(named.join(' ')).toMatch(/^(GTID [0-9a-f-]+:\d+ ?){4}$/)
    changes.length = 0
    await read(
      'SET SESSION binlog_transaction_compression = ON',
      `BEGIN; ${[4, 5, 6].map((id) => `INSERT INTO packed VALUES (${id}, REPEAT('y', 12000000))`).join('; ')}; COMMIT`,
      'SET SESSION binlog_transaction_compression = OFF',
      'DELETE FROM packed WHERE id > 2',
    )
    expect(changes).toEqual([
      'unclear: the log has an event that is too long to be read',
      ...[3, 4, 5, 6].map((id) => `delete ${id}`),
    ])
  })
})
