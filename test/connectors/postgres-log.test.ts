// PostgreSQL's log of changes as a connector gives it: joined to its snapshot, exact to the byte, and given up where it
// cannot be trusted.
import type { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeLog, LogMark, LogReader } from '../../src/connectors/change-log.ts'
import type { Connector, EndpointTable } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { beginLog, cellsText, changeText, lostReason, openReader, readChanges } from './log-reading.ts'

let postgres: Postgres
let count = 0

describe.skipIf(!hasPostgres)(`the log of PostgreSQL${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '40', max_wal_senders: '10' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  let url: string
  let db: Client
  let connector: Connector
  let log: ChangeLog
  let tables: readonly EndpointTable[]

  beforeEach(async () => {
    url = await postgres.database(`log${++count}`)
    db = await postgres.client(url)
    await db.query('CREATE TABLE people (id int PRIMARY KEY, name text, big text)')
    await db.query("INSERT INTO people VALUES (1, 'Ada', NULL), (2, 'Grace', NULL)")
    connector = await openEndpoint(url)
    log = connector.log!
    tables = await connector.discover(['people'])
    return async () => {
      await connector.close()
      await db.query(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE NOT active AND database = current_database()`)
      await db.end()
    }
  })

  const begin = (): Promise<LogMark> => beginLog(log, `shop_${count}`, tables)
  const opened = (mark: LogMark): Promise<LogReader> => openReader(log, tables, mark)
  const lostBy = (mark: LogMark): Promise<string> => lostReason(log, tables, mark)

  test('changes come in the order of commits, with keys, and values that stayed as they were left out', async () => {
    await db.query(
      "INSERT INTO people VALUES (3, 'Edsger', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 4000) i))",
    )
    const reader = await opened(await begin())
    await db.query(
      "BEGIN; INSERT INTO people VALUES (4, 'Barbara', NULL); UPDATE people SET name = 'Lady' WHERE id = 1; COMMIT",
    )
    await db.query("UPDATE people SET name = 'E. W.' WHERE id = 3")
    await db.query('UPDATE people SET id = 9 WHERE id = 2')
    await db.query('DELETE FROM people WHERE id = 4')
    expect((await readChanges(reader)).map(changeText)).toEqual([
      'put 4 Barbara null',
      'put 1 Lady null',
      'put 3 E. W. (as it was)',
      'put 9 Grace null, was 2',
      'delete 4',
    ])
    expect(await readChanges(reader)).toEqual([])
  })

  test('each part ends a transaction; a transaction that was rolled back is none', async () => {
    const reader = await opened(await begin())
    const before = Date.now()
    const ids: (string | undefined)[] = []
    await db.query("BEGIN; INSERT INTO people VALUES (5, 'x', NULL); ROLLBACK")
    await db.query("INSERT INTO people SELECT i, 'n', NULL FROM generate_series(10, 12) i")
    await db.query('DELETE FROM people WHERE id = 10')
    const { rows: xids } = await db.query<{ xid: string }>(
      "SELECT DISTINCT xmin::text AS xid FROM people WHERE name = 'n'",
    )
    const sizes: number[] = []
    const positions = new Set<string | null>()
    for await (const { changes: some, position, transaction } of reader.read(await reader.now())) {
      if (some.length > 0) sizes.push(some.length)
      positions.add(position)
      if (transaction !== null) expect(Math.abs(transaction.committedMs - before)).toBeLessThan(60_000)
      if (some.length > 0) ids.push(transaction?.id)
    }
    expect(ids[0]).toMatch(new RegExp(`^xid ${xids[0]!.xid}, LSN [0-9A-F]+/[0-9A-F]+$`))
    expect(sizes).toEqual([3, 1])
    expect(positions.has(null)).toBe(false)
  })

  test('snapshot and log join without a gap while others write', async () => {
    let isWriting = true
    const writer = await postgres.client(url)
    const writing = (async () => {
      for (let i = 100; isWriting; i++) {
        await writer.query('INSERT INTO people VALUES ($1, $2, NULL)', [i, `n${i}`])
        await writer.query('UPDATE people SET name = name || $1 WHERE id = $2', ['!', 1 + (i % 2)])
        if (i % 3 === 0) await writer.query('DELETE FROM people WHERE id = $1', [i - 1])
      }
    })()
    await expect.poll(async () => (await db.query('SELECT FROM people')).rowCount).toBeGreaterThan(20)
    const { position, snapshot } = await log.begin('join', tables)
    const rows = new Map<string, string>()
    for await (const batch of snapshot.rows(tables[0]!))
      for (const cells of batch) rows.set(cellsText([cells[0]!]), cellsText(cells))
    await snapshot.close()
    const atSnapshot = rows.size
    await expect
      .poll(async () => (await db.query('SELECT FROM people')).rowCount)
      .toBeGreaterThan(atSnapshot + 20)
    isWriting = false
    await writing
    await writer.end()
    const reader = await opened({ position, acknowledged: position })
    for (const change of await readChanges(reader)) {
      if (change.kind === 'put') rows.set(cellsText([change.after[0]!]), cellsText(change.after))
      else if (change.kind === 'delete') expect(rows.delete(cellsText([change.key[0]!]))).toBe(true)
    }
    const { rows: now } = await db.query<{ id: number; name: string }>('SELECT id, name FROM people')
    expect([...rows.values()].sort()).toEqual(now.map(({ id, name }) => `${id} ${name} null`).sort())
  })

  test('a log that somebody reads is waited for', async () => {
    const mark = await begin()
    const first = await opened(mark)
    await db.query('INSERT INTO people VALUES (5)')
    const waiting = opened(mark)
    // It is refused by now, some times over.
    await sleep(500)
    await first.close()
    const second = await waiting
    expect((await readChanges(second)).map(changeText)).toEqual(['put 5 null null'])
    await second.close()
  })

  test('what was not acknowledged comes again, what was does not, and a place in between is exact', async () => {
    const mark = await begin()
    let reader = await opened(mark)
    await db.query('INSERT INTO people VALUES (5)')
    await db.query('INSERT INTO people VALUES (6)')
    const positions: string[] = []
    for await (const part of reader.read(await reader.now()))
      if (part.changes.length > 0) positions.push(part.position!)
    await reader.close()
    reader = await opened(mark)
    expect((await readChanges(reader)).map(changeText)).toEqual(['put 5 null null', 'put 6 null null'])
    await reader.close()
    reader = await opened({ position: positions[0]!, acknowledged: mark.position })
    expect((await readChanges(reader)).map(changeText)).toEqual(['put 6 null null'])
    await reader.acknowledge(positions[0]!)
    await expect.poll(() => lostBy(mark), { timeout: 15_000 }).toMatch(/at another place/)
    await reader.close()
    expect(await lostBy({ position: positions[1]!, acknowledged: positions[0]! })).toBe('it is there')
  })

  test("a reader that waits is woken by a commit of the link's tables, and by nothing else", async () => {
    const reader = await opened(await begin())
    const abort = new AbortController()
    let isWoken = false
    const waiting = reader.wait(abort.signal).then(() => (isWoken = true))
    await db.query('CREATE TABLE other (id int); INSERT INTO other VALUES (1)')
    expect(await readChanges(reader)).toEqual([])
    expect(isWoken).toBe(false)
    await db.query('INSERT INTO people VALUES (7)')
    await waiting
    expect((await readChanges(reader)).map(changeText)).toEqual(['put 7 null null'])
    const again = reader.wait(abort.signal)
    abort.abort()
    await again
  })

  test.each([
    ['TRUNCATE people', /emptied/],
    ['ALTER TABLE people ADD extra int; INSERT INTO people VALUES (7)', /changed its columns/],
    ['ALTER TABLE people ALTER name TYPE varchar(90); INSERT INTO people VALUES (7)', /changed its columns/],
    ['ALTER TABLE people REPLICA IDENTITY NOTHING; INSERT INTO people VALUES (7)', /replica identity/],
    [
      'INSERT INTO people VALUES (7); ALTER TABLE people ALTER id TYPE int USING id + 100; INSERT INTO people VALUES (8)',
      /written anew/,
    ],
  ])('%s makes the table unclear', async (sql, reason) => {
    const reader = await opened(await begin())
    for (const one of sql.split('; ')) await db.query(one)
    const found = (await readChanges(reader)).filter(({ kind }) => kind === 'unclear')
    expect(found[0]).toMatchObject({ table: 'people', reason: expect.stringMatching(reason) as string })
  })

  test('a log that is not surely the same is lost', async () => {
    const mark = await begin()
    await db.query('VACUUM FULL people')
    expect(await lostBy(mark)).toMatch(/written anew/)
    const second = await begin()
    await db.query('CREATE TABLE other (id int PRIMARY KEY)')
    const slot = second.position.split(' ')[0]!
    await db.query(`ALTER PUBLICATION ${slot} ADD TABLE other`)
    expect(await lostBy(second)).toMatch(/other tables/)
    await db.query(`ALTER PUBLICATION ${slot} DROP TABLE other`)
    expect(await lostBy(second)).toBe('it is there')
    await connector.close()
    connector = await openEndpoint(url)
    log = connector.log!
    await log.end(second.position)
    expect(await lostBy(second)).toMatch(/gone/)
    expect(await log.status(second.position)).toBe(null)
    await log.end(second.position)
    expect((await db.query('SELECT FROM pg_publication')).rowCount).toBe(0)
  })

  test('says what the server keeps for it', async () => {
    const { position } = await begin()
    expect(await log.status(position)).toMatchObject({
      name: position.split(' ')[0],
      isActive: false,
      trouble: null,
    })
    await db.query("INSERT INTO people SELECT i, repeat('x', 100), NULL FROM generate_series(10, 20000) i")
    expect((await log.status(position))!.keptBytes).toBeGreaterThan(1_000_000)
  })

  test('a transaction of many rows comes in parts, and all of it comes', async () => {
    const reader = await opened(await begin())
    await db.query("INSERT INTO people SELECT i, repeat('x', 200), NULL FROM generate_series(10, 60009) i")
    let [rows, parts] = [0, 0]
    for await (const part of reader.read(await reader.now())) {
      rows += part.changes.length
      parts++
    }
    expect(rows).toBe(60_000)
    expect(parts).toBeGreaterThan(2)
  })

  test('a line that is cut is an error, and says so', async () => {
    const reader = await opened(await begin())
    const cut = expect(reader.wait(new AbortController().signal)).rejects.toMatchObject({
      code: 'VARVE_UNREACHABLE',
    })
    await db.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name = 'varve'",
    )
    await cut
  })
})
