// What one client may cost: time, connections, requests at a time; and how the server stops.
import { once } from 'node:events'
import net from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import { PublicStore } from '../../src/server/public-store.ts'
import { randomBytes } from 'node:crypto'
import { manyRows } from '../remote/history.ts'
import { type Called, type Serving, callTo, serve } from './serving.ts'

interface Raw {
  readonly socket: net.Socket
  readonly closed: Promise<number>
  readonly text: () => string
}

function raw(url: string, lines: string): Raw {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  const started = Date.now()
  socket.on('error', () => {}).on('data', (part: Buffer) => (text += part.toString('latin1')))
  socket.write(lines)
  const closed = new Promise<number>((done) => socket.once('close', () => done(Date.now() - started)))
  return { socket, closed, text: () => text }
}

/** A server under load answers later, but it does. */
const soon = { timeout: 10_000, interval: 10 }

/** Waits until so many requests are under way, the one that asks among them. */
function underWay(serving: Serving, count: number): Promise<void> {
  return vi.waitFor(async () => {
    const { text } = await serving.call('/metrics')
    expect(text).toContain(`varve_http_requests_in_flight ${count}\n`)
  }, soon)
}

const put = (token: string, length: number): string =>
  `PUT /v1/repos/prices/uploads/${'a'.repeat(64)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`

test('more requests at a time than a token may have: 429 and a word on when to come back; others are served', async () => {
  const serving = await serve({ limits: { requestsPerTokenMax: 3 } })
  await serving.repository('prices')
  const [mine, other] = [await serving.token({ scope: 'write' }), await serving.token({ scope: 'write' })]
  const slow = ['b', 'c', 'd'].map((name) =>
    raw(serving.url, put(mine, 1000).replace('a'.repeat(64), name.repeat(64))),
  )
  await vi.waitFor(async () => {
    const refused = await serving.call('/v1/repos', { token: mine })
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
  }, soon)
  expect((await serving.call('/v1/repos', { token: other })).status).toBe(200)
  for (const { socket, closed } of slow) {
    socket.destroy()
    await closed
  }
  await vi.waitFor(
    async () => expect((await serving.call('/v1/repos', { token: mine })).status).toBe(200),
    soon,
  )
})

test('more requests at a time than the server takes: 503, health excepted, and soon they are served again', async () => {
  const serving = await serve({ limits: { requestsMax: 2 } })
  await serving.repository('prices')
  const token = await serving.token({ scope: 'write' })
  const slow = ['b', 'c'].map((name) =>
    raw(serving.url, put(token, 10).replace('a'.repeat(64), name.repeat(64))),
  )
  await vi.waitFor(async () => {
    const busy = await callTo(serving.url, '/v1/repos', { token: serving.admin })
    expect([busy.status, busy.headers['retry-after']]).toEqual([503, '1'])
  }, soon)
  expect((await callTo(serving.url, '/health')).status).toBe(200)
  for (const { socket } of slow) socket.write('0123456789')
  await vi.waitFor(async () => expect((await serving.call('/v1/repos')).status).toBe(200), soon)
  for (const { socket } of slow) socket.destroy()
})

test('more comparisons and exports at a time than a client may have: 429, and pages all the same', async () => {
  const serving = await serve({ limits: { costlyPerClientMax: 2, costlyMax: 3 }, anonymous: 'read' })
  await serving.repository('prices', { files: { a: 'x' } })
  const costly = '/v1/repos/prices/diff?from=main&to=main'
  const [mine, other] = [await serving.token(), await serving.token()]
  let go = (): void => {}
  const waiting = new Promise<void>((done) => (go = done))
  // Whoever is let in waits for the repository's refs.
  const manifest = vi.spyOn(PublicStore.prototype, 'manifest').mockImplementation(async function () {
    await waiting
    throw new VarveError('VARVE_NOT_POSSIBLE', 'later')
  })
  onTestFinished(() => manifest.mockRestore())
  const ask = (token: string | null, target = costly): Promise<Called> =>
    callTo(serving.url, target, { token })
  const letIn = (count: number): Promise<void> =>
    vi.waitFor(() => expect(manifest).toHaveBeenCalledTimes(count), soon)
  const under = [ask(mine), ask(mine)]
  await letIn(2)
  const refused = await ask(mine)
  expect([refused.status, refused.headers['retry-after'], refused.json.error.code]).toEqual([
    429,
    '2',
    'VARVE_UNREACHABLE',
  ])
  for (const page of [
    '/prices/compare?from=main&to=main',
    '/prices/history?path=a',
    '/prices/row?table=a&key=1',
    '/prices/history?cursor=AAAA',
    '/prices/files?revision=main~1',
    '/v1/repos/prices/tree?revision=abcd',
    '/v1/repos/prices/commits?revision=a..b',
    `/prices/commit/${'a'.repeat(64)}`,
    '/prices/export?table=a',
  ])
    expect([page, (await ask(mine, page)).status]).toEqual([page, 429])
  under.push(ask(null))
  await letIn(3)
  expect((await ask(other)).status).toBe(503)
  // What costs little is not counted.
  const cheap = [...Array(20)].map(() => ask(mine, '/prices/files'))
  await letIn(23)
  go()
  expect((await Promise.all(cheap)).map(({ status }) => status)).toEqual(cheap.map(() => 409))
  await Promise.all(under)
  manifest.mockRestore()
  expect((await ask(mine)).status).toBe(200)
})

test('a body that comes a byte a second, and a client that is silent, are cut when their time is over', async () => {
  const serving = await serve({ limits: { requestMsMax: 700, pushMsMax: 700 } })
  await serving.repository('prices')
  const drip = raw(serving.url, put(serving.admin, 1000))
  const timer = setInterval(() => drip.socket.write('x'), 100)
  const silent = raw(serving.url, 'GET /health HTT')
  expect(await drip.closed).toBeLessThan(5000)
  clearInterval(timer)
  expect(await silent.closed).toBeLessThan(20_000)
  expect((await callTo(serving.url, '/health')).status).toBe(200)
}, 30_000)

test('hundreds of connections that say nothing do not keep anybody from being served', async () => {
  const serving = await serve()
  const idle = Array.from({ length: 300 }, () => raw(serving.url, 'GET / HTTP/1.1\r\nHost: loc'))
  await Promise.all(idle.map(({ socket }) => once(socket, 'connect')))
  for (let i = 0; i < 20; i++) expect((await callTo(serving.url, '/health')).status).toBe(200)
  expect(idle.filter(({ socket }) => socket.destroyed)).toEqual([])
  for (const { socket } of idle) socket.destroy()
})

test('requests that are no HTTP, or are meant to be read in two ways, are refused', async () => {
  const serving = await serve({ anonymous: 'write' })
  await serving.repository('prices')
  const evil = [
    'GARBAGE\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n',
    `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
  ]
  for (const lines of evil) {
    const { closed, text } = raw(serving.url, lines)
    await closed
    expect(text()).toMatch(/^HTTP\/1\.1 4\d\d/)
  }
})

test('a reader that goes away in the middle of a large file costs nothing more', async () => {
  const serving = await serve({ anonymous: 'read' })
  const store = await serving.repository('prices', {
    files: { big: randomBytes(6_000_000).toString('latin1') },
  })
  void store
  for (let i = 0; i < 20; i++) {
    const reader = raw(serving.url, `GET /v1/repos/prices/file?path=big HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await new Promise((done) => reader.socket.once('data', done))
    reader.socket.destroy()
  }
  // The only one under way is the one that asks.
  await underWay(serving, 1)
})

test('stopping: what is under way ends, nothing new is taken, and whoever takes too long is cut', async () => {
  const serving = await serve({ limits: { graceMs: 400 }, anonymous: 'write' })
  await serving.repository('prices', { rows: manyRows(100) })
  const ending = raw(serving.url, put(serving.admin, 5).replace('a'.repeat(64), 'b'.repeat(64)))
  const endless = raw(serving.url, put(serving.admin, 1000))
  await underWay(serving, 3)
  const stopped = serving.server.close()
  ending.socket.write('12345')
  await expect(callTo(serving.url, '/health')).rejects.toThrow(/ECONNREFUSED|closed/)
  await ending.closed
  expect(ending.text()).toContain('{"offset":5}')
  await endless.closed
  const before = Date.now()
  await stopped
  expect(Date.now() - before).toBeLessThan(3000)
})
