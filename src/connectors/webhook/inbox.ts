// Webhooks that come in: a signed POST to /LINK says that something has changed at the link's endpoint, and starts a round.
// What it holds is not looked at: the round reads the endpoint itself, so a hook that is forged, lost, late or sent twice
// can at worst start a round too many or too few. Signatures are those of Standard Webhooks; old ones and those that have
// come before are no news.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { VarveError } from '../../base/errors.ts'
import { isSigned } from './sign.ts'

const bodyBytesMax = 1 << 20
const windowSecondsMax = 300
const idsMax = 100_000
const headersMsMax = 10_000
const requestMsMax = 30_000

export interface Inbox {
  /** 'http://127.0.0.1:8080' */
  readonly url: string
  /** Links that a hook has come for since this was asked before; waits for one, for `ms` at most (null: for ever). */
  next(ms: number | null, signal?: AbortSignal): Promise<ReadonlySet<string>>
  close(): Promise<void>
}

/** `secrets` by link. @throws VarveError VARVE_NOT_POSSIBLE where the address is taken */
export async function openInbox(
  { host, port }: { readonly host: string; readonly port: number },
  secrets: ReadonlyMap<string, readonly Buffer[]>,
): Promise<Inbox> {
  const waiting = new Set<string>()
  const seen = new SeenIds()
  let wake: () => void = () => undefined
  const server = http.createServer(
    { headersTimeout: headersMsMax, requestTimeout: requestMsMax },
    (request, response) => {
      void take(request, secrets, seen).then(
        ({ status, link }) => {
          if (link !== null) {
            waiting.add(link)
            wake()
          }
          // A connection whose body was not read to its end serves no other request.
          response.writeHead(status, status < 300 ? {} : { connection: 'close' }).end()
        },
        () => response.destroy(),
      )
    },
  )
  await listening(server, host, port)
  const { address, port: bound, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    async next(ms, signal) {
      if (waiting.size === 0 && signal?.aborted !== true) {
        await new Promise<void>((done) => {
          const timer = ms === null ? undefined : setTimeout(done, ms)
          signal?.addEventListener('abort', () => done(), { once: true })
          wake = () => {
            clearTimeout(timer)
            done()
          }
        })
      }
      const links = new Set(waiting)
      waiting.clear()
      return links
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

interface Taken {
  readonly status: number
  /** null: it is no news. */
  readonly link: string | null
}

async function take(
  request: http.IncomingMessage,
  secrets: ReadonlyMap<string, readonly Buffer[]>,
  seen: SeenIds,
): Promise<Taken> {
  const link = (request.url ?? '').replace(/\?.*$/, '').slice(1)
  const known = secrets.get(link)
  if (known === undefined) return { status: 404, link: null }
  if (request.method !== 'POST') return { status: 405, link: null }
  const body = await bodyOf(request)
  if (body === null) return { status: 413, link: null }
  const text = (name: string): string => String(request.headers[name] ?? '')
  const [id, time] = [text('webhook-id'), text('webhook-timestamp')]
  const timestamp = /^\d{1,12}$/.test(time) ? Number(time) : 0
  const nowSeconds = Date.now() / 1000
  const isFresh = Math.abs(nowSeconds - timestamp) <= windowSecondsMax
  if (!isFresh || id === '' || !isSigned({ id, timestamp, body }, text('webhook-signature'), known))
    return { status: 401, link: null }
  return seen.add(`${link} ${id}`, nowSeconds) ? { status: 202, link } : { status: 200, link: null }
}

/** null: it is longer than a hook may be. */
async function bodyOf(request: http.IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bodyBytesMax) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Ids of signed hooks, as long as their signatures would pass; when there are too many, the oldest are forgotten. */
class SeenIds {
  readonly #untilSeconds = new Map<string, number>()

  add(id: string, nowSeconds: number): boolean {
    for (const [old, until] of this.#untilSeconds) {
      if (until > nowSeconds && this.#untilSeconds.size < idsMax) break
      this.#untilSeconds.delete(old)
    }
    if (this.#untilSeconds.has(id)) return false
    this.#untilSeconds.set(id, nowSeconds + 2 * windowSecondsMax)
    return true
  }
}

async function listening(server: http.Server, host: string, port: number): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', (cause) => {
      fail(
        new VarveError('VARVE_NOT_POSSIBLE', `cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
          data: { host, port },
        }),
      )
    })
    server.listen(port, host, done)
  })
}
