// The binary log of MariaDB and MySQL as a connector gives it: joined to its snapshot, exact to the byte, and given up where it cannot be
// trusted.
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { utf8Text } from '../../src/base/bytes.ts'
import type { ChangeLog, LogMark, LogReader } from '../../src/connectors/change-log.ts'
import type { Connector, EndpointTable } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Cell } from '../../src/table/interface.ts'
import { isTransient } from '../../src/sync/retry.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { beginLog, changeText, lostReason, openReader, readChanges } from './log-reading.ts'
import { mysqlOwnValues, mysqlValues } from './mysql-cases.ts'

const kinds = [
  {
    name: 'MariaDB',
    without: withoutMariadb,
    start: () => startMariadb(),
    values: mysqlValues,
    words: { status: 'SHOW MASTER STATUS', reset: 'RESET MASTER', monitor: 'BINLOG MONITOR' },
    obstacles: [
      ['CREATE TABLE t (id int PRIMARY KEY, n int AS (id + 1) VIRTUAL)', 'is computed, and not always right'],
      [
        'CREATE TABLE t (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES people (id) ON DELETE CASCADE)',
        'which the log leaves out',
      ],
      ['CREATE TABLE t (id int PRIMARY KEY) WITH SYSTEM VERSIONING', 'is versioned'],
    ],
  },
  {
    name: 'MySQL',
    without: withoutMysql,
    start: () => startMysql(['--sql-mode=STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION']),
    values: mysqlOwnValues,
    words: {
      status: 'SHOW BINARY LOG STATUS',
      reset: 'RESET BINARY LOGS AND GTIDS',
      monitor: 'REPLICATION CLIENT',
    },
    obstacles: [],
  },
] as const

let count = 0

describe.each(kinds)('the log of $name$without', ({ name, without, start, values, words, obstacles }) => {
  describe.skipIf(without !== '')('', () => {
    let server: MysqlServer
    beforeAll(async () => {
      server = await start()
    }, 60_000)
    afterAll(() => server.stop(), 60_000)

    let url: string
    let db: Connection
    let connector: Connector
    let log: ChangeLog
    let tables: readonly EndpointTable[]

    beforeEach(async () => {
      url = await server.database(`log${++count}`)
      db = await server.client(url)
      await db.query("SET time_zone = '+00:00'")
      await db.query('CREATE TABLE people (id int PRIMARY KEY, name text, big longtext)')
      await db.query("INSERT INTO people VALUES (1, 'Ada', NULL), (2, 'Grace', NULL)")
      await db.query('CREATE TABLE numbers (n int PRIMARY KEY)')
      await db.query('INSERT INTO numbers VALUES ?', [Array.from({ length: 2_200 }, (_, n) => [n])])
      await connect()
      return async () => {
        await connector.close()
        await db.end()
      }
    })

    async function connect(names: readonly string[] = ['people']): Promise<void> {
      connector = await openEndpoint(url)
      log = connector.log!
      tables = await connector.discover(names)
    }

    const begin = (): Promise<LogMark> => beginLog(log, 'shop', tables)
    const opened = (mark: LogMark): Promise<LogReader> => openReader(log, tables, mark)
    const lostBy = (mark: LogMark): Promise<string> => lostReason(log, tables, mark)

    /** A mark behind all that there is. */
    async function readAll(reader: LogReader): Promise<LogMark> {
      let position = ''
      for await (const part of reader.read(await reader.now())) position = part.position ?? position
      return { position, acknowledged: position }
    }

    test('changes come in the order of commits, with keys', async () => {
      expect(await log.obstacle(tables)).toBe(null)
      const reader = await opened(await begin())
      await db.query(
        "BEGIN; INSERT INTO people VALUES (4, 'Barbara', NULL); UPDATE people SET name = 'Lady' WHERE id = 1; COMMIT",
      )
      await db.query('UPDATE people SET id = 9 WHERE id = 2')
      await db.query('CREATE TABLE other_people (id int PRIMARY KEY); INSERT INTO other_people VALUES (1)')
      await db.query('DELETE FROM people WHERE id = 4')
      expect((await readChanges(reader)).map(changeText)).toEqual([
        'put 4 Barbara null',
        'put 1 Lady null',
        'put 9 Grace null, was 2',
        'delete 4',
      ])
      expect(await readChanges(reader)).toEqual([])
    })

    test('each part ends a transaction; a transaction that was rolled back is none, a large one comes in parts', async () => {
      const reader = await opened(await begin())
      const before = Date.now()
      await db.query("BEGIN; INSERT INTO people VALUES (5, 'x', NULL); ROLLBACK")
      await db.query("INSERT INTO people SELECT n, 'n', NULL FROM numbers WHERE n BETWEEN 10 AND 12")
      await db.query('DELETE FROM people WHERE id = 10')
      const sizes: number[] = []
      for await (const { changes: some, position, transaction } of reader.read(await reader.now())) {
        if (some.length > 0) sizes.push(some.length)
        expect(position).not.toBe(null)
        if (transaction !== null) expect(Math.abs(transaction.committedMs - before)).toBeLessThan(60_000)
      }
      expect(sizes).toEqual([3, 1])
      await db.query("INSERT INTO people SELECT n, REPEAT('x', 10000), NULL FROM numbers WHERE n >= 1000")
      const parts: boolean[] = []
      let rows = 0
      for await (const { changes: some, position } of reader.read(await reader.now())) {
        if (some.length > 0) parts.push(position === null)
        rows += some.length
      }
      expect(rows).toBe(1_200)
      expect(parts.slice(0, 2)).toEqual([true, true])
      expect(parts.slice(0, -1)).not.toContain(false)
    })

    test('every kind of value is in the log what it is in the table', async () => {
      const types = [
        ...new Set(values.map(({ type }) => type)),
        'datetime(3)',
        'time(2)',
        'time',
        'timestamp NULL',
        'decimal(20,9)',
        'bit(3)',
        'varchar(20) character set ascii',
        'char(100)',
        'enum("ä","b\\\\c")',
      ]
      const extra: Record<string, string[]> = {
        'datetime(3)': ["'9999-12-31 23:59:59.987'", "'0001-01-01 00:00:00.001'"],
        'time(2)': ["'-00:00:00.01'", "'-12:34:56.78'", "'838:59:58.99'"],
        time: ["'-838:59:59'", "'00:00:00'"],
        'timestamp NULL': ["'1970-01-01 00:00:01'"],
        'decimal(20,9)': ['-0.000000001', '-12345678901.987654321', '0'],
        'bit(3)': ['5'],
        // Written as a text it would be a double.
        json: name === 'MySQL' ? ['CAST(-1.50 AS JSON)'] : [],
        'char(100)': ["REPEAT('ä', 100)"],
        'enum("ä","b\\\\c")': ["'ä'", "'b\\\\c'"],
      }
      for (const [i, type] of types.entries())
        await db.query(`CREATE TABLE v${i} (id int PRIMARY KEY, v ${type})`)
      await connector.close()
      await connect(types.map((_, i) => `v${i}`))
      expect(await log.obstacle(tables)).toBe(null)
      const reader = await opened(await begin())
      for (const [i, type] of types.entries()) {
        const literals = [
          ...values.filter((one) => one.type === type).map(({ literal }) => literal),
          ...(extra[type] ?? []),
          'NULL',
        ]
        for (const [at, literal] of literals.entries())
          await db.query(`INSERT INTO v${i} VALUES (${at}, ${literal})`)
      }
      const logged = new Map<string, string[]>()
      for (const change of await readChanges(reader)) {
        if (change.kind !== 'put') throw new Error(changeText(change))
        logged.set(change.table, [...(logged.get(change.table) ?? []), shown(change.after[1]!)])
      }
      const snapshot = await connector.snapshot(tables)
      for (const [i, table] of tables.entries()) {
        const read: string[] = []
        for await (const batch of snapshot.rows(table)) for (const row of batch) read.push(shown(row[1]!))
        expect(logged.get(table.name), types[i]).toEqual(read)
      }
      await snapshot.close()
    })

    test('snapshot and log join without a gap while others write', async () => {
      let isWriting = true
      const writer = await server.client(url)
      const writing = (async () => {
        for (let i = 100; isWriting; i++) {
          await writer.query('INSERT INTO people VALUES (?, ?, NULL)', [i, `n${i}`])
          await writer.query("UPDATE people SET name = CONCAT(name, '!') WHERE id = ?", [1 + (i % 2)])
        }
      })()
      writing.catch(() => undefined)
      for (let round = 0; round < 3; round++) {
        const rows = new Map<string, string>()
        const { position, snapshot } = await log.begin('shop', tables)
        for await (const batch of snapshot.rows(tables[0]!))
          for (const row of batch) rows.set(shown(row[0]!), shown(row[1]!))
        await snapshot.close()
        const reader = await opened({ position, acknowledged: position })
        if (round === 2) {
          isWriting = false
          await writing
        }
        for (const change of await readChanges(reader)) {
          if (change.kind === 'put') rows.set(shown(change.after[0]!), shown(change.after[1]!))
        }
        await reader.close()
        if (round < 2) continue
        const [found] = await db.query('SELECT id, name FROM people')
        expect(rows).toEqual(
          new Map(
            (found as { id: number; name: string }[]).map(({ id, name }) => [`number ${id}`, `text ${name}`]),
          ),
        )
      }
    })

    test('reading goes on where it was, over files and restarts of the server', async () => {
      let mark = await begin()
      for (const what of ['nothing', 'another file', 'a restart']) {
        const before = await opened(mark)
        await db.query('UPDATE people SET name = ? WHERE id = 1', [`before ${what}`])
        expect((await readChanges(before)).map(changeText)).toEqual([`put 1 before ${what} null`])
        await db.query('UPDATE people SET name = ? WHERE id = 2', [what])
        mark = await readAll(before)
        await before.close()
        if (what === 'another file') await db.query('FLUSH BINARY LOGS')
        if (what === 'a restart') {
          await server.kill()
          await server.start()
          await connector.close()
          db = await server.client(url)
          await connect()
        }
        await db.query('UPDATE people SET name = ? WHERE id = 1', [`after ${what}`])
        const after = await opened(mark)
        expect((await readChanges(after)).map(changeText)).toEqual([`put 1 after ${what} null`])
        mark = await readAll(after)
        await after.close()
      }
    })

    test('whoever waits hears of a change, and of the end', async () => {
      const reader = await opened(await begin())
      await readChanges(reader)
      const waiting = reader.wait(new AbortController().signal)
      await db.query("UPDATE people SET name = 'now' WHERE id = 1")
      await waiting
      expect((await readChanges(reader)).map(changeText)).toEqual(['put 1 now null'])
      const abort = new AbortController()
      const aborted = reader.wait(abort.signal)
      abort.abort()
      await aborted
      const cut = reader.wait(new AbortController().signal)
      await reader.close()
      await expect(cut).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    })

    test('a log that is gone, or was begun anew, is lost', async () => {
      await db.query("UPDATE people SET name = 'x' WHERE id = 1")
      const begun = await begin()
      const reader = await opened(begun)
      await db.query("UPDATE people SET name = 'y' WHERE id = 1")
      const mark = await readAll(reader)
      await reader.close()
      const other = { ...mark, position: mark.position.replace(/[0-9a-f]{8}"\]$/, '00000000"]') }
      expect(await lostBy(other)).toMatch(/it was set back/)
      const further = JSON.parse(mark.position) as [string, number, number, null, null]
      further[1] += 1_000
      expect(await lostBy({ ...mark, position: JSON.stringify(further) })).toMatch(/it was set back/)
      further[3] = further[4] = null
      expect(await lostBy({ ...mark, position: JSON.stringify(further) })).toMatch(/no such log any more/)
      expect(await lostBy(mark)).toBe('it is there')
      await connector.close()
      await db.query('FLUSH BINARY LOGS')
      const fileOf = async (sql: string): Promise<string> =>
        Object.values(((await db.query(sql)) as unknown as [[Record<string, string>]])[0][0])[0]!
      const last = await fileOf(words.status)
      // Until the server has noticed that a reader is gone it keeps what that may read.
      while ((await fileOf('SHOW BINARY LOGS')) !== last) await db.query(`PURGE BINARY LOGS TO '${last}'`)
      await connect()
      expect(await lostBy(mark)).toMatch(/no such log any more: Could not find/)
      expect(await log.status(mark.position)).toMatchObject({ trouble: 'the server has removed the file' })
      const later = await begin()
      await db.query(words.reset)
      expect(await lostBy(later)).toMatch(/no such log any more|set back/)
    })

    test.each([
      ['in a file that is gone, and less has been written since', 'FLUSH BINARY LOGS', 1],
      ['in a file that is gone, and more has been written since', 'FLUSH BINARY LOGS', 300],
      ['in a file of the same name, and less has been written since', words.reset, 1],
      ['in a file of the same name, and more has been written since', words.reset, 300],
    ])('a log that begins anew while it is read breaks the line: %s', async (_, before, updates) => {
      await db.query(before)
      const reader = await opened(await begin())
      await db.query("UPDATE people SET name = 'x' WHERE id = 1")
      const mark = await readAll(reader)
      await db.query(words.reset)
      for (let i = 0; i < updates; i++) await db.query('UPDATE people SET name = ? WHERE id = 1', [`${i}`])
      const broken: unknown = await readChanges(reader).catch((error: unknown) => error)
      expect(isTransient(broken)).toBe(true)
      expect(await lostBy(mark)).toMatch(/no such log any more|set back/)
    })

    test.each([
      ['TRUNCATE people', 'the log has: TRUNCATE people'],
      ['ALTER TABLE people ADD email text', 'the log has: ALTER TABLE people ADD email text'],
      ['/* x */ truncate table `people`', 'in place of rows: /* x */'],
      ['RENAME TABLE people TO gone', 'the log has: RENAME TABLE people TO gone'],
      [
        "SET SESSION binlog_format = 'STATEMENT'; UPDATE people SET name = 'x' WHERE id = 1",
        'in place of rows',
      ],
      [
        "SET SESSION binlog_row_image = 'MINIMAL'; UPDATE people SET name = 'x' WHERE id = 1",
        'leaves columns out',
      ],
      [
        "SET SESSION binlog_format = 'STATEMENT'; CREATE VIEW v AS SELECT * FROM people; DELETE FROM v WHERE id = 1",
        'in place of rows',
      ],
      [
        'CREATE DATABASE another; ALTER DATABASE another CHARACTER SET latin1; DROP DATABASE another',
        'in place of rows',
      ],
    ])('what the log tells too little of is unclear: %s', async (sql, reason) => {
      const reader = await opened(await begin())
      const own = await server.client(url)
      await own.query(sql)
      await own.end()
      const found = await readChanges(reader)
      const unclear = found.filter((change) => change.kind === 'unclear')
      expect(unclear.map(({ table }) => table)).toContain('people')
      expect(unclear.map((change) => change.reason).join()).toContain(reason)
    })

    test('another database that is made and dropped is no change of ours', async () => {
      const reader = await opened(await begin())
      await db.query(
        'CREATE DATABASE another; DROP DATABASE another; UPDATE people SET name = name WHERE id = 0',
      )
      expect((await readChanges(reader)).filter((change) => change.kind === 'unclear')).toEqual([])
    })

    test.each<readonly [sql: string, obstacle: string]>([
      ...obstacles,
      ['CREATE TABLE t (id int PRIMARY KEY, s varchar(9) CHARACTER SET sjis)', 'in sjis'],
    ])('what its log would say too little of has an obstacle: %s', async (sql, obstacle) => {
      await db.query(sql)
      expect(await log.obstacle(await connector.discover(['t']))).toContain(obstacle)
      expect(await log.obstacle(tables)).toBe(null)
    })

    test('a user without the right to replicate has an obstacle', async () => {
      await db.query(`DROP USER IF EXISTS plain, less; CREATE USER plain, less; GRANT SELECT ON people TO plain, less;
      GRANT ${words.monitor} ON *.* TO plain`)
      for (const user of ['plain', 'less']) {
        const other = await openEndpoint(url.replace('root@', `${user}@`))
        expect(await other.log!.obstacle(await other.discover(['people']))).toMatch(
          /REPLICATION SLAVE|privilege/,
        )
        await other.close()
      }
    })

    test.each(['REPLICATION SLAVE', words.monitor])(
      'a user who loses the right to %s has lost the log',
      async (right) => {
        await db.query(
          `DROP USER IF EXISTS once; CREATE USER once; GRANT SELECT ON people TO once;
          GRANT REPLICATION SLAVE, ${words.monitor} ON *.* TO once`,
        )
        const mark = await begin()
        const user = async (): Promise<string> => {
          const other = await openEndpoint(url.replace('root@', 'once@'))
          const found = await lostReason(other.log!, tables, mark)
          await other.close()
          return found
        }
        expect(await user()).toBe('it is there')
        await db.query(`REVOKE ${right} ON *.* FROM once`)
        expect(await user()).toContain(right)
      },
    )
  })
})

function shown({ kind, bytes }: Cell): string {
  if (kind === 'null') return 'null'
  return kind === 'bytes'
    ? `bytes ${Buffer.from(bytes).toString('hex').slice(0, 300)}`
    : `${kind} ${utf8Text(bytes)}`
}
