// What a role of PostgreSQL, or a database, has set for itself and may do: limits of time, modes, rights. Whatever it is,
// values arrive as they are, a round reads to its end, and what does not go says why.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connector } from '../../src/connectors/interface.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fault } from '../support/fault.ts'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

let postgres: Postgres
let linked: Linked
let count = 0

describe.skipIf(!hasPostgres)(`a role of PostgreSQL${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  /** A new database with a link that goes by a new role, which owns nothing. */
  async function start(settings: readonly string[] = []): Promise<string> {
    linked = await Linked.start(postgres)
    const role = `role${++count}`
    await linked.db.query(`CREATE ROLE ${role} LOGIN; GRANT ALL ON people TO ${role}`)
    for (const setting of settings) await linked.db.query(`ALTER ROLE ${role} SET ${setting}`)
    linked.link = { ...linked.link, endpoint: linked.link.endpoint.replace('postgres@', `${role}@`) }
    return role
  }

  test('that has limits of time for its queries reads and writes all the same', async () => {
    await start([
      "statement_timeout = '5ms'",
      "idle_in_transaction_session_timeout = '200ms'",
      "idle_session_timeout = '200ms'",
    ])
    await linked.db.query(
      "INSERT INTO people SELECT i, repeat('x', 100), i FROM generate_series(10, 30000) i",
    )
    // Longer than the limits, before the transaction and in it: a machine that is busy must not be cut off as it connects.
    const slow = (connector: Connector): Connector => {
      const snapshot: Connector['snapshot'] = async (...asked) => {
        await sleep(300)
        const taken = await connector.snapshot(...asked)
        await sleep(300)
        return taken
      }
      return new Proxy(connector, {
        get: (target, name) => {
          if (name === 'snapshot') return snapshot
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    }
    expect((await linked.sync({}, slow)).tables[0]).toMatchObject({ read: 29_994 })
  })

  test('that may not ask how far the log has got reads and writes all the same', async () => {
    await start()
    await linked.db.query('REVOKE EXECUTE ON FUNCTION pg_current_wal_flush_lsn() FROM PUBLIC')
    const receipt = await linked.sync()
    expect(receipt.tables[0]!.read).toBeGreaterThan(0)
    expect((await linked.sync()).pending).toBeNull()
  })

  test('that has arrays without NULL writes them with it', async () => {
    const role = await start(['array_nulls = off'])
    await linked.db.query(
      `CREATE TABLE lists (id int PRIMARY KEY, list text[]); GRANT ALL ON lists TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`,
    )
    linked.link = { ...linked.link, tables: ['lists'] }
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, list: '{NULL,"NULL"}' }), 'lists')
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, list: '{NULL,"NULL",x}' }), 'lists')
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await linked.rows('lists')).toEqual([{ id: 1, list: [null, 'NULL', 'x'] }])
  })

  test('may write with a varve_sync that was made for it, and no right to make tables', async () => {
    const role = await start()
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    const { heldBack, notes } = await linked.sync()
    expect(heldBack).toMatchObject([{ table: 'people', isEndpoint: true }])
    expect(notes.join()).toMatch(/nothing can be written there now.*permission denied for schema.*varve_sync/)
    await linked.db.query(
      `CREATE TABLE varve_sync (link text PRIMARY KEY, fence bigint NOT NULL, base_commit text, applied_at timestamptz);
       GRANT SELECT, INSERT, UPDATE ON varve_sync TO ${role}`,
    )
    expect((await linked.sync()).heldBack).toEqual([])
    expect((await linked.rows())[0]).toEqual({ id: 1, name: 'Ada L.', age: 36 })
  })

  test('that may not see a varve_sync that another has made reads all the same, and writes when it may', async () => {
    const role = await start()
    const owner = linked.anew()
    owner.link = {
      ...owner.link,
      name: 'owner',
      endpoint: owner.link.endpoint.replace(`${role}@`, 'postgres@'),
    }
    await owner.sync()
    await owner.edit((rows) => rows.put({ id: 4, name: 'Alan', age: 41 }))
    await owner.sync()
    linked.link = { ...linked.link, mode: 'capture' }
    expect((await linked.sync()).tables[0]).toMatchObject({ captured: { added: 4 } })
    await linked.db.query('UPDATE people SET age = 42 WHERE id = 4')
    expect((await linked.sync()).tables[0]).toMatchObject({ captured: { changed: 1 } })
    linked.link = { ...linked.link, mode: 'two-way' }
    await linked.edit((rows) => rows.put({ id: 4, name: 'Alan T.', age: 42 }))
    const { notes, heldBack } = await linked.sync()
    expect(notes.join()).toMatch(/nothing can be written there now.*permission denied for table varve_sync/)
    expect(heldBack).toMatchObject([{ reason: 'rejected', isTable: true }])
    await linked.db.query(`GRANT SELECT, INSERT, UPDATE ON varve_sync TO ${role}`)
    expect((await linked.sync()).tables[0]).toMatchObject({ written: { changed: 1 } })
    // From now on the record counts.
    await linked.db.query(`REVOKE SELECT ON varve_sync FROM ${role}`)
    expect(await fault(linked.sync())).toMatch(/^VARVE_REFUSED: .*permission denied for table varve_sync/)
  })

  test('that has no connection left is said to have none, and writes when it has one', async () => {
    const role = await start()
    await linked.db.query(`GRANT CREATE ON SCHEMA public TO ${role}`)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    await linked.db.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
    expect(await fault(linked.sync())).toMatch(/^VARVE_UNREACHABLE: .*too many connections/)
    await linked.db.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
    expect((await linked.rows())[0]).toEqual({ id: 1, name: 'Ada', age: 36 })
    expect((await linked.sync()).tables[0]).toMatchObject({ written: { changed: 1 } })
  })

  test('that may not read the log, or not any more, has its tables compared, until it may', async () => {
    const role = await start()
    const rights = async (rights: string, owner: string): Promise<string> => {
      await linked.db.query(
        `ALTER ROLE ${role} ${rights}; ALTER TABLE people OWNER TO ${owner}; GRANT ALL ON people TO ${role}`,
      )
      await linked.db.query('INSERT INTO people SELECT max(id) + 1, $1 FROM people', [rights])
      const { notes } = await linked.sync()
      expect(await linked.branchRows()).toEqual(await linked.rows())
      return notes.join('\n')
    }
    await linked.db.query(
      `GRANT CREATE ON SCHEMA public TO ${role};
       DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO ${role}'; END $$`,
    )
    linked.link = { ...linked.link, changes: 'log' }
    expect(await rights('NOREPLICATION', role)).toMatch(/^the log cannot be read.*replication role/)
    expect(await rights('REPLICATION', 'postgres')).toMatch(/^the log cannot be read.*owner of table/)
    expect(await rights('REPLICATION', role)).toBe('')
    expect(await rights('REPLICATION', role)).toBe('')
    expect(await rights('NOREPLICATION', role)).toMatch(/log was not enough.*\n.*replication role/)
    expect(await rights('REPLICATION', role)).toBe('')
  })

  test('from whom policies hide rows is not told of them by the log, before or after that is approved', async () => {
    const role = await start()
    await linked.db.query(
      `GRANT CREATE ON SCHEMA public TO ${role}; ALTER ROLE ${role} REPLICATION; ALTER TABLE people OWNER TO ${role};
       DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO ${role}'; END $$`,
    )
    linked.link = { ...linked.link, changes: 'log' }
    expect((await linked.sync()).notes).toEqual([])
    await linked.db.query(
      `CREATE POLICY few ON people USING (id BETWEEN 2 AND 9); ALTER TABLE people ENABLE ROW LEVEL SECURITY;
       ALTER TABLE people FORCE ROW LEVEL SECURITY; INSERT INTO people VALUES (4, 'Barbara', 84), (40, 'Secret', 1)`,
    )
    const stopped = await linked.sync()
    expect(stopped.heldBack).toMatchObject([{ table: 'people', reason: 'schema' }])
    expect(await linked.branchRows()).toHaveLength(3)
    const approved = await linked.sync({ allow: ['schema'] })
    expect(approved.notes.join()).toMatch(/the log cannot be read.*policies hide rows of 'people'/)
    await linked.db.query("INSERT INTO people VALUES (5, 'Donald', 87), (50, 'Secret', 1)")
    await linked.sync()
    expect((await linked.branchRows()).map((row) => (row as { id: number }).id)).toEqual([2, 3, 4, 5])
  })

  test('that may only read has its tables compared where a log would have to be begun', async () => {
    await start(['default_transaction_read_only = on'])
    linked.link = { ...linked.link, mode: 'capture', changes: 'log' }
    expect((await linked.sync()).notes.join()).toMatch(/the log cannot be read.*read-only transaction/)
    expect(await linked.branchRows()).toEqual(await linked.rows())
  })

  test('writes at its own level of isolation, and waits for locks half a minute, or as long as it says', async () => {
    const role = await start(["default_transaction_isolation = 'serializable'"])
    await linked.db.query(
      `GRANT CREATE ON SCHEMA public TO ${role};
       CREATE TABLE seen (isolation text, patience text); GRANT INSERT ON seen TO ${role};
       CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen VALUES (current_setting('transaction_isolation'), current_setting('lock_timeout')); RETURN NEW; END $$;
       CREATE TRIGGER look BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION look()`,
    )
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    await linked.sync()
    await linked.db.query(`ALTER ROLE ${role} SET lock_timeout = '100ms'`)
    await linked.db.query('BEGIN; UPDATE people SET age = age WHERE id = 2')
    await linked.edit((rows) => rows.put({ id: 2, name: 'Grace H.', age: 85 }))
    expect(await fault(linked.sync())).toMatch(/^VARVE_UNREACHABLE: .*lock timeout/)
    await linked.db.query('ROLLBACK')
    await linked.sync()
    expect((await linked.db.query('SELECT * FROM seen')).rows).toEqual([
      { isolation: 'read committed', patience: '30s' },
      { isolation: 'read committed', patience: '100ms' },
    ])
  })

  test('from whom policies begin to hide rows sees none of them deleted, until that is approved', async () => {
    const role = await start()
    await linked.sync()
    await linked.db.query(
      `ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON people TO ${role} USING (id < 3)`,
    )
    for (let round = 0; round < 3; round++)
      expect((await linked.sync()).heldBack).toMatchObject([
        { table: 'people', reason: 'schema', message: 'policies hide rows of it from this user' },
      ])
    expect(await linked.branchRows()).toHaveLength(3)
    await linked.db.query('ALTER TABLE people DISABLE ROW LEVEL SECURITY')
    expect((await linked.sync()).heldBack).toEqual([])
    await linked.db.query('ALTER TABLE people ENABLE ROW LEVEL SECURITY')
    const { pending } = await linked.sync()
    expect((await linked.sync({ approve: pending! })).heldBack).toEqual([])
    expect(await linked.branchRows()).toHaveLength(2)
    // What is deleted from then on among the rows that are shown is deleted.
    await linked.db.query('UPDATE people SET age = 37 WHERE id = 1; DELETE FROM people WHERE id = 2')
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await linked.branchRows()).toEqual([{ id: 1, name: 'Ada', age: 37 }])
  })

  test.each(['another condition', 'another setting', 'a role that is taken away'] as const)(
    'from whom policies hide other rows than before (%s) sees none of them deleted, until that is approved',
    async (what) => {
      const role = await start()
      const { db } = linked
      await db.query(
        `CREATE ROLE ${role}_all; GRANT ${role}_all TO ${role}; ALTER TABLE people ENABLE ROW LEVEL SECURITY`,
      )
      await db.query(`ALTER ROLE ${role} SET app.most = '2'`)
      await db.query(
        `CREATE POLICY few ON people TO ${role} USING (id <= current_setting('app.most')::int);
         CREATE POLICY whole ON people TO ${role}_all USING (${what === 'a role that is taken away'})`,
      )
      await linked.sync()
      const before = await linked.branchRows()
      await linked.db.query(
        {
          'another condition': `ALTER POLICY few ON people USING (id = 2)`,
          'another setting': `ALTER ROLE ${role} SET app.most = '1'`,
          'a role that is taken away': `REVOKE ${role}_all FROM ${role}`,
        }[what],
      )
      for (let round = 0; round < 2; round++)
        expect((await linked.sync()).heldBack).toMatchObject([
          { table: 'people', reason: 'schema', message: 'policies hide rows of it from this user' },
        ])
      expect(await linked.branchRows()).toEqual(before)
      const { pending } = await linked.sync()
      expect((await linked.sync({ approve: pending! })).heldBack).toEqual([])
      expect((await linked.branchRows()).length).toBeLessThan(before.length)
      expect((await linked.sync()).heldBack).toEqual([])
    },
  )

  test.each([
    [
      'calls a function',
      'may_see(id)',
      "CREATE OR REPLACE FUNCTION may_see(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 = 2'",
    ],
    ['looks into another table', 'id IN (SELECT id FROM seen)', 'DELETE FROM seen WHERE id = 1'],
  ])('of a policy that %s, it is said that rows may only be hidden', async (_, condition, hide) => {
    const role = await start()
    await linked.db.query(
      `CREATE FUNCTION may_see(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 < 3';
       CREATE TABLE seen (id int); INSERT INTO seen VALUES (1), (2); GRANT SELECT ON seen TO ${role};
       ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON people USING (${condition})`,
    )
    expect((await linked.sync()).notes.join()).not.toContain('hide')
    await linked.db.query(hide)
    const { heldBack, notes } = await linked.sync()
    expect(heldBack).toEqual([])
    expect(notes.join()).toContain("'people' shows a row no more, and may only hide them: its policies ask")
    expect((await linked.sync()).notes).toEqual([])
    await linked.db.query('ALTER POLICY few ON people USING (id < 3); DELETE FROM people WHERE id = 2')
    expect((await linked.sync()).notes).toEqual([])
  })

  test('policies that show more, or the same in other words, ask for nothing', async () => {
    await start()
    await linked.db.query(
      `ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON people USING (id < 3)`,
    )
    await linked.sync()
    for (const [condition, count] of [
      ['id <= 2', 2],
      ['true', 3],
    ] as const) {
      await linked.db.query(`ALTER POLICY few ON people USING (${condition})`)
      expect((await linked.sync()).heldBack).toEqual([])
      expect(await linked.branchRows()).toHaveLength(count)
    }
    await linked.db.query('DELETE FROM people WHERE id = 1')
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await linked.branchRows()).toHaveLength(2)
  })

  test('two that make the table of links at once both go on', async () => {
    const role = await start()
    await linked.db.query(`GRANT CREATE ON SCHEMA public TO ${role}`)
    const fences = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        linked.connected(async (connector) => {
          await connector.identity()
          return connector.takeOver(`link${n}`)
        }),
      ),
    )
    expect(fences.map(({ fence }) => fence)).toEqual([1, 1, 1, 1])
  })
})
