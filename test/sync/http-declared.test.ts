// What an API's table is declared to be, and what the API makes of it: another declaration is read anew, and a property that
// is called otherwise stops the table.
import { expect, test } from 'vitest'
import { JsonApi } from '../support/json-api.ts'

const cursor = { cursor: [{ table: 'people', column: 'updated_at' }] }
const columns = [
  { name: 'id', type: 'int' },
  { name: 'name', type: 'text' },
  { name: 'updated_at', type: 'timestamp' },
] as const

const at = '2024-05-01T10:00:00Z'

test('all rows of a table with a cursor are read once its path, items, body or headers are declared otherwise', async () => {
  const old = { id: 1, name: 'Ada', updated_at: at }
  const people = [old, { id: 2, name: 'Grace', updated_at: '2024-05-03T10:00:00Z' }]
  await using api = await JsonApi.start((query) => {
    const from = query.get('since') ?? ''
    const found = people.filter(({ updated_at }) => updated_at >= from)
    return { data: found, all: found.map((one) => ({ ...one, name: one.name.toUpperCase() })) }
  })
  const names = async (): Promise<unknown[]> => (await api.rows()).map(({ name }) => name)
  const table = { since: 'since', items: 'data', columns }
  await api.sync(table, cursor)
  expect((await api.sync(table, cursor)).notes).toEqual([])
  expect(api.asked[0]).toContain('since=')
  const read = await api.sync({ ...table, items: 'all' }, cursor)
  expect(read.notes).toEqual([
    "'people' is declared otherwise in varve.yaml than when it was last read: all of its rows were read",
  ])
  expect(api.asked[0]).toBe('/people')
  expect(await names()).toEqual(['ADA', 'GRACE'])
  expect((await api.sync({ ...table, items: 'all' }, cursor)).notes).toEqual([])
  expect(api.asked[0]).toContain('since=')
  for (const change of [{ path: 'people?x=1' }, { headers: { version: '2' } }]) {
    await api.sync({ ...table, items: 'all', ...change }, cursor)
    expect(api.asked[0]).not.toContain('since=')
  }
})

test('a property that the API calls otherwise stops its table, which waits for approval', async () => {
  let people: object[] = [1, 2, 3].map((id) => ({ id, name: `n${id}`, updated_at: at }))
  await using api = await JsonApi.start(() => people)
  const names = async (): Promise<unknown[]> => (await api.rows()).map(({ name }) => name)
  await api.sync({ columns })
  people = [1, 2, 4].map((id) => ({ id, full_name: `n${id}`, updated_at: at }))
  const stopped = await api.sync({ columns })
  expect(stopped.heldBack).toMatchObject([
    {
      table: 'people',
      reason: 'schema',
      message: expect.stringContaining("no item has a property 'name' any more"),
    },
  ])
  expect(await names()).toEqual(['n1', 'n2', 'n3'])
  // As long as it waits, and once more when the API takes it back.
  expect((await api.sync({ columns })).pending).toBe(stopped.pending)
  const before = people
  people = [1, 2, 3].map((id) => ({ id, name: `m${id}`, updated_at: at }))
  expect((await api.sync({ columns })).heldBack).toEqual([])
  expect(await names()).toEqual(['m1', 'm2', 'm3'])
  people = before
  const again = await api.sync({ columns })
  expect(again.pending).not.toBeNull()
  await api.sync({ columns }, {}, { approve: again.pending! })
  expect(await names()).toEqual([null, null, null])
  expect((await api.sync({ columns })).heldBack).toEqual([])
})

test('a property that a row no longer has, that is null, or that went with its rows stops nothing', async () => {
  let people: object[] = [
    { id: 1, name: 'Ada', updated_at: at },
    { id: 2, updated_at: at },
    { id: 3, name: 'Cy', updated_at: at },
  ]
  await using api = await JsonApi.start(() => people)
  await api.sync({ columns })
  for (const next of [
    [{ id: 1, updated_at: at }, { id: 2 }, { id: 3, name: 'Cy' }],
    [{ id: 1 }, { id: 2, name: null }, { id: 3, name: null }],
    [{ id: 4 }, { id: 5 }, { id: 6 }],
  ]) {
    people = next
    expect((await api.sync({ columns })).heldBack).toEqual([])
  }
})
