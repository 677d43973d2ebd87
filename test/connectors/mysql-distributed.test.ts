// Distributed transactions (XA) in the log of MariaDB and MySQL: what they wrote stands there where they were prepared, and
// counts where they are committed, whatever comes in between.
import fc from 'fast-check'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeLog, LogMark, LogPart } from '../../src/connectors/change-log.ts'
import type { Connector, EndpointTable } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { beginLog, cellsText, changeText, openReader } from './log-reading.ts'

const kinds = [
  { name: 'MariaDB', without: withoutMariadb, start: startMariadb },
  { name: 'MySQL', without: withoutMysql, start: startMysql },
] as const

const unknown =
  'unclear: the log decides a distributed transaction, and it is not known where it was prepared'
let count = 0

describe.each(kinds)('distributed transactions of $name$without', ({ name, without, start }) => {
  describe.skipIf(without !== '')('', () => {
    let server: MysqlServer
    let url: string
    let db: Connection
    let connector: Connector
    let log: ChangeLog
    let tables: readonly EndpointTable[]
    let mark: LogMark
    beforeAll(async () => {
      server = await start()
    }, 60_000)
    afterAll(() => server.stop(), 60_000)
    beforeEach(async () => {
      url = await server.database(`xa${++count}`)
      db = await server.client(url)
      await db.query(
        "CREATE TABLE people (id int PRIMARY KEY, name longtext); INSERT INTO people VALUES (1, 'Ada')",
      )
      await connect()
      mark = await beginLog(log, 'shop', tables)
      return async () => {
        await connector.close()
        await db.end()
      }
    })

    async function connect(): Promise<void> {
      connector = await openEndpoint(url)
      log = connector.log!
      tables = await connector.discover(['people'])
    }

    /** All that is new, by a reader that is opened for it: nothing is held in memory from one time to the next. */
    async function readAnew(): Promise<LogPart[]> {
      const reader = await openReader(log, tables, mark)
      const parts: LogPart[] = []
      for await (const part of reader.read(await reader.now())) parts.push(part)
      await reader.close()
      const position = parts.at(-1)!.position!
      mark = { position, acknowledged: position }
      return parts
    }

    async function changesAnew(): Promise<string[]> {
      return (await readAnew()).flatMap(({ changes }) => changes.map(changeText))
    }

    const prepare = (xid: string, ...statements: readonly string[]): Promise<unknown> =>
      db.query(`XA START ${xid}; ${statements.join('; ')}; XA END ${xid}; XA PREPARE ${xid}`)

    /** By another session than prepares. */
    async function between(sql: string): Promise<void> {
      const other = await server.client(url)
      await other.query(sql)
      await other.end()
    }

    async function restart(): Promise<void> {
      await server.kill()
      await server.start()
      await connector.close()
      db = await server.client(url)
      await connect()
    }

    test('rows come where they are committed, not where they are prepared; those that are taken back never', async () => {
      const reader = await openReader(log, tables, mark)
      await prepare(
        "'a'",
        "INSERT INTO people VALUES (2, 'Grace')",
        "UPDATE people SET name = 'Lady' WHERE id = 1",
      )
      await between("INSERT INTO people VALUES (3, 'between')")
      const found: string[] = []
      const read = async (): Promise<(string | undefined)[]> => {
        const named: (string | undefined)[] = []
        for await (const { changes, transaction } of reader.read(await reader.now())) {
          found.push(...changes.map(changeText))
          if (transaction !== null) named.push(transaction.id)
        }
        return named
      }
      expect(await read()).toHaveLength(1)
      expect(found.splice(0)).toEqual(['put 3 between'])
      await db.query("XA COMMIT 'a'")
      expect(await read()).toEqual([expect.stringMatching(/^GTID /)])
      expect(found.splice(0)).toEqual(['put 2 Grace', 'put 1 Lady'])
      await prepare("'b','branch',7", 'DELETE FROM people WHERE id = 2')
      await between("INSERT INTO people VALUES (4, 'between')")
      await db.query("XA ROLLBACK 'b','branch',7")
      expect(await read()).toHaveLength(1)
      expect(found.splice(0)).toEqual(['put 4 between'])
      await db.query(
        "XA START 'one'; INSERT INTO people VALUES (5, 'one phase'); XA END 'one'; XA COMMIT 'one' ONE PHASE",
      )
      expect(await read()).toHaveLength(1)
      await db.query(
        "XA START 'none'; INSERT INTO people VALUES (6, 'none'); XA END 'none'; XA ROLLBACK 'none'",
      )
      await read()
      expect(found).toEqual(['put 5 one phase'])
      await reader.close()
    })

    test('whoever begins to read in between finds what was prepared: in another file, and after a restart', async () => {
      await prepare("0xff27,'',2147483647", "INSERT INTO people VALUES (2, 'Grace')")
      await between("INSERT INTO people VALUES (3, 'between')")
      expect(await changesAnew()).toEqual(['put 3 between'])
      await between('FLUSH BINARY LOGS')
      expect(await changesAnew()).toEqual([])
      await restart()
      await between("XA START 'b'; INSERT INTO people VALUES (4, 'Barbara'); XA END 'b'; XA PREPARE 'b'")
      expect(await changesAnew()).toEqual([])
      await db.query("XA COMMIT 0xff27,'',2147483647")
      expect(await changesAnew()).toEqual(['put 2 Grace'])
      await db.query("XA COMMIT 'b'")
      expect(await changesAnew()).toEqual(['put 4 Barbara'])
      expect(mark.position).not.toContain("X'")
    })

    test('a large one comes in parts, and of many that are open the latest are kept in memory', async () => {
      const reader = await openReader(log, tables, mark)
      const sessions = await Promise.all(Array.from({ length: 12 }, () => server.client(url)))
      for (const [i, session] of sessions.entries())
        await session.query(
          `XA START '${i}'; INSERT INTO people VALUES (${10 + i}, REPEAT('${i % 10}', 900000)); XA END '${i}'; XA PREPARE '${i}'`,
        )
      await db.query('CREATE TABLE numbers (n int PRIMARY KEY)')
      await db.query('INSERT INTO numbers VALUES ?', [Array.from({ length: 2_500 }, (_, n) => [n])])
      await prepare("'large'", "INSERT INTO people SELECT n + 100, REPEAT('x', 1000) FROM numbers")
      for (const [i, session] of sessions.entries()) await session.query(`XA COMMIT '${i}'`)
      await db.query("XA COMMIT 'large'")
      const sizes: number[] = []
      const ids: string[] = []
      for await (const { changes, transaction, position } of reader.read(await reader.now())) {
        if (changes.length > 0) sizes.push(changes.length)
        for (const change of changes) if (change.kind === 'put') ids.push(cellsText([change.after[0]!]))
        expect(transaction !== null && position === null).toBe(false)
      }
      expect(ids).toEqual([
        ...Array.from({ length: 12 }, (_, i) => `${10 + i}`),
        ...Array.from({ length: 2_500 }, (_, n) => `${n + 100}`),
      ])
      expect(Math.max(...sizes)).toBeLessThan(1_500)
      for (const session of sessions) await session.end()
      await reader.close()
    })

    test('one that was prepared before the log began, or of which the log is gone, is compared', async () => {
      await prepare("'gone'", "INSERT INTO people VALUES (2, 'Grace')")
      await changesAnew()
      const forgetful = { ...mark, position: mark.position.replace(/,\[\[.*$/, ']') }
      await db.query("XA COMMIT 'gone'")
      const before = mark
      mark = forgetful
      expect(await changesAnew()).toEqual([unknown])
      mark = { ...before, position: before.position.replace(/[0-9a-f]{8}"\]\]\]$/, '00000000"]]]') }
      expect(await changesAnew()).toEqual([
        'unclear: the log has no more what a distributed transaction wrote',
      ])
      mark = {
        ...before,
        position: before.position.replace(
          /"binlog\.\d+",(\d+),("[0-9a-f]+"\]\]\])$/,
          '"binlog.000099",$1,$2',
        ),
      }
      expect(await changesAnew()).toEqual([
        'unclear: the log has no more what a distributed transaction wrote',
      ])
      mark = before
      expect(await changesAnew()).toEqual(['put 2 Grace'])
      await prepare("'back'", 'DELETE FROM people')
      await changesAnew()
      mark = { ...mark, position: mark.position.replace(/,\[\[.*$/, ']') }
      await db.query("XA ROLLBACK 'back'")
      expect(await changesAnew()).toEqual([unknown])
    })

    test('of more than can be noted the oldest are compared', async () => {
      const sessions = await Promise.all(Array.from({ length: 66 }, () => server.client(url)))
      for (const [i, session] of sessions.entries())
        await session.query(
          `XA START '${i}'; INSERT INTO people VALUES (${i + 10}, 'x'); XA END '${i}'; XA PREPARE '${i}'`,
        )
      expect(await changesAnew()).toEqual([])
      for (const [i, session] of sessions.entries()) await session.query(`XA COMMIT '${i}'`)
      const found = await changesAnew()
      expect(found.filter((change) => change === unknown)).toHaveLength(2)
      expect(found.filter((change) => change.startsWith('put '))).toHaveLength(64)
      for (const session of sessions) await session.end()
    })

    test('what the log tells of random ones is what the table holds', async () => {
      const sessions = await Promise.all([0, 1, 2].map(() => server.client(url)))
      await fc.assert(
        fc.asyncProperty(fc.array(stepOf, { minLength: 4, maxLength: 20 }), async (steps) => {
          mark = await beginLog(log, 'shop', tables)
          const rows = new Map([[0, 'none']])
          const [all] = await db.query('SELECT id, name FROM people')
          for (const row of all as { id: number; name: string }[]) rows.set(row.id, row.name)
          const note = async (): Promise<void> => {
            for (const { changes } of await readAnew())
              for (const change of changes) {
                if (change.kind === 'unclear') throw new Error(change.reason)
                const id = Number(cellsText([change.kind === 'put' ? change.after[0]! : change.key[0]!]))
                if (change.kind === 'put') rows.set(id, cellsText([change.after[1]!]))
                else rows.delete(id)
              }
          }
          const open = new Set<number>()
          let value = 0
          for (const { who, what } of steps) {
            const session = sessions[who]!
            const xid = `'s${who}'`
            const sql = `REPLACE INTO people VALUES (${20 + who}, 'v${++value}'), (${30 + who}, 'v${value}')`
            if (what === 'read') await note()
            else if (open.has(who)) {
              if (what === 'commit' || what === 'rollback') await session.query(`XA ${what} ${xid}`)
              if (what === 'commit' || what === 'rollback') open.delete(who)
            } else if (what === 'write') await session.query(sql)
            else if (what === 'delete') await session.query(`DELETE FROM people WHERE id = ${20 + who}`)
            else {
              await session.query(`XA START ${xid}; ${sql}; XA END ${xid}; XA PREPARE ${xid}`)
              open.add(who)
            }
          }
          for (const who of open) await sessions[who]!.query(`XA COMMIT 's${who}'`)
          await note()
          const [found] = await db.query('SELECT id, name FROM people ORDER BY id')
          rows.delete(0)
          expect([...rows].toSorted(([a], [b]) => a - b)).toEqual(
            (found as { id: number; name: string }[]).map((row) => [row.id, row.name]),
          )
        }),
        { numRuns: 15, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
      )
      for (const session of sessions) await session.end()
    })

    if (name === 'MySQL')
      test('one that is compressed is read like the others', async () => {
        await db.query('SET SESSION binlog_transaction_compression = ON')
        await prepare("'packed'", "INSERT INTO people VALUES (2, 'Grace')")
        await between("INSERT INTO people VALUES (3, 'between')")
        expect(await changesAnew()).toEqual(['put 3 between'])
        await db.query("XA COMMIT 'packed'")
        expect(await changesAnew()).toEqual(['put 2 Grace'])
      })
  })
})

const stepOf = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom('prepare', 'commit', 'rollback', 'write', 'delete', 'read'),
})
