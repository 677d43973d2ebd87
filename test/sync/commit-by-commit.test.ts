// Commits of the branch that are written as single transactions (`commits: each`), against a real PostgreSQL whose triggers
// note which transaction wrote what.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { linkedIn } from '../support/linked-store.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { SeenLink, killedAt } from '../support/seen-link.ts'
import { ShopLink } from '../support/shop-link.ts'

describe.skipIf(!hasPostgres)(`commits as transactions of PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let seen: SeenLink
  let shop: ShopLink

  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '20' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  beforeEach(async () => {
    seen = await SeenLink.create(postgres)
    shop = seen.shop
  })

  test('each is one transaction with its own record, in order', async () => {
    await seen.set(1, 1)
    await shop.edit((rows) => {
      rows.put({ id: 4, name: 'n', age: 4 })
      rows.delete(3)
    })
    await seen.set(1, 2)
    const receipt = await shop.sync()
    expect(await seen.transactions()).toEqual(['1=1', '4=4 3=gone', '1=2'])
    expect(receipt.tables[0]).toMatchObject({ written: { added: 1, changed: 2, removed: 1 } })
    expect(await seen.ages()).toBe('1=2 2=85 4=4')
    expect((await shop.sync()).tables[0]).toMatchObject({ captured: { changed: 0 }, written: { changed: 0 } })
    await seen.set(1, 3)
    await shop.sync()
    expect(await seen.transactions()).toHaveLength(4)
  })

  test('without it, and in a first round, all of them are one', async () => {
    const { commits: _, ...link } = shop.link
    shop.link = link
    await seen.set(1, 1)
    await seen.set(1, 2)
    await shop.sync()
    expect(await seen.transactions()).toEqual(['1=2'])
  })

  test.each(['before', 'after'] as const)(
    'killed %s a transaction or a manifest, the next round goes on at the commit that is next',
    async (when) => {
      for (let at = 1; at <= 4; at++) {
        for (const age of [1, 2, 3]) await seen.set(1, 10 * at + age)
        await shop.sync({}, killedAt(at, when)).catch(() => 0)
        await shop.sync()
        for (const age of [1, 2, 3]) await seen.set(2, 10 * at + age)
        await linkedIn(shop, { manifest: at, when })
          .sync()
          .catch(() => 0)
        await shop.sync()
      }
      const all = [1, 2, 3, 4].flatMap((at) =>
        [1, 2].flatMap((id) => [1, 2, 3].map((age) => `${id}=${10 * at + age}`)),
      )
      expect(await seen.transactions()).toEqual(all)
    },
  )

  test('a row that is refused waits, the others go on, and it is tried again in each commit that changes it', async () => {
    await seen.set(1, 1e6)
    await seen.set(2, 2)
    await seen.set(1, 11)
    await seen.set(3, 1e6)
    await seen.set(2, 3)
    const receipt = await shop.sync()
    expect(await seen.transactions()).toEqual(['2=2', '1=11', '2=3'])
    expect(receipt.heldBack).toMatchObject([{ key: '3', reason: 'rejected' }])
    expect((await shop.sync()).heldBack).toMatchObject([{ key: '3', reason: 'rejected' }])
    await seen.set(3, 7)
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await seen.ages()).toBe('1=11 2=3 3=7')
  })

  test('a row that others have changed waits, in all of them, and what else they changed stays', async () => {
    shop.link = { ...shop.link, mode: 'materialize' }
    await shop.sync()
    await shop.db.query("UPDATE people SET age = 99 WHERE id = 1; UPDATE people SET name = 'G' WHERE id = 3")
    await shop.db.query('TRUNCATE seen')
    await seen.set(1, 1)
    await shop.edit((rows) => rows.put({ id: 3, name: 'Edsger', age: 5 }))
    await seen.set(1, 2)
    await seen.set(2, 2)
    const receipt = await shop.sync()
    expect(await seen.transactions()).toEqual(['3=5', '2=2'])
    expect(receipt.heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
    expect((await shop.rows())[2]).toEqual({ id: 3, name: 'G', age: 5 })
  })

  test('in two ways commits go out as one transaction, which comes back as none', async () => {
    shop.link = { ...shop.link, mode: 'two-way', changes: 'log' }
    await shop.sync()
    await seen.set(1, 1)
    await shop.db.query('UPDATE people SET age = 50 WHERE id = 3')
    await shop.db.query('TRUNCATE seen')
    await seen.set(1, 2)
    await seen.set(2, 2)
    const receipt = await shop.sync()
    expect(receipt.heldBack).toEqual([])
    expect(await seen.transactions()).toEqual(['1=2 2=2'])
    expect(await seen.ages()).toBe('1=2 2=2 3=50')
    expect(await shop.branchRows()).toEqual(await shop.rows())
    const before = await shop.store.manifest()
    expect((await shop.sync()).commit).toBe(receipt.commit)
    expect((await shop.store.manifest()).refs.get('refs/heads/main')).toBe(before.refs.get('refs/heads/main'))
  })

  test('transactions of one database become transactions of another', async () => {
    const source = await ShopLink.create(postgres, { mode: 'capture', commits: 'each', into: 'shop' })
    const copy = { ...shop.link, name: 'copy', endpoint: shop.link.endpoint }
    await source.sync()
    shop = seen.shop = source.with(copy, shop.db)
    await shop.sync({ allow: ['deletes'] })
    await shop.db.query('TRUNCATE seen')
    await source.db.query(
      'BEGIN; UPDATE people SET age = 1 WHERE id = 1; DELETE FROM people WHERE id = 3; COMMIT',
    )
    await source.db.query('UPDATE people SET age = 2 WHERE id < 3')
    await source.db.query('INSERT INTO people VALUES (9, NULL, 9)')
    await source.sync()
    await shop.sync()
    expect(await seen.transactions()).toEqual(['1=1 3=gone', '1=2 2=2', '9=9'])
    expect(await shop.rows()).toEqual(await source.rows())
  })

  test('a guard looks at all of them: what it stops waits whole, and the approval lets it through', async () => {
    await seen.set(4, 4)
    await shop.edit((rows) => [1, 2, 3, 4].forEach((id) => rows.delete(id)))
    expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
    expect(await seen.transactions()).toEqual([])
    await shop.sync({ allow: ['deletes'] })
    expect(await shop.rows()).toEqual([])
  })
})
