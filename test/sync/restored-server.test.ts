// A whole server whose files are put back as they were, log and slots included: what is written to it from then on is
// noticed, however a link finds out what is new, and the earlier rows wait until somebody lets them in.
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import type { Link } from '../../src/sync/interface.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { ShopLink } from '../support/shop-link.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

describe.skipIf(!hasPostgres)(`a server whose files are put back${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  test.each([
    ['compare', 'not as far as before'],
    ['compare', 'further than before'],
    ['log', 'not as far as before'],
    ['log', 'further than before'],
  ] as const)('changes: %s, its log %s: no change that follows is overlooked', async (changes, far) => {
    const shop = await ShopLink.create(postgres, { changes, mode: 'capture' })
    // A slot is on the disk as far as it has been told only by the time its start has moved on.
    for (let round = 0; round < 4; round++) {
      await shop.db.query('UPDATE people SET age = age + 1 WHERE id = 1')
      await shop.db.query('CHECKPOINT')
      await shop.db.query('UPDATE people SET age = age + 1 WHERE id = 1')
      await shop.sync()
    }
    await shop.db.query('CHECKPOINT')
    const restore = await postgres.backup()
    const before = await postgres.client(shop.link.endpoint)
    await before.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
    await before.query('UPDATE people SET age = 86 WHERE id = 2')
    await shop.sync()
    expect(await shop.branchRows()).toHaveLength(4)
    await restore()
    const after = await postgres.client(shop.link.endpoint)
    await after.query('UPDATE people SET age = 73 WHERE id = 3')
    if (far === 'further than before')
      await after.query("CREATE TABLE other AS SELECT i, repeat('x', 500) FROM generate_series(1, 5000) i")
    const { pending } = await shop.sync()
    expect(pending === null).toBe(far === 'further than before')
    if (pending !== null) await shop.sync({ approve: pending })
    const { rows } = await after.query('SELECT * FROM people ORDER BY id')
    expect(rows).toHaveLength(3)
    expect(await shop.branchRows()).toEqual(rows)
  })
  /** A link whose server is put back to what it was before two rows were written there and read. */
  async function putBack(setting: Partial<Link>, first?: (shop: ShopLink) => Promise<unknown>) {
    const shop = await ShopLink.create(postgres, setting)
    await shop.sync()
    await first?.(shop)
    await shop.db.query('CHECKPOINT')
    const restore = await postgres.backup()
    const before = await postgres.client(shop.link.endpoint)
    await before.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
    await before.query('UPDATE people SET age = 86 WHERE id = 2')
    await shop.sync()
    const branch = await shop.branchRows()
    expect(branch).toHaveLength(first === undefined ? 4 : 5)
    await restore()
    const db = await postgres.client(shop.link.endpoint)
    const rows = async () => (await db.query('SELECT * FROM people ORDER BY id')).rows as unknown[]
    /** So much is written that the server's log ends later than before. */
    const goOn = () =>
      db.query("CREATE TABLE other AS SELECT i, repeat('x', 500) FROM generate_series(1, 5000) i")
    return { shop, db, rows, branch, goOn }
  }

  test('a capture waits, however much is written meanwhile, until the earlier rows are approved', async () => {
    const { shop, db, rows, branch, goOn } = await putBack({ mode: 'capture' })
    const stopped = await shop.sync()
    expect(stopped.heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
    await goOn()
    const { pending } = await shop.sync()
    expect(pending).toBe(stopped.pending)
    expect(await shop.branchRows()).toEqual(branch)
    await db.query('UPDATE people SET age = 73 WHERE id = 3')
    const later = await shop.sync()
    await shop.sync({ approve: later.pending! })
    expect(await shop.branchRows()).toEqual(await rows())
    expect((await shop.sync()).pending).toBeNull()
  })

  test('discarded, a capture keeps what it has and takes what is written from then on', async () => {
    const { shop, db, branch } = await putBack({ mode: 'capture' })
    await shop.sync()
    await discardPending(shop.repo, null, shop.link)
    await db.query('UPDATE people SET age = 73 WHERE id = 3')
    expect((await shop.sync()).pending).toBeNull()
    const edsger = { id: 3, name: 'Edsger', age: 73 }
    expect(await shop.branchRows()).toEqual([branch[0], branch[1], edsger, branch[3]])
  })

  const written = { id: 9, name: 'Nine', age: 9 }
  const writeOne = async (shop: ShopLink) => {
    await shop.repository.transaction('main', (tx) => tx.table('shop/people').put(written))
    await shop.sync()
  }

  test('two-way, approved, it is given back what it had lost after it was last written to', async () => {
    const { shop, db, rows, branch } = await putBack({ mode: 'two-way' }, writeOne)
    const { pending } = await shop.sync()
    expect(await shop.branchRows()).toEqual(branch)
    await db.query('UPDATE people SET age = 37 WHERE id = 1')
    const later = await shop.sync()
    expect(later.pending).not.toBeNull()
    expect((await shop.sync({ approve: later.pending! })).heldBack).toEqual([])
    const all = [{ id: 1, name: 'Ada', age: 37 }, ...branch.slice(1)]
    expect([await rows(), await shop.branchRows()]).toEqual([all, all])
    expect((await shop.sync()).pending).toBeNull()
    expect(pending).not.toBeNull()
  })

  test('two-way, discarded, its earlier state comes into the branch', async () => {
    const { shop, rows } = await putBack({ mode: 'two-way' }, writeOne)
    await shop.sync()
    await discardPending(shop.repo, null, shop.link)
    await shop.sync()
    expect(await rows()).toHaveLength(4)
    expect(await shop.branchRows()).toEqual(await rows())
  })

  test('two-way and never written to, nothing is overwritten: what differs is a clash', async () => {
    const { shop, rows, branch } = await putBack({ mode: 'two-way' })
    const there = await rows()
    const { pending } = await shop.sync()
    const { heldBack } = await shop.sync({ approve: pending! })
    expect(heldBack).toMatchObject([{ key: '2', reason: 'conflict' }])
    expect((await rows())[1]).toEqual(there[1])
    expect((await shop.branchRows())[1]).toEqual(branch[1])
  })
})

describe.each([
  ['MariaDB', withoutMariadb, startMariadb],
  ['MySQL', withoutMysql, startMysql],
] as const)('a %s whose files are put back%s', (_, without, start) => {
  test.skipIf(without !== '').each(['compare', 'log'] as const)(
    'changes: %s, the earlier rows wait for an approval',
    async (changes) => {
      const server = await start(['--innodb-flush-method=fsync'])
      try {
        const endpoint = await server.database('shop')
        const db = await server.client(endpoint)
        await db.query(`CREATE TABLE people (id int PRIMARY KEY, name text);
        INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')`)
        const shop = ShopLink.over(endpoint, { changes, mode: 'capture' })
        await shop.sync()
        const restore = await server.backup()
        await (await server.client(endpoint)).query("INSERT INTO people VALUES (3, 'Edsger')")
        await shop.sync()
        await restore()
        const { pending } = await shop.sync()
        expect(await shop.branchRows()).toHaveLength(3)
        await (await server.client(endpoint)).query("UPDATE people SET name = 'G.' WHERE id = 2")
        await shop.sync({ approve: (await shop.sync()).pending! })
        expect(pending).not.toBeNull()
        expect(await shop.branchRows()).toEqual([
          { id: 1, name: 'Ada' },
          { id: 2, name: 'G.' },
        ])
      } finally {
        await server.stop()
      }
    },
    120_000,
  )
})

test('an SQLite file over which an older copy is written: the earlier rows wait for an approval', async () => {
  const writer = startSqliteWriter()
  const file = `${temporaryDir()}/shop.db`
  await writer.run(file, [
    'CREATE TABLE people (id integer PRIMARY KEY, name text)',
    "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
  ])
  const shop = ShopLink.over(`sqlite://${file}`, { mode: 'capture' })
  await shop.sync()
  fs.copyFileSync(file, `${file}.saved`)
  await writer.run(file, ["INSERT INTO people VALUES (3, 'Edsger')"])
  await shop.sync()
  fs.copyFileSync(`${file}.saved`, file)
  const { pending, heldBack } = await shop.sync()
  expect(heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
  expect(await shop.branchRows()).toHaveLength(3)
  await shop.sync({ approve: pending! })
  expect(await shop.branchRows()).toHaveLength(2)
  await writer.stop()
})
