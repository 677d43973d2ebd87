// APIs that are asked by POST: what they are asked with is put into the body's JSON, and what goes wrong is told by them in
// answers of status 200.
import { describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import type { VarveError } from '../../src/base/errors.ts'
import { parseConfig } from '../../src/dataset/config.ts'
import type { HttpTable } from '../../src/dataset/interface.ts'
import { isTransient } from '../../src/sync/retry.ts'
import { JsonApi } from '../support/json-api.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const ids = [11, 12, 13, 14, 15]

/** What varve.yaml says of the table `people`. */
function declared(lines: string): Omit<HttpTable, 'table'> {
  const head =
    'links:\n  crm:\n    endpoint: https://api.example.org\n    mode: capture\n    tables: [people]\n'
  const since = lines.includes('since:') ? '    cursor: { people: updated }\n' : ''
  const text = `${head}${since}    http:\n      people:\n${lines.replaceAll(/^/gm, '        ')}\n`
  return parseConfig(text).links.get('crm')!.http![0]!
}

async function idsOf(api: JsonApi): Promise<unknown[]> {
  return (await api.rows()).map(({ id }) => id)
}

interface Connection {
  readonly query: string
  readonly variables: { readonly after: string | null; readonly team: string; readonly since?: string }
}

const graphql = `path: graphql
body:
  query: |
    query ($after: String, $team: String) {
      people(first: 2, after: $after, team: $team) { nodes { id } pageInfo { hasNextPage endCursor } }
    }
  variables: { team: 'x" }) { secrets }' }
items: data.people.nodes
next: data.people.pageInfo.endCursor
parameter: variables.after
more: data.people.pageInfo.hasNextPage
`

function connection({ variables }: Connection, nodes: readonly object[] = ids.map((id) => ({ id }))): object {
  const at = Number(variables.after?.replaceAll(/\D/g, '') ?? 0)
  const endCursor = `"},\\${at + 2}`
  return {
    data: {
      people: {
        nodes: nodes.slice(at, at + 2),
        pageInfo: { hasNextPage: at + 2 < nodes.length, endCursor },
      },
    },
  }
}

describe('an API that is asked by POST', () => {
  test('GraphQL: a cursor is a variable, whatever characters it has, and what is asked stays as it is', async () => {
    await using api = await JsonApi.startPost((body) => connection(body as Connection))
    const table = declared(graphql)
    await api.sync(table)
    expect(await idsOf(api)).toEqual(ids)
    expect(api.asked).toEqual(['/graphql', '/graphql', '/graphql'])
    const asked = api.bodies.map((body) => JSON.parse(body) as Connection)
    expect(asked.map(({ variables }) => variables)).toEqual(
      [undefined, '"},\\2', '"},\\4'].map((after) => ({
        team: 'x" }) { secrets }',
        ...(after === undefined ? {} : { after }),
      })),
    )
    expect(new Set(asked.map(({ query }) => query)).size).toBe(1)
    // Conditions are for GET: an ETag of such an answer says nothing.
    const { commit } = await api.sync(table)
    expect(api.bodies).toHaveLength(3)
    expect((await api.sync(table)).commit).toBe(commit)
  })

  test.each([
    [
      { data: null, errors: [{ message: 'Cannot query\n field "idd"' }] },
      /answers an error: Cannot query field "idd"$/,
    ],
    [{ errors: [{ message: 'first' }, { message: 'second' }] }, /an error: first \(and 1 more\)$/],
    [
      { data: { people: { nodes: [{ id: 11 }], pageInfo: {} } }, errors: [{ message: 'a part is missing' }] },
      /a part is missing$/,
    ],
  ])(
    'errors in an answer of status 200 are named, and nothing of it is taken: %j',
    async (wrong, message) => {
      let answer: object | null = null
      await using api = await JsonApi.startPost((body) => answer ?? connection(body as Connection))
      await api.sync(declared(graphql))
      answer = wrong
      expect(await fault(api.sync(declared(graphql)))).toMatch(message)
      expect(await idsOf(api)).toEqual(ids)
    },
  )

  test('an error that passes is tried again by whoever goes on; another one is not', async () => {
    let error: object = { message: 'Throttled', extensions: { code: 'THROTTLED' } }
    await using api = await JsonApi.startPost(() => ({ errors: [error] }))
    const failed = async (): Promise<unknown> =>
      api.sync(declared(graphql)).catch((one: unknown) => one as VarveError)
    expect(isTransient(await failed())).toBe(true)
    error = { message: 'API rate limit exceeded', type: 'RATE_LIMITED' }
    expect(isTransient(await failed())).toBe(true)
    error = { message: 'Unknown argument', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }
    expect(isTransient(await failed())).toBe(false)
  })

  test('a list that is called errors is a list like others', async () => {
    await using api = await JsonApi.start(() => ({ errors: [{ id: 1, message: 'out of paper' }] }))
    await api.sync({ items: 'errors' })
    expect(await idsOf(api)).toEqual([1])
  })

  test('as Notion is: a cursor at the top of the body', async () => {
    await using api = await JsonApi.startPost((body, headers) => {
      if (headers['notion-version'] !== '2022-06-28') return { message: 'missing version' }
      const { start_cursor: at = '0', page_size: size } = body as { start_cursor?: string; page_size: number }
      const end = Number(at) + size
      const isMore = end < ids.length
      return {
        results: ids.slice(Number(at), end).map((id) => ({ id, archived: id === 12 })),
        has_more: isMore,
        next_cursor: isMore ? String(end) : null,
      }
    })
    await api.sync(
      declared(`path: databases/d9824bdc/query
headers: { Notion-Version: '2022-06-28' }
body: { page_size: 2 }
items: results
next: next_cursor
parameter: start_cursor
more: has_more
deletes: archived`),
    )
    expect(await idsOf(api)).toEqual([11, 13, 14, 15])
    expect(api.bodies.at(-1)).toBe('{"page_size":2,"start_cursor":"4"}')
  })

  test('as Elasticsearch is: the sort values of the last hit come back with every digit', async () => {
    const sorts = ['9007199254740993', '9007199254740995'].map((n) => `[${n}, "a,b]"]`)
    await using api = await JsonApi.serve((request, response) => {
      let text = ''
      request.on('data', (part) => (text += part))
      request.on('end', () => {
        const at = sorts.findIndex((sort) => text.includes(`"search_after":${sort}`)) + 1
        const hit = at < sorts.length ? `{"_id":"${at + 1}","sort":${sorts[at]!}}` : ''
        response.end(`{"hits":{"hits":[${hit}]}}`)
      })
    })
    await api.sync({
      path: 'people/_search',
      body: { size: 1, sort: [{ at: 'asc' }, '_id'] },
      items: 'hits.hits',
      key: ['_id'],
      next: 'hits.hits.-1.sort',
      parameter: 'search_after',
    })
    expect((await api.rows()).map(({ _id }) => _id)).toEqual(['1', '2'])
    expect(api.asked).toHaveLength(3)
  })

  test('pages are counted in the body, as numbers or as texts, from what it says', async () => {
    await using api = await JsonApi.startPost((body) => {
      const from = Number((body as { page: { from: number | string } }).page.from)
      return ids.slice(from, from + 2).map((id) => ({ id }))
    })
    await api.sync(declared('body: { page: { from: 3 } }\nparameter: page.from\ncounts: items'))
    expect(api.bodies).toEqual([3, 5].map((from) => `{"page":{"from":${from}}}`))
    await api.sync(declared("body: { page: { from: '3' } }\nparameter: page.from\ncounts: items"))
    expect(api.bodies).toEqual([3, 5].map((from) => `{"page":{"from":"${from}"}}`))
  })

  test('what is new is asked for at a place in the body, in a list too', async () => {
    let people = [{ id: 1, updated: '2024-05-01T10:00:00Z' }]
    await using api = await JsonApi.startPost(() => people)
    const table = declared(`body:
  bool: { filter: [ { term: { team: red } }, { range: { updated: {} } } ] }
since: bool.filter.1.range.updated.gte
columns: { id: int, updated: timestamp }`)
    const cursor = { cursor: [{ table: 'people', column: 'updated' }] }
    await api.sync(table, cursor)
    people = [{ id: 2, updated: '2024-05-02T10:00:00Z' }]
    await api.sync(table, cursor)
    expect(api.bodies).toEqual([
      '{"bool":{"filter":[{"term":{"team":"red"}},{"range":{"updated":{"gte":"2024-05-01T09:55:00Z"}}}]}}',
    ])
    expect(await idsOf(api)).toEqual([1, 2])
  })

  test('what a refusal says is told', async () => {
    await using api = await JsonApi.serve((_, response) =>
      response.writeHead(400).end('{"object":"error","status":400,"message":"body failed validation: x"}'),
    )
    expect(await fault(api.sync({ body: {} }))).toMatch(/answers 400: body failed validation: x$/)
  })

  test('what is no number is not counted on from', async () => {
    await using api = await JsonApi.startPost(() => [{ id: 1 }])
    expect(await fault(api.sync(declared('body: { at: { a: 1 } }\nparameter: at')))).toMatch(
      /what 'at' begins with is no whole number/,
    )
  })

  test('pages that name themselves as the next one are found out', async () => {
    await using api = await JsonApi.startPost(() => ({ data: [{ id: 1 }], next: 'a' }))
    expect(await fault(api.sync({ body: {}, items: 'data', next: 'next', parameter: 'at' }))).toMatch(
      /pages never end/,
    )
    expect(api.bodies).toEqual(['{}', '{"at":"a"}'])
  })

  test.each([
    [
      'body: { query: text }\nparameter: query.after',
      /'parameter: query.after' of 'people' leads to no place/,
    ],
    ['body: { list: [1] }\nparameter: list.1', /leads to no place in its 'body'/],
    ['body: { list: [1] }\nparameter: list.length', /leads to no place in its 'body'/],
    ['body: {}\nparameter: a..b', /leads to no place in its 'body'/],
    ['body: {}\nparameter: a\nsince: a.b', /'since' and 'parameter' of 'people' are one place/],
    ['body: { n: 12345678901234567890 }', /has a value that cannot be sent as JSON/],
    ['headers: { Authorization: Bearer x }', /the header 'authorization' cannot be declared/],
    ['headers: { X-A: "a\\nb" }', /'x-a' is not a header of one line/],
    ['body: { n: .nan }', /has a value that cannot be sent as JSON/],
  ])('what cannot be asked is named where it is declared: %j', (lines, message) => {
    expect(() => declared(lines)).toThrow(message)
  })

  test('names that mean something to JavaScript are names', async () => {
    await using api = await JsonApi.startPost(() => [])
    await api.sync({ ...declared('body: { __proto__: { a: 1 } }\nparameter: __proto__.page') })
    expect(api.bodies).toEqual(['{"__proto__":{"a":1}}'])
  })
})

test('a link that asks by POST is declared once it has answered, and written as it was', async () => {
  await using api = await JsonApi.startPost((body) => connection(body as Connection))
  const root = temporaryDir()
  await using repo = await Repository.init(root)
  const { table: _, ...http } = { table: 'people', ...declared(graphql), headers: { 'x-version': '2' } }
  const setting = { ...http, deletes: [{ path: 'gone', values: ['*'] }] }
  await repo.addLink('crm', {
    endpoint: api.origin,
    mode: 'capture',
    tables: ['people'],
    http: [{ table: 'people', ...setting }],
  })
  expect((await repo.links())[0]!.http).toEqual([{ table: 'people', ...setting }])
  expect(JSON.parse(api.bodies[0]!)).toEqual(setting.body)
})
