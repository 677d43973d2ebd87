// A table of a link that its user may not read any more: it alone stops, and says what to grant; the others go on, and so
// does the table itself once the right is back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLink } from '../../src/sync/open-link.ts'
import type { TableVerification } from '../../src/sync/verify/interface.ts'
import { verifyLink } from '../../src/sync/verify/verify.ts'
import { ShopLink } from '../support/shop-link.ts'
import { type SqlDatabase, type SqlSystem, sqlServers } from '../support/sql-systems.ts'

interface Loss {
  readonly what: string
  readonly lost: string
  readonly back: string
  readonly message: RegExp
}

let count = 0
const isMysql = (name: string): boolean => name === 'MariaDB' || name === 'MySQL'

/** The database's user who links, and what he may. */
async function userOf(name: string, db: SqlDatabase): Promise<{ endpoint: string; losses: Loss[] }> {
  const user = `ada${++count}`
  const [[database]] = (await db.rows(`SELECT ${isMysql(name) ? 'DATABASE()' : 'current_database()'}`)) as [
    [string],
  ]
  if (isMysql(name)) {
    await db.run(
      `CREATE USER ${user}`,
      `GRANT REPLICATION SLAVE, ${name === 'MySQL' ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'} ON *.* TO ${user}`,
      `GRANT CREATE${name === 'MySQL' ? ', LOCK TABLES' : ''} ON ${database}.* TO ${user}`,
      ...['people', 'other', 'varve_sync'].map(
        (table) => `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON ${database}.${table} TO ${user}`,
      ),
    )
    const grant = 'SELECT ON `' + database + "`\\.`people` TO '" + user + "'@'%'"
    return {
      endpoint: db.url.replace('root@', `${user}@`),
      losses: [
        {
          what: 'SELECT',
          lost: `REVOKE SELECT ON ${database}.people FROM ${user}`,
          back: `GRANT SELECT ON ${database}.people TO ${user}`,
          message: new RegExp(`^this user may not read it: GRANT ${grant}$`),
        },
        {
          what: 'all rights',
          lost: `REVOKE ALL ON ${database}.people FROM ${user}`,
          back: `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.people TO ${user}`,
          message: new RegExp(
            `^the table is gone, or not shown to this user: bring it back, GRANT ${grant}, or`,
          ),
        },
      ],
    }
  }
  await db.run(
    `CREATE ROLE ${user} LOGIN REPLICATION`,
    `GRANT CREATE ON DATABASE ${database} TO ${user}`,
    'CREATE SCHEMA sales',
    `GRANT USAGE ON SCHEMA sales TO ${user}`,
    `GRANT CREATE ON SCHEMA public TO ${user}`,
    'ALTER TABLE people SET SCHEMA sales',
    `ALTER DATABASE ${database} SET search_path = public, sales`,
    `ALTER TABLE sales.people OWNER TO ${user}`,
    `ALTER TABLE other OWNER TO ${user}`,
    'SET search_path = public, sales',
  )
  return {
    endpoint: db.url.replace('postgres@', `${user}@`),
    losses: [
      {
        what: 'SELECT',
        lost: `REVOKE SELECT ON sales.people FROM ${user}`,
        back: `GRANT SELECT ON sales.people TO ${user}`,
        message: new RegExp(`^this user may not read it: GRANT SELECT ON sales\\.people TO ${user}$`),
      },
      {
        what: 'USAGE of its schema',
        lost: `REVOKE USAGE ON SCHEMA sales FROM ${user}`,
        back: `GRANT USAGE ON SCHEMA sales TO ${user}`,
        message: new RegExp(`^this user may not read it: GRANT USAGE ON SCHEMA sales TO ${user}$`),
      },
    ],
  }
}

async function verified({ repo, link }: ShopLink): Promise<readonly TableVerification[]> {
  const connector = await openLink(link, {})
  try {
    const { tables } = await verifyLink({ repo, connector, link, options: {} })
    return tables.toSorted((a, b) => link.tables.indexOf(a.table) - link.tables.indexOf(b.table))
  } finally {
    await connector.close()
  }
}

const systems = sqlServers.filter(({ name }) => name !== 'SQLite')

describe.each(systems.map((one) => [one.name + one.without, one] as const))(
  'without a right to a table of %s',
  (_, { name, without, start }) => {
    let system: SqlSystem
    beforeAll(async () => {
      if (without === '') system = await start()
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    async function link(changes: 'compare' | 'log') {
      const db = await system.database()
      await db.run(
        'CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name varchar(50))',
        'CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)',
        "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
        'INSERT INTO other VALUES (1, 1)',
      )
      const { endpoint, losses } = await userOf(name, db)
      const shop = ShopLink.over(endpoint, { changes, tables: ['people', 'other'] })
      return { db, shop, losses }
    }

    test.skipIf(without !== '').each(['compare', 'log'] as const)(
      'it alone stops, until the right is back (%s)',
      async (changes) => {
        const { db, shop, losses } = await link(changes)
        expect((await shop.sync()).notes.join()).not.toMatch(/the log cannot be read/)
        for (const [i, { what, lost, back, message }] of losses.entries()) {
          const before = await shop.branchRows()
          await db.run(
            lost,
            `UPDATE other SET n = ${i + 10} WHERE id = 1`,
            "UPDATE people SET name = 'seen later' WHERE id = 1",
          )
          await shop.repository.transaction('main', (tx) => {
            tx.table('shop/other').put({ id: 2 + i, n: 7 })
            tx.table('shop/people').put({ id: 2, name: `Grace ${i}` })
          })
          for (let round = 0; round < 2; round++) {
            const { heldBack } = await shop.sync()
            expect(await verified(shop)).toMatchObject([
              { table: 'people', matches: false, unread: heldBack[0]!.message },
              { table: 'other', matches: true },
            ])
            expect(heldBack, what).toMatchObject([{ table: 'people', reason: 'schema' }])
            expect(heldBack[0]!.message).toMatch(message)
          }
          expect(await shop.branchRows('other')).toContainEqual({ id: 1, n: i + 10 })
          expect(await db.rows('SELECT n FROM other WHERE n = 7')).toHaveLength(i + 1)
          expect((await shop.branchRows())[0]).toEqual(before[0])
          await db.run(back)
          const on = await shop.sync()
          expect([on.heldBack, on.pending], what).toEqual([[], null])
          expect(await shop.branchRows()).toEqual([
            { id: 1, name: 'seen later' },
            { id: 2, name: `Grace ${i}` },
          ])
          expect(await db.rows('SELECT name FROM people ORDER BY id')).toEqual([
            ['seen later'],
            [`Grace ${i}`],
          ])
          await db.run("UPDATE people SET name = 'Ada' WHERE id = 1")
          await shop.sync()
        }
      },
    )

    test.skipIf(without !== '')('from the beginning, the others are linked', async () => {
      const { db, shop, losses } = await link('compare')
      await db.run(losses[0]!.lost)
      expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
      expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 1 }])
      await db.run(losses[0]!.back)
      expect((await shop.sync()).heldBack).toEqual([])
      expect(await shop.branchRows()).toHaveLength(2)
    })
  },
)

describe('a table of SQLite that cannot be read', () => {
  test.each([
    [
      'compare',
      "UPDATE people SET name = CAST(x'ff41' AS TEXT) WHERE id = 1",
      "UPDATE people SET name = 'Ada' WHERE id = 1",
      /not UTF-8/,
    ],
    [
      'log',
      "UPDATE people SET name = CAST(x'ff41' AS TEXT) WHERE id = 1",
      "UPDATE people SET name = 'Ada' WHERE id = 1",
      /not UTF-8/,
    ],
    [
      'compare',
      "ALTER TABLE people ADD COLUMN first TEXT AS (json_extract(name, '$[0]')) VIRTUAL",
      'ALTER TABLE people DROP COLUMN first',
      /^'people' cannot be read: malformed JSON/,
    ],
  ] as const)('stops alone, until it can (%s: %s)', async (changes, broken, mended, message) => {
    const system = await sqlServers.find(({ name }) => name === 'SQLite')!.start()
    const db = await system.database()
    await db.run(
      'CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name TEXT)',
      'CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY, n INTEGER)',
      "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
      'INSERT INTO other VALUES (1, 1)',
    )
    const shop = ShopLink.over(db.url, { changes, tables: ['people', 'other'] })
    await shop.sync()
    await db.run(broken, 'UPDATE other SET n = 2')
    for (let round = 0; round < 2; round++) {
      const { heldBack } = await shop.sync()
      expect(heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
      expect(heldBack[0]!.message).toMatch(message)
    }
    expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 2 }])
    await db.run(mended, "UPDATE people SET name = 'Grace H.' WHERE id = 2")
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await shop.branchRows()).toEqual([
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Grace H.' },
    ])
    await system.stop()
  })
})
