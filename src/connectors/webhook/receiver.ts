// Webhooks that come in: a signed POST to /LINK starts a round. Of a link to an inbox it is kept first, and confirmed when it
// is durable. Of others what it holds is not looked at: it says that something has changed at the link's endpoint, which
// the round reads itself, so one that is forged, lost, late or sent twice can at worst start a round too many or too few.
// Old ones, as far as their signatures tell a time, and those that have come before are no news.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenFailure } from '../../base/system-error.ts'
import { utf8Text } from '../../base/bytes.ts'
import { documentRange, rangeAt } from '../json/range.ts'
import type { Hook } from '../inbox/interface.ts'
import type { WebhookSignature } from '../../dataset/interface.ts'
import { isHookId, isSigned, schemes } from './schemes.ts'

const bodyBytesMax = 1 << 20
/** When an inbox is full, or its disk. */
const retrySeconds = 60
const windowSecondsMax = 300
const idsMax = 100_000
/** Each may hold a body in memory that nobody has vouched for yet. */
const connectionsMax = 128
const headersMsMax = 10_000
const requestMsMax = 30_000

/** A link that webhooks come for. */
export interface WebhookLink {
  readonly secrets: readonly Buffer[]
  /** Default: 'standard'. */
  readonly signature?: WebhookSignature | undefined
  /** For a link to an inbox. */
  readonly inbox?: {
    /** A webhook may name one by its address: /LINK/TABLE. */
    readonly tables: readonly string[]
    take(hook: Hook): Promise<'kept' | 'known' | 'full'>
    /** Told when one could not be kept; the sender only learns that it may try again. */
    onFault?(error: unknown): void
  }
}

export interface Receiver {
  /** 'http://127.0.0.1:8080' */
  readonly url: string
  /** Links that a hook has come for since this was asked before; waits for one, for `ms` at most (null: for ever). */
  next(ms: number | null, signal?: AbortSignal): Promise<ReadonlySet<string>>
  close(): Promise<void>
}

/** @throws VarveError VARVE_IO where the address is taken */
export async function openReceiver(
  { host, port }: { readonly host: string; readonly port: number },
  links: ReadonlyMap<string, WebhookLink>,
): Promise<Receiver> {
  const waiting = new Set<string>()
  const seen = new SeenIds()
  let wake: () => void = () => undefined
  const server = http.createServer(
    { headersTimeout: headersMsMax, requestTimeout: requestMsMax },
    (request, response) => {
      void take(request, links, seen).then(
        ({ status, why, link = null }) => {
          if (link !== null) {
            waiting.add(link)
            wake()
          }
          // A connection whose body was not read to its end serves no other request.
          const headers = {
            ...(status < 300 ? {} : { connection: 'close' }),
            ...(status === 503 ? { 'retry-after': String(retrySeconds) } : {}),
          }
          response.writeHead(status, headers).end(why === undefined ? '' : `${why}\n`)
        },
        () => response.destroy(),
      )
    },
  )
  server.maxConnections = connectionsMax
  await listening(server, host, port)
  const { address, port: bound, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    async next(ms, signal) {
      if (waiting.size === 0 && signal?.aborted !== true) {
        await new Promise<void>((done) => {
          wake = () => {
            clearTimeout(timer)
            signal?.removeEventListener('abort', wake)
            done()
          }
          const timer = ms === null ? undefined : setTimeout(wake, ms)
          signal?.addEventListener('abort', wake, { once: true })
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
  /** For whoever looks at the sender's log: why it was not taken. */
  readonly why?: string
  /** Absent: it is no news. */
  readonly link?: string
}

async function take(
  request: http.IncomingMessage,
  links: ReadonlyMap<string, WebhookLink>,
  seen: SeenIds,
): Promise<Taken> {
  const [link = '', table = null] = partsOf(request.url ?? '')
  const known = links.get(link)
  if (known === undefined || (table !== null && known.inbox?.tables.includes(table) !== true))
    return { status: 404, why: 'no webhooks are taken at this address' }
  if (request.method !== 'POST') return { status: 405, why: 'a webhook is a POST' }
  const scheme = schemes[known.signature ?? 'standard']
  const head = scheme.head((name) => String(request.headers[name] ?? ''))
  const nowSeconds = Date.now() / 1000
  // Before anything of its body is taken.
  if (head === null) return { status: 401, why: `${scheme.headers} is missing` }
  if (head.timestamp !== null && Math.abs(nowSeconds - head.timestamp) > windowSecondsMax)
    return { status: 401, why: `the time that was signed is more than ${windowSecondsMax} seconds off` }
  const body = await bodyOf(request)
  if (body === null) return { status: 413, why: `a webhook has ${bodyBytesMax} bytes at most` }
  if (!isSigned(head, body, known.secrets))
    return { status: 401, why: "the signature was not made with this link's secret" }
  const id = head.id ?? idIn(body)
  if (id === null) return { status: 400, why: "the body has no 'id'" }
  if (known.inbox !== undefined) return keep(link, known.inbox, { id, table, event: head.event, body })
  return seen.add(`${link} ${id}`, nowSeconds) ? { status: 202, link } : { status: 200 }
}

/** Confirmed when it is durable. One that is not JSON is nothing that a later declaration could make rows of. */
async function keep(link: string, inbox: NonNullable<WebhookLink['inbox']>, hook: Hook): Promise<Taken> {
  if (documentRange(hook.body) === null)
    return { status: 400, why: 'the body is not JSON: let the sender use application/json' }
  try {
    const taken = await inbox.take(hook)
    if (taken === 'full') return { status: 503, why: 'the inbox is full' }
    return taken === 'kept' ? { status: 202, link } : { status: 200 }
  } catch (error) {
    inbox.onFault?.(error)
    return { status: 503, why: 'the inbox cannot be written to' }
  }
}

/** The property 'id' of a body; null: there is none that could be an id. */
function idIn(body: Uint8Array): string | null {
  const document = documentRange(body)
  const found = document === null ? null : rangeAt(document, 'id')
  if (found?.kind !== 'text') return null
  const id = utf8Text(found.src.subarray(found.start, found.end))
  return isHookId(id) ? id : null
}

/** The link and the table that an address names; none if it names more. */
function partsOf(url: string): string[] {
  try {
    const parts = url.replace(/\?.*$/, '').split('/').slice(1).map(decodeURIComponent)
    return parts.length > 2 ? [] : parts
  } catch {
    return []
  }
}

/** The body; null when it is longer than a webhook may be. */
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
      fail(listenFailure(cause, host, port, "choose another port with '--listen HOST:PORT'"))
    })
    server.listen(port, host, done)
  })
}
