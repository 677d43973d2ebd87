// Commits that are written as transactions of their own and announced together, cut short within such a run: by what looks
// to the round like a kill, and by a kill -9 of the program.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import type { ApplyPlan } from '../../src/connectors/interface.ts'
import { announcedMax } from '../../src/sync/apply/commit-run.ts'
import { sinceSync } from '../../src/sync/since.ts'
import { ok, varveFile } from '../cli/varve.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { SeenLink, killedAt } from '../support/seen-link.ts'
import type { ShopLink } from '../support/shop-link.ts'
import { temporaryDir } from '../support/temporary.ts'

describe.skipIf(!hasPostgres)(`runs of commits, written to PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let seen: SeenLink
  let shop: ShopLink

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(async () => {
    seen = await SeenLink.create(postgres)
    shop = seen.shop
  })

  async function setAll(ages: readonly number[]): Promise<string[]> {
    for (const age of ages) await seen.set(1, age)
    return ages.map((age) => `1=${age}`)
  }

  test('a run is announced by one manifest', async () => {
    const all = await setAll([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const { sequence } = await shop.store.manifest()
    await shop.sync()
    expect(await seen.transactions()).toEqual(all)
    // Nine of them, the tip, what was written, the receipt.
    expect((await shop.store.manifest()).sequence - sequence).toBe(4)
  })

  test.each(['before', 'after'] as const)(
    'killed %s any of its transactions, and collected: the next round goes on at the commit that is next',
    async (when) => {
      const all: string[] = []
      for (let at = 1; at <= 6; at++) {
        all.push(...(await setAll([1, 2, 3, 4, 5].map((age) => 10 * at + age))))
        await shop.sync({}, killedAt(at, when)).catch(() => 0)
        await shop.store.gc({ graceMs: 0, manifestsKeptMax: 1 })
        const { notes } = await shop.sync()
        // Before the tip it was written down how far it came.
        const isCut = when === 'after' ? at < 6 : at > 1 && at < 5
        expect(notes.join().includes('cut short'), `at ${at}`).toBe(isCut)
        expect(await seen.transactions(), `at ${at}`).toEqual(all)
      }
      await shop.store.gc({ graceMs: 0, manifestsKeptMax: 1 })
      expect((await shop.store.fsck()).problems).toEqual([])
      expect((await shop.sync()).tables[0]).toMatchObject({ written: { changed: 0 } })
    },
  )

  test.each([1, 3, 5])(
    'the server killed (-9) while it takes number %i: no transaction is written twice or left out',
    async (at) => {
      const all = await setAll([1, 2, 3, 4, 5, 6])
      let left = at
      const failed = await shop
        .sync({}, (connector) => {
          const apply = connector.apply.bind(connector)
          return Object.assign(connector, {
            apply: async (plan: ApplyPlan) => {
              left--
              if (left > 0) return apply(plan)
              const [ended] = await Promise.allSettled([apply(plan), postgres.kill()])
              if (ended.status === 'rejected') throw ended.reason
              throw new Error('killed')
            },
          })
        })
        .then(() => false)
        .catch(() => true)
      await postgres.start()
      shop = seen.shop = shop.with(shop.link, await postgres.client(shop.link.endpoint))
      expect(failed).toBe(true)
      await shop.sync()
      expect(await seen.transactions()).toEqual(all)
      expect((await shop.sync()).tables[0]).toMatchObject({ written: { changed: 0 } })
    },
  )

  test('set back to one of a run that is told, the endpoint is known to be restored', async () => {
    await setAll([1, 2, 3, 4])
    await shop.sync({}, killedAt(2, 'after')).catch(() => 0)
    const { rows } = await shop.db.query<{ base: string }>('SELECT base_commit AS base FROM varve_sync')
    const setBack = async (): Promise<void> => {
      await shop.db.query('UPDATE people SET age = 2 WHERE id = 1')
      await shop.db.query('UPDATE varve_sync SET base_commit = $1', [rows[0]!.base])
      await shop.db.query('TRUNCATE seen')
    }
    await shop.sync()
    expect(await seen.ages()).toContain('1=4')
    await setBack()
    const { notes } = await shop.sync()
    expect(notes.join()).toContain('was restored from an earlier state')
    expect(await seen.ages()).toContain('1=2')
    await shop.sync({ allow: ['restored'] })
    expect(await seen.ages()).toContain('1=4')
  })

  test('more than one run holds, killed here and there: each is one transaction, in order', async () => {
    const count = 2 * announcedMax + 20
    const all = await setAll(Array.from({ length: count }, (_, i) => i + 1))
    for (const at of [announcedMax, 1, 2, 51, 60])
      await shop.sync({}, killedAt(at, at % 2 === 0 ? 'after' : 'before')).catch(() => 0)
    await shop.sync()
    expect(await seen.transactions()).toEqual(all)
  }, 60_000)

  test('rows that are refused again and again hold back only themselves', async () => {
    const all: string[] = []
    for (let age = 1; age <= 20; age++) {
      await seen.set(2, 1e6 + age)
      all.push(...(await setAll([age])))
    }
    const receipt = await shop.sync()
    expect(await seen.transactions()).toEqual(all)
    expect(receipt.heldBack).toMatchObject([{ key: '2', reason: 'rejected' }])
    expect((await sinceSync(shop.repo, shop.link, receipt)).isCut).toBe(false)
    await seen.set(2, 7)
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await seen.ages()).toBe('1=20 2=7 3=72')
  })

  test('a round that only a refusal has kept from writing is no round that was cut short', async () => {
    await seen.set(2, 1e6)
    const receipt = await shop.sync()
    expect(receipt.heldBack).toMatchObject([{ key: '2', reason: 'rejected' }])
    expect((await sinceSync(shop.repo, shop.link, receipt)).isCut).toBe(false)
  })

  test('kill -9 amid runs: nothing is written twice, and nothing is left out', async () => {
    const dir = temporaryDir()
    const endpoint = await postgres.database(`killed${process.pid}`)
    const db = await postgres.client(endpoint)
    await db.query('CREATE TABLE steps (id int PRIMARY KEY, n int)')
    const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
    const setting = { tables: ['steps'], into: '', commits: 'each' as const }
    await repo.addLink('copy', { endpoint, mode: 'two-way', ...setting })
    await repo.sync('copy')
    const put = (n: number): Promise<unknown> =>
      repo.transaction('main', (tx) => tx.table('steps').put({ id: 1, n }))
    await put(0)
    await repo.sync('copy')
    await repo.removeLink('copy')
    await repo.addLink('copy', { endpoint, mode: 'mirror', ...setting })
    await put(1)
    await repo.sync('copy')
    await db.query(`
      CREATE TABLE seen (at serial, n int);
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO seen (n) VALUES (NEW.n); RETURN NULL; END $$;
      CREATE TRIGGER see AFTER INSERT OR UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION see()`)
    const numbers = Array.from({ length: 220 }, (_, i) => i + 2)
    for (const n of numbers) await put(n)
    const written = async (): Promise<number[]> =>
      (await db.query<{ n: number }>('SELECT n FROM seen ORDER BY at')).rows.map(({ n }) => n)
    for (const limit of [20, 150]) {
      const child = spawn(process.execPath, [varveFile, 'sync'], { cwd: dir, stdio: 'ignore' })
      const ended = once(child, 'close')
      while (child.exitCode === null && (await written()).length < limit);
      child.kill('SIGKILL')
      await ended
    }
    expect((await written()).length).toBeLessThan(numbers.length)
    await ok(['sync'], { cwd: dir })
    expect(await written()).toEqual(numbers)
    await repo.close()
  }, 120_000)
})
