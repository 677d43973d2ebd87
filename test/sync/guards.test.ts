// What guards stop, and how it is let through or discarded, against a real PostgreSQL.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { pendingSync } from '../../src/sync/pending/approval.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import type { PendingSync } from '../../src/sync/pending/interface.ts'
import { fault } from '../support/fault.ts'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

let postgres: Postgres
let linked: Linked

describe.skipIf(!hasPostgres)(`guards${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    linked = await Linked.start(postgres)
    await linked.db.query(`
      CREATE TABLE notes (id int PRIMARY KEY, n int); INSERT INTO notes VALUES (1, 1);
      INSERT INTO people SELECT i, 'p' || i, i % 100 FROM generate_series(10, 5000) i`)
    linked.link = { ...linked.link, tables: ['people', 'notes'] }
    await linked.sync()
  })

  const pending = (): Promise<PendingSync | null> => pendingSync(linked.repo, 'shop')
  const approve = async (): Promise<Receipt> => linked.sync({ approve: (await pending())!.commit })
  const discard = (): Promise<unknown> => discardPending(linked.repo, null, linked.link)
  const count = async (where = 'true'): Promise<number> =>
    Number((await linked.db.query(`SELECT count(*) FROM people WHERE ${where}`)).rows[0].count)
  const idsOf = (rows: readonly unknown[]): unknown[] => rows.map((row) => (row as { id: number }).id)
  const stopped = ({ heldBack }: Receipt): string[] =>
    heldBack.flatMap(({ reason, message }) => (reason === 'guard' ? [message] : []))

  test('rows that vanish from the endpoint in masses wait, and the other tables go on', async () => {
    await linked.db.query('DELETE FROM people WHERE id > 1500; UPDATE notes SET n = 2')
    const receipt = await linked.sync()
    expect(stopped(receipt)).toEqual(["3500 of 4994 rows of 'people' are gone from the endpoint"])
    expect(receipt.pending).toBe((await pending())!.commit)
    expect(await linked.branchRows('notes')).toEqual([{ id: 1, n: 2 }])
    expect(await linked.branchRows()).toHaveLength(4994)
    expect([await count(), await linked.ref('refs/links/shop/pending')]).toEqual([1494, expect.anything()])
    const before = await linked.ref('refs/links/shop/pending')
    const receipts = await linked.ref('refs/links/shop/receipts')
    await linked.sync()
    expect(await linked.ref('refs/links/shop/pending')).toBe(before)
    expect((await linked.sync()).heldBack).toEqual(receipt.heldBack)
    expect(await linked.ref('refs/links/shop/receipts')).toBe(receipts)
  })

  test('an approval lets through what it was given for, and nothing beyond', async () => {
    await linked.db.query('DELETE FROM people WHERE id > 3500')
    await linked.sync()
    await linked.db.query(`DELETE FROM people WHERE id > 100; INSERT INTO people VALUES (9999, 'new', 1)`)
    const receipt = await approve()
    expect(stopped(receipt)).toEqual(["3400 of 4994 rows of 'people' are gone from the endpoint"])
    expect(await linked.branchRows()).toHaveLength(4994)
    expect(stopped(await approve())).toEqual([])
    expect(await linked.branchRows()).toEqual(await linked.rows())
    expect(await pending()).toBeNull()
    expect(await fault(linked.sync({ approve: receipt.pending! }))).toContain('any more')
  })

  test('what is discarded is taken back by the side that did it: rows go back to the endpoint', async () => {
    await linked.db.query('DELETE FROM people')
    expect(stopped(await linked.sync())).toEqual(["all 4994 rows of 'people' are gone from the endpoint"])
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    await discard()
    expect(await pending()).toBeNull()
    const receipt = await linked.sync()
    expect(receipt.heldBack).toEqual([])
    expect(await count()).toBe(4994)
    expect(await linked.rows()).toEqual(await linked.branchRows())
    expect((await linked.rows())[0]).toMatchObject({ name: 'Ada L.' })
  })

  test('a small table that was emptied waits until most of its rows are back, whatever is put in', async () => {
    await linked.db.query('INSERT INTO notes SELECT i, i FROM generate_series(2, 10) i')
    await linked.sync()
    const emptied = ["all 10 rows of 'notes' are gone from the endpoint"]
    await linked.db.query('DELETE FROM notes')
    expect(stopped(await linked.sync())).toEqual(emptied)
    await linked.db.query('INSERT INTO notes VALUES (99, 99)')
    expect(stopped(await linked.sync())).toEqual(emptied)
    await linked.db.query('INSERT INTO notes SELECT i, i FROM generate_series(1, 7) i')
    expect(stopped(await linked.sync())).toEqual(["3 of 10 rows of 'notes' are gone from the endpoint"])
    expect(await linked.branchRows('notes')).toHaveLength(10)
    await linked.db.query('INSERT INTO notes VALUES (8, 8)')
    expect(stopped(await linked.sync())).toEqual([])
    expect(await pending()).toBeNull()
    expect(idsOf(await linked.branchRows('notes'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 99])
    await linked.db.query('DELETE FROM notes; INSERT INTO notes VALUES (100, 100)')
    expect(stopped(await linked.sync())).toEqual([])
    expect(idsOf(await linked.branchRows('notes'))).toEqual([100])
  })

  test('a discard takes back what vanished, and nothing else that was done there meanwhile', async () => {
    await linked.db.query(`
      DELETE FROM people WHERE id > 1500; UPDATE people SET age = 99 WHERE id = 1;
      INSERT INTO people VALUES (9999, 'new', 1)`)
    await linked.sync()
    await discard()
    expect((await linked.sync()).heldBack).toEqual([])
    expect([await count(), await count('id = 9999'), await count('id = 1 AND age = 99')]).toEqual([
      4995, 1, 1,
    ])
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('rows that the branch removes in masses wait as well, and come back when that is discarded', async () => {
    const removeMany = (): Promise<void> =>
      linked.edit((rows) => {
        for (let id = 10; id < 3000; id++) rows.delete(id)
      })
    await removeMany()
    await linked.db.query(`UPDATE people SET age = 37 WHERE id = 1; UPDATE notes SET n = 3`)
    const receipt = await linked.sync()
    expect(stopped(receipt)).toEqual(["2990 of 4994 rows of 'people' are gone from the branch"])
    expect([await count(), await count('id BETWEEN 10 AND 2999')]).toEqual([4994, 2990])
    expect(await linked.branchRows('notes')).toEqual([{ id: 1, n: 3 }])
    await linked.edit((rows) => rows.put({ id: 3, name: 'Edsger W.', age: 72 }))
    await discard()
    await linked.sync()
    expect(await linked.branchRows()).toHaveLength(4994)
    expect((await linked.rows())[2]).toMatchObject({ name: 'Edsger W.' })
    await removeMany()
    await linked.sync()
    expect(stopped(await approve())).toEqual([])
    expect(await count()).toBe(4994 - 2990)
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('a dry run says what would be stopped, and keeps nothing', async () => {
    await linked.db.query('DELETE FROM people')
    expect(stopped(await linked.sync({ dryRun: true }))).toHaveLength(1)
    expect(await pending()).toBeNull()
  })

  test('what was stopped is forgotten when the rows are there again', async () => {
    await linked.db.query('CREATE TABLE backup AS SELECT * FROM people; DELETE FROM people')
    await linked.sync()
    await linked.db.query('INSERT INTO people SELECT * FROM backup')
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await pending()).toBeNull()
  })

  test('another database under the same name is left alone until it is approved', async () => {
    const other = await Linked.start(postgres)
    await other.db.query('CREATE TABLE notes (id int PRIMARY KEY, n int)')
    linked.link = { ...linked.link, endpoint: other.link.endpoint } satisfies Link
    const receipt = await linked.sync()
    expect(stopped(receipt)).toEqual(Array(2).fill("the endpoint of 'shop' is another database than before"))
    expect(await other.rows()).toHaveLength(3)
    expect(await linked.branchRows()).toHaveLength(4994)
    expect((await linked.sync()).pending).toBe(receipt.pending)
    expect((await approve()).heldBack).toEqual([])
    expect(await other.rows()).toHaveLength(4994)
    expect((await linked.sync()).heldBack).toEqual([])
  })

  async function restore(): Promise<void> {
    await linked.edit((rows) => rows.put({ id: 2, name: 'Grace H.', age: 85 }))
    await linked.sync()
    await linked.db.query(
      'CREATE TABLE backup AS SELECT * FROM people; CREATE TABLE state AS SELECT * FROM varve_sync',
    )
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 8, name: 'Eight', age: 8 }))
    await linked.sync()
    await linked.store.gc()
    await linked.db.query(`DELETE FROM people; INSERT INTO people SELECT * FROM backup;
      UPDATE varve_sync SET base_commit = (SELECT base_commit FROM state);
      UPDATE people SET age = 73 WHERE id = 3`)
  }

  test('a database that was restored waits; when that is approved it gets back what it had lost', async () => {
    await restore()
    const receipt = await linked.sync()
    expect(stopped(receipt)[0]).toBe("the endpoint of 'shop' has gone back to an earlier state")
    expect(receipt.notes[0]).toContain('restored')
    expect(await count('id = 8')).toBe(0)
    expect((await linked.sync()).pending).toBe(receipt.pending)
    expect((await approve()).heldBack).toEqual([])
    expect((await linked.rows()).slice(0, 4)).toMatchObject([
      { id: 1, name: 'Ada L.' },
      { id: 2, name: 'Grace H.' },
      { id: 3, age: 73 },
      { id: 8, name: 'Eight' },
    ])
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('when that is discarded, the earlier state is what the endpoint wants, and comes into the branch', async () => {
    await restore()
    await linked.sync()
    await discard()
    expect((await linked.sync()).heldBack).toEqual([])
    expect((await linked.branchRows()).slice(0, 4)).toMatchObject([
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Grace H.' },
      { id: 3, age: 73 },
      { id: 10 },
    ])
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('a table that is gone from the endpoint waits by itself', async () => {
    await linked.db.query('ALTER TABLE people RENAME TO persons; UPDATE notes SET n = 5')
    const receipt = await linked.sync()
    expect(receipt.heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
    expect(await linked.branchRows()).toHaveLength(4994)
    expect(await linked.branchRows('notes')).toEqual([{ id: 1, n: 5 }])
    await linked.edit((rows) => rows.put({ id: 1, n: 6 }), 'notes')
    await linked.sync()
    expect(await linked.rows('notes')).toEqual([{ id: 1, n: 6 }])
    await linked.db.query('ALTER TABLE persons RENAME TO people')
    expect((await linked.sync()).heldBack).toEqual([])
  })

  test('a row that the endpoint refuses is not tried again before something changes, or it is asked for', async () => {
    await linked.db.query('CREATE TABLE allowed (id int PRIMARY KEY)')
    await linked.db.query('ALTER TABLE notes ADD CONSTRAINT small CHECK (n < 100)')
    await linked.edit((rows) => rows.put({ id: 2, n: 200 }), 'notes')
    expect((await linked.sync()).heldBack).toMatchObject([{ key: '2', reason: 'rejected' }])
    const fence = async (): Promise<unknown> => (await linked.db.query('SELECT fence FROM varve_sync')).rows
    const before = await fence()
    const again = await linked.sync()
    expect(again.heldBack).toMatchObject([{ key: '2', reason: 'rejected' }])
    expect(again.heldBack[0]!.message).toContain('check constraint')
    expect(await fence()).toEqual(before)
    await linked.db.query('ALTER TABLE notes DROP CONSTRAINT small')
    expect((await linked.sync()).heldBack).toHaveLength(1)
    expect((await linked.sync({ retry: true })).heldBack).toEqual([])
    expect(await linked.rows('notes')).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 200 },
    ])
  })
})
