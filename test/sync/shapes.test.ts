// A table that has changed its shape waits as a commit: it can be looked at, approved for what it shows, or changed back.
import { beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { pendingSync } from '../../src/sync/pending/approval.ts'
import { commitTree } from '../../src/sync/branch-change.ts'
import { linkRef } from '../../src/sync/state.ts'
import { withWriter } from '../../src/repo/context.ts'
import { tableAt } from '../../src/sync/tables/link-tables.ts'
import type { PendingSync } from '../../src/sync/pending/interface.ts'
import { ShopLink } from '../support/shop-link.ts'
import { SqliteDatabase } from '../../src/connectors/sqlite/database.ts'
import { temporaryDir } from '../support/temporary.ts'
import fs from 'node:fs'

describe('a table that has changed its shape', () => {
  let shop: ShopLink
  let path: string

  async function run(sql: string): Promise<void> {
    const database = await SqliteDatabase.open(path)
    database.exec(sql)
    database.close()
  }

  beforeEach(async () => {
    path = `${temporaryDir()}/shop.db`
    fs.writeFileSync(path, '')
    await run(`CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
      INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72);
      CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO other VALUES (1, 1)`)
    shop = ShopLink.over(`sqlite://${path}`, { tables: ['people', 'other'] })
    await shop.sync()
  })

  const pending = (): Promise<PendingSync | null> => pendingSync(shop.repo, 'shop')

  /** Columns of the table before and after, as the pending commit has it. */
  async function shown(): Promise<(string[] | undefined)[]> {
    const { refs } = await shop.repo.store.manifest()
    return withWriter(shop.repo, async (writer, nodes) => {
      const io = { writer, nodes }
      const commit = refs.get(linkRef('shop', 'pending'))!
      const { parents } = await (await import('../../src/history/commit.ts')).readCommit(nodes.reader, commit)
      return Promise.all(
        [parents[0]!, commit].map(async (cid) =>
          (await tableAt(io, await commitTree(io, cid), 'shop/people'))?.schema.columns.map(
            ({ name }) => name,
          ),
        ),
      )
    })
  }

  test('waits as a commit that shows it, while the others go on; approved, it goes on, and rows come along', async () => {
    await run(
      "ALTER TABLE people DROP COLUMN age; UPDATE people SET name = 'A' WHERE id = 1; UPDATE other SET n = 2",
    )
    const stopped = await shop.sync()
    expect(stopped.heldBack).toMatchObject([
      { table: 'people', reason: 'schema', message: "column 'age' is gone" },
    ])
    expect((await pending())?.stops).toMatchObject([{ guard: 'schema', side: 'endpoint', table: 'people' }])
    expect(stopped.pending).toBe((await pending())?.commit)
    expect(await shown()).toEqual([
      ['id', 'name', 'age'],
      ['id', 'name'],
    ])
    expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 2 }])
    await run("INSERT INTO people VALUES (4, 'Barbara')")
    expect((await shop.sync()).pending).toBe(stopped.pending)
    expect(await shop.branchRows()).toHaveLength(3)
    const approved = await shop.sync({ approve: stopped.pending! })
    expect([approved.heldBack, approved.pending]).toEqual([[], null])
    expect(await shop.branchRows()).toMatchObject([{ name: 'A' }, { name: 'Grace' }, {}, { name: 'Barbara' }])
    expect((await shop.sync()).heldBack).toEqual([])
  })

  test('an approval is for the shape that was looked at and no other', async () => {
    await run('ALTER TABLE people DROP COLUMN age')
    const first = (await shop.sync()).pending!
    await run('ALTER TABLE people DROP COLUMN name')
    const again = await shop.sync({ approve: first })
    expect(again.heldBack).toMatchObject([{ reason: 'schema' }])
    expect(again.pending).not.toBe(first)
    expect(await shop.branchRows()).toMatchObject([{ name: 'Ada', age: 36 }, {}, {}])
    await expect(shop.sync({ approve: first })).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    expect((await shop.sync({ approve: again.pending! })).heldBack).toEqual([])
  })

  test('it cannot be taken back from here; changed back there, nothing waits', async () => {
    await run('ALTER TABLE people RENAME COLUMN age TO years')
    expect((await shop.sync()).pending).not.toBe(null)
    await expect(discardPending(shop.repo, null, shop.link)).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
    })
    await run('ALTER TABLE people RENAME COLUMN years TO age')
    expect(await shop.sync()).toMatchObject({ heldBack: [], pending: null })
    expect(await pending()).toBe(null)
  })

  test('columns renamed, or another key, and no row written: approved, the table has them', async () => {
    await run('ALTER TABLE people RENAME COLUMN age TO years')
    expect((await shop.sync()).heldBack).toMatchObject([
      { message: "column 'age' is gone; column 'years' is new" },
    ])
    const { commit } = (await pending())!
    expect((await shop.sync({ approve: commit })).heldBack).toEqual([])
    expect((await shop.sync()).heldBack).toEqual([])
    expect((await shop.branchRows('people'))[0]).toEqual({ id: 1, name: 'Ada', years: 36 })

    const rekeyed = (key: string): Promise<void> =>
      run(`ALTER TABLE people RENAME TO old;
        CREATE TABLE people (id INTEGER NOT NULL, name TEXT NOT NULL, years INTEGER${key});
        INSERT INTO people SELECT * FROM old; DROP TABLE old`)
    await rekeyed('')
    const keyless = await shop.sync()
    expect(keyless.heldBack).toMatchObject([
      { table: 'people', message: expect.stringMatching(/no longer has a primary key/) },
    ])
    await run('UPDATE other SET n = 5')
    await shop.sync()
    expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 5 }])
    await rekeyed(', PRIMARY KEY (id, name)')
    expect((await shop.sync()).heldBack).toMatchObject([{ message: 'the key is id, name and was id' }])
    await shop.sync({ approve: (await pending())!.commit })
    expect([(await shop.sync()).heldBack, await pending()]).toEqual([[], null])
  })

  test('the same by log: read once for the commit, and again when it goes on', async () => {
    shop.link = { ...shop.link, changes: 'log' }
    await shop.sync()
    await run('ALTER TABLE people DROP COLUMN age; UPDATE other SET n = 3')
    const stopped = await shop.sync()
    expect(stopped.heldBack).toMatchObject([{ reason: 'schema' }])
    expect(await shop.branchRows('other')).toEqual([{ id: 1, n: 3 }])
    expect((await shop.sync()).pending).toBe(stopped.pending)
    expect((await shop.sync({ approve: stopped.pending! })).heldBack).toEqual([])
    expect(Object.keys((await shop.branchRows())[0] as object)).toEqual(['id', 'name'])
  })

  test('another key in the branch alone: a mirror leaves that table as it is, and the others go on', async () => {
    const repo = await Repository.init(temporaryDir(), { author: { name: 'Ada', email: 'ada@example.org' } })
    const facts = { tables: ['people', 'other'], into: 'shop' }
    await repo.addLink('from', { endpoint: `sqlite://${path}`, mode: 'capture', ...facts })
    await repo.sync('from')
    const copy = `${temporaryDir()}/copy.db`
    fs.copyFileSync(path, copy)
    await repo.addLink('to', { endpoint: `sqlite://${copy}`, mode: 'mirror', ...facts })
    await repo.sync('to')
    await run(
      'ALTER TABLE people RENAME COLUMN id TO nr; INSERT INTO people VALUES (4, NULL, NULL); UPDATE other SET n = 2',
    )
    const { pending } = await repo.sync('from')
    await repo.sync('from', { approve: pending! })
    const message = "the key of 'shop/people' is nr, and at the endpoint it is id"
    for (let round = 0; round < 2; round++) {
      const { heldBack, tables } = await repo.sync('to')
      expect(heldBack).toMatchObject([
        { table: 'people', reason: 'schema', message: `${message}: give both the same key` },
      ])
      expect(tables.map(({ written }) => written.changed + written.added + written.removed)).toEqual([
        0,
        1 - round,
      ])
      expect((await repo.verifyLink('to')).tables).toMatchObject([{ unread: message }, { matches: true }])
    }
    await repo.close()
  })

  test('another key, and a branch that has changed rows meanwhile: the endpoint’s table is taken by its name', async () => {
    const repo = await Repository.init(temporaryDir(), { author: { name: 'Ada', email: 'ada@example.org' } })
    await repo.addLink('shop', { endpoint: `sqlite://${path}`, mode: 'two-way', tables: ['people', 'other'] })
    await repo.sync('shop')
    await run(`CREATE TABLE made (id INTEGER, name TEXT, age INTEGER, PRIMARY KEY (id, name));
      INSERT INTO made SELECT * FROM people; DROP TABLE people; ALTER TABLE made RENAME TO people`)
    const { pending } = await repo.sync('shop')
    await repo.transaction('main', (tx) => tx.table('shop/people').put({ id: 1, name: 'Ada L.', age: 36 }))
    const { heldBack } = await repo.sync('shop', { approve: pending! })
    expect(heldBack).toMatchObject([{ table: 'people', reason: 'schema', isClash: true }])
    await expect(repo.resolveSync('shop', 'ours', { table: 'people' })).rejects.toThrow('no such row')
    await expect(repo.resolveSync('shop', 'theirs')).rejects.toThrow('no such row')
    await repo.resolveSync('shop', 'theirs', { table: 'people' })
    const receipt = await repo.sync('shop')
    expect(receipt.heldBack).toEqual([])
    await repo.transaction('main', (tx) => tx.table('shop/people').put({ id: 2, name: 'Grace', age: 86 }))
    expect((await repo.sync('shop')).tables[0]).toMatchObject({ written: { changed: 1 } })
    const names: unknown[] = []
    for await (const row of (await repo.at('main')).table('shop/people').scan()) names.push({ ...row })
    expect(names).toEqual([
      { id: 1, name: 'Ada', age: 36 },
      { id: 2, name: 'Grace', age: 86 },
      { id: 3, name: 'Edsger', age: 72 },
    ])
    await repo.close()
  })
})
