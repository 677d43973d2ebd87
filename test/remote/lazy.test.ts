// Clones that leave contents with their remote: history and path trees are here, contents come when they are read, many
// at a time, and nothing that was left there is taken for lost, nor anything lost for left.
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { concatBytes } from '../../src/base/bytes.ts'
import { VarveError } from '../../src/base/errors.ts'
import { type Cid, codecOf } from '../../src/encoding/cid.ts'
import { PathFilter } from '../../src/files/path-filter.ts'
import { readFile } from '../../src/files/read.ts'
import { Tree } from '../../src/files/tree.ts'
import { readCommit } from '../../src/history/commit.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { cloneAt } from '../../src/remote/clone-at.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { PartialStore } from '../../src/remote/partial-store.ts'
import { push } from '../../src/remote/push.ts'
import type { PartialClone } from '../../src/remote/selection.ts'
import type { ObjectReader, Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, tagCommit } from './history.ts'
import { type Hooks, WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }
const lazy = { filter: null, lazy: true }
const images = { filter: new PathFilter(['images']), lazy: false }
const large = 'pixel '.repeat(20_000)

/** Three commits: a table and text everywhere, another image in each. */
async function remoteWithImages(): Promise<MemoryStore> {
  const remote = MemoryStore.create()
  for (const i of [1, 2, 3]) {
    await commitOn(remote, main, {
      files: {
        [`images/${i}.png`]: `image ${i} ${large}`,
        'readme.txt': `version ${i}`,
        'docs/a.txt': 'about',
      },
      rows: i === 1 ? manyRows(3000) : new Map([[i, `edited ${i}`]]),
    })
  }
  return remote
}

interface Clone {
  readonly inner: MemoryStore
  readonly store: PartialStore
  /** What the remote was asked for after the clone. */
  readonly far: WrappedStore
}

async function cloneOf(remote: Store, partial: PartialClone, hooks: Hooks = {}): Promise<Clone> {
  const inner = MemoryStore.create()
  const far = new WrappedStore(remote, hooks)
  const store = new PartialStore(inner, async () => far)
  await cloneInto(store, remote, { url: '/hub', partial })
  return { inner, store, far }
}

async function textAt(store: ObjectReader, head: Cid, path: string): Promise<string> {
  const nodes = new NodeStore(store)
  const entry = await (await Tree.load(nodes, (await readCommit(store, head)).tree)).get(path)
  if (entry?.kind !== 'file') throw new Error(`no file ${path}`)
  return new TextDecoder().decode(concatBytes(await collect(readFile(nodes, entry))))
}

async function rawObjects(store: MemoryStore, head: Cid): Promise<number> {
  const seen = await Promise.all(
    [...(await closureOf(store, head))].map(async (cid) => codecOf(cid) === 'raw'),
  )
  return seen.filter(Boolean).length
}

/** All that is here of what a commit reaches. */
async function closureOf(store: Store, head: Cid): Promise<Set<Cid>> {
  const { linksOf } = await import('../../src/encoding/links.ts')
  const seen = new Set([head])
  for (const cid of seen) {
    if (!(await store.has([cid]))[0]) {
      seen.delete(cid)
      continue
    }
    for (const link of linksOf(cid, (await store.get([cid]))[0]!)) seen.add(link)
  }
  return seen
}

test('a lazy clone has all commits and path trees, and no contents', async () => {
  const remote = await remoteWithImages()
  const { inner, store, far } = await cloneOf(remote, lazy)
  const head = (await refOf(store, main))!
  expect(await rawObjects(inner, head)).toBe(0)
  const { walkCommits } = await import('../../src/history/ancestry.ts')
  for (const commit of await collect(walkCommits(store, [head]))) {
    const tree = await Tree.load(new NodeStore(store), commit.tree)
    expect((await collect(tree.scan())).flat().length).toBeGreaterThan(3)
  }
  expect(far.calls).toBe(0)
  expect((await store.stats()).objects).toBeLessThan(10)
  expect(await problemsOf(store)).toEqual([])
})

test('with a limit, large files alone stay with the remote, those of later commits too', async () => {
  const remote = await remoteWithImages()
  const limitBytes = new TextEncoder().encode(`image 1 ${large}`).length
  const whole = await cloneOf(remote, { filter: null, lazy: false, limitBytes: limitBytes + 1 })
  const { inner, store, far } = await cloneOf(remote, { filter: null, lazy: false, limitBytes })
  const head = (await refOf(store, main))!
  const [all, some] = [await closureOf(whole.inner, head), await closureOf(inner, head)]
  // A list of chunks, and its chunks, of each of three images.
  const rest = [...all].filter((cid) => !some.has(cid))
  expect(rest.length).toBeGreaterThan(3)
  expect(await textAt(store, head, 'readme.txt')).toBe('version 3')
  expect(far.calls).toBe(0)
  expect(await textAt(store, head, 'images/2.png')).toBe(`image 2 ${large}`)
  expect(far.calls).toBeGreaterThan(0)
  const kept = (await store.stats()).objects
  await commitOn(remote, main, { files: { 'images/4.png': `image 4 ${large}`, 'readme.txt': 'version 4' } })
  await fetchRefs(store, remote, origin)
  const next = (await refOf(store, 'refs/remotes/origin/main'))!
  expect((await store.stats()).objects - kept).toBeLessThan(8)
  const calls = far.calls
  expect(await textAt(store, next, 'readme.txt')).toBe('version 4')
  expect(far.calls).toBe(calls)
  expect(await textAt(store, next, 'images/4.png')).toBe(`image 4 ${large}`)
  expect(await problemsOf(store)).toEqual([])
  const gone = await store.gc({ manifestsKeptMax: 1 })
  expect(gone.objectsDropped).toBe(0)
})

test('contents come when they are read, are kept, and are not asked for twice', async () => {
  const remote = await remoteWithImages()
  const { inner, store, far } = await cloneOf(remote, lazy)
  const head = (await refOf(store, main))!
  expect(await textAt(store, head, 'readme.txt')).toBe('version 3')
  expect(await textAt(store, head, 'images/2.png')).toBe(`image 2 ${large}`)
  const { calls } = far
  expect(await textAt(store, head, 'images/2.png')).toBe(`image 2 ${large}`)
  expect(far.calls).toBe(calls)
  await store.close()
  expect(await problemsOf(new PartialStore(inner, () => Promise.reject(new Error('closed'))))).toEqual([])
  expect(await textAt(inner, head, 'images/2.png')).toBe(`image 2 ${large}`)
})

test('what is asked for at one moment travels in one request; a whole tree in one a level', async () => {
  const remote = MemoryStore.create()
  const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, `text ${i}`]))
  await commitOn(remote, main, { files, rows: manyRows(20_000) })
  const asked: number[] = []
  const { store } = await cloneOf(remote, lazy, { getStored: (all) => (asked.push(all.length), all) })
  const head = (await refOf(store, main))!
  await Promise.all(Object.keys(files).map((path) => textAt(store, head, path)))
  // Batches grow from 16 as sizes become known; it is one transfer all the same.
  expect(asked.reduce((sum, count) => sum + count, 0)).toBe(200)
  expect(asked.length).toBeLessThanOrEqual(5)
  asked.length = 0
  const tree = await Tree.load(new NodeStore(store), (await readCommit(store, head)).tree)
  const table = await tree.get('rows')
  if (table?.kind !== 'table') throw new Error('no table')
  await store.prefetch([table.table])
  const rows = asked.reduce((sum, count) => sum + count, 0)
  expect(rows).toBeGreaterThan(60)
  expect(asked.length).toBeLessThanOrEqual(8)
  await store.close()
  expect(await store.local.has([table.table])).toEqual([true])
})

test('a diff of many changed texts fetches them together', async () => {
  const remote = MemoryStore.create()
  const files = (text: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, `${text} ${i}\n`]))
  const before = await commitOn(remote, main, { files: files('old') })
  const after = await commitOn(remote, main, { files: files('new') })
  const asked: number[] = []
  const { store } = await cloneOf(remote, lazy, { getStored: (all) => (asked.push(all.length), all) })
  const { diffDatasets } = await import('../../src/repo/diff/diff.ts')
  const trees = [before, after].map(async (cid) => (await readCommit(store, cid)).tree)
  const diffs = await collect(diffDatasets(new NodeStore(store), await trees[0]!, await trees[1]!))
  expect(diffs).toHaveLength(100)
  for (const diff of diffs) expect((await collect(diff.hunks()))[0]!.lines).toHaveLength(2)
  expect(asked.reduce((sum, count) => sum + count, 0)).toBe(200)
  expect(asked.length).toBeLessThan(12)
})

test('a filtered clone has the contents of its paths in all of history, and of no others', async () => {
  const remote = await remoteWithImages()
  const { inner, store, far } = await cloneOf(remote, images)
  const head = (await refOf(store, main))!
  for (const i of [1, 2, 3]) expect(await textAt(inner, head, `images/${i}.png`)).toContain(`image ${i}`)
  await expect(textAt(inner, head, 'readme.txt')).rejects.toMatchObject({ code: 'VARVE_OBJECT_MISSING' })
  expect(far.calls).toBe(0)
  await commitOn(remote, main, { files: { 'images/4.png': 'the fourth', 'readme.txt': 'version 4' } })
  await fetchRefs(store, remote, origin)
  const next = (await refOf(store, 'refs/remotes/origin/main'))!
  expect(await textAt(inner, next, 'images/4.png')).toBe('the fourth')
  await expect(textAt(inner, next, 'readme.txt')).rejects.toMatchObject({ code: 'VARVE_OBJECT_MISSING' })
  expect(await textAt(store, next, 'readme.txt')).toBe('version 4')
  expect(await problemsOf(store)).toEqual([])
})

test.each([
  ['lazy', lazy],
  ['filtered', images],
])('work in a %s clone is pushed without fetching what it did not touch', async (_, partial) => {
  const remote = await remoteWithImages()
  const { store, far } = await cloneOf(remote, partial)
  const mine = await commitOn(store, main, { files: { 'images/9.png': 'mine', 'notes.txt': 'mine too' } })
  expect(far.calls).toBe(0)
  expect(await push(store, remote, origin)).toMatchObject({ objects: 4 })
  expect(far.calls).toBe(0)
  expect(await refOf(remote, main)).toBe(mine)
  expect(await problemsOf(remote)).toEqual([])
})

test('a row edited in a lazy clone fetches the way to it, and the push sends the same', async () => {
  const remote = MemoryStore.create()
  await commitOn(remote, main, { rows: manyRows(20_000) })
  const { store, far } = await cloneOf(remote, lazy)
  await commitOn(store, main, { rows: new Map([[777, 'edited']]) })
  expect(far.read.size).toBeLessThan(8)
  const { objects } = await push(store, remote, origin)
  expect(objects).toBeLessThan(8)
  expect(far.read.size).toBeLessThan(8)
  expect(await problemsOf(remote)).toEqual([])
  expect(await problemsOf(store)).toEqual([])
})

test('a push to another remote than the promisor takes along what was never here', async () => {
  const remote = await remoteWithImages()
  const { store } = await cloneOf(remote, lazy)
  const other = MemoryStore.create()
  await push(store, other)
  expect(await refOf(other, main)).toBe(await refOf(remote, main))
  expect(await problemsOf(other)).toEqual([])
})

test('gc drops garbage and keeps what was fetched; what is left with the remote is no damage', async () => {
  const remote = await remoteWithImages()
  const { inner, store } = await cloneOf(remote, lazy)
  const head = (await refOf(store, main))!
  await textAt(store, head, 'images/1.png')
  const garbage = store.writer()
  const junk = garbage.put('raw', new TextEncoder().encode('never named'))
  await store.update(() => ({ operation: { name: 'x', message: '', author: '' } }), { writer: garbage })
  await store.gc({ manifestsKeptMax: 1 })
  expect(await inner.has([junk])).toEqual([false])
  expect(await textAt(inner, head, 'images/1.png')).toContain('image 1')
  expect(await problemsOf(store)).toEqual([])
})

test('where all contents are kept here, nothing is looked for before it is read', async () => {
  const asked: string[] = []
  const inner = new WrappedStore(await remoteWithImages(), { call: (name) => void asked.push(name) })
  const store = new PartialStore(inner, () => Promise.reject(new Error('no remote')))
  const head = (await refOf(store, main))!
  for (const reader of [store, store.writer()]) await reader.prefetch!([head])
  expect(asked).not.toContain('get')
  expect(asked).not.toContain('has')
})

test('what was made here and is lost is damage, though others like it may be missing', async () => {
  const remote = await remoteWithImages()
  const inner = MemoryStore.create()
  const store = new PartialStore(inner, async () => remote)
  await cloneInto(store, remote, { url: '/hub', partial: lazy })
  const mine = await commitOn(store, main, {
    files: { 'notes.txt': 'made here', 'docs/a.txt': 'changed here' },
  })
  expect(await problemsOf(store)).toEqual([])
  const tree = await Tree.load(new NodeStore(inner), (await readCommit(inner, mine)).tree)
  const note = await tree.get('notes.txt')
  if (note?.kind !== 'file') throw new Error('no file')
  const lost = note.content
  const has = inner.has.bind(inner)
  inner.has = async (cids) => (await has(cids)).map((isHere, i) => isHere && cids[i] !== lost)
  const peek = inner.peek.bind(inner)
  inner.peek = (cid) => (cid === lost ? undefined : peek(cid))
  expect(await problemsOf(store)).toEqual([{ where: lost, what: expect.stringContaining('missing') }])
})

test('a lazy clone at a tag or an id works like one of a branch', async () => {
  const remote = await remoteWithImages()
  const head = (await refOf(remote, main))!
  const [first] = (await readCommit(remote, head)).parents
  await tagCommit(remote, 'v2', first!)
  for (const at of ['v2', first!.slice(8)]) {
    const store = new PartialStore(MemoryStore.create(), async () => remote)
    await cloneAt(store, remote, { url: '/hub', at, partial: lazy })
    expect((await store.stats()).objects).toBeLessThan(8)
    expect(await problemsOf(store)).toEqual([])
    await store.gc({ manifestsKeptMax: 1 })
    expect(await textAt(store, first!, 'readme.txt')).toBe('version 2')
  }
})

test('a remote that is down, or lost what it promised, is an error that says so', async () => {
  const remote = await remoteWithImages()
  const inner = MemoryStore.create()
  const store = new PartialStore(inner, async () => {
    throw new VarveError('VARVE_UNREACHABLE', "no repository at '/hub'")
  })
  await cloneInto(store, remote, { url: '/hub', partial: lazy })
  const head = (await refOf(store, main))!
  await expect(textAt(store, head, 'readme.txt')).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
    hint: expect.stringContaining("remote 'origin' has the rest"),
  })
  const forgetful = new PartialStore(inner, async () => MemoryStore.create())
  await expect(textAt(forgetful, head, 'readme.txt')).rejects.toMatchObject({
    code: 'VARVE_OBJECT_MISSING',
    message: expect.stringContaining("contents cannot be fetched from 'origin'"),
  })
  const liar = new PartialStore(
    inner,
    async () =>
      new WrappedStore(remote, {
        getStored: (all) => all.map((object) => ({ ...object, payload: object.payload.map((b) => b ^ 1) })),
      }),
  )
  await expect(textAt(liar, head, 'readme.txt')).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  expect((await inner.stats()).objects).toBe((await store.stats()).objects)
})

test('a clone of a lazy clone is told to go where that came from', async () => {
  const remote = await remoteWithImages()
  const { inner } = await cloneOf(remote, lazy)
  await expect(cloneInto(MemoryStore.create(), inner, { url: '/lazy' })).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: "'origin' is a partial clone itself, and lacks what is asked for",
  })
})
