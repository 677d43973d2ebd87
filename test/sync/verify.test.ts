// Whether an endpoint holds what a commit holds, against a real PostgreSQL.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LinkVerification, VerifyOptions } from '../../src/sync/verify/interface.ts'
import { verifyLink } from '../../src/sync/verify/verify.ts'
import { fault } from '../support/fault.ts'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

let postgres: Postgres
let linked: Linked

describe.skipIf(!hasPostgres)(`verification of links${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())
  beforeEach(async () => {
    linked = await Linked.start(postgres)
  })

  function verify(options: VerifyOptions = {}): Promise<LinkVerification> {
    return linked.connected((connector) =>
      verifyLink({ repo: linked.repo, connector, link: linked.link, options }),
    )
  }

  test('an endpoint in step matches, and nothing is written anywhere', async () => {
    await linked.sync()
    const { sequence } = await linked.store.manifest()
    const verified = await verify()
    expect(verified).toMatchObject({ matches: true, tables: [{ table: 'people', ranges: [], rows: [] }] })
    expect(verified.tables[0]!.endpoint).toEqual(verified.tables[0]!.commit)
    expect((await linked.store.manifest()).sequence).toBe(sequence)
  })

  test('rows that differ are named with their columns, and with why they wait', async () => {
    await linked.sync()
    await linked.db.query(`UPDATE people SET age = 40 WHERE id = 1`)
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 50 }))
    await linked.sync()
    await linked.db.query(`DELETE FROM people WHERE id = 2; INSERT INTO people VALUES (7, 'Seven', 7)`)
    const verified = await verify()
    expect(verified).toMatchObject({
      matches: false,
      tables: [
        {
          counts: { missing: 1, extra: 1, changed: 1 },
          ranges: [{ from: '1', to: '3', rows: 3, differing: 3 }],
          rows: [
            { key: '1', kind: 'changed', columns: ['age'], heldBack: 'conflict' },
            { key: '2', kind: 'missing', columns: [], heldBack: null },
            { key: '7', kind: 'extra', columns: [], heldBack: null },
          ],
          isCut: false,
        },
      ],
    })
    expect((await verify({ against: 'refs/links/shop/live' })).tables[0]!.counts).toEqual({
      missing: 1,
      extra: 1,
      changed: 0,
    })
  })

  test('a cell that the branch leaves out is the NULL that it was written as', async () => {
    await linked.sync()
    linked.link = { ...linked.link, mode: 'materialize' }
    await linked.edit((rows) => rows.put({ id: 8, name: 'Barbara' }))
    expect((await linked.sync()).tables[0]!.written.added).toBe(1)
    expect(await verify()).toMatchObject({ matches: true, tables: [{ rows: [], ranges: [] }] })
    await linked.db.query('UPDATE people SET age = 0 WHERE id = 8')
    expect((await verify()).tables[0]!.rows).toMatchObject([{ key: '8', columns: ['age'] }])
  })

  test('what the database spells otherwise matches, and what it has rounded does not', async () => {
    await linked.db.query('DROP TABLE people')
    await linked.db.query(
      'CREATE TABLE people (id int PRIMARY KEY, price numeric(10,2), at timestamptz, code char(4), facts jsonb)',
    )
    await linked.sync()
    linked.link = { ...linked.link, mode: 'materialize' }
    const facts = { b: 1, a: [2] }
    await linked.edit((rows) => {
      rows.put({ id: 1, price: 3, at: '2024-05-06 09:00:00+02', code: 'ab', facts })
      rows.put({ id: 2, price: 4.25, at: '2024-05-06T07:00:00Z', code: 'abcd', facts })
    })
    await linked.sync()
    expect(await verify()).toMatchObject({
      matches: true,
      tables: [{ counts: { missing: 0, extra: 0, changed: 0 }, respelled: 2, rows: [], ranges: [] }],
    })
    await linked.edit((rows) =>
      rows.put({ id: 1, price: 3.004, at: '2024-05-06 09:00:00+02', code: 'ab', facts }),
    )
    await linked.sync()
    expect(await verify()).toMatchObject({
      matches: false,
      tables: [{ counts: { changed: 1 }, respelled: 1, rows: [{ key: '1', columns: ['price'] }] }],
    })
  })

  test('a change that a whole table of equal rows surrounds is found by its range', async () => {
    await linked.db.query(`INSERT INTO people SELECT i, 'p' || i, i % 100 FROM generate_series(10, 20000) i`)
    await linked.sync()
    await linked.db.query(`UPDATE people SET age = -1 WHERE id IN (5000, 15000)`)
    const [table] = (await verify()).tables
    expect(table!.rows.map(({ key }) => key)).toEqual(['5000', '15000'])
    expect(table!.ranges).toHaveLength(2)
    for (const [i, id] of [5000, 15000].entries()) {
      const { from, to, rows, differing } = table!.ranges[i]!
      expect([Number(from) <= id, Number(to) >= id, rows < 5000, differing]).toEqual([true, true, true, 1])
    }
  })

  test('of many rows that differ all are counted and a thousand listed', async () => {
    await linked.db.query(`INSERT INTO people SELECT i, 'p' || i, i % 100 FROM generate_series(10, 5009) i`)
    await linked.sync()
    await linked.db.query(`DELETE FROM people WHERE id >= 10`)
    const [table] = (await verify()).tables
    expect(table).toMatchObject({ counts: { missing: 5000, extra: 0, changed: 0 }, isCut: true })
    expect(table!.rows).toHaveLength(1000)
    expect(table!.ranges.reduce((sum, { differing }) => sum + differing, 0)).toBe(5000)
  })

  test('columns that only one side has are named and not compared', async () => {
    await linked.sync()
    await linked.db.query(
      `ALTER TABLE people ADD email text NOT NULL DEFAULT 'none'; ALTER TABLE people DROP age`,
    )
    expect((await verify()).tables[0]).toMatchObject({
      matches: true,
      columnsOnlyThere: ['email'],
      columnsOnlyHere: ['age'],
    })
  })

  test('a commit before the link, and a table that is none of it, are said to be that', async () => {
    expect(await fault(verify())).toContain('VARVE_REF_NOT_FOUND')
    await linked.sync()
    expect(await fault(verify({ tables: ['nobody'] }))).toContain("'nobody' is not a table of the link")
  })

  test('a table that cannot be read proves nothing, and a link without a round has nothing to compare with', async () => {
    expect(await fault(verify())).toMatch(/^VARVE_REF_NOT_FOUND: .*has no commits/)
    linked.link = {
      ...linked.link,
      mode: 'capture',
      transform: [
        {
          table: 'people',
          where: null,
          select: null,
          omit: [],
          columns: [{ column: 'name', compute: null, mask: null, cast: 'int', rename: null }],
        },
      ],
    }
    await linked.db.query(`UPDATE people SET name = id`)
    await linked.sync()
    expect(await verify()).toMatchObject({ matches: true })
    await linked.db.query(`UPDATE people SET name = 'secret' WHERE id = 2`)
    const verified = await verify()
    expect(verified).toMatchObject({
      matches: false,
      tables: [
        { unread: expect.stringContaining("column 'name'") as string, endpoint: null, commit: { rows: 3 } },
      ],
    })
    expect(JSON.stringify(verified)).not.toContain('secret')
  })
})
