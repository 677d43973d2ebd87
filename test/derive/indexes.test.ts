// Indexes that find what a change touches, and that no other query sees.
import { afterAll, beforeAll, expect, test } from 'vitest'
import path from 'node:path'
import { type SqliteFile, openSqliteFile } from '../../src/base/platform-sqlite.ts'
import { indexSql, indexesOf } from '../../src/derive/sql/indexes.ts'
import type { InputTable } from '../../src/derive/sql/scope.ts'
import { readShape } from '../../src/derive/sql/shape.ts'
import { affectedQuery, restrictedQuery } from '../../src/derive/sql/statements.ts'
import { temporaryDir } from '../support/temporary.ts'

const inputs: InputTable[] = [
  { name: 'p', storage: 'p', keyColumn: '=', columns: ['id', 'city'], key: ['id'], rowCount: 9 },
  { name: 'o', storage: 'o', keyColumn: '=', columns: ['id', 'person', 'day'], key: ['id'], rowCount: 9 },
]
const grouped = readShape(
  'SELECT city, substr(day, 1, 7) m, sum(o.id) FROM o JOIN p ON p.id = person GROUP BY city, m',
  inputs,
)
const months = readShape('SELECT substr(day, 1, 7) m, count(*) FROM o GROUP BY m', inputs)
const left = readShape('SELECT p.id, day FROM p LEFT JOIN o ON o.person = p.id', inputs)

let database: SqliteFile
beforeAll(async () => {
  database = await openSqliteFile(path.join(temporaryDir(), 'workspace.sqlite'), 'write')
  database.exec(`
    CREATE TABLE p ("=" BLOB PRIMARY KEY, id NUMERIC, city TEXT) WITHOUT ROWID;
    CREATE TABLE o ("=" BLOB PRIMARY KEY, id NUMERIC, person NUMERIC, day TEXT) WITHOUT ROWID;
    CREATE TABLE side ("=" BLOB PRIMARY KEY, id NUMERIC, person NUMERIC, day TEXT) WITHOUT ROWID;
    CREATE TABLE groups (k0 TEXT, k1);
    CREATE TABLE months (k0);`)
})
afterAll(() => database.close())

/** But for the version of the schema. */
function program(sql: string): string {
  const steps = database.all(`EXPLAIN ${sql}`).filter(({ opcode }) => opcode !== 'Transaction')
  return JSON.stringify(steps)
}

function plan(sql: string): string[] {
  return database.all(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail))
}

test('a query that is run whole has the same program with and without them', () => {
  const queries = [
    'SELECT city, count(*), sum(o.id) FROM o JOIN p ON p.id = o.person GROUP BY city',
    "SELECT * FROM p LEFT JOIN o ON o.person = p.id WHERE city = 'x'",
    'SELECT substr(day, 1, 7) AS m, count(*) FROM o GROUP BY m',
    'SELECT max(city), min(city), count(*) FROM p',
    'SELECT DISTINCT city FROM p ORDER BY city',
    "SELECT id FROM o WHERE person IN (SELECT id FROM p WHERE city > 'a') OR person = 5",
    'SELECT day, row_number() OVER (PARTITION BY person ORDER BY day) FROM o',
  ]
  const before = queries.map(program)
  for (const shape of [grouped, months, left])
    for (const index of indexesOf(shape)) database.exec(indexSql(index))
  expect(database.all("SELECT name FROM sqlite_schema WHERE name LIKE 'index %'")).toHaveLength(4)
  expect(queries.map(program)).toEqual(before)
})

test('what a change touches is found by them', () => {
  const found = (steps: string[]): string[] => steps.filter((step) => /^(SCAN|SEARCH)/.test(step))
  const byIndex = (alias: string): unknown =>
    expect.stringMatching(
      new RegExp(`^SEARCH ${alias} USING (COVERING )?INDEX index [0-9a-f]+ \\(<expr>=\\? AND `),
    )
  expect(found(plan(affectedQuery(grouped, 0, 'side')))).toEqual(['SCAN t0', byIndex('t1')])
  expect(found(plan(affectedQuery(left, 1, 'side')))).toEqual(['SCAN t1', byIndex('t0')])
  expect(found(plan(restrictedQuery(grouped, ['city', 'm', 's'], 'groups')))).toEqual([
    'SCAN d',
    byIndex('t[01]'),
    byIndex('t[01]'),
  ])
  expect(found(plan(restrictedQuery(months, ['m', 'n'], 'months')))).toEqual(['SCAN d', byIndex('t0')])
})
