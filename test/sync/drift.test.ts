// A table that changes its shape at the endpoint in another way than by a column that may be empty: it alone stops, says what
// has changed, and waits; the other tables go on, both ways. Approved, it goes on as it is now.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SqlSystem, sqlServers } from '../support/sql-systems.ts'
import { ShopLink } from '../support/shop-link.ts'

const isMysql = (system: string): boolean => system === 'MariaDB' || system === 'MySQL'

/** SQLite has few ways to alter a table. */
const remade = (columns: string): string[] => [
  `CREATE TABLE made (${columns})`,
  'INSERT INTO made SELECT * FROM people',
  'DROP TABLE people',
  'ALTER TABLE made RENAME TO people',
]

const drifts: readonly [what: string, message: RegExp, statements: (system: string) => string[]][] = [
  ['a column is dropped', /^column 'age' is gone/, () => ['ALTER TABLE people DROP COLUMN age']],
  ['a column is renamed', /^column 'age' is gone/, () => ['ALTER TABLE people RENAME COLUMN age TO years']],
  [
    'a column has another type',
    /^column 'age' is text .* and was int/,
    (system) =>
      system === 'SQLite'
        ? remade('id INTEGER NOT NULL PRIMARY KEY, name TEXT, age TEXT')
        : [`ALTER TABLE people ${isMysql(system) ? 'MODIFY age' : 'ALTER age TYPE'} varchar(20)`],
  ],
  [
    'a column is new and may not be empty',
    /^column 'city' is new and may not be empty/,
    () => ["ALTER TABLE people ADD COLUMN city varchar(20) DEFAULT 'x' NOT NULL"],
  ],
  [
    'the key is another',
    /^the key is id, age and was id/,
    (system) =>
      system === 'SQLite'
        ? remade('id INTEGER NOT NULL, name TEXT, age INTEGER NOT NULL, PRIMARY KEY (id, age)')
        : isMysql(system)
          ? ['ALTER TABLE people DROP PRIMARY KEY, ADD PRIMARY KEY (id, age)']
          : ['ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (id, age)'],
  ],
  ['the table is renamed', /^the table is gone/, () => ['ALTER TABLE people RENAME TO persons']],
]

describe.each(sqlServers.map((one) => [one.name + one.without, one] as const))(
  '%s',
  (_, { without, name, start }) => {
    let system: SqlSystem
    beforeAll(async () => {
      if (without === '') system = await start()
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    const isThere = (sql: string[]): boolean => !sql.some((one) => one.endsWith('persons'))

    describe.skipIf(without !== '').each(['compare', 'log'] as const)('changes: %s', (changes) => {
      test.each(drifts)('%s: its table alone waits', async (_what, message, statements) => {
        const db = await system.database()
        const text = name === 'SQLite' ? 'TEXT' : 'varchar(50)'
        await db.run(
          `CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name ${text}, age INTEGER)`,
          'CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)',
          "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85)",
          'INSERT INTO other VALUES (1, 1)',
        )
        const shop = ShopLink.over(db.url, { changes, tables: ['people', 'other'] })
        await shop.sync()
        const before = await shop.branchRows()
        const sql = statements(name)
        await db.run(...sql, 'UPDATE other SET n = 2 WHERE id = 1')
        if (isThere(sql)) await db.run("UPDATE people SET name = 'Ada L.' WHERE id = 1")
        await shop.repository.transaction('main', (tx) => tx.table('shop/other').put({ id: 2, n: 2 }))
        const stopped = await shop.sync()
        expect(stopped.heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
        expect(stopped.heldBack[0]!.message).toMatch(message)
        expect(await shop.branchRows()).toEqual(before)
        await db.run('UPDATE other SET n = 3 WHERE id = 1')
        const still = await shop.sync()
        expect([still.heldBack, still.pending]).toEqual([stopped.heldBack, stopped.pending])
        expect(await db.rows('SELECT id, n FROM other ORDER BY id')).toEqual([
          ['1', '3'],
          ['2', '2'],
        ])
        expect(await shop.branchRows('other')).toEqual([
          { id: 1, n: 3 },
          { id: 2, n: 2 },
        ])
        if (!isThere(sql)) return
        expect((await shop.sync({ approve: stopped.pending! })).heldBack).toEqual([])
        expect((await shop.sync()).heldBack).toEqual([])
        const rows = (await shop.branchRows()) as Record<string, unknown>[]
        const columns = Object.keys(rows[0]!)
        expect(rows.map((row) => Object.values(row).map(String))).toEqual(
          await db.rows(`SELECT ${columns.join(', ')} FROM people ORDER BY id`),
        )
        expect(columns).toContain('name')
      })
    })
  },
)
