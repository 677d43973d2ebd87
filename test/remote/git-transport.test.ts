// Data on plain Git hosts: through Git itself, over files and over `git http-backend`.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Cid } from '../../src/encoding/cid.ts'
import { walkCommits } from '../../src/history/ancestry.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { storeContract } from '../contract/store.ts'
import { bareGit, dataRef, environment, filesOf } from '../support/git-host.ts'
import { gitOpenings } from '../support/git-openings.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef } from './history.ts'
import { fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const { open, serve } = gitOpenings()

async function commitCount(store: Store, ref = main): Promise<number> {
  let count = 0
  for await (const _ of walkCommits(store, [(await refOf(store, ref))!])) count++
  return count
}

storeContract('git+file', async () => openRemote(bareGit().url, { environment, create: true }))

test('what is pushed is one commit under one ref, beside what the repository holds, and clones whole', async () => {
  const host = bareGit()
  const blob = host.git(['hash-object', '-w', '--stdin'], 'code')
  const tree = host.git(['mktree'], `100644 blob ${blob}\tmain.c\n`)
  const code = host.git(['-c', 'user.name=x', '-c', 'user.email=x@y', 'commit-tree', tree, '-m', 'code'])
  host.git(['update-ref', 'refs/heads/main', code])
  const local = MemoryStore.create()
  await commitOn(local, main, { rows: manyRows(3000), files: { a: '1' } })
  await push(local, await open(host.url, { create: true }))
  expect(host.git(['for-each-ref', '--format=%(refname) %(objecttype)']).split('\n')).toEqual([
    'refs/heads/main commit',
    `${dataRef} commit`,
  ])
  expect(host.git(['rev-parse', 'refs/heads/main'])).toBe(code)
  expect(host.git(['rev-list', '--count', dataRef])).toBe('1')
  const names = filesOf(host).map(({ name }) =>
    name.replace(/[0-9a-f]{64}/, '#').replace(/\/[0-9a-f]{2}\//, '/'),
  )
  expect([...new Set(names)]).toEqual([
    'format',
    'idx/#.idx',
    `m/${'1'.padStart(20, '0')}`,
    `m/${'2'.padStart(20, '0')}`,
    'packs/#.pack',
  ])
  host.git(['fsck', '--strict'])
  const clone = MemoryStore.create()
  await cloneInto(clone, await open(host.url), { url: host.url })
  expect(await refOf(clone, main)).toBe(await refOf(local, main))
  expect(await problemsOf(clone)).toEqual([])
})

test('over HTTP: a push is one push, a fetch of nothing new asks for the ref alone, and only what is new travels', async () => {
  const host = bareGit()
  const server = await serve(host.folder)
  const url = `git+${server.url}/host.git`
  const local = MemoryStore.create()
  await commitOn(local, main, { rows: manyRows(60_000) })
  await push(local, await open(url, { create: true }))
  const clone = MemoryStore.create()
  const cacheDir = temporaryDir()
  await cloneInto(clone, await open(url, { cacheDir }), { url })
  expect(await refOf(clone, main)).toBe(await refOf(local, main))
  server.requests.length = 0
  expect((await fetchRefs(clone, await open(url, { cacheDir }), { remoteName: 'origin' })).updates).toEqual(
    [],
  )
  expect(server.requests).toEqual([
    'GET /host.git/info/refs?service=git-upload-pack',
    'POST /host.git/git-upload-pack',
  ])
  await commitOn(local, main, { rows: new Map([[30_000, 'edited']]) })
  server.requests.length = 0
  await push(local, await open(url, { cacheDir }))
  expect(server.requests.filter((request) => request === 'POST /host.git/git-receive-pack')).toHaveLength(1)
  const objectsBefore = bytesIn(path.join(cacheDir, 'git'))
  const second = temporaryDir()
  fs.cpSync(cacheDir, second, { recursive: true })
  await commitOn(local, main, { rows: new Map([[40_000, 'edited']]) })
  await push(local, await open(url, { create: true }))
  await fetchRefs(clone, await open(url, { cacheDir: second }), { remoteName: 'origin' })
  expect(await refOf(clone, 'refs/remotes/origin/main')).toBe(await refOf(local, main))
  expect(await problemsOf(clone)).toEqual([])
  // The whole table is over half a megabyte; what came is a few packed nodes, an index and trees.
  expect(objectsBefore).toBeGreaterThan(500_000)
  expect(bytesIn(path.join(second, 'git')) - objectsBefore).toBeLessThan(150_000)
})

function bytesIn(dir: string): number {
  const names = fs
    .readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /objects\//.test(name))
  return names.reduce((sum, name) => sum + fs.statSync(path.join(dir, name)).size, 0)
}

test('two pushers at once to one branch: one wins, the other is told to pull', async () => {
  const host = bareGit()
  const seed = MemoryStore.create()
  await commitOn(seed, main, { files: { seed: '1' } })
  await push(seed, await open(host.url, { create: true }))
  const results = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const local = MemoryStore.create()
      const remote = await open(host.url)
      await cloneInto(local, remote, { url: host.url })
      await commitOn(local, main, { files: { [name]: '1' } })
      await new Promise((resolve) => setTimeout(resolve, 50))
      return fault(push(local, remote))
    }),
  )
  expect(results.sort()).toEqual([
    "VARVE_REFUSED: the remote's 'main' has commits you do not have",
    'no error',
  ])
  expect(await commitCount(await open(host.url))).toBe(2)
})

test('pushes at once to different branches all go through, also the very first ones', async () => {
  const host = bareGit()
  const names = ['a', 'b', 'c', 'd']
  await Promise.all(
    names.map(async (name) => {
      const local = MemoryStore.create()
      await commitOn(local, `refs/heads/${name}`, { files: { [name]: name } })
      await push(local, await open(host.url, { create: true }), { refspecs: [name] })
    }),
  )
  const remote = await open(host.url)
  expect([...(await remote.manifest()).refs.keys()].sort()).toEqual(names.map((name) => `refs/heads/${name}`))
  expect(await problemsOf(remote)).toEqual([])
  expect(host.git(['rev-list', '--count', dataRef])).toBe('4')
})

test('a gc leaves one commit without parents and only what is needed, and readers go on from there', async () => {
  const host = bareGit()
  const local = MemoryStore.create()
  const remote = await open(host.url, { create: true })
  const first = await commitOn(local, main, { files: { a: '1' } })
  await push(local, remote)
  const cacheDir = temporaryDir()
  const clone = MemoryStore.create()
  await cloneInto(clone, await open(host.url, { cacheDir }), { url: host.url })
  await commitOn(local, main, { files: { junk: 'x'.repeat(50_000) } })
  await push(local, remote)
  await setRef(local, main, first)
  await commitOn(local, main, { files: { b: '2' } })
  await push(local, remote, { force: true })
  const before = filesOf(host).length
  const report = await remote.gc({ manifestsKeptMax: 1, graceMs: 0 })
  expect(report.objectsDropped).toBeGreaterThan(0)
  expect(host.git(['rev-list', '--count', dataRef])).toBe('1')
  expect(filesOf(host).length).toBeLessThan(before)
  await fetchRefs(clone, await open(host.url, { cacheDir }), { remoteName: 'origin' })
  expect(await refOf(clone, 'refs/remotes/origin/main')).toBe(await refOf(local, main))
  await commitOn(local, main, { files: { c: '3' } })
  await push(local, await open(host.url, { cacheDir }))
  for (const store of [clone, await open(host.url)]) expect(await problemsOf(store)).toEqual([])
})

test('of the log only the last manifests are kept, and the store is whole', async () => {
  const host = bareGit()
  const remote = await open(host.url, { create: true })
  for (let i = 0; i < 53; i++)
    await remote.update(() => ({
      config: new Map([['n', `${i}`]]),
      operation: { name: 'test', message: '', author: '' },
    }))
  expect(filesOf(host).filter(({ name }) => name.startsWith('m/'))).toHaveLength(50)
  const reader = await open(host.url)
  expect((await reader.manifest()).config.get('n')).toBe('52')
  let older = 0
  for await (const _ of reader.manifests()) older++
  expect(older).toBe(49)
  expect(await problemsOf(reader)).toEqual([])
}, 120_000)

test('ssh goes through the command that the environment names', async () => {
  const host = bareGit()
  const script = path.join(temporaryDir(), 'ssh')
  const log = `${script}.log`
  // Stands for sshd: it gets the words that ssh gets, and runs the command on "the other machine", here.
  fs.writeFileSync(script, `#!/bin/sh\necho "$@" >> '${log}'\nfor last; do :; done\nexec sh -c "$last"\n`, {
    mode: 0o700,
  })
  const ssh = { ...environment, GIT_SSH_COMMAND: script, GIT_SSH_VARIANT: 'ssh' }
  const url = `git+ssh://git@example.org${host.dir}`
  const local = MemoryStore.create()
  await commitOn(local, main, { files: { a: '1' } })
  await push(local, await open(url, { environment: ssh, create: true }))
  const clone = MemoryStore.create()
  await cloneInto(clone, await open(url, { environment: ssh }), { url })
  expect(await refOf(clone, main)).toBe(await refOf(local, main))
  expect(fs.readFileSync(log, 'utf8')).toContain('git@example.org git-receive-pack')
})

test('a lost or damaged cache costs another download, never the fetch', async () => {
  const host = bareGit()
  const local = MemoryStore.create()
  await commitOn(local, main, { rows: manyRows(2000) })
  await push(local, await open(host.url, { create: true }))
  const cacheDir = temporaryDir()
  const shared = path.join(cacheDir, 'git')
  await (await openRemote(host.url, { environment, cacheDir })).close()
  const [only] = fs.readdirSync(shared)
  expect(fs.readdirSync(path.join(shared, only!)).sort()).toEqual(['objects', 'tip'])
  for (const harm of [
    () => fs.rmSync(path.join(shared, only!, 'objects'), { recursive: true }),
    () => fs.writeFileSync(path.join(shared, only!, 'tip'), 'nonsense'),
    () => fs.writeFileSync(path.join(shared, only!, 'tip'), `${'1'.repeat(40)}\n`),
    () => fs.rmSync(shared, { recursive: true }),
  ]) {
    harm()
    const clone = MemoryStore.create()
    await cloneInto(clone, await open(host.url, { cacheDir }), { url: host.url })
    expect(await refOf(clone, main)).toBe(await refOf(local, main))
  }
})

test('a cache that is mostly what nobody needs is dropped, unless somebody uses it', async () => {
  const host = bareGit()
  const local = MemoryStore.create()
  await commitOn(local, main, { files: { a: '1' } })
  await push(local, await open(host.url, { create: true }))
  const cacheDir = temporaryDir()
  const options = { environment, cacheDir }
  const [first, second] = [await openRemote(host.url, options), await openRemote(host.url, options)]
  const shared = path.join(cacheDir, 'git', fs.readdirSync(path.join(cacheDir, 'git'))[0]!)
  // As killed downloads leave it.
  fs.writeFileSync(path.join(shared, 'objects/pack/tmp_pack_x'), '')
  fs.truncateSync(path.join(shared, 'objects/pack/tmp_pack_x'), 65 << 20)
  await first.close()
  expect(fs.existsSync(path.join(shared, 'objects/pack/tmp_pack_x'))).toBe(true)
  await second.close()
  expect(fs.readdirSync(shared)).toEqual([])
  expect(await commitCount(await open(host.url, { cacheDir }))).toBe(1)
})

test('large packs travel in parts that a host keeps as they came, and come back whole', async () => {
  const host = bareGit()
  const remote = await open(host.url, { create: true })
  const writer = remote.writer()
  const chunk = (i: number): Uint8Array =>
    createHash('shake256', { outputLength: 1 << 20 })
      .update(`${i}`)
      .digest()
  const cids: Cid[] = []
  for (let i = 0; i < 60; i++) {
    cids.push(writer.put('raw', chunk(i)))
    await writer.drained()
  }
  const operation = { name: 'test', message: '', author: '' }
  await remote.update(() => ({ refs: new Map([['refs/x', cids[0]!]]), operation }), { writer })
  const parts = filesOf(host).filter(({ name }) => name.startsWith('packs/'))
  expect(parts[0]!.name.slice(-4)).toBe('/000')
  expect(parts.length).toBeGreaterThan(100)
  expect(Math.max(...parts.map(({ bytes }) => bytes))).toBeLessThan(50 << 20)
  expect(host.git(['count-objects'])).toBe('0 objects, 0 kilobytes')
  const reader = await open(host.url)
  for (let i = 0; i < 60; i += 20) {
    const [bytes] = await reader.get([cids[i]!])
    expect(Buffer.compare(bytes!, chunk(i))).toBe(0)
  }
  expect(await problemsOf(reader)).toEqual([])
}, 120_000)

test('without a cache folder nothing is left behind', async () => {
  const host = bareGit()
  const before = process.env['TMPDIR']
  const temporary = temporaryDir()
  process.env['TMPDIR'] = temporary
  try {
    const local = MemoryStore.create()
    await commitOn(local, main, { files: { a: '1' } })
    const remote = await openRemote(host.url, { environment, create: true })
    await push(local, remote)
    expect(fs.readdirSync(temporary)).toHaveLength(1)
    await remote.close()
    expect(await fault(open(`git+file://${host.folder}/none.git`))).toContain('VARVE_UNREACHABLE')
    expect(fs.readdirSync(temporary)).toEqual([])
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
})
