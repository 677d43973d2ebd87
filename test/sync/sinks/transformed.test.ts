// Rows that are transformed on their way to a receiver: with a real receiver of webhooks, which never sees what a mask hides.
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DataRepository } from '../../../src/api/data-repository.ts'
import type { Transaction } from '../../../src/api/tables/data.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { ColumnTransform, TableTransform } from '../../../src/dataset/interface.ts'
import { createContext } from '../../../src/repo/context.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import { discardPending } from '../../../src/sync/pending/discard.ts'
import type { Link, Receipt, SyncOptions } from '../../../src/sync/interface.ts'
import type { Message } from '../../contract/sink.ts'
import { type Hook, secret, startHook } from './webhook-receiver.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const environment = { VARVE_LINK_SHOP_SECRET: secret, VARVE_MASK_SECRET: 'a secret of sixteen' }

let hook: Hook
let store: MemoryStore
let repository: DataRepository
let link: Link
/** All that came over the line. */
let line = ''

beforeEach(async () => {
  hook = await startHook()
  line = ''
  hook.judge = (rows) => {
    line += JSON.stringify(rows)
    return null
  }
  store = MemoryStore.create()
  repository = DataRepository.over(store, { author })
  link = {
    name: 'shop',
    endpoint: hook.url,
    mode: 'materialize',
    tables: ['people'],
    into: 'shop',
    branch: 'main',
    transform: [
      {
        ...nothing,
        where: "country = 'DE'",
        omit: ['password'],
        columns: [
          column('email', { mask: { kind: 'hash' } }),
          column('iban', { mask: { kind: 'last', characters: 4 } }),
          column('name', { rename: 'full_name' }),
          column('initial', { compute: 'substr(name, 1, 1)', cast: 'text' }),
        ],
      },
    ],
  }
  await edit((tx) => {
    const people = tx.createTable('people', { key: ['id'] })
    for (let id = 0; id < 20; id++) people.put(person(id))
  })
})
afterEach(() => hook.close())

const nothing: TableTransform = { table: 'people', where: null, select: null, omit: [], columns: [] }

function column(name: string, what: Partial<ColumnTransform>): ColumnTransform {
  return { column: name, compute: null, mask: null, cast: null, rename: null, ...what }
}

function person(id: number, change: object = {}): Record<string, string | number> {
  return {
    id,
    name: `Ada ${id}`,
    email: `ada${id}@example.org`,
    iban: `DE8937040044000000${1000 + id}`,
    password: `pass${id}word`,
    country: id % 2 === 0 ? 'DE' : 'FR',
    ...change,
  }
}

const edit = async (change: (tx: Transaction) => void | Promise<void>): Promise<void> =>
  void (await repository.transaction('main', async (tx) => change(tx)))

async function sync(options: SyncOptions = {}, changed: Partial<Link> = {}): Promise<Receipt> {
  const used = { ...link, ...changed }
  const sink = await openSink(used.endpoint, { link: 'shop', environment })
  const repo = createContext(store, { author })
  try {
    return await deliverRound({ repo, sink, link: used, options, environment })
  } finally {
    await sink.close()
  }
}

async function dataset(): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const row of (await (await repository.at('main')).table('people').open()).scan())
    rows.push({ ...row })
  return rows
}

const told = (): Message[] => hook.batches.flatMap(({ rows }) => [...rows])

/** What a reader makes of the messages. */
function there(): Record<string, unknown> {
  const rows: Record<string, unknown> = {}
  for (const { key, before, after } of told()) {
    expect(rows[String(key['id'])] ?? null).toEqual(before)
    if (after === null) delete rows[String(key['id'])]
    else rows[String(key['id'])] = after
  }
  return rows
}

test('what is omitted, masked or filtered never leaves; the dataset keeps it', async () => {
  const receipt = await sync()
  expect(receipt.tables[0]).toMatchObject({ written: { added: 10, changed: 0, removed: 0 } })
  expect(receipt.tables[0]!.after.endpoint).toEqual(receipt.tables[0]!.after.branch)
  expect(there()['2']).toEqual({
    id: 2,
    full_name: 'Ada 2',
    email: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    iban: '******************1002',
    country: 'DE',
    initial: 'A',
  })
  expect(line).not.toMatch(/example\.org|pass\d+word|DE89|FR/)
  const view = await (await repository.at('main')).table('people').open()
  expect(await view.get(2)).toMatchObject({ email: 'ada2@example.org', password: 'pass2word' })
})

test('a row that the filter takes no longer is told as gone, one that it takes now as new, and hidden changes not at all', async () => {
  await sync()
  const before = told().length
  await edit((tx) => {
    const people = tx.table('people')
    people.put(person(2, { country: 'FR' }))
    people.put(person(3, { country: 'DE' }))
    people.put(person(4, { password: 'another' }))
    people.put(person(5, { name: 'stays out' }))
    people.put(person(6, { name: 'Grace' }))
    people.delete(7)
    people.delete(8)
  })
  const receipt = await sync()
  expect(receipt.tables[0]!.written).toEqual({ added: 1, changed: 1, removed: 2 })
  const changes = told().slice(before)
  expect(changes.map(({ kind, key }) => [kind, key['id']])).toEqual([
    ['delete', 2],
    ['insert', 3],
    ['update', 6],
    ['delete', 8],
  ])
  expect(changes[0]!.before).toMatchObject({ country: 'DE', full_name: 'Ada 2' })
  expect(changes[2]).toMatchObject({ before: { initial: 'A' }, after: { initial: 'G', full_name: 'Grace' } })
  expect(line).not.toMatch(/example\.org|pass\d+word|another|FR/)
})

test('another transform is told as what it changes for the receiver', async () => {
  await sync()
  const before = told().length
  const other = [{ ...link.transform![0]!, where: "country = 'DE' AND id < 10" }]
  await sync({}, { transform: other })
  expect(
    told()
      .slice(before)
      .map(({ kind, key }) => [kind, key['id']]),
  ).toEqual([10, 12, 14, 16, 18].map((id) => ['delete', id]))
  const renamed = [
    { ...other[0]!, columns: [column('name', { rename: 'called' })], omit: ['email', 'iban', 'password'] },
  ]
  await sync({}, { transform: renamed })
  expect(there()['4']).toEqual({ id: 4, called: 'Ada 4', country: 'DE' })
  expect(Object.keys(there())).toEqual(['0', '2', '4', '6', '8'])
  const quiet = told().length
  await sync({}, { transform: renamed })
  expect(told().length).toBe(quiet)
})

test('a filter that takes nothing any more waits; discarded, the dataset gets back its own rows and no masked ones', async () => {
  await sync()
  const rows = await dataset()
  await edit(async (tx) => {
    for (let id = 0; id < 20; id += 2) tx.table('people').put(person(id, { country: 'FR' }))
  })
  const before = told().length
  const stopped = await sync()
  expect(stopped.heldBack.map(({ reason, message }) => [reason, message])).toEqual([
    ['guard', "all 10 rows of 'people' are gone from the branch"],
  ])
  expect(told().length).toBe(before)
  await discardPending(createContext(store, { author }), null, link)
  expect(await dataset()).toEqual(rows)
  expect((await sync()).pending).toBeNull()
  await edit((tx) => {
    for (let id = 0; id < 20; id += 2) tx.table('people').put(person(id, { country: 'FR' }))
  })
  const { pending } = await sync()
  expect((await sync({ approve: pending! })).heldBack).toEqual([])
  expect(there()).toEqual({})
  expect(line).not.toMatch(/example\.org|pass\d+word/)
})

test('keys may be hashed and renamed; what could make two rows one is refused, as is a hash without a secret', async () => {
  const hashed = [{ ...nothing, columns: [column('id', { mask: { kind: 'hash' }, rename: 'who' })] }]
  await sync({}, { transform: hashed })
  const keys = told().map(({ key }) => key['who'])
  expect([keys.length, new Set(keys).size]).toEqual([20, 20])
  await edit((tx) => tx.table('people').delete(3))
  await sync({}, { transform: hashed })
  expect(told().at(-1)).toMatchObject({
    kind: 'delete',
    key: { who: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
  })
  for (const one of [column('id', { mask: { kind: 'redact' } }), column('id', { cast: 'text' })])
    await expect(sync({}, { name: 'other', transform: [{ ...nothing, columns: [one] }] })).rejects.toThrow(
      'belongs to the key',
    )
  const repo = createContext(store, { author })
  const sink = await openSink(link.endpoint, { link: 'shop', environment })
  await expect(deliverRound({ repo, sink, link, options: {} })).rejects.toThrow('needs a secret')
  await sink.close()
})

test('a table that cannot be transformed waits as it was told, and the others go on', async () => {
  await edit((tx) => tx.createTable('orders', { key: ['no'] }).put({ no: 1 }))
  link = { ...link, tables: ['people', 'orders'] }
  const ages = [{ ...nothing, columns: [column('name', { cast: 'int' })] }]
  await edit((tx) => {
    for (let id = 0; id < 20; id++) tx.table('people').put(person(id, { name: `${id}` }))
  })
  await sync({}, { transform: ages })
  await edit((tx) => {
    tx.table('people').put(person(3, { name: 'Ada' }))
    tx.table('orders').put({ no: 2 })
  })
  const before = told().length
  const stopped = await sync({}, { transform: ages })
  expect(stopped.heldBack.map(({ path, reason, message }) => [path, reason, message])).toEqual([
    ['people', 'schema', "people: column 'name' has a value that is not of type int"],
  ])
  expect(stopped.tables[0]!.after.branch).toBeNull()
  expect(
    told()
      .slice(before)
      .map(({ table }) => table),
  ).toEqual(['orders'])
  const misspelt = await sync({}, { transform: [{ ...nothing, omit: ['no such'] }] })
  expect(misspelt.heldBack.map(({ message }) => message)).toEqual([expect.stringContaining("'no such'")])
  await edit((tx) => tx.table('people').put(person(3, { name: '33' })))
  expect((await sync({}, { transform: ages })).heldBack).toEqual([])
  expect(told().at(-1)).toMatchObject({ before: { name: 3 }, after: { name: 33 } })
})

test('a row that waits, refused, is told as it is transformed', async () => {
  hook.judge = (rows) => (rows.some(({ key }) => key['id'] === 4) ? 422 : null)
  const receipt = await sync()
  expect(receipt.heldBack.map(({ key }) => key)).toEqual(['4'])
  await edit((tx) => tx.table('people').put(person(6, { name: 'Grace' })))
  await sync()
  hook.judge = () => null
  expect((await sync({ retry: true })).heldBack).toEqual([])
  expect(Object.keys(there())).toHaveLength(10)
  expect(there()['4']).toMatchObject({ full_name: 'Ada 4', iban: '******************1004' })
})

test('tables that follow changes are those that are made of all rows', async () => {
  const change = fc.record({ id: fc.nat(24), name: fc.string({ maxLength: 3 }), isGone: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { maxLength: 5 }),
      async (rounds) => {
        const name = `l${Math.random().toString(36).slice(2)}`
        await sync({ allow: ['deletes'] }, { name })
        for (const changes of rounds) {
          await edit((tx) => {
            for (const { id, name: called, isGone } of changes)
              if (isGone) tx.table('people').delete(id)
              else
                tx.table('people').put(person(id, { name: called, country: called.length > 1 ? 'DE' : 'FR' }))
          })
          const followed = await sync({ allow: ['deletes'] }, { name })
          const anew = await sync({ dryRun: true }, { name: `${name}x` })
          expect(followed.tables[0]!.after.endpoint).toEqual(anew.tables[0]!.after.endpoint)
        }
      },
    ),
    { numRuns: 15 },
  )
}, 120_000)
