// An HTTP API of which one request goes wrong, each in its turn and in each way: the branch has the rows of before or of
// now, what is told is true, and the next round has those of now.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { isVarveError } from '../../src/base/errors.ts'
import type { HttpTable } from '../../src/dataset/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link } from '../../src/sync/interface.ts'
import { spoilings, startFaultyFront } from '../support/faulty-front.ts'
import { author, oneRound } from '../support/one-round.ts'

const columns = [
  { name: 'id', type: 'int' },
  { name: 'turn', type: 'int' },
] as const
const pageItems = 2

let server: http.Server
let items: { id: number; turn: number }[] = []

/** Pages by a cursor in the answer, or in a header where it is asked for so; each with its ETag. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = new URL(request.url!, 'http://host')
  const page = Number(url.searchParams.get('page') ?? '0')
  const data = items.slice(page * pageItems, (page + 1) * pageItems)
  const next = (page + 1) * pageItems < items.length ? page + 1 : null
  const isByHeader = url.pathname.endsWith('/by-header')
  const body = JSON.stringify(isByHeader ? data : { data, next })
  const etag = `"${Buffer.from(body).toString('base64url')}-${next}"`
  if (isByHeader && next !== null) response.setHeader('link', `<?page=${next}>; rel="next"`)
  if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
  else response.writeHead(200, { 'content-type': 'application/json', etag }).end(body)
}

beforeAll(async () => {
  server = http.createServer(answer)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const ways = [...spoilings.map((how) => [how, 'once'] as const), ['cut', 'for good'] as const]
const tables: HttpTable[] = [
  { table: 'by-cursor', columns, items: 'data', next: 'next', parameter: 'page' },
  { table: 'by-header', columns },
]

test.each(ways.flatMap((way) => tables.map((table) => [way[0], way[1], table.table, table] as const)))(
  'one request goes wrong: %s, %s, of pages %s',
  async (how, lasting, _name, table) => {
    const front = await startFaultyFront(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const store = MemoryStore.create()
    const sync = async (): Promise<void> => {
      const link: Link = {
        name: 'crm',
        endpoint: `${front.url}/v1`,
        mode: 'capture',
        tables: [table.table],
        into: 'crm',
        branch: 'main',
        http: [table],
      }
      await oneRound(store, link)
    }
    const rows = async (): Promise<unknown[]> => {
      const found: unknown[] = []
      const repository = DataRepository.over(store, { author })
      for await (const row of (await repository.at('main')).table(`crm/${table.table}`).scan())
        found.push({ ...row })
      return found
    }
    let before: unknown[] = []
    for (let n = 0; ; n++) {
      items = [1, 2, 3, 4, 5].map((id) => ({ id, turn: id === 5 ? n : 0 }))
      if (n === 0) {
        items.forEach((item) => (item.turn = -1))
        await sync()
        before = await rows()
        items.forEach((item) => (item.turn = 0))
      }
      front.spoil(n, how, lasting)
      const fault: unknown = await sync().then(
        () => null,
        (error: unknown) => error,
      )
      const request = front.requests[n]
      front.mend()
      if (fault !== null && !isVarveError(fault)) throw fault
      const now = await rows()
      expect(fault === null ? [items] : [before, items]).toContainEqual(now)
      await sync()
      expect(await rows()).toEqual(items)
      before = await rows()
      expect((await store.fsck()).problems).toEqual([])
      if (request === undefined) break
      expect(n).toBeLessThan(50)
    }
  },
)
