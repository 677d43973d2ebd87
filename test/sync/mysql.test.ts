// Links with MariaDB and MySQL: what they do otherwise than other databases, and what they have to do as these do. That they
// keep the contract of all connectors is in test/connectors/mysql.test.ts and mariadb.test.ts.
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { LinkMode } from '../../src/dataset/interface.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { syncRound } from '../../src/sync/round.ts'
import { fault } from '../support/fault.ts'
import { wrapped } from '../support/linked.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

interface Syncing {
  readonly wrap?: (connector: Connector) => Connector
  readonly changes?: 'log' | 'compare'
  readonly options?: SyncOptions
}

const kinds = [
  {
    name: 'MariaDB',
    without: withoutMariadb,
    start: () => startMariadb(),
    words: { reset: 'RESET MASTER', noPad: 'utf8mb4_nopad_bin', uuid: 'uuid' },
  },
  {
    name: 'MySQL',
    without: withoutMysql,
    // What MariaDB has by itself.
    start: () => startMysql(['--max-allowed-packet=16M']),
    words: { reset: 'RESET BINARY LOGS AND GTIDS', noPad: 'utf8mb4_0900_bin', uuid: 'char(36)' },
  },
] as const

const named = kinds.map((kind) => [kind.name + kind.without, kind] as const)

describe.each(named)('links with %s', (_, { name, without, start, words }) => {
  describe.skipIf(without !== '')('', () => {
    let server: MysqlServer
    let store: MemoryStore
    let count = 0
    let sides: { url: string; db: Connection }[]

    beforeAll(async () => {
      server = await start()
    }, 60_000)
    afterAll(() => server.stop(), 60_000)

    beforeEach(async () => {
      store = MemoryStore.create()
      sides = []
      for (const name of ['a', 'b']) {
        const url = await server.database(`${name}${++count}`)
        sides.push({ url, db: await server.client(url) })
      }
    })

    async function both(sql: string): Promise<void> {
      for (const { db } of sides) await db.query(sql)
    }

    async function sync(
      endpoint: string,
      mode: LinkMode,
      tables: readonly string[],
      { wrap = (one) => one, changes = 'compare', options = {} }: Syncing = {},
    ): Promise<Receipt> {
      const connector = await openEndpoint(endpoint)
      const name = `at-${sides.findIndex(({ url }) => url === endpoint)}`
      const link = { name, endpoint, mode, tables, changes, into: '', branch: 'main' }
      try {
        return await syncRound({
          repo: createContext(store, { author }),
          folder: null,
          connector: wrap(connector),
          link,
          options,
        })
      } finally {
        await connector.close()
      }
    }

    /** From the first database to the second, through the history. */
    async function carry(tables: readonly string[]): Promise<Receipt> {
      await sync(sides[0]!.url, 'capture', tables)
      return sync(sides[1]!.url, 'mirror', tables)
    }

    async function rows(side: number, sql: string): Promise<unknown[]> {
      return (await sides[side]!.db.query(sql))[0] as unknown[]
    }

    async function edit(
      table: string,
      change: (rows: { put(row: object): void; delete(key: never): void }) => void,
    ) {
      const repository = DataRepository.over(store, { author })
      await repository.transaction('main', (tx) => {
        const handle = tx.table(table)
        change({ put: (row) => handle.put(row as never), delete: (key) => handle.delete(key) })
      })
    }

    test('values that it spells otherwise are written once, and their rows again when they change', async () => {
      await both(`
      CREATE TABLE v (id int PRIMARY KEY, price decimal(12,4), ok boolean, f float, d double, day date,
        at datetime(6), made timestamp(3) NULL, n varchar(9))`)
      await sync(sides[0]!.url, 'two-way', ['v'])
      const row = { id: 1, price: '1.5', ok: 1, f: '1e1', d: '2.50', day: '2024-01-02', n: 'a' }
      await edit('v', (table) =>
        table.put({ ...row, at: '2024-05-06T07:08:09.5', made: '2024-05-06T07:08:09Z' }),
      )
      const round = async (): Promise<unknown> => {
        const { tables, heldBack } = await sync(sides[0]!.url, 'two-way', ['v'])
        const { captured, written } = tables[0]!
        return [captured.changed, written.added + written.changed, heldBack.length]
      }
      expect([await round(), await round(), await round()]).toEqual([
        [0, 1, 0],
        [0, 0, 0],
        [0, 0, 0],
      ])
      await edit('v', (table) =>
        table.put({ ...row, at: '2024-05-06', made: '2024-05-06T07:08:09Z', n: 'b' }),
      )
      expect([await round(), await round()]).toEqual([
        [0, 1, 0],
        [0, 0, 0],
      ])
      await edit('v', (table) => table.put({ ...row, at: '2024-05-06', made: null, n: 'c' }))
      expect(await round()).toEqual([0, 1, 0])
      expect(await rows(0, 'SELECT price, at, made, n FROM v')).toEqual([
        { price: '1.5000', at: '2024-05-06 00:00:00.000000', made: null, n: 'c' },
      ])
      await sides[0]!.db.query('UPDATE v SET price = 1.51, ok = 0')
      expect([await round(), await round()]).toEqual([
        [1, 0, 0],
        [0, 0, 0],
      ])
    })

    test('a document that it writes anew in its own way has not changed, and guards hold for it', async () => {
      await both(
        'CREATE TABLE d (id int PRIMARY KEY, j json, n int); INSERT INTO d VALUES (2, NULL, 0), (3, NULL, 0)',
      )
      await sync(sides[0]!.url, 'two-way', ['d'])
      const j = { long: 'x', b: 1.5, a: [100, { z: null, y: true }] }
      const round = async (): Promise<unknown> => {
        const { tables, heldBack } = await sync(sides[0]!.url, 'two-way', ['d'])
        const { captured, written } = tables[0]!
        return [captured.changed, written.added + written.changed + written.removed, heldBack.length]
      }
      await edit('d', (table) => table.put({ id: 1, j, n: 1 }))
      expect([await round(), await round()]).toEqual([
        [0, 1, 0],
        [0, 0, 0],
      ])
      await edit('d', (table) => table.put({ id: 1, j, n: 2 }))
      expect([await round(), await round()]).toEqual([
        [0, 1, 0],
        [0, 0, 0],
      ])
      await sides[0]!.db.query("UPDATE d SET j = JSON_SET(j, '$.b', 2.5)")
      await edit('d', (table) => table.put({ id: 1, j, n: 3 }))
      expect([await round(), await round()]).toEqual([
        [1, 1, 0],
        [0, 0, 0],
      ])
      await edit('d', (table) => table.delete(1 as never))
      expect([await round(), await rows(0, 'SELECT id FROM d')]).toEqual([
        [0, 1, 0],
        [{ id: 2 }, { id: 3 }],
      ])
    })

    test('a table of many columns arrives as it was, and a second round finds nothing to do', async () => {
      await both(`
      CREATE TABLE v (
        name varchar(40) NOT NULL, part smallint unsigned NOT NULL, price decimal(12,4), ok boolean, at timestamp(6) NULL,
        changed timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, j json, b longblob,
        twice int GENERATED ALWAYS AS (part * 2) STORED, label varchar(80) GENERATED ALWAYS AS (CONCAT(name, '!')) VIRTUAL,
        PRIMARY KEY (name, part))`)
      await sides[0]!.db.query(`
      INSERT INTO v (name, part, price, ok, at, changed, j, b) VALUES
        ('Ada', 1, 1.5, TRUE, '2024-05-06 07:08:09.123456', '2020-01-01 00:00:00', '{"a":  [1, 2.50]}', x'00ff'),
        ('Ada', 2, NULL, FALSE, NULL, '2020-01-01 00:00:00', NULL, ''),
        ('Ünïcode 💧', 65535, 99999999.9999, NULL, NULL, '2020-01-01 00:00:00', 'null', REPEAT(x'27005c', 900000))`)
      expect((await carry(['v'])).heldBack).toEqual([])
      const all =
        'SELECT name, part, price, ok, at, changed, j, twice, label, SHA2(b, 256) FROM v ORDER BY name, part'
      expect(await rows(1, all)).toEqual(await rows(0, all))
      expect((await carry(['v'])).tables[0]).toMatchObject({ written: { added: 0, changed: 0, removed: 0 } })
      // What the server would set by itself is set to what it was set to there.
      await sides[0]!.db.query(
        `UPDATE v SET price = 2, changed = changed WHERE part = 1; UPDATE v SET b = 'x' WHERE part > 2`,
      )
      expect((await carry(['v'])).tables[0]).toMatchObject({ written: { changed: 2 } })
      expect(await rows(1, all)).toEqual(await rows(0, all))
      await sides[0]!.db.query('DELETE FROM v WHERE part = 2')
      expect((await carry(['v'])).tables[0]).toMatchObject({ written: { removed: 1 } })
      expect(await rows(1, all)).toEqual(await rows(0, all))
    })

    test('a view is said to be no table', async () => {
      const [{ url, db }] = sides as [{ url: string; db: Connection }]
      await db.query('CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t')
      const connector = await openEndpoint(url)
      expect(await fault(connector.discover(['v']))).toMatch("'v' is a view")
      await connector.close()
    })

    test('tables whose names differ in case alone are two', async () => {
      await both('CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE T (id int PRIMARY KEY, b text)')
      await sides[0]!.db.query(`INSERT INTO t VALUES (1, 2); INSERT INTO T VALUES (1, 'b')`)
      expect((await carry(['t', 'T'])).heldBack).toEqual([])
      expect([await rows(1, 'SELECT * FROM t'), await rows(1, 'SELECT * FROM T')]).toEqual([
        [{ id: 1, a: 2 }],
        [{ id: 1, b: 'b' }],
      ])
    })

    test('a change of case and one of accents are changes', async () => {
      await both('CREATE TABLE t (id int PRIMARY KEY, s varchar(20) COLLATE utf8mb4_general_ci)')
      await sides[0]!.db.query("INSERT INTO t VALUES (1, 'ada'), (2, 'jose'), (3, 'x')")
      await carry(['t'])
      await sides[0]!.db.query(
        "UPDATE t SET s = 'Ada' WHERE id = 1; UPDATE t SET s = 'José' WHERE id = 2; UPDATE t SET s = 'x ' WHERE id = 3",
      )
      expect((await carry(['t'])).tables[0]).toMatchObject({ written: { changed: 3 } })
      const shown = 'SELECT id, HEX(s) FROM t ORDER BY id'
      expect(await rows(1, shown)).toEqual(await rows(0, shown))
      await sides[1]!.db.query("UPDATE t SET s = 'ADA' WHERE id = 1")
      const raced = await sync(sides[1]!.url, 'two-way', ['t'])
      expect(raced.tables[0]).toMatchObject({ captured: { changed: 1 } })
    })

    test('keys that a collation takes for the same are held back by name, never merged', async () => {
      await sides[0]!.db.query('CREATE TABLE t (k varchar(20) COLLATE utf8mb4_bin PRIMARY KEY, n int)')
      await sides[1]!.db.query('CREATE TABLE t (k varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n int)')
      await sides[0]!.db.query("INSERT INTO t VALUES ('Ada', 1), ('ada', 2), ('b', 3)")
      const receipt = await carry(['t'])
      expect(receipt.heldBack).toMatchObject([
        {
          key: 'ada',
          reason: 'rejected',
          message: expect.stringContaining('takes the key for that of another row') as string,
        },
      ])
      expect(await rows(1, 'SELECT * FROM t ORDER BY n')).toEqual([
        { k: 'Ada', n: 1 },
        { k: 'b', n: 3 },
      ])
      // Spaces at the end of a key are none to this collation.
      await sides[0]!.db.query(
        `DELETE FROM t WHERE k = 'ada'; ALTER TABLE t MODIFY k varchar(20) COLLATE ${words.noPad}; INSERT INTO t VALUES ('b ', 4)`,
      )
      expect((await carry(['t'])).heldBack).toMatchObject([{ key: 'b ', reason: 'rejected' }])
      // A key that changes its case is one row that goes and another that comes.
      await sides[0]!.db.query("DELETE FROM t WHERE k = 'b ' AND n = 4; UPDATE t SET k = 'ADA' WHERE n = 1")
      expect((await carry(['t'])).heldBack).toEqual([])
      expect(await rows(1, 'SELECT * FROM t ORDER BY n')).toEqual([
        { k: 'ADA', n: 1 },
        { k: 'b', n: 3 },
      ])
    })

    test('a table whose engine has no transactions is read, and refused by name for writing', async () => {
      await both('CREATE TABLE t (id int PRIMARY KEY, n int) ENGINE = MyISAM')
      await sides[0]!.db.query('INSERT INTO t VALUES (1, 1)')
      expect(await fault(carry(['t']))).toMatch(
        /^VARVE_RULE_VIOLATED: table 't' is kept by MyISAM, which has no transactions/,
      )
      expect(await rows(1, 'SELECT * FROM t')).toEqual([])
    })

    test('rows that refer to each other in a circle come and go', async () => {
      await both(`
      CREATE TABLE hen (id int PRIMARY KEY, egg int);
      CREATE TABLE egg (id int PRIMARY KEY, hen int, FOREIGN KEY (hen) REFERENCES hen (id));
      ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg (id)`)
      await sides[0]!.db.query(`
      SET foreign_key_checks = 0; INSERT INTO hen VALUES (1, 1), (2, 2); INSERT INTO egg VALUES (1, 1), (2, 2); SET foreign_key_checks = 1`)
      expect((await carry(['hen', 'egg'])).heldBack).toEqual([])
      expect(await rows(1, 'SELECT * FROM hen ORDER BY id')).toEqual([
        { id: 1, egg: 1 },
        { id: 2, egg: 2 },
      ])
      await sides[0]!.db.query(
        'SET foreign_key_checks = 0; DELETE FROM hen WHERE id = 1; DELETE FROM egg WHERE id = 1',
      )
      await sides[0]!.db.query('INSERT INTO hen VALUES (3, NULL)')
      expect((await carry(['hen', 'egg'])).heldBack).toEqual([])
      expect(
        await rows(1, 'SELECT h.id, h.egg, e.hen FROM hen h LEFT JOIN egg e ON e.id = h.egg ORDER BY 1'),
      ).toEqual(
        await rows(0, 'SELECT h.id, h.egg, e.hen FROM hen h LEFT JOIN egg e ON e.id = h.egg ORDER BY 1'),
      )
    })

    test('a row that is too large for the server is held back by its key, and the others go through', async () => {
      await both('CREATE TABLE t (id int PRIMARY KEY, a longblob, b longblob, c longblob, d longblob)')
      await sides[0]!.db.query(`
      INSERT INTO t (id, a) VALUES (1, REPEAT(x'00', 4000000)), (2, REPEAT(x'02', 4000000));
      UPDATE t SET b = a, c = a, d = a WHERE id = 1`)
      const receipt = await carry(['t'])
      expect(receipt.heldBack).toMatchObject([
        { key: '1', reason: 'rejected', message: expect.stringContaining('max_allowed_packet') as string },
      ])
      expect(await rows(1, 'SELECT id, LENGTH(a) AS a, SHA2(a, 256) AS hash FROM t')).toEqual(
        await rows(0, 'SELECT id, LENGTH(a) AS a, SHA2(a, 256) AS hash FROM t WHERE id = 2'),
      )
    })

    test('a digest tells values apart in all columns, and is none where a row is too long to be hashed', async () => {
      const [one] = sides
      await one!.db
        .query(`CREATE TABLE t (id int PRIMARY KEY, a text, b text, n double, f float, u ${words.uuid}, x varbinary(9),
      at timestamp(6) NULL, g point, bits bit(9), big longblob, long_text longtext)`)
      const digest = async (sql: string): Promise<string | null> => {
        await one!.db.query(sql)
        const connector = await openEndpoint(one!.url)
        try {
          const tables = await connector.discover(['t'])
          const snapshot = await connector.snapshot(tables)
          return await snapshot.digest(tables[0]!)
        } finally {
          await connector.close()
        }
      }
      const seen: (string | null)[] = []
      for (const set of [
        "INSERT INTO t (id, a, b) VALUES (1, 'x', 'y')",
        "UPDATE t SET a = 'x'',''y', b = ''",
        "UPDATE t SET a = 'x', b = ''',''y'",
        'UPDATE t SET a = NULL',
        "UPDATE t SET a = 'NULL'",
        "UPDATE t SET a = 'null '",
        'UPDATE t SET n = 0.1',
        'UPDATE t SET n = 0.10000000000000002',
        'UPDATE t SET f = 16777215',
        'UPDATE t SET f = 16777216',
        'UPDATE t SET u = UUID()',
        "UPDATE t SET x = x'ff00'",
        "UPDATE t SET x = x'ff'",
        "UPDATE t SET x = ''",
        "UPDATE t SET x = '-'",
        "UPDATE t SET x = x'2700', at = '2024-01-01 00:00:00.000001'",
        "UPDATE t SET at = '2024-01-01 00:00:00.000002'",
        'UPDATE t SET g = POINT(1, 2), bits = 256',
        'UPDATE t SET bits = 1',
        "UPDATE t SET big = REPEAT('x', 5000000)",
        "UPDATE t SET big = CONCAT(REPEAT('x', 4999999), 'y')",
      ])
        seen.push(await digest(set))
      expect(seen).not.toContain(null)
      expect(new Set(seen).size).toBe(seen.length)
      expect(await digest("UPDATE t SET big = NULL, long_text = REPEAT('''', 9000000)")).toBe(null)
    })

    test('digests of many tables are asked for together, and are those of each alone, whatever becomes of one', async () => {
      const { url, db } = sides[0]!
      for (let i = 0; i < 70; i++)
        await db.query(
          `CREATE TABLE m${i} (id int PRIMARY KEY, s text); INSERT INTO m${i} VALUES (1, '${i}'), (2, NULL)`,
        )
      const connector = await openEndpoint(url)
      const tables = await connector.discover()
      const asked = async (): Promise<number> => {
        const [[row]] = (await db.query("SHOW GLOBAL STATUS LIKE 'Questions'")) as unknown as [
          [{ Value: string }],
        ]
        return Number(row.Value)
      }
      const digests = async (together: typeof tables): Promise<(string | null)[]> => {
        const snapshot = await connector.snapshot(together)
        const all: (string | null)[] = []
        for (const table of tables) all.push(await snapshot.digest(table).catch(() => null))
        await snapshot.close()
        return all
      }
      const before = await asked()
      const all = await digests(tables)
      expect((await asked()) - before).toBeLessThan(10)
      const alone = await digests([])
      expect([new Set(alone).size, alone.includes(null)]).toEqual([70, false])
      expect(all).toEqual(alone)
      await db.query('DROP TABLE m5')
      const without = await digests(tables)
      expect(without).toEqual(alone.map((one, i) => (tables[i]!.name === 'm5' ? null : one)))
      await connector.close()
    })

    test('killed before and after the server committed, the next round comes to the same end', async () => {
      const [one] = sides
      await one!.db.query(
        "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
      )
      const round = (wrap?: (connector: Connector) => Connector): Promise<Receipt> =>
        sync(one!.url, 'two-way', ['t'], wrap === undefined ? {} : { wrap })
      await round()
      for (const when of ['before', 'after']) {
        await edit('t', (table) => table.put({ id: 2, s: when }))
        const killed = round((connector) => ({
          ...wrapped(connector),
          apply: async (plan) => {
            if (when === 'after') await connector.apply(plan)
            await server.kill()
            return connector.apply(plan)
          },
        }))
        expect(await fault(killed)).toMatch(/^VARVE_UNREACHABLE/)
        await server.start()
        one!.db = await server.client(one!.url)
        await one!.db.query("UPDATE t SET s = CONCAT(s, '!') WHERE id = 1")
        expect((await round()).heldBack).toEqual([])
        expect(await rows(0, 'SELECT s FROM t WHERE id = 2')).toEqual([{ s: when }])
        expect((await round()).tables[0]).toMatchObject({ captured: { changed: 0 }, written: { changed: 0 } })
      }
      expect(await rows(0, 'SELECT s FROM t WHERE id = 1')).toEqual([{ s: 'a!!' }])
    })

    test('a database that was set back keeps what it has and gets back what it had lost', async () => {
      const [one] = sides
      await one!.db.query(
        'CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)',
      )
      const round = (options: SyncOptions = {}): Promise<Receipt> =>
        sync(one!.url, 'two-way', ['t'], { options })
      await round()
      await edit('t', (table) => table.put({ id: 2, n: 20 }))
      await round()
      await one!.db.query(
        'CREATE TABLE backup AS SELECT * FROM t; CREATE TABLE state AS SELECT * FROM varve_sync',
      )
      await edit('t', (table) => table.put({ id: 9, n: 9 }))
      await round()
      await one!.db
        .query(`DELETE FROM t; INSERT INTO t SELECT * FROM backup; UPDATE t SET n = 30 WHERE id = 3;
      UPDATE varve_sync SET base_commit = (SELECT base_commit FROM state)`)
      const receipt = await round({ allow: ['restored'] })
      expect(receipt.notes[0]).toContain('restored')
      expect(await rows(0, 'SELECT * FROM t ORDER BY id')).toEqual([
        { id: 1, n: 1 },
        { id: 2, n: 20 },
        { id: 3, n: 30 },
        { id: 9, n: 9 },
      ])
    })

    test('rounds by the log come to the same as rounds that compare, and compare where it is not enough', async () => {
      const [one] = sides
      await one!.db.query(`CREATE TABLE t (id int PRIMARY KEY, s varchar(50), at datetime(3), b blob);
      INSERT INTO t VALUES (1, 'a', '2024-05-06 07:08:09.12', x'00'), (2, 'b', NULL, NULL), (3, 'c', NULL, '')`)
      const round = (changes: 'log' | 'compare' = 'log'): Promise<Receipt> =>
        sync(one!.url, 'two-way', ['t'], { changes })
      /** Why the tables were compared; '' when the log was enough. */
      const compared = ({ notes }: Receipt): string =>
        notes.filter((note) => note.includes('compared')).join()
      await round()
      await one!.db.query(
        `BEGIN; UPDATE t SET s = 'A' WHERE id = 1; INSERT INTO t VALUES (4, 'ü💧', NULL, NULL); COMMIT`,
      )
      await edit('t', (table) => {
        table.put({ id: 2, s: 'ours', at: null, b: null })
        table.delete(3 as never)
      })
      const both = await round()
      expect(both.tables[0]).toMatchObject({
        captured: { added: 1, changed: 1, removed: 0 },
        written: { added: 0, changed: 1, removed: 1 },
      })
      expect(compared(both)).toBe('')
      // What was written comes back in the log, and is known.
      const quiet = await round()
      expect(quiet.commit).toBe(both.commit)
      expect(compared(quiet)).toBe('')
      await one!.db.query(
        "UPDATE t SET id = 9 WHERE id = 4; FLUSH BINARY LOGS; UPDATE t SET b = REPEAT(x'ff', 60000) WHERE id = 9",
      )
      await server.kill()
      await server.start()
      one!.db = await server.client(one!.url)
      await one!.db.query("DELETE FROM t WHERE id = 2; UPDATE t SET s = 'a' WHERE id = 1")
      const later = await round()
      expect(later.tables[0]).toMatchObject({ captured: { added: 1, changed: 1, removed: 2 } })
      expect(compared(later)).toBe('')
      const known = await round('compare')
      expect(known.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
      await round()
      await one!.db.query('ALTER TABLE t ADD more int; UPDATE t SET more = 1')
      const altered = await round()
      expect(compared(altered)).toContain('has other columns')
      expect(altered.tables[0]).toMatchObject({ captured: { changed: 2 } })
      await one!.db.query(`UPDATE t SET more = 2; ${words.reset}; UPDATE t SET more = 3 WHERE id = 1`)
      const reset = await round()
      expect(compared(reset)).toMatch(/no such log any more|set back/)
      expect(reset.tables[0]).toMatchObject({ captured: { changed: 2 } })
      await one!.db.query('UPDATE t SET more = 4 WHERE id = 1')
      expect(compared(await round())).toBe('')
      expect(await rows(0, 'SELECT id, more FROM t ORDER BY id')).toEqual([
        { id: 1, more: 4 },
        { id: 9, more: 2 },
      ])
    })

    test('a distributed transaction is captured when it is committed, rounds after it was prepared', async () => {
      const [one] = sides
      await one!.db.query(
        "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
      )
      const round = async (): Promise<unknown> => {
        const { tables, notes } = await sync(one!.url, 'two-way', ['t'], { changes: 'log' })
        return [tables[0]!.captured, notes.filter((note) => note.includes('compared'))]
      }
      await round()
      await one!.db.query("XA START 'x'; UPDATE t SET s = 'c' WHERE id IN (1, 2); XA END 'x'; XA PREPARE 'x'")
      const other = await server.client(one!.url)
      await other.query("INSERT INTO t VALUES (3, 'between')")
      await other.end()
      expect(await round()).toEqual([{ added: 1, changed: 0, removed: 0 }, []])
      expect(await round()).toEqual([{ added: 0, changed: 0, removed: 0 }, []])
      await one!.db.query("XA COMMIT 'x'")
      expect(await round()).toEqual([{ added: 0, changed: 2, removed: 0 }, []])
    })

    test('a deadlock and a lock that is not given up are said to pass', async () => {
      const [one] = sides
      await one!.db.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)')
      await sync(one!.url, 'two-way', ['t'])
      await edit('t', (table) => table.put({ id: 1, n: 2 }))
      await one!.db.query('SET GLOBAL innodb_lock_wait_timeout = 1; BEGIN; UPDATE t SET n = n WHERE id = 1')
      expect(await fault(sync(one!.url, 'two-way', ['t']))).toMatch(
        /^VARVE_UNREACHABLE: .*[Ll]ock wait timeout/,
      )
      await one!.db.query('ROLLBACK; SET GLOBAL innodb_lock_wait_timeout = 50')
      expect((await sync(one!.url, 'two-way', ['t'])).tables[0]).toMatchObject({ written: { changed: 1 } })
    })

    test('a user without the rights, a wrong password and a table without a key are said to be that', async () => {
      await both(
        "CREATE TABLE t (id int PRIMARY KEY, s text); CREATE TABLE loose (n int); INSERT INTO t VALUES (1, 'x')",
      )
      await sides[1]!.db.query(`
      DROP USER IF EXISTS reader; CREATE USER reader IDENTIFIED BY 'it''s'; GRANT SELECT ON t TO reader;
      GRANT SELECT, INSERT, UPDATE, CREATE ON varve_sync TO reader; DELETE FROM t`)
      await sync(sides[0]!.url, 'capture', ['t'])
      const url = sides[1]!.url.replace('root@', 'reader@')
      await expect(openEndpoint(url)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
      await expect(openEndpoint(url, { environment: { MYSQL_PWD: 'no' } })).rejects.toMatchObject({
        code: 'VARVE_REFUSED',
      })
      const connector = await openEndpoint(url, { environment: { MYSQL_PWD: "it's" } })
      const link = {
        name: 'l',
        endpoint: url,
        mode: 'mirror' as const,
        tables: ['t'],
        into: '',
        branch: 'main',
      }
      const round = { repo: createContext(store, { author }), folder: null, connector, link, options: {} }
      const denied = expect.stringContaining('INSERT command denied') as string
      expect((await syncRound(round)).heldBack).toMatchObject([
        { key: '1', reason: 'rejected', message: denied },
      ])
      await connector.close()
      expect(await rows(1, 'SELECT * FROM t')).toEqual([])
      await expect(sync(sides[0]!.url, 'capture', ['loose'])).rejects.toMatchObject({
        code: 'VARVE_RULE_VIOLATED',
        message: "table 'loose' has no key",
      })
    })

    test.skipIf(!hasPostgres)(
      `unsigned keys go into a numeric(20,0) of PostgreSQL and back${withoutPostgres}`,
      async () => {
        const postgres = await startPostgres()
        try {
          const [my, url] = [sides[0]!, await postgres.database('keys')]
          const pg = await postgres.client(url)
          await my.db.query('CREATE TABLE t (k bigint unsigned PRIMARY KEY, n int)')
          await my.db.query('INSERT INTO t VALUES (1, 1), (9007199254740993, 2), (18446744073709551615, 3)')
          await pg.query('CREATE TABLE t (k numeric(20,0) PRIMARY KEY, n int)')
          await pg.query('INSERT INTO t VALUES (5, 5), (18446744073709551614, 6)')
          const round = async (): Promise<Receipt[]> => {
            const receipts = []
            for (const one of [my.url, url, my.url]) receipts.push(await sync(one, 'two-way', ['t']))
            for (const receipt of receipts) expect(receipt.heldBack).toEqual([])
            return receipts
          }
          const shown = async (): Promise<unknown> => {
            const there = await rows(0, 'SELECT CAST(k AS CHAR) AS k, n FROM t ORDER BY t.k')
            expect((await pg.query('SELECT k::text, n FROM t ORDER BY t.k')).rows).toEqual(there)
            return there
          }
          await round()
          expect(await shown()).toEqual([
            { k: '1', n: 1 },
            { k: '5', n: 5 },
            { k: '9007199254740993', n: 2 },
            { k: '18446744073709551614', n: 6 },
            { k: '18446744073709551615', n: 3 },
          ])
          await my.db.query('UPDATE t SET n = 10 WHERE k > 9007199254740993; DELETE FROM t WHERE k = 1')
          await pg.query('UPDATE t SET n = 20 WHERE k = 5; UPDATE t SET k = 7 WHERE k = 9007199254740993')
          await round()
          expect(await shown()).toEqual([
            { k: '5', n: 20 },
            { k: '7', n: 2 },
            { k: '18446744073709551614', n: 10 },
            { k: '18446744073709551615', n: 10 },
          ])
          for (const receipt of await round())
            expect(receipt.tables[0]).toMatchObject({
              captured: { added: 0, changed: 0, removed: 0 },
              written: { added: 0, changed: 0, removed: 0 },
            })
          await pg.end()
        } finally {
          await postgres.stop()
        }
      },
    )

    test.skipIf(!hasPostgres)(
      `PostgreSQL and ${name} stay in step through one branch${withoutPostgres}`,
      async () => {
        const postgres = await startPostgres()
        try {
          const [my, url] = [sides[0]!, await postgres.database('shop')]
          const pg = await postgres.client(url)
          await pg.query(`CREATE TABLE t (id int PRIMARY KEY, name text, price numeric(10,2), ok boolean, at timestamptz,
        local timestamp, day date, f double precision, g real, j json, b bytea)`)
          await my.db
            .query(`CREATE TABLE t (id int PRIMARY KEY, name text, price decimal(10,2), ok boolean, at timestamp(6) NULL,
        local datetime(6), day date, f double, g float, j json, b longblob)`)
          await pg.query(`INSERT INTO t VALUES (1, 'Ada', 1.50, true, '2024-05-06 07:08:09.12Z', '2024-05-06 07:08:09', '2024-02-29',
        1e20, 0.1, '{"a":  1}', '\\x00ff'), (2, '', 0, false, NULL, NULL, NULL, 1e-7, 1e10, 'null', '')`)
          const round = async (): Promise<Receipt[]> => [
            await sync(url, 'two-way', ['t']),
            await sync(my.url, 'two-way', ['t']),
            await sync(url, 'two-way', ['t']),
          ]
          for (const receipt of await round()) expect(receipt.heldBack).toEqual([])
          await my.db
            .query(`INSERT INTO t VALUES (3, 'Ünïcode 💧', -2, NULL, '2030-01-01 00:00:00', '1999-12-31 23:59:59.5', NULL,
        123456789012345678, 16777216, NULL, NULL); UPDATE t SET price = 9.99, ok = FALSE WHERE id = 1`)
          await pg.query(`UPDATE t SET name = 'Grace', f = 0.1 WHERE id = 1; DELETE FROM t WHERE id = 2`)
          for (const receipt of await round()) expect(receipt.heldBack).toEqual([])
          const shown = `SELECT id, name, price, f, ok FROM t ORDER BY id`
          expect((await pg.query(shown)).rows).toEqual([
            { id: 1, name: 'Grace', price: '9.99', f: 0.1, ok: false },
            { id: 3, name: 'Ünïcode 💧', price: '-2.00', f: 123456789012345680, ok: null },
          ])
          expect(await rows(0, shown)).toEqual([
            { id: 1, name: 'Grace', price: '9.99', f: 0.1, ok: 0 },
            { id: 3, name: 'Ünïcode 💧', price: '-2.00', f: 123456789012345680, ok: null },
          ])
          for (const receipt of await round())
            expect(receipt.tables[0]).toMatchObject({ captured: { changed: 0 }, written: { changed: 0 } })
          await pg.end()
        } finally {
          await postgres.stop()
        }
      },
    )
  })
})
