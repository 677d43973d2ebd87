// What PostgreSQL takes for the same, computes itself, checks late or refuses by rules of its own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpenLog } from '../../src/sync/log/open-log.ts'
import { syncRoundWith } from '../../src/sync/round.ts'
import { fault } from '../support/fault.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const anyCase = `CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`

describe.skipIf(!hasPostgres)(`corners of PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  const linkTo = async (sql: string, tables = ['t']): Promise<Linked> => {
    const linked = await Linked.start(postgres)
    await linked.db.query(sql)
    linked.link = { ...linked.link, tables }
    await linked.sync()
    return linked
  }
  const put = (linked: Linked, rows: readonly object[], table = 't'): Promise<void> =>
    linked.edit((into) => rows.forEach((row) => into.put(row)), table)
  const held = async (linked: Linked): Promise<string[]> =>
    (await linked.sync()).heldBack.map(({ table, key, reason }) => `${table} ${key} ${reason}`)

  test.each([
    ['text COLLATE any_case', 'Ada', 'ada'],
    ['numeric', '1.0', '1.00'],
    ['char(5)', 'a', 'a '],
  ])('of two keys that %s takes for one the second waits, and is not lost', async (type, one, other) => {
    const linked = await linkTo(`${anyCase}; CREATE TABLE t (id ${type} PRIMARY KEY, n int)`)
    await put(linked, [
      { id: one, n: 1 },
      { id: other, n: 2 },
    ])
    expect(await held(linked)).toEqual([expect.stringMatching(`^t ${other} (rejected|changed)$`)])
    await linked.sync()
    expect(await linked.rows('t')).toHaveLength(1)
    expect(await linked.branchRows('t')).toHaveLength(2)
  })

  test('a change of case is a change, whatever the collation says', async () => {
    const linked = await linkTo(
      `${anyCase}; CREATE TABLE t (id int PRIMARY KEY, name text COLLATE any_case); INSERT INTO t VALUES (1, 'ada')`,
    )
    await put(linked, [{ id: 1, name: 'Bob' }])
    await linked.sync({}, (connector) => ({
      ...wrapped(connector),
      apply: async (plan) => {
        await linked.db.query(`UPDATE t SET name = 'ADA'`)
        return connector.apply(plan)
      },
    }))
    expect(await linked.rows('t')).toEqual([{ id: 1, name: 'ADA' }])
  })

  test('rows are found again whose types have another text when they are cast', async () => {
    const linked = await linkTo(`
      CREATE DOMAIN padded AS char(5); CREATE DOMAIN yes AS bool; CREATE DOMAIN address AS inet;
      CREATE TYPE pair AS (a char(3), b bool);
      CREATE TABLE t (id int PRIMARY KEY, a padded, b yes, c address, d pair, e bool[], f cidr, g money, n int);
      INSERT INTO t VALUES (1, 'a', true, '10.0.0.1', ('x', true), '{t,NULL}', '10.0.0.0/8', 4, 1)`)
    await put(linked, [{ ...((await linked.branchRows('t'))[0] as object), n: 2 }])
    expect(await held(linked)).toEqual([])
    expect((await linked.rows('t'))[0]).toMatchObject({ n: 2 })
  })

  test('a column that the database computes is left to it, and comes back as it says', async () => {
    const linked = await linkTo(`
      CREATE TABLE t (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (n * 2) STORED); INSERT INTO t VALUES (1, 1)`)
    for (const n of [5, 5]) {
      await put(linked, [{ id: 1, n, g: 7 }])
      expect(await held(linked)).toEqual([])
      await linked.sync()
      expect(await linked.branchRows('t')).toEqual([{ id: 1, n: 5, g: 10 }])
    }
  })

  test('a value that an index has no room for waits by itself', async () => {
    const linked = await linkTo('CREATE TABLE t (id int PRIMARY KEY, s text); CREATE INDEX ON t (s)')
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(9000))).toString('hex')
    await put(linked, [
      { id: 2, s: 'b' },
      { id: 3, s: noise },
    ])
    expect(await held(linked)).toEqual(['t 3 rejected'])
    expect(await linked.rows('t')).toEqual([{ id: 2, s: 'b' }])
  })

  test('a row that a policy forbids waits by itself', async () => {
    const linked = await linkTo(`
      CREATE ROLE clerk LOGIN; GRANT CREATE ON SCHEMA public TO clerk;
      CREATE TABLE t (id int PRIMARY KEY, s text); GRANT ALL ON t TO clerk; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON t USING (true) WITH CHECK (s <> 'x'); ALTER TABLE t OWNER TO postgres`)
    linked.link = { ...linked.link, endpoint: linked.link.endpoint.replace('postgres@', 'clerk@') }
    // Policies hold for this user that did not for the one before; but they hide nothing that was seen.
    expect(await held(linked)).toEqual([])
    await put(linked, [
      { id: 1, s: 'x' },
      { id: 2, s: 'b' },
    ])
    await linked.db.query('GRANT ALL ON varve_sync TO clerk').catch(() => undefined)
    expect(await held(linked)).toEqual(['t 1 rejected'])
    expect(await linked.rows('t')).toEqual([{ id: 2, s: 'b' }])
  })

  test('a sequence that has given out nothing yet does not give out what is taken', async () => {
    const linked = await linkTo('CREATE TABLE t (id serial PRIMARY KEY, n int)')
    await put(linked, [{ id: 1, n: 1 }])
    await linked.sync()
    expect(await fault(linked.db.query('INSERT INTO t (n) VALUES (2)'))).toBe('no error')
  })

  test('a key that is checked late is written to, and has no log that would stop its UPDATEs', async () => {
    const linked = await linkTo(
      `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, s text); INSERT INTO t VALUES (1, 'a')`,
    )
    await put(linked, [{ id: 2, s: 'b' }])
    expect(await held(linked)).toEqual([])
    linked.link = { ...linked.link, changes: 'log' }
    expect((await linked.sync()).notes.join()).toContain('the replica identity of t is neither')
    expect(await fault(linked.db.query(`UPDATE t SET s = 'c'`))).toBe('no error')
    expect(await linked.rows('t')).toHaveLength(2)
  })

  test('nor has a table one of whose parts has no replica identity', async () => {
    const linked = await linkTo(`
      CREATE TABLE t (id int PRIMARY KEY, s text) PARTITION BY RANGE (id);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
      ALTER TABLE t1 REPLICA IDENTITY NOTHING; INSERT INTO t VALUES (1, 'a')`)
    linked.link = { ...linked.link, changes: 'log' }
    expect((await linked.sync()).notes.join()).toContain('the replica identity of t1 is neither')
    expect(await fault(linked.db.query(`UPDATE t SET s = 'b'`))).toBe('no error')
  })

  test('a part that is emptied or dropped while the link is followed takes its rows along', async () => {
    const linked = await linkTo(`
      CREATE TABLE t (id int PRIMARY KEY, s text) PARTITION BY RANGE (id);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);
      CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (100) TO (200);
      INSERT INTO t VALUES (1, 'a'), (101, 'b')`)
    const log = new OpenLog({ isFollowing: true, compareMs: null })
    await linked.connected(async (connector) => {
      const { repo, link } = linked
      const round = () => syncRoundWith({ repo, folder: null, connector, link, options: {} }, log)
      for (const change of ['TRUNCATE t2', 'DROP TABLE t2']) {
        await linked.db.query(`INSERT INTO t VALUES (102, 'c')`)
        await round()
        expect(await linked.branchRows('t')).toContainEqual({ id: 102, s: 'c' })
        await linked.db.query(change)
        await round()
        expect(await linked.branchRows('t')).toEqual([{ id: 1, s: 'a' }])
      }
      await log.close()
    })
  })

  test('a row that breaks a late constraint does not hold back those that wait for each other', async () => {
    const linked = await linkTo(
      `CREATE TABLE t (id int PRIMARY KEY, u int); CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
       ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u DEFERRABLE INITIALLY DEFERRED`,
      ['t', 'u'],
    )
    await put(linked, [
      { id: 2, u: 2 },
      { id: 3, u: 77 },
    ])
    await put(linked, [{ id: 2, t: 2 }], 'u')
    expect(await held(linked)).toEqual(['t 3 rejected'])
    expect([await linked.rows('t'), await linked.rows('u')]).toEqual([[{ id: 2, u: 2 }], [{ id: 2, t: 2 }]])
  })

  test('rows that need each other go in where one of their references may be checked later, and by itself is not', async () => {
    const linked = await linkTo(
      `CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL); CREATE TABLE u (id int PRIMARY KEY, t int NOT NULL REFERENCES t);
       ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u DEFERRABLE`,
      ['t', 'u'],
    )
    await put(linked, [{ id: 2, u: 2 }])
    await put(
      linked,
      [
        { id: 2, t: 2 },
        { id: 3, t: 77 },
      ],
      'u',
    )
    expect(await held(linked)).toEqual(['u 3 rejected'])
    expect([await linked.rows('t'), await linked.rows('u')]).toEqual([[{ id: 2, u: 2 }], [{ id: 2, t: 2 }]])
    await linked.edit((rows) => rows.delete(2), 't')
    await linked.edit((rows) => [2, 3].forEach((id) => rows.delete(id)), 'u')
    await linked.sync({ allow: ['deletes'] })
    expect([await linked.rows('t'), await linked.rows('u')]).toEqual([[], []])
  })

  test('a table has no rows of those that inherit from it and are linked too, by comparing and by the log', async () => {
    const sql = `CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE heir (more text, PRIMARY KEY (id)) INHERITS (t)`
    const linked = await linkTo(
      `${sql}; INSERT INTO t VALUES (1, 1); INSERT INTO heir VALUES (1, 10), (2, 20)`,
      ['t', 'heir'],
    )
    expect(await linked.branchRows('t')).toEqual([{ id: 1, n: 1 }])
    await put(linked, [
      { id: 1, n: 2 },
      { id: 2, n: 3 },
    ])
    expect(await held(linked)).toEqual([])
    expect(await linked.rows('ONLY t')).toEqual([
      { id: 1, n: 2 },
      { id: 2, n: 3 },
    ])
    expect(await linked.rows('heir')).toEqual([
      { id: 1, n: 10, more: null },
      { id: 2, n: 20, more: null },
    ])
    linked.link = { ...linked.link, changes: 'log' }
    await linked.sync()
    await linked.db.query('UPDATE t SET n = n + 1')
    expect((await linked.sync()).notes).toEqual([])
    expect(await linked.branchRows('t')).toHaveLength(2)
    expect(await linked.branchRows('heir')).toHaveLength(2)
    expect((await linked.db.query('SELECT sum(n)::int AS sum FROM t')).rows).toEqual([{ sum: 39 }])
    await linked.db.query('CREATE TABLE late () INHERITS (t)')
    const { heldBack } = await linked.sync()
    expect(heldBack.map(({ table, message }) => `${table}: ${message}`)).toEqual([
      "t: 'heir' and 'late' inherit from 't': link all tables that do, or none of them",
    ])
  })

  test('rows of tables that inherit count as those of a table that is linked alone', async () => {
    const linked = await linkTo(
      `CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE heir () INHERITS (t); INSERT INTO heir VALUES (1, 1)`,
    )
    await put(linked, [{ id: 1, n: 2 }])
    expect(await held(linked)).toEqual([])
    expect(await linked.rows('ONLY heir')).toEqual([{ id: 1, n: 2 }])
    linked.link = { ...linked.link, changes: 'log' }
    expect((await linked.sync()).notes).toEqual([expect.stringContaining("other tables inherit from 't'")])
  })

  test.each(['VIEW', 'MATERIALIZED VIEW'])('a %s is said to be no table', async (kind) => {
    const linked = await linkTo('CREATE TABLE t (id int PRIMARY KEY)')
    await linked.db.query(`CREATE ${kind} v AS SELECT * FROM t`)
    linked.link = { ...linked.link, tables: ['v'] }
    expect(await fault(linked.sync())).toMatch("'v' is a view")
  })
})
