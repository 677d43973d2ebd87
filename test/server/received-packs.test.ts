// Packs that say how long they will be are checked as soon as they are here, before the push that takes them in.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, problemsOf, refOf } from '../remote/history.ts'
import type { SentPack } from '../remote/sent-packs.ts'
import { type Move, moveRefs, packsFor } from './sending.ts'
import { type Called, type Serving, serve } from './serving.ts'

const main = 'refs/heads/main'

/** A commit whose file fills a pack that is taken whole. */
async function large(): Promise<{ moves: Move[]; packs: SentPack[]; data: SentPack }> {
  const from = MemoryStore.create()
  const after = await commitOn(from, main, { files: { big: randomBytes(3_000_000).toString('latin1') } })
  const moves = [{ ref: main, before: null, after }]
  const packs = await packsFor(from, moves)
  return { moves, packs, data: packs.find(({ file }) => fs.statSync(file).size > 1 << 20)! }
}

const target = ({ name }: SentPack): string => `/v1/repos/prices/uploads/${name}`

function send(serving: Serving, pack: SentPack, bytes = fs.readFileSync(pack.file)): Promise<Called> {
  const headers = { 'upload-length': String(bytes.length) }
  return serving.call(target(pack), { method: 'PUT', body: bytes, headers })
}

function waiting({ stateDir }: Serving): string[] {
  const names = fs.readdirSync(path.join(stateDir, 'uploads'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.pack'))
}

function packsIn(dir: string): string[] {
  const names = fs.readdirSync(path.join(dir, 'packs'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.pack')).map((name) => path.basename(name, '.pack'))
}

test('a pack that is here whole takes no more, and comes in under a name of its own', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { moves, packs, data } = await large()
  for (const pack of packs) expect((await send(serving, pack)).status).toBe(200)
  const size = fs.statSync(data.file).size
  const more = await serving.call(target(data), {
    method: 'PUT',
    body: Buffer.from('more'),
    headers: { 'upload-offset': String(size) },
  })
  expect([more.status, Number(more.headers['upload-offset'])]).toEqual([409, size])
  expect((await moveRefs(serving, moves, packs)).status).toBe(200)
  expect(await refOf(store, main)).toBe(moves[0]!.after)
  expect(await problemsOf(store)).toEqual([])
  expect(packsIn(store.location)).not.toContain(data.name)
  expect(waiting(serving)).toEqual([])
})

test('one that is damaged is refused when it is pushed, and can be sent anew', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { moves, packs, data } = await large()
  const damaged = fs.readFileSync(data.file)
  damaged[damaged.length >> 1]! ^= 1
  for (const pack of packs) await (pack === data ? send(serving, pack, damaged) : send(serving, pack))
  const refused = await moveRefs(serving, moves, packs)
  expect([refused.status, refused.json.error.code]).toEqual([422, 'VARVE_CORRUPT'])
  expect(waiting(serving)).toEqual([])
  expect((await store.manifest()).sequence).toBe(1)
  for (const pack of packs) expect((await send(serving, pack)).status).toBe(200)
  expect((await moveRefs(serving, moves, packs)).status).toBe(200)
  expect(await problemsOf(store)).toEqual([])
})

test('a push that fails leaves its packs for the next one, which takes them under another name', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  await store.update(() => ({
    config: new Map([[`branch.main.requireChecks`, 'review']]),
    operation: { name: 'test', message: '', author: '' },
  }))
  const { moves, packs } = await large()
  for (const pack of packs) await send(serving, pack)
  expect((await moveRefs(serving, moves, packs)).json.error.code).toBe('VARVE_REFUSED')
  expect(packsIn(store.location)).toEqual([])
  const aside = await moveRefs(serving, [{ ...moves[0]!, ref: 'refs/heads/aside' }], packs)
  expect(aside.status).toBe(200)
  expect(await problemsOf(store)).toEqual([])
})

test('a pack that somebody is still adding to is not taken in', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { moves, packs, data } = await large()
  for (const pack of packs) {
    const body = fs.readFileSync(pack.file)
    expect((await serving.call(target(pack), { method: 'PUT', body })).status).toBe(200)
  }
  const adding = http.request(serving.url + target(data), {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${serving.admin}`,
      'upload-offset': String(fs.statSync(data.file).size),
      'content-length': '1000',
    },
  })
  const answered = new Promise<number>((done) => adding.on('response', (answer) => done(answer.statusCode!)))
  adding.write('more')
  // Seen by the server as soon as another request for it is refused.
  await expect
    .poll(async () => (await serving.call(target(data), { method: 'PUT', body: Buffer.from('x') })).text)
    .toContain('another request is sending this pack')
  expect((await moveRefs(serving, moves, packs)).status).toBe(409)
  expect(await refOf(store, main)).toBeUndefined()
  adding.end('e'.repeat(996))
  expect(await answered).toBe(200)
  // What was added makes it no pack: it is thrown away, and nothing of it is in the store.
  expect((await moveRefs(serving, moves, packs)).status).toBe(422)
  expect(packsIn(store.location)).toEqual([])
})
