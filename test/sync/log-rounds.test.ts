// Rounds of a link that reads its endpoint's log of changes, against a real PostgreSQL: they come to the same as rounds
// that compare the tables, and compare them where the log is not enough.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readMark } from '../../src/sync/log/mark.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'

let postgres: Postgres

describe.skipIf(!hasPostgres)(`links by PostgreSQL's log${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '60' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  let shop: ShopLink

  beforeEach(async () => {
    shop = await ShopLink.create(postgres, { changes: 'log' })
  })

  /** Whether the last round read the log and compared nothing. */
  function byLog(notes: readonly string[]): boolean {
    return !notes.some((note) => note.includes('compared'))
  }

  /** The tables as they were last seen are what a comparison finds. */
  async function expectExact(): Promise<void> {
    expect(await shop.branchRows()).toEqual(await shop.rows())
    const before = (await shop.store.manifest()).refs.get('refs/links/shop/live')
    shop.link = { ...shop.link, changes: 'compare' }
    await shop.sync()
    expect((await shop.store.manifest()).refs.get('refs/links/shop/live')).toBe(before)
  }

  test('changes of both sides arrive, and a quiet round reads no table', async () => {
    await shop.sync()
    await shop.db.query(
      "UPDATE people SET age = 37 WHERE id = 1; INSERT INTO people VALUES (4, 'Barbara', 84)",
    )
    await shop.edit((table) => {
      table.put({ id: 1, name: 'Ada Lovelace', age: 36 })
      table.delete(3)
    })
    const receipt = await shop.sync()
    expect(receipt.tables[0]).toMatchObject({
      captured: { added: 1, changed: 1, removed: 0 },
      written: { added: 0, changed: 1, removed: 1 },
    })
    expect(byLog(receipt.notes)).toBe(true)
    const scans = await tableScans()
    const quiet = await shop.sync()
    expect(quiet.commit).toBe(receipt.commit)
    expect(quiet.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
    expect(await tableScans()).toBe(scans)
    await expectExact()
  })

  async function tableScans(): Promise<string> {
    await shop.db.query('SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()')
    const { rows } = await shop.db.query<{ n: string }>(
      "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS n FROM pg_stat_user_tables WHERE relname = 'people'",
    )
    return rows[0]!.n
  }

  test('what was left out of the log because it stayed as it was is filled in from what is known', async () => {
    await shop.db.query('ALTER TABLE people ADD story text')
    await shop.db.query(
      "UPDATE people SET story = (SELECT string_agg(md5(i::text || id), '') FROM generate_series(1, 3000) i)",
    )
    await shop.sync()
    await shop.db.query('UPDATE people SET age = age + 1; UPDATE people SET id = 30 WHERE id = 3')
    await shop.db.query("UPDATE people SET name = name || '!' WHERE id = 30")
    const receipt = await shop.sync()
    expect(byLog(receipt.notes)).toBe(true)
    await expectExact()
  })

  test('every kind of value is the same by log and by reading the table', async () => {
    await shop.db.query(`
      CREATE TABLE v (id int PRIMARY KEY, s smallint, n numeric, f4 real, f8 double precision, b boolean, t text,
        vc varchar(10), c char(5), c1 "char", u uuid, d date, ts timestamp, tz timestamptz, ti time, iv interval, by bytea,
        j json, jb jsonb, ia int[], ta text[], ip inet, ci cidr, r int4range, x xml, p point, bits bit(5), m money, o oid)`)
    shop.link = { ...shop.link, tables: ['v'] }
    await shop.sync()
    await shop.db.query(`
      INSERT INTO v VALUES
        (1, -1, 1.10, 0.1, 0.1, true, E'a\\tb\\nc\\\\', 'x', 'ab', 'q', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2024-02-29',
         '2024-05-06 07:08:09.1', '2024-05-06 07:08:09.123456+03', '23:59:59.5', '1 mon 2 days', '\\x00ff', '{"a":  1}',
         '{"a": 1}', '{1,NULL}', '{"a,b",NULL}', '10.0.0.1', '10.0.0.0/8', '[1,5)', '<a/>', '(1.5,2)', B'10101', 12.5, 7),
        (2, NULL, 'NaN', 'NaN', 'Infinity', false, '', '', '', '', NULL, 'infinity', '-infinity', 'infinity', '24:00',
         '-1 days', '\\x', 'null', 'null', '{}', '{}', '10.0.0.1/8', '10.1.2.3', 'empty', NULL, NULL, NULL, NULL, NULL);
      INSERT INTO v (id, d, ts, c) VALUES (3, '0044-03-15 BC', '0044-03-15 12:00 BC', ' a b ');
      INSERT INTO v (id) VALUES (4)`)
    expect(byLog((await shop.sync()).notes)).toBe(true)
    const live = (await shop.store.manifest()).refs.get('refs/links/shop/live')
    shop.link = { ...shop.link, changes: 'compare' }
    expect((await shop.sync()).tables[0]).toMatchObject({ read: 4, captured: { added: 0, changed: 0 } })
    expect((await shop.store.manifest()).refs.get('refs/links/shop/live')).toBe(live)
  })

  test.each([
    [
      'its slot is dropped',
      'SELECT pg_drop_replication_slot((SELECT slot_name FROM pg_replication_slots WHERE database = current_database()))',
    ],
    ['the table is emptied and filled', "TRUNCATE people; INSERT INTO people VALUES (1, 'Ada', 1)"],
    ['a column is added', 'ALTER TABLE people ADD city text'],
    ['a column is rewritten', 'ALTER TABLE people ALTER age TYPE int USING age + 1'],
    [
      'somebody else reads the slot',
      'SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()',
    ],
    [
      'the publication is gone',
      "DO $$ BEGIN EXECUTE 'DROP PUBLICATION ' || (SELECT pubname FROM pg_publication); END $$",
    ],
    [
      'only some kinds of changes are published',
      publication("SET (publish = 'insert')", 'UPDATE people SET age = 1; DELETE FROM people WHERE id = 2'),
    ],
    [
      'only some rows are published',
      publication('SET TABLE people WHERE (id < 3)', "INSERT INTO people VALUES (7, 'Alan', 41)"),
    ],
    [
      'less was published for a while',
      publication(
        "SET (publish = 'insert')",
        'UPDATE people SET age = 1',
        "SET (publish = 'insert, update, delete, truncate')",
      ),
    ],
  ])('when %s the tables are compared, it is said, and a new log begins', async (_, sql) => {
    await shop.sync()
    await shop.db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
    for (const one of sql.startsWith('DO') ? [sql] : sql.split('; ')) await shop.db.query(one)
    const receipt = await shop.sync()
    expect(byLog(receipt.notes)).toBe(false)
    expect(await shop.branchRows()).toEqual(await shop.rows())
    expect(await shop.slots()).toHaveLength(1)
    await shop.db.query("INSERT INTO people (id, name) VALUES (6, 'Barbara')")
    expect(byLog((await shop.sync()).notes)).toBe(true)
    await expectExact()
  })

  test.each([
    ['a label of an enum is renamed', "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"],
    ['a label of an enum in arrays is renamed', "ALTER TYPE step RENAME VALUE 'one' TO 'first'"],
    ['a composite type gets a field', 'ALTER TYPE place ADD ATTRIBUTE floor int'],
    ['a label of an enum in a composite type is renamed', "ALTER TYPE side RENAME VALUE 'l' TO 'left'"],
    ['a column is dropped and made anew', 'ALTER TABLE x DROP n, ADD n int DEFAULT 7'],
  ])('when %s all rows look otherwise, which no log tells: they are compared', async (_, sql) => {
    await shop.db.query(`
      CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE step AS ENUM ('one'); CREATE TYPE side AS ENUM ('l');
      CREATE TYPE place AS (street text, side side);
      CREATE TABLE x (id int PRIMARY KEY, m mood, s step[], p place, n int DEFAULT 1);
      INSERT INTO x VALUES (1, 'sad', '{one}', '(a,l)'), (2, 'ok', '{}', NULL)`)
    shop.link = { ...shop.link, tables: ['x'] }
    await shop.sync()
    await shop.db.query("INSERT INTO x VALUES (3, 'sad', '{one}', '(a,l)')")
    expect(byLog((await shop.sync()).notes)).toBe(true)
    await shop.db.query(sql)
    expect(byLog((await shop.sync()).notes)).toBe(false)
    expect(await shop.branchRows('x')).toEqual(await shop.rows('x'))
    await shop.db.query('INSERT INTO x VALUES (4)')
    expect(byLog((await shop.sync()).notes)).toBe(true)
    await shop.edit((table) => table.delete(1), 'x')
    await shop.sync()
    expect(await shop.rows('x')).toHaveLength(3)
  })

  test('a table whose shape waits is left out until it is let through, and the others go on', async () => {
    await shop.db.query(
      'CREATE TABLE orders (id int PRIMARY KEY, total int); INSERT INTO orders VALUES (1, 10)',
    )
    shop.link = { ...shop.link, tables: ['people', 'orders'] }
    await shop.sync()
    await shop.db.query('ALTER TABLE orders ALTER total TYPE text')
    const stopped = await shop.sync()
    expect(stopped.heldBack).toMatchObject([{ table: 'orders', reason: 'schema' }])
    await shop.db.query("INSERT INTO orders VALUES (2, '20'); UPDATE people SET age = 1 WHERE id = 1")
    const still = await shop.sync()
    expect(still.heldBack).toMatchObject([{ table: 'orders', reason: 'schema' }])
    expect(byLog(still.notes)).toBe(true)
    expect(await shop.branchRows()).toEqual(await shop.rows())
    await shop.sync({ allow: ['schema'] })
    expect(await shop.branchRows('orders')).toEqual(await shop.rows('orders'))
    await shop.db.query("INSERT INTO orders VALUES (3, '30')")
    expect(byLog((await shop.sync()).notes)).toBe(true)
    expect(await shop.branchRows('orders')).toEqual(await shop.rows('orders'))
  })

  test('a transform holds for the log too, and another one has the tables read anew', async () => {
    const column = { column: 'name', compute: null, mask: null, cast: null }
    const transform = { table: 'people', where: 'age > 50', select: null, omit: [] }
    shop.link = { ...shop.link, mode: 'capture' }
    const names = async (): Promise<unknown[]> =>
      (await shop.branchRows()).map((row) => (row as Record<string, unknown>)['called'])
    shop.link = { ...shop.link, transform: [{ ...transform, columns: [{ ...column, rename: 'called' }] }] }
    await shop.sync()
    await shop.db.query(
      "UPDATE people SET age = 10 WHERE id = 2; INSERT INTO people VALUES (4, 'Barbara', 84)",
    )
    await shop.db.query('UPDATE people SET age = 60 WHERE id = 1')
    expect(byLog((await shop.sync()).notes)).toBe(true)
    expect(await names()).toEqual(['Ada', 'Edsger', 'Barbara'])
    const older = { ...transform, where: 'age > 70' }
    shop.link = { ...shop.link, transform: [{ ...older, columns: [{ ...column, rename: 'called' }] }] }
    expect((await shop.sync()).notes.join()).toMatch(/transformed in another way/)
    expect(await names()).toEqual(['Edsger', 'Barbara'])
    shop.link = {
      name: 'shop',
      endpoint: shop.link.endpoint,
      mode: 'capture',
      tables: ['people'],
      into: 'shop',
      branch: 'main',
      changes: 'compare',
    }
    await shop.sync({ allow: ['schema'] })
    expect(await shop.slots()).toEqual([])
  })

  test('a dry run reads the log and moves nothing', async () => {
    await shop.sync()
    await shop.db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
    const before = (await shop.store.manifest()).sequence
    for (let i = 0; i < 2; i++)
      expect((await shop.sync({ dryRun: true })).tables[0]).toMatchObject({ captured: { added: 1 } })
    expect((await shop.store.manifest()).sequence).toBe(before)
    expect((await shop.sync()).tables[0]).toMatchObject({ captured: { added: 1 } })
  })

  test('a link that compares again ends its log', async () => {
    await shop.sync()
    expect(await shop.slots()).toHaveLength(1)
    shop.link = { ...shop.link, changes: 'compare' }
    await shop.sync()
    expect(await shop.slots()).toEqual([])
    expect(readMark(await shop.store.manifest(), 'shop')).toBe(null)
  })

  test('a log that was begun and never noted is dropped by the next beginning', async () => {
    const abort = new AbortController()
    const onProgress = (): void => abort.abort()
    await expect(shop.sync({ signal: abort.signal, onProgress })).rejects.toThrow()
    expect(await shop.slots()).toHaveLength(1)
    await shop.sync()
    expect(await shop.slots()).toHaveLength(1)
    await expectExact()
  })

  test('a log is begun when the first of its tables is back', async () => {
    shop.link = { ...shop.link, changes: 'compare' }
    await shop.sync()
    shop.link = { ...shop.link, changes: 'log' }
    await shop.db.query('ALTER TABLE people RENAME TO away')
    const receipt = await shop.sync()
    expect(receipt.heldBack[0]?.message).toContain('the table is gone')
    expect(receipt.notes.join()).toContain('none of its tables is there')
    await shop.db.query('ALTER TABLE away RENAME TO people')
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await shop.slots()).toHaveLength(1)
    await expectExact()
  })

  test('a repository that was rolled back compares, and loses nothing', async () => {
    await shop.sync()
    const { refs, config } = await shop.store.manifest()
    await shop.db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
    await shop.sync()
    await shop.db.query("INSERT INTO people VALUES (6, 'Barbara', 84)")
    await shop.sync()
    await shop.store.update(() => ({ refs, config, operation: { name: 'back', message: '', author: '' } }))
    await shop.db.query('DELETE FROM people WHERE id = 2')
    expect(byLog((await shop.sync()).notes)).toBe(false)
    await expectExact()
  })

  test('what stands in the way of a log ends it: no log is kept that nobody reads, and users may write', async () => {
    await shop.sync()
    await shop.db.query('ALTER TABLE people REPLICA IDENTITY NOTHING')
    await shop.db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
    expect((await shop.sync({ dryRun: true })).notes.join()).toMatch(/replica identity/)
    expect(await shop.slots()).toHaveLength(1)
    expect((await shop.sync()).notes.join()).toMatch(/replica identity/)
    expect(await shop.slots()).toEqual([])
    await shop.db.query('UPDATE people SET age = 1 WHERE id = 1')
    await shop.sync()
    expect(await shop.branchRows()).toEqual(await shop.rows())
    await shop.db.query('ALTER TABLE people REPLICA IDENTITY DEFAULT')
    await shop.sync()
    expect(await shop.slots()).toHaveLength(1)
    await expectExact()
  })

  test('a log that cannot be dropped is said, and the tables are compared all the same', async () => {
    await shop.sync()
    await shop.db.query('ALTER TABLE people REPLICA IDENTITY NOTHING')
    await shop.db.query(`
      CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
      CREATE EVENT TRIGGER never ON ddl_command_start WHEN TAG IN ('DROP PUBLICATION') EXECUTE FUNCTION no();
      INSERT INTO people VALUES (5, 'Donald', 87)`)
    expect((await shop.sync()).notes.join()).toMatch(/the log could not be dropped: .*not here/)
    expect(await shop.branchRows()).toEqual(await shop.rows())
    await shop.db.query('DROP EVENT TRIGGER never')
    await shop.sync()
    expect((await shop.db.query('SELECT FROM pg_publication')).rowCount).toBe(0)
  })

  test('a server that has no slot left is compared, until there is one', async () => {
    await shop.db.query(`DO $$ DECLARE n int := 60 - (SELECT count(*) FROM pg_replication_slots);
      BEGIN FOR i IN 1..n LOOP PERFORM pg_create_physical_replication_slot('used' || i); END LOOP; END $$`)
    try {
      expect((await shop.sync()).notes.join()).toMatch(/compared: all replication slots are in use/)
      await shop.db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
      expect((await shop.sync()).tables[0]).toMatchObject({ captured: { added: 1 } })
    } finally {
      await shop.db.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'used%'",
      )
    }
    await shop.sync()
    expect(await shop.slots()).toHaveLength(1)
    await expectExact()
  })

  test('a server without logical log, and a table with a generated column, are compared', async () => {
    await shop.db.query('ALTER TABLE people ADD twice int GENERATED ALWAYS AS (age * 2) STORED')
    const receipt = await shop.sync()
    expect(receipt.notes.join()).toMatch(/generated column, 'twice', which the log leaves out/)
    expect(await shop.slots()).toEqual([])
  })

  test('a table is read by the log where the link leaves its generated column out', async () => {
    await shop.db.query('ALTER TABLE people ADD twice int GENERATED ALWAYS AS (age * 2) STORED')
    const omit = { table: 'people', where: null, select: null, omit: ['twice'], columns: [] }
    shop.link = { ...shop.link, transform: [omit] }
    expect((await shop.sync()).notes).toEqual([])
    await shop.db.query(
      "INSERT INTO people VALUES (5, 'Donald', 87); UPDATE people SET age = 37 WHERE id = 1",
    )
    const receipt = await shop.sync()
    expect(receipt.notes).toEqual([])
    expect(receipt.tables[0]).toMatchObject({ captured: { added: 1, changed: 1 } })
    await shop.edit((rows) => rows.put({ id: 2, name: 'Grace', age: 86 }))
    expect((await shop.sync()).tables[0]).toMatchObject({ written: { changed: 1 } })
    expect(await shop.rows()).toMatchObject([{ age: 37 }, { age: 86, twice: 172 }, {}, { age: 87 }])
    expect((await shop.sync()).tables[0]).toMatchObject({ captured: { changed: 0 }, written: { changed: 0 } })
    expect(await shop.slots()).toHaveLength(1)
  })
})

/** Alters the publication, writes, and alters it again. */
function publication(change: string, write: string, again?: string): string {
  const alter = (how: string): string =>
    `EXECUTE 'ALTER PUBLICATION ' || (SELECT pubname FROM pg_publication) || $a$ ${how} $a$;`
  return `DO $$ BEGIN ${alter(change)} ${again === undefined ? '' : 'COMMIT;'} ${write}; ${again === undefined ? '' : `COMMIT; ${alter(again)}`} END $$`
}
