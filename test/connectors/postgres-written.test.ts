// What has been written to a table since an earlier snapshot. Only two answers are right: what was written, or that it
// cannot be told; never that nothing was.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { writtenSince } from '../../src/connectors/postgres/writing/written.ts'
import { plainOf } from '../../src/contract/plans.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

interface Answer {
  readonly mark: string
  /** 'same', 'unknown', or what is kept and which rows were written. */
  readonly said: string
}

describe.skipIf(!hasPostgres)(`what was written to a table of PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let url: string
  let db: Client
  let connector: Connector

  beforeAll(async () => {
    postgres = await startPostgres({ max_prepared_transactions: '2' })
    url = await postgres.database('written')
    db = await postgres.client(url)
    connector = await openEndpoint(url)
  }, 60_000)
  afterAll(async () => {
    await connector.close()
    await postgres.stop()
  }, 60_000)
  beforeEach(() =>
    db.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE TABLE t (id int PRIMARY KEY, v text, m mood[]); INSERT INTO t SELECT i, 'v' || i, '{ok}' FROM generate_series(1, 5) i`),
  )

  async function ask(earlier: string | null, reader: Connector = connector): Promise<Answer | null> {
    const tables = await reader.discover(['t'])
    const snapshot = await reader.snapshot(tables)
    try {
      const written = await snapshot.written!(tables[0]!, earlier)
      if (written === null) return null
      const { since } = written
      let count = since === null ? 0 : since.kept + since.written
      if (since === null) for await (const batch of snapshot.rows(tables[0]!)) count += batch.length
      const mark = written.mark(count)
      if (since === null) return { mark, said: 'unknown' }
      if (since.isSame) return { mark, said: 'same' }
      const rows: string[] = []
      for await (const batch of since.rows())
        for (const cells of batch) rows.push(Object.values(plainOf(tables[0]!, cells)).slice(0, 2).join(' '))
      expect(rows).toHaveLength(since.written)
      return { mark, said: `kept ${since.kept}: ${rows.join(', ')}` }
    } finally {
      await snapshot.close()
    }
  }

  async function saidAfter(sql: string): Promise<string | undefined> {
    const before = await ask(null)
    await db.query(sql)
    return (await ask(before!.mark))?.said
  }

  test('a table at rest is the same, however often it is asked, and needs no new mark', async () => {
    const first = await ask(null)
    expect(first!.said).toBe('unknown')
    await db.query(
      "CREATE TABLE other (n int); INSERT INTO other VALUES (1); UPDATE t SET v = 'x' WHERE id = 9",
    )
    expect(await ask(first!.mark)).toEqual({ mark: first!.mark, said: 'same' })
    expect(await ask(first!.mark)).toEqual({ mark: first!.mark, said: 'same' })
  })

  for (const [what, sql, said] of [
    ['a changed row', "UPDATE t SET v = 'x' WHERE id = 2", 'kept 4: 2 x'],
    ['a row written as it was', 'UPDATE t SET v = v WHERE id = 2', 'kept 4: 2 v2'],
    ['a new row', "INSERT INTO t VALUES (6, 'x')", 'kept 5: 6 x'],
    ['a row that is gone', 'DELETE FROM t WHERE id = 2', 'kept 4: '],
    ['one gone and one new', "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (6, 'x')", 'kept 4: 6 x'],
    ['a key that changed', 'UPDATE t SET id = 9 WHERE id = 2', 'kept 4: 9 v2'],
    ['what was rolled back', "BEGIN; UPDATE t SET v = 'x'; DELETE FROM t WHERE id = 1; ROLLBACK", 'same'],
    ['locks', 'BEGIN; SELECT FROM t FOR UPDATE; COMMIT', 'same'],
    ['frozen rows', 'VACUUM (FREEZE, ANALYZE) t', 'same'],
    ['rows moved by VACUUM FULL', 'VACUUM FULL t', 'unknown'],
    ['TRUNCATE', 'TRUNCATE t', 'unknown'],
    [
      'all rows anew',
      'CREATE TEMP TABLE c AS TABLE t; TRUNCATE t; INSERT INTO t TABLE c; DROP TABLE c',
      'unknown',
    ],
    ['a column written anew', 'ALTER TABLE t ALTER v TYPE varchar(9) USING v', 'unknown'],
    ['a column whose rows are not touched', "ALTER TABLE t DROP v, ADD v text DEFAULT 'x'", 'unknown'],
    [
      'a table under the name of another',
      'ALTER TABLE t RENAME TO u; CREATE TABLE t (LIKE u INCLUDING ALL)',
      'unknown',
    ],
    ['a renamed label of an enum', "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", 'unknown'],
    ['a table that inherits', 'CREATE TABLE child () INHERITS (t)', 'unknown'],
  ] as const) {
    test(`sees ${what}`, async () => {
      if (what.startsWith('frozen') || what.includes('VACUUM')) {
        const before = await ask(null)
        await db.query(sql)
        expect((await ask(before!.mark))!.said).toBe(said)
      } else expect(await saidAfter(sql)).toBe(said)
    })
  }

  test('a transaction that was under way is not overlooked, nor are its inner ones', async () => {
    const other = await postgres.client(url)
    await other.query(
      "BEGIN; INSERT INTO t VALUES (6, 'a'); SAVEPOINT s; INSERT INTO t VALUES (7, 'b'); RELEASE s",
    )
    await db.query("INSERT INTO t VALUES (8, 'c')")
    const amid = await ask(null)
    await other.query('DELETE FROM t WHERE id = 1; COMMIT')
    const after = await ask(amid!.mark)
    expect(after!.said).toBe('kept 4: 6 a, 7 b, 8 c')
    expect((await ask(after!.mark))!.said).toBe('same')
    await other.end()
  })

  test('a prepared transaction is not overlooked', async () => {
    await db.query("BEGIN; UPDATE t SET v = 'x' WHERE id = 3; PREPARE TRANSACTION 'later'")
    const amid = await ask(null)
    await db.query("COMMIT PREPARED 'later'")
    expect((await ask(amid!.mark))!.said).toBe('kept 4: 3 x')
  })

  test('a partition that is exchanged for another of as many rows is not overlooked', async () => {
    await db.query(`DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
      CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE q (LIKE p INCLUDING ALL);
      INSERT INTO p VALUES (1, 'p'); INSERT INTO q VALUES (1, 'q')`)
    const swap =
      'ALTER TABLE t DETACH PARTITION p; ALTER TABLE t ATTACH PARTITION q FOR VALUES FROM (0) TO (10)'
    expect(await saidAfter(swap)).toBe('unknown')
    expect(await saidAfter("UPDATE t SET v = 'x'")).toBe('kept 0: 1 x')
  })

  for (const [what, sql] of [
    ['names a role sees but others do not', 'ALTER TABLE t ADD owner regrole'],
    ['money is shown as the server is set', 'ALTER TABLE t ADD price money'],
    ['values have types of their own', 'CREATE TYPE pair AS (a int, b int); ALTER TABLE t ADD p pair'],
  ] as const) {
    test(`says nothing of a table where ${what}`, async () => {
      await db.query(sql)
      expect(await ask(null)).toBe(null)
    })
  }

  test('says nothing where policies hide rows from the reader', async () => {
    await db.query(`CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON t TO reader;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY`)
    const reader = await openEndpoint(url.replace('postgres@', 'reader@'))
    expect(await ask(null, reader)).toBe(null)
    await reader.close()
  })

  test('numbers of transactions go round: those since are the newest ones, wherever they stand', async () => {
    const turn = 2 ** 32
    const [from, next] = [turn - 3, turn + 4]
    const numbers = [2, 3, from - 1, from, from + 2, turn, next - 1, next, turn / 2, turn + 1000]
    const { rows } = await db.query<{ xmin: string }>(
      `SELECT xmin FROM unnest($1::text[]) t(xmin) WHERE ${writtenSince(BigInt(from), next - from)}`,
      [numbers.map((n) => String(n % turn))],
    )
    expect(rows.map(({ xmin }) => Number(xmin))).toEqual([2, 3, from, from + 2, 0, 3])
  })

  test('goes by no mark of another run, of a log that is further on, of another day, nor by nonsense', async () => {
    const { mark } = (await ask(null))!
    const now = JSON.parse(mark) as { state: string; lsn: string; readSeconds: number; xmin: string }
    for (const other of [
      { ...now, lsn: 'FFFF/0' },
      { ...now, readSeconds: now.readSeconds - 90_000 },
      { ...now, readSeconds: now.readSeconds + 1000 },
      { ...now, xmin: String(BigInt(now.xmin) + 1000n) },
      { ...now, xmin: '1; DROP TABLE t' },
      { ...now, lsn: "0/0'" },
    ])
      expect((await ask(JSON.stringify(other)))!.said).toBe('unknown')
    expect((await ask('5 0fe3 ["id int"]'))!.said).toBe('unknown')
    await connector.close()
    await postgres.kill()
    await postgres.start()
    connector = await openEndpoint(url)
    db = await postgres.client(url)
    expect((await ask(mark))!.said).toBe('unknown')
  })
})
