// What a guard has stopped while a link is followed by the log: the log is read on and let go, so that it does not fill the
// server's disk, whatever waits and however long; and nothing of what was written meanwhile is missing once somebody decides.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { endpointLine, follow } from '../../src/sync/follow.ts'
import { pendingSync } from '../../src/sync/pending/approval.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { hasMysql, startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { fault } from '../support/fault.ts'
import { ShopLink } from '../support/shop-link.ts'
import { temporaryDir } from '../support/temporary.ts'

const eventually = { timeout: 60_000, interval: 20 }

interface Db {
  readonly shop: ShopLink
  readonly run: (sql: string) => Promise<void>
  readonly rows: (table: string) => Promise<object[]>
  /** Bytes of the log that the server keeps for the link; null where it keeps none for anybody. */
  readonly kept: () => Promise<number | null>
}

interface Following {
  stop(): Promise<void>
}

type FollowedLine = Awaited<ReturnType<typeof endpointLine>>

interface System {
  make(): Promise<Db>
  stop(): Promise<void>
}

async function postgres(): Promise<System> {
  const server = await startPostgres({ max_replication_slots: '60', max_wal_senders: '20' })
  return {
    stop: () => server.stop(),
    async make() {
      const shop = await ShopLink.create(server, { tables: ['people', 'notes'] })
      return {
        shop,
        run: async (sql) => void (await shop.db.query(sql)),
        rows: async (table) => (await shop.rows(table)) as object[],
        async kept() {
          const { rows } = await shop.db.query<{ kept: string }>(
            `SELECT pg_current_wal_lsn() - confirmed_flush_lsn AS kept FROM pg_replication_slots
             WHERE database = current_database()`,
          )
          return Number(rows[0]!.kept)
        },
      }
    },
  }
}

let count = 0

async function mysql(starting: Promise<MysqlServer>): Promise<System> {
  const server = await starting
  return {
    stop: () => server.stop(),
    async make() {
      const url = await server.database(`stopped${++count}`)
      const db = await server.client(url)
      await db.query(`CREATE TABLE people (id int PRIMARY KEY, name text, age int);
        INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)`)
      return {
        shop: ShopLink.over(url, { tables: ['people', 'notes'] }),
        run: async (sql) => void (await db.query(sql)),
        rows: async (table) => {
          const [rows] = await db.query(`SELECT * FROM ${table} ORDER BY 1`)
          return (rows as object[]).map((row) => ({ ...row }))
        },
        kept: () => Promise.resolve(null),
      }
    },
  }
}

describe.each([
  ['PostgreSQL', hasPostgres, withoutPostgres, postgres],
  ['MariaDB', hasMariadb, withoutMariadb, () => mysql(startMariadb())],
  ['MySQL', hasMysql, withoutMysql, () => mysql(startMysql())],
] as const)('%s', (_, has, without, start) => {
  let system: System
  beforeAll(async () => {
    if (has) system = await start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  test.skipIf(!has).each(['approved', 'discarded'] as const)(
    `an emptied table waits while both tables are written a hundred times, and is then %s${without}`,
    async (how) => {
      const { shop, run, rows, kept } = await system.make()
      await run('CREATE TABLE notes (id int PRIMARY KEY, n int)')
      await run('INSERT INTO notes VALUES (1, 1)')
      const receipts: Receipt[] = []
      const { repo, link } = shop
      const begin = (): Following => {
        const over = new AbortController()
        const options = { signal: over.signal, onBroken: () => {} }
        const open = async (): Promise<FollowedLine> =>
          endpointLine(
            { repo, folder: null, connector: await openEndpoint(link.endpoint), link, options },
            options,
          )
        const ended = (async () => {
          for await (const receipt of follow(repo, link, open, options)) receipts.push(receipt)
        })()
        return {
          async stop() {
            over.abort()
            await ended
          },
        }
      }
      let following = begin()
      try {
        await expect.poll(() => receipts.length, eventually).toBeGreaterThan(0)
        await run('UPDATE notes SET n = 2')
        await expect.poll(() => shop.branchRows('notes'), eventually).toEqual([{ id: 1, n: 2 }])
        await run('DELETE FROM people')
        await expect.poll(() => pendingSync(repo, 'shop'), eventually).not.toBeNull()
        for (let n = 3; n < 100; n++) {
          await run(`UPDATE notes SET n = ${n}`)
          await run(`INSERT INTO people VALUES (${n + 100}, 'new', ${n})`)
          await run(`DELETE FROM people WHERE id = ${n + 99}`)
        }
        await shop.edit((table) => table.put({ id: 1, name: 'Ada L.', age: 36 }))
        await expect.poll(() => shop.branchRows('notes'), eventually).toEqual([{ id: 1, n: 99 }])
        // Whoever wants all of the log has it: what waits is in the repository.
        if ((await kept()) !== null) await expect.poll(kept, eventually).toBeLessThan(2_000)
        expect((await shop.branchRows()).length).toBe(3)
        if (how === 'discarded') await discardPending(repo, null, link)
        else {
          // Of PostgreSQL's log there is one reader at a time.
          await following.stop()
          const { commit } = (await pendingSync(repo, 'shop'))!
          expect((await shop.sync({ approve: commit })).pending).toBeNull()
          following = begin()
        }
        await run(`INSERT INTO people VALUES (500, 'last', 1)`)
        const ada = { id: 1, name: 'Ada L.', age: 36 }
        const others = [
          { id: 2, name: 'Grace', age: 85 },
          { id: 3, name: 'Edsger', age: 72 },
        ]
        const made = [
          { id: 199, name: 'new', age: 99 },
          { id: 500, name: 'last', age: 1 },
        ]
        const branch = how === 'discarded' ? [ada, ...others, ...made] : [ada, ...made]
        await expect.poll(() => shop.branchRows(), eventually).toEqual(branch)
        if (how === 'discarded') await expect.poll(() => rows('people'), eventually).toEqual(branch)
        else {
          // What the branch changed and the endpoint removed is a clash, as ever.
          expect(await rows('people')).toEqual(made)
          await expect
            .poll(() => receipts.at(-1)!.heldBack.map(({ key, reason }) => [key, reason]), eventually)
            .toEqual([['1', 'conflict']])
        }
        expect(await pendingSync(repo, 'shop')).toBeNull()
      } finally {
        await following.stop()
      }
    },
    120_000,
  )
})

describe.skipIf(!hasPostgres)(`approved beside a process that follows${withoutPostgres}`, () => {
  let server: Postgres
  beforeAll(async () => void (server = await startPostgres()), 60_000)
  afterAll(() => server.stop(), 60_000)

  const followed = async (work: (repo: Repository, db: Client) => Promise<void>): Promise<void> => {
    const url = await server.database(`beside${++count}`)
    const db = await server.client(url)
    await db.query(`CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1), (2), (3)`)
    await using repo = await Repository.init(temporaryDir(), {
      author: { name: 'Ada', email: 'ada@example.org' },
    })
    await repo.addLink('shop', { endpoint: url, mode: 'two-way', tables: ['people'], into: 'data' })
    const over = new AbortController()
    let rounds = 0
    const ended = (async () => {
      const options = { signal: over.signal, onRound: () => void rounds++ }
      for await (const receipt of repo.followLink('shop', options)) void receipt
    })()
    try {
      await expect.poll(() => rounds, eventually).toBeGreaterThan(1)
      await work(repo, db)
      const before = rounds
      await db.query('INSERT INTO people VALUES (9)')
      await expect
        .poll(async () => (await repo.at('main')).table('data/people').get(9), eventually)
        .not.toBeNull()
      // An approval that is used up begins no rounds.
      expect(rounds - before).toBeLessThan(6)
    } finally {
      over.abort()
      await ended
    }
  }
  const people = async (repo: Repository): Promise<number> =>
    (await repo.at('main')).table('data/people').count()

  test('that process lets through what was approved', async () => {
    await followed(async (repo, db) => {
      await db.query('DELETE FROM people')
      await expect.poll(() => repo.pendingSync('shop'), eventually).not.toBeNull()
      const { commit } = (await repo.pendingSync('shop'))!
      expect(await people(repo)).toBe(3)
      const receipt = await repo.approveSync('shop', { commit })
      expect([receipt.pending, await repo.pendingSync('shop'), await people(repo)]).toEqual([null, null, 0])
      expect(await fault(repo.approveSync('shop', { commit }))).toContain('nothing')
    })
  }, 60_000)

  test("so are a table's new columns", async () => {
    await followed(async (repo, db) => {
      await db.query(
        'ALTER TABLE people ADD COLUMN age int NOT NULL DEFAULT 7; INSERT INTO people VALUES (4, 4)',
      )
      await expect
        .poll(async () => (await repo.pendingSync('shop'))?.stops[0]?.guard, eventually)
        .toBe('schema')
      const { commit } = (await repo.pendingSync('shop'))!
      await repo.approveSync('shop', { commit })
      expect(await repo.pendingSync('shop')).toBeNull()
      expect({ ...(await (await repo.at('main')).table('data/people').get(1)) }).toEqual({ id: 1, age: 7 })
    })
  }, 60_000)

  test('that process tries again what was rejected, as often as somebody asks', async () => {
    await followed(async (repo, db) => {
      await db.query(`CREATE TABLE rules (least int); INSERT INTO rules VALUES (100);
        CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.id < (SELECT least FROM rules) THEN RAISE EXCEPTION 'too small'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER judge BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION judge()`)
      await repo.transaction('main', (tx) => {
        for (const id of [50, 60]) tx.table('data/people').put({ id })
      })
      const waiting = async (): Promise<string[]> =>
        (await repo.lastSync('shop'))!.heldBack.map(({ key, reason }) => `${key} ${reason}`)
      await expect.poll(waiting, eventually).toEqual(['50 rejected', '60 rejected'])
      const there = async (): Promise<number> =>
        (await db.query('SELECT FROM people WHERE id IN (50, 60)')).rowCount!
      expect((await repo.retrySync('shop')).heldBack).toHaveLength(2)
      await db.query('UPDATE rules SET least = 55')
      expect((await repo.retrySync('shop')).heldBack.map(({ key }) => key)).toEqual(['50'])
      expect(await there()).toBe(1)
      await db.query('UPDATE rules SET least = 0')
      const both = await Promise.all([repo.retrySync('shop'), repo.retrySync('shop')])
      expect(both.map(({ heldBack }) => heldBack)).toEqual([[], []])
      expect(await there()).toBe(2)
    })
  }, 60_000)

  test('what has vanished since then is judged anew', async () => {
    await followed(async (repo, db) => {
      await db.query('INSERT INTO people SELECT i FROM generate_series(100, 4000) i')
      await expect.poll(() => people(repo), eventually).toBe(3904)
      await db.query('DELETE FROM people WHERE id >= 2000')
      await expect.poll(() => repo.pendingSync('shop'), eventually).not.toBeNull()
      const { commit } = (await repo.pendingSync('shop'))!
      await db.query('DELETE FROM people WHERE id >= 100')
      await expect.poll(async () => (await repo.pendingSync('shop'))?.commit, eventually).not.toBe(commit)
      expect(await fault(repo.approveSync('shop', { commit }))).toContain('any more')
      expect(await people(repo)).toBe(3904)
      await repo.approveSync('shop')
      expect([await repo.pendingSync('shop'), await people(repo)]).toEqual([null, 3])
    })
  }, 60_000)
})
