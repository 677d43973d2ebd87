// What a round has written itself is read back by the next only where the database may have made something else of it.
// Either way both come to what reading all rows comes to.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const nothing = { added: 0, changed: 0, removed: 0 }

describe.skipIf(!hasPostgres)(`what a round has written to PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let linked: Linked
  /** Rows that a round has fetched of those that were written since. */
  let readBack = 0
  let wholeReadings = 0

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    linked = await Linked.start(postgres)
  })

  const counting = (connector: Connector): Connector => ({
    ...wrapped(connector),
    snapshot: async (tables) => {
      const snapshot = await connector.snapshot(tables)
      return {
        ...snapshot,
        packed: (table, options) => {
          wholeReadings++
          return snapshot.packed!(table, options)
        },
        written: async (table, earlier) => {
          const written = await snapshot.written!(table, earlier)
          if (written !== null && written.since !== null) readBack += written.since.written
          return written
        },
      }
    },
  })

  async function sync(): Promise<Receipt> {
    readBack = 0
    wholeReadings = 0
    return linked.sync({}, counting)
  }

  /** A round of the link, and all that is to be said of it: rows written, rows read back by the next, and whole readings. */
  async function written(): Promise<string> {
    const { tables } = await sync()
    const { added, changed, removed } = tables[0]!.written
    const next = await sync()
    const said = `wrote ${added + changed + removed}, read back ${readBack}${wholeReadings > 0 ? ' or all' : ''}`
    await expectAsRead(next)
    // Whatever was read is in step then, and stays so.
    const last = await sync()
    expect(readBack).toBe(0)
    expect(last.tables[0]!).toMatchObject({ captured: nothing, written: nothing })
    await expectAsRead(last)
    return said
  }

  /** The endpoint is what reading all of it says, and so is the branch. */
  async function expectAsRead({ tables }: Receipt): Promise<void> {
    const fresh = linked.anew()
    fresh.link = { ...linked.link, mode: 'capture' }
    const { endpoint } = (await fresh.sync()).tables[0]!.after
    expect(tables[0]!.after).toEqual({ endpoint, branch: endpoint })
  }

  async function prepared(sql: string): Promise<void> {
    await linked.db.query(sql)
    await sync()
  }

  const people = (from: number, to: number): object[] =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ id: from + i, name: `name ${from + i}`, age: 30 }))

  const trigger = (when: string, body: string): string => `
    CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN new; END $$;
    CREATE ${when} ON people FOR EACH ROW EXECUTE FUNCTION made()`

  for (const [what, count] of [
    ['few rows', 3],
    ['rows by COPY', 500],
  ] as const) {
    test(`is not read back when it is stored as it was sent: ${what}`, async () => {
      await prepared('')
      await linked.edit((rows) => people(10, 9 + count).forEach((row) => rows.put(row)))
      expect(await written()).toBe(`wrote ${count}, read back 0`)
      await linked.edit((rows) => {
        for (const row of people(10, 9 + count)) rows.put({ ...row, name: null })
        rows.delete(1)
      })
      expect(await written()).toBe(`wrote ${count + 1}, read back 0`)
    })
  }

  test('is not read back when all rows of an empty table were sent', async () => {
    await prepared('DELETE FROM people')
    await linked.edit((rows) => people(10, 409).forEach((row) => rows.put(row)))
    expect(await written()).toBe('wrote 400, read back 0')
  })

  for (const [what, sql, said] of [
    [
      'a BEFORE trigger rewrites',
      trigger('TRIGGER t BEFORE INSERT OR UPDATE', 'new.name := upper(new.name)'),
      2,
    ],
    [
      'an AFTER trigger updates the same row later',
      trigger(
        'TRIGGER t AFTER INSERT OR UPDATE OF name',
        'UPDATE people SET age = age + 1 WHERE id = new.id',
      ),
      2,
    ],
    [
      'a trigger writes another row',
      trigger(
        'TRIGGER t AFTER UPDATE OF name',
        "UPDATE people SET age = 1 WHERE id = 3; INSERT INTO people VALUES (90, 'made', 1)",
      ),
      4,
    ],
    [
      'a trigger inside of which something fails writes another row',
      trigger(
        'TRIGGER t AFTER UPDATE OF name',
        `BEGIN UPDATE people SET age = 1 WHERE id = 3; EXCEPTION WHEN unique_violation THEN NULL; END`,
      ),
      3,
    ],
    [
      'a trigger keeps a journal elsewhere',
      `CREATE TABLE journal (id int); ${trigger('TRIGGER t AFTER INSERT OR UPDATE', 'INSERT INTO journal VALUES (new.id)')}`,
      0,
    ],
    [
      'a trigger that is deferred updates the row at the end',
      trigger(
        'CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OF name',
        'UPDATE people SET age = age + 1 WHERE id = new.id',
      ).replace('FOR EACH ROW', 'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'),
      2,
    ],
    [
      'a trigger puts off until COMMIT what it does',
      `CREATE TABLE later (id int);
       CREATE FUNCTION done() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN UPDATE people SET age = age + 1 WHERE id = new.id; RETURN new; END $$;
       CREATE CONSTRAINT TRIGGER later AFTER INSERT ON later DEFERRABLE FOR EACH ROW EXECUTE FUNCTION done();
       ${trigger(
         'CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OF name',
         'SET CONSTRAINTS later DEFERRED; INSERT INTO later VALUES (new.id)',
       ).replace('FOR EACH ROW', 'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW')}`,
      2,
    ],
    ['a column has a default', "ALTER TABLE people ADD town text DEFAULT 'Paris'", 2],
    ['a column is generated', 'ALTER TABLE people ADD twice int GENERATED ALWAYS AS (age * 2) STORED', 2],
    ['a char(n) is padded', 'ALTER TABLE people ALTER name TYPE char(20)', 0],
    ['a numeric(10,-1) rounds', 'ALTER TABLE people ALTER age TYPE numeric(10,-1)', 2],
    ['an interval is spelled anew', "ALTER TABLE people ALTER name TYPE interval USING interval '1 day'", 2],
  ] as const) {
    test(`is read back where ${what}: ${said} rows`, async () => {
      await linked.db.query("INSERT INTO people SELECT i, 'name ' || i, 1 FROM generate_series(100, 200) i")
      await prepared(sql)
      const twice = sql.includes('twice') ? { twice: 72 } : {}
      const name = sql.includes('interval') ? '24 hours' : 'other'
      await linked.edit((rows) => {
        rows.put({ id: 1, name, age: 36, ...twice })
        rows.put({ id: 20, name, age: 5 })
      })
      expect(await written()).toBe(`wrote 2, read back ${said}`)
    })
  }

  test('and what others write before the next round is read, and nothing else', async () => {
    await prepared('')
    await linked.edit((rows) => people(1, 300).forEach((row) => rows.put(row)))
    await sync()
    await linked.db.query(
      "UPDATE people SET name = 'theirs' WHERE id IN (5, 300); INSERT INTO people VALUES (900, 'new', 1)",
    )
    const next = await sync()
    expect([readBack, wholeReadings]).toEqual([3, 0])
    expect(next.tables[0]!.captured).toEqual({ added: 1, changed: 2, removed: 0 })
    await expectAsRead(next)
    await linked.edit((rows) => rows.put({ id: 7, name: 'ours', age: 1 }))
    await sync()
    await linked.db.query('DELETE FROM people WHERE id = 8')
    const gone = await sync()
    expect(gone.tables[0]!.captured).toEqual({ added: 0, changed: 0, removed: 1 })
    await expectAsRead(gone)
  })

  test('a writer at work while it is written is not overlooked, whenever he commits', async () => {
    await prepared("INSERT INTO people SELECT i, 'name ' || i, 1 FROM generate_series(10, 400) i")
    const other = await postgres.client(linked.link.endpoint)
    await other.query("BEGIN; UPDATE people SET name = 'theirs' WHERE id = 2")
    await linked.edit((rows) => people(50, 350).forEach((row) => rows.put(row)))
    await sync()
    await other.query('COMMIT; BEGIN; DELETE FROM people WHERE id = 3')
    const next = await sync()
    expect([readBack, wholeReadings]).toEqual([1, 0])
    expect(next.tables[0]!.captured).toEqual({ added: 0, changed: 1, removed: 0 })
    await other.query('COMMIT')
    const last = await sync()
    expect(last.tables[0]!.captured).toEqual({ added: 0, changed: 0, removed: 1 })
    await expectAsRead(last)
    await other.end()
  })

  test('is read back after the server was killed', async () => {
    await prepared('')
    await linked.edit((rows) => people(10, 300).forEach((row) => rows.put(row)))
    await sync()
    await linked.db.end()
    await postgres.kill()
    await postgres.start()
    expect((await sync()).tables[0]!.captured).toEqual(nothing)
    expect(wholeReadings).toBe(1)
  })
})
