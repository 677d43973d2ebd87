// APIs that page by the items that came before, or by the last of them, and those that answer only what is new.
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { before } from '../../src/connectors/http/since.ts'
import { parseConfig } from '../../src/dataset/config.ts'
import type { LinkMode, LinkSetting, TableCursor } from '../../src/dataset/interface.ts'
import { JsonApi } from '../support/json-api.ts'
import { temporaryDir } from '../support/temporary.ts'

const ids = [11, 12, 13, 14, 15]
const items = ids.map((id) => ({ id }))

describe('pages', () => {
  test('that are counted by the items before them end with an empty one', async () => {
    await using api = await JsonApi.start((query) => {
      const offset = Number(query.get('offset') ?? 0)
      return { data: items.slice(offset, offset + 2) }
    })
    await api.sync({ items: 'data', parameter: 'offset', counts: 'items' })
    expect((await api.rows()).map(({ id }) => id)).toEqual(ids)
    expect(api.asked).toEqual(['/people', ...[2, 4, 5].map((n) => `/people?offset=${n}`)])
    await api.sync({ path: 'people?offset=3', items: 'data', parameter: 'offset', counts: 'items' })
    expect(api.asked).toEqual([3, 5].map((n) => `/people?offset=${n}`))
  })

  test('an API that does not know the parameter does not answer for ever', async () => {
    await using api = await JsonApi.start(() => items)
    await expect(api.sync({ parameter: 'offset', counts: 'items' })).rejects.toThrow(
      /answers the same page whatever 'offset' says/,
    )
  })

  function afterItem(query: URLSearchParams): { data: object[]; has_more: boolean } {
    const after = Number(query.get('starting_after') ?? 0)
    const rest = items.filter(({ id }) => id > after)
    return { data: rest.slice(0, 2), has_more: rest.length > 2 }
  }

  test('that follow the last item end with an empty one, or where the API says so', async () => {
    await using api = await JsonApi.start(afterItem)
    const table = { items: 'data', next: 'data.-1.id', parameter: 'starting_after' }
    await api.sync(table)
    expect((await api.rows()).map(({ id }) => id)).toEqual(ids)
    expect(api.asked).toEqual(['/people', ...[12, 14, 15].map((n) => `/people?starting_after=${n}`)])
    const { commit } = await api.sync({ ...table, more: 'has_more' })
    expect(api.asked).toHaveLength(3)
    expect((await api.sync({ ...table, more: 'has_more' })).commit).toBe(commit)
  })

  test('of a list without a name follow its last item too', async () => {
    await using api = await JsonApi.start((query) => afterItem(query).data)
    await api.sync({ next: '-1.id', parameter: 'starting_after' })
    expect((await api.rows()).map(({ id }) => id)).toEqual(ids)
  })

  test('end where there is said to be no more, though a next one is named', async () => {
    await using api = await JsonApi.start(() => ({
      data: items,
      links: { next: 'people?page=2' },
      meta: { has_more: false },
    }))
    await api.sync({ items: 'data', next: 'links.next', more: 'meta.has_more' })
    expect(api.asked).toEqual(['/people'])
  })

  test('a misspelt place of what says whether there are more is no end', async () => {
    await using api = await JsonApi.start(() => ({ data: items, has_more: true, next: null }))
    const table = { items: 'data', next: 'next', parameter: 'after' }
    await expect(api.sync({ ...table, more: 'hasMore' })).rejects.toThrow(
      /neither true nor false at 'hasMore' in what '\/people' answers/,
    )
    await expect(api.sync({ ...table, more: 'has_more' })).rejects.toThrow(
      /says that there is more, and names no next page at 'next'/,
    )
  })
})

describe('an API that answers only what is new', () => {
  interface Person {
    readonly id: number
    readonly name: string
    readonly updated_at: string | number | null
  }

  async function start(people: Person[]): Promise<JsonApi> {
    return JsonApi.start((query) => {
      const from = query.get('updated_since')
      const page = Number(query.get('page') ?? 1)
      const found = people.filter((one) => from === null || String(one.updated_at) >= from)
      return found.slice(page * 2 - 2, page * 2)
    })
  }

  const table = (type: 'timestamp' | 'int') =>
    ({
      parameter: 'page',
      since: 'updated_since',
      columns: [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'text' },
        { name: 'updated_at', type },
      ],
    }) as const
  const cursor = (rest: Omit<TableCursor, 'table' | 'column'> = {}) => ({
    cursor: [{ table: 'people', column: 'updated_at', ...rest }],
  })
  const names = async (api: JsonApi): Promise<unknown[]> => (await api.rows()).map(({ name }) => name)

  test('is asked for it from the largest time minus the lag; what is gone is seen when all is read', async () => {
    const people: Person[] = [
      { id: 1, name: 'Ada', updated_at: '2024-05-01T10:00:00Z' },
      { id: 2, name: 'Grace', updated_at: '2024-05-01T13:00:00+02:00' },
      { id: 3, name: 'Edsger', updated_at: null },
    ]
    await using api = await start(people)
    await api.sync(table('timestamp'), cursor())
    expect(api.asked).toEqual(['/people', '/people?page=2', '/people?page=3'])
    people.splice(0, 1)
    people[0] = { ...people[0]!, name: 'Grace H.', updated_at: '2024-05-02T09:00:00Z' }
    people.push({ id: 4, name: 'Barbara', updated_at: '2024-05-01T10:56:00Z' })
    const receipt = await api.sync(table('timestamp'), cursor())
    expect(api.asked[0]).toBe('/people?updated_since=2024-05-01T10%3A55%3A00Z')
    expect(receipt.tables[0]).toMatchObject({
      cursor: 'updated_at',
      captured: { added: 1, changed: 1, removed: 0 },
    })
    expect(await names(api)).toEqual(['Ada', 'Grace H.', 'Edsger', 'Barbara'])
    await api.sync(table('timestamp'), cursor())
    expect(api.asked[0]).toBe('/people?updated_since=2024-05-02T08%3A55%3A00Z')
    await api.sync(table('timestamp'), cursor({ fullMs: 0 }))
    expect(api.asked[0]).toBe('/people')
    expect(await names(api)).toEqual(['Grace H.', 'Edsger', 'Barbara'])
  })

  test('tells what is gone: by a mark of the item alone, which may have nothing else', async () => {
    const people: object[] = [1, 2, 3].map((id) => ({
      id,
      name: `n${id}`,
      updated_at: '2024-05-01T10:00:00Z',
    }))
    await using api = await start(people as Person[])
    const marked = { ...table('timestamp'), deletes: [{ path: 'deleted_at', values: ['*'] }] }
    await api.sync(marked, cursor())
    people.splice(0, 1, { id: 1, deleted_at: '2024-05-02', updated_at: '2024-05-02T09:00:00Z' })
    people.push({ id: 4, name: 'n4', deleted_at: '', updated_at: '2024-05-02T09:00:00Z' })
    const receipt = await api.sync(marked, cursor())
    expect(receipt.tables[0]!.captured).toEqual({ added: 1, changed: 0, removed: 1 })
    expect(await names(api)).toEqual(['n2', 'n3', 'n4'])
    // Again within the lag, and when all is read.
    expect((await api.sync(marked, cursor())).commit).toBe(receipt.commit)
    expect((await api.sync(marked, cursor({ fullMs: 0 }))).commit).toBe(receipt.commit)
  })

  test('that suddenly has all items gone waits for approval', async () => {
    const people: object[] = [1, 2].map((id) => ({ id, name: `n${id}`, updated_at: '2024-05-01T10:00:00Z' }))
    await using api = await start(people as Person[])
    const marked = { ...table('timestamp'), deletes: [{ path: 'archived', values: ['true'] }] }
    await api.sync(marked, cursor())
    for (const one of people) Object.assign(one, { archived: true })
    expect((await api.sync(marked, cursor())).heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
    expect(await names(api)).toEqual(['n1', 'n2'])
  })

  test('may count in numbers, which have a lag of their own', async () => {
    const people: Person[] = [{ id: 1, name: 'Ada', updated_at: 1714557600 }]
    await using api = await start(people)
    await expect(api.sync(table('int'), cursor())).rejects.toThrow(/is a number, so its lag is one too/)
    await api.sync(table('int'), cursor({ lag: { units: 60 } }))
    people.push({ id: 2, name: 'Grace', updated_at: 1714557650 })
    await api.sync(table('int'), cursor({ lag: { units: 60 } }))
    expect(api.asked[0]).toBe('/people?updated_since=1714557540')
    expect(await names(api)).toEqual(['Ada', 'Grace'])
  })

  test('a value that is no time is named, and changes nothing', async () => {
    await using api = await start([{ id: 1, name: 'Ada', updated_at: '05/01/2024' }])
    await expect(api.sync(table('timestamp'), cursor())).rejects.toThrow(
      /the cursor 'updated_at' of 'people' holds a value that is not a time: 05\/01\/2024/,
    )
  })

  test.each([
    ['2024-05-01T10:00:00.123456Z', { ms: 60_000 }, '2024-05-01T09:59:00.123Z'],
    ['2024-05-01T10:00:00+02:00', { ms: 0 }, '2024-05-01T08:00:00Z'],
    ['2024-05-01 10:00', { ms: 60_000 }, '2024-05-01 09:59'],
    ['2024-05-01', { ms: 60_000 }, '2024-04-30'],
    ['1714557600', { ms: 1_500 }, '1714557598'],
    ['1714557600000', { ms: 1_500 }, '1714557598500'],
    ['12345678901234567', { units: 10 }, '12345678901234557'],
    ['1.5', { units: 1 }, '0.5'],
    ['yesterday', { ms: 0 }, null],
    ['many', { units: 1 }, null],
  ])('%s minus %o is %s', (largest, lag, expected) => {
    expect(before(largest, lag)).toBe(expected)
  })

  test.each([
    ['      people: { since: updated_since }\n', /'since' of 'people' has no value to ask for/],
    [
      '      people: {}\n    cursor: { people: at }\n',
      /nothing says how the API is asked for the new items of 'people'/,
    ],
    ['      people: { parameter: p, counts: rows }\n', /unknown 'counts: rows'/],
  ])('what is declared by half is named: %j', (declared, message) => {
    const text = `links:\n  crm:\n    endpoint: https://api.example.org\n    mode: capture\n    tables: [people]\n    http:\n${declared}`
    expect(() => parseConfig(text)).toThrow(message)
  })
})

test('a link that varve.yaml could not declare is refused before anybody is asked, and nothing is written', async () => {
  await using api = await JsonApi.start(() => items)
  const root = temporaryDir()
  await using repo = await Repository.init(root)
  const add = (setting: Partial<LinkSetting>, http: object = {}) =>
    repo.addLink('crm', {
      endpoint: api.origin,
      mode: 'capture',
      tables: ['people'],
      http: [{ table: 'people', ...http }],
      ...setting,
    })
  await expect(add({}, { counts: 'rows' })).rejects.toMatchObject({
    code: 'VARVE_USAGE',
    message: "the link 'crm' cannot be declared: unknown 'counts: rows'",
    hint: 'known: pages, items',
  })
  await expect(add({ cursor: [{ table: 'people', column: 'id' }] })).rejects.toThrow(
    /nothing says how the API is asked for the new items/,
  )
  await expect(add({ mode: 'both' as LinkMode })).rejects.toThrow(/unknown mode 'both'/)
  expect([api.asked, fs.existsSync(`${root}/varve.yaml`)]).toEqual([[], false])
  await add({}, { parameter: 'offset', counts: 'items' })
  expect((await repo.links())[0]!.http).toEqual([{ table: 'people', parameter: 'offset', counts: 'items' }])
})
