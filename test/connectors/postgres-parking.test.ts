// How unique values get from one row to another in PostgreSQL, whatever type and rules the column has; and constraints
// that are checked at the end.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import type { PlainRow } from '../../src/contract/fixture.ts'
import { apply, heldBack, insert, remove, update } from '../../src/contract/plans.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`unique values and late checks in PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let db: Client
  let connector: Connector

  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.database('parking')
    db = await postgres.client(url)
    connector = await openEndpoint(url)
  }, 60_000)
  afterAll(async () => {
    await connector.close()
    await postgres.stop()
  })
  beforeEach(() => db.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'))

  async function values(): Promise<unknown[]> {
    const { rows } = await db.query<{ v: string }>('SELECT v::text AS v FROM t ORDER BY id')
    return rows.map(({ v }) => v)
  }

  const swaps: readonly (readonly [column: string, a: string, b: string])[] = [
    ['smallint NOT NULL UNIQUE CHECK (v > 0)', '1', '2'],
    ['smallint NOT NULL UNIQUE', '1', '32767'],
    ['int UNIQUE CHECK (v IS NOT NULL)', '1', '2'],
    ['numeric(3,1) NOT NULL UNIQUE', '99.9', '1.5'],
    ['double precision NOT NULL UNIQUE', '0.5', '1.5'],
    ['varchar(3) NOT NULL UNIQUE', 'abc', 'xyz'],
    ['char(4) NOT NULL UNIQUE', 'abcd', 'wxyz'],
    ['date NOT NULL UNIQUE', '2024-01-01', '2024-01-02'],
    ['timestamptz NOT NULL UNIQUE', '2024-01-01T00:00:00Z', 'infinity'],
    ['uuid NOT NULL UNIQUE', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['inet UNIQUE', '10.0.0.1', '10.0.0.2'],
    ['percentage NOT NULL UNIQUE', '10', '100'],
    ['text NOT NULL', 'Ada', 'Bob'],
    ['int NOT NULL UNIQUE DEFERRABLE', '1', '2'],
    ['int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED', '1', '2'],
  ]
  for (const [column, a, b] of swaps) {
    test(`two rows exchange their values of ${column}`, async () => {
      await db.query(`CREATE DOMAIN percentage AS int CHECK (value BETWEEN 0 AND 100);
        CREATE TABLE t (id int PRIMARY KEY, v ${column}); INSERT INTO t VALUES (1, '${a}'), (2, '${b}')`)
      // What counts is not the column itself.
      if (column === 'text NOT NULL') await db.query('CREATE UNIQUE INDEX ON t (lower(v)) WHERE v <> $$x$$')
      const before = await values()
      const applied = await apply(connector, [
        update('t', { id: '1', v: a }, { id: '1', v: b }),
        update('t', { id: '2', v: b }, { id: '2', v: a }),
      ])
      expect(heldBack(applied)).toBe('nothing')
      expect(await values()).toEqual(before.toReversed())
    })
  }

  test('where nothing can be parked the rows are held back, and nothing is written', async () => {
    await db.query(
      `CREATE TABLE t (id int PRIMARY KEY, v boolean NOT NULL UNIQUE); INSERT INTO t VALUES (1, true), (2, false)`,
    )
    const tables = await connector.discover(['t'])
    expect(tables[0]!.columns[1]!.type).toBe('bool')
    const applied = await apply(connector, [
      update('t', { id: '1', v: 'true' }, { id: '1', v: 'false' }),
      update('t', { id: '2', v: 'false' }, { id: '2', v: 'true' }),
    ])
    expect(heldBack(applied)).toBe('rejected 1; rejected 2')
  })

  test('a constraint that is checked at the end names its row all the same, and a circle of parents goes through', async () => {
    await db.query(`CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
      CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED`)
    const circle = [insert('a', { id: '1', b: '1' }), insert('b', { id: '1', a: '1' })]
    expect(heldBack(await apply(connector, circle))).toBe('nothing')
    const lost = [insert('b', { id: '2', a: '1' }), insert('b', { id: '3', a: '9' })]
    expect(heldBack(await apply(connector, lost))).toBe('rejected 3')
  })

  describe('rows that refer to each other in a circle', () => {
    const circle = `CREATE TABLE team (id int PRIMARY KEY, lead int, name text CHECK (name <> 'no'));
      CREATE TABLE man (id int PRIMARY KEY, team int NOT NULL REFERENCES team, boss int REFERENCES man);
      ALTER TABLE team ADD FOREIGN KEY (lead) REFERENCES man`
    const team = (id: number, lead: number | null, name = 'a'): PlainRow => ({
      id: String(id),
      lead: lead === null ? null : String(lead),
      name,
    })
    const man = (id: number, of: number, boss: number | null): PlainRow => ({
      id: String(id),
      team: String(of),
      boss: boss === null ? null : String(boss),
    })
    const shown = async (): Promise<string> => {
      const sql = `SELECT (SELECT coalesce(string_agg(concat_ws(':', id, lead), ' ' ORDER BY id), '') FROM team) AS teams,
                          (SELECT coalesce(string_agg(concat_ws(':', id, team, boss), ' ' ORDER BY id), '') FROM man) AS men`
      const { rows } = await db.query<{ teams: string; men: string }>(sql)
      return `${rows[0]!.teams} | ${rows[0]!.men}`
    }

    for (const count of [2, 300])
      test(`come and go, ${count} of them`, async () => {
        await db.query(circle)
        const ids = Array.from({ length: count }, (_, i) => i + 1)
        const teams = ids.map((id) => team(id, id))
        const men = ids.map((id) => man(id, id, id === count ? 1 : id + 1))
        const come = [...teams.map((row) => insert('team', row)), ...men.map((row) => insert('man', row))]
        const applied = await apply(connector, come)
        expect(applied).toMatchObject({ outcome: 'applied', written: 2 * count })
        const all = ids.map((id) => `${id}:${id}`).join(' ')
        const bosses = ids.map((id) => `${id}:${id}:${id === count ? 1 : id + 1}`).join(' ')
        expect(await shown()).toBe(`${all} | ${bosses}`)
        const go = [...teams.map((row) => remove('team', row)), ...men.map((row) => remove('man', row))]
        expect(await apply(connector, go)).toMatchObject({ outcome: 'applied', written: 2 * count })
        expect(await shown()).toBe(' | ')
      })

    test('one that is refused, or changed meanwhile, holds back what needs it and nothing else', async () => {
      await db.query(circle)
      const plan = [
        insert('team', team(1, 2)),
        insert('team', team(2, 1, 'no')),
        insert('man', man(1, 2, null)),
        insert('man', man(2, 1, 3)),
        insert('man', man(3, 1, 2)),
      ]
      expect(heldBack(await apply(connector, plan))).toBe('rejected 1; rejected 2')
      expect(await shown()).toBe(' | ')
      const others = [plan[0]!, plan[3]!, plan[4]!]
      expect(heldBack(await apply(connector, others))).toBe('nothing')
      expect(await shown()).toBe('1:2 | 2:1:3 3:1:2')
      const gone = [remove('team', team(1, 9)), remove('man', man(2, 1, 3)), remove('man', man(3, 1, 2))]
      expect(heldBack(await apply(connector, gone))).toBe('changed 1; rejected 2')
      expect(await shown()).toBe('1:2 | 2:1:3 3:1:2')
    })

    test('whose columns may not be empty are held back', async () => {
      await db.query(`CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
        CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b`)
      const plan = [insert('a', { id: '1', b: '1' }), insert('b', { id: '1', a: '1' })]
      expect(heldBack(await apply(connector, plan))).toBe('rejected 1; rejected 1')
    })
  })
})
