// A right to write that the user lacks, or loses: what needs it waits, and says what to grant; all else is written, and so
// is what waited, by the first round that may.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { withRetries } from '../../src/sync/retry.ts'
import { ShopLink } from '../support/shop-link.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

const systems = sqlSystems.filter(({ name }) => name !== 'SQLite')
let count = 0

/** The connector, with something that happens before one of its methods. */
function before(method: 'snapshot' | 'apply', happens: () => Promise<void>) {
  return (connector: Connector): Connector =>
    new Proxy(connector, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        const call = value as (...given: unknown[]) => unknown
        if (name !== method) return call.bind(target)
        return async (...given: unknown[]) => {
          await happens()
          return call.apply(target, given)
        }
      },
    })
}

describe.each(systems.map((one) => [one.name + one.without, one] as const))(
  'without a right to write to a table of %s',
  (_, { name, without, start }) => {
    let system: SqlSystem
    beforeAll(async () => {
      if (without === '') system = await start()
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    async function link(): Promise<{
      db: SqlDatabase
      shop: ShopLink
      revoke: (right: string) => Promise<void>
      grant: (right: string) => Promise<void>
      grantOf: (right: string) => string
    }> {
      const db = await system.database()
      const user = `eve${++count}`
      const isMariadb = name === 'MariaDB'
      const [[database]] = (await db.rows(`SELECT ${isMariadb ? 'DATABASE()' : 'current_database()'}`)) as [
        [string],
      ]
      await db.run(
        'CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name varchar(50), age INTEGER)',
        'CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)',
        "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)",
        'INSERT INTO other VALUES (1, 1)',
        isMariadb ? `CREATE USER ${user}` : `CREATE ROLE ${user} LOGIN`,
        isMariadb ? `GRANT CREATE ON ${database}.* TO ${user}` : `GRANT CREATE ON SCHEMA public TO ${user}`,
        ...(isMariadb ? ['people', 'other', 'varve_sync'] : ['people', 'other']).map(
          (table) =>
            `GRANT SELECT, INSERT, UPDATE, DELETE${isMariadb ? ', CREATE' : ''} ON ${table} TO ${user}`,
        ),
      )
      const place = isMariadb ? `\`${database}\`.\`people\` TO '${user}'@'%'` : `public.people TO ${user}`
      return {
        db,
        shop: ShopLink.over(db.url.replace(isMariadb ? 'root@' : 'postgres@', `${user}@`), {
          tables: ['people', 'other'],
        }),
        revoke: (right) => db.run(`REVOKE ${right} ON people FROM ${user}`),
        grant: (right) => db.run(`GRANT ${right} ON people TO ${user}`),
        grantOf: (right) => `GRANT ${right} ON ${place}`,
      }
    }

    async function edit(shop: ShopLink): Promise<void> {
      await shop.repository.transaction('main', (tx) => {
        tx.table('shop/people').put({ id: 1, name: 'Ada L.', age: 36 })
        tx.table('shop/people').put({ id: 4, name: 'Barbara', age: 84 })
        tx.table('shop/people').delete(3)
        tx.table('shop/other').put({ id: 2, n: 7 })
      })
    }

    test.skipIf(without !== '').each([
      ['INSERT', '4'],
      ['UPDATE', '1'],
      ['DELETE', '3'],
    ])('%s: only those rows wait, until it is granted', async (right, key) => {
      const { db, shop, revoke, grant, grantOf } = await link()
      await shop.sync()
      await revoke(right)
      await edit(shop)
      await db.run("UPDATE people SET name = 'Grace H.' WHERE id = 2")
      const { heldBack } = await shop.sync()
      expect(heldBack).toMatchObject([{ table: 'people', key, reason: 'rejected' }])
      expect(heldBack[0]!.message).toContain(grantOf(right))
      expect(await shop.branchRows()).toContainEqual({ id: 2, name: 'Grace H.', age: 85 })
      const wanted = [
        ['1', right === 'UPDATE' ? 'Ada' : 'Ada L.', '36'],
        ['2', 'Grace H.', '85'],
        ...(right === 'DELETE' ? [['3', 'Edsger', '72']] : []),
        ...(right === 'INSERT' ? [] : [['4', 'Barbara', '84']]),
      ]
      expect(await db.rows('SELECT * FROM people ORDER BY id')).toEqual(wanted)
      expect(await db.rows('SELECT n FROM other WHERE id = 2')).toEqual([['7']])
      const untried = before('apply', () => Promise.reject(new Error('it is not tried again')))
      expect((await shop.sync({}, untried)).heldBack).toEqual(heldBack)
      await grant(right)
      expect((await shop.sync()).heldBack).toEqual([])
      expect(await db.rows('SELECT id, name FROM people ORDER BY id')).toEqual([
        ['1', 'Ada L.'],
        ['2', 'Grace H.'],
        ['4', 'Barbara'],
      ])
    })

    test.skipIf(without !== '')('columns: only rows that change the others wait', async () => {
      const { db, shop, revoke, grant, grantOf } = await link()
      await shop.sync()
      await revoke('UPDATE')
      await grant('UPDATE (age)')
      await shop.edit((rows) => {
        rows.put({ id: 1, name: 'Ada', age: 37 })
        rows.put({ id: 2, name: 'Grace H.', age: 85 })
      })
      const { heldBack } = await shop.sync()
      expect(heldBack).toMatchObject([{ table: 'people', key: '2', reason: 'rejected' }])
      expect(heldBack[0]!.message).toContain(
        grantOf(name === 'MariaDB' ? 'UPDATE (`name`)' : 'UPDATE (name)'),
      )
      expect(await db.rows('SELECT age FROM people ORDER BY id')).toEqual([['37'], ['85'], ['72']])
      await grant('UPDATE (name)')
      expect((await shop.sync()).heldBack).toEqual([])
    })

    test.skipIf(without !== '')('more rows than wait one by one: the table waits, and no other', async () => {
      const { db, shop, revoke, grant } = await link()
      await shop.sync()
      await revoke('INSERT')
      await shop.repository.transaction('main', (tx) => {
        for (let id = 10; id < 10_020; id++) tx.table('shop/people').put({ id, name: 'x', age: id })
        tx.table('shop/other').put({ id: 2, n: 7 })
      })
      for (let round = 0; round < 2; round++) {
        const { heldBack } = await shop.sync()
        expect(heldBack).toMatchObject([{ table: 'people', key: '', reason: 'rejected', isTable: true }])
        expect(heldBack[0]!.message).toMatch(/^more than 10000 .*GRANT INSERT/)
      }
      expect(await db.rows('SELECT count(*) FROM other')).toEqual([['2']])
      await db.run("UPDATE people SET name = 'Grace H.' WHERE id = 2")
      await shop.sync()
      expect(await shop.branchRows()).toContainEqual({ id: 2, name: 'Grace H.', age: 85 })
      await grant('INSERT')
      expect((await shop.sync()).heldBack).toEqual([])
      expect(await db.rows('SELECT count(*) FROM people')).toEqual([['10013']])
    })

    test.skipIf(without !== '')('that only a trigger needs: its rows wait, and no others', async () => {
      const { db, shop } = await link()
      const lines =
        name === 'MariaDB'
          ? [
              'CREATE TABLE seen (id INTEGER)',
              'CREATE USER owner_of_it',
              'GRANT TRIGGER, SELECT ON people TO owner_of_it',
              'CREATE DEFINER = owner_of_it TRIGGER see BEFORE UPDATE ON people FOR EACH ROW INSERT INTO seen VALUES (NEW.id)',
            ]
          : [
              'CREATE TABLE seen (id INTEGER)',
              'CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END $$',
              'CREATE TRIGGER see BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION see()',
            ]
      await shop.sync()
      await db.run(...lines)
      await edit(shop)
      const { heldBack } = await shop.sync()
      expect(heldBack).toMatchObject([{ table: 'people', key: '1', reason: 'rejected' }])
      expect(heldBack[0]!.message).toMatch(/denied.* seen|denied.*`seen`$/)
      expect(await db.rows('SELECT id, name FROM people ORDER BY id')).toEqual([
        ['1', 'Ada'],
        ['2', 'Grace'],
        ['4', 'Barbara'],
      ])
      await db.run('DROP TRIGGER see' + (name === 'MariaDB' ? '' : ' ON people'))
      expect((await shop.sync({ retry: true })).heldBack).toEqual([])
    })

    test.skipIf(without !== '').each([
      ['apply', 'UPDATE'],
      ['snapshot', 'SELECT'],
    ] as const)('taken away before %s (%s): that round lets the table wait', async (method, right) => {
      const { db, shop, revoke, grant } = await link()
      await shop.sync()
      await edit(shop)
      let isTaken = false
      const take = async (): Promise<void> => {
        if (!isTaken) await revoke(right)
        isTaken = true
      }
      const { heldBack } = await withRetries(() => shop.sync({}, before(method, take)), { retries: 1 })
      expect([isTaken, heldBack.map(({ table }) => table)]).toEqual([true, ['people']])
      expect(heldBack[0]!.message).toContain(`GRANT ${right} ON`)
      expect(await db.rows('SELECT n FROM other WHERE id = 2')).toEqual([['7']])
      await grant(right)
      expect((await shop.sync()).heldBack).toEqual([])
    })
  },
)
