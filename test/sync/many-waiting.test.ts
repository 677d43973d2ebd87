// Hundreds of tables that wait while a log is read: what is noted of them is no part of the manifest, which has little room.
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readMark, waitingOf } from '../../src/sync/log/mark.ts'
import { ShopLink } from '../support/shop-link.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

const count = 500
const writer = startSqliteWriter()
afterAll(() => writer.stop())

test('500 tables that cannot be kept wait, others go on, and each goes on when it can be kept', async () => {
  const file = path.join(temporaryDir(), 'shop.db')
  const names = Array.from({ length: count }, (_, i) => `${'t'.repeat(100)}${i}`)
  const each = (sql: (name: string) => string): Promise<void> => writer.run(file, names.map(sql))
  await each((name) => `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, v TEXT)`)
  await each((name) => `INSERT INTO ${name} VALUES (1, 'one')`)
  await writer.run(file, [
    'CREATE TABLE fine (id INTEGER PRIMARY KEY, v TEXT)',
    "INSERT INTO fine VALUES (1, 'a')",
  ])
  const shop = ShopLink.over(`sqlite://${file}`, { changes: 'log', tables: ['fine', ...names] })
  expect((await shop.sync()).heldBack).toEqual([])
  // No text of UTF-8.
  await each((name) => `UPDATE ${name} SET v = CAST(x'ff' AS TEXT)`)
  const { heldBack } = await shop.sync()
  expect(heldBack).toHaveLength(count)
  const noted = async () =>
    (await waitingOf(shop.repo.store, await shop.store.manifest(), 'shop')).broken ?? []
  expect(await noted()).toHaveLength(count)
  const { config, refs } = await shop.store.manifest()
  expect(JSON.stringify([[...config], [...refs]]).length).toBeLessThan(4_000)
  await shop.store.gc({ manifestsKeptMax: 1, graceMs: 0 })
  await writer.run(file, ["UPDATE fine SET v = 'b'"])
  const later = await shop.sync()
  expect([later.heldBack.length, later.notes]).toEqual([count, []])
  expect(await shop.branchRows('fine')).toEqual([{ id: 1, v: 'b' }])
  await writer.run(file, [`UPDATE ${names[0]!} SET v = 'two'`])
  expect((await shop.sync()).heldBack).toHaveLength(count - 1)
  expect(await shop.branchRows(names[0]!)).toEqual([{ id: 1, v: 'two' }])
  await each((name) => `UPDATE ${name} SET v = 'three'`)
  expect((await shop.sync()).heldBack).toEqual([])
  expect(await noted()).toEqual([])
  expect(readMark(await shop.store.manifest(), 'shop')).not.toBeNull()
}, 120_000)
