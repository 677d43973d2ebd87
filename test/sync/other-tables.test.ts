// The tables of a link that are not what they were: one is renamed in its database, or in the link, or taken out of the link
// for a while. What was changed meanwhile is never missed, and what is not certain waits by name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link } from '../../src/sync/interface.ts'
import { settleHeldRows } from '../../src/sync/held/settle.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

const clash = (key: number): string => `conflict people ${key}: both sides added a row under this key`

describe.each(sqlSystems.map((kind) => [kind.name + kind.without, kind] as const))('%s', (_, kind) => {
  let system: SqlSystem
  beforeAll(async () => {
    if (kind.without === '') system = await kind.start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  class Shop {
    readonly links: BranchLinks = new BranchLinks()
    readonly db: SqlDatabase
    link: Link

    private constructor(db: SqlDatabase, setting: Partial<Link>) {
      this.db = db
      this.link = this.links.link(db.url, ['people', 'notes'], setting)
    }

    static async make(setting: Partial<Link>): Promise<Shop> {
      const db = await system.database()
      await db.run(
        'CREATE TABLE people (id int PRIMARY KEY, name varchar(50))',
        'CREATE TABLE notes (id int PRIMARY KEY, n int)',
        "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')",
        'INSERT INTO notes VALUES (1, 1)',
      )
      const shop = new Shop(db, setting)
      await shop.sync()
      return shop
    }

    async sync(tables: readonly string[] = ['people', 'notes']): Promise<string[]> {
      this.link = { ...this.link, tables }
      return heldBackOf(await this.links.sync(this.link)).sort()
    }

    async here(table: string): Promise<string[]> {
      return (await this.links.rows(table)).map((row) => Object.values(row).map(String).join(' '))
    }

    async there(table: string): Promise<string[]> {
      return (await this.db.rows(`SELECT * FROM ${table} ORDER BY 1`)).map((row) => row.join(' '))
    }
  }

  describe.skipIf(kind.without !== '').each(['compare', 'log'] as const)('changes: %s', (changes) => {
    test('a table that was out of a capture, while rows of it and of others were written, is read anew', async () => {
      const shop = await Shop.make({ mode: 'capture', changes })
      await shop.sync(['notes'])
      await shop.db.run(
        "UPDATE people SET name = 'Ada L.' WHERE id = 1",
        "INSERT INTO people VALUES (4, 'Barbara')",
        'UPDATE notes SET n = 2',
      )
      expect(await shop.sync(['notes'])).toEqual([])
      expect(await shop.here('notes')).toEqual(['1 2'])
      expect(await shop.sync()).toEqual([clash(1)])
      expect(await shop.sync()).toEqual([clash(1)])
      const { heldBack } = await shop.links.sync(shop.link)
      const { repo } = shop.links
      await settleHeldRows({ repo, folder: null, link: shop.link, rows: heldBack, side: 'theirs' })
      await shop.db.run('UPDATE notes SET n = 3', "UPDATE people SET name = 'E. W.' WHERE id = 3")
      expect(await shop.sync()).toEqual([])
      expect(await shop.here('people')).toEqual(['1 Ada L.', '2 Grace', '3 E. W.', '4 Barbara'])
      expect(await shop.here('notes')).toEqual(['1 3'])
    })

    test('one that was out of a link in both ways is a new one: what differs waits, nothing is overwritten', async () => {
      const shop = await Shop.make({ changes })
      await shop.sync(['notes'])
      await shop.db.run("UPDATE people SET name = 'Ada L.' WHERE id = 1", 'UPDATE notes SET n = 2')
      await shop.links.edit('people', {
        put: [
          { id: 2, name: 'Grace H.' },
          { id: 5, name: 'Donald' },
        ],
      })
      expect(await shop.sync(['notes'])).toEqual([])
      expect(await shop.sync()).toEqual([clash(1), clash(2)])
      expect(await shop.here('people')).toEqual(['1 Ada', '2 Grace H.', '3 Edsger', '5 Donald'])
      expect(await shop.there('people')).toEqual(['1 Ada L.', '2 Grace', '3 Edsger', '5 Donald'])
    })

    test('one that is renamed there waits while the others go on, and is in step when it is back', async () => {
      const shop = await Shop.make({ changes })
      await shop.db.run(
        'ALTER TABLE people RENAME TO persons',
        "UPDATE persons SET name = 'Ada L.' WHERE id = 1",
        'UPDATE notes SET n = 2',
      )
      await shop.links.edit('people', { put: [{ id: 3, name: 'E. W.' }] })
      for (let round = 0; round < 2; round++)
        expect(await shop.sync()).toEqual([
          expect.stringMatching(
            /^schema people: the table is gone.*bring it back.*or take it out of the link/,
          ),
        ])
      expect(await shop.here('notes')).toEqual(['1 2'])
      await shop.db.run('ALTER TABLE persons RENAME TO people', "INSERT INTO people VALUES (4, 'Barbara')")
      expect(await shop.sync()).toEqual([])
      const both = ['1 Ada L.', '2 Grace', '3 E. W.', '4 Barbara']
      expect([await shop.here('people'), await shop.there('people')]).toEqual([both, both])
    })

    test('renamed in the link too, it is another table; what waited under the old name stays in the branch', async () => {
      const shop = await Shop.make({ changes })
      await shop.db.run('ALTER TABLE people RENAME TO persons', 'UPDATE notes SET n = 2')
      await shop.links.edit('people', { put: [{ id: 3, name: 'E. W.' }] })
      expect(await shop.sync(['persons', 'notes'])).toEqual([])
      await shop.db.run("UPDATE persons SET name = 'Ada L.' WHERE id = 1")
      await shop.links.edit('persons', { put: [{ id: 2, name: 'Grace H.' }] })
      expect(await shop.sync(['persons', 'notes'])).toEqual([])
      const both = ['1 Ada L.', '2 Grace H.', '3 Edsger']
      expect([await shop.here('persons'), await shop.there('persons')]).toEqual([both, both])
      expect(await shop.here('people')).toEqual(['1 Ada', '2 Grace', '3 E. W.'])
      expect(await shop.here('notes')).toEqual(['1 2'])
    })
  })
})
