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

/** An API that answers only what is new, and how many of its answers were of everything. */
async function newsOf(people: () => readonly Person[]): Promise<JsonApi> {
  return JsonApi.start((query) =>
    people().filter(({ updated_at }) => updated_at >= (query.get('since') ?? '')),
  )
}

interface Person {
  readonly id: number
  readonly updated_at: string
  readonly name?: string | null
  readonly full_name?: string
}

const news = { since: 'since', columns }
const hour = (n: number): string => `2024-05-01T${String(n).padStart(2, '0')}:00:00Z`
const wholes = (api: JsonApi): number => api.asked.filter((path) => !path.includes('since=')).length

test('a property that is called otherwise is noticed by what is new, once all rows show it, and is read once', async () => {
  let people: readonly Person[] = [1, 2, 3, 4].map((id) => ({ id, name: `n${id}`, updated_at: hour(id) }))
  await using api = await newsOf(() => people)
  const names = async (): Promise<unknown[]> => (await api.rows()).map(({ name }) => name)
  await api.sync(news, cursor)
  // The last row comes again with the new one.
  const renamed = (id: number, n = id): Person => ({ id, full_name: `n${id}`, updated_at: hour(n) })
  people = [1, 2, 3, 4, 5].map((id) => renamed(id))
  const stopped = await api.sync(news, cursor)
  expect(stopped.heldBack).toMatchObject([
    {
      table: 'people',
      reason: 'schema',
      message: expect.stringContaining("no item has a property 'name' any more"),
    },
  ])
  expect([await names(), wholes(api)]).toEqual([['n1', 'n2', 'n3', 'n4'], 1])
  people = [...people, renamed(6)]
  const waiting = await api.sync(news, cursor)
  expect([waiting.pending, wholes(api)]).toEqual([stopped.pending, 0])
  // The API takes it back.
  const before = people
  people = [1, 2, 3, 4, 5, 6].map((id) => ({ id, name: `m${id}`, updated_at: hour(id) }))
  expect((await api.sync(news, cursor)).heldBack).toEqual([])
  expect(await names()).toEqual(['n1', 'n2', 'n3', 'm4', 'm5', 'm6'])
  people = [...before, renamed(7)]
  const again = await api.sync(news, cursor)
  await api.sync(news, cursor, { approve: again.pending! })
  expect(await names()).toEqual(Array.from({ length: 7 }, () => null))
  people = [...people, renamed(8)]
  expect([(await api.sync(news, cursor)).heldBack, wholes(api)]).toEqual([[], 0])
})

test('a property that new items may leave out stops nothing, and is doubted less and less often', async () => {
  let people: Person[] = Array.from({ length: 40 }, (_, i) => ({ id: i, name: `n${i}`, updated_at: hour(1) }))
  await using api = await newsOf(() => people)
  await api.sync(news, cursor)
  const read: number[] = []
  for (let round = 2; round < 10; round++) {
    // Two lose it in each round, and the two of the round before are theirs that come again.
    people = people.map((one) => (one.id >> 1 === round ? { id: one.id, updated_at: hour(round) } : one))
    expect((await api.sync(news, cursor)).heldBack).toEqual([])
    read.push(wholes(api))
  }
  // With the first two came all of the hour before.
  expect(read).toEqual([0, 1, 0, 0, 0, 0, 0, 0])
  const rows = await api.rows()
  expect(rows.filter(({ name }) => name === null).map(({ id }) => Number(id))).toEqual(
    Array.from({ length: 16 }, (_, i) => i + 4),
  )
})

test('new items alone are doubted when they are many, and where earlier ones had the property', async () => {
  let people: Person[] = [1, 2].map((id) => ({ id, name: `n${id}`, updated_at: hour(1) }))
  // An API that does not send the last one again.
  await using api = await JsonApi.start((query) =>
    people.filter(({ updated_at }) => updated_at > (query.get('since') ?? '')),
  )
  const exact = { cursor: [{ table: 'people', column: 'updated_at', lag: { ms: 0 } }] }
  await api.sync(news, exact)
  const more = (from: number, count: number, n: number): Person[] =>
    Array.from({ length: count }, (_, i) => ({ id: from + i, updated_at: hour(n) }))
  people = [...people, ...more(10, 15, 2)]
  await api.sync(news, exact)
  expect(wholes(api)).toBe(0)
  people = [...people, ...more(30, 16, 3)]
  expect((await api.sync(news, exact)).notes).toEqual([
    "'people': no item that is new has 'name': all of its rows were read",
  ])
  people = people.map(({ id, updated_at }) => ({ id, updated_at }))
  people = [...people, ...more(50, 32, 4)]
  expect((await api.sync(news, exact)).heldBack).toMatchObject([{ reason: 'schema' }])
})

test('what all rows show where they are read as often as is declared is noticed too', async () => {
  let people: Person[] = [1, 2, 3].map((id) => ({ id, name: `n${id}`, updated_at: hour(id) }))
  await using api = await newsOf(() => people)
  const often = { cursor: [{ table: 'people', column: 'updated_at', fullMs: 0 }] }
  await api.sync(news, often)
  people = people.map(({ id, updated_at }) => ({ id, updated_at }))
  expect((await api.sync(news, often)).heldBack).toMatchObject([{ reason: 'schema' }])
})
