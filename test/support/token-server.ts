// A server that gives access tokens, as RFC 7523 wants it: it checks each assertion that it is shown, its signature, whom it
// is from and for, its times and that it was not shown before. Beside it lies an API that wants such a token.
import { type KeyObject, verify } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'

interface Registered {
  readonly key: KeyObject
  readonly algorithm: string
  /** Default: the token's own URL. */
  readonly audience?: string
}

export interface Presented {
  readonly head: Record<string, unknown>
  readonly claims: Record<string, unknown>
}

export interface TokenServerOptions {
  /** Public keys by whom they are of. */
  readonly keys?: Readonly<Record<string, Registered>>
  /** How far its clock is ahead. */
  readonly clockMs?: () => number
  /** What it answers in place of a token; undefined: what it should. */
  readonly instead?: (
    n: number,
    presented: Presented | null,
    assertion: string,
  ) => { status: number; body: unknown } | undefined
  readonly tls?: https.ServerOptions
  /** Whom a certificate shows; for clients that show nothing else. */
  readonly certified?: string
}

const lifeSecondsMax = 3600
const types: Readonly<Record<string, readonly [string, string]>> = {
  'urn:ietf:params:oauth:grant-type:jwt-bearer': ['assertion', 'invalid_grant'],
  client_credentials: ['client_assertion', 'invalid_client'],
  refresh_token: ['client_assertion', 'invalid_client'],
}

export class TokenServer implements AsyncDisposable {
  readonly asked: Record<string, string>[] = []
  readonly presented: Presented[] = []
  /** What the API was shown. */
  readonly shown: (string | undefined)[] = []
  readonly #used = new Set<unknown>()
  readonly #server: http.Server
  readonly #options: TokenServerOptions
  #given = 0

  private constructor(options: TokenServerOptions) {
    this.#options = options
    const listener: http.RequestListener = (request, response) => void this.#answer(request, response)
    this.#server =
      options.tls === undefined ? http.createServer(listener) : https.createServer(options.tls, listener)
  }

  static async start(options: TokenServerOptions): Promise<TokenServer> {
    const server = new TokenServer(options)
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done))
    return server
  }

  get origin(): string {
    const { port } = this.#server.address() as AddressInfo
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  }

  get tokenUrl(): string {
    return `${this.origin}/token`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  #now(): number {
    return Date.now() + (this.#options.clockMs?.() ?? 0)
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { status, body } =
      request.url === '/token'
        ? this.#token(Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString())), request)
        : this.#rows(request.headers.authorization)
    const date = new Date(this.#now()).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date }).end(JSON.stringify(body))
  }

  #rows(authorization: string | undefined): { status: number; body: unknown } {
    this.shown.push(authorization)
    const isGiven = /^Bearer t\d+$/.test(authorization ?? '')
    return isGiven ? { status: 200, body: [{ id: 1, name: 'Ada' }] } : { status: 401, body: {} }
  }

  #token(fields: Record<string, string>, request: http.IncomingMessage): { status: number; body: unknown } {
    this.asked.push(fields)
    const [place, error] = types[fields['grant_type'] ?? ''] ?? ['', 'unsupported_grant_type']
    const text = fields[place] ?? ''
    const presented = text === '' ? null : decoded(text)
    if (presented !== null) this.presented.push(presented)
    const fault =
      presented === null
        ? this.#uncertified(fields, request)
        : this.#faultOf(text, presented, fields['client_id'])
    if (fault !== null) return { status: 400, body: { error, error_description: fault } }
    const instead = this.#options.instead?.(this.asked.length, presented, text)
    if (instead !== undefined) return instead
    this.#given++
    return { status: 200, body: { access_token: `t${this.#given}`, token_type: 'Bearer', expires_in: 3599 } }
  }

  #uncertified(fields: Record<string, string>, { socket }: http.IncomingMessage): string | null {
    const { certified } = this.#options
    if (certified === undefined || fields['client_id'] !== certified) return 'no assertion'
    const { subject } = (socket as TLSSocket).getPeerCertificate()
    return subject?.CN === certified ? null : 'no such certificate'
  }

  #faultOf(text: string, { head, claims }: Presented, client: string | undefined): string | null {
    const registered = this.#options.keys?.[String(claims['iss'])]
    if (registered === undefined) return `${String(claims['iss'])} is not known`
    if (head['alg'] !== registered.algorithm) return 'another algorithm'
    const [signed, signature] = [text.slice(0, text.lastIndexOf('.')), text.slice(text.lastIndexOf('.') + 1)]
    const key = { key: registered.key, dsaEncoding: 'ieee-p1363' as const }
    if (!verify('sha256', Buffer.from(signed), key, Buffer.from(signature, 'base64url')))
      return 'Invalid JWT Signature.'
    if (claims['aud'] !== (registered.audience ?? this.tokenUrl)) return 'Invalid JWT audience.'
    if (client !== undefined && (claims['sub'] !== client || claims['iss'] !== client))
      return 'another client'
    const [now, issued, end] = [Math.floor(this.#now() / 1000), Number(claims['iat']), Number(claims['exp'])]
    if (!(issued <= now && now < end && end - issued <= lifeSecondsMax))
      return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'
    const id = claims['jti']
    if (typeof id !== 'string' || this.#used.has(id)) return 'it was shown before'
    this.#used.add(id)
    return null
  }
}

function decoded(text: string): Presented {
  const [head, claims] = text
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
  return { head: head!, claims: claims! }
}
