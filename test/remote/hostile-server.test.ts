// Servers that lie and lines that break: whatever happens, what is here stays as it was, or becomes what it should.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { decodeLogEntry, encodeLogEntry } from '../../src/store/manifest-file.ts'
import { Faults, systemError } from '../crash/faults.ts'
import { type Serving, serve } from '../server/serving.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Lie, cuttingProxy, lyingProxy } from './cutting-proxy.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'
import { faultWithExitCode as fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

async function served(): Promise<Serving> {
  const serving = await serve()
  const store = await serving.repository('prices')
  await commitOn(store, main, { rows: manyRows(2000), files: { a: 'one', b: 'y'.repeat(200_000) } })
  return serving
}

async function withRemote<T>(
  url: string,
  token: string,
  dir: string,
  work: (remote: Awaited<ReturnType<typeof openRemote>>) => Promise<T>,
): Promise<T> {
  const remote = await openRemote(`${url}/prices`, {
    cacheDir: path.join(dir, 'cache'),
    environment: { VARVE_TOKEN: token },
    signal: AbortSignal.timeout(20_000),
  })
  try {
    return await work(remote)
  } finally {
    await remote.close()
  }
}

/** A fetch from a server whose answers are changed; nothing of it may stay. */
async function fetchLied(
  lie: Parameters<typeof lyingProxy>[1],
): Promise<{ result: string; requests: string[] }> {
  const serving = await served()
  const proxy = await lyingProxy(serving.url, lie)
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  await commitOn(store, main, { files: { mine: 'kept' } })
  const before = await store.manifest()
  const { objects } = await store.stats()
  const result = await fault(
    withRemote(proxy.url, serving.admin, dir, (remote) => fetchRefs(store, remote, origin)),
  )
  expect((await store.manifest()).sequence).toBe(before.sequence)
  expect((await store.stats()).objects).toBe(objects)
  expect(await problemsOf(store)).toEqual([])
  expect(result).not.toContain(serving.admin.slice(-43))
  await store.close()
  return { result, requests: proxy.requests.map(({ path: one }) => one) }
}

const flipped = (body: Buffer): Buffer => {
  const bytes = Buffer.from(body)
  bytes[bytes.length >> 1]! ^= 1
  return bytes
}

test.each(['newest', 'idx/', 'packs/'])('one wrong bit in %s is refused', async (part) => {
  const { result } = await fetchLied(({ path: one }, { body }) =>
    one.includes(`/store/${part}`) && body.length > 0 ? { body: flipped(body) } : null,
  )
  expect(result).toMatch(/^VARVE_CORRUPT \(50\)/)
})

test.each([
  ['newest', 'VARVE_CORRUPT'],
  ['idx/', 'VARVE_CORRUPT'],
  ['packs/', 'VARVE_CORRUPT'],
])('%s without end is cut where it should have ended', async (part, code) => {
  const { result } = await fetchLied(({ path: one }) =>
    one.includes(`/store/${part}`) ? { body: 'endless' } : null,
  )
  expect(result).toContain(code)
})

test.each(['idx/', 'packs/'])('%s that are not there are an error', async (part) => {
  const { result } = await fetchLied(({ path: one }) =>
    one.includes(`/store/${part}`) ? { status: 404, body: Buffer.alloc(0) } : null,
  )
  expect(result).toMatch(/^VARVE_(CORRUPT|OBJECT_MISSING|UNREACHABLE)/)
})

test.each(['idx/', 'packs/', 'newest'])(
  '%s that are shorter than they should be are an error',
  async (part) => {
    const { result } = await fetchLied(({ path: one }, { body }) =>
      one.includes(`/store/${part}`) ? { body: body.subarray(0, body.length >> 1) } : null,
    )
    expect(result).toMatch(/^VARVE_CORRUPT/)
  },
)

test.each(['refs/heads/../../config', 'refs/heads/a b', 'refs/tags/..'])(
  'a ref called %j is refused',
  async (ref) => {
    const { result } = await fetchLied(({ path: one }, { body }): Lie | null => {
      if (!one.includes('/store/newest') || body.length === 0) return null
      const entry = decodeLogEntry(body, 'newest')
      const refs = new Map(entry.refs as ReadonlyMap<string, never>)
      refs.set(ref, refs.get(main)!)
      return { body: Buffer.from(encodeLogEntry({ ...entry, refs })) }
    })
    expect(result).toMatch(/^VARVE_REFUSED \(61\): .*unsafe name/)
  },
)

test.each([
  'http://169.254.169.254/latest',
  'http://127.0.0.1:1/x',
  'file:///etc/passwd',
  'https://evil.example/',
])('a redirect to %s is not followed, and no token goes there', async (location) => {
  const { result, requests } = await fetchLied(({ path: one }) =>
    one.includes('/store/newest') ? { status: 307, headers: { location }, body: Buffer.alloc(0) } : null,
  )
  expect(result).toMatch(/^VARVE_REFUSED \(61\): .* sends us to another address/)
  expect(requests.every((one) => one.startsWith('/'))).toBe(true)
})

test('an error with a terabyte of words, or control characters, is shortened and cleaned', async () => {
  const words = JSON.stringify({
    error: { code: 'VARVE_REFUSED', message: `\u001b[31m${'no '.repeat(5000)}` },
  })
  const { result } = await fetchLied(({ path: one }) =>
    one.includes('/store/newest') ? { status: 403, body: Buffer.from(words) } : null,
  )
  expect(result.length).toBeLessThan(1000)
  expect(result).not.toContain('\u001b')
})

test('a push whose server says that all went well, and lies about it, changes nothing here but what it said', async () => {
  const serving = await served()
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  const proxy = await lyingProxy(serving.url, ({ path: one }) =>
    one.includes('/refs')
      ? { status: 422, body: Buffer.from('{"error":{"code":"VARVE_INTERNAL","message":"x"}}') }
      : null,
  )
  await withRemote(proxy.url, serving.admin, dir, (remote) =>
    cloneInto(store, remote, { url: `${proxy.url}/prices` }),
  )
  const head = await refOf(store, 'refs/remotes/origin/main')
  await commitOn(store, main, { files: { a: 'two' } })
  const result = await fault(
    withRemote(proxy.url, serving.admin, dir, (remote) => push(store, remote, origin)),
  )
  expect(result).toMatch(/^VARVE_REFUSED \(61\): .* refuses the push: x/)
  expect(await refOf(store, 'refs/remotes/origin/main')).toBe(head)
  await store.close()
})

test('a full disk here, at any write of a fetch or a push: exit code 53, and all is as it was', async () => {
  const serving = await served()
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  const full = async (work: () => Promise<unknown>, unchanged: () => Promise<unknown>): Promise<void> => {
    const before = await unchanged()
    for (let at = 1; ; at += 2) {
      const faults = new Faults()
      let writes = 0
      faults.install((call, target) => {
        if (call === 'write' && target?.startsWith(dir) && ++writes >= at) throw systemError('ENOSPC')
        return undefined
      })
      const result = await fault(work()).finally(() => faults.uninstall())
      if (result === 'no error') {
        expect(at).toBeGreaterThan(2)
        return
      }
      expect(result).toMatch(/^VARVE_DISK_FULL \(53\)/)
      expect(await unchanged()).toEqual(before)
    }
  }
  const url = serving.url
  await full(
    () => withRemote(url, serving.admin, dir, (remote) => fetchRefs(store, remote, origin)),
    () => refOf(store, 'refs/remotes/origin/main'),
  )
  const base = (await refOf(store, 'refs/remotes/origin/main'))!
  const head = await commitOn(store, main, { files: { a: 'two' } }, base as never)
  await full(
    () => withRemote(url, serving.admin, dir, (remote) => push(store, remote, origin)),
    () => refOf(server, main),
  )
  expect(await refOf(server, main)).toBe(head)
  expect([await problemsOf(store), await problemsOf(server)]).toEqual([[], []])
  await store.close()
  await server.close()
}, 60_000)

// Lines that break.

test('a fetch whose connections are cut at any byte ends whole, or leaves nothing', async () => {
  const serving = await served()
  const sizes = [1, 100, 600, 2000, 20_000, 200_000]
  for (const size of sizes) {
    for (const times of [1, 50]) {
      const proxy = await cuttingProxy(
        serving.url,
        Array.from({ length: times }, () => size),
      )
      const dir = temporaryDir()
      const store = await DiskStore.create(path.join(dir, 'store'))
      const result = await fault(
        withRemote(proxy.url, serving.admin, dir, (remote) => fetchRefs(store, remote, origin)),
      )
      const ref = await refOf(store, 'refs/remotes/origin/main')
      expect([size, times, ref === undefined ? result.slice(0, 22) : result]).toEqual([
        size,
        times,
        ref === undefined ? 'VARVE_UNREACHABLE (60)' : 'no error',
      ])
      if (times === 1) expect(result).toBe('no error')
      expect(await problemsOf(store)).toEqual([])
      await withRemote(serving.url, serving.admin, dir, (remote) => fetchRefs(store, remote, origin))
      expect(await problemsOf(store)).toEqual([])
      await store.close()
    }
  }
}, 180_000)

test('a push whose connections are cut at any byte arrives whole or not at all; again, it arrives', async () => {
  const serving = await served()
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  await withRemote(serving.url, serving.admin, dir, (remote) =>
    cloneInto(store, remote, { url: `${serving.url}/prices` }),
  )
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  for (const size of [1, 500, 3000, 40_000]) {
    for (const times of [1, 50]) {
      const before = await refOf(server, main)
      const head = await commitOn(store, main, {
        files: { [`f${size}-${times}`]: `${size} `.repeat(40_000 + size) },
      })
      const proxy = await cuttingProxy(
        serving.url,
        Array.from({ length: times }, () => size),
      )
      const result = await fault(
        withRemote(proxy.url, serving.admin, dir, (remote) => push(store, remote, origin)),
      )
      const now = await refOf(server, main)
      expect([before, head]).toContain(now)
      if (times === 1) expect(result).toBe('no error')
      if (result === 'no error') expect(now).toBe(head)
      expect(await problemsOf(server)).toEqual([])
      await withRemote(serving.url, serving.admin, dir, (remote) => push(store, remote, origin))
      expect(await refOf(server, main)).toBe(head)
    }
  }
  const waiting = fs.readdirSync(path.join(serving.stateDir, 'uploads'), {
    recursive: true,
    encoding: 'utf8',
  })
  expect(waiting.filter((name) => name.endsWith('.pack')).length).toBeLessThan(10)
  await store.close()
  await server.close()
}, 180_000)
