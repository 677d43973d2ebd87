// APIs that want an access token of OAuth 2: a real server that gives tokens, and takes them back.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../src/dataset/config.ts'
import type { HttpAuth, HttpTable } from '../../src/dataset/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { fault } from '../support/fault.ts'
import { oneRound } from '../support/one-round.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

interface Asked {
  readonly authorization: string | undefined
  readonly fields: Record<string, string>
}

let server: http.Server
let origin: string
let asked: Asked[]
let shown: (string | undefined)[]
/** What the token endpoint answers; `n` counts from 1. */
let give: (n: number, one: Asked) => { status?: number; body: unknown }
let isAccepted: (authorization: string | undefined) => boolean
let store: MemoryStore
let client: string

beforeEach(async () => {
  ;[asked, shown] = [[], []]
  give = (n) => ({ body: { access_token: `t${n}`, token_type: 'bearer', expires_in: 3600 } })
  isAccepted = (authorization) => authorization === `Bearer t${asked.length}`
  server = http.createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  store = MemoryStore.create()
  // A token is held for as long as the process runs: each test is another client.
  client = `client ${Math.random()}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const { authorization } = request.headers
  const send = (status: number, body: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.url === '/token') {
    const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
    if (request.method !== 'POST' || !isForm) return send(415, {})
    const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()))
    const one = { authorization, fields }
    asked.push(one)
    const { status = 200, body } = give(asked.length, one)
    return send(status, body)
  }
  shown.push(authorization)
  if (!isAccepted(authorization)) return send(401, { message: 'token expired' })
  send(200, [{ id: 1, name: 'Ada' }])
}

async function sync(
  auth: Partial<HttpAuth> = {},
  secrets: Readonly<Record<string, string>> = {},
  table: Omit<HttpTable, 'table'> = {},
): Promise<Receipt> {
  const named = { CLIENT_ID: client, CLIENT_SECRET: 'a:b c', ...secrets }
  const environment = Object.fromEntries(
    Object.entries(named).map(([name, value]) => [`VARVE_LINK_CRM_${name}`, value]),
  )
  const link = {
    name: 'crm',
    endpoint: origin,
    mode: 'capture' as const,
    tables: ['people'],
    into: 'crm',
    branch: 'main',
    http: [{ table: 'people', ...table }],
    auth: { tokenUrl: `${origin}/token`, ...auth },
  }
  return oneRound(store, link, environment)
}

test("a client's credentials are shown where the token is had, and the token, held for the next round, where the rows are", async () => {
  expect((await sync({ scope: 'read all', audience: 'crm' })).tables[0]).toMatchObject({ read: 1 })
  await sync({ scope: 'read all', audience: 'crm' })
  const encoded = `${client.replace(' ', '+')}:a%3Ab+c`
  expect(asked).toEqual([
    {
      authorization: `Basic ${Buffer.from(encoded).toString('base64')}`,
      fields: { grant_type: 'client_credentials', scope: 'read all', audience: 'crm' },
    },
  ])
  expect(new Set(shown)).toEqual(new Set(['Bearer t1']))
})

test("with 'client: body' they are in the form, and a refresh token is asked with where there is one", async () => {
  await sync({ client: 'body' }, { REFRESH_TOKEN: 'r1' })
  expect(asked).toEqual([
    {
      authorization: undefined,
      fields: {
        grant_type: 'refresh_token',
        refresh_token: 'r1',
        client_id: client,
        client_secret: 'a:b c',
      },
    },
  ])
})

test('a token that has expired, or is refused, is replaced once, in the middle of a round too', async () => {
  give = (n) => ({ body: { access_token: `t${n}`, token_type: 'Bearer', expires_in: n === 1 ? 1e-6 : 3600 } })
  await sync()
  await sync()
  const before = asked.length
  expect(before).toBe(2)
  isAccepted = (authorization) => authorization === `Bearer t${before + 1}`
  await sync()
  expect([asked.length, shown.slice(-2)]).toEqual([
    before + 1,
    [`Bearer t${before}`, `Bearer t${before + 1}`],
  ])
  isAccepted = () => false
  expect(await fault(sync())).toMatch(/^VARVE_REFUSED: .*refuses access \(401\): token expired/)
  expect(asked).toHaveLength(before + 2)
})

test('another refresh token takes the place of the one in its file, with its rights', async () => {
  const file = path.join(temporaryDir(), 'refresh')
  fs.writeFileSync(file, 'r1\n', { mode: 0o600 })
  give = (n) => ({
    body: { access_token: `t${n}`, token_type: 'bearer', refresh_token: `r${n + 1}` },
  })
  await sync({}, { REFRESH_TOKEN_FILE: file })
  expect(fs.readFileSync(file, 'utf8')).toBe('r2\n')
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(path.dirname(file))).toEqual(['refresh'])
  // As a process that begins anew does.
  await sync({ scope: 'x' }, { REFRESH_TOKEN_FILE: file })
  expect(asked.map(({ fields }) => fields['refresh_token'])).toEqual(['r1', 'r2'])
  // What the environment has itself is asked with once, and then the one that took its place.
  isAccepted = (authorization) => authorization === `Bearer t${asked.length}` && asked.length > 3
  await sync({ scope: 'y' }, { REFRESH_TOKEN: 'r1' })
  expect(asked.slice(2).map(({ fields }) => fields['refresh_token'])).toEqual(['r1', 'r4'])
})

test('what is refused is named with what to look at, and says no secret', async () => {
  give = () => ({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'r1 of a:b c is unknown' },
  })
  const refused = await sync({}, { REFRESH_TOKEN: 'r1' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: 'VARVE_REFUSED',
    message: `no access token: '${origin}/token' answers 400: … of … is unknown`,
    hint: expect.stringContaining('VARVE_LINK_CRM_REFRESH_TOKEN'),
  })
  give = () => ({ status: 503, body: {} })
  expect(await fault(sync())).toMatch(/^VARVE_UNREACHABLE: '.*token' answers 503/)
  for (const body of [{}, [], { access_token: 'a b' }, { access_token: 'x', token_type: 'mac' }]) {
    give = () => ({ body })
    expect(await fault(sync())).toMatch(/^VARVE_REFUSED: '.*' answers without an access token/)
  }
  expect(shown).toEqual([])
})

test('secrets that are missing, that are two, or that would travel in the clear, are refused before anything is asked', async () => {
  expect(await fault(sync({}, { CLIENT_SECRET: '' }))).toMatch(/VARVE_LINK_CRM_CLIENT_SECRET is not set/)
  expect(await fault(sync({}, { CLIENT_ID: '' }))).toMatch(/VARVE_LINK_CRM_CLIENT_ID is not set/)
  expect(await fault(sync({}, { TOKEN: 'x' }))).toMatch(/both say what 'Authorization' is/)
  expect(await fault(sync({}, { HEADER: 'authorization: x' }))).toMatch(/both say what 'Authorization' is/)
  expect(await fault(sync({ tokenUrl: 'http://192.0.2.1/token' }))).toMatch(/would travel/)
  const declared = sync({}, { HEADER: 'X-Api-Key: abc' }, { headers: { 'x-api-key': 'def' } })
  expect(await fault(declared)).toMatch(/declares the header 'x-api-key', which is the secret one/)
  expect([asked, shown]).toEqual([[], []])
})

test("'auth' in varve.yaml is read strictly", () => {
  const parsed = (auth: string, endpoint = 'https://api.example.org') =>
    parseConfig(
      `links: { crm: { endpoint: '${endpoint}', mode: capture, tables: [ people ], auth: ${auth} } }`,
    ).links.get('crm')!.auth
  expect(parsed('{ token_url: https://a.example.org/token, scope: a b, client: body }')).toEqual({
    tokenUrl: 'https://a.example.org/token',
    scope: 'a b',
    client: 'body',
  })
  for (const auth of [
    '{}',
    'x',
    '{ token_url: ftp://a/b }',
    '{ token_url: https://u:p@a/b }',
    '{ token_url: https://a/b, client: both }',
    '{ token_url: https://a/b, client_secret: x }',
  ])
    expect(() => parsed(auth)).toThrow()
  expect(() => parsed('{ token_url: https://a/b }', 'postgres://localhost/x')).toThrow(
    'for links to HTTP APIs',
  )
})

test('a command line adds such a link, and no secret is kept', async () => {
  const dir = temporaryDir()
  const env = { VARVE_LINK_CRM_CLIENT_ID: client, VARVE_LINK_CRM_CLIENT_SECRET: 'a s3cret' }
  const varve = (...args: string[]): Promise<RanHere> => runHere(args, dir, env)
  await varve('init', '-q')
  const added = ['link', 'add', 'crm', origin, '--tables', 'people', '--mode', 'capture']
  const scoped = await varve(...added, '--scope', 'read all')
  expect(scoped).toMatchObject({ code: 2, stderr: expect.stringContaining('--token-url') as string })
  const auth = ['--token-url', `${origin}/token`, '--scope', 'read all']
  expect(await varve(...added, ...auth)).toMatchObject({ code: 0 })
  expect(asked[0]!.fields).toMatchObject({ scope: 'read all' })
  expect(await varve('sync', 'crm')).toMatchObject({ code: 0 })
  const declared = fs.readFileSync(path.join(dir, 'varve.yaml'), 'utf8')
  expect(declared).toContain(`token_url: ${origin}/token`)
  for (const secret of ['a s3cret', client]) expect(declared).not.toContain(secret)
})
