// Push, fetch and clone with a real server on loopback: what the algorithms promise over two stores holds over HTTP too,
// and how many requests it takes.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Cid } from '../../src/encoding/cid.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Store } from '../../src/store/interface.ts'
import { type Serving, serve } from '../server/serving.ts'
import { type FsCall, watchingFs } from '../support/fs-calls.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit } from './history.ts'
import { faultWithExitCode as fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

interface Client {
  readonly store: DiskStore
  /** Opens the remote, does the work, closes it. */
  readonly with: <T>(work: (remote: Store) => Promise<T>, options?: { create?: boolean }) => Promise<T>
}

async function client(serving: Serving, token: string = serving.admin, name = 'prices'): Promise<Client> {
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  return {
    store,
    with: async (work, options = {}) => {
      const remote = await openRemote(`${serving.url}/${name}`, {
        cacheDir: path.join(dir, 'cache'),
        environment: { VARVE_TOKEN: token },
        ...options,
      })
      try {
        return await work(remote)
      } finally {
        await remote.close()
      }
    },
  }
}

/** What was asked of the server meanwhile, as 'METHOD path'. */
async function asked(serving: Serving, work: () => Promise<unknown>): Promise<string[]> {
  const before = serving.lines.length
  await work()
  return serving.lines.slice(before).map(
    (line) =>
      `${String(line['method'])} ${String(line['path'])
        .replace(/[0-9a-f]{64}/, 'X')
        .replace(/\/..\/X/, '/X')}`,
  )
}

test('a first push makes the repository; a clone has everything; pushes and fetches go on', async () => {
  const serving = await serve()
  const [ada, grace] = [await client(serving), await client(serving)]
  const first = await commitOn(ada.store, main, {
    rows: manyRows(3000),
    files: { a: '1', b: 'y'.repeat(100_000) },
  })
  await tagCommit(ada.store, 'v1', first)
  await ada.with((remote) => push(ada.store, remote, { refspecs: ['main', 'v1'], remoteName: 'origin' }), {
    create: true,
  })
  const cloned = await grace.with((remote) =>
    cloneInto(grace.store, remote, { url: `${serving.url}/prices` }),
  )
  expect(cloned).toMatchObject({ ref: main, head: first })
  expect(await problemsOf(grace.store)).toEqual([])
  const second = await commitOn(grace.store, main, { rows: new Map([[7, 'edited']]) })
  const report = await grace.with((remote) => push(grace.store, remote, origin))
  expect(report.objects).toBeLessThanOrEqual(7)
  await ada.with((remote) => fetchRefs(ada.store, remote, origin))
  expect(await refOf(ada.store, 'refs/remotes/origin/main')).toBe(second)
  expect(await problemsOf(ada.store)).toEqual([])
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await problemsOf(server)).toEqual([])
  for (const store of [ada.store, grace.store, server]) await store.close()
})

test('how many requests: a fetch of nothing new one, of one commit four at most, a push three beside uploads', async () => {
  const serving = await serve()
  const [ada, grace] = [await client(serving), await client(serving)]
  await commitOn(ada.store, main, { rows: manyRows(20_000) })
  await ada.with((remote) => push(ada.store, remote, origin), { create: true })
  await grace.with((remote) => cloneInto(grace.store, remote, { url: `${serving.url}/prices` }))
  const fetchAgain = (): Promise<unknown> => grace.with((remote) => fetchRefs(grace.store, remote, origin))
  const nothing = await asked(serving, fetchAgain)
  expect(nothing).toEqual(['GET /v1/repos/prices/store/newest'])
  await commitOn(ada.store, main, { rows: new Map([[77, 'edited']]) })
  const pushed = await asked(serving, () => ada.with((remote) => push(ada.store, remote, origin)))
  expect(pushed.filter((line) => !line.includes('/uploads/'))).toEqual([
    'GET /v1/repos/prices/store/newest',
    'GET /v1/repos/prices/store/idx/X.idx',
    'POST /v1/repos/prices/refs',
  ])
  const one = await asked(serving, fetchAgain)
  expect(one.length).toBeLessThanOrEqual(4)
  expect(one.slice(0, 2)).toEqual([
    'GET /v1/repos/prices/store/newest',
    'GET /v1/repos/prices/store/idx/X.idx',
  ])
  const silent = await asked(serving, () => ada.with((remote) => push(ada.store, remote, origin)))
  expect(silent).toEqual(['GET /v1/repos/prices/store/newest'])
})

test('sixteen pushers that fetch and try again: all commits arrive', async () => {
  const serving = await serve()
  const base = await client(serving)
  const first = await commitOn(base.store, main, { files: { a: '1' } })
  await base.with((remote) => push(base.store, remote, origin), { create: true })
  const token = await serving.token({ scope: 'write' })
  const work = async (i: number): Promise<void> => {
    const mine = await client(serving, token)
    await mine.with((remote) => cloneInto(mine.store, remote, { url: `${serving.url}/prices` }))
    for (let attempt = 0; ; attempt++) {
      // As pull --rebase does: our change again, on top of theirs.
      await mine.with((remote) => fetchRefs(mine.store, remote, origin))
      const theirs = (await refOf(mine.store, 'refs/remotes/origin/main')) as Cid
      await setRef(mine.store, main, theirs)
      await commitOn(mine.store, main, { files: { [`file-${i}`]: String(attempt) } })
      const result = await fault(mine.with((remote) => push(mine.store, remote, origin)))
      if (result === 'no error') break
      expect(result).toMatch(/^VARVE_REFUSED/)
      expect(attempt).toBeLessThan(100)
    }
    await mine.store.close()
  }
  await Promise.all(Array.from({ length: 16 }, (_, i) => work(i)))
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  const { Tree } = await import('../../src/files/tree.ts')
  const { NodeStore } = await import('../../src/prolly/node-store.ts')
  const { readCommit } = await import('../../src/history/commit.ts')
  const tip = (await refOf(server, main))!
  const { tree, generation } = await readCommit(server, tip)
  const found: string[] = []
  for await (const batch of (await Tree.load(new NodeStore(server), tree)).scan())
    found.push(...batch.map((one) => one.path))
  expect(found.filter((name) => name.startsWith('file-'))).toHaveLength(16)
  expect(generation).toBe(17)
  expect(first).not.toBe(tip)
  expect(await problemsOf(server)).toEqual([])
  await server.close()
}, 120_000)

test('a wrong, expired, revoked or too narrow token: a clear message, exit code 61, nothing moves', async () => {
  let now = Date.now()
  const serving = await serve({ now: () => now })
  const ada = await client(serving)
  await commitOn(ada.store, main, { files: { a: '1' } })
  await ada.with((remote) => push(ada.store, remote, origin), { create: true })
  const head = await refOf(ada.store, main)
  const expired = await serving.token({ scope: 'admin', expiresMs: now + 1000 })
  const revoked = await serving.token({ name: 'revoked', scope: 'admin' })
  await serving.tokens.revoke('revoked', now)
  now += 2000
  await commitOn(ada.store, main, { files: { a: '2' } })
  const pushAs = async (token: string): Promise<string> => {
    const one = await client(serving, token)
    return fault(one.with((remote) => push(ada.store, remote, origin)))
  }
  const wrong = `${serving.admin.slice(0, -4)}AAAA`
  for (const token of [wrong, expired, revoked]) {
    const message = await pushAs(token)
    expect(message).toMatch(
      /^VARVE_REFUSED \(61\): .* refuses access \(401\): the token is wrong, expired or revoked/,
    )
    expect(message).not.toContain(token.slice(-43))
  }
  expect(await pushAs('')).toMatch(/refuses access \(401\): a token is needed/)
  expect(await pushAs(await serving.token({ scope: 'read' }))).toMatch(/\(61\): .*scope 'write'/)
  expect(await pushAs(await serving.token({ scope: 'write', branches: 'import/*' }))).toMatch(
    /\(61\): .* refuses the push: the token may not move branch 'main'/,
  )
  expect(await pushAs(await serving.token({ scope: 'write', repositories: 'other' }))).toMatch(
    /\(60\): no repository at/,
  )
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await refOf(server, main)).toBe(head)
  expect(await refOf(ada.store, 'refs/remotes/origin/main')).toBe(head)
})

test('a protected branch, and one with checks: the server’s word is what the pusher reads', async () => {
  const serving = await serve()
  const ada = await client(serving)
  const head = await commitOn(ada.store, main, { files: { a: '1' } })
  await ada.with((remote) => push(ada.store, remote, origin), { create: true })
  const protect = (requireChecks: string[]): Promise<unknown> =>
    serving.call('/v1/repos/prices/protections', {
      method: 'PUT',
      body: { branch: 'main', protect: 'fast-forward', requireChecks },
    })
  await protect([])
  await setRef(ada.store, main, null)
  await commitOn(ada.store, main, { files: { a: 'other' } })
  expect(await fault(ada.with((remote) => push(ada.store, remote, { ...origin, force: true })))).toMatch(
    /^VARVE_REFUSED \(61\): .* refuses the push: branch 'main' is protected: it only moves forward/,
  )
  expect(
    await fault(ada.with((remote) => push(ada.store, remote, { ...origin, refspecs: ['+:main'] }))),
  ).toContain('protected')
  await protect(['rules'])
  await setRef(ada.store, main, head)
  await commitOn(ada.store, main, { files: { a: '2' } })
  expect(await fault(ada.with((remote) => push(ada.store, remote, origin)))).toContain(
    "branch 'main' requires checks: rules (not reported)",
  )
})

test('the branch that is checked out in a served working folder is not moved', async () => {
  const serving = await serve()
  const { Repository } = await import('../../src/api/repository.ts')
  const folder = path.join(serving.dir, 'shop')
  const repo = await Repository.init(folder, { author: { name: 'Ada', email: 'ada@example.org' } })
  fs.writeFileSync(path.join(folder, 'a'), '1')
  await repo.add(['.'])
  await repo.commit({ message: 'one' })
  const ada = await client(serving, serving.admin, 'shop')
  await ada.with((remote) => cloneInto(ada.store, remote, { url: `${serving.url}/shop` }))
  await commitOn(ada.store, main, { files: { b: '2' } })
  expect(await fault(ada.with((remote) => push(ada.store, remote, origin)))).toContain('is checked out')
  await ada.with((remote) => push(ada.store, remote, { ...origin, refspecs: ['main:incoming'] }))
  expect((await repo.branches()).map(({ name }) => name)).toEqual(['incoming', 'main'])
  await repo.close()
})

test('a push that is stopped when the server has moved the branch, and has not said so, does not say that nothing was done', async () => {
  const serving = await serve()
  const ada = await client(serving)
  await commitOn(ada.store, main, { files: { a: '1' } })
  await ada.with((remote) => push(ada.store, remote, origin), { create: true })
  const tip = await commitOn(ada.store, main, { files: { a: '2' } })
  const stop = new AbortController()
  const after = ({ name, path: file }: FsCall): void => {
    if (name === 'link' && file.includes('/m/')) stop.abort()
  }
  const stopped = await watchingFs(serving.dir, { after }, () =>
    fault(ada.with((remote) => push(ada.store, remote, { ...origin, signal: stop.signal }))),
  )
  expect(stopped).toMatch(/^VARVE_ABORTED \(130\): stopped while '.*' was about to move its branches/)
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await refOf(server, main)).toBe(tip)
  await server.close()
  const again = await ada.with((remote) => push(ada.store, remote, origin))
  expect(again).toEqual({ updates: [], objects: 0, bytes: 0 })
})

test('a push that was cut off goes on where it stopped', async () => {
  const serving = await serve()
  const ada = await client(serving)
  await commitOn(ada.store, main, { files: { a: '1' } })
  await ada.with((remote) => push(ada.store, remote, origin), { create: true })
  const { randomBytes } = await import('node:crypto')
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`f${i}`, randomBytes(150_000).toString('base64')]),
  )
  await commitOn(ada.store, main, { files })
  const stop = new AbortController()
  const interrupted = fault(ada.with((remote) => push(ada.store, remote, { ...origin, signal: stop.signal })))
  const timer = setInterval(() => {
    const uploads = path.join(serving.stateDir, 'uploads')
    const some = fs
      .readdirSync(uploads, { recursive: true, withFileTypes: true })
      .some((entry) => entry.isFile() && fs.statSync(path.join(entry.parentPath, entry.name)).size > 0)
    if (some) stop.abort()
  }, 2)
  const outcome = await interrupted
  clearInterval(timer)
  const again = await asked(serving, () => ada.with((remote) => push(ada.store, remote, origin)))
  expect(again.at(-1)).toMatch(/^(POST \/v1\/repos\/prices\/refs|GET .*newest)$/)
  expect(outcome).toMatch(
    /^no error|^VARVE_ABORTED \(130\): stopped (before it was done|while .* about to move)/,
  )
  const server = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await refOf(server, main)).toBe(await refOf(ada.store, main))
  expect(await problemsOf(server)).toEqual([])
  await server.close()
})

test('a dry run of a first push says what it would bring, if the token may make the repository', async () => {
  const serving = await serve()
  const dryRun = async (token: string): Promise<unknown> => {
    const dir = temporaryDir()
    await using repo = await Repository.init(dir, {
      author: { name: 'Ada', email: 'ada@example.org' },
      environment: { VARVE_TOKEN: token },
    })
    await repo.transaction('main', (tx) => tx.writeFile('a.txt', 'one'))
    return await repo.push(`${serving.url}/fresh`, ['main'], { dryRun: true })
  }
  await expect(dryRun(serving.admin)).resolves.toMatchObject({ updates: [{ ref: main, before: null }] })
  await expect(dryRun(await serving.token({ scope: 'write' }))).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: expect.stringContaining('may not make one') as string,
  })
  const reached = await serving.token({ scope: 'admin', repositories: 'pri*' })
  await expect(dryRun(reached)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  const { json } = await serving.call('/v1/repos', {})
  expect(json.items).toEqual([])
})
