// Transactions of the endpoint that are kept as single commits (`commits: each`), against a real PostgreSQL and a real
// MariaDB.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Commit } from '../../src/history/interface.ts'
import { walkCommits } from '../../src/history/ancestry.ts'
import { linkedIn } from '../support/linked-store.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'

describe.skipIf(!hasPostgres)(`transactions of PostgreSQL as commits${withoutPostgres}`, () => {
  let postgres: Postgres
  let shop: ShopLink
  /** Commits of the branch after the first round. */
  let first: number

  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '30' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  beforeEach(async () => {
    shop = await ShopLink.create(postgres, { commits: 'each', mode: 'capture' })
    await shop.db.query(
      'CREATE TABLE orders (id int PRIMARY KEY, person int, total int); INSERT INTO orders VALUES (1, 1, 10)',
    )
    shop.link = { ...shop.link, tables: ['people', 'orders'] }
    await shop.sync()
    first = (await commits(0)).length
  })

  /** Of the branch along first parents, oldest first, without those that were there before. */
  async function commits(count: number): Promise<Commit[]> {
    const { refs } = await shop.store.manifest()
    const found: Commit[] = []
    for await (const commit of walkCommits(shop.store, [refs.get('refs/heads/main')!], { firstParent: true }))
      found.unshift(commit)
    return found.slice(count)
  }

  async function ages(commit: Commit): Promise<unknown[]> {
    const found: unknown[] = []
    const view = await shop.repository.at(commit.cid.slice(-64))
    for await (const row of view.table('shop/people').scan()) found.push((row as { age: unknown }).age)
    return found
  }

  test('each is a commit of the branch, with its time, its number and all its tables', async () => {
    const before = Date.now()
    await shop.db.query(
      'BEGIN; UPDATE people SET age = 1 WHERE id = 1; INSERT INTO orders VALUES (2, 1, 20); COMMIT',
    )
    await shop.db.query('UPDATE people SET age = 2 WHERE id = 1')
    await shop.db.query('BEGIN; UPDATE people SET age = 9; ROLLBACK')
    await shop.db.query('UPDATE people SET age = 3 WHERE id = 1')
    const { rows } = await shop.db.query<{ xid: string }>('SELECT xmin::text AS xid FROM people WHERE id = 1')
    const receipt = await shop.sync()
    expect(receipt.tables.map(({ captured }) => captured.changed + captured.added)).toEqual([1, 1])
    const made = await commits(first)
    expect(await Promise.all(made.map(ages))).toEqual([
      [1, 85, 72],
      [2, 85, 72],
      [3, 85, 72],
    ])
    const view = await shop.repository.at(made[0]!.cid.slice(-64))
    expect(view.table('shop/orders')).toBeDefined()
    for (const { author, message, parents } of made) {
      expect(message).toMatch(/^Merge transaction xid \d+, LSN [0-9A-F]+\/[0-9A-F]+ of 'shop'$/)
      expect(author).toMatchObject({ name: 'link shop' })
      expect(Math.abs(author.timeMs - before)).toBeLessThan(60_000)
      expect(parents).toHaveLength(2)
    }
    expect(made[2]!.message).toContain(`xid ${rows[0]!.xid},`)
    expect((await shop.sync()).commit).toBe(receipt.commit)
  })

  test('without it they are one commit', async () => {
    const { commits: _, ...link } = { ...shop.link, changes: 'log' as const }
    shop.link = link
    for (let i = 0; i < 3; i++) await shop.db.query(`UPDATE people SET age = ${i} WHERE id = 1`)
    await shop.sync()
    expect(await commits(first)).toHaveLength(1)
  })

  test.each(['before', 'after'] as const)(
    'a round that is killed %s any of its manifests keeps each of them, once',
    async (when) => {
      for (let at = 1; at <= 4; at++) {
        const count = (await commits(0)).length
        for (let i = 0; i < 3; i++) await shop.db.query(`UPDATE people SET age = ${at * 10 + i} WHERE id = 1`)
        const cut = linkedIn(shop, { manifest: at, when })
        await cut.sync().catch((error: Error) => {
          if (error.message !== 'killed') throw error
        })
        await shop.sync()
        const made = await commits(count)
        expect(await Promise.all(made.map(async (one) => (await ages(one))[0]))).toEqual(
          [0, 1, 2].map((i) => at * 10 + i),
        )
      }
    },
  )

  test('a clash in one of them holds back its row only as long as it lasts, and the others go on', async () => {
    shop.link = { ...shop.link, mode: 'two-way' }
    await shop.sync()
    const count = (await commits(0)).length
    await shop.edit((rows) => rows.put({ id: 2, name: 'Grace', age: 50 }))
    await shop.db.query('UPDATE people SET age = 40 WHERE id = 2')
    await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
    await shop.db.query('UPDATE people SET age = 50 WHERE id = 2')
    await shop.db.query('UPDATE people SET age = 7 WHERE id = 3')
    const receipt = await shop.sync()
    expect(receipt.heldBack).toEqual([])
    expect(await shop.branchRows()).toEqual(await shop.rows())
    // The edit, Barbara and the last; what clashed changed nothing here.
    expect(await Promise.all((await commits(count)).map(ages))).toEqual([
      [36, 50, 72],
      [36, 50, 72, 84],
      [36, 50, 7, 84],
    ])
    await shop.db.query('UPDATE people SET age = 41 WHERE id = 2')
    await shop.edit((rows) => rows.put({ id: 2, name: 'Grace', age: 51 }))
    await shop.db.query('UPDATE people SET age = 8 WHERE id = 3')
    expect((await shop.sync()).heldBack).toMatchObject([{ key: '2', reason: 'conflict' }])
    expect((await shop.branchRows())[2]).toMatchObject({ age: 8 })
  })

  test('what comes back of our own writes is no commit', async () => {
    shop.link = { ...shop.link, mode: 'two-way' }
    await shop.sync()
    await shop.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 60 }))
    await shop.sync()
    const count = (await commits(0)).length
    await shop.db.query('UPDATE people SET age = 61 WHERE id = 3')
    const receipt = await shop.sync()
    expect(receipt.heldBack).toEqual([])
    expect(await commits(count)).toHaveLength(1)
    expect(await shop.branchRows()).toEqual(await shop.rows())
  })

  test('a transaction that was taken back by the next is in the history all the same', async () => {
    await shop.db.query('UPDATE people SET age = 1 WHERE id = 1')
    await shop.db.query('UPDATE people SET age = 36 WHERE id = 1')
    await shop.sync()
    expect(await Promise.all((await commits(first)).map(ages))).toEqual([
      [1, 85, 72],
      [36, 85, 72],
    ])
  })

  test('a table that a guard stops stays as it is in all of them, while the others go on', async () => {
    await shop.db.query('UPDATE orders SET total = 11')
    await shop.db.query('DELETE FROM people')
    await shop.db.query('UPDATE orders SET total = 12')
    expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
    const made = await commits(first)
    expect(made).toHaveLength(2)
    expect(await Promise.all(made.map(ages))).toEqual([
      [36, 85, 72],
      [36, 85, 72],
    ])
    await shop.sync({ allow: ['deletes'] })
    expect(await shop.branchRows()).toEqual([])
  })
})

describe.each([
  ['MariaDB', withoutMariadb, startMariadb, 'SELECT @@gtid_binlog_pos AS gtid', /^\d+-\d+-\d+$/],
  [
    'MySQL',
    withoutMysql,
    startMysql,
    "SELECT REGEXP_REPLACE(@@GLOBAL.gtid_executed, ':1-', ':') AS gtid",
    /^[0-9a-f-]{36}:\d+$/,
  ],
] as const)('transactions of %s as commits%s', (_, without, start, asked, form) => {
  let server: MysqlServer

  beforeAll(async () => {
    if (without === '') server = await start()
  }, 60_000)
  afterAll(() => server?.stop(), 60_000)

  test.skipIf(without !== '')('each is a commit of the branch, with its GTID', async () => {
    const url = await server.database('transactions')
    const db = await server.client(url)
    await db.query('CREATE TABLE people (id int PRIMARY KEY, name text, age int)')
    await db.query("INSERT INTO people VALUES (1, 'Ada', 36)")
    const shop = ShopLink.over(url, { commits: 'each', mode: 'capture' })
    await shop.sync()
    for (const age of [1, 2]) {
      await db.beginTransaction()
      await db.query('UPDATE people SET age = ? WHERE id = 1', [age])
      await db.query('INSERT INTO people VALUES (?, ?, ?)', [10 + age, 'n', age])
      await db.commit()
    }
    const [[at]] = (await db.query(asked)) as unknown as [[{ gtid: string }]]
    expect((await shop.sync()).notes).toEqual([])
    const { refs } = await shop.store.manifest()
    const messages: string[] = []
    for await (const { message } of walkCommits(shop.store, [refs.get('refs/heads/main')!], {
      firstParent: true,
    }))
      messages.push(message)
    expect(messages[0]).toBe(`Merge transaction GTID ${at!.gtid} of 'shop'`)
    expect(at!.gtid).toMatch(form)
    expect(messages[1]).toMatch(/^Merge transaction GTID \S+ of 'shop'$/)
    expect(messages[2]).toBe("Merge what 'shop' changed")
    await db.end()
  })
})
