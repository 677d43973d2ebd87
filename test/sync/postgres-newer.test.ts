// What only newer versions of PostgreSQL have: keys without overlaps, columns that are computed when they are read,
// constraints that are not enforced.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import {
  type Postgres,
  hasNewerPostgres,
  startNewerPostgres,
  withoutNewerPostgres,
} from '../support/postgres.ts'

describe.skipIf(!hasNewerPostgres)(`PostgreSQL 18${withoutNewerPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startNewerPostgres()
  }, 60_000)
  afterAll(() => postgres?.stop())

  const linkTo = async (sql: string, changes: 'compare' | 'log'): Promise<Linked> => {
    const linked = await Linked.start(postgres)
    await linked.db.query(sql)
    linked.link = { ...linked.link, tables: ['t'], changes }
    await linked.sync()
    return linked
  }

  test('a role that may not read the log is told which right it lacks, and has its tables compared', async () => {
    const linked = await linkTo('CREATE TABLE t (id int PRIMARY KEY)', 'compare')
    await linked.db.query('CREATE ROLE reader LOGIN; GRANT ALL ON t TO reader')
    const endpoint = linked.link.endpoint.replace('postgres@', 'reader@')
    linked.link = { ...linked.link, endpoint, mode: 'capture', changes: 'log' }
    expect((await linked.sync()).notes.join()).toMatch(/^the log cannot be read.*REPLICATION attribute/)
  })

  describe.each(['compare', 'log'] as const)('by %s', (changes) => {
    test('rows of a key without overlaps go both ways, and one that overlaps another waits alone', async () => {
      const linked = await linkTo(
        `CREATE EXTENSION btree_gist;
         CREATE TABLE t (id int, during daterange, who text, PRIMARY KEY (id, during WITHOUT OVERLAPS));
         INSERT INTO t VALUES (1, '[2026-01-01,2026-02-01)', 'ann')`,
        changes,
      )
      expect(await linked.branchRows('t')).toHaveLength(1)
      const may = '[2026-05-01,2026-06-01)'
      await linked.edit((rows) => {
        rows.put({ id: 1, during: may, who: 'bob' })
        rows.put({ id: 1, during: '[2026-01-15,2026-03-01)', who: 'carl' })
      }, 't')
      const { heldBack } = await linked.sync()
      expect(heldBack.map(({ key, reason }) => `${key} ${reason}`)).toEqual([
        '1, [2026-01-15,2026-03-01) rejected',
      ])
      await linked.db.query(`UPDATE t SET who = 'bea' WHERE who = 'bob'; DELETE FROM t WHERE who = 'ann'`)
      await linked.sync()
      const { rows } = await linked.db.query('SELECT * FROM t ORDER BY during')
      expect(rows).toMatchObject([
        { id: 1, during: '[2026-01-15,2026-03-01)', who: 'carl' },
        { id: 1, during: may, who: 'bea' },
      ])
      expect(await linked.branchRows('t')).toEqual(rows)
    })

    test('columns that are computed when they are read are read, and are written by nobody', async () => {
      const linked = await linkTo(
        `CREATE TABLE t (id uuid PRIMARY KEY DEFAULT uuidv7(), n int, twice int GENERATED ALWAYS AS (n * 2) VIRTUAL);
         INSERT INTO t (n) VALUES (1)`,
        changes,
      )
      const [row] = (await linked.branchRows('t')) as { id: string; n: unknown; twice: unknown }[]
      expect(String(row!.twice)).toBe('2')
      await linked.edit((rows) => rows.put({ ...row!, n: 7 }), 't')
      await linked.sync()
      await linked.sync()
      expect(await linked.rows('t')).toEqual([{ id: row!.id, n: 7, twice: 14 }])
      expect(await linked.branchRows('t')).toEqual(await linked.rows('t'))
      await linked.db.query('ALTER TABLE t ALTER COLUMN twice SET EXPRESSION AS (n * 3)')
      await linked.sync()
      expect(await linked.branchRows('t')).toEqual([{ id: row!.id, n: 7, twice: 21 }])
    })
  })
})
