// How unique values get from one row to another in PostgreSQL, whatever type and rules the column has; and constraints
// that are checked at the end.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { apply, heldBack, insert, update } from '../contract/connector-plans.ts'
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
})
