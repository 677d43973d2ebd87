// Commits of the branch that are written as single transactions (`commits: each`), against a real PostgreSQL whose triggers
// note which transaction wrote what.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { linkedIn } from '../support/linked-store.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'

describe.skipIf(!hasPostgres)(`commits as transactions of PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let shop: ShopLink

  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '20' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  beforeEach(async () => {
    shop = await ShopLink.create(postgres, { mode: 'two-way' })
    await shop.db.query('ALTER TABLE people ADD CHECK (age < 150)')
    await shop.sync()
    shop.link = { ...shop.link, mode: 'mirror', commits: 'each' }
    await set(1, 36)
    await set(1, 0)
    await shop.sync()
    await shop.db.query(`
      CREATE TABLE seen (at serial, tx xid8 DEFAULT pg_current_xact_id(), what text);
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO seen (what) VALUES (CASE TG_TABLE_NAME WHEN 'varve_sync' THEN 'record'
          ELSE (coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> 'id') || '=' || coalesce(to_jsonb(NEW) ->> 'age', 'gone') END);
        RETURN NULL; END $$;
      CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON people FOR EACH ROW EXECUTE FUNCTION see();
      CREATE TRIGGER see AFTER UPDATE OF base_commit ON varve_sync FOR EACH ROW EXECUTE FUNCTION see()`)
  })

  async function set(id: number, age: number | null): Promise<void> {
    await shop.edit((rows) => (age === null ? rows.delete(id) : rows.put({ id, name: 'n', age })))
  }

  /** What each transaction wrote, in order, the link's record left out where it was written along. */
  async function transactions(): Promise<string[]> {
    const { rows } = await shop.db.query<{ all: string[] }>(
      'SELECT array_agg(what ORDER BY at) AS all FROM seen GROUP BY tx ORDER BY min(at)',
    )
    return rows.map(({ all }) => {
      expect(all.at(-1)).toBe('record')
      return all.slice(0, -1).join(' ')
    })
  }

  async function ages(): Promise<string> {
    const rows = (await shop.rows()) as { id: number; age: number }[]
    return rows.map(({ id, age }) => `${id}=${age}`).join(' ')
  }

  test('each is one transaction with its own record, in order', async () => {
    await set(1, 1)
    await shop.edit((rows) => {
      rows.put({ id: 4, name: 'n', age: 4 })
      rows.delete(3)
    })
    await set(1, 2)
    const receipt = await shop.sync()
    expect(await transactions()).toEqual(['1=1', '4=4 3=gone', '1=2'])
    expect(receipt.tables[0]).toMatchObject({ written: { added: 1, changed: 2, removed: 1 } })
    expect(await ages()).toBe('1=2 2=85 4=4')
    expect((await shop.sync()).tables[0]).toMatchObject({ captured: { changed: 0 }, written: { changed: 0 } })
    await set(1, 3)
    await shop.sync()
    expect(await transactions()).toHaveLength(4)
  })

  test('without it, and in a first round, all of them are one', async () => {
    const { commits: _, ...link } = shop.link
    shop.link = link
    await set(1, 1)
    await set(1, 2)
    await shop.sync()
    expect(await transactions()).toEqual(['1=2'])
  })

  test.each(['before', 'after'] as const)(
    'killed %s a transaction or a manifest, the next round goes on at the commit that is next',
    async (when) => {
      for (let at = 1; at <= 4; at++) {
        for (const age of [1, 2, 3]) await set(1, 10 * at + age)
        await shop.sync({}, killedAt(at, when)).catch(() => 0)
        await shop.sync()
        for (const age of [1, 2, 3]) await set(2, 10 * at + age)
        await linkedIn(shop, { manifest: at, when })
          .sync()
          .catch(() => 0)
        await shop.sync()
      }
      const all = [1, 2, 3, 4].flatMap((at) =>
        [1, 2].flatMap((id) => [1, 2, 3].map((age) => `${id}=${10 * at + age}`)),
      )
      expect(await transactions()).toEqual(all)
    },
  )

  /** Its nth transaction is the last thing that happens. */
  function killedAt(at: number, when: 'before' | 'after'): (connector: Connector) => Connector {
    let left = at
    return (connector) =>
      new Proxy(connector, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          if (name !== 'apply') return value.bind(target) as unknown
          return async (...args: unknown[]) => {
            left--
            if (left === 0 && when === 'before') throw new Error('killed')
            const made: unknown = await Reflect.apply(value, target, args)
            if (left === 0) throw new Error('killed')
            return made
          }
        },
      })
  }

  test('a row that is refused waits, the others go on, and it is tried again in each commit that changes it', async () => {
    await set(1, 200)
    await set(2, 2)
    await set(1, 11)
    await set(3, 200)
    await set(2, 3)
    const receipt = await shop.sync()
    expect(await transactions()).toEqual(['2=2', '1=11', '2=3'])
    expect(receipt.heldBack).toMatchObject([{ key: '3', reason: 'rejected' }])
    expect((await shop.sync()).heldBack).toMatchObject([{ key: '3', reason: 'rejected' }])
    await set(3, 7)
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await ages()).toBe('1=11 2=3 3=7')
  })

  test('a row that others have changed waits, in all of them, and what else they changed stays', async () => {
    shop.link = { ...shop.link, mode: 'materialize' }
    await shop.sync()
    await shop.db.query("UPDATE people SET age = 99 WHERE id = 1; UPDATE people SET name = 'G' WHERE id = 3")
    await shop.db.query('TRUNCATE seen')
    await set(1, 1)
    await shop.edit((rows) => rows.put({ id: 3, name: 'Edsger', age: 5 }))
    await set(1, 2)
    await set(2, 2)
    const receipt = await shop.sync()
    expect(await transactions()).toEqual(['3=5', '2=2'])
    expect(receipt.heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
    expect((await shop.rows())[2]).toEqual({ id: 3, name: 'G', age: 5 })
  })

  test('in two ways commits go out as one transaction, which comes back as none', async () => {
    shop.link = { ...shop.link, mode: 'two-way', changes: 'log' }
    await shop.sync()
    await set(1, 1)
    await shop.db.query('UPDATE people SET age = 50 WHERE id = 3')
    await shop.db.query('TRUNCATE seen')
    await set(1, 2)
    await set(2, 2)
    const receipt = await shop.sync()
    expect(receipt.heldBack).toEqual([])
    expect(await transactions()).toEqual(['1=2 2=2'])
    expect(await ages()).toBe('1=2 2=2 3=50')
    expect(await shop.branchRows()).toEqual(await shop.rows())
    const before = await shop.store.manifest()
    expect((await shop.sync()).commit).toBe(receipt.commit)
    expect((await shop.store.manifest()).refs.get('refs/heads/main')).toBe(before.refs.get('refs/heads/main'))
  })

  test('transactions of one database become transactions of another', async () => {
    const source = await ShopLink.create(postgres, { mode: 'capture', commits: 'each', into: 'shop' })
    const copy = { ...shop.link, name: 'copy', endpoint: shop.link.endpoint }
    await source.sync()
    shop = source.with(copy, shop.db)
    await shop.sync({ allow: ['deletes'] })
    await shop.db.query('TRUNCATE seen')
    await source.db.query(
      'BEGIN; UPDATE people SET age = 1 WHERE id = 1; DELETE FROM people WHERE id = 3; COMMIT',
    )
    await source.db.query('UPDATE people SET age = 2 WHERE id < 3')
    await source.db.query('INSERT INTO people VALUES (9, NULL, 9)')
    await source.sync()
    await shop.sync()
    expect(await transactions()).toEqual(['1=1 3=gone', '1=2 2=2', '9=9'])
    expect(await shop.rows()).toEqual(await source.rows())
  })

  test('a guard looks at all of them: what it stops waits whole, and the approval lets it through', async () => {
    await set(4, 4)
    await shop.edit((rows) => [1, 2, 3, 4].forEach((id) => rows.delete(id)))
    expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
    expect(await transactions()).toEqual([])
    await shop.sync({ allow: ['deletes'] })
    expect(await shop.rows()).toEqual([])
  })
})
