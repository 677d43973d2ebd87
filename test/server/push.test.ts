// Pushing to a server: what is uploaded waits in quarantine, and comes in whole or not at all.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { Faults, systemError } from '../crash/faults.ts'
import { commitOn, manyRows, problemsOf, refOf } from '../remote/history.ts'
import { moveRefs, packsFor, pushTo, upload } from './sending.ts'
import { type Serving, serve } from './serving.ts'

const main = 'refs/heads/main'
/** What the audit log is written by. */
const opened = await fs.promises.open(import.meta.filename ?? '.', 'r')
const FileHandle = Object.getPrototypeOf(opened) as fs.promises.FileHandle
await opened.close()
let faults = new Faults()
afterEach(() => faults.uninstall())

async function local(): Promise<{ from: MemoryStore; head: CommitCid }> {
  const from = MemoryStore.create()
  return {
    from,
    head: await commitOn(from, main, { rows: manyRows(300), files: { a: 'one', b: 'z'.repeat(30_000) } }),
  }
}

function auditOf({ stateDir }: Serving): { what: string; result: string; who: { name: string } }[] {
  const text = fs.readFileSync(path.join(stateDir, 'audit.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { what: string; result: string; who: { name: string } })
}

function waiting({ stateDir }: Serving): string[] {
  const names = fs.readdirSync(path.join(stateDir, 'uploads'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.pack'))
}

function filesBelow(dir: string): string[] {
  const found = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
  return found.flatMap((entry) => (entry.isFile() ? path.join(entry.parentPath, entry.name) : [])).sort()
}

test('a push by a token of scope write: refs move, the audit log says who, nothing waits any more', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const token = await serving.token({ name: 'ci', scope: 'write' })
  const { from, head } = await local()
  const answer = await pushTo(serving, from, [{ ref: main, before: null, after: head }], { token })
  expect(answer.json).toMatchObject({ updates: [{ ref: main, before: null, forced: false }] })
  expect(await refOf(store, main)).toBe(head)
  expect(await problemsOf(store)).toEqual([])
  expect(auditOf(serving).map(({ what, result, who }) => [what, result, who.name])).toEqual([
    ['push', 'begun', 'ci'],
    ['push', 'done', 'ci'],
  ])
  expect(waiting(serving)).toEqual([])
  expect((await serving.call('/metrics')).text).toContain('varve_pushes_total{result="done"} 1')
})

test('a token moves the branches of its pattern and no others; tags need a pattern of their own', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const token = await serving.token({ scope: 'write', branches: 'import/*,refs/tags/auto-*' })
  const push = async (ref: string): Promise<number> =>
    (await pushTo(serving, from, [{ ref, before: null, after: head }], { token })).status
  expect(await push('refs/heads/import/a')).toBe(200)
  expect(await push('refs/tags/auto-1')).toBe(200)
  for (const ref of [main, 'refs/heads/importer', 'refs/tags/v1']) expect(await push(ref)).toBe(403)
  const both = [main, 'refs/heads/import/b'].map((ref) => ({ ref, before: null, after: head }))
  expect((await pushTo(serving, from, both, { token })).status).toBe(403)
  expect([...(await store.manifest()).refs.keys()].sort()).toEqual([
    'refs/heads/import/a',
    'refs/tags/auto-1',
  ])
  expect(auditOf(serving).filter(({ result }) => result === 'refused')).toHaveLength(4)
})

test('an upload goes on where it stopped, and tells where that is', async () => {
  const serving = await serve()
  await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  for (const pack of packs) {
    const bytes = fs.readFileSync(pack.file)
    const target = `/v1/repos/prices/uploads/${pack.name}`
    const at = async (): Promise<number> =>
      Number((await serving.call(target, { method: 'HEAD' })).headers['upload-offset'])
    expect(await at()).toBe(0)
    for (let offset = 0; offset < bytes.length; offset = await at()) {
      const headers = { 'upload-offset': String(offset) }
      const piece = bytes.subarray(offset, offset + 5000)
      expect((await serving.call(target, { method: 'PUT', body: piece, headers })).json.offset).toBe(
        offset + piece.length,
      )
      const again = await serving.call(target, { method: 'PUT', body: piece, headers })
      expect([again.status, Number(again.headers['upload-offset'])]).toEqual([409, offset + piece.length])
    }
  }
  expect((await moveRefs(serving, moves, packs)).status).toBe(200)
})

test('the connection cut at any byte of an upload: what arrived stays, and the push goes on from there', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  const { port } = new URL(serving.url)
  for (const pack of packs) {
    const bytes = fs.readFileSync(pack.file)
    const target = `/v1/repos/prices/uploads/${pack.name}`
    let offset = 0
    for (let cut = 1; offset + cut < bytes.length; cut = cut * 2 + 1) {
      await new Promise<void>((done) => {
        const socket = net.connect(Number(port), '127.0.0.1')
        socket.on('error', () => {}).on('close', () => done())
        const head_ = `PUT ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${serving.admin}\r\nUpload-Offset: ${offset}\r\nContent-Length: ${bytes.length - offset}\r\n\r\n`
        socket.write(Buffer.concat([Buffer.from(head_), bytes.subarray(offset, offset + cut)]), () =>
          setTimeout(() => socket.destroy(), 20),
        )
      })
      let now = offset
      for (let i = 0; i < 50 && now === offset; i++) {
        await new Promise((done) => setTimeout(done, 5))
        now = Number((await serving.call(target, { method: 'HEAD' })).headers['upload-offset'])
      }
      expect(now).toBe(offset + cut)
      offset = now
    }
    const rest = {
      method: 'PUT',
      body: bytes.subarray(offset),
      headers: { 'upload-offset': String(offset) },
    } as const
    // The server may still be letting go of the connection that was cut.
    for (let i = 0; (await serving.call(target, rest)).status === 409 && i < 20; i++)
      await new Promise((done) => setTimeout(done, 10))
  }
  expect(await refOf(store, main)).toBeUndefined()
  expect((await moveRefs(serving, moves, packs)).status).toBe(200)
  expect(await problemsOf(store)).toEqual([])
}, 60_000)

test('nobody meets another’s uploads', async () => {
  const serving = await serve()
  await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  const [mine, theirs] = [await serving.token({ scope: 'write' }), await serving.token({ scope: 'write' })]
  for (const pack of packs) await upload(serving, pack, { token: mine })
  const target = `/v1/repos/prices/uploads/${packs[0]!.name}`
  expect((await serving.call(target, { method: 'HEAD', token: theirs })).headers['upload-offset']).toBe('0')
  const refused = await moveRefs(serving, moves, packs, { token: theirs })
  expect([refused.status, refused.json.error.code]).toEqual([422, 'VARVE_OBJECT_MISSING'])
  expect((await moveRefs(serving, moves, packs, { token: mine })).status).toBe(200)
})

test('what is damaged or lacks something is refused, moves nothing and is thrown away', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  const target = (name: string): string => `/v1/repos/prices/uploads/${name}`
  const damaged = fs.readFileSync(packs[0]!.file)
  damaged[damaged.length >> 1]! ^= 1
  await serving.call(target(packs[0]!.name), { method: 'PUT', body: damaged })
  for (const pack of packs.slice(1)) await upload(serving, pack)
  const refused = await moveRefs(serving, moves, packs)
  expect([refused.status, refused.json.error.code]).toEqual([422, 'VARVE_CORRUPT'])
  expect(refused.text).not.toContain(serving.stateDir)
  expect(waiting(serving)).toEqual([])
  await upload(serving, packs[0]!)
  expect((await moveRefs(serving, moves, packs.slice(0, 1))).json.error.code).toBe('VARVE_OBJECT_MISSING')
  expect(await refOf(store, main)).toBeUndefined()
  expect((await store.manifest()).sequence).toBe(1)
  expect(auditOf(serving).map(({ result }) => result)).toEqual(['begun', 'failed', 'begun', 'failed'])
})

test('uploads are bounded: a piece, a pack, and all that waits of a token', async () => {
  const serving = await serve({ limits: { pieceBytesMax: 2000, packBytesMax: 5000, uploadBytesMax: 8000 } })
  await serving.repository('prices')
  const put = async (name: string, offset: number, bytes: number): Promise<number> =>
    (
      await serving.call(`/v1/repos/prices/uploads/${name.repeat(64)}`, {
        method: 'PUT',
        body: Buffer.alloc(bytes),
        headers: { 'upload-offset': String(offset) },
      })
    ).status
  expect(await put('a', 0, 2001)).toBe(413)
  expect(await put('b', 0, 2000)).toBe(200)
  expect(await put('b', 2000, 2000)).toBe(200)
  expect(await put('b', 4000, 2000)).toBe(413)
  expect(await put('c', 0, 2000)).toBe(200)
  expect(await put('c', 2000, 2000)).toBe(200)
  expect(await put('d', 0, 2000)).toBe(413)
  const others = await serving.token({ scope: 'write' })
  const other = await serving.call(`/v1/repos/prices/uploads/${'d'.repeat(64)}`, {
    method: 'PUT',
    body: Buffer.alloc(2000),
    token: others,
  })
  expect(other.status).toBe(200)
})

test('uploads that nothing came of are removed when they are old', async () => {
  let now = Date.now()
  const serving = await serve({ now: () => now, limits: { uploadMsMax: 1000 } })
  await serving.repository('prices')
  await serving.call(`/v1/repos/prices/uploads/${'a'.repeat(64)}`, { method: 'PUT', body: Buffer.alloc(10) })
  const { Uploads } = await import('../../src/server/uploads.ts')
  const { limitsDefault } = await import('../../src/server/interface.ts')
  const uploads = new Uploads(serving.stateDir, { ...limitsDefault, uploadMsMax: 1000 })
  uploads.sweep(now)
  expect(waiting(serving)).toHaveLength(1)
  now += 2000
  uploads.sweep(now)
  expect(waiting(serving)).toEqual([])
})

test('a ref that somebody else moved: 409, nothing moves, and what was sent serves the next try', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  await pushTo(serving, from, [{ ref: main, before: null, after: head }])
  const ours = await commitOn(from, 'refs/heads/ours', { files: { a: 'ours' } }, head)
  const theirs = await commitOn(from, 'refs/heads/theirs', { files: { a: 'theirs' } }, head)
  const late = await packsFor(from, [{ ref: main, before: head, after: ours }], [head])
  for (const pack of late) await upload(serving, pack)
  expect(
    (await pushTo(serving, from, [{ ref: main, before: head, after: theirs }], { haves: [head] })).status,
  ).toBe(200)
  expect((await moveRefs(serving, [{ ref: main, before: head, after: ours }], late)).status).toBe(409)
  expect(await refOf(store, main)).toBe(theirs)
  const aside = await moveRefs(serving, [{ ref: 'refs/heads/ours', before: null, after: ours }], late)
  expect(aside.status).toBe(200)
  expect(await problemsOf(store)).toEqual([])
})

test('a full disk at any write of a push: 507, nothing moves, nothing is left in the store', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  const before = filesBelow(store.location)
  let done = false
  for (let at = 1; !done; at++) {
    faults = new Faults()
    let writes = 0
    faults.install((call, target) => {
      const isOurs = call === 'write' && target?.startsWith(serving.dir)
      if (isOurs && ++writes >= at) throw systemError('ENOSPC')
      return undefined
    })
    for (const pack of packs) expect([200, 409]).toContain((await upload(serving, pack)).status)
    const answer = await moveRefs(serving, moves, packs)
    faults.uninstall()
    done = answer.status === 200
    if (done) {
      expect(at).toBeGreaterThan(3)
      break
    }
    expect([answer.status, answer.json.error.code]).toEqual([507, 'VARVE_DISK_FULL'])
    expect(answer.text).not.toContain(serving.dir)
    expect(filesBelow(store.location)).toEqual(before)
    expect(await refOf(store, main)).toBeUndefined()
  }
  expect(await problemsOf(store)).toEqual([])
})

test('a full disk under the quarantine: 507, and the upload goes on when there is room', async () => {
  const serving = await serve()
  await serving.repository('prices')
  const { from, head } = await local()
  const [pack] = await packsFor(from, [{ ref: main, before: null, after: head }])
  faults.install((call) => {
    if (call === 'write') throw systemError('ENOSPC')
    return undefined
  })
  const answer = await upload(serving, pack!)
  faults.uninstall()
  expect([answer.status, answer.json.error.code]).toEqual([507, 'VARVE_DISK_FULL'])
  expect((await upload(serving, pack!)).status).toBe(200)
})

// Protected branches.

test('a protected branch only moves forward, for everybody, and is never deleted', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  await pushTo(serving, from, [{ ref: main, before: null, after: head }])
  const protection = { branch: 'ma*', protect: 'fast-forward', requireChecks: [] }
  expect(
    (await serving.call('/v1/repos/prices/protections', { method: 'PUT', body: protection })).json,
  ).toEqual(protection)
  expect((await serving.call('/v1/repos/prices/protections')).json.items).toEqual([protection])
  const aside = await commitOn(from, 'refs/heads/aside', { files: { a: 'aside' } })
  const forced = await pushTo(serving, from, [{ ref: main, before: head, after: aside, force: true }])
  expect([forced.status, forced.json.error.message]).toEqual([
    403,
    "branch 'main' is protected: it only moves forward",
  ])
  expect((await pushTo(serving, from, [{ ref: main, before: head, after: null }])).status).toBe(403)
  expect(await refOf(store, main)).toBe(head)
  const next = await commitOn(from, main, { files: { a: 'two' } })
  expect((await pushTo(serving, from, [{ ref: main, before: head, after: next }])).status).toBe(200)
  const off = { ...protection, protect: null }
  await serving.call('/v1/repos/prices/protections', { method: 'PUT', body: off })
  expect((await serving.call('/v1/repos/prices/protections')).json.items).toEqual([])
  expect((await pushTo(serving, from, [{ ref: main, before: next, after: aside, force: true }])).status).toBe(
    200,
  )
})

test('a body that is not as it has to be is refused with what each of its members is', async () => {
  const serving = await serve()
  await serving.repository('prices')
  const { from, head } = await local()
  await pushTo(serving, from, [{ ref: main, before: null, after: head }])
  const [{ id }] = (await serving.call('/v1/repos/prices/commits')).json.items
  for (const [route, method, body, hint] of [
    [
      'prices/protections',
      'PUT',
      { branch: 'main', protect: ['fast-forward'], requireChecks: [] },
      'no list',
    ],
    ['prices/protections', 'PUT', { branch: 'main' }, "'requireChecks' is a list"],
    [`prices/commits/${id}/checks`, 'POST', { name: 'rules', state: 'ok' }, 'pending, success or failure'],
    ['prices/sql', 'POST', { query: 'SELECT 1' }, '"sql": "SELECT'],
  ] as const) {
    const { status, json } = await serving.call(`/v1/repos/${route}`, { method, body })
    expect([status, json.error.code]).toEqual([400, 'VARVE_USAGE'])
    expect(json.error.hint).toContain(hint)
  }
})

test('a branch with required checks takes a commit when all of them were successful on it', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  await store.update(() => ({
    config: new Map([['branch.main.requireChecks', 'rules, review']]),
    operation: { name: 'config', message: '', author: '' },
  }))
  const dev = await serving.token({ scope: 'write', checks: 'none' })
  const ci = await serving.token({
    name: 'checker',
    scope: 'write',
    branches: 'none',
    checks: 'rules,review',
  })
  const { digestHex } = await import('../../src/encoding/cid.ts')
  const target = `/v1/repos/prices/commits/${digestHex(head)}/checks`
  const report = async (name: string, state: string, token: string): Promise<number> =>
    (await serving.call(target, { method: 'POST', body: { name, state }, token })).status
  const push = (ref: string): ReturnType<typeof pushTo> =>
    pushTo(serving, from, [{ ref, before: null, after: head }], { token: dev })
  expect(await report('rules', 'success', ci)).toBe(404)
  const refused = await push(main)
  expect([refused.status, refused.json.error.message]).toEqual([
    403,
    "branch 'main' requires checks: rules (not reported), review (not reported)",
  ])
  expect((await push('refs/heads/proposal')).status).toBe(200)
  expect(await report('rules', 'success', dev)).toBe(403)
  expect(await report('rules', 'pending', ci)).toBe(200)
  expect((await push(main)).json.error.message).toContain('rules (pending)')
  expect(await report('rules', 'success', ci)).toBe(200)
  expect(await report('review', 'failure', ci)).toBe(200)
  expect((await push(main)).json.error.message).toBe("branch 'main' requires checks: review (failure)")
  expect(await report('review', 'success', ci)).toBe(200)
  expect((await serving.call(target)).json.items).toMatchObject([
    { name: 'review', state: 'success', by: 'checker' },
    { name: 'rules', state: 'success', by: 'checker' },
  ])
  expect((await push(main)).status).toBe(200)
  expect((await pushTo(serving, from, [{ ref: main, before: head, after: null }])).status).toBe(403)
  const after = await commitOn(from, main, { files: { a: 'unchecked' } })
  expect((await pushTo(serving, from, [{ ref: main, before: head, after }])).status).toBe(403)
  expect(await refOf(store, main)).toBe(head)
})

test('a push whose answer was lost is told so when it is asked again, though its packs are gone from where they waited', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  for (const pack of packs) await upload(serving, pack)
  const { status, json } = await moveRefs(serving, moves, packs)
  expect([status, json.updates.length, waiting(serving)]).toEqual([200, 1, []])
  const again = await moveRefs(serving, moves, packs)
  expect([again.status, again.json.sequence]).toEqual([200, json.sequence])
  expect(await refOf(store, main)).toBe(head)
})

test('refs that have moved are told as moved, though the end of it could not be written to the audit log', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  const moves = [{ ref: main, before: null, after: head }]
  const packs = await packsFor(from, moves)
  for (const pack of packs) await upload(serving, pack)
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { appendFile } = FileHandle
  let lines = 0
  FileHandle.appendFile = function (...given) {
    return ++lines === 2 ? Promise.reject(systemError('ENOSPC')) : appendFile.apply(this, given)
  }
  const answer = await moveRefs(serving, moves, packs).finally(() => (FileHandle.appendFile = appendFile))
  expect([answer.status, lines, await refOf(store, main)]).toEqual([200, 2, head])
  expect(auditOf(serving).map(({ result }) => result)).toEqual(['begun'])
  expect(serving.lines.filter(({ event }) => event === 'unaudited')).toHaveLength(1)
})

test('without an audit log nothing moves', async () => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const { from, head } = await local()
  fs.mkdirSync(path.join(serving.stateDir, 'audit.jsonl'))
  const answer = await pushTo(serving, from, [{ ref: main, before: null, after: head }])
  expect(answer.status).toBe(500)
  expect(await refOf(store, main)).toBeUndefined()
})

test.each([
  ['{'],
  [{}],
  [{ updates: 1 }],
  [{ updates: [] }],
  [{ updates: [{ ref: 'refs/heads/x', before: null }] }],
  [{ updates: [{ ref: 'refs/heads/x', before: null, after: 'x' }] }],
  [{ updates: [{ ref: 1, before: null, after: null }] }],
  [{ updates: [{ ref: 'refs/heads/../x', before: null, after: null }] }],
  [{ updates: [null], packs: ['../../../etc/passwd'] }],
  [{ updates: [], packs: ['../../../etc/passwd'] }],
  [{ updates: [], more: 1 }],
])('a body that is no push (%j) is refused', async (body) => {
  const serving = await serve()
  const store = await serving.repository('prices')
  const answer = await serving.call('/v1/repos/prices/refs', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  expect([400, 403]).toContain(answer.status)
  expect((await store.manifest()).sequence).toBe(1)
})
