// One request from its first byte to its line in the log: the checks that every request passes (guard, token, scope,
// repository, how much is under way), then its route, then the answer, whatever happened.
import type { IncomingMessage, ServerResponse } from 'node:http'
import findMyWay from 'find-my-way'
import { isVarveError } from '../base/errors.ts'
import { randomHex } from '../base/platform.ts'
import { type Failure, HttpError, drain, failureOf, sendJson } from './answers.ts'
import { type Access, authenticate, checkRepository, checkScope } from './access/authorize.ts'
import { DenialLimit, Gate, clientOf } from './gate.ts'
import { type GuardOptions, guard } from './guard.ts'
import type { Exchange, Principal, Route, Services } from './interface.ts'
import { Metrics } from './metrics.ts'
import { isCostly, isQuery } from './costly.ts'
import { isBadCursor } from './listings/cursor.ts'
import { sendFailurePage, sendToFirstPage } from './pages/failure-page.ts'
import { Query } from './url-query.ts'
import type { ServedRepository } from './repositories.ts'

export interface RouterOptions extends GuardOptions {
  readonly access: Access
  /** Folders that no answer names. */
  readonly hidden: readonly string[]
  /** Ends what is under way. */
  readonly stop: AbortSignal
}

interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** What is known of a request when its line is written. */
interface Trace {
  route: string
  target: 'page' | 'api'
  principal: string
  error: string | null
}

const routesHint = '/openapi.json lists what can be asked for'
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const

export class Router {
  readonly gate: Gate
  readonly metrics: Metrics
  readonly #services: Services
  readonly #options: RouterOptions
  readonly #denials = new DenialLimit()
  readonly #table = findMyWay({ maxParamLength: 300, ignoreTrailingSlash: false })

  constructor(routes: readonly Route[], services: Omit<Services, 'metrics'>, options: RouterOptions) {
    this.gate = new Gate(services.limits)
    this.metrics = new Metrics(() => this.gate.count)
    this.#services = { ...services, metrics: this.metrics }
    this.#options = options
    for (const route of routes) {
      const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1')
      this.#table.on(route.method, path, () => {}, route)
    }
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now()
    const trace: Trace = { route: 'none', target: targetOf(request), principal: '', error: null }
    const id = randomHex(8)
    response.setHeader('x-request-id', id)
    response.setHeader('varve-server', '1')
    response.setHeader('x-content-type-options', 'nosniff')
    // Without TLS browsers do not say which site asks: none but ours gets to load anything, pictures in downloads too.
    response.setHeader('cross-origin-resource-policy', 'same-origin')
    response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox")
    const bytesIn = request.socket.bytesRead
    const bytesOut = request.socket.bytesWritten
    try {
      await this.#run(request, response, trace)
    } catch (error) {
      await this.#fail(request, response, error, trace, id)
    } finally {
      const seconds = (performance.now() - start) / 1000
      const { method = '' } = request
      const status = response.statusCode
      this.metrics.count({
        route: trace.route,
        method: (methods as readonly string[]).includes(method) ? method : 'OTHER',
        status,
        seconds,
        bytesIn: Math.max(0, (request.socket.bytesRead ?? 0) - (bytesIn ?? 0)),
        bytesOut: Math.max(0, (request.socket.bytesWritten ?? 0) - (bytesOut ?? 0)),
      })
      this.#services.log({
        event: 'request',
        id,
        method: method.slice(0, 20),
        path: pathOf(request).slice(0, 500),
        route: trace.route,
        status,
        ms: Math.round(seconds * 1000),
        token: trace.principal,
        address: request.socket.remoteAddress ?? '',
        ...(trace.error === null ? {} : { error: trace.error }),
      })
    }
  }

  async #run(request: IncomingMessage, response: ServerResponse, trace: Trace): Promise<void> {
    const known = this.#lookUp(request.method, pathOf(request))
    if (known !== null) trace.target = known.route.isPage === true ? 'page' : 'api'
    const isLinked = known?.route.isPage === true && known.route.isSaved !== true
    const refusal = guard(request, this.#options, isLinked ? 'page' : 'api')
    if (refusal !== null) throw new HttpError(refusal.status, 'VARVE_REFUSED', refusal.message)
    const { route, params } = this.#find(request)
    trace.route = route.path
    const principal = await this.#admit(request, route, params)
    trace.principal = principal?.id ?? ''
    // Whoever asks how the server is must hear it when it is busy, too.
    const leave =
      principal === null ? () => {} : this.gate.enter(clientOf(principal, request.socket.remoteAddress ?? ''))
    try {
      await this.#exchange(request, response, { route, params }, principal ?? nobody)
    } finally {
      leave()
    }
  }

  #find(request: IncomingMessage): Found {
    const path = pathOf(request)
    const found = this.#lookUp(request.method, path)
    if (found !== null) return found
    const others = methods.filter((other) => this.#lookUp(other, path) !== null)
    if (others.length === 0)
      throw new HttpError(404, 'VARVE_PATH_NOT_FOUND', 'there is nothing here', {}, routesHint)
    const allow = others.join(', ')
    throw new HttpError(405, 'VARVE_USAGE', `this takes ${allow}`, { allow }, routesHint)
  }

  /** HEAD is GET without what it sends, where it is nothing of its own. */
  #lookUp(method: string | undefined, path: string): Found | null {
    const found =
      this.#table.find(method as (typeof methods)[number], path) ??
      (method === 'HEAD' ? this.#table.find('GET', path) : null)
    if (found === null) return null
    return { route: found.store as Route, params: found.params as Record<string, string> }
  }

  /** Who asks; null when the route is open to everybody. */
  async #admit(
    request: IncomingMessage,
    route: Route,
    params: Readonly<Record<string, string>>,
  ): Promise<Principal | null> {
    if (route.access === 'none') return null
    const { audit, now } = this.#services
    let principal: Principal | null = null
    try {
      principal = authenticate(request, this.#options.access, now(), route.isPage === true ? 'page' : 'api')
      if (params['repo'] !== undefined) checkRepository(principal, params['repo'])
      checkScope(principal, route.access)
      return principal
    } catch (error) {
      const isAttempt = request.headers.authorization !== undefined || route.access !== 'read'
      if (isAttempt && this.#denials.mayWrite(now())) {
        await audit.append({
          who: principal === null ? nobody : { id: principal.id, name: principal.name },
          address: request.socket.remoteAddress ?? '',
          what: 'denied',
          repository: params['repo'] ?? null,
          result: 'refused',
          data: { route: route.path, method: route.method },
        })
      }
      throw error
    }
  }

  async #exchange(
    request: IncomingMessage,
    response: ServerResponse,
    { route, params }: Found,
    principal: Principal,
  ): Promise<void> {
    const { limits, repositories } = this.#services
    const query = Query.read(searchOf(request), route.parameters ?? [])
    const ending = endOf(
      response,
      this.#options.stop,
      route.isLong === true ? limits.pushMsMax : limits.requestMsMax,
    )
    let opened: ServedRepository | null = null
    let leave = (): void => {}
    const exchange: Exchange = {
      request,
      response,
      params,
      query,
      principal,
      services: this.#services,
      signal: ending.signal,
      repository: () => opened!,
    }
    // Nothing may be heard for long while a large push is taken in.
    if (route.isLong === true) request.socket.setTimeout?.(limits.pushMsMax)
    try {
      const client = clientOf(principal, request.socket.remoteAddress ?? '')
      if (isQuery(route, query)) leave = this.gate.enterQuery(client)
      else if (isCostly(route, query)) leave = this.gate.enterCostly(client)
      if (params['repo'] !== undefined) opened = await repositories.open(params['repo'])
      await route.handle(exchange)
    } finally {
      leave()
      ending.release()
      if (route.isLong === true) request.socket.setTimeout?.(limits.requestMsMax)
    }
  }

  async #fail(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    trace: Trace,
    id: string,
  ): Promise<void> {
    const failure: Failure = failureOf(error, this.#options.hidden)
    trace.error = isVarveError(error) ? error.code : error instanceof Error ? error.message : String(error)
    if (failure.isOurs) {
      const { stack } = error instanceof Error ? error : { stack: String(error) }
      this.#services.log({ event: 'failure', id, route: trace.route, stack })
    }
    if (response.headersSent) {
      // What was promised cannot be kept: the client must see that the answer is cut.
      response.destroy()
      return
    }
    const headers: Record<string, string> = { ...failure.headers }
    if (!(await drain(request))) headers['connection'] = 'close'
    if (trace.target === 'page' && isBadCursor(error)) {
      sendToFirstPage(request, response)
      return
    }
    if (trace.target === 'page') {
      sendFailurePage(request, response, { ...failure, headers })
      return
    }
    await sendJson(response, failure.document, { status: failure.status, headers })
  }
}

/** Aborts when the client goes away, time is up or the server stops. */
function endOf(
  response: ServerResponse,
  stop: AbortSignal,
  msMax: number,
): { signal: AbortSignal; release: () => void } {
  const end = new AbortController()
  const onClose = (): void => {
    if (!response.writableFinished) end.abort(new Error('the client has gone'))
  }
  const onStop = (): void => end.abort(new Error('the server stops'))
  const timer = setTimeout(() => end.abort(new Error('it took too long')), msMax)
  response.once('close', onClose)
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  return {
    signal: end.signal,
    release: () => {
      clearTimeout(timer)
      response.off('close', onClose)
      stop.removeEventListener('abort', onStop)
    },
  }
}

const nobody: Principal = {
  id: 'nobody',
  name: 'nobody',
  scope: 'read',
  repositories: 'none',
  branches: 'none',
  checks: 'none',
}

/** Whether a person looks or a program asks, when there is no such route. */
function targetOf(request: IncomingMessage): 'page' | 'api' {
  const looks = request.method === 'GET' && /\btext\/html\b/.test(request.headers.accept ?? '')
  return looks && !pathOf(request).startsWith('/v1/') ? 'page' : 'api'
}

/** Behind the first question mark: others may stand in it as they are. */
function searchOf(request: IncomingMessage): string {
  return /\?([^#]*)/s.exec(request.url ?? '')?.[1] ?? ''
}

/** The path without the query, which may hold secrets. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}
