// A column that one side has first, and the other later: it comes empty there, and that says nothing about what is in it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlSystems, type SqlDatabase, type SqlSystem } from '../support/sql-systems.ts'
import { ShopLink } from '../support/shop-link.ts'

const kinds = sqlSystems.map((one) => [one.name + one.without, one] as const)

describe.each(kinds)('%s', (_, { without, start }) => {
  let system: SqlSystem
  let db: SqlDatabase
  let shop: ShopLink

  beforeAll(async () => {
    if (without === '') system = await start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  describe.skipIf(without !== '').each(['compare', 'log'] as const)('changes: %s', (changes) => {
    async function begin(): Promise<void> {
      db = await system.database()
      await db.run(
        'CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(50))',
        `INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')`,
      )
      shop = ShopLink.over(db.url, { changes })
      await shop.sync()
    }

    test('what the branch has in it goes to the endpoint once it has the column, and what was written there comes', async () => {
      await begin()
      await shop.edit((table) => {
        table.put({ id: 1, name: 'Ada', city: 'London' })
        table.put({ id: 2, name: 'Grace H.' })
        table.put({ id: 4, name: 'Barbara', city: 'Boston' })
      })
      expect((await shop.sync()).heldBack).toEqual([])
      await db.run(
        'ALTER TABLE people ADD COLUMN city varchar(50)',
        `UPDATE people SET city = 'Austin' WHERE id = 3`,
      )
      const { heldBack, notes } = await shop.sync()
      expect([heldBack, notes.filter((note) => note.includes('stays'))]).toEqual([[], []])
      const rows = [
        [1, 'Ada', 'London'],
        [2, 'Grace H.', null],
        [3, 'Edsger', 'Austin'],
        [4, 'Barbara', 'Boston'],
      ]
      expect(await db.rows('SELECT id, name, city FROM people ORDER BY id')).toEqual(
        rows.map((row) => row.map((value) => (value === null ? null : String(value)))),
      )
      expect((await shop.branchRows()).map((row) => Object.values(row as object))).toEqual(rows)
      await shop.sync()
      const quiet = await shop.sync()
      expect(quiet.tables[0]).toMatchObject({
        captured: { added: 0, changed: 0, removed: 0 },
        written: { added: 0, changed: 0, removed: 0 },
      })
    })

    test('a row that the branch has removed stays removed, and one that both cities name is a clash', async () => {
      await begin()
      await shop.edit((table) => {
        table.delete(2)
        table.put({ id: 1, name: 'Ada', city: 'London' })
      })
      await db.run(
        'ALTER TABLE people ADD COLUMN city varchar(50)',
        `UPDATE people SET city = 'Paris' WHERE id = 1`,
      )
      const { heldBack } = await shop.sync()
      expect(heldBack.map(({ key, reason }) => [key, reason])).toEqual([['1', 'conflict']])
      expect(await db.rows('SELECT id, city FROM people ORDER BY id')).toEqual([
        ['1', 'Paris'],
        ['3', null],
      ])
    })
  })
})
