// The server as a whole: state, routes and a node:http server over them, on a port, with TLS, or over one connection that
// somebody else has made (ssh). It stops gracefully: nothing new is taken, what is under way may end within its grace.
import { setMaxListeners } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { VarveError } from '../base/errors.ts'
import { listenFailure } from '../base/system-error.ts'
import { WorkerPool } from '../base/pool.ts'
import { AuditLog } from './audit.ts'
import { type Access, everybody } from './access/authorize.ts'
import { Checks } from './checks.ts'
import { PushQueue } from './gate.ts'
import { type Limits, type LogLine, type Scope, limitsDefault } from './interface.ts'
import { isLoopback } from './loopback.ts'
import { pipeRepository } from '../remote/transports/ssh/greeting.ts'
import { Repositories } from './repositories.ts'
import { Router } from './router.ts'
import { allRoutes } from './routes/routes.ts'
import { privateDir } from './state-files.ts'
import { Queries } from './sql/queries.ts'
import { Tokens } from './access/tokens.ts'
import { Uploads } from './uploads.ts'

export interface ServerOptions {
  /** Repositories, and folders of repositories. */
  readonly dirs: readonly string[]
  /** Folder of the server's own: tokens, uploads, checks, the audit log. */
  readonly stateDir: string
  /** What everybody may without a token. Default: nothing. */
  readonly anonymous?: Extract<Scope, 'read' | 'write'> | undefined
  /** Names that the server goes by, beside addresses and 'localhost'. */
  readonly hosts?: readonly string[]
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** Serves plain HTTP to other machines: tokens and data can then be read on the way. */
  readonly allowPlainHttp?: boolean | undefined
  readonly limits?: Partial<Limits>
  readonly version: string
  readonly log?: (line: LogLine) => void
  readonly now?: () => number
}

/** One repository for whoever is at the other end of a connection. */
export interface PipeOptions extends Pick<ServerOptions, 'stateDir' | 'version' | 'limits' | 'log' | 'now'> {
  /** Folder of the store. */
  readonly storeDir: string
}

const sweepMs = 600_000
const headersMsMax = 15_000
const keepAliveMs = 30_000
/** Until a request has been sent whole. */
const receiveMsMax = 900_000

export class Server {
  readonly #limits: Limits
  readonly #router: Router
  readonly #http: http.Server
  readonly #repositories: Repositories
  readonly #audit: AuditLog
  readonly #uploads: Uploads
  readonly #queries: Queries
  readonly #stop = new AbortController()
  readonly #threads = new WorkerPool()
  readonly #sweeping: NodeJS.Timeout
  readonly #options: Partial<ServerOptions>
  #isStopping = false

  private constructor(
    options: Omit<ServerOptions, 'dirs' | 'anonymous'>,
    repositories: Repositories,
    access: Access,
  ) {
    const now = options.now ?? Date.now
    const stateDir = path.resolve(options.stateDir)
    privateDir(stateDir)
    // Every request under way listens to it.
    setMaxListeners(0, this.#stop.signal)
    this.#options = options
    this.#limits = { ...limitsDefault, ...options.limits }
    this.#repositories = repositories
    this.#audit = new AuditLog(path.join(stateDir, 'audit.jsonl'), now)
    this.#uploads = new Uploads(stateDir, this.#limits)
    this.#queries = new Queries(stateDir, this.#limits)
    this.#router = new Router(
      allRoutes(options.version, () => this.#isStopping),
      {
        repositories,
        uploads: this.#uploads,
        checks: new Checks(stateDir),
        turns: new PushQueue(),
        threads: this.#threads,
        queries: this.#queries,
        audit: this.#audit,
        limits: this.#limits,
        log: options.log ?? (() => {}),
        now,
      },
      {
        access,
        hosts: options.hosts ?? [],
        hidden: [stateDir, ...repositories.folders],
        stop: this.#stop.signal,
      },
    )
    this.#http = this.#listener(options.tls)
    const sweep = (): void => {
      this.#uploads.sweep(now())
      this.#queries.sweep(now())
    }
    sweep()
    this.#sweeping = setInterval(sweep, sweepMs)
    this.#sweeping.unref()
  }

  /** @throws VarveError VARVE_NO_REPOSITORY, VARVE_USAGE, VARVE_REFUSED */
  static create(options: ServerOptions): Server {
    const { anonymous } = options
    const tokens = new Tokens(options.stateDir)
    const other = anonymous === undefined ? null : everybody('anonymous', anonymous)
    return new Server(options, new Repositories(options.dirs), { tokens, other })
  }

  /** Serves one repository over `ssh`: whoever reaches it may do what the system's user may. */
  static overPipe(options: PipeOptions): Server {
    const repositories = new Repositories([], { name: pipeRepository, dir: options.storeDir })
    return new Server(options, repositories, { tokens: null, other: everybody('ssh', 'admin') })
  }

  /** Resolves to the URL. @throws VarveError VARVE_REFUSED for plain HTTP to other machines, VARVE_IO */
  async listen(port: number, host = '127.0.0.1'): Promise<string> {
    const isSafe = this.#options.tls !== undefined || isLoopback(host)
    if (!isSafe && this.#options.allowPlainHttp !== true) {
      throw new VarveError('VARVE_REFUSED', `'${host}' can be reached from elsewhere, and there is no TLS`, {
        hint: 'give --tls-cert and --tls-key, or --allow-plain-http where a proxy in front has TLS',
      })
    }
    await new Promise<void>((done, failed) => {
      this.#http.once('error', (cause: NodeJS.ErrnoException) =>
        failed(listenFailure(cause, host, port, "choose another port with '--port'")),
      )
      this.#http.listen(port, host, done)
    })
    const address = this.#http.address() as AddressInfo
    const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${name}:${address.port}`
  }

  /** Speaks HTTP over a connection until the other end closes it. */
  async converse(connection: Duplex): Promise<void> {
    const closed = new Promise<void>((done) => connection.once('close', done))
    this.#http.emit('connection', connection)
    await closed
  }

  /** Takes nothing new; what is under way may end, for as long as the grace lasts. */
  async close(): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    clearInterval(this.#sweeping)
    const wasListening = this.#http.listening
    const closed = new Promise<void>((done) => this.#http.close(() => done()))
    const timer = setTimeout(() => {
      this.#stop.abort()
      setTimeout(() => this.#http.closeAllConnections(), 500).unref()
    }, this.#limits.graceMs)
    const closing = setInterval(() => this.#http.closeIdleConnections(), 50)
    if (wasListening) await closed
    while (this.#router.gate.count > 0) await new Promise((done) => setTimeout(done, 10))
    clearInterval(closing)
    clearTimeout(timer)
    await this.#uploads.close()
    await this.#audit.close()
    await this.#repositories.close()
    await this.#threads.close()
  }

  #listener(tls: ServerOptions['tls']): http.Server {
    const handle = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      void this.#router.handle(request, response).catch(() => response.destroy())
    }
    const settings: http.ServerOptions = {
      headersTimeout: headersMsMax,
      requestTimeout: receiveMsMax,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false,
    }
    const server =
      tls === undefined
        ? http.createServer(settings, handle)
        : https.createServer({ ...settings, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, handle)
    server.on('clientError', answerUnread)
    server.maxConnections = this.#limits.connectionsMax
    // Whoever neither sends nor reads for so long is gone.
    server.setTimeout(this.#limits.requestMsMax, (socket) => socket.destroy())
    return server
  }
}

const unread: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'the address and the headers have more than 16 KiB',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
}

/** What is no request, or none that can be read, never comes to a route; it is answered like all others. */
function answerUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] = unread[error.code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP request']
  const body = `${JSON.stringify({ error: { code: 'VARVE_USAGE', message } })}\n`
  const headers = [
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
  ]
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`)
}
