// The cache keeps the indexes that were used last, and no more than a few of each input.
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SqliteFile, openSqliteFile } from '../../src/base/platform-sqlite.ts'
import { keepIndexes } from '../../src/derive/kept-indexes.ts'
import { type Index, indexSql } from '../../src/derive/sql/indexes.ts'
import type { InputTable } from '../../src/derive/sql/scope.ts'
import { temporaryDir } from '../support/temporary.ts'

let database: SqliteFile
const columns = Array.from({ length: 20 }, (_, i) => `c${i}`)

beforeAll(async () => {
  database = await openSqliteFile(path.join(temporaryDir(), 'workspace.sqlite'), 'write')
  for (const table of ['a', 'b'])
    database.exec(`CREATE TABLE ${table} ("=" BLOB PRIMARY KEY, ${columns.join(', ')}) WITHOUT ROWID`)
})
afterAll(() => database.close())

function index(storage: string, column: number): Index {
  const input: InputTable = { name: storage, storage, keyColumn: '=', columns, key: ['c0'], rowCount: 9 }
  return { name: `index ${storage}${column}`, input, terms: [`c${column}`] }
}

function use(...indexes: readonly Index[]): void {
  keepIndexes(database, indexes)
  for (const one of indexes) database.exec(indexSql(one))
}

function kept(): string[] {
  const rows = database.all("SELECT name FROM sqlite_schema WHERE name LIKE 'index %' ORDER BY name")
  return rows.map(({ name }) => String(name).slice('index '.length))
}

test('eight of an input, those that were used last, whatever another input has', () => {
  use(index('b', 1))
  for (let i = 1; i <= 8; i++) use(index('a', i))
  expect(kept()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'b1'])
  use(index('a', 2))
  use(index('a', 9), index('a', 10), index('b', 1))
  expect(kept()).toEqual(['a10', 'a2', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'b1'])
  const noted = database.all('SELECT name FROM "varve indexes"').map(({ name }) => String(name))
  expect(noted.toSorted()).toEqual(kept().map((name) => `index ${name}`))
})

test('all that one table needs, be they more', () => {
  const many = Array.from({ length: 12 }, (_, i) => index('a', i))
  use(...many)
  expect(kept()).toEqual([...many.map(({ name }) => name.slice('index '.length)).toSorted(), 'b1'])
})
