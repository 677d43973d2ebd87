// The tables of a link that are not what they were: one is renamed in its database, or in the link, or taken out of the link
// for a while. What was changed meanwhile is never missed, and what is not certain waits by name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link } from '../../src/sync/interface.ts'
import { settleHeldRows } from '../../src/sync/held/settle.ts'
import type { Store } from '../../src/store/interface.ts'
import { oneRound } from '../support/one-round.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

const people = ['1 Ada', '2 Grace', '3 Edsger']

function numbers(from: number, before: number): number[] {
  return Array.from({ length: before - from }, (_, i) => from + i)
}

const killed = new Error('killed')

interface LastUpdate {
  /** Counted from 1. */
  readonly at: number
  readonly when: 'before' | 'after'
}

/** A store whose process is killed before or after one of its updates. */
function dyingStore(store: Store, { at, when }: LastUpdate): Store {
  let updates = 0
  const update: Store['update'] = async (...given) => {
    const isLast = ++updates >= at
    if (isLast && when === 'before') throw killed
    const made = await store.update(...given)
    if (isLast) throw killed
    return made
  }
  return new Proxy(store, {
    get(target, name) {
      if (name === 'update') return update
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

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

    /** Whether a round ended at that update of the repository. */
    async killed(tables: readonly string[], last: LastUpdate): Promise<boolean> {
      const round = oneRound(dyingStore(this.links.store, last), { ...this.link, tables })
      return round.then(
        () => false,
        (error: Error) => error === killed || Promise.reject(error),
      )
    }

    async here(table: string): Promise<string[]> {
      return (await this.links.rows(table)).map((row) => Object.values(row).map(String).join(' '))
    }

    async there(table: string): Promise<string[]> {
      return (await this.db.rows(`SELECT * FROM ${table} ORDER BY 1`)).map((row) => row.join(' '))
    }
  }

  describe.skipIf(kind.without !== '').each(['compare', 'log'] as const)('changes: %s', (changes) => {
    test('a table that was out of a capture goes on: what was written meanwhile comes in, and what was removed goes', async () => {
      const shop = await Shop.make({ mode: 'capture', changes })
      await shop.sync(['notes'])
      await shop.db.run(
        "UPDATE people SET name = 'Ada L.' WHERE id = 1",
        "INSERT INTO people VALUES (4, 'Barbara')",
        'DELETE FROM people WHERE id = 2',
        'UPDATE notes SET n = 2',
      )
      expect(await shop.sync(['notes'])).toEqual([])
      expect([await shop.here('notes'), await shop.here('people')]).toEqual([['1 2'], people])
      expect(await shop.sync()).toEqual([])
      expect(await shop.here('people')).toEqual(['1 Ada L.', '3 Edsger', '4 Barbara'])
      await shop.db.run('UPDATE notes SET n = 3', "UPDATE people SET name = 'E. W.' WHERE id = 3")
      expect(await shop.sync()).toEqual([])
      expect(await shop.here('people')).toEqual(['1 Ada L.', '3 E. W.', '4 Barbara'])
      expect(await shop.here('notes')).toEqual(['1 3'])
    })

    test('so does one that was out of a link in both ways: only what both sides changed is a clash', async () => {
      const shop = await Shop.make({ changes })
      await shop.sync(['notes'])
      await shop.db.run(
        "UPDATE people SET name = 'Ada L.' WHERE id = 1",
        "INSERT INTO people VALUES (4, 'Barbara')",
        'DELETE FROM people WHERE id = 3',
        'UPDATE notes SET n = 2',
      )
      await shop.links.edit('people', {
        put: [
          { id: 1, name: 'A. Lovelace' },
          { id: 5, name: 'Donald' },
        ],
        remove: [2],
      })
      for (let round = 0; round < 2; round++) expect(await shop.sync(['notes'])).toEqual([])
      for (let round = 0; round < 2; round++)
        expect(await shop.sync()).toEqual(["conflict people 1: both sides changed 'name'"])
      expect(await shop.here('people')).toEqual(['1 A. Lovelace', '4 Barbara', '5 Donald'])
      expect(await shop.there('people')).toEqual(['1 Ada L.', '4 Barbara', '5 Donald'])
      const { heldBack } = await shop.links.sync(shop.link)
      const { repo } = shop.links
      await settleHeldRows({ repo, folder: null, link: shop.link, rows: heldBack, side: 'theirs' })
      expect(await shop.sync()).toEqual([])
      expect(await shop.here('people')).toEqual(await shop.there('people'))
    })

    test('nothing comes back that was removed, whichever update of the repository is the last before a kill', async () => {
      const shop = await Shop.make({ changes })
      await shop.db.run(
        `INSERT INTO people VALUES ${numbers(100, 160)
          .map((id) => `(${id}, 'n')`)
          .join(', ')}`,
      )
      await shop.sync()
      let kills = 0
      for (const tables of [['notes'], ['people', 'notes']])
        for (const when of ['before', 'after'] as const)
          for (let at = 1, isKilled = true; isKilled; at++, kills++) {
            await shop.sync(tables.length === 1 ? ['people', 'notes'] : ['notes'])
            const id = 100 + 2 * kills
            await shop.db.run(`DELETE FROM people WHERE id = ${id}`)
            await shop.links.edit('people', { remove: [id + 1] })
            isKilled = await shop.killed(tables, { at, when })
            expect(await shop.sync(tables)).toEqual([])
            expect(await shop.sync()).toEqual([])
            const both = [...people, ...numbers(id + 2, 160).map((n) => `${n} n`)]
            expect([await shop.here('people'), await shop.there('people')]).toEqual([both, both])
          }
      expect(kills).toBeGreaterThan(8)
    })

    test('a table that was emptied while it was out waits for somebody, and comes into the branch then', async () => {
      const shop = await Shop.make({ changes })
      await shop.sync(['notes'])
      await shop.db.run('DELETE FROM people')
      expect(await shop.sync()).toEqual([expect.stringMatching(/^guard people: /)])
      expect(await shop.here('people')).toEqual(people)
      const receipt = await shop.links.sync(shop.link, { allow: ['deletes'] })
      expect([heldBackOf(receipt), await shop.here('people')]).toEqual([[], []])
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
