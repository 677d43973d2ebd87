// A table that is emptied by DELETE and loaded from an older dump, while the link's own record stays: it waits, for one reading
// takes back all that several rounds had written. What only looks like a part of that goes on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { BranchLinks } from '../support/branch-links.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

const message = "'people' has gone back to an earlier state at the endpoint"

class Shop {
  readonly links: BranchLinks = new BranchLinks()
  readonly db: SqlDatabase
  readonly link: Link

  private constructor(db: SqlDatabase, changes: Link['changes']) {
    this.db = db
    this.link = this.links.link(db.url, ['people'], changes === undefined ? {} : { changes })
  }

  static async make(db: SqlDatabase, changes: Link['changes']): Promise<Shop> {
    const rows = Array.from({ length: 30 }, (_, i) => `(${i + 1}, 'p${i + 1}', 0)`)
    await db.run(
      'CREATE TABLE people (id int PRIMARY KEY, name varchar(20), n int)',
      `INSERT INTO people VALUES ${rows.join(', ')}`,
    )
    const shop = new Shop(db, changes)
    await shop.sync()
    return shop
  }

  sync(options: Parameters<BranchLinks['sync']>[1] = {}): Promise<Receipt> {
    return this.links.sync(this.link, options)
  }

  async waits(): Promise<string[]> {
    return (await this.sync()).heldBack.map((held) => held.message)
  }

  /** A round that writes what the branch changed. */
  async write(change: Parameters<BranchLinks['edit']>[1]): Promise<void> {
    await this.links.edit('people', change)
    expect(await this.waits()).toEqual([])
  }

  /** Two rounds of the link, and one of a user. */
  async work(): Promise<void> {
    await this.write({ put: [1, 2, 3, 4, 5].map((id) => person(id, 1)), remove: [11, 12, 13] })
    await this.write({ put: [6, 40, 41].map((id) => person(id, 2)), remove: [14] })
    await this.db.run("UPDATE people SET name = 'user' WHERE id = 20")
    expect(await this.waits()).toEqual([])
  }

  async there(): Promise<string[]> {
    return (await this.db.rows('SELECT id, name, n FROM people ORDER BY id')).map((row) => row.join(' '))
  }

  async here(): Promise<string[]> {
    return (await this.links.rows('people')).map((row) => Object.values(row).map(String).join(' '))
  }

  async load(rows: readonly string[]): Promise<void> {
    const values = rows.map((row) => row.split(' ')).map(([id, name, n]) => `(${id}, '${name}', ${n})`)
    await this.db.run('DELETE FROM people', `INSERT INTO people VALUES ${values.join(', ')}`)
  }
}

function person(id: number, n: number): object {
  return { id, name: `p${id}`, n }
}

const kinds = sqlSystems.flatMap((kind) =>
  ([undefined, 'log'] as const)
    .filter((changes) => changes === undefined || kind.name !== 'SQLite')
    .map(
      (changes) => [`${kind.name}, changes: ${changes ?? 'compare'}${kind.without}`, kind, changes] as const,
    ),
)

describe.each(kinds)('%s', (_, kind, changes) => {
  let system: SqlSystem
  beforeAll(async () => {
    if (kind.without === '') system = await kind.start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)
  const make = async (): Promise<Shop> => Shop.make(await system.database(), changes)

  test.skipIf(kind.without !== '')('it waits; discarded, it gets all that it had lost', async () => {
    const shop = await make()
    const dump = await shop.there()
    await shop.work()
    const last = await shop.there()
    await shop.load(dump)
    for (let round = 0; round < 3; round++) expect(await shop.waits()).toEqual([message])
    expect([await shop.here(), await shop.there()]).toEqual([last, dump])
    await discardPending(shop.links.repo, null, shop.link)
    expect(await shop.waits()).toEqual([])
    expect([await shop.here(), await shop.there()]).toEqual([last, last])
  })

  test.skipIf(kind.without !== '')('approved, the earlier rows come into the branch', async () => {
    const shop = await make()
    const dump = await shop.there()
    await shop.work()
    await shop.load(dump)
    const { pending } = await shop.sync()
    expect((await shop.sync({ approve: pending! })).heldBack).toEqual([])
    expect([await shop.here(), await shop.there()]).toEqual([dump, dump])
    expect(await shop.waits()).toEqual([])
  })

  test.skipIf(kind.without !== '')('a round that a user takes back by hand is a change', async () => {
    const shop = await make()
    await shop.work()
    await shop.write({ put: [7, 8, 50, 51, 52].map((id) => person(id, 3)), remove: [21, 22, 23, 24] })
    await shop.db.run(
      'DELETE FROM people WHERE id IN (50, 51, 52)',
      'UPDATE people SET n = 0 WHERE id IN (7, 8)',
      `INSERT INTO people VALUES ${[21, 22, 23, 24].map((id) => `(${id}, 'p${id}', 0)`).join(', ')}`,
    )
    expect(await shop.waits()).toEqual([])
    expect(await shop.here()).toEqual(await shop.there())
  })

  test.skipIf(kind.without !== '')(
    'a job that resets what many rounds have written is a change',
    async () => {
      const shop = await make()
      for (let round = 0; round < 4; round++)
        await shop.write({ put: [1, 2, 3, 4, 5].map((id) => person(5 * round + id, 1)) })
      for (let night = 0; night < 2; night++) {
        await shop.db.run('UPDATE people SET n = 0')
        expect(await shop.waits()).toEqual([])
        expect(await shop.here()).toEqual(await shop.there())
        await shop.write({ put: Array.from({ length: 12 }, (_x, i) => person(i + 1, 1)) })
      }
    },
  )

  test.skipIf(kind.without !== '')(
    'a job that deletes what is done, while new rows come, is a change',
    async () => {
      const shop = await make()
      for (let round = 0; round < 4; round++) {
        const ids = [0, 1, 2, 3, 4].map((i) => 100 + 10 * round + i)
        await shop.write({ put: ids.map((id) => person(id, 1)), remove: [round + 1, round + 5] })
      }
      await shop.db.run(
        'DELETE FROM people WHERE id >= 100',
        "INSERT INTO people VALUES (500, 'new', 0), (1, 'p1', 1)",
      )
      expect(await shop.waits()).toEqual([])
      expect(await shop.here()).toEqual(await shop.there())
    },
  )

  test.skipIf(kind.without !== '')('a table that is loaded with newer rows is a change', async () => {
    const shop = await make()
    const dump = await shop.there()
    await shop.work()
    await shop.load(dump.map((row) => (row.startsWith('25 ') ? '25 newer 7' : row)))
    expect(await shop.waits()).toEqual([])
    expect(await shop.here()).toEqual(await shop.there())
  })
})
