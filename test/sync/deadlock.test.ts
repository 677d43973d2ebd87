// A round and another writer that wait for each other: the database ends one of the two. Where it is ours nothing of it is
// there, it counts as a fault that passes, and the next try brings both changes together.
import { afterEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { isTransient, withRetries } from '../../src/sync/retry.ts'
import { syncRound } from '../../src/sync/round.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

interface System {
  readonly url: string
  run(sql: string): Promise<unknown>
  rows(sql: string): Promise<unknown[]>
  /** Whether a transaction of the database waits for a lock. */
  isWaiting(): Promise<boolean>
}

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
}, 60_000)

const kinds: readonly { name: string; without: string; start(): Promise<System> }[] = [
  {
    name: 'PostgreSQL',
    without: withoutPostgres,
    async start() {
      // Whoever waits for so long looks whether it is for ever, once: the round waits first, so it is the one that ends.
      const postgres = await startPostgres({ deadlock_timeout: '4s' })
      ends.push(() => postgres.stop())
      const url = await postgres.database('locks')
      const [db, other] = [await postgres.client(url), await postgres.client(url)]
      await db.query("SET deadlock_timeout = '100s'")
      return {
        url,
        run: (sql) => db.query(sql),
        rows: async (sql) => (await db.query(sql)).rows,
        isWaiting: async () =>
          (
            await other.query(
              "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'varve'",
            )
          ).rows.length > 0,
      }
    },
  },
  {
    name: 'MariaDB',
    without: withoutMariadb,
    async start() {
      const mariadb = await startMariadb()
      ends.push(() => mariadb.stop())
      const url = await mariadb.database('locks')
      const [db, other] = [await mariadb.client(url), await mariadb.client(url)]
      return {
        url,
        run: (sql) => db.query(sql),
        rows: async (sql) => (await db.query(sql))[0] as unknown[],
        isWaiting: async () => {
          const [found] = await other.query(
            "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
          )
          return (found as unknown[]).length > 0
        },
      }
    },
  },
]

for (const kind of kinds) {
  describe.skipIf(kind.without !== '')(`a deadlock in ${kind.name}${kind.without}`, () => {
    test('ends the round, which is tried again; nothing of either side is lost', async () => {
      const system = await kind.start()
      await system.run('CREATE TABLE a (id int PRIMARY KEY, ours int, theirs int)')
      await system.run('CREATE TABLE b (id int PRIMARY KEY REFERENCES a (id), ours int, theirs int)')
      await system.run('CREATE TABLE heavy (id int PRIMARY KEY)')
      for (const table of ['a', 'b']) await system.run(`INSERT INTO ${table} VALUES (1, 0, 0), (2, 0, 0)`)
      const store = MemoryStore.create()
      const link: Link = {
        name: 'l',
        endpoint: system.url,
        mode: 'two-way',
        tables: ['a', 'b'],
        into: '',
        branch: 'main',
      }
      await sync(store, link)
      const repository = DataRepository.over(store, { author })
      await repository.transaction('main', (tx) => {
        for (const table of ['a', 'b']) tx.table(table).put({ id: 1, ours: 7, theirs: 0 } as never)
      })
      // InnoDB ends the transaction that has written less.
      await system.run('BEGIN')
      await system.run(`INSERT INTO heavy VALUES ${Array.from({ length: 200 }, (_, i) => `(${i})`).join()}`)
      await system.run('UPDATE b SET theirs = 5 WHERE id = 1')
      const failures: unknown[] = []
      const syncing = withRetries(
        () =>
          sync(store, link).catch((error: unknown) => {
            failures.push(error)
            throw error
          }),
        { retries: 10 },
      )
      syncing.catch(() => undefined)
      // InnoDB tells nothing new to whoever asks again within a tenth of a second.
      await expect.poll(() => system.isWaiting(), { timeout: 30_000, interval: 300 }).toBe(true)
      await system.run('UPDATE a SET theirs = 5 WHERE id = 1')
      await system.run('COMMIT')
      await syncing
      expect(failures.length).toBeGreaterThan(0)
      expect(failures.every((error) => isTransient(error))).toBe(true)
      expect(String(isVarveError(failures[0]) ? failures[0].message : failures[0])).toMatch(/deadlock/i)
      await sync(store, link)
      for (const table of ['a', 'b']) {
        expect(await system.rows(`SELECT * FROM ${table} WHERE id = 1`)).toEqual([
          { id: 1, ours: 7, theirs: 5 },
        ])
        const row = await (await repository.at('main')).table(table).get(1)
        expect({ ...row }).toEqual({ id: 1, ours: 7, theirs: 5 })
      }
    })
  })
}

async function sync(store: MemoryStore, link: Link): Promise<Receipt> {
  const connector = await openLink(link, {})
  const repo = createContext(store, { author })
  try {
    return await syncRound({ repo, folder: null, connector, link, options: {} })
  } finally {
    await connector.close()
  }
}
