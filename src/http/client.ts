// HTTP as remotes and endpoints need it: one origin, bounded answers, patience with servers that are busy, and none with
// those that send us elsewhere. A redirect is never followed, for it could lead a token or a request into somebody's own
// network; what an answer holds is read up to the length that the caller allows and not a byte further.
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dispatcher, Pool, type buildConnector } from 'undici'
import { type CertificateAdvice, trustByNode } from '../base/certificate-fault.ts'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type OnWait, tellingWait } from '../base/telling-wait.ts'
import { type AnswerHead, type BodyTaker, exchange } from './exchange.ts'
import { isLong, slicesOf } from './long-body.ts'
import { askedMs, isPassing } from './passing.ts'
import { type Proxy, refusalOf, throughProxy } from './proxy.ts'
import { refusal } from './refusal.ts'
import { connecting } from './sockets.ts'
import { isUntrusted, unreachable } from './unreachable.ts'
import { usualCertificates } from './usual-certificates.ts'

const attemptsMax = 5
const pauseMsFirst = 100
const pauseMsMax = 5000
const connectMsMax = 15_000
/** Without a byte from the server for so long, the connection counts as cut. */
const silenceMsMax = 60_000
const refusalBytesMax = 64 << 10
/** For the body of an answer of which the status is all that counts. */
const tailMsMax = 5_000

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Path and query, encoded: '/bucket/name?x=1'. */
  readonly path: string
  /** A function is called for each attempt: signatures hold a date. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>)
  /** A function is called for each attempt. */
  readonly body?: Uint8Array | (() => Uint8Array | AsyncIterable<Uint8Array>)
  /** False where a second attempt could do the work twice. Default true. */
  readonly repeatable?: boolean
  /** The answer must be the part that a Range header asks for. */
  readonly partial?: true
  /** Statuses that are an answer for the caller, beside 200 to 299. */
  readonly expected?: readonly number[]
  /** The answer's body may have this many bytes. Default: none is read. */
  readonly bytesMax?: number
  /** An answer of 200 to 299 is complete with its head: what comes after it, or does not come, is nobody's matter. */
  readonly onlyStatus?: true
  /**
   * Takes the body of an answer of 200 to 299, part by part; the answer then has none. A part's memory is used again after
   * the call. What it took before a connection was cut stays with it, so the next attempt may ask for the rest.
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
  /** Makes the connections, if they are not TCP connections. */
  readonly connect?: buildConnector.connector
  readonly connections?: number
  /** Goes between; null: nobody. */
  readonly proxy?: Proxy | null
  /** What is reached, for messages; default: the origin. */
  readonly location?: string
  /** Sent with every request, to this origin and nowhere else: a token. */
  readonly headers?: Headers
  /** The same, asked for before each attempt. */
  readonly headersNow?: () => Promise<Headers>
  /** After an answer 401: `headersNow` has something else to show from now on. A request is repeated once for that. */
  readonly renew?: () => void
  /** What a refused answer says in its body, in one line; null when nothing. */
  readonly explain?: (body: Uint8Array, head: AnswerHead) => string | null
  /** What to do when access is refused. */
  readonly accessHint?: string
  /** What to do about certificates that are not accepted; default: how all programs of Node are told to trust one. */
  readonly advice?: CertificateAdvice
  /** Asked once, where a connection was cut and no proxy is between: the server's own word for it, or the error itself. */
  readonly whyCut?: ((error: unknown) => Promise<unknown>) | undefined
  /** For `tls.connect`, with this origin alone: whom to trust instead of the usual ones, and what to show. */
  readonly tls?: Readonly<Record<string, unknown>> | undefined
  /** The longest pause before another attempt, whatever the server asks for. Default: 5 seconds. */
  readonly pauseMsMax?: number
  /** Called when an answer lets itself be waited for. */
  readonly onWait?: OnWait | undefined
}

export class HttpClient {
  /** 'https://example.org:8080' */
  readonly origin: string
  readonly #where: string
  readonly #dispatcher: Dispatcher
  readonly #options: HttpClientOptions
  #hasAskedWhy = false

  constructor(origin: string, options: HttpClientOptions = {}) {
    this.origin = origin
    this.#where = options.location ?? origin
    this.#options = options
    const ca = options.ca === undefined ? undefined : [...usualCertificates(), options.ca]
    const pool = {
      connections: options.connections ?? 8,
      headersTimeout: silenceMsMax,
      bodyTimeout: silenceMsMax,
      pipelining: 1,
    }
    const tls = { timeout: connectMsMax, ...(ca === undefined ? {} : { ca }) }
    const connect = (): buildConnector.connector => options.connect ?? connecting({ ...tls, ...options.tls })
    this.#dispatcher = options.proxy
      ? throughProxy(options.proxy, { requestTls: { ...tls, ...options.tls }, proxyTls: tls, pool })
      : new Pool(origin, { ...pool, connect: connect() })
  }

  /** @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED, VARVE_CORRUPT (longer than allowed), VARVE_ABORTED */
  send(request: HttpRequest): Promise<HttpAnswer> {
    const attempts = request.repeatable === false ? 1 : attemptsMax
    const msMax = attempts * (request.patienceMs ?? silenceMsMax)
    // What is long to send takes its time with any server.
    const onWait = isLong(request.body) ? undefined : this.#options.onWait
    const wait = { location: this.#where, msMax }
    return tellingWait((answered) => this.#send(request, answered), wait, onWait)
  }

  async #send(request: HttpRequest, answered: () => void): Promise<HttpAnswer> {
    let canRenew = this.#options.renew !== undefined
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(request.signal)
      const last = attempt >= attemptsMax || request.repeatable === false
      let answer: HttpAnswer
      try {
        answer = await this.#attempt(request, answered)
      } catch (cut) {
        throwIfAborted(request.signal)
        const error = await this.#toldOf(cut)
        const refused = this.#options.proxy ? refusalOf(error, this.#options.proxy) : null
        if (refused !== null) throw refused
        if (error instanceof VarveError || last || isUntrusted(error)) throw this.#failure(error, attempt)
        await this.#pause(attempt, 0, request.signal)
        continue
      }
      const { status } = answer
      if ((status >= 200 && status < 300) || request.expected?.includes(status) === true) return answer
      if (status === 401 && canRenew) {
        canRenew = false
        this.#options.renew!()
        continue
      }
      const asked = askedMs(answer)
      // Asked before that it would only be refused again, and many a server then makes the time longer.
      const isTooEarly = asked > (attemptsMax - attempt) * (this.#options.pauseMsMax ?? Infinity)
      if (last || isTooEarly || !isPassing(answer))
        throw refusal(answer, { request, attempts: attempt, origin: this.origin, options: this.#options })
      await this.#pause(attempt, asked, request.signal)
    }
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy()
  }

  async #attempt(request: HttpRequest, answered: () => void): Promise<HttpAnswer> {
    const { method, path, signal } = request
    const body = typeof request.body === 'function' ? request.body() : request.body
    const own = typeof request.headers === 'function' ? await request.headers() : (request.headers ?? {})
    const length = isLong(body) ? { 'content-length': String(body.length) } : {}
    const headers = { ...this.#options.headers, ...(await this.#options.headersNow?.()), ...own, ...length }
    const stream = isLong(body) ? slicesOf(body) : body
    const parts: Uint8Array[] = []
    let settled: AnswerHead | null = null
    const head = await exchange(this.#dispatcher, {
      request: {
        origin: this.origin,
        method,
        path,
        headers,
        body: stream === undefined || stream instanceof Uint8Array ? (stream ?? null) : Readable.from(stream),
        ...(request.patienceMs === undefined ? {} : { headersTimeout: request.patienceMs }),
        ...(request.onlyStatus === true ? { bodyTimeout: tailMsMax } : {}),
      },
      signal,
      begin: (answer) => {
        answered()
        if (request.onlyStatus !== true || answer.status >= 300) return this.#taker(request, answer, parts)
        settled = answer
        return takingNothing()
      },
    }).catch((error: unknown) => {
      if (settled === null || signal?.aborted === true) throw error
      return settled
    })
    return { ...head, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts) }
  }

  /** Keeps the body in `parts`, or passes it to whoever receives it. */
  #taker(request: HttpRequest, head: AnswerHead, parts: Uint8Array[]): BodyTaker {
    const { status } = head
    if (request.partial === true && status === 200) throw this.#noParts(request)
    const isAnswer = status < 300 || request.expected?.includes(status) === true
    const limit = isAnswer ? (request.bytesMax ?? 0) : refusalBytesMax
    const receive = status < 300 ? request.receive : undefined
    let length = 0
    return (part) => {
      length += part.length
      if (length > limit) {
        if (isAnswer) throw this.#tooLong(request)
        return 'enough'
      }
      if (receive === undefined) parts.push(Uint8Array.from(part))
      else receive(part, head)
      return undefined
    }
  }

  async #pause(attempt: number, asked: number, signal: AbortSignal | undefined): Promise<void> {
    const grown = pauseMsFirst * 2 ** (attempt - 1) * (0.5 + Math.random())
    const ms = Math.min(this.#options.pauseMsMax ?? pauseMsMax, asked > 0 ? asked : grown)
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfAborted(signal))
  }

  async #toldOf(error: unknown): Promise<unknown> {
    const { whyCut, proxy } = this.#options
    if (whyCut === undefined || proxy || this.#hasAskedWhy || error instanceof VarveError) return error
    this.#hasAskedWhy = true
    return whyCut(error)
  }

  #failure(error: unknown, attempts: number): VarveError {
    if (error instanceof VarveError) return error
    const { proxy, advice = { trust: trustByNode } } = this.#options
    return unreachable(error, { where: this.#where, proxy: proxy?.origin ?? null, advice, attempts })
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

/** So that the connection can serve another request, where there is little of it. */
function takingNothing(): BodyTaker {
  const endMs = Date.now() + tailMsMax
  let left = refusalBytesMax
  return ({ length }) => ((left -= length) < 0 || Date.now() > endMs ? 'enough' : undefined)
}
