// A whole PostgreSQL whose files are put back as they were, log and slots included: what is written to it from then on is
// noticed, however a link finds out what is new.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'

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
    const shop = await ShopLink.create(postgres, { changes })
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
    await shop.sync()
    const { rows } = await after.query('SELECT * FROM people ORDER BY id')
    expect(rows).toHaveLength(3)
    expect(await shop.branchRows()).toEqual(rows)
  })
})
