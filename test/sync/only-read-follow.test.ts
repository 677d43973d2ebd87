// A followed link whose endpoint may only be read for a time: a failover to a standby server, and one that is promoted; a role
// that is set to read. Following goes on, reads what is new, and writes what waited.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Client } from 'pg'
import { afterEach, expect, test } from 'vitest'
import type { Receipt } from '../../src/sync/interface.ts'
import { type FollowOptions, endpointLine, follow } from '../../src/sync/follow.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { type Postgres, startPostgres, startStandby, withoutPostgres } from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { Repository } from '../../src/index.ts'
import { withRetries } from '../../src/sync/retry.ts'
import { ok, varve } from '../cli/varve.ts'
import { makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { viewOf, withoutViews } from '../support/read-only-view.ts'
import { temporaryDir } from '../support/temporary.ts'

const eventually = { timeout: 60_000, interval: 20 }
const ends: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
}, 60_000)

/** Follows in the background; answers with the receipts, which become more, and a sign that it has not ended. */
function start(shop: ShopLink, how: FollowOptions = {}): { receipts: Receipt[]; isOver: () => boolean } {
  const over = new AbortController()
  const options = { signal: over.signal, pollMs: 50, ...how }
  const { link, repo } = shop
  const receipts: Receipt[] = []
  let isOver = false
  const open = async () =>
    endpointLine({ repo, folder: null, connector: await openLink(link), link, options }, options)
  const ended = (async () => {
    for await (const receipt of follow(repo, link, open, options)) receipts.push(receipt)
  })().finally(() => (isOver = true))
  ended.catch(() => undefined)
  ends.push(async () => {
    over.abort()
    await ended.catch(() => undefined)
  })
  return { receipts, isOver: () => isOver }
}

const waits = (receipts: readonly Receipt[]): boolean =>
  receipts.at(-1)?.heldBack.some(({ isEndpoint }) => isEndpoint === true) === true

async function age(db: Client, id: number): Promise<number | undefined> {
  return (await db.query<{ age: number }>(`SELECT age FROM people WHERE id = ${id}`)).rows[0]?.age
}

test.skipIf(withoutPostgres !== '').each(['compare', 'log'] as const)(
  `a failover to a standby server, which is promoted later; changes: %s${withoutPostgres}`,
  async (changes) => {
    const primary: Postgres = await startPostgres()
    ends.push(() => primary.stop())
    const shop = await ShopLink.create(primary, { changes })
    const standby = await startStandby(primary)
    ends.push(() => standby.stop())
    // The address of whichever of them is to be used: their sockets lie in folders.
    const at = path.join(temporaryDir(), 'server')
    const folders = [primary, standby].map((one) =>
      decodeURIComponent(one.url('postgres').split('host=')[1]!),
    )
    fs.symlinkSync(folders[0]!, at)
    const name = /[^/]*(?=[?])/.exec(shop.link.endpoint)![0]
    shop.link = { ...shop.link, endpoint: `postgres://postgres@/${name}?host=${encodeURIComponent(at)}` }
    const { receipts, isOver } = start(shop)
    await expect.poll(() => receipts.length, eventually).toBeGreaterThan(0)
    await shop.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 37 }))
    await expect.poll(() => age(shop.db, 1), eventually).toBe(37)
    await shop.db.query('UPDATE people SET age = 86 WHERE id = 2')
    const copy = await standby.client(standby.url(name))
    await expect.poll(() => age(copy, 2), eventually).toBe(86)
    // What was read is kept with a place that the standby has reached.
    await expect.poll(async () => (await shop.branchRows())[1], eventually).toMatchObject({ age: 86 })
    await expect
      .poll(
        async () => (await copy.query<{ at: string }>('SELECT pg_last_wal_replay_lsn() AS at')).rows[0]!.at,
        eventually,
      )
      .toBe((await shop.db.query<{ at: string }>('SELECT pg_current_wal_flush_lsn() AS at')).rows[0]!.at)
    await primary.kill()
    fs.rmSync(at)
    fs.symlinkSync(folders[1]!, at)
    await shop.edit((rows) => rows.put({ id: 3, name: 'Edsger', age: 73 }))
    await expect.poll(() => waits(receipts), eventually).toBe(true)
    expect(await age(copy, 3)).toBe(72)
    const promoted = copy.query('SELECT pg_promote()')
    await promoted
    await copy.query('UPDATE people SET age = 87 WHERE id = 2')
    await expect.poll(() => age(copy, 3), eventually).toBe(73)
    await expect.poll(() => waits(receipts), eventually).toBe(false)
    await expect.poll(async () => (await shop.branchRows())[1], eventually).toMatchObject({ age: 87 })
    expect([isOver(), receipts.at(-1)!.pending]).toEqual([false, null])
  },
  120_000,
)

test.skipIf(withoutPostgres !== '')(
  `a role that is set to read, and no more: what waits is said once, and goes on without a restart${withoutPostgres}`,
  async () => {
    const postgres = await startPostgres()
    ends.push(() => postgres.stop())
    const shop = await ShopLink.create(postgres, { changes: 'log' })
    await shop.db.query('ALTER ROLE postgres SET default_transaction_read_only = on')
    let rounds = 0
    const { receipts, isOver } = start(shop, { onRound: () => rounds++ })
    await shop.db.query('UPDATE people SET age = 86 WHERE id = 2')
    await expect
      .poll(async () => (await shop.branchRows().catch(() => []))[1], eventually)
      .toMatchObject({ age: 86 })
    await shop.edit((rows) => rows.put({ id: 3, name: 'Edsger', age: 73 }))
    await expect.poll(() => waits(receipts), eventually).toBe(true)
    const [said, before] = [receipts.length, rounds]
    await expect.poll(() => rounds, eventually).toBeGreaterThan(before + 2)
    expect(receipts).toHaveLength(said)
    await shop.db.query('ALTER ROLE postgres RESET default_transaction_read_only')
    await expect.poll(() => age(shop.db, 3), eventually).toBe(73)
    expect(isOver()).toBe(false)
  },
  120_000,
)

test.skipIf(withoutViews !== '').each([
  ['with a change table', 'log', 'all of it'],
  ['that is compared', 'compare', 'all of it'],
  ['in a folder that may not be written, and itself may', 'compare', 'the folder'],
] as const)(
  `an SQLite file %s, which may only be read for a time${withoutViews}`,
  async (_, changes, what) => {
    const writer = startSqliteWriter()
    ends.push(() => writer.stop())
    const folder = temporaryDir()
    const file = path.join(folder, 'shop.db')
    await writer.run(file, [
      'CREATE TABLE people (id integer PRIMARY KEY, name text, age integer)',
      "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85)",
    ])
    const view = viewOf(folder)
    ends.push(() => view.end())
    const shop = ShopLink.over(`sqlite://${view.dir}/shop.db`, { changes })
    await shop.sync()
    view.onlyRead(true)
    const itself = path.join(view.dir, 'shop.db')
    if (what === 'the folder') execFileSync('mount', ['--bind', file, itself])
    const { receipts, isOver } = start(shop)
    await shop.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 37 }))
    await expect.poll(() => waits(receipts), eventually).toBe(true)
    await writer.run(file, ['UPDATE people SET age = 86 WHERE id = 2'])
    await expect.poll(async () => (await shop.branchRows())[1], eventually).toMatchObject({ age: 86 })
    if (what === 'the folder') execFileSync('umount', ['-l', itself])
    view.onlyRead(false)
    await expect
      .poll(async () => writer.query(file, 'SELECT age FROM people WHERE id = 1'), eventually)
      .toEqual([{ age: '37' }])
    await expect.poll(() => waits(receipts), eventually).toBe(false)
    expect(isOver()).toBe(false)
  },
  120_000,
)

test.skipIf(withoutViews !== '')(
  `one folder of a table that may not be written: that table waits, and no other${withoutViews}`,
  async () => {
    const [folder, orders] = [temporaryDir(), temporaryDir()]
    fs.writeFileSync(path.join(orders, '1.csv'), 'id,n\n1,1\n')
    fs.writeFileSync(path.join(folder, 'people.csv'), 'id,age\n1,36\n')
    fs.cpSync(orders, path.join(folder, 'orders'), { recursive: true })
    const shop = ShopLink.over(`folder://${folder}?settle=0`, { tables: ['people', 'orders'] })
    await shop.sync()
    const inner = path.join(folder, 'orders')
    execFileSync('mount', ['--bind', inner, inner])
    ends.push(() => void execFileSync('umount', ['-l', inner]))
    execFileSync('mount', ['-o', 'remount,bind,ro', inner])
    await shop.repository.transaction('main', (tx) => {
      tx.table('shop/people').put({ id: 1, age: 37 })
      tx.table('shop/orders').put({ id: 1, n: 2 })
    })
    for (let round = 0; round < 2; round++)
      expect((await shop.sync()).heldBack).toMatchObject([
        { table: 'orders', reason: 'rejected', isTable: true },
      ])
    expect(fs.readFileSync(path.join(folder, 'people.csv'), 'utf8')).toBe('id,age\n1,37\n')
    execFileSync('mount', ['-o', 'remount,bind,rw', inner])
    expect((await shop.sync()).heldBack).toEqual([])
    expect(fs.readFileSync(path.join(inner, '1.csv'), 'utf8')).toBe('id,n\n1,2\n')
  },
)

test('one object that may not be written: that table waits, and no other', async () => {
  const s3 = await startMemoryS3()
  const put = (name: string, text: string): void =>
    void s3.files.set(`shop/${name}`, { body: Buffer.from(text), headers: {} })
  for (const name of ['a', 'b', 'c']) put(`${name}.csv`, 'id,n\n1,1\n')
  const shop = ShopLink.over('s3://bucket/shop', { tables: ['a', 'b', 'c'] })
  const environment = { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint }
  const sync = () => withRetries(() => shop.sync({}, undefined, environment), { retries: 1 })
  await sync()
  const refuse = { status: 403, code: 'AccessDenied' }
  s3.rule = ({ method, key }) => (method === 'PUT' && key.endsWith('b.csv') ? { refuse } : undefined)
  await shop.repository.transaction('main', (tx) => {
    for (const name of ['a', 'b', 'c']) tx.table(`shop/${name}`).put({ id: 1, n: 2 })
  })
  for (let round = 0; round < 2; round++)
    expect((await sync()).heldBack).toMatchObject([{ table: 'b', reason: 'rejected', isTable: true }])
  const texts = (): (string | undefined)[] =>
    ['a', 'b', 'c'].map((name) => s3.files.get(`shop/${name}.csv`)?.body.toString().slice(5, 8))
  expect(texts()).toEqual(['1,2', '1,1', '1,2'])
  s3.rule = () => undefined
  await shop.sync({ retry: true }, undefined, environment)
  expect(texts()).toEqual(['1,2', '1,2', '1,2'])
})

test.skipIf(withoutSmallDisk !== '')(
  `a disk of the endpoint that runs full ends nothing, and what did not fit is written when there is room${withoutSmallDisk}`,
  async () => {
    const disk = makeSmallDisk(2)
    ends.push(() => disk.end())
    const writer = startSqliteWriter()
    ends.push(() => writer.stop())
    const file = path.join(disk.dir, 'shop.db')
    await writer.run(file, ['CREATE TABLE people (id integer PRIMARY KEY, name text)'])
    const shop = ShopLink.over(`sqlite://${file}`)
    const broken: string[] = []
    const { isOver } = start(shop, { onBroken: (error) => broken.push(error.code) })
    await expect.poll(() => shop.branchRows().catch(() => null), eventually).toEqual([])
    await shop.repository.transaction('main', (tx) => {
      const people = tx.table('shop/people')
      for (let id = 1; id <= 4_000; id++) people.put({ id, name: 'n'.repeat(1_000) })
    })
    await expect.poll(() => broken.length, eventually).toBeGreaterThan(1)
    expect(new Set(broken)).toEqual(new Set(['VARVE_DISK_FULL']))
    disk.grow(100)
    const count = async () => writer.query(file, 'SELECT count(*) AS n FROM people')
    await expect.poll(count, eventually).toEqual([{ n: '4000' }])
    expect(isOver()).toBe(false)
  },
  120_000,
)

test.skipIf(withoutViews !== '')(
  `commit by commit: those that wait are written one by one, in their order${withoutViews}`,
  async () => {
    const writer = startSqliteWriter()
    ends.push(() => writer.stop())
    const folder = temporaryDir()
    const file = path.join(folder, 'shop.db')
    await writer.run(file, [
      'CREATE TABLE people (id integer PRIMARY KEY, age integer)',
      'INSERT INTO people VALUES (1, 36)',
      'CREATE TABLE seen (age integer)',
      'CREATE TRIGGER see AFTER UPDATE ON people BEGIN INSERT INTO seen VALUES (NEW.age); END',
    ])
    const view = viewOf(folder)
    ends.push(() => view.end())
    const shop = ShopLink.over(`sqlite://${view.dir}/shop.db`)
    await shop.sync()
    shop.link = { ...shop.link, mode: 'mirror', commits: 'each' }
    await shop.edit((rows) => rows.put({ id: 1, age: 37 }))
    await shop.sync()
    view.onlyRead(true)
    for (const age of [38, 39, 40]) {
      await shop.edit((rows) => rows.put({ id: 1, age }))
      expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people', isEndpoint: true }])
    }
    view.onlyRead(false)
    expect((await shop.sync()).heldBack).toEqual([])
    const seen = await writer.query(file, 'SELECT age FROM seen')
    expect(seen.map(({ age: one }) => one)).toEqual(['37', '38', '39', '40'])
  },
)

test.skipIf(withoutViews !== '')(
  `the command line says once what waits and why, and shows it in the status${withoutViews}`,
  async () => {
    const folder = temporaryDir()
    fs.writeFileSync(path.join(folder, 'people.csv'), 'id,age\n1,36\n')
    const view = viewOf(folder)
    ends.push(() => view.end())
    const cwd = temporaryDir()
    await ok(['init'], { cwd })
    const add = [
      'link',
      'add',
      'shop',
      `folder://${view.dir}?settle=0`,
      '--tables',
      'people',
      '--mode',
      'two-way',
    ]
    await ok([...add, '--key', 'id'], { cwd })
    await ok(['sync'], { cwd })
    const repository = await Repository.open(cwd, { author: { name: 'Ada', email: 'ada@example.org' } })
    await repository.transaction('main', (tx) => tx.table('shop/people').put({ id: 1, age: 37 }))
    await repository.close()
    view.onlyRead(true)
    const { code, stdout } = await varve(['sync'], { cwd })
    const status = (await varve(['sync', 'status'], { cwd })).stdout
    const rejected = await varve(['sync', 'rejected'], { cwd })
    for (const text of [stdout, status]) {
      expect(text).toMatch(
        /note: nothing can be written there now, .*read-only file system.*write the folder/,
      )
      expect(text).toMatch(/people +rejected +waits until the endpoint can be written to/)
    }
    expect([code, rejected.stdout + rejected.stderr]).toEqual([
      21,
      expect.stringContaining("'varve sync status shop'"),
    ])
    view.onlyRead(false)
    await ok(['sync'], { cwd })
    expect(fs.readFileSync(path.join(folder, 'people.csv'), 'utf8')).toBe('id,age\n1,37\n')
  },
)
