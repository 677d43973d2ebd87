// Who gets where. The table of routes itself is what these tests go through, so a route that is added is tested.
import http from 'node:http'
import { expect, test } from 'vitest'
import type { Route } from '../../src/server/interface.ts'
import { allRoutes } from '../../src/server/routes/routes.ts'
import { Server } from '../../src/server/server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { callTo, serve } from './serving.ts'

const routes = allRoutes('0.0.0', () => false)
const rank = { none: -1, read: 0, write: 1, admin: 2 }

function targetOf({ path, parameters = [] }: Route, repository = 'prices'): string {
  const needed = parameters.filter((one) => one.in === 'query' && one.required === true)
  const query = needed.map(({ name }) => `${name}=main`).join('&')
  const target = path
    .replace('{repo}', repository)
    .replace('{fan}', 'ab')
    .replace('{sequence}', '0'.repeat(20))
    .replace(/\{\w+\}/, 'a'.repeat(64))
  return query === '' ? target : `${target}?${query}`
}

test('without a token nothing is given but health and the API’s description', async () => {
  const { repository, call } = await serve()
  await repository('prices', { files: { a: '1' } })
  for (const route of routes) {
    const { status } = await call(targetOf(route), { method: route.method, token: null })
    expect([route.path, status]).toEqual([route.path, route.access === 'none' ? 200 : 401])
  }
})

test('each scope reaches the routes that need no more, and no others', async () => {
  const { repository, call, token } = await serve()
  await repository('prices', { files: { a: '1' } })
  for (const scope of ['read', 'write', 'admin'] as const) {
    const mine = await token({ scope })
    for (const route of routes) {
      const { status } = await call(targetOf(route), { method: route.method, token: mine })
      expect([route.method, route.path, scope, status === 403]).toEqual([
        route.method,
        route.path,
        scope,
        rank[route.access] > rank[scope],
      ])
    }
  }
})

test('a repository that a token does not reach looks as if it were not there, on every route', async () => {
  const { repository, call, token } = await serve()
  await repository('prices', { files: { a: '1' } })
  await repository('secret', { files: { a: '1' } })
  const mine = await token({ scope: 'admin', repositories: 'pri*' })
  const seen = await call('/v1/repos', { token: mine })
  expect(seen.json.items.map(({ name }: { name: string }) => name)).toEqual(['prices'])
  for (const route of routes.filter(({ path }) => path.includes('{repo}'))) {
    const hidden = await call(targetOf(route, 'secret'), { method: route.method, token: mine })
    const absent = await call(targetOf(route, 'absent'), { method: route.method, token: mine })
    expect([route.path, hidden.status]).toEqual([route.path, 404])
    expect(hidden.text.replaceAll('secret', 'absent')).toBe(absent.text)
  }
  const made = await call('/v1/repos', { method: 'POST', token: mine, body: { name: 'other' } })
  expect(made.status).toBe(404)
})

test('a token is taken from its header only, and is nowhere in log, audit log or answer', async () => {
  const { repository, call, admin, lines, stateDir, tokens } = await serve()
  await repository('prices', { files: { a: '1' } })
  const secret = admin.slice(-43)
  for (const query of [`?token=${admin}`, `?access_token=${admin}`])
    expect((await call(`/v1/repos${query}`, { token: null })).status).toBe(401)
  for (const authorization of [
    `Basic ${Buffer.from(`x:${admin}`).toString('base64')}`,
    admin,
    `Bearer x${admin}`,
  ])
    expect((await call('/v1/repos', { token: null, headers: { authorization } })).status).toBe(401)
  expect((await call('/v1/repos')).status).toBe(200)
  await tokens.revoke(tokens.list()[0]!.name, Date.now())
  const refused = await call('/v1/repos')
  expect(refused.status).toBe(401)
  const { readFileSync } = await import('node:fs')
  const written = JSON.stringify(lines) + readFileSync(`${stateDir}/audit.jsonl`, 'utf8') + refused.text
  expect(written).not.toContain(secret)
  expect(written).not.toContain('token=')
  expect(lines.length).toBeGreaterThan(5)
})

test('anonymous readers read and do no more', async () => {
  const { repository, call } = await serve({ anonymous: 'read' })
  await repository('prices', { files: { a: '1' } })
  expect((await call('/v1/repos/prices/tree', { token: null })).status).toBe(200)
  expect((await call('/v1/repos', { token: null, method: 'POST', body: { name: 'x' } })).status).toBe(403)
  expect((await call('/v1/repos', { token: 'wrong' })).status).toBe(401)
})

// A page in somebody's browser.

const hostile = [
  'evil.com',
  'evil.com:80',
  '127.0.0.1.evil.com',
  'localhost.evil.com',
  '',
  '127.0.0.1@evil.com',
  'evil.com, localhost',
  'xn--a',
]

test.each(hostile)('Host %j is refused on every route, before the token is looked at', async (host) => {
  const { repository, url } = await serve({ anonymous: 'write' })
  await repository('prices', { files: { a: '1' } })
  for (const route of routes) {
    const { status } = await callTo(url, targetOf(route), { method: route.method, headers: { host } })
    expect([route.path, [400, 421].includes(status)]).toEqual([route.path, true])
  }
})

test.each([
  { origin: 'https://evil.com' },
  { origin: 'null' },
  { origin: 'file://' },
  { origin: 'http://127.0.0.1' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
])('a request from another site (%j) is refused on every route', async (headers) => {
  const { repository, url, admin } = await serve()
  await repository('prices', { files: { a: '1' } })
  for (const route of routes) {
    const { status } = await callTo(url, targetOf(route), {
      method: route.method,
      token: admin,
      headers: headers as Record<string, string>,
    })
    expect([route.path, status]).toEqual([route.path, 403])
  }
})

test('addresses, localhost, names that were given and the own origin are served', async () => {
  const { url } = await serve({ hosts: ['Data.example.org'] })
  const { host } = new URL(url)
  for (const headers of [
    { host: 'localhost' },
    { host: '192.168.1.7:8420' },
    { host: '[::1]:8420' },
    { host: 'data.example.org' },
    { host, origin: url, 'sec-fetch-site': 'same-origin' },
  ])
    expect((await callTo(url, '/health', { headers: headers as Record<string, string> })).status).toBe(200)
})

test('two Hosts, or none, are refused', async () => {
  const { url } = await serve()
  const { port } = new URL(url)
  const raw = (lines: string[]): Promise<string> =>
    new Promise((done) => {
      const socket = new http.Agent().createConnection({ port: Number(port), host: '127.0.0.1' } as never)!
      let text = ''
      socket.on('data', (part: Buffer) => (text += part.toString()))
      socket.on('close', () => done(text.split('\r\n')[0]!))
      socket.end(`${lines.join('\r\n')}\r\n\r\n`)
    })
  expect(
    await raw(['GET /health HTTP/1.1', 'Host: localhost', 'Host: evil.com', 'Connection: close']),
  ).toContain('400')
  expect(await raw(['GET /health HTTP/1.1', 'Connection: close'])).toContain('400')
  expect(await raw(['GET /health HTTP/1.0'])).toContain('400')
})

test('other machines are served with TLS or not at all, unless that is said', async () => {
  const dir = temporaryDir()
  const options = { dirs: [dir], stateDir: `${dir}/state`, version: '0.0.0' }
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    const server = Server.create(options)
    await expect(server.listen(0, host)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
    await server.close()
  }
  const server = Server.create({ ...options, allowPlainHttp: true })
  expect(await server.listen(0, '0.0.0.0')).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/)
  await server.close()
})

test('an address that another program has is said to be taken', async () => {
  const dir = temporaryDir()
  const options = { dirs: [dir], stateDir: `${dir}/state`, version: '0.0.0' }
  const [first, second] = [Server.create(options), Server.create(options)]
  const port = Number(new URL(await first.listen(0, '127.0.0.1')).port)
  await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({
    code: 'VARVE_IO',
    message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
    hint: "choose another port with '--port'",
  })
  await Promise.all([first.close(), second.close()])
})
