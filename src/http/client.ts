// HTTP as remotes and endpoints need it: one origin, bounded answers, patience with servers that are busy, and none with
// those that send us elsewhere. A redirect is never followed, for it could lead a token or a request into somebody's own
// network; what an answer holds is read up to the length that the caller allows and not a byte further.
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { rootCertificates } from 'node:tls'
import { Pool, type buildConnector } from 'undici'
import { VarveError, throwIfAborted } from '../base/errors.ts'

const attemptsMax = 5
const pauseMsFirst = 100
const pauseMsMax = 5000
const connectMsMax = 15_000
/** Without a byte from the server for so long, the connection counts as cut. */
const silenceMsMax = 60_000
const refusalBytesMax = 64 << 10
/** A body above this is sent in such slices: only then the client notices that a slow line still takes bytes. */
const sliceBytes = 256 << 10

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Path and query, encoded: '/bucket/name?x=1'. */
  readonly path: string
  /** A function is called for each attempt: signatures hold a date. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>)
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>)
  /** False where a second attempt could do the work twice. Default true. */
  readonly repeatable?: boolean
  /** The answer must be the part that a Range header asks for. */
  readonly partial?: true
  /** Statuses that are an answer for the caller, beside 200 to 299. */
  readonly expected?: readonly number[]
  /** The answer's body may have this many bytes. Default: none is read. */
  readonly bytesMax?: number
  /**
   * Takes the body of an answer of 200 to 299, part by part; the answer then has none. What it took before a connection
   * was cut stays with it, so the next attempt may ask for the rest.
   */
  readonly receive?: (part: Uint8Array, answer: Omit<HttpAnswer, 'body'>) => void
  /** How long the server may think before it answers. Default: a minute. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal | undefined
}

export type Headers = Readonly<Record<string, string>>

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface HttpClientOptions {
  /** Certificates (PEM) to trust beside the usual ones. */
  readonly ca?: string | undefined
  /** Makes the connections, where they are none of TCP. */
  readonly connect?: buildConnector.connector
  readonly connections?: number
  /** What is reached, for messages; default: the origin. */
  readonly location?: string
  /** Sent with every request, to this origin and nowhere else: a token. */
  readonly headers?: Headers
  /** What a refused answer says in its body, in one line; null when nothing. */
  readonly explain?: (body: Uint8Array) => string | null
  /** What to do when access is refused. */
  readonly accessHint?: string
  /** The longest pause before another attempt, whatever the server asks for. Default: 5 seconds. */
  readonly pauseMsMax?: number
}

export class HttpClient {
  /** 'https://example.org:8080' */
  readonly origin: string
  readonly #where: string
  readonly #pool: Pool
  readonly #options: HttpClientOptions

  constructor(origin: string, options: HttpClientOptions = {}) {
    this.origin = origin
    this.#where = options.location ?? origin
    this.#options = options
    const connect = options.connect ?? {
      timeout: connectMsMax,
      ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
    }
    this.#pool = new Pool(origin, {
      connect,
      connections: options.connections ?? 8,
      headersTimeout: silenceMsMax,
      bodyTimeout: silenceMsMax,
      pipelining: 1,
    })
  }

  /** @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED, VARVE_CORRUPT (longer than allowed), VARVE_ABORTED */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(request.signal)
      const last = attempt >= attemptsMax || request.repeatable === false
      let answer: HttpAnswer
      try {
        answer = await this.#attempt(request)
      } catch (error) {
        throwIfAborted(request.signal)
        if (error instanceof VarveError || last) throw this.#failure(error)
        await this.#pause(attempt, undefined, request.signal)
        continue
      }
      const { status } = answer
      if ((status >= 200 && status < 300) || request.expected?.includes(status) === true) return answer
      if (last || !isPassing(status)) throw this.#refusal(answer, request)
      await this.#pause(attempt, answer.headers['retry-after'], request.signal)
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }

  async #attempt(request: HttpRequest): Promise<HttpAnswer> {
    const { method, path, body, signal } = request
    const own = typeof request.headers === 'function' ? await request.headers() : (request.headers ?? {})
    const isLong = body instanceof Uint8Array && body.length > sliceBytes
    const length = isLong ? { 'content-length': String(body.length) } : {}
    const headers = { ...this.#options.headers, ...own, ...length }
    const stream = isLong ? () => slicesOf(body) : body
    const answer = await this.#pool.request({
      method,
      path,
      headers,
      body: (typeof stream === 'function' ? Readable.from(stream()) : stream) ?? null,
      ...(request.patienceMs === undefined ? {} : { headersTimeout: request.patienceMs }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (request.partial === true && answer.statusCode === 200) {
      answer.body.destroy()
      throw this.#noParts(request)
    }
    const isAnswer = answer.statusCode < 300 || request.expected?.includes(answer.statusCode) === true
    const head = { status: answer.statusCode, headers: flat(answer.headers) }
    const limit = isAnswer ? (request.bytesMax ?? 0) : refusalBytesMax
    const { receive } = request
    const take =
      receive === undefined || head.status >= 300 ? null : (part: Uint8Array) => receive(part, head)
    const bytes =
      method === 'HEAD' ? await drop(answer.body) : await readUpTo(answer.body, limit, isAnswer, take)
    if (bytes === null) throw this.#tooLong(request)
    return { ...head, body: bytes }
  }

  async #pause(attempt: number, after: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const asked = askedMs(after)
    const grown = pauseMsFirst * 2 ** (attempt - 1) * (0.5 + Math.random())
    const ms = Math.min(this.#options.pauseMsMax ?? pauseMsMax, asked > 0 ? asked : grown)
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfAborted(signal))
  }

  #failure(error: unknown): VarveError {
    if (error instanceof VarveError) return error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return new VarveError(
      'VARVE_UNREACHABLE',
      `cannot reach '${this.#where}': ${reasons[code] ?? messageOf(error)}`,
      {
        cause: error,
        data: { origin: this.#where },
        hint: 'check the address and the network, and run the command again: it goes on where it stopped',
      },
    )
  }

  #refusal(answer: HttpAnswer, request: HttpRequest): VarveError {
    const { status } = answer
    const said = this.#options.explain?.(answer.body) ?? null
    const data = {
      origin: this.#where,
      status,
      method: request.method,
      path: request.path.replace(/\?.*$/, ''),
    }
    const because = said === null ? '' : `: ${said}`
    if (status >= 300 && status < 400) {
      return new VarveError(
        'VARVE_REFUSED',
        `'${this.#where}' sends us to another address, which is not followed`,
        {
          data,
          hint: 'if you trust the other address, use it as the URL',
        },
      )
    }
    if (status === 401 || status === 403) {
      return new VarveError('VARVE_REFUSED', `'${this.#where}' refuses access (${status})${because}`, {
        data,
        ...(this.#options.accessHint === undefined ? {} : { hint: this.#options.accessHint }),
      })
    }
    if (status === 507) {
      return new VarveError('VARVE_DISK_FULL', `no space left at '${this.#where}'${because}`, {
        data,
        hint: 'nothing there has been changed; free some space and run the command again',
      })
    }
    const code = status >= 500 || status === 429 ? 'VARVE_UNREACHABLE' : 'VARVE_REFUSED'
    return new VarveError(code, `'${this.#where}' answers ${status}${because}`, { data })
  }

  #noParts(request: HttpRequest): VarveError {
    return new VarveError('VARVE_REFUSED', `'${this.#where}' sends whole files where a part is asked for`, {
      data: { origin: this.#where, path: request.path },
      hint: 'the web server must support range requests, as nearly all do',
    })
  }

  #tooLong(request: HttpRequest): VarveError {
    return new VarveError('VARVE_CORRUPT', `'${this.#where}' sends more than was asked for`, {
      data: { origin: this.#where, path: request.path.replace(/\?.*$/, ''), bytesMax: request.bytesMax ?? 0 },
    })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody answers there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
}

/** Retry-After is a number of seconds or a date; 0 where it is neither. */
function askedMs(after: string | undefined): number {
  if (after === undefined) return 0
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return Number.isFinite(ms) ? ms : 0
}

function isPassing(status: number): boolean {
  return (
    status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505 && status !== 507)
  )
}

function* slicesOf(body: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < body.length; at += sliceBytes) yield body.subarray(at, at + sliceBytes)
}

/** null when there is more than `bytesMax`, and that matters. */
async function readUpTo(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  bytesMax: number,
  all: boolean,
  take: ((part: Uint8Array) => void) | null,
): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    length += part.length
    if (length > bytesMax) {
      body.destroy()
      return all ? null : Buffer.concat(parts)
    }
    if (take === null) parts.push(part)
    else take(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

async function drop(body: { dump(): Promise<void> }): Promise<Uint8Array> {
  await body.dump()
  return new Uint8Array(0)
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) texts[name] = typeof value === 'string' ? value : value.join(', ')
  return texts
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
