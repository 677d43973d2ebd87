// A table that is removed in a transaction is gone there too: another one may stand in its place.
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { DataRepository, type Row, type Transaction } from '../../src/index.ts'

const people = { key: ['id'], columns: [{ name: 'id', type: 'int' as const }] }

async function withPeople(): Promise<DataRepository> {
  const repo = DataRepository.over(undefined, { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.transaction('main', (tx) => tx.createTable('people.csv', people).put({ id: 1, name: 'Ann' }))
  return repo
}

const rowsOf = async (repo: DataRepository): Promise<Row[]> =>
  collect((await repo.at('main')).table('people.csv').scan())

test('a table is replaced by another one in one commit', async () => {
  const repo = await withPeople()
  await repo.transaction('main', (tx) => {
    tx.remove('people.csv')
    tx.createTable('people.csv', { key: ['name'], columns: [{ name: 'name', type: 'text' }] }).put({
      name: 'Bob',
    })
  })
  expect(await rowsOf(repo)).toEqual([{ name: 'Bob' }])
})

test.each<[string, (tx: Transaction) => void]>([
  ['edited before, by its path', (tx) => tx.table('people.csv').put({ id: 2, name: 'Bob' })],
  ['edited before, by its name', (tx) => tx.table('people').put({ id: 2, name: 'Bob' })],
  ['not edited', () => {}],
])('a table that is removed stays removed: %s', async (_, edit) => {
  const repo = await withPeople()
  await repo.transaction('main', (tx) => {
    edit(tx)
    tx.remove('people.csv')
  })
  expect(await collect(repo.list('main'))).toEqual([])
})

test('what was removed is no table any more', async () => {
  const repo = await withPeople()
  const late = repo.transaction('main', (tx) => {
    tx.remove('people.csv')
    tx.table('people').put({ id: 2, name: 'Bob' })
  })
  await expect(late).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  expect(await rowsOf(repo)).toEqual([{ id: 1, name: 'Ann' }])
})
