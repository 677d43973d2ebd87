// Derived tables that are brought up to date from what has changed: which are, what is computed, and why others are not.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { InputTable } from '../../src/derive/sql/scope.ts'
import { readShape } from '../../src/derive/sql/shape.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { fault } from '../support/fault.ts'
import { byParts, derivingRepository, edit, othersWhole, whole } from '../support/derivations.ts'

const nothing = { p: [], o: [], c: [], gone: { p: [], o: [], c: [] } }
const start = {
  ...nothing,
  p: [
    { id: 1, name: 'Ada', city: 'Rome', age: 9 },
    { id: 2, name: 'Tim', city: 'Oslo', age: 4 },
    { id: 3, name: 'Mia', city: null, age: 7 },
    { id: 5, name: 'Ian', city: 'Rome', age: 5 },
  ],
  o: Array.from({ length: 12 }, (_, i) => ({
    id: i,
    person: (i % 4) + 1,
    total: i / 10,
    day: `2024-0${1 + (i % 3)}-07`,
  })),
  c: [{ city: 'Oslo', country: 'y' }],
}

describe('queries by parts', () => {
  let repo: Repository
  beforeEach(async () => {
    repo = await derivingRepository({ once: { key: 'name', sql: 'SELECT name, age FROM p' } })
    await edit(repo, start)
    return () => repo.close()
  }, 60_000)

  test('are computed for what changes touch, in several inputs at once, and come out as if run whole', async () => {
    await repo.derive()
    await edit(repo, {
      p: [{ id: 4, name: 'Eve', city: 'Oslo', age: 6 }],
      o: [{ id: 3, person: 2, total: 0.25, day: '2024-03-01' }],
      c: [],
      gone: { p: [1], o: [5], c: ['Rome'] },
    })
    const { tables } = await repo.derive()
    expect(tables.filter(({ whole: reason }) => reason !== null)).toEqual([])
    expect(tables.find(({ path }) => path === 'by/types')).toMatchObject({
      rows: 11,
      rowsRead: 0,
      rowsAnew: 1,
    })
    expect(await othersWhole(repo)).toEqual([])
  }, 60_000)

  test('are run whole when a column gets another type, or somebody has changed the table', async () => {
    await repo.derive({ paths: ['by/types'] })
    await edit(repo, { ...nothing, o: [{ id: 1, person: 1, total: 'much', day: '2024-01-07' }] })
    const { tables } = await repo.derive({ paths: ['by/types'] })
    expect(tables).toMatchObject([{ whole: "the column 'total' is of another type now", rowsAnew: 12 }])
    await repo.transaction('main', (tx) => {
      tx.table('by/types').delete(1)
    })
    await repo.reset('main', { mode: 'hard' })
    await edit(repo, { ...nothing, o: [{ id: 2, person: 1, total: 9, day: '2024-01-07' }] })
    const again = await repo.derive({ paths: ['by/types'] })
    expect(again.tables).toMatchObject([{ whole: 'somebody has changed it', rows: 12 }])
  }, 60_000)

  test('two rows with one key are an error, as they are when the query is run whole', async () => {
    await repo.derive({ paths: ['by/once'] })
    await edit(repo, { ...nothing, o: [{ id: 6, person: 1, total: 1, day: '2024-03-07' }] })
    expect((await repo.derive({ paths: ['by/once'] })).tables).toMatchObject([{ whole: null, rows: 4 }])
    await edit(repo, { ...nothing, p: [{ id: 9, name: 'Ada', city: null, age: 1 }] })
    const words = /^VARVE_RULE_VIOLATED: 'by\/once' row [0-9]: key 'Ada' was used/
    expect(await fault(repo.derive({ paths: ['by/once'] }))).toMatch(words)
    expect(await fault(repo.derive({ paths: ['by/once'], force: true }))).toMatch(words)
  }, 60_000)
})

test('are run whole when too much has changed, or nothing leads to what a change touches', async () => {
  const root = path.join(temporaryDir(), 'dataset')
  const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
  const derive = {
    next: { from: ['n'], key: 'id', sql: 'SELECT x.id, y.v FROM n x JOIN n y ON y.id = x.id + 1' },
    same: { from: ['n'], key: 'id', sql: 'SELECT x.id, y.v FROM n x JOIN n y ON y.id = x.id' },
  }
  writeFileSync(path.join(root, 'varve.yaml'), JSON.stringify({ derive }))
  await repo.add(['.'])
  await repo.commit({ message: 'declare' })
  const put = async (count: number, v: number): Promise<void> => {
    await repo.transaction('main', async (tx) => {
      const table = v === 0 ? tx.createTable('n', { key: ['id'] }) : tx.table('n')
      await table.putAll(Array.from({ length: count }, (_, id) => ({ id, v })))
    })
    await repo.reset('main', { mode: 'hard' })
  }
  await put(12_000, 0)
  await repo.derive()
  await put(2, 1)
  const noWay = 'no equality leads to the rows that a change touches'
  expect((await repo.derive()).tables).toMatchObject([{ whole: noWay }, { whole: null, rowsAnew: 2 }])
  expect(await othersWhole(repo)).toEqual([])
  await put(2_000, 2)
  const tooMuch = 'too much of it has changed'
  expect((await repo.derive()).tables).toMatchObject([{ whole: tooMuch }, { whole: tooMuch }])
  expect(await othersWhole(repo)).toEqual([])
  await repo.close()
}, 60_000)

describe('the shape of a query', () => {
  const input = (name: string, columns: string[], key: string): InputTable => ({
    name,
    storage: `input ${name}`,
    keyColumn: '=',
    columns,
    key: [key],
    rowCount: 10,
  })
  const inputs = [
    input('p', ['id', 'name', 'city', 'age'], 'id'),
    input('o', ['id', 'person', 'total', 'day'], 'id'),
    input('c', ['city', 'country'], 'city'),
    input('g', ['city', 'n', 't', 'd'], 'city'),
  ]

  test.each(Object.entries(byParts))('%s can be computed by parts', (_, { sql }) => {
    expect(readShape(sql, inputs).results.length).toBeGreaterThan(0)
  })

  test.each(Object.values(whole))('%s is run whole: %s', (sql, reason) => {
    expect(() => readShape(sql, inputs)).toThrow(reason)
  })
})
