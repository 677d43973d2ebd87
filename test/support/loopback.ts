// An HTTP server on loopback that obeys a rule for each request: shared by the store in memory and the front.
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll } from 'vitest'
import { type Behaviour, type Rule, type S3Call, refusalBody } from './s3-behaviour.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Incoming extends S3Call {
  readonly path: string
  readonly body: Buffer
  /** What `atHead` said when nothing but the request's head had come. */
  readonly atHead: unknown
}

export interface Loopback {
  readonly endpoint: string
  readonly calls: readonly S3Call[]
  rule: Rule
}

const running: http.Server[] = []

afterAll(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

export async function listen(
  handle: (incoming: Incoming) => Answer | Promise<Answer>,
  atHead?: (key: string) => unknown,
): Promise<Loopback> {
  const calls: S3Call[] = []
  const loopback = { endpoint: '', calls, rule: (() => undefined) as Rule }
  const server = http.createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy())
  })
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const incoming = await receive(request, calls, atHead)
    calls.push(incoming)
    const behaviour = loopback.rule(incoming) ?? {}
    if (behaviour.cut === 'before') return void response.destroy()
    const answer = await answerOf(incoming, behaviour, handle)
    if (behaviour.waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, behaviour.waitMs))
    if (behaviour.cut === 'after') return void response.destroy()
    if (behaviour.cutAnswerAt !== undefined) return cutAt(request.socket, answer, behaviour.cutAnswerAt)
    response.writeHead(answer.status, { ...answer.headers, 'content-length': lengthOf(answer) })
    response.end(incoming.method === 'HEAD' ? undefined : answer.body)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push(server)
  loopback.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return loopback
}

async function receive(
  request: http.IncomingMessage,
  calls: readonly S3Call[],
  atHead?: (key: string) => unknown,
): Promise<Incoming> {
  const path = request.url ?? '/'
  const url = new URL(path, 'http://x')
  const key = decodeURIComponent(url.pathname.replace(/^\/[^/]*\/?/, ''))
  const seen = atHead?.(key)
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts)
  const [{ method = 'GET', headers }, index] = [request, calls.length]
  return {
    method,
    key,
    query: url.searchParams,
    headers,
    bytes: body.length,
    index,
    path,
    body,
    atHead: seen,
  }
}

async function answerOf(
  incoming: Incoming,
  behaviour: Behaviour,
  handle: (incoming: Incoming) => Answer | Promise<Answer>,
): Promise<Answer> {
  if (behaviour.refuse !== undefined) return refused(behaviour.refuse)
  const headers = { ...incoming.headers }
  for (const name of behaviour.ignore ?? []) delete headers[name]
  const answer = await handle({ ...incoming, headers })
  return behaviour.say === undefined ? answer : refused(behaviour.say)
}

function refused(refusal: NonNullable<Behaviour['refuse']>): Answer {
  return { status: refusal.status, headers: refusal.headers ?? {}, body: refusalBody(refusal) }
}

function lengthOf(answer: Answer): string {
  return answer.headers['content-length'] ?? String(answer.body.length)
}

function cutAt(socket: Socket, answer: Answer, at: number): void {
  const lines = Object.entries({ ...answer.headers, 'content-length': lengthOf(answer) })
  const head = `HTTP/1.1 ${answer.status} X\r\n${lines.map(([name, text]) => `${name}: ${text}\r\n`).join('')}\r\n`
  const whole = Buffer.concat([Buffer.from(head), answer.body])
  socket.write(whole.subarray(0, at), () => socket.destroy())
}
