// A clash about a row that others refer to holds back those that need it, and nothing else; when it is gone they follow.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SqlSystem, sqlSystems } from '../support/sql-systems.ts'
import { ShopLink } from '../support/shop-link.ts'

describe.each(sqlSystems.map((one) => [one.name + one.without, one] as const))(
  '%s',
  (_, { without, start }) => {
    let system: SqlSystem
    beforeAll(async () => {
      if (without === '') system = await start()
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    test.skipIf(without !== '')(
      'a child of a row that clashes waits with it, and other children go through',
      async () => {
        const db = await system.database()
        await db.run(
          'CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)',
          'CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER, FOREIGN KEY (parent) REFERENCES parent (id))',
          'INSERT INTO parent VALUES (1, 1), (2, 2)',
        )
        const shop = ShopLink.over(db.url, { tables: ['parent', 'child'] })
        await shop.sync()
        await db.run('DELETE FROM parent WHERE id = 1')
        await shop.repository.transaction('main', (tx) => {
          tx.table('shop/parent').put({ id: 1, n: 10 })
          const child = tx.table('shop/child')
          child.put({ id: 11, parent: 1 })
          child.put({ id: 12, parent: 2 })
        })
        for (let round = 0; round < 2; round++) {
          const { heldBack } = await shop.sync()
          expect(heldBack.map(({ table, key, reason }) => `${table} ${key} ${reason}`).sort()).toEqual([
            'child 11 rejected',
            'parent 1 conflict',
          ])
          expect(await db.rows('SELECT id, parent FROM child')).toEqual([['12', '2']])
          expect(await shop.branchRows('child')).toHaveLength(2)
        }
        await db.run('INSERT INTO parent VALUES (1, 10)')
        expect((await shop.sync()).heldBack).toEqual([])
        expect(await db.rows('SELECT id, parent FROM child ORDER BY id')).toEqual([
          ['11', '1'],
          ['12', '2'],
        ])
        const quiet = await shop.sync()
        expect(quiet.heldBack).toEqual([])
      },
    )
  },
)
