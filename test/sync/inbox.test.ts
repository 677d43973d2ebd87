// Webhooks as an endpoint: what was confirmed comes into the branch, in order and once, whatever is cut short; what can be
// no row waits by itself.
import fs from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { Repository } from '../../src/api/repository.ts'
import { SqliteDatabase } from '../../src/connectors/sqlite/database.ts'
import { InboxFile } from '../../src/connectors/inbox/file.ts'
import type { InboxTable } from '../../src/dataset/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import { linkedIn } from '../support/linked-store.ts'
import type { ShopLink } from '../support/shop-link.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const columns = [
  { name: 'id', type: 'int' },
  { name: 'name', type: 'text' },
  { name: 'age', type: 'int' },
] as const
const people: InboxTable = {
  table: 'people',
  items: 'data',
  columns,
  when: [{ path: 'type', values: ['person.put', 'person.gone'] }],
  deletes: [{ path: 'type', values: ['person.gone'] }],
}

/** The `at`-th statement that is given to SQLite from now on goes wrong, or all from there on. */
function spoilStatement(
  at: number,
  how: 'refused' | 'done, and its answer lost',
  lasting: 'once' | 'for good',
): { struck: () => boolean; mend: () => void } {
  const { prototype } = SqliteDatabase
  type Call = (this: SqliteDatabase, ...given: unknown[]) => unknown
  const real = ['exec', 'all', 'run'].map((name) => [name, Reflect.get(prototype, name) as Call] as const)
  let count = 0
  const spoiled = (call: Call): Call =>
    function (this: SqliteDatabase, ...given: unknown[]): unknown {
      // SQLite itself begins and gives up a transaction, whatever becomes of whoever asked.
      if (/^(BEGIN|ROLLBACK)/.test(String(given[0]))) return call.apply(this, given)
      const number = count++
      if (number < at || (number > at && lasting === 'once')) return call.apply(this, given)
      if (how !== 'refused' && number === at) call.apply(this, given)
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 })
    }
  for (const [name, call] of real) Reflect.set(prototype, name, spoiled(call))
  return {
    struck: () => count > at,
    mend: () => real.forEach(([name, call]) => Reflect.set(prototype, name, call)),
  }
}

const asItIs = { compute: null, mask: null, cast: null, rename: null }

describe('links to an inbox of webhooks', () => {
  let path: string
  let store: MemoryStore
  let link: Link
  let count: number

  beforeEach(() => {
    path = `${temporaryDir()}/crm.inbox`
    store = MemoryStore.create()
    count = 0
    link = {
      name: 'crm',
      endpoint: `inbox://${path}`,
      mode: 'capture',
      tables: ['people'],
      into: 'crm',
      branch: 'main',
      inbox: [people],
    }
  })

  async function send(
    body: unknown,
    id = `msg_${++count}`,
    table: string | null = null,
    event: string | null = null,
  ): Promise<string> {
    const file = await InboxFile.open(path)
    try {
      return await file.take({ id, table, event, body: Buffer.from(JSON.stringify(body)) })
    } finally {
      file.close()
    }
  }
  const put = (data: unknown, id?: string): Promise<string> => send({ type: 'person.put', data }, id)

  async function sync(options: SyncOptions = {}, change: Partial<Link> = {}, at = store): Promise<Receipt> {
    const now = { ...link, ...change }
    const connector = await openLink(now)
    try {
      const repo = createContext(at, { author })
      return await syncRound({ repo, folder: null, connector, link: now, options })
    } finally {
      await connector.close()
    }
  }

  async function rows(at = store): Promise<unknown[]> {
    const found: unknown[] = []
    const repository = DataRepository.over(at, { author })
    for await (const row of (await repository.at('main')).table('crm/people').scan()) found.push({ ...row })
    return found
  }

  const waiting = ({ heldBack }: Receipt): string[] =>
    heldBack.map(({ reason, key, message }) => `${reason} ${key}: ${message}`)

  test('objects and lists, puts and deletes, in the order in which they came, as one commit; a repeated one is none', async () => {
    await put({ id: 1, name: 'Ada', age: 36, more: true })
    await put([
      { id: '2', name: 'Grace' },
      { id: 3, name: 'Cy', age: 4 },
    ])
    expect(await put({ id: 1, name: 'Ada L', age: 37 }, 'msg_9')).toBe('kept')
    expect(await put({ id: 1, name: 'someone else' }, 'msg_9')).toBe('known')
    await send({ type: 'person.gone', data: { id: 3 } })
    await send({ type: 'order.put', data: { id: 77 } })
    const receipt = await sync()
    expect(receipt.tables[0]).toMatchObject({ captured: { added: 2, changed: 0, removed: 0 }, rejected: 0 })
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada L', age: 37 },
      { id: 2, name: 'Grace', age: null },
    ])
    expect((await sync()).commit).toBe(receipt.commit)
    expect(await put({ id: 2, name: 'again' }, 'msg_9')).toBe('known')
    expect((await sync()).commit).toBe(receipt.commit)
  })

  test('rules ask for what the sender names in a header, also when an item is tried again', async () => {
    const when = [{ path: '$event', values: ['people/put', 'people/gone'] }]
    const inbox = [{ ...people, items: '', when, deletes: [{ path: '$event', values: ['people/gone'] }] }]
    const told = (event: string | null, body: unknown): Promise<string> => send(body, undefined, null, event)
    await told('people/put', [{ id: 1 }, { id: 2 }, { id: 3, age: 'old' }])
    await told('orders/put', { id: 77 })
    await told(null, { id: 78, $event: 'people/other' })
    await told(null, { id: 4, $event: 'people/put' })
    await told('people/gone', { id: 2 })
    expect((await sync({}, { inbox })).heldBack).toHaveLength(1)
    expect((await rows()).map((row) => (row as { id: number }).id)).toEqual([1, 4])
    const lax = [{ ...inbox[0]!, columns: [columns[0], columns[1], { name: 'age', type: 'text' }] as const }]
    const connector = await openLink({ ...link, inbox: lax })
    await connector.log!.told!.retry()
    await connector.close()
    await sync({ allow: ['schema'] }, { inbox: lax })
    expect(await rows()).toContainEqual({ id: 3, name: null, age: 'old' })
  })

  test('with commits: each, every webhook is a commit that names it', async () => {
    await sync({}, { commits: 'each' })
    await put({ id: 1, name: 'Ada' })
    await put({ id: 1, name: 'Ada L' })
    await sync({}, { commits: 'each' })
    const log: string[] = []
    for await (const { message } of DataRepository.over(store, { author }).log({
      revision: 'main',
      firstParent: true,
    }))
      log.push(message)
    expect(log.slice(0, 2).map((message) => /webhook \S+/.exec(message)?.[0])).toEqual([
      'webhook msg_2',
      'webhook msg_1',
    ])
  })

  test('what can be no row waits by itself until a later one takes its place, or it is tried again, or given up', async () => {
    await put([{ name: 'no key' }, { id: 1, name: 'Ada' }, { id: 2, age: 'old' }, 'no object'])
    await send({ type: 'person.put' })
    const bad = [
      "rejected webhook msg_1, item 1: has no 'id' for its key",
      "rejected webhook msg_1, item 3: 'age' is not of type int",
      'rejected webhook msg_1, item 4: is not an object',
      "rejected webhook msg_2, item 1: there is nothing at 'data'",
    ]
    expect(waiting(await sync())).toEqual(bad)
    expect(await rows()).toEqual([{ id: 1, name: 'Ada', age: null }])
    const quiet = await sync()
    expect([waiting(quiet), quiet.tables[0]!.rejected]).toEqual([bad, 4])
    await put({ id: 2, name: 'Grace', age: 40 })
    expect(waiting(await sync())).toEqual([bad[0], bad[2], bad[3]])
    const named = [{ ...people, key: ['id'], columns, items: 'data' }]
    await put({ id: 3, age: 'x' })
    await sync()
    const text = columns.map((column) =>
      column.name === 'age' ? ({ name: 'age', type: 'text' } as const) : column,
    )
    const allowed = await sync(
      { retry: true, allow: ['schema'] },
      { inbox: [{ ...named[0]!, columns: text }] },
    )
    expect(waiting(allowed)).toEqual([bad[0], bad[2], bad[3]])
    expect(await rows()).toContainEqual({ id: 3, name: null, age: 'x' })
    const connector = await openLink(link)
    await connector.log!.told!.drop([{ table: 'people', name: 'webhook msg_1, item 4' }])
    await connector.close()
    expect(waiting(await sync({ allow: ['schema'] }, { inbox: [{ ...named[0]!, columns: text }] }))).toEqual([
      bad[0],
      bad[3],
    ])
  })

  test('a table that is declared otherwise: what waits is read anew at once, and of rows it is said that they stay', async () => {
    const notKept = 'as read before, until sent again: webhooks that became rows are not kept'
    const anew = "'people' is declared otherwise in varve.yaml than when it was last read"
    await put([{ id: 1, name: 'Ada', mail: 'a@b' }, { id: 2, age: 'old' }, { name: 'no key' }])
    expect((await sync()).notes).toEqual([])
    const more = { inbox: [{ ...people, columns: [...columns, { name: 'mail', type: 'text' } as const] }] }
    const dry = await sync({ dryRun: true }, more)
    const first = await sync({}, more)
    const waits = "; what still waits of it is read anew by 'varve sync retry crm'"
    expect(first.notes).toEqual([`${anew}; 1 row stays ${notKept}${waits}`])
    expect(dry.notes).toEqual(first.notes)
    expect(await rows()).toEqual([{ id: 1, name: 'Ada', age: null, mail: null }])
    expect((await sync({}, more)).notes).toEqual([])
    const text = [...columns.slice(0, 2), { name: 'age', type: 'text' } as const]
    const second = await sync({ allow: ['schema'] }, { inbox: [{ ...people, columns: text }] })
    expect(second.notes[0]).toContain(`${anew}; 1 row stays`)
    expect(await rows()).toContainEqual({ id: 2, name: null, age: 'old' })
    // Whether it came before or after the row is not known while its key is not.
    expect(waiting(second)).toEqual(["rejected webhook msg_1, item 3: has no 'id' for its key"])
    const elsewhere = { inbox: [{ ...people, columns: text, items: 'rows' }] }
    await send({ type: 'person.put', rows: { id: 3 } })
    expect((await sync({}, elsewhere)).notes[0]).toContain('2 rows stay')
    expect(await rows()).toContainEqual({ id: 3, name: null, age: null })
  })

  test('items that wait keep the order of their rows where they are read anew by another declaration', async () => {
    await put({ id: 1, age: 'old' })
    await sync()
    await put({ id: 1, age: 40 })
    await put({ id: 2, age: 'older' })
    await sync()
    const text = [...columns.slice(0, 2), { name: 'age', type: 'text' } as const]
    await sync({ allow: ['schema'] }, { inbox: [{ ...people, columns: text }] })
    expect(await rows()).toEqual([
      { id: 1, name: null, age: 40 },
      { id: 2, name: null, age: 'older' },
    ])
  })

  const partly = { ...people, patches: [{ path: 'changed', values: ['*'] }] }
  const patch = (data: object): Promise<string> => send({ type: 'person.put', changed: true, data })

  test('an item that names changed columns alone leaves the others as they were, also of a row that is not there', async () => {
    const inbox = [partly]
    await put({ id: 1, name: 'Ada', age: 36 })
    await sync({}, { inbox })
    await patch({ id: 1, age: 37 })
    await patch([
      { id: 2, name: 'Grace' },
      { id: 2, age: 40 },
      { id: 3, age: 4 },
    ])
    await sync({}, { inbox })
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada', age: 37 },
      { id: 2, name: 'Grace', age: 40 },
      { id: 3, name: null, age: 4 },
    ])
    await patch({ id: 1, name: null })
    await put({ id: 2, name: 'Grace H' })
    await send({ type: 'person.gone', changed: true, data: { id: 3 } })
    await patch({ id: 3, name: 'Cy' })
    await sync({}, { inbox, commits: 'each' })
    expect(await rows()).toEqual([
      { id: 1, name: null, age: 37 },
      { id: 2, name: 'Grace H', age: null },
      { id: 3, name: 'Cy', age: null },
    ])
    const transform = [
      {
        table: 'people',
        where: null,
        select: null,
        omit: ['age'],
        columns: [{ ...asItIs, column: 'name', rename: 'who' }],
      },
    ]
    await patch({ id: 3, name: 'Cyrus' })
    await sync({ allow: ['schema'] }, { inbox, transform })
    await patch([{ id: 2, age: 41, name: 'Grace' }, { id: 3, age: 5 }, { id: 9 }])
    await sync({}, { inbox, transform })
    expect(await rows()).toEqual([
      { id: 1, who: null },
      { id: 2, who: 'Grace' },
      { id: 3, who: 'Cyrus' },
      { id: 9, who: null },
    ])
  })

  test('what waits of a row says nothing of the columns that later items have said', async () => {
    const inbox = [partly]
    await put({ id: 1, name: 'Ada', age: 'old' })
    await patch({ id: 2, name: 'Grace', age: 'older' })
    await patch({ id: 3, age: 'oldest' })
    await sync({}, { inbox })
    await patch({ id: 1, name: 'Ada L' })
    await patch({ id: 2, name: 'Grace H' })
    const names = [
      "rejected webhook msg_1, item 1: 'age' is not of type int",
      "rejected webhook msg_2, item 1: 'age' is not of type int",
    ]
    const third = "rejected webhook msg_3, item 1: 'age' is not of type int"
    expect(waiting(await sync({}, { inbox }))).toEqual([...names, third])
    await patch({ id: 3, age: 50 })
    expect(waiting(await sync({}, { inbox }))).toEqual(names)
    expect(waiting(await sync({ retry: true }, { inbox }))).toEqual(names)
    const text = columns.map((column) =>
      column.name === 'age' ? ({ name: 'age', type: 'text' } as const) : column,
    )
    const allowed = { allow: ['schema'] as const, retry: true }
    expect(waiting(await sync(allowed, { inbox: [{ ...partly, columns: text }] }))).toEqual([])
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada L', age: 'old' },
      { id: 2, name: 'Grace H', age: 'older' },
      { id: 3, name: null, age: 50 },
    ])
  })

  test('a table that waits for its shape loses nothing of what comes meanwhile, and the others go on', async () => {
    const orders: InboxTable = { table: 'orders', when: [{ path: 'order', values: ['*'] }], key: ['order'] }
    const both = { tables: ['people', 'orders'], inbox: [people, orders] }
    await put({ id: 1, name: 'Ada', age: 36 })
    await send({ order: 7 })
    await sync({}, both)
    const fewer = { ...both, inbox: [{ ...people, columns: columns.slice(0, 2) }, orders] }
    await put({ id: 2, name: 'Grace', age: 40 })
    await send({ order: 8 })
    const stopped = await sync({}, fewer)
    expect(stopped.heldBack.map(({ reason, table }) => [reason, table])).toEqual([['schema', 'people']])
    expect(stopped.tables.map(({ captured }) => captured.added)).toEqual([0, 1])
    await put({ id: 1, name: 'Ada L', age: 37 })
    await sync({}, fewer)
    expect(await rows()).toEqual([{ id: 1, name: 'Ada', age: 36 }])
    const goesOn = await sync({ allow: ['schema'] }, fewer)
    expect(goesOn.heldBack).toEqual([])
    expect((await rows()).map((row) => (row as { name: string }).name)).toEqual(['Ada L', 'Grace'])
  })

  test('a transform holds from then on, and what is masked is never in the history', async () => {
    await put({ id: 1, name: 'Ada', age: 36 })
    await sync()
    const transform = [
      {
        table: 'people',
        where: null,
        select: null,
        omit: [],
        columns: [
          { column: 'name', compute: null, mask: { kind: 'redact' } as const, cast: null, rename: null },
        ],
      },
    ]
    await put({ id: 2, name: 'Grace' })
    const receipt = await sync({}, { transform })
    expect(receipt.notes.join()).toContain('transformed in another way')
    expect((await rows()).map((row) => (row as { name: string }).name)).toEqual([
      'Ada',
      expect.not.stringContaining('G'),
    ])
    await put({ id: 3, name: 'Cy' })
    expect((await sync({}, { transform })).notes).toEqual([])
    expect(await rows()).toHaveLength(3)
  })

  test('a dry run takes nothing out', async () => {
    await put({ id: 1, name: 'Ada' })
    await sync()
    await put([
      { id: 2, name: 'Grace' },
      { id: 3, age: 'x' },
    ])
    expect((await sync({ dryRun: true })).tables[0]!.captured.added).toBe(1)
    expect((await sync({ dryRun: true })).tables[0]!.captured.added).toBe(1)
    expect((await sync()).tables[0]).toMatchObject({ captured: { added: 1 }, rejected: 1 })
  })

  test('cut before and after each manifest, and before it is told that all is durable: nothing is lost, nothing comes twice', async () => {
    for (const when of ['before', 'after'] as const)
      for (let manifest = 1; manifest <= 6; manifest++) {
        store = MemoryStore.create()
        path = `${temporaryDir()}/crm.inbox`
        link = { ...link, endpoint: `inbox://${path}`, commits: 'each' }
        const shop = { store, link } as ShopLink
        await put([
          { id: 1, name: 'a' },
          { id: 9, age: 'x' },
        ])
        await put({ id: 1, name: 'b' })
        await linkedIn(shop, { manifest, when })
          .sync()
          .catch(() => undefined)
        await send({ type: 'person.gone', data: { id: 1 } })
        await put({ id: 2, name: 'c' })
        await linkedIn(shop, { manifest: 2, when })
          .sync()
          .catch(() => undefined)
        const last = await sync()
        expect(await rows()).toEqual([{ id: 2, name: 'c', age: null }])
        expect(waiting(last)).toEqual([
          'rejected webhook msg_' + `${count - 3}, item 2: 'age' is not of type int`,
        ])
        const log: string[] = []
        for await (const { message } of DataRepository.over(store, { author }).log({
          revision: 'main',
          firstParent: true,
        }))
          if (message.includes('webhook')) log.push(/msg_\d+/.exec(message)![0])
        expect(log.reverse()).toEqual([3, 2, 1, 0].map((back) => `msg_${count - back}`))
      }
  }, 60_000)

  test.each([
    ['refused', 'once', 0],
    ['refused', 'for good', 1],
    ['done, and its answer lost', 'once', 2],
    ['done, and its answer lost', 'for good', 3],
  ] as const)(
    'one statement of its file is %s, %s: what was confirmed comes once, in its order',
    async (how, lasting, first) => {
      const hooks = [
        ['msg_a', { id: 1, name: 'a' }],
        [
          'msg_b',
          [
            { id: 1, name: 'b' },
            { id: 9, age: 'x' },
          ],
        ],
        ['msg_c', { id: 2, name: 'c' }],
      ] as const
      for (let at: number = first; ; at += 4) {
        store = MemoryStore.create()
        path = `${temporaryDir()}/crm.inbox`
        link = { ...link, endpoint: `inbox://${path}`, commits: 'each' }
        const confirmed = new Set<string>()
        const work = async (): Promise<void> => {
          for (const [id, data] of hooks) {
            // As senders do: again until it is confirmed, and never after it.
            if (confirmed.has(id)) continue
            await put(data, id)
            confirmed.add(id)
            await sync()
          }
          await sync()
        }
        const { struck, mend } = spoilStatement(at, how, lasting)
        await work().catch(() => undefined)
        mend()
        await work()
        expect(await rows()).toEqual([
          { id: 1, name: 'b', age: null },
          { id: 2, name: 'c', age: null },
        ])
        expect(waiting(await sync())).toEqual(["rejected webhook msg_b, item 2: 'age' is not of type int"])
        const log: string[] = []
        const repository = DataRepository.over(store, { author })
        for await (const { message } of repository.log({ revision: 'main', firstParent: true }))
          if (message.includes('webhook')) log.push(/msg_\w+/.exec(message)![0])
        expect(log.reverse()).toEqual(['msg_a', 'msg_b', 'msg_c'])
        if (!struck()) break
        expect(at).toBeLessThan(500)
      }
    },
    60_000,
  )

  test('an inbox is of one link in one repository, another file is another endpoint, and it tells when it was read elsewhere', async () => {
    await put({ id: 1, name: 'Ada' })
    await sync()
    await expect(sync({}, {}, MemoryStore.create())).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await put({ id: 2, name: 'Grace' })
    expect((await sync()).notes).toEqual([])
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(path + suffix, { force: true })
    await put({ id: 3, name: 'Cy' })
    const other = await sync()
    expect(other.pending).not.toBe(null)
    const approved = await sync({ approve: other.pending! })
    expect(approved.pending).toBe(null)
    expect((await rows()).map((row) => (row as { id: number }).id)).toEqual([1, 2, 3])
  })

  test('a follower takes what a listener elsewhere has kept, within a moment; a removed link lets go of the inbox', async () => {
    const dir = temporaryDir()
    const repo = await Repository.init(dir, { author: { name: 'A', email: 'a@b.c' } })
    await repo.addLink('crm', { endpoint: `inbox://${path}`, mode: 'capture', tables: ['people'] })
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const receipt of repo.followLink('crm', { signal: stop.signal, pollMs: 3_600_000 }))
        seen.push(receipt.tables[0]!.captured.added)
    })()
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([0])
    const file = await InboxFile.open(path)
    await file.take({ id: 'm1', table: null, event: null, body: Buffer.from('{"id":1}') })
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([0, 1])
    await file.take({ id: 'm2', table: null, event: null, body: Buffer.from('[{"id":2},{"id":3}]') })
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([0, 1, 2])
    stop.abort()
    await following
    expect(file.database.all('SELECT count(*) FROM hooks')).toEqual([[0n]])
    const tested = await repo.testLink('crm')
    expect(tested.log.kept).toMatchObject({ keptBytes: 0 })
    await expect(repo.verifyLink('crm')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await repo.removeLink('crm')
    expect(file.database.all('SELECT reader FROM inbox')).toEqual([[null]])
    const declared = [
      {
        table: 'people',
        when: [{ path: 'a.b', values: ['x', 'y'] }],
        deletes: [{ path: 'gone', values: ['*'] }],
        items: 'd',
        key: ['id'],
        columns: [{ name: 'id', type: 'int' as const }],
      },
    ]
    await repo.addLink('crm', { ...link, inbox: declared })
    expect((await repo.links())[0]!.inbox).toEqual(declared)
    file.close()
    await repo.close()
  }, 60_000)

  test('it cannot be asked for its rows, nor written to', async () => {
    await expect(openLink({ ...link, mode: 'two-way' })).rejects.toMatchObject({ code: 'VARVE_USAGE' })
    const connector = await openLink(link)
    await expect(connector.snapshot([])).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await connector.close()
  })
})
