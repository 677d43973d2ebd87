// An API of JSON on loopback, and a repository that has a link to it.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { DataRepository } from '../../src/api/data-repository.ts'
import type { HttpTable } from '../../src/dataset/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { author, oneRound } from './one-round.ts'

export class JsonApi implements AsyncDisposable {
  readonly #asked: string[] = []
  #bodies: string[] = []
  readonly #server: http.Server
  readonly #store = MemoryStore.create()
  readonly #repository = DataRepository.over(this.#store, { author })

  private constructor(server: http.Server) {
    this.#server = server
  }

  /** `answer` gives what is to be sent as JSON. */
  static async start(answer: (query: URLSearchParams) => unknown): Promise<JsonApi> {
    return JsonApi.serve((request, response) => {
      const body = JSON.stringify(answer(new URL(request.url!, 'http://localhost').searchParams))
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
  }

  /** An API that is asked by POST; `answer` gets what it is asked, and gives what is to be sent as JSON. */
  static async startPost(
    answer: (body: unknown, headers: http.IncomingHttpHeaders) => unknown,
  ): Promise<JsonApi> {
    const bodies: string[] = []
    const api = await JsonApi.serve(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const text = Buffer.concat(parts).toString()
      bodies.push(text)
      const isJson = request.method === 'POST' && request.headers['content-type'] === 'application/json'
      response
        .writeHead(isJson ? 200 : 415, { 'content-type': 'application/json', etag: '"same"' })
        .end(JSON.stringify(answer(JSON.parse(text), request.headers)))
    })
    api.#bodies = bodies
    return api
  }

  static async serve(
    listener: (request: http.IncomingMessage, response: http.ServerResponse) => unknown,
  ): Promise<JsonApi> {
    const server = http.createServer((request, response) => {
      api.#asked.push(request.url!)
      void listener(request, response)
    })
    const api = new JsonApi(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return api
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Paths and queries that were asked for in the last round, in their order. */
  get asked(): string[] {
    return [...this.#asked]
  }

  /** What was sent in the last round. */
  get bodies(): string[] {
    return [...this.#bodies]
  }

  /** A round of a link that captures the table `people`. */
  async sync(
    table: Omit<HttpTable, 'table'>,
    setting: Partial<Link> = {},
    options: SyncOptions = {},
  ): Promise<Receipt> {
    this.#asked.length = 0
    this.#bodies.length = 0
    const link: Link = {
      name: 'crm',
      endpoint: this.origin,
      mode: 'capture',
      tables: ['people'],
      into: 'crm',
      branch: 'main',
      http: [{ table: 'people', ...table }],
      ...setting,
    }
    return oneRound(this.#store, link, undefined, options)
  }

  async rows(): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = []
    for await (const row of (await this.#repository.at('main')).table('crm/people').scan())
      found.push({ ...row })
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}
