// A store's folder behind a web server that knows nothing of it: cloned, fetched from, never written to; and what such
// a server can do to a reader when it is broken or hostile.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { Repository } from '../../src/index.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { type StaticServer, serveFolder } from '../support/static-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, problemsOf, refOf } from './history.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }
let dir: string
let server: StaticServer
let theirs: DiskStore

beforeEach(async () => {
  dir = temporaryDir()
  theirs = await DiskStore.create(`${dir}/www/data`)
  server = await serveFolder(`${dir}/www`)
})
afterEach(() => server.close())

async function fetch(): Promise<{ local: DiskStore; message: string }> {
  const local = fs.existsSync(`${dir}/ours`)
    ? await DiskStore.open(`${dir}/ours`)
    : await DiskStore.create(`${dir}/ours`)
  try {
    const remote = await openRemote(`${server.url}/data`, { cacheDir: `${dir}/cache` })
    try {
      await fetchRefs(local, remote, origin)
    } finally {
      await remote.close()
    }
    return { local, message: 'no error' }
  } catch (error) {
    const said = isVarveError(error) ? `${error.code}: ${error.message} (${error.hint})` : String(error)
    return { local, message: said }
  }
}

test('a folder behind a web server is cloned with its files, and a later fetch takes what is new', async () => {
  await commitOn(theirs, main, { files: { 'a.txt': 'one', 'dir/b.txt': 'two' } })
  const repository = await Repository.clone(`${server.url}/data`, `${dir}/clone`)
  expect(fs.readFileSync(`${dir}/clone/dir/b.txt`, 'utf8')).toBe('two')
  await commitOn(theirs, main, { files: { 'a.txt': 'three' } })
  server.requests.length = 0
  expect((await repository.pull()).fetched.updates).toHaveLength(1)
  expect(fs.readFileSync(`${dir}/clone/a.txt`, 'utf8')).toBe('three')
  expect(server.requests.length).toBe(5)
  server.requests.length = 0
  await repository.fetch()
  expect(server.requests).toEqual(['/data/newest'])
  await repository.close()
})

test('a push is refused', async () => {
  const local = await DiskStore.create(`${dir}/ours`)
  await commitOn(local, main, { files: { a: '1' } })
  const remote = await openRemote(`${server.url}/data`, { create: true })
  await expect(push(local, remote, origin)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  await remote.close()
})

test('large packs come in parts, and a part that is cut is asked for again', async () => {
  const noise = randomBytes(9 << 20).toString('latin1')
  await commitOn(theirs, main, { files: { big: noise, small: 'x' } })
  let cuts = 3
  server.answer = (request, response) => {
    if (request.headers.range === undefined || cuts-- <= 0) return false
    response.writeHead(206, { 'content-length': '1000000' }).write('some')
    setTimeout(() => response.socket!.destroy(), 10)
    return true
  }
  expect(fs.readdirSync(`${dir}/www/data/packs`, { recursive: true }).length).toBeGreaterThan(2)
  const { local, message } = await fetch()
  expect(message).toBe('no error')
  expect(await problemsOf(local)).toEqual([])
})

test.each<[string, string, (bytes: Buffer) => Buffer]>([
  ['a byte of a pack is another', '.pack', (bytes) => flipped(bytes, bytes.length - 60)],
  ['a byte of the index is another', '.idx', (bytes) => flipped(bytes, bytes.length - 5)],
  ['a byte of the manifest is another', '/m/', (bytes) => flipped(bytes, 60)],
  ['the hint names a manifest that is another one', 'newest', () => Buffer.from(`2 ${'0'.repeat(64)}\n`)],
  ['the format is of another time', 'format', () => Buffer.from('{"format":9}')],
  ['a pack is cut short', '.pack', (bytes) => bytes.subarray(0, 40)],
  ['a pack is a page of text', '.pack', () => Buffer.from('<html>not found</html>')],
])('%s: refused, and nothing here has changed', async (_, part, damage) => {
  await commitOn(theirs, main, { files: { a: 'content '.repeat(500), b: 'more' } })
  server.answer = (request, response) => {
    if (!request.url!.includes(part)) return false
    response.end(damage(fs.readFileSync(`${dir}/www${request.url!}`)))
    return true
  }
  const { local, message } = await fetch()
  expect(message).toMatch(/^VARVE_(CORRUPT|UNSUPPORTED_FORMAT)/)
  expect((await local.manifest()).sequence).toBe(1)
  server.answer = () => false
  expect((await fetch()).message).toBe('no error')
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(await refOf(theirs, main))
})

test('no folder, no hint, a server that knows no parts: each says what to do', async () => {
  server.answer = (_, response) => Boolean(response.writeHead(404).end())
  expect((await fetch()).message).toMatch(
    /^VARVE_UNREACHABLE: no repository at 'http:.*on a Git host it is 'git\+http:/,
  )
  await commitOn(theirs, main, { files: { a: '1' } })
  server.answer = (request, response) =>
    request.url!.endsWith('newest') && Boolean(response.writeHead(404).end())
  expect((await fetch()).message).toMatch(/^VARVE_UNREACHABLE: .*newest/)
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 4
  return copy
}
