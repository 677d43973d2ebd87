// A delivery that is cut short goes on where the receiver had got to: with a real receiver of webhooks, which is sent batches of
// 500 rows.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataRepository } from '../../../src/api/data-repository.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { createContext, withWriter } from '../../../src/repo/context.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import type { Link, Receipt, SyncOptions } from '../../../src/sync/interface.ts'
import type { Checkpoint } from '../../../src/sync/deliver/checkpoint.ts'
import { linkObject } from '../../../src/sync/state.ts'
import { readJson, writeJson } from '../../../src/sync/stored-json.ts'
import { type Hook, secret, startHook } from './webhook-receiver.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const environment = { VARVE_LINK_SHOP_SECRET: secret }

let hook: Hook
let store: MemoryStore
let repository: DataRepository
let link: Link
/** Of the request that is answered with 401, and all after it; none. */
let cutAt: number
let requests: number

beforeEach(async () => {
  hook = await startHook()
  ;[cutAt, requests] = [Number.POSITIVE_INFINITY, 0]
  hook.before = (_, response) => {
    if (++requests < cutAt) return false
    response.writeHead(401).end()
    return true
  }
  store = MemoryStore.create()
  repository = DataRepository.over(store, { author })
  link = {
    name: 'shop',
    endpoint: hook.url,
    mode: 'materialize',
    tables: ['a', 'b'],
    into: '',
    branch: 'main',
  }
  await repository.transaction('main', (tx) => {
    for (const [table, rows] of Object.entries({ a: 1200, b: 300 })) {
      const put = tx.createTable(table, { key: ['id'] })
      for (let id = 0; id < rows; id++) put.put({ id, n: 1 })
    }
  })
})
afterEach(() => hook.close())

async function sync(options: SyncOptions = {}): Promise<Receipt> {
  const sink = await openSink(link.endpoint, { link: 'shop', environment })
  try {
    return await deliverRound({ repo: createContext(store, { author }), sink, link, options })
  } finally {
    await sink.close()
  }
}

async function cutAfter(batches: number): Promise<void> {
  ;[cutAt, requests] = [batches + 1, 0]
  await expect(sync()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  ;[cutAt, requests] = [Number.POSITIVE_INFINITY, 0]
}

const keys = ({ rows }: Hook['batches'][number]): string[] =>
  rows.map(({ table, key }) => `${table}/${Number(key['id'])}`)
const written = ({ tables }: Receipt): number[] => tables.map((one) => one.written.added)
const sent = linkObject('shop', 'sent')
const noted = async (): Promise<Checkpoint | null> => {
  const object = (await store.manifest()).refs.get(sent)
  return object === undefined ? null : ((await readJson(store, object)) as Checkpoint)
}

test('what was confirmed is not sent again, and the rest is, under the ids of the same delivery', async () => {
  await cutAfter(2)
  expect(written(await sync({ dryRun: true }))).toEqual([200, 300])
  const receipt = await sync()
  expect([written(receipt), receipt.notes]).toEqual([
    [200, 300],
    ['the round before this one was cut short: its delivery goes on'],
  ])
  expect(hook.batches.map(({ rows }) => rows.length)).toEqual([500, 500, 200, 300])
  expect(new Set(hook.batches.flatMap(({ rows }) => rows.map(({ id }) => id))).size).toBe(1500)
  expect(new Set(hook.batches.flatMap(({ rows }) => rows.map(({ commit }) => commit))).size).toBe(1)
  expect(await noted()).toBeNull()
  await sync()
  expect(hook.batches).toHaveLength(4)
})

test('cut again and again, in whatever table, it comes to its end', async () => {
  for (let turn = 0; turn < 3; turn++) await cutAfter(1)
  await cutAfter(0)
  await sync()
  expect(hook.batches.map(({ rows }) => rows.length)).toEqual([500, 500, 200, 300])
})

test('rows that were refused before it was cut wait afterwards as well, and are tried again when they change', async () => {
  hook.judge = (rows) => (rows.some(({ table, key }) => table === 'a' && key['id'] === 7) ? 422 : null)
  // Down to the row in some 20 requests, and one batch more.
  await cutAfter(20)
  const { rows, refused } = (await noted())!
  expect([rows, refused.length]).toEqual([1000, 1])
  expect((await sync()).heldBack.map(({ path, key, reason }) => [path, key, reason])).toEqual([
    ['a', '7', 'rejected'],
  ])
  hook.judge = () => null
  await repository.transaction('main', (tx) => tx.table('a').put({ id: 7, n: 2 }))
  await sync()
  const last = hook.batches.at(-1)!.rows
  expect(last.map(({ kind, after }) => [kind, after])).toEqual([['insert', { id: 7, n: 2 }]])
  const all = hook.batches.flatMap(keys)
  expect([all.length, new Set(all).size]).toEqual([1500, 1500])
})

test('the branch has moved on meanwhile: first the rest, then what has changed, each row in its order', async () => {
  await cutAfter(1)
  await repository.transaction('main', (tx) => {
    tx.table('a').put({ id: 0, n: 2 })
    tx.table('a').put({ id: 1199, n: 2 })
    tx.table('b').delete(0)
  })
  await sync()
  const of = (name: string): unknown[] =>
    hook.batches.flatMap(({ rows }) =>
      rows.flatMap(({ table, key, kind, after }) =>
        `${table}/${Number(key['id'])}` === name ? [[kind, after?.['n'] ?? null]] : [],
      ),
    )
  for (const name of ['a/0', 'a/1199'])
    expect(of(name)).toEqual([
      ['insert', 1],
      ['update', 2],
    ])
  expect(of('b/0')).toEqual([
    ['insert', 1],
    ['delete', null],
  ])
})

test('another receiver is sent everything, however far the one before had got', async () => {
  await cutAfter(2)
  const other = await startHook()
  link = { ...link, endpoint: other.url }
  await sync({ allow: ['identity'] })
  expect(other.batches.map(({ rows }) => rows.length)).toEqual([500, 500, 200, 300])
  await other.close()
})

test('a note that does not fit the delivery is worth nothing: it begins at its first row', async () => {
  await cutAfter(2)
  const good = (await noted())!
  for (const bad of [
    { ...good, lastId: 'another' },
    { ...good, rows: 999 },
    { ...good, rows: 99_999 },
    { ...good, delivery: 'another' },
  ]) {
    await withWriter(createContext(store, { author }), async (writer) => {
      const refs = new Map([[sent, writeJson(writer, JSON.stringify(bad))]])
      await store.update(() => ({ refs, operation: { name: 'test', message: '', author: '' } }), { writer })
    })
    expect([bad, written(await sync({ dryRun: true }))]).toEqual([bad, [1200, 300]])
  }
  expect(written(await sync())).toEqual([1200, 300])
})

test('it is noted while it goes on, for one that is killed says nothing at its end', async () => {
  await repository.transaction('main', (tx) => {
    for (let id = 1200; id < 11_000; id++) tx.table('a').put({ id, n: 1 })
  })
  const seen: (number | null)[] = []
  const { before } = hook
  hook.before = (request, response) => {
    void noted().then((checkpoint) => seen.push(checkpoint?.rows ?? null))
    return before(request, response)
  }
  await sync()
  const [first, second, ...more] = seen.filter((rows, i) => rows !== seen[i - 1])
  expect([first, more]).toEqual([null, []])
  expect(second).toBeGreaterThanOrEqual(10_000)
})

test('however many rows were refused, it is noted where it was cut, and they wait', async () => {
  const count = 600
  link = { ...link, tables: ['c'] }
  await repository.transaction('main', (tx) => {
    const put = tx.createTable('c', { key: ['id'] })
    for (let n = 0; n < count; n++) put.put({ id: `${1000 + n} `.padEnd(300, '-'), n })
  })
  const numberOf = ({ key }: Hook['batches'][number]['rows'][number]): number =>
    Number(String(key['id']).slice(0, 4)) - 1000
  hook.judge = (rows) => (rows.some((row) => numberOf(row) % 2 === 1) ? 422 : null)
  const { kept } = hook
  hook.kept = (response) => {
    const isCut = hook.batches.at(-1)!.rows.some((row) => numberOf(row) === 550)
    if (isCut) response.writeHead(401).end()
    return isCut || kept(response)
  }
  await expect(sync()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  const checkpoint = (await noted())!
  expect(checkpoint.refused.length).toBe(Math.floor(checkpoint.rows / 2))
  expect(JSON.stringify(checkpoint).length).toBeGreaterThan(64 << 10)
  hook.kept = kept
  const before = hook.batches.length
  const { heldBack } = await sync()
  expect(heldBack.filter(({ reason }) => reason === 'rejected')).toHaveLength(count / 2)
  const again = hook.batches.slice(before).flatMap(({ rows }) => rows.map(numberOf))
  const numbers = Array.from({ length: count }, (_, n) => n)
  expect(again).toEqual(numbers.filter((n) => n >= checkpoint.rows && n % 2 === 0))
  expect((await store.fsck()).problems).toEqual([])
})
