// What the HTTP client promises against servers that are slow, busy, broken or hostile. All of them are real ones, on
// loopback.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type VarveError, isVarveError } from '../../src/base/errors.ts'
import { askedMs } from '../../src/sync/retry.ts'
import { HttpClient, type HttpRequest } from '../../src/http/client.ts'

type Handler = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => void
const running: { server: http.Server; client: HttpClient }[] = []

afterEach(async () => {
  for (const { server, client } of running.splice(0)) {
    await client.close()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

async function clientOf(handler: Handler): Promise<{ client: HttpClient; count: () => number }> {
  let count = 0
  const server = http.createServer((request, response) => handler(request, response, ++count))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  running.push({ server, client })
  return { client, count: () => count }
}

async function fault(client: HttpClient, request: HttpRequest): Promise<string> {
  try {
    const { status } = await client.send(request)
    return `answered ${status}`
  } catch (error) {
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}

const get: HttpRequest = { method: 'GET', path: '/x', bytesMax: 1000 }

test('a busy server is asked again, and a cut connection is made anew', async () => {
  const { client, count } = await clientOf((_, response, n) => {
    if (n === 1) response.writeHead(503, { 'retry-after': '0' }).end()
    else if (n === 2) response.socket!.destroy()
    else if (n === 3) {
      response.writeHead(200, { 'content-length': '10' }).write('half')
      setTimeout(() => response.socket!.destroy(), 20)
    } else response.end('whole')
  })
  const answer = await client.send(get)
  expect(Buffer.from(answer.body).toString()).toBe('whole')
  expect(count()).toBe(4)
})

test('who asks to be left alone for longer than is waited is not asked again, and the error says how long', async () => {
  const reset = String(Math.ceil(Date.now() / 1000) + 1800)
  const limits: [number, Record<string, string>][] = [
    [429, { 'retry-after': '1800' }],
    [503, { 'retry-after': new Date(Date.now() + 1_800_000).toUTCString() }],
    [429, { 'x-ratelimit-reset': reset }],
    [429, { 'ratelimit-reset': '1800' }],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }],
  ]
  const { client: plain, count } = await clientOf((_, response, n) =>
    response.writeHead(...limits[n - 1]!).end(),
  )
  const client = new HttpClient(plain.origin, { pauseMsMax: 60_000 })
  for (const [status] of limits) {
    const error = await client.send(get).catch((one: unknown) => one as VarveError)
    expect(error).toMatchObject({
      code: 'VARVE_UNREACHABLE',
      hint: expect.stringMatching(/^it asks to be left alone for (30|31) minutes/),
      data: { status, attempts: 1 },
    })
    expect(Math.abs(askedMs(error) - 1_800_000)).toBeLessThan(3000)
  }
  expect(count()).toBe(limits.length)
  await client.close()
})

test('a limit that ends soon is waited for, as its reset says', async () => {
  const limited = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }
  const { client, count } = await clientOf((_, response, n) =>
    n === 1 ? response.writeHead(403, limited).end() : response.end('in'),
  )
  const before = Date.now()
  expect(Buffer.from((await client.send(get)).body).toString()).toBe('in')
  expect([count(), Date.now() - before >= 900]).toEqual([2, true])
})

test('what must not be done twice is sent once', async () => {
  const { client, count } = await clientOf((_, response) => response.socket!.destroy())
  expect(await fault(client, { method: 'POST', path: '/', repeatable: false })).toMatch(
    /^VARVE_UNREACHABLE: cannot reach 'http:\/\/127\.0\.0\.1:\d+': the connection was cut/,
  )
  expect(count()).toBe(1)
})

test('a body that never ends is cut at the length that was allowed', async () => {
  const { client } = await clientOf((_, response) => {
    const part = Buffer.alloc(64 << 10)
    const more = (): void => {
      while (!response.destroyed && response.write(part));
    }
    response.on('drain', more)
    more()
  })
  expect(await fault(client, get)).toMatch(/^VARVE_CORRUPT: .* sends more than was asked for/)
})

test.each(['http://169.254.169.254/latest', 'file:///etc/passwd', 'http://localhost:1/', '/elsewhere'])(
  'a redirect to %s is not followed',
  async (location) => {
    const { client, count } = await clientOf((_, response) => response.writeHead(302, { location }).end())
    expect(await fault(client, get)).toMatch(/^VARVE_REFUSED: .* sends us to another address/)
    expect(count()).toBe(1)
  },
)

test.each([
  [401, 'VARVE_REFUSED'],
  [403, 'VARVE_REFUSED'],
  [404, 'VARVE_REFUSED'],
  [501, 'VARVE_REFUSED'],
  [507, 'VARVE_DISK_FULL'],
])('an answer of %d ends the request at once with %s', async (status, code) => {
  const { client, count } = await clientOf((_, response) => response.writeHead(status).end('no'))
  expect(await fault(client, get)).toContain(code)
  expect(count()).toBe(1)
})

test('nobody there: the message says so', async () => {
  const client = new HttpClient('http://127.0.0.1:1')
  try {
    expect(await fault(client, { ...get, repeatable: false })).toContain('nobody answers there')
  } finally {
    await client.close()
  }
})

test('an aborted request ends at once, in a pause too', async () => {
  const { client } = await clientOf((_, response) => response.writeHead(503, { 'retry-after': '60' }).end())
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 100)
  const before = Date.now()
  expect(await fault(client, { ...get, signal: stop.signal })).toContain('VARVE_ABORTED')
  expect(Date.now() - before).toBeLessThan(3000)
})

test('headers made by a function are made for each attempt', async () => {
  const { client } = await clientOf((request, response, n) => {
    if (n < 3) response.writeHead(500).end()
    else response.end(request.headers['x-attempt'])
  })
  let made = 0
  const answer = await client.send({ ...get, headers: () => ({ 'x-attempt': String(++made) }) })
  expect(Buffer.from(answer.body).toString()).toBe('3')
})

test('a line that is slow and still takes bytes is no silence', async () => {
  let received = 0
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      received += bytes.length
      // The first half at 1 MiB a second, and then as it comes: what lies in the system's buffers is no more the client's.
      if (received < body.length / 2) {
        socket.pause()
        setTimeout(() => socket.resume(), bytes.length / 1000)
      }
      if (received >= body.length) socket.end('HTTP/1.1 204 Done\r\nconnection: close\r\n\r\n')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const body = Buffer.alloc(16 << 20)
  const client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    const started = Date.now()
    const answer = await client.send({ method: 'PUT', path: '/x', body, repeatable: false, patienceMs: 4000 })
    expect(answer.status).toBe(204)
    expect(Date.now() - started).toBeGreaterThan(6000)
  } finally {
    await client.close()
    await new Promise((done) => server.close(done))
  }
})

test('memory that is read into again and again never mixes answers, large ones and small ones kept at once', async () => {
  const bodyOf = (path: string): Buffer => {
    const [, letter = 'a', bytes = '0'] = /^\/(.)(\d+)$/.exec(path) ?? []
    return Buffer.alloc(Number(bytes), letter)
  }
  const { client } = await clientOf((request, response) => {
    const body = bodyOf(request.url!)
    // Odd lengths and pauses, so that parts end anywhere.
    response
      .writeHead(200, { 'content-length': String(body.length) })
      .write(body.subarray(0, body.length >> 1))
    setImmediate(() => response.end(body.subarray(body.length >> 1)))
  })
  const paths = Array.from(
    { length: 60 },
    (_, i) => `/${String.fromCharCode(97 + (i % 26))}${i % 3 === 0 ? 300_001 : 10 + i}`,
  )
  const answers = await Promise.all(
    paths.map((path) => client.send({ method: 'GET', path, bytesMax: 1 << 20 })),
  )
  answers.forEach(({ body }, i) => expect(bodyOf(paths[i]!).equals(body)).toBe(true))
})

test('a hundred requests under one signal are no leak to Node', async () => {
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  try {
    const { client } = await clientOf((_, response) => response.end('x'))
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 100 }, () => client.send({ ...get, signal })))
    await new Promise((done) => setImmediate(done))
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', note)
  }
})
