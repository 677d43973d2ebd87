// Values, names and rules of PostgreSQL: whatever a table holds comes out the same in another database, or is refused
// by name; and rows are written in an order that the database takes.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { LinkMode } from '../../src/dataset/interface.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { syncRound } from '../../src/sync/round.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`PostgreSQL as an endpoint${withoutPostgres}`, () => {
  let postgres: Postgres
  let store: MemoryStore
  let count = 0
  let sides: { url: string; db: Client }[]

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  beforeEach(async () => {
    store = MemoryStore.create()
    sides = []
    for (const name of ['a', 'b']) {
      const url = await postgres.database(`${name}${++count}`)
      sides.push({ url, db: await postgres.client(url) })
    }
  })

  async function both(sql: string): Promise<void> {
    for (const { db } of sides) await db.query(sql)
  }

  async function sync(side: number, mode: LinkMode, tables: readonly string[]): Promise<Receipt> {
    const endpoint = sides[side]!.url
    const connector = await openEndpoint(endpoint)
    const repo = createContext(store, { author: { name: 'Ada', email: 'ada@example.org' } })
    const link = { name: `side${side}`, endpoint, mode, tables, into: '', branch: 'main' }
    try {
      return await syncRound({ repo, folder: null, connector, link, options: {} })
    } finally {
      await connector.close()
    }
  }

  /** From the first database to the second, through the history. */
  async function carry(tables: readonly string[]): Promise<Receipt> {
    await sync(0, 'capture', tables)
    return sync(1, 'mirror', tables)
  }

  async function text(side: number, sql: string): Promise<unknown[]> {
    return (await sides[side]!.db.query(sql)).rows
  }

  test('every kind of value arrives exactly, and a second round finds nothing to do', async () => {
    await both(`
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE TABLE v (
        id bigint PRIMARY KEY, s smallint, n numeric, n2 numeric(12,4), f4 real, f8 double precision, b boolean,
        t text, vc varchar(10), c char(5), u uuid, d date, ts timestamp, tz timestamptz, ti time, iv interval,
        by bytea, j json, jb jsonb, ia int[], ta text[], m mood, ip inet, r int4range, x xml, p point, bits bit(5),
        hidden int GENERATED ALWAYS AS (s * 2) STORED)`)
    await sides[0]!.db.query(`
      INSERT INTO v VALUES
        (1, 32767, 123456789012345678901234567890.000100, 1.1, 0.1, 0.1, true, 'plain', 'short', 'ab',
         'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2024-02-29', '2024-05-06 07:08:09.123456', '2024-05-06 07:08:09.1+03',
         '23:59:59.999999', '1 year 2 mons 3 days 04:05:06.7', '\\x00ff5c', '{"b": 1,  "a":[1, 2.50]}', '{"b":1,"a":null}',
         '{1,NULL,3}', '{"a,b",NULL,"q\\"uote"}', 'happy', '10.0.0.1/8', '[1,5)', '<a>x</a>', '(1.5,2)', B'10101'),
        (2, -32768, 'NaN', -0.0001, 'NaN', 'Infinity', false, E'tab\\t line\\n back\\\\ \\r cr', '', '', NULL, 'infinity', '-infinity',
         'infinity', NULL, NULL, '\\x', 'null', 'null', '{}', '{}', 'sad', NULL, 'empty', NULL, NULL, NULL),
        (-9223372036854775808, 0, 0, 0, '-0', '-0', NULL, '', NULL, NULL, NULL, '0044-03-15 BC', '0044-03-15 12:00:00 BC',
         '4713-01-01 00:00:00+00 BC', '24:00:00', '-1 days', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (9223372036854775807, 1, 1e-20, 99999999.9999, 3.4028235e38, 1.7976931348623157e308, true, '\\N', '💧', 'ä', NULL,
         NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (5, NULL, 5e-324, NULL, 1e-45, 5e-324, NULL, repeat('long ', 500), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         decode(repeat('00', 5000), 'hex'), NULL, to_jsonb(repeat('x', 5000)), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
    const receipt = await carry(['v'])
    expect(receipt.heldBack).toEqual([])
    const all = 'SELECT v::text FROM v ORDER BY id'
    expect(await text(1, all)).toEqual(await text(0, all))
    expect((await carry(['v'])).tables[0]).toMatchObject({ written: { added: 0, changed: 0, removed: 0 } })
    await sides[0]!.db.query(
      `UPDATE v SET j = '{"b": 2}', by = '\\x01', hidden = DEFAULT, x = '<b/>', n = n + 1, ta = '{x}' WHERE id = 1`,
    )
    expect((await carry(['v'])).tables[0]).toMatchObject({ written: { changed: 1 } })
    expect(await text(1, all)).toEqual(await text(0, all))
    await sides[0]!.db.query('DELETE FROM v WHERE id IN (1, 2)')
    expect((await carry(['v'])).tables[0]).toMatchObject({ written: { removed: 2 } })
    expect(await text(1, all)).toEqual(await text(0, all))
  })

  test('hostile names are names: nothing happens but that they are stored', async () => {
    const table = `x"; DROP TABLE t; --`
    const quoted = `"${table.replaceAll('"', '""')}"`
    const long = 'l'.repeat(63)
    await both(`CREATE TABLE t (id int PRIMARY KEY);
      CREATE TABLE ${quoted} ("__proto__" text PRIMARY KEY, "${long}" text, "a""b" int, "$1" int, "c0" int, "n" int)`)
    await sides[0]!.db.query(
      `INSERT INTO ${quoted} VALUES ($1, 'x', 1, 2, 3, 4), ('constructor', NULL, NULL, NULL, NULL, NULL)`,
      [`'; DROP TABLE t; --`],
    )
    expect((await carry(['t', table])).heldBack).toEqual([])
    expect(await text(1, `SELECT * FROM ${quoted} ORDER BY 1`)).toEqual(
      await text(0, `SELECT * FROM ${quoted} ORDER BY 1`),
    )
    expect(await text(1, 'SELECT * FROM t')).toEqual([])
  })

  test('a table without a key, and one that is not there, are refused by name', async () => {
    await both('CREATE TABLE loose (a int)')
    await expect(sync(0, 'capture', ['loose'])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      message: "table 'loose' has no key",
    })
    await expect(sync(0, 'capture', ['gone'])).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  })

  test('a user without the rights, and a server that ends in the middle, are said to be that', async () => {
    await both(`CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'x')`)
    await sides[1]!.db.query('CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader')
    await sync(0, 'capture', ['t'])
    sides[1]!.url = sides[1]!.url.replace('postgres@', 'reader@')
    await sides[1]!.db.query('DELETE FROM t')
    const { heldBack, notes } = await sync(1, 'mirror', ['t'])
    expect(heldBack).toMatchObject([{ table: 't', isEndpoint: true }])
    expect(notes.join()).toContain('permission denied')
    expect(await text(1, 'SELECT * FROM t')).toEqual([])
    const connector = await openEndpoint(sides[0]!.url)
    const [table] = await connector.discover(['t'])
    await postgres.kill()
    // What is left of the server may answer for a moment.
    const asked = async (): Promise<unknown> => {
      try {
        await (await connector.snapshot([table!])).close()
      } catch (error) {
        return (error as { code?: unknown }).code
      }
      return 'answered'
    }
    let said: unknown
    do said = await asked()
    while (said === 'answered')
    expect(said).toBe('VARVE_UNREACHABLE')
    await connector.close()
    await expect(openEndpoint(sides[0]!.url)).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    await postgres.start()
    expect((await sync(0, 'capture', ['t'])).heldBack).toEqual([])
  })

  test('all tables are read at one moment, whatever is written meanwhile', async () => {
    await both(`CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (id int PRIMARY KEY, n int);
      INSERT INTO a SELECT i, 0 FROM generate_series(1, 5000) i; INSERT INTO b SELECT i, 0 FROM generate_series(1, 5000) i`)
    let on = true
    const writer = (async () => {
      for (let n = 1; on; n++)
        await sides[0]!.db.query(
          `BEGIN; UPDATE a SET n = ${n} WHERE id = 1; UPDATE b SET n = ${n} WHERE id = 5000; COMMIT`,
        )
    })()
    for (let round = 0; round < 5; round++) {
      await sync(0, 'capture', ['a', 'b'])
      await sync(1, 'mirror', ['a', 'b'])
      const [row] = await text(1, 'SELECT a.n AS a, b.n AS b FROM a, b WHERE a.id = 1 AND b.id = 5000')
      expect((row as { a: number; b: number }).a).toBe((row as { a: number; b: number }).b)
    }
    on = false
    await writer
  })
})
