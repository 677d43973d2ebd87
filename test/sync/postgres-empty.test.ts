// Writing all rows into a table of PostgreSQL that has none: at once where that goes through, and where it does not, all
// of them but those that it is about.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const rowCount = 400

describe.skipIf(!hasPostgres)(`rows for an empty table of PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let linked: Linked
  let db: Client

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    linked = await Linked.start(postgres)
    db = linked.db
    await db.query('TRUNCATE people')
    await linked.sync()
    await linked.edit((rows) => {
      for (let id = 1; id <= rowCount; id++)
        rows.put({ id, name: id % 7 === 0 ? null : `ü\t\\${id}\n`, age: id % 90 })
    })
  })

  /** How many times rows were asked for one by one. */
  let asked = 0
  async function sync(before: () => Promise<unknown> = async () => undefined): Promise<Receipt> {
    asked = 0
    return linked.sync({}, (connector) => ({ ...wrapped(connector), apply: apply(connector, before) }))
  }

  function apply(connector: Connector, before: () => Promise<unknown>): Connector['apply'] {
    return async (plan) => {
      await before()
      const changes: typeof plan.changes = (table, kind) => {
        if (kind === 'insert') asked++
        return plan.changes(table, kind)
      }
      return connector.apply({ ...plan, changes })
    }
  }

  test('all rows go in at once, and come back as they are', async () => {
    const receipt = await sync()
    expect(asked).toBe(0)
    expect(receipt.tables[0]).toMatchObject({ written: { added: rowCount }, rejected: 0, conflicted: 0 })
    expect(await linked.rows()).toEqual(await linked.branchRows())
    const after = await sync()
    expect(after.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
    expect(after.tables[0]!.after.endpoint).toEqual(after.tables[0]!.after.branch)
  })

  for (const [what, sql, reason] of [
    ['breaks a check', 'ALTER TABLE people ADD CHECK (age <> 5 OR id <> 5)', 'rejected'],
    [
      'breaks a check at the end',
      'CREATE TABLE five (id int PRIMARY KEY); INSERT INTO five SELECT generate_series(6, 400); INSERT INTO five SELECT generate_series(1, 4); ALTER TABLE people ADD FOREIGN KEY (id) REFERENCES five DEFERRABLE INITIALLY DEFERRED',
      'rejected',
    ],
    [
      'a trigger leaves out',
      'CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN new.id <> 5 THEN new END; END $$; CREATE TRIGGER skip BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION skip()',
      'changed',
    ],
  ] as const) {
    test(`a row that ${what} is held back, and no other`, async () => {
      await db.query(sql)
      const receipt = await sync()
      expect(receipt.heldBack.map((row) => [row.key, row.reason])).toEqual([['5', reason]])
      expect(await linked.rows()).toHaveLength(rowCount - 1)
    })
  }

  test('a text that PostgreSQL cannot hold is held back, whether the table has rows or not', async () => {
    await linked.edit((rows) => rows.put({ id: 5, name: 'a\0b', age: 5 }))
    expect((await sync()).heldBack.map((row) => [row.key, row.reason])).toEqual([['5', 'rejected']])
    expect(await linked.rows()).toHaveLength(rowCount - 1)
    await linked.edit((rows) => {
      for (let id = 1001; id <= 1000 + rowCount; id++)
        rows.put({ id, name: id === 1100 ? 'a\0b' : 'x', age: 1 })
    })
    const keys = (await sync()).heldBack.map((row) => row.key)
    expect(keys.sort()).toEqual(['1100', '5'])
    expect(await linked.rows()).toHaveLength(2 * rowCount - 2)
  })

  test('a row that another writer has put there meanwhile stays, and waits', async () => {
    let isFirst = true
    const receipt = await sync(async () => {
      if (isFirst) await db.query("INSERT INTO people VALUES (7, 'theirs', 1)")
      isFirst = false
    })
    expect(receipt.heldBack.map((row) => [row.key, row.reason])).toEqual([['7', 'changed']])
    expect(await linked.rows()).toHaveLength(rowCount)
    expect((await linked.rows())[6]).toEqual({ id: 7, name: 'theirs', age: 1 })
  })

  test('identity, generated and missing columns are as they are when rows go one by one', async () => {
    await db.query(`DROP TABLE people; CREATE TABLE people (age int, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text,
      twice int GENERATED ALWAYS AS (age * 2) STORED)`)
    linked = linked.anew()
    await linked.sync()
    await linked.edit((rows) => {
      for (let id = 1; id <= rowCount; id++) rows.put({ id, name: `n${id}`, age: id })
    })
    await sync()
    expect(asked).toBe(0)
    expect((await linked.rows()).at(-1)).toEqual({
      id: rowCount,
      name: `n${rowCount}`,
      age: rowCount,
      twice: 2 * rowCount,
    })
    await db.query("INSERT INTO people (name) VALUES ('next')")
    expect((await linked.rows()).at(-1)).toMatchObject({ id: rowCount + 1 })
  })

  test('a round that is called off in the middle writes nothing', async () => {
    const called = new AbortController()
    const off = linked.sync({ signal: called.signal }, (connector) => ({
      ...wrapped(connector),
      apply: (plan) =>
        connector.apply({
          ...plan,
          all: async (table) => {
            const planned = (await plan.all!(table))!
            return {
              ...planned,
              async *rows() {
                yield* planned.rows()
                called.abort()
                yield* planned.rows()
              },
            }
          },
        }),
    }))
    await expect(off).rejects.toMatchObject({ code: 'VARVE_ABORTED' })
    expect(await linked.rows()).toEqual([])
    await linked.sync()
    expect(await linked.rows()).toHaveLength(rowCount)
  })
})
