// Tables without a primary key, whose rows a unique one tells apart; and what does not count for one.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openLink } from '../../src/sync/open-link.ts'
import { sqlSystems, type SqlDatabase, type SqlSystem } from '../support/sql-systems.ts'
import { ShopLink } from '../support/shop-link.ts'

/** What only some systems have is no test of the others. */
const noTest = (): void => undefined
const kinds = sqlSystems.map((one) => [one.name + one.without, one] as const)

describe.each(kinds)('%s', (name, { without, start }) => {
  let system: SqlSystem
  let db: SqlDatabase

  beforeAll(async () => {
    if (without === '') system = await start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  describe.skipIf(without !== '')('keys', () => {
    beforeEach(async () => {
      db = await system.database()
    })

    const keyOf = async (table: string): Promise<readonly string[]> => {
      const connector = await openLink({ ...ShopLink.over(db.url, {}).link, tables: [table] }, {})
      try {
        const [found] = await connector.discover([table])
        return found!.key
      } finally {
        await connector.close()
      }
    }

    test.each(['compare', 'log'] as const)('rows are kept in step by a unique key: %s', async (changes) => {
      await db.run(
        'CREATE TABLE people (id integer NOT NULL, name varchar(50))',
        'CREATE UNIQUE INDEX people_ids ON people (id)',
        `INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')`,
      )
      const shop = ShopLink.over(db.url, { changes })
      expect((await shop.sync()).heldBack).toEqual([])
      await shop.edit((table) => {
        table.put({ id: 1, name: 'Ada L.' })
        table.delete(2)
        table.put({ id: 4, name: 'Barbara' })
      })
      await db.run(`UPDATE people SET name = 'E. W. D.' WHERE id = 3`)
      const { heldBack, tables } = await shop.sync()
      expect([heldBack, tables[0]]).toMatchObject([
        [],
        { captured: { added: 0, changed: 1, removed: 0 }, written: { added: 1, changed: 1, removed: 1 } },
      ])
      expect(await db.rows('SELECT id, name FROM people ORDER BY id')).toEqual([
        ['1', 'Ada L.'],
        ['3', 'E. W. D.'],
        ['4', 'Barbara'],
      ])
      // The program that uses the database is not hindered.
      await db.run(`UPDATE people SET name = 'Ada' WHERE id = 1`, 'DELETE FROM people WHERE id = 3')
      await shop.sync()
      expect((await shop.branchRows()).map((row) => Object.values(row as object))).toEqual([
        [1, 'Ada'],
        [4, 'Barbara'],
      ])
    })

    const inPostgres = name.startsWith('PostgreSQL') ? test : noTest
    inPostgres('its log tells of such rows if it has them whole', async () => {
      await db.run(
        'CREATE TABLE people (id integer NOT NULL UNIQUE, name text)',
        `INSERT INTO people VALUES (1, 'Ada')`,
      )
      const shop = ShopLink.over(db.url, { changes: 'log' })
      await shop.sync()
      const { notes } = await shop.sync()
      expect(notes.join()).toContain('replica identity')
      await db.run('ALTER TABLE people REPLICA IDENTITY FULL')
      await shop.sync()
      await db.run(`UPDATE people SET name = 'Ada L.'`, `INSERT INTO people VALUES (2, 'Grace')`)
      const read = await shop.sync()
      expect(read.notes.join()).not.toContain('replica identity')
      expect(read.tables[0]).toMatchObject({ captured: { added: 1, changed: 1, removed: 0 } })
    })

    test('the primary key comes first, then the shortest', async () => {
      await db.run(
        'CREATE TABLE a (x integer NOT NULL, y integer NOT NULL, z integer NOT NULL, PRIMARY KEY (y, z))',
        'CREATE UNIQUE INDEX a_x ON a (x)',
        'CREATE TABLE b (x integer NOT NULL, y integer NOT NULL, z integer NOT NULL)',
        'CREATE UNIQUE INDEX b_1 ON b (y, z)',
        'CREATE UNIQUE INDEX b_2 ON b (x)',
      )
      expect([await keyOf('a'), await keyOf('b')]).toEqual([['y', 'z'], ['x']])
    })

    test('what may be empty, or is only an index, tells no rows apart', async () => {
      await db.run(
        'CREATE TABLE a (x integer, y integer NOT NULL)',
        'CREATE UNIQUE INDEX a_x ON a (x)',
        'CREATE INDEX a_y ON a (y)',
        'CREATE UNIQUE INDEX a_xy ON a (y, x)',
      )
      expect(await keyOf('a')).toEqual([])
      await expect(ShopLink.over(db.url, { tables: ['a'] }).sync()).rejects.toMatchObject({
        code: 'VARVE_RULE_VIOLATED',
        message: "table 'a' has no key",
      })
    })

    const elsewhere = name.startsWith('MariaDB') ? noTest : test
    elsewhere('nor does an index of some rows, or of what is computed', async () => {
      await db.run(
        'CREATE TABLE a (x integer NOT NULL, y integer NOT NULL)',
        'CREATE UNIQUE INDEX a_x ON a (x) WHERE y > 0',
        'CREATE UNIQUE INDEX a_y ON a ((abs(y)))',
      )
      expect(await keyOf('a')).toEqual([])
    })

    inPostgres('columns that an index only includes are no part of it', async () => {
      await db.run(
        'CREATE TABLE a (x integer, y integer, PRIMARY KEY (x) INCLUDE (y))',
        'CREATE TABLE b (x integer NOT NULL, y integer)',
        'CREATE UNIQUE INDEX b_x ON b (x) INCLUDE (y)',
        'CREATE TABLE c (x integer NOT NULL UNIQUE DEFERRABLE)',
      )
      expect([await keyOf('a'), await keyOf('b'), await keyOf('c')]).toEqual([['x'], ['x'], []])
    })

    const inMariaDB = name.startsWith('MariaDB') ? test : noTest
    inMariaDB('nor does the beginning of a value', async () => {
      await db.run('CREATE TABLE a (x varchar(50) NOT NULL, UNIQUE KEY a_x (x(10)))')
      expect(await keyOf('a')).toEqual([])
    })
  })
})
