// A table that a link names without its schema, when the name leads to another table one day: that table stops alone, is
// neither read nor written, and goes on when the name leads back, or when somebody approves that one table.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

let postgres: Postgres
let linked: Linked

const attic = [
  { id: 1, name: 'Nobody', age: 0 },
  { id: 9, name: 'Zoe', age: 9 },
]
const moved = (now: string): object => ({
  table: 'people',
  reason: 'schema',
  message: `the name leads to the table of schema '${now}', and led to that of 'public'`,
})

describe.skipIf(!hasPostgres)(`a table named without its schema${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  async function start(changes: 'compare' | 'log'): Promise<void> {
    linked = await Linked.start(postgres)
    linked.link = { ...linked.link, changes, tables: ['people', 'public.other'] }
    await linked.db.query(`
      CREATE TABLE other (id int PRIMARY KEY, name text);
      CREATE SCHEMA attic; CREATE TABLE attic.people (LIKE people INCLUDING ALL);
      INSERT INTO attic.people VALUES (1, 'Nobody', 0), (9, 'Zoe', 9);
      CREATE SCHEMA cellar; CREATE TABLE cellar.people (LIKE people INCLUDING ALL);
      INSERT INTO cellar.people SELECT * FROM attic.people`)
    await linked.sync()
  }

  async function lead(path: string): Promise<void> {
    const { rows } = await linked.db.query<{ name: string }>('SELECT current_database() AS name')
    await linked.db.query(`ALTER DATABASE "${rows[0]!.name}" SET search_path = ${path}`)
  }

  test.each(['compare', 'log'] as const)(
    'waits when the name leads elsewhere, and goes on when it leads back (%s)',
    async (changes) => {
      await start(changes)
      const before = await linked.branchRows()
      await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
      await lead('attic, public')
      await linked.db.query("INSERT INTO public.other VALUES (1, 'seen')")
      const stopped = await linked.sync()
      expect(stopped.heldBack).toMatchObject([moved('attic')])
      expect(await linked.branchRows('public.other')).toEqual([{ id: 1, name: 'seen' }])
      await linked.db.query("UPDATE public.other SET name = 'seen again'")
      const still = await linked.sync()
      expect([still.heldBack, still.pending]).toEqual([stopped.heldBack, stopped.pending])
      expect(await linked.branchRows('public.other')).toEqual([{ id: 1, name: 'seen again' }])
      expect(await linked.rows('attic.people')).toEqual(attic)
      expect(await linked.branchRows()).toEqual([{ id: 1, name: 'Ada L.', age: 36 }, ...before.slice(1)])
      await lead('public, attic')
      const back = await linked.sync()
      expect([back.heldBack, back.pending]).toEqual([[], null])
      expect(await linked.rows('public.people')).toEqual(await linked.branchRows())
      expect(await linked.rows('attic.people')).toEqual(attic)
    },
  )

  test.each(['compare', 'log'] as const)(
    'its link finds its record where it made it, wherever the names lead (%s)',
    async (changes) => {
      await start(changes)
      linked.link = { ...linked.link, tables: ['public.people'] }
      await linked.sync()
      await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }), 'public.people')
      await linked.sync()
      for (const path of ['attic, public', 'cellar', 'public', 'attic']) {
        await lead(path)
        await linked.edit((rows) => rows.put({ id: 1, name: path, age: 36 }), 'public.people')
        await linked.db.query(`UPDATE public.people SET name = '${path}' WHERE id = 2`)
        const { heldBack, pending, notes } = await linked.sync()
        expect([heldBack, pending, notes], path).toEqual([[], null, []])
        expect(await linked.rows('public.people')).toEqual(await linked.branchRows('public.people'))
      }
      const { rows } = await linked.db.query(
        "SELECT relnamespace::regnamespace::text AS place FROM pg_class WHERE relname = 'varve_sync'",
      )
      expect(rows).toEqual([{ place: 'public' }])
    },
  )

  test.each(['compare', 'log'] as const)(
    'goes on with the table that was approved, and with no other (%s)',
    async (changes) => {
      await start(changes)
      await lead('attic')
      const { pending } = await linked.sync()
      await lead('cellar')
      const other = await linked.sync({ approve: pending! })
      expect(other.heldBack).toMatchObject([moved('cellar')])
      expect(other.pending).not.toBe(pending)
      const view = await linked.repository.at(other.pending!)
      expect(await view.table('shop/people').get(9)).toMatchObject({ name: 'Zoe' })
      expect((await linked.sync({ approve: other.pending! })).heldBack).toEqual([])
      expect((await linked.sync()).heldBack).toEqual([])
      expect(await linked.branchRows()).toEqual(attic)
      await linked.edit((rows) => rows.put({ id: 9, name: 'Zoe Z.', age: 9 }))
      await linked.sync()
      expect((await linked.rows('cellar.people'))[1]).toMatchObject({ name: 'Zoe Z.' })
      expect(await linked.rows('attic.people')).toEqual(attic)
    },
  )

  test('of which an earlier one is made while the link is followed waits too', async () => {
    await start('log')
    await lead('attic2, public')
    await linked.db.query('CREATE SCHEMA attic2')
    await linked.connected(async (connector) => {
      const { syncRoundWith } = await import('../../src/sync/round.ts')
      const { OpenLog } = await import('../../src/sync/log/open-log.ts')
      const log = new OpenLog({ isFollowing: true, compareMs: null })
      const round = { repo: linked.repo, folder: null, connector, link: linked.link, options: {} }
      expect((await syncRoundWith(round, log)).heldBack).toEqual([])
      await linked.db.query('CREATE TABLE attic2.people (LIKE people INCLUDING ALL)')
      expect((await syncRoundWith(round, log)).heldBack).toMatchObject([moved('attic2')])
      await linked.db.query("INSERT INTO public.other VALUES (1, 'seen')")
      await syncRoundWith(round, log)
      expect(await linked.branchRows('public.other')).toHaveLength(1)
      await linked.db.query('DROP TABLE attic2.people')
      expect((await syncRoundWith(round, log)).heldBack).toEqual([])
      await log.close()
    })
    expect(await linked.branchRows()).toHaveLength(3)
  })
})
