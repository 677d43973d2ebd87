// A front before an HTTP server on loopback that spoils one request, counted from a moment on, in one of the ways in which
// a network, a proxy or a tired server does: what a test runs over all requests of a work and all ways.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

/** What is 'done' the server has done; of all else it never heard. */
export const spoilings = [
  'cut',
  'answered with 500',
  'answered with 503',
  'answered with a login page',
  'done, and the answer lost',
  'done, and answered with 502',
  'done, and the answer cut in its middle',
  'done, and half of the answer given for all of it',
  'done, and answered with nothing',
] as const
export type Spoiling = (typeof spoilings)[number]

export interface FaultyFront {
  readonly url: string
  /** 'METHOD path' of each request since the front was last set. */
  readonly requests: readonly string[]
  /** Spoils the n-th request from now on, counted from 0; 'for good': all that follow are cut. */
  spoil(n: number, how: Spoiling, lasting: 'once' | 'for good'): void
  mend(): void
}

const running: http.Server[] = []

afterAll(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

export async function startFaultyFront(target: string): Promise<FaultyFront> {
  const requests: string[] = []
  let plan: Plan | null = null
  const server = http.createServer((request, response) => {
    const number = requests.push(`${request.method} ${request.url}`) - 1
    void serve(target, request, response, spoilingOf(plan, number)).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    spoil: (n, how, lasting) => {
      requests.length = 0
      plan = { n, how, lasting }
    },
    mend: () => {
      requests.length = 0
      plan = null
    },
  }
}

interface Plan {
  readonly n: number
  readonly how: Spoiling
  readonly lasting: 'once' | 'for good'
}

function spoilingOf(plan: Plan | null, number: number): Spoiling | null {
  if (plan === null || number < plan.n) return null
  if (number === plan.n) return plan.how
  return plan.lasting === 'for good' ? 'cut' : null
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

async function serve(
  target: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  how: Spoiling | null,
): Promise<void> {
  if (how === 'cut') return void response.destroy()
  const body = await bytesOf(request)
  if (how === 'answered with 500') return void response.writeHead(500).end('out of order')
  if (how === 'answered with 503') return void response.writeHead(503, { 'retry-after': '0' }).end()
  if (how === 'answered with a login page') return void response.writeHead(200, html).end(page)
  const answer = await passOn(target, request, body)
  if (how === 'done, and the answer lost') return void response.destroy()
  if (how === 'done, and answered with 502') return void response.writeHead(502).end('bad gateway')
  if (how === 'done, and answered with nothing') return void response.writeHead(200).end()
  const { 'transfer-encoding': _, ...headers } = answer.headers
  const length = answer.headers['content-length'] ?? String(answer.body.length)
  const half = answer.body.subarray(0, answer.body.length >> 1)
  if (how === 'done, and the answer cut in its middle') {
    response.writeHead(answer.status, { ...headers, 'content-length': Math.max(1, Number(length)) })
    return void response.write(half, () => response.destroy())
  }
  const isHalf = how === 'done, and half of the answer given for all of it' && request.method !== 'HEAD'
  const told = isHalf ? half : answer.body
  response.writeHead(answer.status, isHalf ? { ...headers, 'content-length': half.length } : headers)
  response.end(request.method === 'HEAD' ? undefined : told)
}

const page = '<html><body>Please sign in to the network</body></html>'
const html = { 'content-type': 'text/html' }

async function passOn(target: string, request: http.IncomingMessage, body: Buffer): Promise<Answer> {
  const { host: _, 'transfer-encoding': __, ...headers } = request.headers
  const onward = http.request(target + request.url!, {
    method: request.method!,
    headers: { ...headers, ...(body.length > 0 ? { 'content-length': body.length } : {}) },
    agent: false,
  })
  onward.end(body)
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
    onward.on('response', resolve).on('error', reject),
  )
  return { status: answer.statusCode!, headers: answer.headers, body: await bytesOf(answer) }
}

async function bytesOf(stream: http.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}
