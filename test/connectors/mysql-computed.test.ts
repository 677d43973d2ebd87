// Columns that MySQL computes when they are read: the log has them as the table does, whatever statement wrote the row,
// unless something of the writer's session is in them. (In the log of MariaDB 10.11 they are wrong where a trigger changes
// a row that an UPDATE of several tables writes.)
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8Text } from '../../src/base/bytes.ts'
import type { Connector, EndpointTable } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Cell } from '../../src/table/interface.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { beginLog, cellsText, openReader, readChanges } from './log-reading.ts'

const create = `
  CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(40), at datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
    v int AS (a + 1) VIRTUAL, kept int AS (a + 2) STORED, indexed int AS (a * 3) VIRTUAL, u varchar(60) AS (concat(upper(s), ':', a)) VIRTUAL,
    l longtext AS (repeat(s, 3)) VIRTUAL, c varchar(20) AS (left(s, 4)) VIRTUAL, y int AS (year(at) + microsecond(at)) VIRTUAL,
    twice int AS (v + indexed) VIRTUAL, KEY (indexed), KEY (c), KEY (a));
  CREATE TABLE x (id int PRIMARY KEY, a int);
  INSERT INTO x VALUES (1, 10), (2, 20), (3, NULL), (9, 9);
  CREATE TRIGGER more BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a * 2;
  CREATE TRIGGER other BEFORE UPDATE ON t FOR EACH ROW SET NEW.s = concat(left(NEW.s, 20), 'z'), NEW.a = IF(NEW.a % 7 = 0, NEW.a + OLD.v, NEW.a);
  CREATE TRIGGER onwards AFTER INSERT ON x FOR EACH ROW UPDATE t SET a = NEW.a WHERE id = NEW.id`

const statements: readonly string[] = [
  "INSERT INTO t (id, a, s) VALUES (1, 1, 'one'), (2, 7, 'two'), (3, NULL, NULL), (4, 14, 'four'), (5, 3, 'five')",
  "INSERT INTO t (id, a, s) VALUES (2, 5, 'b'), (6, 6, 'six') ON DUPLICATE KEY UPDATE a = t.a + 6, s = 'again'",
  "REPLACE INTO t (id, a, s) VALUES (3, 8, 'three'), (7, 1, 'seven')",
  'REPLACE INTO t (id, a) SELECT id, a FROM x WHERE id < 4',
  "UPDATE t SET s = 'by a' WHERE a > 15",
  "UPDATE t SET s = 'by index' WHERE indexed = 36",
  "UPDATE t SET a = 21 WHERE c = 'five'",
  'UPDATE t SET id = id + 100 WHERE id = 1',
  'UPDATE t, x SET t.a = x.a + 5, x.a = x.a + 1 WHERE t.id = x.id',
  'INSERT INTO x VALUES (5, 35)',
  'UPDATE t SET a = v',
  'UPDATE t SET s = left(u, 5) WHERE id < 6',
  'UPDATE t SET a = 28 ORDER BY u LIMIT 2',
  'DELETE FROM t WHERE twice > 100 LIMIT 1',
  "BEGIN; UPDATE t SET a = 1 WHERE id < 5; SAVEPOINT q; DELETE FROM t; ROLLBACK TO q; UPDATE t SET s = 'x' WHERE a = 1; COMMIT",
  'UPDATE t SET a = NULL WHERE id = 101',
]

describe.skipIf(withoutMysql !== '')(`what MySQL computes${withoutMysql}`, () => {
  let server: MysqlServer
  let db: Connection
  let connector: Connector
  let count = 0
  beforeAll(async () => {
    server = await startMysql(['--log-bin-trust-function-creators=1'])
    const url = await server.database('computed')
    db = await server.client(url)
    connector = await openEndpoint(url)
  }, 60_000)
  afterAll(async () => {
    await connector.close()
    await server.stop()
  }, 60_000)

  async function rowsOf(table: EndpointTable): Promise<string[]> {
    const snapshot = await connector.snapshot([table])
    const rows: string[] = []
    for await (const batch of snapshot.rows(table)) rows.push(...batch.map(cellsText))
    await snapshot.close()
    return rows.toSorted()
  }

  test('is in the log what it is in the table, whatever wrote the row', async () => {
    await db.query(create)
    const tables = await connector.discover(['t'])
    expect(await connector.log!.obstacle(tables)).toBe(null)
    const reader = await openReader(connector.log!, tables, await beginLog(connector.log!, 't', tables))
    const rows = new Map<string, string>()
    const keyOf = ([key]: readonly (Cell | null)[]): string => utf8Text(key!.bytes)
    for (const sql of statements) {
      await db.query(sql)
      for (const change of await readChanges(reader)) {
        if (change.kind === 'unclear') throw new Error(change.reason)
        if (change.kind === 'delete') rows.delete(keyOf(change.key))
        else {
          if (change.oldKey !== null) rows.delete(keyOf(change.oldKey))
          rows.set(keyOf(change.after), cellsText(change.after))
        }
      }
      expect([...rows.values()].toSorted(), sql).toEqual(await rowsOf(tables[0]!))
    }
    expect(rows.size).toBeGreaterThan(4)
    await reader.close()
  })

  test.each([
    ['year(at)', "the timestamp 'at'"],
    ['cast(day as datetime)', "the time 'day'"],
    ["date_format('2020-01-02', '%M')", 'date_format()'],
    ['from_unixtime(id)', 'from_unixtime()'],
    ['id / 3', "'/'"],
  ])('from the session of whoever writes keeps the log away: %s', async (expression, part) => {
    await db.query(
      `CREATE TABLE s${++count} (id int PRIMARY KEY, at timestamp NULL, day time, y varchar(40) AS (${expression}) VIRTUAL)`,
    )
    expect(await connector.log!.obstacle(await connector.discover([`s${count}`]))).toBe(
      `column 'y' of 's${count}' is computed by ${part}, which the log has as whoever wrote sees it`,
    )
  })

  test('and keeps from the session is no obstacle', async () => {
    await db.query(
      'CREATE TABLE k (id int PRIMARY KEY, y decimal(9, 4) AS (id / 3) STORED, z int AS (length(concat(y, id))) VIRTUAL)',
    )
    const tables = await connector.discover(['k'])
    expect(await connector.log!.obstacle(tables)).toBe(null)
    const reader = await openReader(connector.log!, tables, await beginLog(connector.log!, 'k', tables))
    await db.query('SET SESSION div_precision_increment = 9; INSERT INTO k (id) VALUES (10)')
    const [change] = await readChanges(reader)
    expect(change?.kind === 'put' && cellsText(change.after)).toBe((await rowsOf(tables[0]!))[0])
    await reader.close()
  })
})
