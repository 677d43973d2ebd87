// Shallow, lazy and filtered clones, pushes from them, and mirrors, over each kind of remote: they are made of reads and
// one compare-and-set, so whatever is a store will do.
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { commitsLeftOut } from '../../src/history/horizon.ts'
import { PathFilter } from '../../src/files/path-filter.ts'
import { cloneAt } from '../../src/remote/clone-at.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { deepen } from '../../src/remote/deepen.ts'
import { mirrorOnce } from '../../src/remote/mirror.ts'
import { PartialStore } from '../../src/remote/partial-store.ts'
import { push } from '../../src/remote/push.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { serve } from '../server/serving.ts'
import { bareGit, environment } from '../support/git-host.ts'
import { temporaryDir } from '../support/temporary.ts'
import { closure } from './closure.ts'
import { DirBlobs } from './dir-blobs.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }
const large = 'line of a large file\n'.repeat(5000)

const stores: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

function kept<T extends Store>(store: T): T {
  stores.push(store)
  return store
}

/** Opens one remote anew, each time with a cache of its own. */
type Open = () => Promise<Store>

const kinds: [string, () => Promise<Open>][] = [
  [
    'a folder',
    async () => {
      const dir = path.join(temporaryDir(), 'hub')
      return async () => kept(await openRemote(dir, { create: true }))
    },
  ],
  [
    'an object store',
    async () => {
      const blobs = new DirBlobs(path.join(temporaryDir(), 'hub'))
      return async () => kept(await BlobStore.open(blobs, { create: true, cacheDir: temporaryDir() }))
    },
  ],
  [
    'a server',
    async () => {
      const serving = await serve()
      const options = { environment: { VARVE_TOKEN: serving.admin }, create: true }
      return async () =>
        kept(await openRemote(`${serving.url}/prices`, { ...options, cacheDir: temporaryDir() }))
    },
  ],
  [
    'a Git host',
    async () => {
      const { url } = bareGit()
      return async () => kept(await openRemote(url, { create: true, cacheDir: temporaryDir(), environment }))
    },
  ],
]

/** Three commits of a table, a large file that changes, and a small one. */
async function filled(open: Open): Promise<MemoryStore> {
  const source = MemoryStore.create()
  for (const i of [1, 2, 3]) {
    await commitOn(source, main, {
      rows: i === 1 ? manyRows(2000) : new Map([[i, `edited ${i}`]]),
      files: { 'data/large.txt': `${i}\n${large}`, 'readme.txt': `version ${i}` },
    })
  }
  await push(source, await open())
  return source
}

test.each(kinds)('%s: a shallow clone, more history, and a push from it', async (_, make) => {
  const open = await make()
  const source = await filled(open)
  const local = new PartialStore(MemoryStore.create(), open)
  await cloneInto(local, await open(), { url: '/hub', depth: 1 })
  expect((await commitsLeftOut(local)).size).toBe(1)
  const mine = await commitOn(local, main, { rows: new Map([[9, 'mine']]) })
  await push(local, await open(), origin)
  expect(await refOf(await open(), main)).toBe(mine)
  await deepen(local, await open(), { ...origin, to: 'all' })
  expect((await commitsLeftOut(local)).size).toBe(0)
  expect((await local.has([(await refOf(source, main))!]))[0]).toBe(true)
  expect(await problemsOf(local)).toEqual([])
  expect(await problemsOf(await open())).toEqual([])
})

test.each(kinds)('%s: a lazy clone reads what it lacks, and pushes what is new', async (_, make) => {
  const open = await make()
  const source = await filled(open)
  const inner = kept(await DiskStore.create(path.join(temporaryDir(), 'local')))
  const local = new PartialStore(inner, open)
  const partial = { filter: null, lazy: true }
  await cloneInto(local, await open(), { url: '/hub', partial })
  const before = (await inner.stats()).objects
  expect(before).toBeLessThan(10)
  const mine = await commitOn(local, main, { rows: new Map([[9, 'mine']]), files: { 'notes.txt': 'new' } })
  await push(local, await open(), origin)
  expect(await problemsOf(await open())).toEqual([])
  for (const { cid } of await closure(local, mine)) expect(await local.get([cid])).toHaveLength(1)
  expect(await local.has([(await refOf(source, main))!])).toEqual([true])
  expect(await problemsOf(local)).toEqual([])
})

test.each(kinds)('%s: some files of one commit, and nothing else', async (_, make) => {
  const open = await make()
  await filled(open)
  const local = new PartialStore(MemoryStore.create(), open)
  const partial = { filter: new PathFilter(['readme.txt']), lazy: false }
  await cloneAt(local, await open(), { url: '/hub', at: 'main~1', partial })
  // A commit, its path tree, one file, the list of what was left out.
  expect((await local.stats()).objects).toBe(4)
  expect(await problemsOf(local)).toEqual([])
})

test.each(kinds)('%s: a mirror of it, and it as a mirror', async (_, make) => {
  const open = await make()
  const source = await filled(open)
  const copy = MemoryStore.create()
  await mirrorOnce(await open(), copy, { local: 'receiver' })
  expect(await refOf(copy, main)).toBe(await refOf(source, main))
  const next = await commitOn(copy, main, { files: { 'readme.txt': 'version 4' } })
  await commitOn(copy, 'refs/heads/side', { files: { s: '1' } }, next)
  await mirrorOnce(copy, await open(), { local: 'sender' })
  expect([
    await refOf(await open(), main),
    (await (await open()).manifest()).refs.has('refs/heads/side'),
  ]).toEqual([next, true])
  expect(await problemsOf(await open())).toEqual([])
})
