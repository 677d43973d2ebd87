// What every sink must do, whatever it is made of: told of a branch's rows as they change, it ends with the branch's rows,
// each change told in order and under an id of its own, nothing left out, and nothing told under another id when a round
// was cut short and runs again.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { Repository } from '../../src/api/repository.ts'
import type { Transaction } from '../../src/api/tables/data.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { openSink } from '../../src/connectors/open-sink.ts'
import type { Batch, Sink } from '../../src/connectors/sink.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { deliverRound } from '../../src/sync/deliver/deliver.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { temporaryDir } from '../support/temporary.ts'
import { varve } from '../cli/varve.ts'
import { startCutLine } from '../support/cut-line.ts'

type Texts = Record<string, string>
/** By 'table/key': the row's cells as text, without empty ones; bytes that are no text in base64. */
export type Rows = Record<string, Texts>

export interface Message {
  readonly id: string
  readonly link: string
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  readonly key: Readonly<Record<string, unknown>>
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly commit: string
  readonly time: string
}

/** A receiver of its own for one test. */
export interface Receiver {
  readonly url: string
  readonly environment: Readonly<Record<string, string>>
  /** All that has come, in order, what came twice twice. Missing where the receiver keeps rows and no messages. */
  messages?(): Promise<readonly Message[]>
  /** It leaves out what comes twice by itself. */
  readonly leavesOutRepeats?: true
  rows?(): Promise<Rows>
}

export interface SinkHarness {
  receiver(): Promise<Receiver>
  /** Where nobody answers. */
  readonly nowhere: string
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

const author = { name: 'Ada', email: 'ada@example.org' }
const patience = 60_000

export function sinkContract(name: string, start: () => Promise<SinkHarness>): void {
  describe(name, () => {
    let harness: SinkHarness
    let receiver: Receiver
    let store: MemoryStore
    let repository: DataRepository
    let link: Link
    beforeAll(async () => {
      harness = await start()
    }, patience)
    afterAll(() => harness.stop())

    beforeEach(async () => {
      receiver = await harness.receiver()
      store = MemoryStore.create()
      repository = DataRepository.over(store, { author })
      link = {
        name: 'shop',
        endpoint: receiver.url,
        mode: 'materialize',
        tables: ['people', 'sales/orders'],
        into: 'shop',
        branch: 'main',
      }
      await edit((tx) => {
        const people = tx.createTable('people', { key: ['id'] })
        for (const [id, who] of ['Ada', 'Grace', 'Edsger'].entries())
          people.put({ id, name: who, age: 30 + id })
        tx.createTable('sales/orders', { key: ['no'] }).put({ no: 1, who: 0 })
      })
    }, patience)

    const edit = async (change: (tx: Transaction) => void | Promise<void>): Promise<void> =>
      void (await repository.transaction('main', async (tx) => change(tx)))

    async function sync(
      options: SyncOptions = {},
      around: { wrap?: (sink: Sink) => Sink; link?: Partial<Link> } = {},
    ): Promise<Receipt> {
      const repo = createContext(store, { author })
      const used = { ...link, ...around.link }
      const sink = await openSink(used.endpoint, { link: used.name, environment: receiver.environment })
      try {
        return await deliverRound({ repo, sink: around.wrap?.(sink) ?? sink, link: used, options })
      } finally {
        await sink.close()
      }
    }

    const rowsThere = async (): Promise<Rows> => receiver.rows?.() ?? folded(await receiver.messages!())

    async function rowsHere(): Promise<Rows> {
      const rows: Rows = {}
      const snapshot = await repository.at('main')
      for (const table of link.tables) {
        const view = await snapshot
          .table(table)
          .open()
          .catch(() => null)
        if (view === null) continue
        for await (const row of view.scan())
          rows[`${table}/${view.key.map((column) => textOf(row[column])).join(':')}`] = texts(row)
      }
      return rows
    }

    async function count(): Promise<number> {
      return (await receiver.messages?.())?.length ?? 0
    }

    async function resetTo(commit: string): Promise<void> {
      const tree = (await repository.at(commit)).commit
      const cid = (await store.manifest()).refs.get('refs/heads/main')!
      const old = cid.replace(/[0-9a-f]{64}$/, tree) as typeof cid
      await store.update(() => ({
        refs: new Map([['refs/heads/main', old]]),
        operation: { name: 'reset', message: '', author: '' },
      }))
    }

    test(
      'the first round tells it all rows; a quiet one tells nothing and moves nothing',
      async () => {
        const receipt = await sync()
        expect(receipt.tables.map(({ written }) => written.added)).toEqual([3, 1])
        expect(await rowsThere()).toEqual(await rowsHere())
        const [told, refs] = [await count(), new Map((await store.manifest()).refs)]
        const quiet = await sync()
        expect(quiet.tables.map(({ written }) => written)).toEqual(
          Array(2).fill({ added: 0, changed: 0, removed: 0 }),
        )
        expect(await count()).toBe(told)
        refs.delete('links/shop/receipt')
        const now = new Map((await store.manifest()).refs)
        now.delete('links/shop/receipt')
        expect(now).toEqual(refs)
      },
      patience,
    )

    test(
      'rows that are added, changed and removed are told once each, and the rest of the dataset is not',
      async () => {
        await sync()
        const told = await count()
        await edit((tx) => {
          const people = tx.table('people')
          people.put({ id: 1, name: 'Grace H.', age: 31 })
          people.put({ id: 9, name: 'Barbara', age: null })
          people.delete(0)
          return tx.writeFile('notes.txt', 'not of the link')
        })
        const receipt = await sync()
        expect(receipt.tables[0]!.written).toEqual({ added: 1, changed: 1, removed: 1 })
        expect(await rowsThere()).toEqual(await rowsHere())
        if (receiver.messages !== undefined) {
          const fresh = (await receiver.messages()).slice(told)
          expect(fresh.map(({ kind, key }) => [kind, key['id']])).toEqual([
            ['delete', 0],
            ['update', 1],
            ['insert', 9],
          ])
          expect(fresh[1]).toMatchObject({
            link: 'shop',
            table: 'people',
            before: { id: 1, name: 'Grace', age: 31 },
            after: { id: 1, name: 'Grace H.', age: 31 },
            commit: (await repository.at('main')).commit,
          })
        }
      },
      patience,
    )

    test(
      'a dry run says what would be told, and tells nothing',
      async () => {
        const before = await store.manifest()
        const receipt = await sync({ dryRun: true })
        expect(receipt.tables.map(({ written }) => written.added)).toEqual([3, 1])
        expect([await count(), await rowsThere()]).toEqual([0, {}])
        expect((await store.manifest()).sequence).toBe(before.sequence)
      },
      patience,
    )

    test(
      'killed after it was told and before that was noted: told again under the same ids',
      async () => {
        const killed = (sink: Sink): Sink => dying(sink, 'after')
        await expect(sync({}, { wrap: killed })).rejects.toThrow('killed')
        const first = await receiver.messages?.()
        const receipt = await sync()
        expect(receipt.notes.join()).toMatch(receiver.messages === undefined ? /^$/ : /cut short/)
        expect(await rowsThere()).toEqual(await rowsHere())
        if (first !== undefined) {
          const all = await receiver.messages!()
          const repeats = all.slice(first.length)
          // What was confirmed by then is not told again, unless it is the last batch.
          expect(repeats).toEqual(receiver.leavesOutRepeats === true ? [] : first.slice(-1))
          expect(new Set(all.map(({ id }) => id)).size).toBe(4)
        }
        const told = await count()
        await sync()
        expect(await count()).toBe(told)
      },
      patience,
    )

    test(
      'the line is cut at any message of a round: it ends with the rows of the branch, each change under one id',
      async () => {
        const { hostname, port } = new URL(receiver.url.replace(/^[^:]+/, 'http'))
        const line = await startCutLine(
          { host: '127.0.0.1', port: 0 },
          { host: hostname, port: Number(port) },
        )
        link = { ...link, endpoint: receiver.url.replace(`:${port}`, `:${line.port}`) }
        await sync()
        let broken: string | null = ''
        for (let turn = 0; broken !== null; turn++) {
          await edit((tx) => {
            tx.table('people').put({ id: 0, name: 'Ada', age: turn })
            tx.table('people').put({ id: 10 + turn, name: 'new', age: turn })
            tx.table('sales/orders').put({ no: 1, who: turn })
          })
          line.cut(turn, turn % 2 === 0 ? 'once' : 'for good')
          const fault: unknown = await sync().catch((error: unknown) => error)
          broken = line.broken()
          line.mend()
          if (fault instanceof Error && !isVarveError(fault, 'VARVE_UNREACHABLE')) throw fault
          await sync()
          expect([turn, broken, await rowsThere()]).toEqual([turn, broken, await rowsHere()])
          expect(turn).toBeLessThan(100)
        }
        const told = new Map<string, string>()
        for (const { id, ...change } of (await receiver.messages?.()) ?? []) {
          const text = JSON.stringify(change)
          expect(told.get(id) ?? text).toBe(text)
          told.set(id, text)
        }
      },
      2 * patience,
    )

    test(
      'cut short, and the branch is set back meanwhile: it still ends with the rows of the branch',
      async () => {
        await sync()
        const { commit } = await repository.at('main')
        await edit((tx) => {
          tx.table('people').put({ id: 1, name: 'only for a moment', age: 1 })
          tx.table('sales/orders').put({ no: 2, who: 1 })
        })
        await expect(sync({}, { wrap: (sink) => dying(sink, 'middle') })).rejects.toThrow('killed')
        await resetTo(commit)
        await sync()
        expect(await rowsThere()).toEqual(await rowsHere())
        expect((await rowsThere())['people/1']).toMatchObject({ name: 'Grace' })
      },
      patience,
    )

    test(
      'a branch that goes back and forth is told each time, under new ids',
      async () => {
        await sync()
        const first = (await repository.at('main')).commit
        await edit((tx) => tx.table('people').delete(2))
        const second = (await repository.at('main')).commit
        await sync()
        for (const commit of [first, second, first, second]) {
          await resetTo(commit)
          await sync()
          expect(await rowsThere()).toEqual(await rowsHere())
        }
        const ids = (await receiver.messages?.())?.map(({ id }) => id) ?? []
        expect(new Set(ids).size).toBe(ids.length)
      },
      patience,
    )

    test(
      "with 'commits: each' every commit is told by itself, and rewritten history in one step",
      async () => {
        await sync({}, { link: { commits: 'each' } })
        const start = (await repository.at('main')).commit
        const told = await count()
        for (const age of [40, 41, 42])
          await edit((tx) => tx.table('people').put({ id: 1, name: 'Grace', age }))
        await sync({}, { link: { commits: 'each' } })
        if (receiver.messages !== undefined) {
          const fresh = (await receiver.messages()).slice(told)
          expect(fresh.map(({ after }) => after!['age'])).toEqual([40, 41, 42])
          expect(new Set(fresh.map(({ commit }) => commit)).size).toBe(3)
        }
        await resetTo(start)
        await edit((tx) => tx.table('people').put({ id: 7, name: 'Donald', age: 60 }))
        await sync({}, { link: { commits: 'each' } })
        expect(await rowsThere()).toEqual(await rowsHere())
      },
      patience,
    )

    test(
      'values arrive with every digit and byte, and names of columns mean nothing',
      async () => {
        await edit((tx) => {
          const people = tx.table('people')
          people.put({ id: 10, name: 'ünïcödé 🦆 "quoted"\n', age: 12345678901234567890n })
          people.put(Object.assign(Object.create(null), { id: 11, name: '', ['__proto__']: 'x', age: -0.5 }))
          people.put({
            id: 12,
            raw: Uint8Array.of(0xff, 0, 1),
            nested: { a: [1, null] },
            name: 'x'.repeat(100_000),
          })
          people.put({ id: 13, name: "'; DROP TABLE people; --", age: true })
        })
        await sync()
        const there = await rowsThere()
        expect(there).toEqual(await rowsHere())
        expect(there['people/10']!['age']).toBe('12345678901234567890')
        expect(there['people/12']!['raw']).toBe('/wAB')
      },
      patience,
    )

    test(
      'many rows come in order, batch by batch',
      async () => {
        await edit((tx) => {
          const people = tx.table('people')
          for (let id = 100; id < 1700; id++) people.put({ id, name: `name ${id}`, age: id % 90 })
        })
        const sizes: number[] = []
        await sync({}, { wrap: (sink) => watched(sink, ({ messages }) => void sizes.push(messages.length)) })
        expect(Math.max(...sizes)).toBeLessThanOrEqual(500)
        expect(await rowsThere()).toEqual(await rowsHere())
        const ids = ((await receiver.messages?.()) ?? [])
          .filter(({ table }) => table === 'people')
          .map(({ key }) => key['id'])
        expect(ids).toEqual([...ids].sort((a, b) => Number(a) - Number(b)))
      },
      patience,
    )

    test(
      'a table that has another key tells its rows gone before they come again',
      async () => {
        await sync()
        await edit((tx) => tx.remove('people'))
        await edit((tx) => {
          const people = tx.createTable('people', { key: ['name'] })
          people.put({ name: 'Ada', id: 0 })
          people.put({ name: '1', id: 1 })
        })
        await sync({ allow: ['deletes'] })
        expect(await rowsThere()).toEqual(await rowsHere())
      },
      patience,
    )

    test(
      'rows that vanish in masses wait to be approved, and other tables go on',
      async () => {
        await sync()
        const [told, before] = [await count(), await rowsThere()]
        await edit((tx) => {
          tx.remove('people')
          tx.table('sales/orders').put({ no: 2, who: 1 })
        })
        const stopped = await sync()
        expect(stopped.heldBack).toMatchObject([
          { path: 'people', reason: 'guard', message: "all 3 rows of 'people' are gone from the branch" },
        ])
        const waiting = { ...before, 'sales/orders/2': { no: '2', who: '1' } }
        expect(await rowsThere()).toEqual(waiting)
        // The same stop is the same commit, and tells nothing.
        expect((await sync()).pending).toBe(stopped.pending)
        if (receiver.messages !== undefined) expect(await count()).toBe(told + 1)
        const approved = await sync({ approve: stopped.pending! })
        expect([approved.pending, approved.heldBack]).toEqual([null, []])
        expect(await rowsThere()).toEqual(await rowsHere())
        expect((await store.manifest()).refs.has('refs/links/shop/pending')).toBe(false)
      },
      patience,
    )

    test(
      'what was let through is that and no more; discarded, the rows come back into the branch',
      async () => {
        await sync()
        await edit((tx) => tx.remove('people'))
        const { pending } = await sync()
        await edit((tx) => tx.remove('sales/orders'))
        const more = await sync({ approve: pending! })
        expect(more.heldBack.map(({ path, reason }) => [path, reason])).toEqual([['sales/orders', 'guard']])
        expect(Object.keys(await rowsThere())).toEqual(['sales/orders/1'])
        await discardPending(createContext(store, { author }), null, link)
        expect(Object.keys(await rowsHere())).toEqual(['sales/orders/1'])
        const quiet = await sync()
        expect([quiet.pending, quiet.heldBack]).toEqual([null, []])
        expect(await rowsThere()).toEqual(await rowsHere())
      },
      patience,
    )

    test(
      'another receiver under the same link waits to be approved, and is then told everything',
      async () => {
        await sync()
        const old = receiver
        receiver = await harness.receiver()
        expect(receiver.url).not.toBe(old.url)
        link = { ...link, endpoint: receiver.url }
        const stopped = await sync()
        expect(stopped.heldBack.map(({ message }) => message)).toEqual(
          Array(2).fill("the endpoint of 'shop' is another one than before"),
        )
        expect(await rowsThere()).toEqual({})
        await sync({ approve: stopped.pending! })
        expect(await rowsThere()).toEqual(await rowsHere())
        expect((await sync()).pending).toBeNull()
      },
      patience,
    )

    test(
      'of two workers at once one stops, and nothing is lost',
      async () => {
        let other: Promise<Receipt> | null = null
        const racing = (sink: Sink): Sink =>
          watched(sink, async () => {
            other ??= sync()
            await other
          })
        const code = await sync({}, { wrap: racing }).then(
          () => 'no error',
          (error: unknown) => (isVarveError(error) ? error.code : String(error)),
        )
        expect(code).toBe('VARVE_NOT_POSSIBLE')
        await sync()
        expect(await rowsThere()).toEqual(await rowsHere())
      },
      patience,
    )

    test(
      'two processes at once: who loses says so, nothing is lost, and each change is told under one id',
      async () => {
        const dir = temporaryDir()
        const { environment: env, url } = receiver
        const repo = await Repository.init(dir, { author, environment: env })
        repository = repo
        const { tables } = link
        await edit((tx) => {
          tx.createTable('people', { key: ['id'] }).put({ id: 0, name: 'Ada', age: 30 })
          tx.createTable('sales/orders', { key: ['no'] }).put({ no: 1, who: 0 })
        })
        await repo.addLink('shop', {
          endpoint: url,
          mode: 'materialize',
          tables,
          into: 'shop',
          branch: 'main',
        })
        await repo.add(['.'])
        await repo.commit({ message: 'A link' })
        for (const name of ['one', 'two', 'three']) {
          await edit((tx) => {
            for (let id = 0; id < 600; id++) tx.table('people').put({ id, name, age: id })
          })
          const rounds = [0, 1].map(() => varve(['sync', 'shop'], { cwd: dir, env }))
          for (const { code, stderr } of await Promise.all(rounds))
            if (code !== 0)
              expect(stderr, `exit code ${code}`).toMatch(/another worker .*nothing (is lost|was written)/s)
        }
        expect((await varve(['sync', 'shop'], { cwd: dir, env })).code).toBe(0)
        expect(await rowsThere()).toEqual(await rowsHere())
        const ids = new Map<string, Set<string>>()
        for (const { id, after } of (await receiver.messages?.()) ?? []) {
          const change = JSON.stringify(after)
          ids.set(change, (ids.get(change) ?? new Set()).add(id))
        }
        for (const [change, { size }] of ids) expect([change, size]).toEqual([change, 1])
        await repo.close()
      },
      patience,
    )

    test(
      'a round that is called off tells no more, and the next one goes on',
      async () => {
        const stop = new AbortController()
        const stopping = (sink: Sink): Sink => watched(sink, () => stop.abort())
        await expect(sync({ signal: stop.signal }, { wrap: stopping })).rejects.toMatchObject({
          code: 'VARVE_ABORTED',
        })
        await sync()
        expect(await rowsThere()).toEqual(await rowsHere())
      },
      patience,
    )

    test(
      'where nobody answers, that is said and nothing is noted',
      async () => {
        receiver = { ...receiver, environment: { ...receiver.environment, ...harness.environment } }
        await expect(sync({}, { link: { endpoint: harness.nowhere } })).rejects.toMatchObject({
          code: 'VARVE_UNREACHABLE',
        })
        expect((await store.manifest()).refs.has('refs/links/shop/written')).toBe(false)
      },
      patience,
    )
  })
}

/** Told, and then gone: after its first batch or after all. */
function dying(sink: Sink, when: 'middle' | 'after'): Sink {
  return watched(
    sink,
    () => undefined,
    ({ isLast }) => {
      if (isLast || when === 'middle') throw new Error('killed')
    },
  )
}

function watched(
  sink: Sink,
  before: (batch: Batch) => void | Promise<void>,
  after: (batch: Batch) => void = () => undefined,
): Sink {
  return {
    location: sink.location,
    identity: sink.identity,
    ...(sink.position === undefined ? {} : { position: () => sink.position!() }),
    async deliver(batch) {
      await before(batch)
      await sink.deliver(batch)
      after(batch)
    },
    close: () => sink.close(),
  }
}

/** What a reader makes of the messages who leaves out those whose id it has seen. Each must fit what was there before. */
export function folded(messages: readonly Message[]): Rows {
  const rows: Rows = {}
  const seen = new Set<string>()
  for (const { id, table, key, before, after } of messages) {
    if (seen.has(id)) continue
    seen.add(id)
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    const name = `${table}/${Object.values(key).map(textOf).join(':')}`
    expect(rows[name] ?? null).toEqual(before === null ? null : texts(before))
    if (after === null) delete rows[name]
    else rows[name] = texts(after)
  }
  return rows
}

function texts(row: Readonly<Record<string, unknown>>): Texts {
  const result = Object.create(null) as Texts
  for (const [column, value] of Object.entries(row)) if (value !== null) result[column] = textOf(value)
  return result
}

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}
