// Rows that are hard to keep: the empty text in a key, which is a value as any other, and what no table can hold, which
// stops its own table, by name, and is not looked for again and again.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlSystems, type SqlDatabase, type SqlSystem } from '../support/sql-systems.ts'
import { ShopLink } from '../support/shop-link.ts'

const tooLarge = (16 << 20) + 2

describe.each(sqlSystems.map((one) => [one.name + one.without, one] as const))(
  '%s',
  (_, { without, name, start }) => {
    let system: SqlSystem
    let db: SqlDatabase
    let shop: ShopLink

    beforeAll(async () => {
      if (without === '') system = await start(['--max-allowed-packet=64M'])
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    async function link(changes: 'log' | 'compare'): Promise<void> {
      db = await system.database()
      const text = name === 'MariaDB' ? 'longtext' : 'text'
      const word = name === 'SQLite' ? 'text' : 'varchar(50)'
      await db.run(
        `CREATE TABLE people (a ${word} NOT NULL, b ${word} NOT NULL, v ${text}, PRIMARY KEY (a, b))`,
        `CREATE TABLE other (id integer NOT NULL PRIMARY KEY, n integer)`,
        `INSERT INTO people VALUES ('', '', 'both'), ('', 'x', 'one'), ('y', '', NULL)`,
        `INSERT INTO other VALUES (1, 1)`,
      )
      shop = ShopLink.over(db.url, { changes, tables: ['people', 'other'] })
      await shop.sync()
    }

    const filled = (length: number): string =>
      name === 'SQLite' ? `hex(zeroblob(${length / 2}))` : `repeat('0', ${length})`

    const people = (): Promise<unknown[]> => db.rows('SELECT a, b, v FROM people ORDER BY a, b')

    describe.skipIf(without !== '').each(['compare', 'log'] as const)('changes: %s', (changes) => {
      test('the empty text in a key comes and goes', async () => {
        await link(changes)
        expect(await shop.branchRows()).toEqual([
          { a: '', b: '', v: 'both' },
          { a: '', b: 'x', v: 'one' },
          { a: 'y', b: '', v: null },
        ])
        await db.run(`UPDATE people SET v = 'there' WHERE a = '' AND b = 'x'`)
        await shop.repository.transaction('main', (tx) => {
          const table = tx.table('shop/people')
          table.put({ a: '', b: '', v: 'here' })
          table.put({ a: '', b: 'z', v: 'new' })
          table.delete(['y', ''])
        })
        expect((await shop.sync()).heldBack).toEqual([])
        expect(await people()).toEqual([
          ['', '', 'here'],
          ['', 'x', 'there'],
          ['', 'z', 'new'],
        ])
        expect(await shop.branchRows()).toHaveLength(3)
      })

      test('a value of 8 MiB comes and goes, and stays where another cell of its row changes', async () => {
        await link(changes)
        const length = 8 << 20
        const one = (row: unknown): string => (row as { v: string }).v
        await db.run(`UPDATE people SET v = ${filled(length)} WHERE a = 'y'`)
        expect((await shop.sync()).heldBack).toEqual([])
        expect(one((await shop.branchRows()).at(-1)) === '0'.repeat(length)).toBe(true)
        const [here, there] = ['a'.repeat(length), 'b'.repeat(length)]
        await shop.repository.transaction('main', (tx) => {
          tx.table('shop/people').put({ a: 'y', b: '', v: here })
          tx.table('shop/people').put({ a: 'z', b: 'new', v: there })
        })
        expect((await shop.sync()).heldBack).toEqual([])
        const rows = await db.rows(`SELECT a, v FROM people WHERE a >= 'y' ORDER BY a`)
        expect(rows.map(([a, v]) => [a, v === here, v === there])).toEqual([
          ['y', true, false],
          ['z', false, true],
        ])
        expect((await shop.sync()).tables).toMatchObject([{ written: { changed: 0 } }, {}])
        await db.run(`UPDATE people SET v = 'small' WHERE a = 'y'`, `DELETE FROM people WHERE a = 'z'`)
        expect((await shop.sync()).heldBack).toEqual([])
        expect((await shop.branchRows()).at(-1)).toEqual({ a: 'y', b: '', v: 'small' })
      })

      test('a value that is too large stops its own table, until it is gone', async () => {
        await link(changes)
        // More than comes at once: what follows the row has not been read when it stops the table.
        for (let i = 0; i < 30; i++)
          await db.run(`INSERT INTO people VALUES ('z', '${i}', '${'many'.repeat(20_000)}')`)
        await shop.sync()
        const large = filled(tooLarge)
        await db.run(`UPDATE people SET v = ${large} WHERE a = 'y'`, `UPDATE other SET n = 2`)
        const stopped = await shop.sync()
        expect(stopped.heldBack).toMatchObject([
          { table: 'people', reason: 'schema', message: expect.stringMatching(/column 'v'.*16777218 bytes/) },
        ])
        expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 2 }])
        await db.run(`UPDATE other SET n = 3`)
        const next = await shop.sync()
        expect(next.heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
        // By the log nothing is read anew as long as nobody has written to the table.
        if (changes === 'log') expect(next.notes).toEqual([])
        expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 3 }])
        await db.run(`UPDATE people SET v = 'small' WHERE a = 'y'`)
        expect((await shop.sync()).heldBack).toEqual([])
        expect(await shop.branchRows()).toContainEqual({ a: 'y', b: '', v: 'small' })
        expect((await shop.sync()).notes).toEqual([])
      })
    })
  },
)
