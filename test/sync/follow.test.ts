// Links that are followed, against a real PostgreSQL with others at work on both sides: what is committed arrives, whatever
// breaks meanwhile.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pause } from '../../src/base/pause.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Repo } from '../../src/repo/interface.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { type FollowOptions, endpointLine, follow } from '../../src/sync/follow.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { wrapped as withoutLog } from '../support/linked.ts'
import { ShopLink } from '../support/shop-link.ts'

const eventually = { timeout: 60_000, interval: 20 }
let postgres: Postgres

describe.skipIf(!hasPostgres)(
  `a followed link with PostgreSQL${withoutPostgres}`,
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      postgres = await startPostgres({ max_replication_slots: '60', max_wal_senders: '20' })
    }, 60_000)
    afterAll(() => postgres.stop(), 60_000)

    let shop: ShopLink
    let abort: AbortController
    let receipts: Receipt[]
    let ended: Promise<void>

    beforeEach(async () => {
      shop = await ShopLink.create(postgres)
      abort = new AbortController()
      receipts = []
      ended = Promise.resolve()
    })
    afterEach(async () => {
      abort.abort()
      await ended
    })

    interface Wish extends FollowOptions {
      readonly repo?: Repo
      readonly wrap?: (connector: Connector) => Connector
    }

    /** Goes on in the background; resolves after the first round. */
    async function start({ repo = shop.repo, wrap = (one) => one, ...rest }: Wish = {}): Promise<void> {
      const options = { signal: abort.signal, ...rest }
      const { link } = shop
      const open = async () =>
        endpointLine(
          { repo, folder: null, connector: wrap(await openEndpoint(link.endpoint)), link, options },
          options,
        )
      const before = receipts.length
      ended = (async () => {
        for await (const receipt of follow(repo, link, open, options)) receipts.push(receipt)
      })()
      await Promise.race([ended, expect.poll(() => receipts.length, eventually).toBeGreaterThan(before)])
    }

    async function bothEqual(): Promise<void> {
      await expect.poll(async () => sameRows(), eventually).toBe(true)
    }

    async function sameRows(): Promise<boolean> {
      return JSON.stringify(await shop.branchRows()) === JSON.stringify(await shop.rows())
    }

    test('changes of both sides arrive without anybody asking', async () => {
      await start()
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
      await expect.poll(() => shop.branchRows(), eventually).toHaveLength(4)
      await shop.edit((table) => table.put({ id: 5, name: 'Donald', age: 87 }))
      await expect.poll(() => shop.rows(), eventually).toHaveLength(5)
      await bothEqual()
      expect(receipts.slice(1).every(({ notes }) => notes.length === 0)).toBe(true)
    })

    test('what is committed after a log was begun is read at once, however seldom the endpoint is asked', async () => {
      await start({ pollMs: 3_600_000 })
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
      await bothEqual()
      await shop.db.query('TRUNCATE people')
      await expect
        .poll(() => receipts.at(-1)!.heldBack.map(({ reason }) => reason), eventually)
        .toEqual(['guard'])
      await shop.db.query("INSERT INTO people VALUES (6, 'Ada', 36)")
      await expect.poll(() => receipts.at(-1)!.tables[0]!.read, eventually).toBe(1)
    })

    test('our own writes come back by the log and are nothing new', async () => {
      await start()
      await shop.edit((table) => table.put({ id: 5, name: 'Donald', age: 87 }))
      await expect.poll(() => shop.rows(), eventually).toHaveLength(4)
      await shop.db.query('UPDATE people SET age = 1 WHERE id = 1')
      await bothEqual()
      abort.abort()
      await ended
      const captured = receipts.slice(1).map(({ tables }) => tables[0]!.captured)
      expect(captured.reduce((sum, { added }) => sum + added, 0)).toBe(0)
      expect(captured.reduce((sum, { changed }) => sum + changed, 0)).toBe(1)
    })

    test('a quiet link makes no commit and no receipt', async () => {
      let rounds = 0
      await start({ onRound: () => rounds++ })
      // The second one begins to read the log.
      await expect.poll(() => rounds, eventually).toBe(2)
      await shop.db.query('CREATE TABLE other (id int); INSERT INTO other SELECT generate_series(1, 1000)')
      const { sequence } = await shop.store.manifest()
      await new Promise((done) => setTimeout(done, 500))
      expect((await shop.store.manifest()).sequence).toBe(sequence)
      expect(receipts).toHaveLength(1)
    })

    test('rows that wait are said once, however often they are looked at, and when they go on', async () => {
      await shop.db.query('ALTER TABLE people ADD CHECK (age < 200)')
      let rounds = 0
      // Without a log it is asked again and again.
      await start({ wrap: withoutLog, pollMs: 20, onRound: () => rounds++ })
      await shop.edit((table) => table.put({ id: 5, name: 'Methuselah', age: 969 }))
      const waiting = (): number[] => receipts.map(({ heldBack }) => heldBack.length)
      await expect.poll(waiting, eventually).toEqual([0, 1])
      const then = rounds
      await expect.poll(() => rounds, eventually).toBeGreaterThan(then + 3)
      expect(waiting()).toEqual([0, 1])
      await shop.edit((table) => table.put({ id: 5, name: 'Methuselah', age: 96 }))
      await expect.poll(waiting, eventually).toEqual([0, 1, 0])
    })

    test('it ends when it is told, and goes on by the log where it ended', async () => {
      await start()
      abort.abort()
      await ended
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84); DELETE FROM people WHERE id = 1")
      abort = new AbortController()
      await start()
      expect(receipts[1]).toMatchObject({
        notes: [],
        tables: [{ captured: { added: 1, changed: 0, removed: 1 } }],
      })
      await bothEqual()
    })

    test('a line that is cut is opened again, and nothing is lost', async () => {
      const broken: number[] = []
      await start({ onBroken: (_, waitMs) => broken.push(waitMs) })
      for (let i = 0; i < 3; i++) {
        await shop.db.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'varve'",
        )
        await shop.db.query(`INSERT INTO people VALUES (${10 + i}, 'n', ${i})`)
        await expect.poll(() => shop.branchRows(), eventually).toHaveLength(4 + i)
      }
      expect(broken.length).toBeGreaterThanOrEqual(3)
      expect(receipts.slice(1).every(({ notes }) => notes.length === 0)).toBe(true)
    })

    test('the whole server is killed and comes back', async () => {
      const own = await startPostgres()
      try {
        shop = await ShopLink.create(own)
        await start()
        await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
        await expect.poll(() => shop.branchRows(), eventually).toHaveLength(4)
        await own.kill()
        await own.start()
        const db = await own.client(shop.link.endpoint)
        await db.query("INSERT INTO people VALUES (5, 'Donald', 87)")
        await expect.poll(() => shop.branchRows(), eventually).toHaveLength(5)
        await db.end()
        abort.abort()
        await ended
      } finally {
        await own.stop()
      }
    })

    test('a table whose key is dropped is published no longer, so that its users may write', async () => {
      await shop.db.query(
        'CREATE TABLE orders (id int PRIMARY KEY, total int); INSERT INTO orders VALUES (1, 10)',
      )
      shop.link = { ...shop.link, tables: ['people', 'orders'] }
      let rounds = 0
      await start({ pollMs: 10, onRound: () => rounds++ })
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
      await bothEqual()
      await shop.db.query(
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey; INSERT INTO people VALUES (5, 'Donald', 87)",
      )
      const update = (): Promise<boolean> =>
        shop.db.query('UPDATE orders SET total = 11').then(
          () => true,
          () => false,
        )
      await expect.poll(update, eventually).toBe(true)
      // Looks for the key take a small part of the time, however short the pause between them may be.
      await pause(500, abort.signal)
      const before = rounds
      await pause(2_000, abort.signal)
      expect(rounds - before).toBeLessThan(15)
      // No log tells of a key that comes back.
      await shop.db.query('ALTER TABLE orders ADD PRIMARY KEY (id)')
      await expect
        .poll(() => shop.branchRows('orders'), { ...eventually, timeout: 30_000 })
        .toEqual([{ id: 1, total: 11 }])
      await shop.db.query('UPDATE people SET age = 1 WHERE id = 1')
      await bothEqual()
    })

    test('rights that are taken away while it reads or writes let their table wait, and it goes on', async () => {
      const role = 'follower'
      await shop.db.query(
        `CREATE TABLE other (id int PRIMARY KEY); CREATE ROLE ${role} LOGIN; GRANT CREATE ON SCHEMA public TO ${role};
         GRANT ALL ON people, other TO ${role}`,
      )
      const endpoint = shop.link.endpoint.replace('postgres@', `${role}@`)
      shop.link = { ...shop.link, tables: ['people', 'other'], endpoint }
      const toTake = new Map<string, string>()
      const take = async (method: string): Promise<void> => {
        const right = toTake.get(method)
        toTake.delete(method)
        if (right !== undefined) await shop.db.query(`REVOKE ${right} ON people FROM ${role}`)
      }
      await start({
        pollMs: 20,
        wrap: (connector) => ({
          ...withoutLog(connector),
          snapshot: async (tables) => {
            await take('snapshot')
            return connector.snapshot(tables)
          },
          apply: async (plan) => {
            await take('apply')
            return connector.apply(plan)
          },
        }),
      })
      toTake.set('apply', 'INSERT')
      await shop.edit((rows) => rows.put({ id: 4, name: 'Barbara', age: 84 }))
      await expect.poll(() => receipts.at(-1)!.heldBack, eventually).toMatchObject([{ key: '4' }])
      toTake.set('snapshot', 'SELECT')
      await expect.poll(() => receipts.at(-1)!.heldBack, eventually).toMatchObject([{ reason: 'schema' }])
      await shop.db.query('INSERT INTO other VALUES (7)')
      await expect.poll(() => shop.branchRows('other'), eventually).toEqual([{ id: 7 }])
      await shop.db.query(`GRANT ALL ON people TO ${role}`)
      await bothEqual()
      expect(await shop.rows()).toHaveLength(4)
    })

    test('an endpoint whose log cannot be read is asked at intervals', async () => {
      await shop.db.query('ALTER TABLE people REPLICA IDENTITY NOTHING')
      await start({ pollMs: 50 })
      expect(receipts[0]!.notes.join()).toMatch(/replica identity/)
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
      await bothEqual()
    })

    test('tables are compared as often as it is wished, whatever the log says', async () => {
      await start({ compareMs: 1 })
      const position = async (): Promise<string[]> =>
        (
          await shop.db.query<{ p: string }>('SELECT confirmed_flush_lsn AS p FROM pg_replication_slots')
        ).rows.map(({ p }) => p)
      const before = await position()
      await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
      await bothEqual()
      expect(await position()).not.toEqual(before)
      expect(await shop.slots()).toHaveLength(1)
    })

    test.each(steps())(
      'cut short %s, with writers on both sides, both sides come to the same',
      async (_, cut) => {
        await start()
        abort.abort()
        await ended
        const writing = writers()
        for (let at = 1; at <= 4; at++) {
          abort = new AbortController()
          const crash = crashAt(cut, at)
          const repo = createContext(crash.store(shop.store), {
            author: { name: 'Ada', email: 'ada@example.org' },
          })
          await start({ repo, wrap: crash.connector }).catch(() => undefined)
          await ended.catch((error: unknown) => {
            if (!(error instanceof Crash)) throw error
          })
          expect(crash.hasHappened()).toBe(true)
        }
        const expected = await writing.stop()
        abort = new AbortController()
        await start()
        await bothEqual()
        abort.abort()
        await ended
        const rows = (await shop.rows()) as { id: number; age: number }[]
        expect(rows.filter(({ id }) => id >= 1000).map(({ id }) => id)).toEqual(expected.here)
        expect(rows.filter(({ id }) => id >= 100 && id < 1000).map(({ id, age }) => [id, age])).toEqual(
          expected.there,
        )
        shop.link = { ...shop.link, changes: 'compare' }
        const last = await shop.sync()
        expect(last.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
        expect(last.heldBack).toEqual([])
      },
    )

    /** Both sides write, each its own rows, until they are stopped: then what each side's rows have to be. */
    function writers(): { stop(): Promise<{ here: number[]; there: number[][] }> } {
      let isOver = false
      const there: number[][] = []
      const here: number[] = []
      const database = (async () => {
        for (let i = 0; !isOver && i < 800; i++) {
          if (i % 4 === 3) {
            const row = there[i % there.length]!
            row[1] = i
            await shop.db.query('UPDATE people SET age = $2 WHERE id = $1', row)
          } else {
            there.push([100 + i, i])
            await shop.db.query("INSERT INTO people VALUES ($1, 'there', $2)", [100 + i, i])
          }
          await new Promise((done) => setTimeout(done, 10))
        }
      })()
      const branch = (async () => {
        for (let i = 0; !isOver && i < 200; i++) {
          await shop.edit((table) => table.put({ id: 1000 + i, name: 'here', age: i }))
          here.push(1000 + i)
          await new Promise((done) => setTimeout(done, 50))
        }
      })()
      return {
        async stop() {
          isOver = true
          await Promise.all([database, branch])
          return { here, there }
        },
      }
    }
  },
)

class Crash extends Error {}

type Cut = 'update' | 'apply' | 'acknowledge'

function steps(): [string, { what: Cut; when: 'before' | 'after' }][] {
  const whats: [Cut, string][] = [
    ['update', 'a manifest'],
    ['apply', 'the transaction there'],
    ['acknowledge', 'the acknowledgement'],
  ]
  return whats.flatMap(([what, words]) =>
    (['before', 'after'] as const).map((when): [string, { what: Cut; when: 'before' | 'after' }] => [
      `${when} ${words}`,
      { what, when },
    ]),
  )
}

/** From the nth step of the kind on nothing happens any more, as after a kill. */
function crashAt(cut: { what: Cut; when: 'before' | 'after' }, at: number) {
  let left = at
  let isOver = false
  async function step<T>(what: Cut, work: () => Promise<T>): Promise<T> {
    if (isOver) throw new Crash('killed')
    const isNow = what === cut.what && --left <= 0
    if (isNow && cut.when === 'before') isOver = true
    if (isOver) throw new Crash('killed')
    const result = await work()
    if (isNow) {
      isOver = true
      throw new Crash('killed')
    }
    return result
  }
  return {
    hasHappened: () => isOver,
    store: <S extends object>(store: S): S =>
      wrapped(store, { update: (...args: unknown[]) => step('update', () => call(store, 'update', args)) }),
    connector: (connector: Connector): Connector =>
      wrapped(connector, {
        apply: (...args: unknown[]) => step('apply', () => call(connector, 'apply', args)),
        log: wrapped(connector.log!, {
          open: async (...args: unknown[]) => {
            const reader = (await call(connector.log!, 'open', args)) as object
            return wrapped(reader, {
              acknowledge: (...inner: unknown[]) =>
                step('acknowledge', () => call(reader, 'acknowledge', inner)),
            })
          },
        }),
      }),
  }
}

function call(target: object, name: string, args: unknown[]): Promise<unknown> {
  return (target as Record<string, (...inner: unknown[]) => Promise<unknown>>)[name]!(...args)
}

/** As `target`, but for these. */
function wrapped<T extends object>(target: T, own: Record<string, unknown>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name as string]
      const value = (target as Record<string | symbol, unknown>)[name]
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
