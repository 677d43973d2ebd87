// Who sees pages, and what browsers are told about them.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readPage } from './reading.ts'
import { callTo, serve } from './serving.ts'

const basic = (token: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}`,
})
const navigation = {
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
}

test('without a token a page says how to give one, and names nothing', async () => {
  const { url, repository } = await serve()
  await repository('secret-name', { files: { 'a.txt': 'a' } })
  for (const target of [
    '/',
    '/secret-name',
    '/secret-name/files?path=a',
    '/nothing/files',
    '/secret-name/history',
  ]) {
    const answer = await callTo(url, target)
    expect(answer.status).toBe(401)
    // The browser asks only where it is sent to for that.
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
    const page = readPage(answer)
    expect(page.all('h1')[0]!.text).toBe('A token is needed')
    expect(page.text).not.toContain('secret-name')
    const link = page.all('a').find(({ text }) => text === 'Sign in')!.attributes['href']!
    const there = new URL(link, url + target)
    const asked = await callTo(url, there.pathname + there.search)
    expect([asked.status, asked.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Basic realm=/),
    ])
  }
})

test('a browser gives the token as a password and comes back to where it was', async () => {
  const { url, admin, repository } = await serve()
  await repository('data', { files: { 'a.txt': 'a' } })
  const go = (to: string) => callTo(url, `/-sign-in?to=${encodeURIComponent(to)}`, { headers: basic(admin) })
  const back = await go('data/file?path=a.txt')
  expect([back.status, back.headers['location']]).toEqual([303, './data/file?path=a.txt'])
  expect((await callTo(url, '/data/file?path=a.txt', { headers: basic(admin) })).status).toBe(200)
  for (const elsewhere of [
    '//evil.example',
    'https://evil.example',
    '\\\\evil.example',
    'a\r\nset-cookie: b=c',
    '/',
    '',
  ])
    expect(new URL((await go(elsewhere)).headers['location'] as string, url).host).toBe(new URL(url).host)
  for (const wrong of [
    basic('varve_0000000000000000_x'),
    { authorization: 'Basic !' },
    { authorization: 'Basic' },
  ])
    expect((await callTo(url, '/', { headers: wrong })).status).toBe(401)
})

test('HTTP Basic opens pages and nothing else', async () => {
  const { url, admin, repository } = await serve()
  await repository('data', { files: { 'a.txt': 'a' } })
  for (const target of ['/v1/repos', '/v1/repos/data', '/v1/repos/data/store/newest', '/metrics'])
    expect((await callTo(url, target, { headers: basic(admin) })).status).toBe(401)
  const made = await callTo(url, '/v1/repos', { method: 'POST', headers: basic(admin), body: { name: 'x' } })
  expect(made.status).toBe(401)
  for (const method of ['POST', 'PUT', 'DELETE'] as const)
    expect((await callTo(url, '/data/files', { method, headers: basic(admin) })).status).toBe(405)
})

test('a token sees pages of the repositories it reaches; others are as if they were not there', async () => {
  const { url, token, tokens, repository } = await serve()
  await repository('mine', { files: { 'a.txt': 'a' } })
  await repository('theirs', { files: { 'a.txt': 'a' } })
  const narrow = await token({ name: 'narrow', repositories: 'mine' })
  const get = (target: string) => callTo(url, target, { headers: basic(narrow) })
  expect(readPage(await get('/')).text).not.toContain('theirs')
  expect((await get('/mine/files')).status).toBe(200)
  for (const page of ['', '/files', '/file?path=a.txt', '/download?path=a.txt', '/history', '/refs']) {
    const [hidden, missing] = [await get(`/theirs${page}`), await get(`/nobody${page}`)]
    expect([hidden.status, missing.status]).toEqual([404, 404])
    expect(hidden.text.replaceAll('theirs', 'nobody')).toBe(missing.text)
  }
  await tokens.revoke('narrow', Date.now())
  expect((await get('/mine/files')).status).toBe(401)
})

test('browsers are told to run nothing, load nothing and show it in no frame', async () => {
  const { url, repository } = await serve({ anonymous: 'read' })
  await repository('data', { files: { 'a.txt': 'a' } })
  for (const target of [
    '/',
    '/data',
    '/data/file?path=a.txt',
    '/data/file?path=none',
    '/data/none',
    '/data/files?x=1',
  ]) {
    const answer = await callTo(url, target, { headers: { accept: 'text/html,*/*' } })
    readPage(answer)
    expect(answer.headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
  }
  const style = await callTo(url, '/-style.css')
  expect([style.status, style.headers['content-type']]).toEqual([200, 'text/css; charset=utf-8'])
  expect(style.text).not.toMatch(/url\(|@import/)
  expect((await callTo(url, '/-icon.svg')).headers['content-security-policy']).toContain('sandbox')
})

test('a link on another site leads to a page, and to nothing else', async () => {
  const { url, repository } = await serve({ anonymous: 'write' })
  await repository('data', { files: { 'a.txt': 'a' } })
  const status = async (target: string, headers: Record<string, string>): Promise<number> =>
    (await callTo(url, target, { headers })).status
  expect(await status('/data/files', navigation)).toBe(200)
  expect(await status('/v1/repos', navigation)).toBe(403)
  for (const other of [
    { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    { origin: 'https://evil.example' },
  ])
    expect(await status('/data/files', { ...navigation, ...other })).toBe(403)
  expect(await status('/data/files', { ...navigation, host: 'evil.example' })).toBe(421)
})

test('a program gets its errors as JSON, a person as pages', async () => {
  const { url, admin: token } = await serve()
  expect((await callTo(url, '/v1/nothing', { token })).json.error.code).toBe('VARVE_PATH_NOT_FOUND')
  expect((await callTo(url, '/a/b/c', { token })).json.error.code).toBe('VARVE_PATH_NOT_FOUND')
  const page = await callTo(url, '/a/b/c', { token, headers: { accept: 'text/html' } })
  expect([page.status, readPage(page).all('h1')[0]!.text]).toEqual([404, 'Not found'])
})

test('what is saved tells other sites nothing by what becomes of their window', async () => {
  const { url, repository } = await serve({ anonymous: 'read' })
  await repository('data', { files: { 'a.txt': 'a' } })
  for (const target of [
    '/data/download?path=a.txt',
    '/data/download?path=none',
    '/data/picture?path=a.txt',
    '/data/export?table=t',
  ])
    expect((await callTo(url, target, { headers: navigation })).status).toBe(403)
  const own = await callTo(url, '/data/download?path=a.txt')
  expect([own.status, own.text, own.headers['cross-origin-resource-policy']]).toEqual([
    200,
    'a',
    'same-origin',
  ])
})

test('HEAD answers as GET does, without a body', async () => {
  const { url, repository } = await serve({ anonymous: 'read' })
  await repository('data', { files: { 'a.txt': 'abc' } })
  for (const target of [
    '/',
    '/data/file?path=a.txt',
    '/data/download?path=a.txt',
    '/-style.css',
    '/data/file?path=none',
    '/v1/repos',
    '/v1/repos/data/file?path=a.txt',
  ]) {
    const [whole, head] = [await callTo(url, target), await callTo(url, target, { method: 'HEAD' })]
    expect([head.status, head.headers['content-length'], head.bytes.length]).toEqual([
      whole.status,
      whole.headers['content-length'],
      0,
    ])
  }
  expect((await callTo(url, '/data/files', { method: 'HEAD', headers: navigation })).status).toBe(403)
})

test('a damaged repository does not hide the others, and says nothing of the disk', async () => {
  const { url, dir, call, repository } = await serve({ anonymous: 'read' })
  await repository('good', { files: { 'a.txt': 'a' } })
  await repository('bad', { files: { 'a.txt': 'a' } })
  const manifests = path.join(dir, 'bad', 'm')
  for (const name of fs.readdirSync(manifests)) fs.writeFileSync(path.join(manifests, name), 'garbage')
  const list = await call('/v1/repos')
  expect(list.json.items).toMatchObject([
    { name: 'bad', branch: null, error: 'VARVE_CORRUPT' },
    { name: 'good', branch: 'main' },
  ])
  const page = await callTo(url, '/')
  expect(page.status).toBe(200)
  expect(readPage(page).text).toMatch(/bad\s*cannot be read/)
  expect(readPage(page).text).toContain('good')
  expect(page.text + list.text).not.toContain(dir)
})
