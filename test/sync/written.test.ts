// Rounds that read what was written since the round before, and no more: they come to the very tree that reading all
// rows comes to.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`rounds that read what was written since${withoutPostgres}`, () => {
  let postgres: Postgres
  let linked: Linked
  let wholeReadings = 0

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    linked = await Linked.start(postgres)
    wholeReadings = 0
    await linked.db.query("INSERT INTO people SELECT i, 'name ' || i, i % 90 FROM generate_series(10, 500) i")
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
      }
    },
  })

  async function sync(mode = linked.link.mode): Promise<Receipt> {
    linked.link = { ...linked.link, mode }
    return linked.sync({}, counting)
  }

  /** Of the endpoint's rows, all of them read. */
  async function checksum(): Promise<string> {
    const fresh = linked.anew()
    fresh.link = { ...linked.link, mode: 'capture' }
    return (await fresh.sync()).tables[0]!.after.endpoint!.checksum
  }

  for (const [what, sql, captured, whole] of [
    ['nothing', 'SELECT 1', { added: 0, changed: 0, removed: 0 }, 0],
    ['changed rows', 'UPDATE people SET age = 5 WHERE id % 50 = 0', { added: 0, changed: 10, removed: 0 }, 0],
    [
      'rows as they were',
      'UPDATE people SET age = age WHERE id < 99',
      { added: 0, changed: 0, removed: 0 },
      0,
    ],
    ['new rows', "INSERT INTO people VALUES (5, 'x'), (999, NULL)", { added: 2, changed: 0, removed: 0 }, 0],
    ['a new key', 'UPDATE people SET id = 5 WHERE id = 50', { added: 1, changed: 0, removed: 1 }, 1],
    ['rows that are gone', 'DELETE FROM people WHERE id < 20', { added: 0, changed: 0, removed: 13 }, 1],
    ['most rows', 'UPDATE people SET age = 5 WHERE id > 20', { added: 0, changed: 475, removed: 0 }, 1],
    [
      'as many gone as are new',
      "DELETE FROM people WHERE id = 50; INSERT INTO people VALUES (5, 'x')",
      { added: 1, changed: 0, removed: 1 },
      1,
    ],
  ] as const) {
    test(`takes in ${what}`, async () => {
      const first = await sync('capture')
      expect(wholeReadings).toBe(1)
      await linked.db.query(sql)
      const second = await sync()
      expect(wholeReadings).toBe(1 + whole)
      expect(second.tables[0]!.captured).toMatchObject(captured)
      expect(second.tables[0]!.after.endpoint!.checksum).toBe(await checksum())
      const third = await sync()
      expect(third.tables[0]!.captured).toMatchObject({ added: 0, changed: 0, removed: 0 })
      expect(wholeReadings).toBe(1 + whole)
      expect(third.tables[0]!.after).toEqual(second.tables[0]!.after)
      expect(first.tables[0]!.read).toBe(494)
    })
  }

  test('what a round wrote itself is read back row by row, with what a trigger made of it', async () => {
    await linked.db.query(`CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN new.name := upper(new.name); RETURN new; END $$;
      CREATE TRIGGER shout BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION shout()`)
    await sync('two-way')
    await linked.edit((rows) => {
      rows.put({ id: 20, name: 'quiet', age: 1 })
      rows.put({ id: 900, name: 'new', age: 2 })
    })
    await sync()
    const after = await sync()
    expect(wholeReadings).toBe(1)
    expect(after.tables[0]!.captured).toMatchObject({ added: 0, changed: 1, removed: 0 })
    expect(after.tables[0]!.after.endpoint!.checksum).toBe(await checksum())
    expect(await linked.branchRows()).toEqual(await linked.rows())
    expect((await linked.rows())[13]).toEqual({ id: 20, name: 'QUIET', age: 1 })
  })

  test('rows that a round has deleted itself are not looked for, and those of others are', async () => {
    await sync('two-way')
    const remove = async (ids: readonly number[]): Promise<void> => {
      await linked.edit((rows) => ids.forEach((id) => rows.delete(id)))
      await sync()
    }
    await remove([20, 21, 22])
    const quiet = await sync()
    expect(wholeReadings).toBe(1)
    expect(quiet.tables[0]!.captured).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(quiet.tables[0]!.after.endpoint!.checksum).toBe(await checksum())
    await remove([30, 31])
    await linked.db.query(
      "INSERT INTO people VALUES (30, 'back', 1); UPDATE people SET age = 7 WHERE id = 40",
    )
    const back = await sync()
    expect(wholeReadings).toBe(1)
    expect(back.tables[0]!.captured).toMatchObject({ added: 1, changed: 1, removed: 0 })
    expect(back.tables[0]!.after.endpoint!.checksum).toBe(await checksum())
    await remove([50])
    await linked.db.query("INSERT INTO people VALUES (50, 'back', 1); DELETE FROM people WHERE id = 60")
    const both = await sync()
    expect(wholeReadings).toBe(2)
    expect(both.tables[0]!.captured).toMatchObject({ added: 1, changed: 0, removed: 1 })
    expect(both.tables[0]!.after.endpoint!.checksum).toBe(await checksum())
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('after a server was killed all rows are read', async () => {
    await sync('capture')
    await linked.db.end()
    await postgres.kill()
    await postgres.start()
    expect((await sync()).tables[0]!.captured).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(wholeReadings).toBe(2)
    await sync()
    expect(wholeReadings).toBe(2)
  })
})
