// An HTTP API as an endpoint that is only read: a real server on loopback, pages of every kind, and answers that lie.
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { type VarveError } from '../../src/base/errors.ts'
import type { HttpTable } from '../../src/dataset/interface.ts'
import { isTransient } from '../../src/sync/retry.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { author, oneRound } from '../support/one-round.ts'
import { fault } from '../support/fault.ts'

describe('links to an HTTP API', () => {
  let server: http.Server
  let origin: string
  let requests: http.IncomingMessage[]
  let answer: (url: URL, response: http.ServerResponse) => void
  let store: MemoryStore
  let repository: DataRepository

  beforeEach(async () => {
    requests = []
    server = http.createServer((request, response) => {
      requests.push(request)
      answer(new URL(request.url!, origin), response)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    store = MemoryStore.create()
    repository = DataRepository.over(store, { author })
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })

  async function sync(
    table: Omit<HttpTable, 'table'> = {},
    change: { link?: Partial<Link>; environment?: Readonly<Record<string, string>> } = {},
  ): Promise<Receipt> {
    const link: Link = {
      name: 'crm',
      endpoint: `${origin}/v1`,
      mode: 'capture',
      tables: ['people'],
      into: 'crm',
      branch: 'main',
      http: [{ table: 'people', ...table }],
      ...change.link,
    }
    return oneRound(store, link, change.environment)
  }

  async function rows(path = 'crm/people'): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const row of (await repository.at('main')).table(path).scan()) found.push({ ...row })
    return found
  }

  const send = (
    response: http.ServerResponse,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): void => void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)

  test('without columns a row is its key and the whole item, with every digit; a quiet round makes no commit', async () => {
    answer = (_, response) =>
      send(response, '[ {"id": 1, "big": 12345678901234567890.10, "__proto__": {"a":[1]}}, {"id":"b"} ]')
    expect((await sync()).tables[0]).toMatchObject({ read: 2, captured: { added: 2 } })
    expect(requests[0]!.url).toBe('/v1/people')
    const exported: string[] = []
    for await (const part of repository.exportTable('main', 'crm/people', { format: 'jsonl' }))
      exported.push(Buffer.from(part).toString())
    expect(exported.join('')).toBe(
      '{"id":1,"item":{"id": 1, "big": 12345678901234567890.10, "__proto__": {"a":[1]}}}\n{"id":"b","item":{"id":"b"}}\n',
    )
    const { commit } = await sync()
    expect((await sync()).commit).toBe(commit)
  })

  test('declared properties are columns: a property may be missing, and items change, come and go', async () => {
    const columns = [
      { name: 'id', type: 'int' },
      { name: 'name', type: 'text' },
      { name: 'tags', type: 'json' },
    ] as const
    answer = (_, response) =>
      send(response, '{"data":{"items":[{"id":1,"name":"A\\u0064a","tags":["x"],"more":1},{"id":2}]}}')
    await sync({ items: 'data.items', columns })
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada', tags: ['x'] },
      { id: 2, name: null, tags: null },
    ])
    answer = (_, response) => send(response, '{"data":{"items":[{"id":2,"name":null},{"id":3,"name":"Cy"}]}}')
    const receipt = await sync({ items: 'data.items', columns })
    expect(receipt.tables[0]!.captured).toEqual({ added: 1, changed: 1, removed: 1 })
  })

  test('pages whose ETags are the same are not sent again; a change, a page more, or another declaration is read', async () => {
    const all = ['[{"id":1}]', '[{"id":2}]']
    const columns = [{ name: 'id', type: 'int' }] as const
    answer = (url, response) => {
      const n = Number(url.searchParams.get('p') ?? '0')
      const etag = `W/"${Buffer.from(all[n]!).toString('hex')}"`
      if (n < all.length - 1) response.setHeader('link', `<?p=${n + 1}>; rel="next"`)
      // Only a whole answer says where the next page is.
      const { 'if-none-match': condition } = requests.at(-1)!.headers
      if (condition === etag) {
        response.removeHeader('link')
        return void response.writeHead(304).end()
      }
      send(response, all[n]!, { etag })
    }
    const sent = async (table = {}): Promise<string[]> => {
      requests.length = 0
      await sync({ columns, ...table })
      return requests.map(({ method, url, headers }) =>
        [method, url!.replace('/v1/people', ''), headers['if-none-match'] === undefined ? '' : 'if'].join(
          ' ',
        ),
      )
    }
    await sent()
    const kept = async (): Promise<unknown[]> => {
      const { refs } = await store.manifest()
      return ['links/crm/digests', 'refs/links/crm/live'].map((ref) => refs.get(ref))
    }
    const before = await kept()
    expect(await sent()).toEqual(['GET  if', 'GET ?p=1 if', 'HEAD ?p=1 '])
    expect(await kept()).toEqual(before)
    expect(await sent()).toHaveLength(3)
    all.push('[{"id":3}]')
    expect(await sent()).toEqual(['GET  if', 'GET ?p=1 if', 'HEAD ?p=1 ', 'GET  ', 'GET ?p=1 ', 'GET ?p=2 '])
    all[0] = '[{"id":7}]'
    // The page that was answered when it was asked for is not asked for twice.
    expect(await sent()).toEqual(['GET  if', 'GET ?p=1 ', 'GET ?p=2 '])
    expect(await rows()).toEqual([{ id: 2 }, { id: 3 }, { id: 7 }])
    expect(await sent({ key: ['id'] })).toEqual(['GET  ', 'GET ?p=1 ', 'GET ?p=2 '])
  })

  test('a Last-Modified counts when it was a minute old; what a server without any says is read each time', async () => {
    let modified = new Date(Date.now() - 3_600_000)
    answer = (_, response) => {
      const since = Date.parse(requests.at(-1)!.headers['if-modified-since'] ?? '')
      if (since >= Math.floor(modified.getTime() / 1000) * 1000) return void response.writeHead(304).end()
      send(response, '[{"id":1}]', { 'last-modified': modified.toUTCString() })
    }
    const bodies = async (): Promise<number> => {
      requests.length = 0
      await sync()
      return requests.filter(
        ({ method, headers }) => method === 'GET' && headers['if-modified-since'] === undefined,
      ).length
    }
    await bodies()
    expect(await bodies()).toBe(0)
    modified = new Date()
    await bodies()
    expect(await bodies()).toBe(1)
    answer = (_, response) => send(response, '[{"id":1}]')
    await bodies()
    expect(await bodies()).toBe(1)
  })

  const pages = [[1, 2], [2, 3], [4]]
  const page = (n: number): string => JSON.stringify((pages[n] ?? []).map((id) => ({ id })))
  const ids = async (): Promise<unknown[]> => (await rows()).map((row) => (row as { id: unknown }).id)

  test('pages follow a cursor in the answer, an address in it, a header Link, or a count; what comes twice counts once', async () => {
    const at = (url: URL, name: string): number => Number(url.searchParams.get(name) ?? '0')
    const shapes: [Omit<HttpTable, 'table'>, typeof answer][] = [
      [
        { path: 'people?limit=2', items: 'data', next: 'meta.next', parameter: 'after' },
        (url, response) => {
          const n = at(url, 'after')
          expect(url.searchParams.get('limit')).toBe('2')
          send(response, `{"data":${page(n)},"meta":{"next":${n < 2 ? `"${n + 1}"` : 'null'}}}`)
        },
      ],
      [
        { items: 'data', next: 'next' },
        (url, response) => {
          const n = at(url, 'p')
          send(response, `{"data":${page(n)},"next":${n < 2 ? `"/v1/people?p=${n + 1}"` : '""'}}`)
        },
      ],
      [
        {},
        (url, response) => {
          const n = at(url, 'p')
          send(
            response,
            page(n),
            n < 2 ? { link: `<${origin}/x>; rel="prev", <?p=${n + 1}>; rel="next"` } : {},
          )
        },
      ],
      [
        { path: 'people?page=1', parameter: 'page' },
        (url, response) => send(response, page(at(url, 'page') - 1)),
      ],
    ]
    for (const [table, answers] of shapes) {
      answer = answers
      store = MemoryStore.create()
      repository = DataRepository.over(store, { author })
      await sync(table)
      expect(await ids()).toEqual([1, 2, 3, 4])
    }
  })

  test('no other origin is asked, and a secret goes to none: neither by a next page nor by a redirect', async () => {
    const heard: unknown[] = []
    const other = http.createServer((request, response) => {
      heard.push(request.headers)
      response.end('[]')
    })
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`
    const environment = { VARVE_LINK_CRM_TOKEN: 's3cret' }
    answer = (_, response) => send(response, `{"data":[],"next":"${elsewhere}"}`)
    expect(await fault(sync({ items: 'data', next: 'next' }, { environment }))).toMatch(
      /^VARVE_REFUSED: a page .* at another place/,
    )
    answer = (_, response) => send(response, '[]', { link: `<${elsewhere}>; rel=next` })
    expect(await fault(sync({}, { environment }))).toMatch(/^VARVE_REFUSED: a page/)
    answer = (_, response) => void response.writeHead(302, { location: elsewhere }).end()
    expect(await fault(sync({}, { environment }))).toMatch(/^VARVE_REFUSED: .*not followed/)
    expect(await fault(sync({ path: elsewhere }, { environment }))).toMatch(/^VARVE_REFUSED/)
    expect(heard).toEqual([])
    expect(requests[0]!.headers['authorization']).toBe('Bearer s3cret')
    await new Promise((done) => other.close(done))
  })

  test('a secret may be any header, comes from the environment, and does not travel in the clear', async () => {
    answer = (_, response) => send(response, '[]')
    await sync({}, { environment: { VARVE_LINK_CRM_HEADER: 'X-Api-Key: abc' } })
    expect(requests[0]!.headers['x-api-key']).toBe('abc')
    expect(await fault(sync({}, { environment: { VARVE_LINK_CRM_HEADER: 'abc' } }))).toContain(
      'VARVE_LINK_CRM_HEADER is not a header',
    )
    const twoLines = { environment: { VARVE_LINK_CRM_HEADER: 'X-Api-Key: abc\nX: y' } }
    expect(await fault(sync({}, twoLines))).toContain('VARVE_LINK_CRM_HEADER is not a header')
    // What a secret store puts behind it.
    await sync({}, { environment: { VARVE_LINK_CRM_TOKEN: 'abc\n' } })
    expect(requests.at(-1)!.headers['authorization']).toBe('Bearer abc')
    for (const token of ['a\nb', 'a b', 'ключ', '\u0001'])
      expect(await fault(sync({}, { environment: { VARVE_LINK_CRM_TOKEN: token } }))).toBe(
        'VARVE_REFUSED: VARVE_LINK_CRM_TOKEN is not a token',
      )
    const clear = { link: { endpoint: 'http://192.0.2.1/' }, environment: { VARVE_LINK_CRM_TOKEN: 'x' } }
    expect(await fault(sync({}, clear))).toMatch(/^VARVE_REFUSED: the secret would travel/)
    answer = (_, response) => void response.writeHead(401).end()
    expect(await fault(sync())).toMatch(/^VARVE_REFUSED: .*refuses access \(401\)/)
  })

  test('answers that are not what was declared change nothing, and are named', async () => {
    answer = (_, response) => send(response, '[{"id":1}]')
    await sync()
    const { sequence } = await store.manifest()
    const answers: [string, RegExp, Omit<HttpTable, 'table'>?][] = [
      [
        '{"items":{}}',
        /^VARVE_NOT_POSSIBLE: table 'people': there is no list in what '\/v1\/people' answers$/,
      ],
      ['{"x.y":[],"a":{"b":[]},"data":[]}', /: there is no list, but at 'a.b', 'data', in what/],
      ['{"data":[]}', /: there is no list at 'items', but at 'data', in what/, { items: 'items' }],
      ['<html>', /is not JSON$/],
      ['[{"id":1,"a":1},{"id":1,"a":2}]', /items 1 and 2 of a page have the same key/],
      ['[{"id":7}]', /answers the same page whatever 'p' says$/, { parameter: 'p' }],
      ['[1]', /item 1 of a page is not an object$/],
      ['[{"id":1},{"id":null}]', /item 2 of a page has no 'id' for its key$/],
      ['[{"id":{}}]', /has no 'id'/],
      ['{"a":[],"next":"?x"}', /never end/, { items: 'a', next: 'next' }],
      ['{"a":[],"next":"http://["}', /the address of a page is none$/, { items: 'a', next: 'next' }],
      ['[]', /the address of a page is none$/, { path: 'http://[' }],
      [`[${'0'.repeat(33 << 20)}]`, /^VARVE_NOT_POSSIBLE: a page is longer than 32 MiB/],
    ]
    for (const [body, expected, table] of answers) {
      answer = (_, response) => send(response, body)
      expect(await fault(sync(table))).toMatch(expected)
    }
    expect((await store.manifest()).sequence).toBe(sequence)
    // An API that is suddenly empty is a guard's business.
    answer = (_, response) => send(response, '[]')
    const receipt = await sync()
    expect([receipt.pending, receipt.heldBack]).toEqual([
      expect.any(String),
      [expect.objectContaining({ table: 'people', reason: 'guard' })],
    ])
    expect(await rows()).toHaveLength(1)
  })

  test('a row that cannot be kept waits alone, as it last was, until it is smaller or gone', async () => {
    const table = { columns: ['id', 'name'].map((name) => ({ name, type: 'json' as const })) }
    const show = (items: readonly object[]): void => {
      const body = JSON.stringify(items)
      const etag = `"${createHash('sha256').update(body).digest('hex')}"`
      answer = (_, response) => {
        const isKnown = requests.at(-1)!.headers['if-none-match'] === etag
        if (isKnown) response.writeHead(304).end()
        else send(response, body, { etag })
      }
    }
    const [ada, bob, grace] = [
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Bob' },
      { id: 3, name: 'Grace' },
    ]
    const large = 'x'.repeat((16 << 20) + 1)
    show([ada, bob])
    await sync(table)
    show([ada, { id: 2, name: large }, grace])
    const waits = await sync(table)
    expect(waits.heldBack).toMatchObject([
      { key: '2', reason: 'rejected', tooLarge: { columns: ['name'], bytesMax: 16 << 20 } },
    ])
    expect(waits.tables[0]!.captured).toEqual({ added: 1, changed: 0, removed: 0 })
    expect(await rows()).toEqual([ada, bob, grace])
    // A quiet round: the page is asked for by its ETag alone, and the row is still told.
    const tip = (await store.manifest()).refs.get('refs/heads/main')
    requests.length = 0
    expect((await sync(table)).heldBack).toMatchObject([{ key: '2' }])
    const asked = requests.map(({ method, headers }) => [method, 'if-none-match' in headers])
    expect(asked).toEqual([
      ['GET', true],
      ['HEAD', false],
    ])
    expect((await store.manifest()).refs.get('refs/heads/main')).toEqual(tip)
    // That one is gone; one is new, and of one the key is too long.
    show([ada, { id: 4, name: large }, { id: 'k'.repeat(2000), name: 'long' }, grace])
    const others = await sync(table)
    expect(others.heldBack).toMatchObject([
      { key: '4', reason: 'rejected' },
      { key: expect.stringMatching(/^sha256 /), tooLarge: { columns: [], bytesMax: 1024 } },
    ])
    expect(await rows()).toEqual([ada, grace])
    show([ada, { id: 4, name: 'small' }, grace])
    expect((await sync(table)).heldBack).toEqual([])
    expect(await rows()).toEqual([ada, grace, { id: 4, name: 'small' }])
  })

  test('an item that cannot be kept as a whole waits alone, in a first round too', async () => {
    const item = (id: number, size = 1): object => ({ id, a: 'x'.repeat(size) })
    const list = (items: readonly object[]): void =>
      void (answer = (_, response) => send(response, JSON.stringify(items)))
    list([item(1), item(2, 16 << 20)])
    expect((await sync()).heldBack).toMatchObject([
      { key: '2', reason: 'rejected', tooLarge: { columns: ['item'] } },
    ])
    expect(await rows()).toEqual([{ id: 1, item: item(1) }])
    list([item(1), item(3), item(2, 16 << 20)])
    expect((await sync()).heldBack).toMatchObject([{ key: '2' }])
    expect(await rows()).toHaveLength(2)
    list([item(1), item(3), item(2, (16 << 20) - 1000)])
    expect((await sync()).heldBack).toEqual([])
    expect(await rows()).toHaveLength(3)
  })

  test('a mask that is added while a row of an API waits holds for it too', async () => {
    const table = { columns: ['id', 'name', 'note'].map((name) => ({ name, type: 'json' as const })) }
    const show = (note: string): void =>
      void (answer = (_, response) =>
        send(
          response,
          JSON.stringify([
            { id: 1, name: 'Ada', note: '' },
            { id: 2, name: 'Bob', note },
          ]),
        ))
    show('')
    await sync(table)
    show('x'.repeat((16 << 20) + 1))
    await sync(table)
    const mask = { column: 'name', compute: null, mask: { kind: 'null' as const }, cast: null, rename: null }
    const one = { table: 'people', select: null, omit: [], where: null, columns: [mask] }
    const masked = { link: { transform: [one] } }
    for (let round = 0; round < 2; round++) {
      expect((await sync(table, masked)).heldBack).toMatchObject([{ key: '2', reason: 'rejected' }])
      expect(await rows()).toEqual([1, 2].map((id) => ({ id, name: null, note: '' })))
    }
  })

  test('an answer that is no JSON is told by what it is, and waited for', async () => {
    answer = (_, response) => send(response, '<html>', { 'content-type': 'text/html; charset=utf-8' })
    const failed = await sync().catch((error: unknown) => error as VarveError)
    expect(failed).toMatchObject({ message: expect.stringMatching(/not JSON but text\/html$/) })
    expect(isTransient(failed)).toBe(true)
    answer = (_, response) => send(response, '\u001f\u008b', { 'content-encoding': 'gzip' })
    expect(await fault(sync())).toMatch(/not JSON but gzip$/)
    answer = (_, response) => void response.writeHead(302, { location: '/login?next=s3cret' }).end()
    expect(await fault(sync())).toBe(
      `VARVE_REFUSED: '${origin}/v1' sends us to another address, '${origin}/login', which is not followed`,
    )
    answer = (_, response) => void response.writeHead(404).end()
    await expect(sync()).rejects.toMatchObject({ hint: "there is no '/v1/people': check the address" })
  })

  test('a page that is cut is never taken for the whole, and a busy API in the middle is waited for', async () => {
    const all = JSON.stringify([{ id: 1 }, { id: 2 }])
    const first = `{"data":[{"id":1}],"next":"?p=1"}`
    const table = { items: 'data', next: 'next' }
    const second = '{"data":[{"id":2}]}'
    answer = (_, response) => send(response, `{"data":${all}}`)
    await sync(table)
    const cuts: ((response: http.ServerResponse) => void)[] = [
      // Announces more than it sends; and ends within its chunks.
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write(second)
        setTimeout(() => response.socket?.destroy(), 10)
      },
      (response) => {
        response.writeHead(200).write(second)
        setTimeout(() => response.socket?.destroy(), 10)
      },
      // Announces less than is there.
      (response) => {
        response.socket!.write(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n${second}`)
        response.socket!.end()
      },
      // Announces nothing, and the line ends.
      (response) => {
        response.socket!.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${second.slice(0, 12)}`)
        response.socket!.end()
      },
    ]
    for (const cut of cuts) {
      answer = (url, response) => (url.searchParams.has('p') ? cut(response) : send(response, first))
      const failed = await sync(table).catch((error: unknown) => error as VarveError)
      expect(isTransient(failed)).toBe(true)
      expect(await ids()).toEqual([1, 2])
    }
    let asked = 0
    answer = (url, response) => {
      if (!url.searchParams.has('p')) return send(response, first)
      if (++asked === 1) return void response.writeHead(429, { 'retry-after': '0' }).end()
      if (asked === 2) return void response.writeHead(502).end('<html>')
      if (asked === 3) return cuts[0]!(response)
      return send(response, '{"data":[{"id":3}]}')
    }
    await sync(table)
    expect([await ids(), asked]).toEqual([[1, 3], 4])
  })

  test('tables of a link that take the place of others are new, whatever their rows are like', async () => {
    answer = (_, response) => send(response, '[{"id":1,"a":"one row"},{"id":2,"a":"another row"}]')
    await sync()
    answer = (_, response) => send(response, '[{"id":1,"a":"one row"}]')
    const link = { tables: ['persons'], http: [{ table: 'persons' }] }
    expect((await sync({}, { link })).heldBack).toEqual([])
    expect([await rows(), await rows('crm/persons')].map(({ length }) => length)).toEqual([2, 1])
  })

  test('it is only read: another mode is refused', async () => {
    for (const mode of ['two-way', 'mirror', 'materialize'] as const)
      expect(await fault(sync({}, { link: { mode } }))).toMatch(
        /^VARVE_USAGE: .*can be read and not written to/,
      )
  })
})
