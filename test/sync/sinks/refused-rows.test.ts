// Rows that a receiver refuses hold back themselves and nothing else: with a real receiver of webhooks that answers 422 to
// any batch in which there is one, and to all later ones in which it still is.
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataRepository } from '../../../src/api/data-repository.ts'
import type { Transaction } from '../../../src/api/tables/data.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { Sink } from '../../../src/connectors/sink.ts'
import { createContext } from '../../../src/repo/context.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import type { Link, Receipt, SyncOptions } from '../../../src/sync/interface.ts'
import type { Message } from '../../contract/sink.ts'
import { type Hook, secret, startHook } from './webhook-receiver.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const environment = { VARVE_LINK_SHOP_SECRET: secret }

let hook: Hook
let store: MemoryStore
let repository: DataRepository
let link: Link
/** Whether the receiver will not have a message. */
let isRefused: (message: Message) => boolean
let requests: number

beforeEach(async () => {
  hook = await startHook()
  isRefused = () => false
  requests = 0
  hook.judge = (rows) => {
    requests++
    return rows.some((row) => isRefused(row)) ? 422 : null
  }
  store = MemoryStore.create()
  repository = DataRepository.over(store, { author })
  link = {
    name: 'shop',
    endpoint: hook.url,
    mode: 'materialize',
    tables: ['people', 'orders'],
    into: 'shop',
    branch: 'main',
  }
  await edit((tx) => {
    const people = tx.createTable('people', { key: ['id'] })
    for (let id = 0; id < 40; id++) people.put({ id, name: `name ${id}`, age: id })
    const orders = tx.createTable('orders', { key: ['no'] })
    for (let no = 0; no < 20; no++) orders.put({ no, who: no })
  })
})
afterEach(() => hook.close())

const edit = async (change: (tx: Transaction) => void | Promise<void>): Promise<void> =>
  void (await repository.transaction('main', async (tx) => change(tx)))

async function sync(
  options: SyncOptions = {},
  wrap: (sink: Sink) => Sink = (sink) => sink,
): Promise<Receipt> {
  const sink = await openSink(link.endpoint, { link: 'shop', environment })
  try {
    return await deliverRound({ repo: createContext(store, { author }), sink: wrap(sink), link, options })
  } finally {
    await sink.close()
  }
}

const told = (): Message[] => hook.batches.flatMap(({ rows }) => [...rows])
const waiting = ({ heldBack }: Receipt): string[] =>
  heldBack.map(({ path, key, reason }) => `${path}/${key} ${reason}`)

/** What a reader makes of the messages who leaves out ids that it has seen; each must fit what was there before. */
function there(): Record<string, unknown> {
  const rows: Record<string, unknown> = {}
  const seen = new Set<string>()
  for (const { id, table, key, before, after } of told()) {
    if (seen.has(id)) continue
    seen.add(id)
    const name = `${table}/${Object.values(key).join()}`
    expect(rows[name] ?? null).toEqual(before === null ? null : filled(before))
    if (after === null) delete rows[name]
    else rows[name] = filled(after)
  }
  return rows
}

async function here(): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {}
  const snapshot = await repository.at('main')
  for (const table of link.tables)
    for await (const row of (await snapshot.table(table).open()).scan())
      rows[`${table}/${Number(row['id'] ?? row['no'])}`] = filled(row)
  return rows
}

/** A column that was added is no cell of rows that were told before. */
function filled(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}

test('a refused row holds back itself alone; it is told again when it has changed, as it is then', async () => {
  isRefused = ({ table, after }) => table === 'people' && (after?.['age'] === 7 || after?.['age'] === 21)
  const receipt = await sync()
  expect(waiting(receipt)).toEqual(['people/7 rejected', 'people/21 rejected'])
  expect(receipt.heldBack[0]!.message).toMatch(/answers 422: it is refused$/)
  expect(receipt.tables.map(({ written, rejected }) => [written.added, rejected])).toEqual([
    [38, 2],
    [20, 0],
  ])
  const { 'people/7': seven, 'people/21': _, ...rest } = await here()
  expect(there()).toEqual(rest)
  expect(seven).toEqual({ id: 7, name: 'name 7', age: 7 })
  // A quiet round asks nobody.
  const asked = requests
  expect(waiting(await sync())).toEqual(['people/7 rejected', 'people/21 rejected'])
  expect(requests).toBe(asked)
  // What else changes goes out, and the refused rows are not sent along.
  await edit((tx) => tx.table('people').put({ id: 8, name: 'other', age: 8 }))
  const other = await sync()
  expect([requests, waiting(other)]).toEqual([asked + 1, ['people/7 rejected', 'people/21 rejected']])
  expect(other.heldBack[0]!.message).toMatch(/answers 422: it is refused$/)
  await edit((tx) => tx.table('people').put({ id: 7, name: 'mended', age: 70 }))
  expect(waiting(await sync())).toEqual(['people/21 rejected'])
  expect(told().at(-1)).toMatchObject({ kind: 'insert', key: { id: 7 }, after: { name: 'mended' } })
})

test('changes of a row that waits are one change, from what the receiver has to what the row is', async () => {
  await sync()
  isRefused = ({ after }) => after?.['age'] === 100
  await edit((tx) => tx.table('people').put({ id: 3, name: 'first', age: 100 }))
  expect(waiting(await sync())).toEqual(['people/3 rejected'])
  await edit((tx) => tx.table('people').put({ id: 3, name: 'second', age: 100 }))
  expect(waiting(await sync())).toEqual(['people/3 rejected'])
  await edit((tx) => tx.table('people').put({ id: 3, name: 'third', age: 3 }))
  expect(waiting(await sync())).toEqual([])
  expect(told().at(-1)).toMatchObject({ before: { name: 'name 3' }, after: { name: 'third' } })
  expect(there()).toEqual(await here())
})

test('retry tells them again at once; a row that went back to what the receiver has waits no more', async () => {
  await sync()
  isRefused = ({ kind, key }) => kind === 'delete' || key['id'] === 2
  await edit((tx) => {
    tx.table('people').delete(1)
    tx.table('people').put({ id: 2, name: 'other', age: 2 })
    tx.table('orders').put({ no: 1, who: 9 })
  })
  expect(waiting(await sync())).toEqual(['people/1 rejected', 'people/2 rejected'])
  expect(waiting(await sync({ retry: true }))).toEqual(['people/1 rejected', 'people/2 rejected'])
  await edit((tx) => tx.table('people').put({ id: 2, name: 'name 2', age: 2 }))
  expect(waiting(await sync())).toEqual(['people/1 rejected'])
  isRefused = () => false
  expect(waiting(await sync())).toEqual(['people/1 rejected'])
  expect(waiting(await sync({ retry: true }))).toEqual([])
  expect(there()).toEqual(await here())
})

test('more rows than prove that everything is refused may wait, and be tried again', async () => {
  isRefused = ({ table, key }) => table === 'people' && Number(key['id']) >= 20
  const all = await sync()
  expect(all.heldBack).toHaveLength(20)
  expect((await sync({ retry: true })).heldBack).toEqual(all.heldBack)
  isRefused = () => false
  expect(waiting(await sync({ retry: true }))).toEqual([])
  expect(there()).toEqual(await here())
})

test('more refused rows than that at the beginning hold back themselves alone, where it takes one behind them', async () => {
  isRefused = ({ table, key }) => table === 'people' && Number(key['id']) < 25
  const all = await sync()
  expect(waiting(all)).toEqual(Array.from({ length: 25 }, (_, id) => `people/${id} rejected`))
  const ids = told().map(({ id }) => id)
  expect([ids.length, new Set(ids).size]).toEqual([35, 35])
  isRefused = () => false
  expect(waiting(await sync({ retry: true }))).toEqual([])
  expect(there()).toEqual(await here())
})

test.each([
  ['in a later batch', (id: number) => id >= 1100],
  ['of another table', () => false],
])(
  'more refused rows than a batch at the beginning hold back themselves alone, where it takes one %s',
  async (_, isTaken) => {
    await edit((tx) => {
      for (let id = 0; id < 1200; id++) tx.table('people').put({ id, name: `name ${id}`, age: 1 })
    })
    isRefused = ({ table, key }) => table === 'people' && !isTaken(Number(key['id']))
    const all = await sync()
    const refused = Array.from({ length: 1200 }, (_, id) => id).filter((id) => !isTaken(id))
    expect(new Set(waiting(all))).toEqual(new Set(refused.map((id) => `people/${id} rejected`)))
    const ids = told().map(({ id }) => id)
    expect([ids.length, new Set(ids).size]).toEqual([1220 - refused.length, 1220 - refused.length])
    isRefused = () => false
    expect(waiting(await sync({ retry: true }))).toEqual([])
    expect(there()).toEqual(await here())
  },
)

test('a receiver that refuses all that comes ends the round, and the branch can be mended', async () => {
  isRefused = () => true
  await expect(sync()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  // Down to ten single rows, a few of those behind them, one of the other table, and no further.
  expect(requests).toBeLessThan(31)
  const { refs } = await store.manifest()
  expect([...refs.keys()].filter((ref) => ref.includes('shop'))).toEqual([])
  await edit((tx) => tx.table('people').delete(0))
  isRefused = () => false
  expect(waiting(await sync())).toEqual([])
  expect(there()).toEqual(await here())
  // Who is not let in is no matter of rows, however few.
  for (const status of [401, 403, 404, 405, 410]) {
    hook.judge = () => status
    await edit((tx) => tx.table('people').put({ id: 1, name: `${status}`, age: 1 }))
    await expect(sync()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  }
})

test('columns come and go while a row waits', async () => {
  await sync()
  isRefused = ({ key }) => key['id'] === 5
  await edit((tx) => tx.table('people').put({ id: 5, name: 'other', age: 5, mail: 'a@b.c' }))
  expect(waiting(await sync())).toEqual(['people/5 rejected'])
  await edit((tx) => tx.table('people').put({ id: 6, name: 'six', age: 6, phone: '1' }))
  expect(waiting(await sync())).toEqual(['people/5 rejected'])
  isRefused = () => false
  await sync({ retry: true })
  const now = there()
  expect(now['people/5']).toEqual({ id: 5, name: 'other', age: 5, mail: 'a@b.c' })
  expect(now['people/6']).toEqual({ id: 6, name: 'six', age: 6, phone: '1' })
})

test('a column of another name is told in every row that has it, one of another type where it says another', async () => {
  await sync()
  const again = async (rename: string, age: (id: number) => number | string | null): Promise<number> => {
    await edit((tx) => tx.remove('people'))
    await edit((tx) => {
      const columns = [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'text' },
        { name: rename, type: typeof age(1) === 'string' ? 'text' : 'int' },
      ] as const
      const people = tx.createTable('people', { key: ['id'], columns })
      for (let id = 0; id < 40; id++) people.put({ id, name: `name ${id}`, [rename]: age(id) })
    })
    const before = told().length
    expect((await sync()).heldBack).toEqual([])
    expect(there()).toEqual(await here())
    return told().length - before
  }
  expect(await again('age', (id) => id)).toBe(0)
  expect(await again('years', (id) => id)).toBe(40)
  expect(told().at(-1)).toMatchObject({ kind: 'update', before: { age: 39 }, after: { years: 39 } })
  expect(await again('years', (id) => (id === 1 ? 1 : null))).toBe(39)
  // Only one row has something in it.
  expect(await again('age', (id) => (id === 1 ? 1 : null))).toBe(1)
  expect(await again('age', (id) => (id === 1 ? '1' : null))).toBe(1)
})

test('a table that is gone while rows wait, and a table of another key', async () => {
  isRefused = ({ table, key, kind }) =>
    table === 'orders' && (key['no'] === 3 || (kind === 'delete' && key['no'] === 4))
  expect(waiting(await sync())).toEqual(['orders/3 rejected'])
  await edit((tx) => tx.remove('orders'))
  expect(waiting(await sync({ allow: ['deletes'] }))).toEqual(['orders/4 rejected'])
  expect(Object.keys(there()).filter((name) => name.startsWith('orders'))).toEqual(['orders/4'])
  await edit((tx) => tx.createTable('orders', { key: ['no'] }).put({ no: 4, who: 5 }))
  expect(waiting(await sync())).toEqual([])
  expect(there()).toEqual(await here())
})

test('with each commit by itself, a row that waits in one is told with the next that changes it', async () => {
  link = { ...link, commits: 'each' }
  await sync()
  isRefused = ({ after }) => after?.['age'] === 100
  const count = told().length
  for (const age of [100, 41]) {
    await edit((tx) => tx.table('people').put({ id: 3, name: 'x', age }))
    await edit((tx) => tx.table('people').put({ id: 4, name: 'y', age }))
  }
  isRefused = ({ key, after }) => key['id'] === 3 && after?.['age'] === 100
  expect(waiting(await sync())).toEqual([])
  expect(
    told()
      .slice(count)
      .map(({ key, after }) => [key['id'], after!['age']]),
  ).toEqual([
    [4, 100],
    [3, 41],
    [4, 41],
  ])
  expect(there()).toEqual(await here())
})

test('killed at any request, with rows refused and mended at random: the receiver ends with the branch', async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), randomRounds), { numRuns: 1, endOnFailure: true })
}, 120_000)

async function randomRounds(seed: number): Promise<void> {
  const random = seeded(seed)
  const bad = new Set<number>()
  let isCut = false
  // A row of which it takes any version comes first: it does not refuse everything.
  link = { ...link, tables: ['orders', 'people'] }
  isRefused = ({ table, after }) => table === 'people' && after !== null && bad.has(Number(after['age']))
  for (let round = 0; round < 60; round++) {
    await edit((tx) => {
      for (let i = 0; i < 1 + random() * 6; i++) {
        const id = Math.floor(random() * 40)
        if (random() < 0.2) tx.table('people').delete(id)
        else tx.table('people').put({ id, name: `round ${round}`, age: Math.floor(random() * 50) })
      }
      tx.table('orders').put({ no: Math.floor(random() * 20), who: round })
    })
    // What it has once taken it takes again.
    const age = Math.floor(random() * 50)
    if (!isCut && random() < 0.5) bad.add(age)
    else if (!isCut) bad.delete(age)
    let left = Math.floor(random() * 8)
    const dying = (sink: Sink): Sink => ({
      ...sink,
      async deliver(batch) {
        if (left === 0) throw new Error('killed')
        await sink.deliver(batch)
        if (left-- === 1) throw new Error('killed')
      },
    })
    const retry = random() < 0.3
    const ended = await sync({ retry, allow: ['deletes'] }, random() < 0.5 ? dying : undefined).catch(
      (error: unknown) => error,
    )
    isCut = ended instanceof Error
    if (ended instanceof Error) {
      expect(ended.message).toBe('killed')
      continue
    }
    // All but what waits is as the branch has it, and what waits is refused or was before.
    const [now, wanted] = [there(), await here()]
    for (const { path, keyHex, key } of (ended as Receipt).heldBack) {
      expect([path, keyHex === '']).toEqual(['people', false])
      delete now[`${path}/${key}`]
      delete wanted[`${path}/${key}`]
    }
    expect(now).toEqual(wanted)
  }
  bad.clear()
  await sync({ retry: true, allow: ['deletes'] })
  expect(waiting(await sync({ retry: true, allow: ['deletes'] }))).toEqual([])
  expect(there()).toEqual(await here())
}

/** Numbers from 0 up to 1, the same ones for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
