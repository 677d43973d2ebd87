// Receipts of rounds: what they say, that they stay, and that they go where the branch goes.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { receivePush } from '../../src/remote/receive-push.ts'
import { undo } from '../../src/repo/undo.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { lastReceipt, receiptLog, rememberReceipt } from '../../src/sync/receipts/log.ts'
import { fault } from '../support/fault.ts'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const ref = 'refs/links/shop/receipts'
let postgres: Postgres
let linked: Linked

describe.skipIf(!hasPostgres)(`receipts${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    linked = await Linked.start(postgres)
  })

  test('a receipt says what each table read, wrote and held back, and what both sides then hold', async () => {
    await linked.db.query('ALTER TABLE people ADD CHECK (age < 150)')
    await linked.sync()
    await linked.db.query('UPDATE people SET age = 37 WHERE id = 1')
    await linked.edit((rows) => {
      rows.put({ id: 1, name: 'Ada', age: 50 })
      rows.put({ id: 2, name: 'Grace', age: 200 })
      rows.put({ id: 4, name: 'Barbara', age: 84 })
    })
    const [table] = (await linked.sync()).tables
    expect(table).toMatchObject({
      read: 3,
      captured: { added: 0, changed: 1, removed: 0 },
      written: { added: 1, changed: 0, removed: 0 },
      conflicted: 1,
      rejected: 1,
      after: { endpoint: { rows: 4 }, branch: { rows: 4 } },
    })
    expect(table!.after.endpoint!.checksum).not.toBe(table!.after.branch!.checksum)
    await linked.edit((rows) => {
      rows.put({ id: 1, name: 'Ada', age: 37 })
      rows.put({ id: 2, name: 'Grace', age: 85 })
    })
    const [settled] = (await linked.sync()).tables
    expect(settled!.after.endpoint).toEqual(settled!.after.branch)
    expect(settled!.after.endpoint!.checksum).toMatch(/^[0-9a-f]{64}$/)
  })

  test('equal tables have one checksum, whichever way they came about', async () => {
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 9, name: 'Nine', age: 9 }))
    const written = (await linked.sync()).tables[0]!.after.endpoint
    const again = await Linked.start(postgres)
    await again.db.query("INSERT INTO people VALUES (9, 'Nine', 9)")
    expect((await again.sync()).tables[0]!.after.endpoint).toEqual(written)
  })

  test('the log has an entry for each round that did something, and quiet rounds add none', async () => {
    await linked.sync()
    await linked.sync()
    const at = await linked.ref(ref)
    await linked.sync()
    expect(await linked.ref(ref)).toBe(at)
    await linked.db.query('DELETE FROM people WHERE id = 3')
    await linked.sync()
    const log = await collect(receiptLog(linked.repo, { link: 'shop' }))
    expect(log.map(({ tables }) => tables[0]!.captured)).toEqual([
      { added: 0, changed: 0, removed: 1 },
      { added: 3, changed: 0, removed: 0 },
    ])
    expect(await collect(receiptLog(linked.repo, { limit: 1 }))).toEqual([log[0]])
    expect(await collect(receiptLog(linked.repo, { link: 'other' }))).toEqual([])
  })

  test('a round that came to the same as the last writes no object, and is remembered all the same', async () => {
    await linked.sync()
    const first = await linked.sync()
    const { refs } = await linked.store.manifest()
    const again = await linked.sync()
    const after = await linked.store.manifest()
    expect(after.refs).toEqual(refs)
    expect(await lastReceipt(linked.repo, 'shop')).toEqual(again)
    expect({ ...again, startedMs: first.startedMs, finishedMs: first.finishedMs }).toEqual(first)
    await linked.db.query('UPDATE people SET age = 1 WHERE id = 1')
    const other = await linked.sync()
    expect(await lastReceipt(linked.repo, 'shop')).toEqual(other)
    const quiet = await linked.sync()
    expect(await lastReceipt(linked.repo, 'shop')).toEqual(quiet)
  })

  test("the log keeps no words of the database's, which may quote what is in a row", async () => {
    await linked.db.query('CREATE UNIQUE INDEX ON people (name)')
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 5, name: 'Ada', age: 1 }))
    const receipt = await linked.sync()
    expect(receipt.heldBack[0]!.message).toContain('duplicate key')
    const [entry] = await collect(receiptLog(linked.repo, {}))
    expect(entry!.heldBack).toEqual([
      { table: 'people', path: 'shop/people', key: '5', keyHex: '2105', reason: 'rejected' },
    ])
    expect(entry!.heldBackCount).toBe(1)
  })

  test('a receipt of more rows that wait than an object holds is kept whole', async () => {
    const receipt = await linked.sync()
    const heldBack = Array.from({ length: 30_000 }, (_, i) => ({
      table: 'people',
      path: 'shop/people',
      key: `${i}`,
      keyHex: i.toString(16).padStart(16, '0'),
      reason: 'conflict' as const,
      message: `both sides changed 'a column with a name of some length' of ${i}`,
    }))
    const { repo, link } = linked
    await rememberReceipt({ repo, link }, { ...receipt, heldBack })
    const kept = (await lastReceipt(repo, link.name))!.heldBack
    expect([kept.length, kept.at(-1)]).toEqual([30_000, heldBack.at(-1)])
    expect((await collect(receiptLog(repo, { link: link.name })))[0]).toMatchObject({ heldBackCount: 30_000 })
    expect((await linked.sync()).heldBack).toEqual([])
  })

  test('receipts go along with a pushed branch and come with a fetched one', async () => {
    await linked.sync()
    const remote = MemoryStore.create()
    await push(linked.store, remote, { refspecs: ['main'] })
    expect((await remote.manifest()).refs.get(ref)).toBe(await linked.ref(ref))
    await linked.db.query('DELETE FROM people WHERE id = 3')
    await linked.sync()
    const { updates } = await push(linked.store, remote, { refspecs: ['main'] })
    expect(updates.map((update) => update.ref)).toEqual(['refs/heads/main', ref])
    const clone = MemoryStore.create()
    await fetchRefs(clone, remote, { remoteName: 'origin' })
    const [ours, theirs] = [linked.repo, createContext(clone)]
    expect(await collect(receiptLog(theirs, {}))).toEqual(await collect(receiptLog(ours, {})))
  })

  test('logs of two repositories join when they know of each other, and a log is never cut', async () => {
    await linked.sync()
    const remote = MemoryStore.create()
    await push(linked.store, remote, { refspecs: ['main'] })
    const other = await Linked.start(postgres)
    other.link = { ...other.link, endpoint: linked.link.endpoint }
    await fetchRefs(other.store, remote, { remoteName: 'origin' })
    await other.store.update(async (current) => ({
      refs: new Map([['refs/heads/main', current.refs.get('refs/remotes/origin/main')!]]),
      operation: { name: 'test', message: '', author: '' },
    }))
    await other.sync()
    expect(await collect(receiptLog(other.repo, {}))).toHaveLength(2)
    await push(other.store, remote, { refspecs: ['main'] })
    expect((await remote.manifest()).refs.get(ref)).toBe(await other.ref(ref))
    // What would lose an entry is not pushed, and not taken.
    await push(linked.store, remote, { refspecs: ['main:elsewhere'] })
    const before = (await remote.manifest()).refs.get(ref)!
    expect(before).toBe(await other.ref(ref))
    const cut = { ref, before, after: (await linked.ref(ref))!, force: true }
    expect(await fault(receivePush(remote, async () => linked.store, { updates: [cut] }))).toContain(
      'only ever added to',
    )
  })

  test('undo takes back what a round brought into the branch, and the next round writes that to the endpoint', async () => {
    await linked.sync()
    await linked.db.query('UPDATE people SET age = 37 WHERE id = 1')
    await linked.sync()
    await undo(linked.repo, null)
    expect(await linked.branchRows()).toMatchObject([{ age: 36 }, {}, {}])
    await linked.sync()
    expect(await linked.rows()).toMatchObject([{ age: 36 }, {}, {}])
  })
})
