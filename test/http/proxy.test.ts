// Remotes behind a proxy that the environment names. The hosts are known to the proxy alone, so whatever is reached was
// reached through it.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { proxyFor } from '../../src/http/proxy.ts'
import { parseS3Url } from '../../src/http/s3/address.ts'
import { S3Client } from '../../src/http/s3/client.ts'
import { findSettings } from '../../src/http/s3/settings.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { commitOn } from '../remote/history.ts'
import { hasOpenssl, makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { testEnvironment } from '../support/memory-s3.ts'
import { serveGit } from '../support/git-http-server.ts'
import { startProxy } from '../support/proxy.ts'
import { serveFolder } from '../support/static-server.ts'
import { temporaryDir } from '../support/temporary.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function proxied(login: string | null = null): Promise<Awaited<ReturnType<typeof startProxy>>> {
  const proxy = await startProxy(login)
  endings.push(() => proxy.close())
  return proxy
}

async function listening(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  endings.push(() => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  })
  return (server.address() as AddressInfo).port
}

/** A store's folder at http://files.test:PORT/data. */
async function folder(): Promise<string> {
  const dir = temporaryDir()
  const store = await DiskStore.create(`${dir}/data`)
  await commitOn(store, 'refs/heads/main', { files: { 'a.txt': 'a' } })
  const server = await serveFolder(dir)
  endings.push(() => server.close())
  return `${server.url.replace('127.0.0.1', 'files.test')}/data`
}

async function refsAt(url: string, environment: Record<string, string>): Promise<string[]> {
  const store = await openRemote(url, { environment })
  try {
    return [...(await store.manifest()).refs.keys()]
  } finally {
    await store.close()
  }
}

async function faultOf(work: Promise<unknown>): Promise<{ message: string; all: string }> {
  try {
    await work
  } catch (error) {
    if (isVarveError(error))
      return { message: `${error.code}: ${error.message}`, all: inspect(error, { depth: 9 }) }
    throw error
  }
  throw new Error('nothing went wrong')
}

test('plain HTTP is handed to the proxy that HTTP_PROXY names, which alone knows the host', async () => {
  const [url, proxy] = [await folder(), await proxied()]
  expect(await refsAt(url, { HTTP_PROXY: proxy.url })).toContain('refs/heads/main')
  expect(proxy.requests[0]).toBe(`GET ${url}/format`)
})

test('a proxy gets the name and password of the variable; without them, or with wrong ones, no secret is repeated', async () => {
  const [url, proxy] = [await folder(), await proxied('ada:s3cr3t word')]
  const withLogin = (login: string): string => proxy.url.replace('//', `//${login}@`)
  expect(await refsAt(url, { http_proxy: withLogin('ada:s3cr3t%20word') })).toContain('refs/heads/main')
  const none = await faultOf(refsAt(url, { http_proxy: proxy.url }))
  expect(none.message).toBe(`VARVE_REFUSED: the proxy '${proxy.url}' wants a name and a password (407)`)
  const wrong = await faultOf(refsAt(url, { http_proxy: withLogin('ada:guessed') }))
  expect(wrong.message).toBe(
    `VARVE_REFUSED: the proxy '${proxy.url}' does not accept this name and password (407)`,
  )
  expect(wrong.all).not.toMatch(/guessed|Z3Vlc3NlZA|YWRhOmd1ZXNzZWQ/)
})

test('a proxy that is not there is named, without its password', async () => {
  const { message, all } = await faultOf(
    refsAt('http://files.test/data', { http_proxy: 'ada:hidden@127.0.0.1:1' }),
  )
  expect(message).toBe(
    "VARVE_UNREACHABLE: cannot reach 'http://files.test' through the proxy 'http://127.0.0.1:1': nobody answers there",
  )
  expect(all).not.toContain('hidden')
})

test('Git asks its host through the same proxy', async () => {
  const [dir, proxy] = [temporaryDir(), await proxied()]
  execFileSync('git', ['init', '-q', '--bare', `${dir}/data.git`])
  execFileSync('git', ['-C', `${dir}/data.git`, 'config', 'http.receivepack', 'true'])
  const host = await serveGit(dir)
  endings.push(() => host.close())
  const environment = { PATH: process.env['PATH'], HOME: dir, http_proxy: proxy.url }
  const url = `git+${host.url.replace('127.0.0.1', 'git.test')}/data.git`
  const store = await openRemote(url, { environment, create: true })
  endings.push(() => store.close())
  await commitOn(store, 'refs/heads/main', { files: { 'a.txt': 'a' } })
  expect(proxy.requests.join()).toContain('http://git.test')
  expect((await store.manifest()).refs.has('refs/heads/main')).toBe(true)
})

test('a redirect is followed through a proxy as little as without', async () => {
  const proxy = await proxied()
  const port = await listening(
    http.createServer((_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ),
  )
  const { message } = await faultOf(refsAt(`http://away.test:${port}/data`, { http_proxy: proxy.url }))
  expect(message).toMatch(/sends us to another address, .*which is not followed/)
  expect(proxy.requests.join()).not.toContain('169.254')
})

describe.skipIf(!hasOpenssl)(`over TLS${withoutOpenssl}`, () => {
  async function secure(answer: http.RequestListener): Promise<{ port: number; certificate: string }> {
    const { certificate, key } = makeCertificate(temporaryDir(), 'DNS:store.test')
    const server = https.createServer(
      { key: fs.readFileSync(key), cert: fs.readFileSync(certificate) },
      answer,
    )
    return { port: await listening(server), certificate }
  }

  test('S3 goes through a tunnel, in which the proxy sees a host and no keys', async () => {
    const proxy = await proxied('ada:pw')
    const seen: http.IncomingHttpHeaders[] = []
    const { port, certificate } = await secure((request, response) => {
      seen.push(request.headers)
      response.end('whole')
    })
    const environment = {
      ...testEnvironment,
      AWS_ENDPOINT_URL: `https://store.test:${port}`,
      AWS_CA_BUNDLE: certificate,
      HTTPS_PROXY: proxy.url.replace('//', '//ada:pw@'),
    }
    const client = new S3Client(parseS3Url('s3://bucket'), findSettings(environment))
    endings.push(() => client.close())
    const { body } = await client.send({ method: 'GET', key: 'x', bytesMax: 100 })
    expect(Buffer.from(body).toString()).toBe('whole')
    expect(proxy.requests).toEqual([`CONNECT store.test:${port}`])
    expect(seen[0]!['proxy-authorization']).toBeUndefined()
  })

  test('a tunnel that is refused says so at once', async () => {
    const proxy = await proxied('ada:pw')
    const { message } = await faultOf(refsAt('https://store.test/data', { https_proxy: proxy.url }))
    expect(message).toBe(`VARVE_REFUSED: the proxy '${proxy.url}' wants a name and a password (407)`)
    expect(proxy.requests).toHaveLength(1)
  })
})

test('which proxy is used, and for which hosts none', () => {
  const chosen = (origin: string, environment: Record<string, string>): string | null =>
    proxyFor(origin, environment)?.origin ?? null
  const both = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2' }
  expect(chosen('https://a.example', both)).toBe('http://s:1')
  expect(chosen('http://a.example', both)).toBe('http://p:2')
  expect(chosen('http://a.example', { ...both, http_proxy: 'small:3' })).toBe('http://small:3')
  expect(chosen('https://a.example', { ALL_PROXY: 'https://all' })).toBe('https://all')
  expect(chosen('https://a.example', { HTTPS_PROXY: '' })).toBeNull()
  for (const [origin, list, isDirect] of [
    ['https://a.example', 'b.example, a.example', true],
    ['https://x.a.example', 'a.example', true],
    ['https://x.a.example', '*.a.example', true],
    ['https://xa.example', 'a.example', false],
    ['https://a.example:8443', 'a.example:8443', true],
    ['https://a.example', 'a.example:8443', false],
    ['https://10.0.0.7', '10.0.0.7', true],
    ['https://[fd00::1]', '[fd00::1]', true],
    ['https://a.example', '*', true],
    ['https://a.example', ',', false],
  ] as const)
    expect([origin, list, chosen(origin, { ...both, no_proxy: list })]).toEqual([
      origin,
      list,
      isDirect ? null : 'http://s:1',
    ])
  for (const here of ['http://localhost:1', 'http://127.0.0.1', 'http://[::1]:8'])
    expect(chosen(here, both)).toBeNull()
})

test.each(['socks5://ada:hidden@h:1', 'http://', 'http://ada:hidden@[', 'ftp://hidden'])(
  '%s is no proxy, which is said without repeating it',
  (text) => {
    let all = ''
    try {
      proxyFor('https://a.example', { HTTPS_PROXY: text })
    } catch (error) {
      all = inspect(error, { depth: 9 })
    }
    expect(all).toMatch(/VARVE_REFUSED/)
    expect(all).toMatch(/HTTPS_PROXY does not name a proxy that can be used/)
    expect(all).not.toContain('hidden')
  },
)
