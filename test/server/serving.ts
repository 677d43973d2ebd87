// A real server on loopback over repositories in a temporary folder. Every answer that a test gets is held against the
// OpenAPI document that this very server gives: a status, a media type or a field that is not written down fails the test.
import fs from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { request as send } from 'undici'
import { afterEach } from 'vitest'
import type { Limits, LogLine } from '../../src/server/interface.ts'
import { allRoutes } from '../../src/server/routes/routes.ts'
import { Server } from '../../src/server/server.ts'
import { type NewToken, Tokens } from '../../src/server/access/tokens.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { type Contents, commitOn } from '../remote/history.ts'
import { temporaryDir } from '../support/temporary.ts'

export interface Serving {
  readonly url: string
  readonly dir: string
  readonly stateDir: string
  readonly tokens: Tokens
  readonly lines: LogLine[]
  readonly server: Server
  /** A token that may do anything. */
  readonly admin: string
  readonly token: (wanted?: Partial<NewToken>) => Promise<string>
  /** A bare repository that is served, for the test to look into. */
  readonly repository: (name: string, contents?: Contents) => Promise<DiskStore>
  readonly call: (target: string, options?: CallOptions) => Promise<Called>
}

export interface CallOptions {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
  /** null: none. Default: the administrator's. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: Uint8Array | string | object
}

export interface Called {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- documents are looked into by the tests
  readonly json: any
}

export interface ServingOptions {
  readonly anonymous?: 'read' | 'write'
  readonly limits?: Partial<Limits>
  readonly now?: () => number
  readonly hosts?: readonly string[]
}

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of running.splice(0)) await close()
})

let used = 0

export async function serve(options: ServingOptions = {}): Promise<Serving> {
  const base = temporaryDir()
  const [dir, stateDir] = [path.join(base, 'data'), path.join(base, 'state')]
  fs.mkdirSync(dir)
  const lines: LogLine[] = []
  const server = Server.create({
    dirs: [dir],
    stateDir,
    version: '0.0.0',
    log: (line) => lines.push(line),
    ...options,
    limits: { graceMs: 200, ...options.limits },
  })
  const url = await server.listen(0)
  const stores: DiskStore[] = []
  running.push(async () => {
    await server.close()
    for (const store of stores) await store.close()
  })
  const tokens = new Tokens(stateDir)
  const token = async (wanted: Partial<NewToken> = {}): Promise<string> =>
    (await tokens.create({ name: `token ${used++}`, scope: 'read', ...wanted }, (options.now ?? Date.now)()))
      .token
  const admin = await token({ scope: 'admin' })
  let judge: Judge | null = null
  return {
    url,
    dir,
    stateDir,
    tokens,
    lines,
    server,
    admin,
    token,
    repository: async (name, contents) => {
      const store = await DiskStore.create(path.join(dir, name))
      stores.push(store)
      if (contents !== undefined) await commitOn(store, 'refs/heads/main', contents)
      return store
    },
    call: async (target, calling = {}) => {
      const called = await callTo(url, target, { token: admin, ...calling })
      judge ??= judgeOf((await callTo(url, '/openapi.json', { token: null })).json)
      judge(calling.method ?? 'GET', target, called)
      return called
    },
  }
}

export async function callTo(url: string, target: string, options: CallOptions = {}): Promise<Called> {
  const { method = 'GET', token, headers = {}, body } = options
  const isDocument = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
  const answer = await send(url + target, {
    method,
    headers: {
      ...(token === null || token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(isDocument ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    body: isDocument ? JSON.stringify(body) : ((body as string | Uint8Array | undefined) ?? null),
  })
  const bytes = Buffer.from(await answer.body.arrayBuffer())
  const isJson = /^application\/json(;|$)/.test(String(answer.headers['content-type'] ?? ''))
  return {
    status: answer.statusCode,
    headers: answer.headers,
    bytes,
    text: bytes.toString(),
    json: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : null,
  }
}

type Judge = (method: string, target: string, called: Called) => void

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, Described> }>>
}

interface Described {
  readonly content?: Record<string, { schema: object }>
}

/** They are for people: reading.ts judges them. */
const pages = allRoutes('0.0.0', () => false).filter(({ isPage }) => isPage === true)

/** Throws where an answer is not as the document says. */
function judgeOf(document: Document): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema(document, 'openapi')
  return (method, target, { status, headers, json }) => {
    const route = target.replace(/\?.*$/, '')
    const paths = Object.keys(document.paths).filter((known) => fits(known, route))
    const found = paths.find((known) => document.paths[known]?.[method.toLowerCase()] !== undefined)
    if (found === undefined) {
      if (pages.some((page) => page.method === method && fits(page.path, route))) return
      if (status !== 404 && status !== 405 && status !== 400 && status !== 421)
        throw new Error(`${method} ${route} is not in the document, and answers ${status}`)
      return
    }
    const described = document.paths[found]![method.toLowerCase()]!.responses[String(status)]
    if (described === undefined)
      throw new Error(`${method} ${found}: an answer of ${status} is not described`)
    const type = String(headers['content-type'] ?? '').replace(/;.*$/, '')
    if (method === 'HEAD' || (type === '' && described.content === undefined)) return
    const content = described.content?.[type]
    if (content === undefined) throw new Error(`${method} ${found}: '${type}' is not described for ${status}`)
    if (type !== 'application/json') return
    const place = `openapi#/paths/${found.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`
    const validate = ajv.getSchema(place)
    if (validate === undefined) throw new Error(`no schema at ${place}`)
    if (validate(json) !== true)
      throw new Error(
        `${method} ${found}: the answer of ${status} is not as described: ${ajv.errorsText(validate.errors)}`,
      )
  }
}

function fits(template: string, route: string): boolean {
  const [a, b] = [template.split('/'), route.split('/')]
  return a.length === b.length && a.every((part, i) => part.startsWith('{') || part === b[i])
}
