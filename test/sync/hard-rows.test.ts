// Rows that are hard to keep: the empty text in a key, which is a value as any other, and what no table can hold, which
// stops its own table, by name, and is not looked for again and again.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlServers, type SqlDatabase, type SqlSystem } from '../support/sql-systems.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { withOverrides } from '../../src/contract/linked-endpoint.ts'
import { ShopLink } from '../support/shop-link.ts'

const tooLarge = (16 << 20) + 2

/** Nothing is written there, and no row is read. */
function untouched(connector: Connector): Connector {
  const refuse = (): never => {
    throw new Error('a quiet round reads rows, or writes some')
  }
  return withOverrides(connector, {
    takeOver: refuse,
    apply: refuse,
    snapshot: async (tables) =>
      withOverrides(await connector.snapshot(tables), { rows: refuse, packed: refuse, since: refuse }),
  })
}

describe.each(sqlServers.map((one) => [one.name + one.without, one] as const))(
  '%s',
  (_, { without, name, start }) => {
    let system: SqlSystem
    let db: SqlDatabase
    let shop: ShopLink

    beforeAll(async () => {
      if (without === '') system = await start(['--max-allowed-packet=128M'])
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    async function link(changes: 'log' | 'compare'): Promise<void> {
      db = await system.database()
      const text = name.startsWith('M') ? 'longtext' : 'text'
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

      test('a row with a value that is too large waits alone, with what it last was, until it is smaller or gone', async () => {
        await link(changes)
        // More than comes at once: the row stands among others.
        for (let i = 0; i < 30; i++)
          await db.run(`INSERT INTO people VALUES ('z', '${i}', '${'many'.repeat(20_000)}')`)
        await shop.sync()
        const large = filled(tooLarge)
        await db.run(
          `UPDATE people SET v = ${large} WHERE a = 'y'`,
          `UPDATE people SET v = 'there' WHERE a = '' AND b = 'x'`,
          `INSERT INTO people VALUES ('w', 'new', ${large})`,
          `UPDATE other SET n = 2`,
        )
        const first = await shop.sync()
        const waiting = [
          {
            table: 'people',
            key: 'w, new',
            reason: 'rejected',
            tooLarge: { columns: ['v'], bytes: tooLarge },
          },
          {
            table: 'people',
            key: 'y, text',
            reason: 'rejected',
            tooLarge: { columns: ['v'], bytes: tooLarge },
          },
        ]
        expect(first.heldBack).toMatchObject(waiting)
        expect(first.heldBack[0]!.message).toBe(
          "column 'v' has a value of 16777218 bytes; 16777216 can be kept",
        )
        expect(first.tables[0]).toMatchObject({ captured: { added: 0, changed: 1, removed: 0 }, rejected: 2 })
        const row = async (a: string): Promise<unknown[]> =>
          (await shop.branchRows()).filter((one) => (one as { a: string }).a === a)
        expect(await row('y')).toEqual([{ a: 'y', b: '', v: null }])
        expect(await row('w')).toEqual([])
        expect(await row('')).toContainEqual({ a: '', b: 'x', v: 'there' })
        expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 2 }])
        // What the branch makes of such rows waits with them, and everything else goes there.
        await shop.repository.transaction('main', (tx) => {
          const table = tx.table('shop/people')
          table.put({ a: 'y', b: '', v: 'here' })
          table.put({ a: 'w', b: 'new', v: 'here' })
          table.put({ a: '', b: '', v: 'from here' })
        })
        const second = await shop.sync()
        expect(second.heldBack).toMatchObject(waiting)
        expect(second.tables[0]).toMatchObject({ written: { added: 0, changed: 1, removed: 0 } })
        expect(await db.rows(`SELECT a, length(v) FROM people WHERE a IN ('y', 'w') ORDER BY a`)).toEqual([
          ['w', String(tooLarge)],
          ['y', String(tooLarge)],
        ])
        // Once, what was written is read back.
        await shop.sync()
        const manifest = await shop.store.manifest()
        const quiet = await shop.sync({}, untouched)
        expect(quiet).toMatchObject({ heldBack: waiting, commit: second.commit, notes: [] })
        expect((await shop.store.manifest()).refs.size).toBe(manifest.refs.size)
        // Smaller, it flows by itself; what both sides then have is for somebody to decide.
        await db.run(`UPDATE people SET v = 'small' WHERE a = 'y'`, `DELETE FROM people WHERE a = 'w'`)
        expect((await shop.sync()).heldBack).toMatchObject([{ key: 'y, text', reason: 'conflict' }])
        await shop.repository.transaction('main', (tx) =>
          tx.table('shop/people').put({ a: 'y', b: '', v: 'small' }),
        )
        const last = await shop.sync()
        expect([last.heldBack, last.notes]).toEqual([[], []])
        expect(await db.rows(`SELECT a, v FROM people WHERE a IN ('y', 'w') ORDER BY a`)).toEqual([
          ['w', 'here'],
          ['y', 'small'],
        ])
        await db.run(`UPDATE people SET v = ${large} WHERE a = 'y'`)
        expect((await shop.sync()).heldBack).toMatchObject([{ key: 'y, text' }])
        await db.run(`DELETE FROM people WHERE a = 'y'`)
        expect((await shop.sync()).heldBack).toEqual([])
        expect(await row('y')).toEqual([])
      })

      test('a key that is too long is told by a digest, from the first round on, and too many of them stop the table', async () => {
        db = await system.database()
        const word = name === 'SQLite' ? 'text' : 'varchar(700)'
        await db.run(`CREATE TABLE people (a ${word} NOT NULL PRIMARY KEY, v integer)`)
        const key = (i: number): string => 'ü'.repeat(696) + String(i).padStart(4, '0')
        await db.run(`INSERT INTO people VALUES ('short', 1), ('${key(0)}', 2)`)
        shop = ShopLink.over(db.url, { changes, tables: ['people'] })
        const first = await shop.sync()
        expect(first.heldBack).toMatchObject([
          {
            key: expect.stringMatching(/^sha256 [0-9a-f]{64}$/),
            keyHex: '',
            reason: 'rejected',
            message: expect.stringMatching(/^its key has 139[0-9] bytes; 1024 can be kept$/),
            tooLarge: { columns: [], bytesMax: 1024 },
          },
        ])
        expect(first.tables[0]).toMatchObject({ captured: { added: 1 }, rejected: 1 })
        // It is the same row still when another of its values changes.
        await db.run(`UPDATE people SET v = 3`)
        const second = await shop.sync()
        expect(second.heldBack).toEqual(first.heldBack)
        expect(await shop.branchRows()).toEqual([{ a: 'short', v: 3 }])
        await shop.repository.transaction('main', (tx) => tx.table('shop/people').put({ a: 'here', v: 1 }))
        expect((await shop.sync()).tables[0]).toMatchObject({ written: { added: 1 } })
        expect(await shop.sync()).toMatchObject({ heldBack: first.heldBack, notes: [] })
        await db.run(`UPDATE people SET a = 'shorter' WHERE v = 3 AND a <> 'short'`)
        expect((await shop.sync()).heldBack).toEqual([])
        expect(await shop.branchRows()).toEqual([
          { a: 'here', v: 1 },
          { a: 'short', v: 3 },
          { a: 'shorter', v: 3 },
        ])
        const many = Array.from({ length: 1001 }, (_, i) => `('${key(i)}', ${i})`)
        await db.run(`INSERT INTO people VALUES ${many.join(', ')}`, `DELETE FROM people WHERE a = 'here'`)
        const stopped = await shop.sync()
        expect(stopped.heldBack).toMatchObject([
          {
            reason: 'schema',
            message: expect.stringContaining('more than 1000 rows are too large to be kept'),
          },
        ])
        expect(await shop.branchRows()).toHaveLength(3)
        await db.run(`DELETE FROM people WHERE v > 3 AND a LIKE 'ü%'`)
        const some = await shop.sync()
        expect(some.heldBack.map(({ reason }) => reason)).toEqual(Array(4).fill('rejected'))
        expect(await shop.branchRows()).toHaveLength(2)
      })

      test('a value of 80 MiB waits with its row, and the others come', async () => {
        await link(changes)
        const size = 80 << 20
        await db.run(
          `UPDATE people SET v = ${filled(size)} WHERE a = 'y'`,
          `UPDATE people SET v = 'more' WHERE b = 'x'`,
        )
        expect((await shop.sync()).heldBack).toMatchObject([
          { key: 'y, text', tooLarge: { columns: ['v'], bytes: size } },
        ])
        expect(await shop.branchRows()).toContainEqual({ a: '', b: 'x', v: 'more' })
      })

      test('a row that clashes and then becomes too large is still a clash when it is smaller', async () => {
        await link(changes)
        const branch = (v: string): Promise<unknown> =>
          shop.repository.transaction('main', (tx) => tx.table('shop/people').put({ a: '', b: 'x', v }))
        await db.run(`UPDATE people SET v = 'there' WHERE b = 'x'`)
        await branch('here')
        expect((await shop.sync()).heldBack).toMatchObject([{ reason: 'conflict' }])
        await db.run(`UPDATE people SET v = ${filled(tooLarge)} WHERE b = 'x'`)
        for (let round = 0; round < 2; round++)
          expect((await shop.sync()).heldBack.map(({ reason }) => reason)).toEqual(['rejected', 'conflict'])
        await db.run(`UPDATE people SET v = 'there' WHERE b = 'x'`)
        expect((await shop.sync()).heldBack).toMatchObject([{ reason: 'conflict' }])
        expect(await db.rows(`SELECT v FROM people WHERE b = 'x'`)).toEqual([['there']])
        await branch('there')
        expect((await shop.sync()).heldBack).toEqual([])
      })
    })
  },
)
