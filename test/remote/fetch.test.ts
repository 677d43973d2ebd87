import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { encodeCbor } from '../../src/encoding/cbor.ts'
import { type Cid, cidOf, cidToLink, codecOf } from '../../src/encoding/cid.ts'
import { linksOf } from '../../src/encoding/links.ts'
import { parseCommit, writeCommit } from '../../src/history/commit.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import type { Manifest, Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit } from './history.ts'
import { type Hooks, WrappedStore, failAt } from './wrapped-store.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }
const operation = { name: 'x', message: '', author: '' }

test('a clone has all branches and tags, the remote branch as upstream, and every object', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  const first = await commitOn(remote, main, { rows: manyRows(3000), files: { a: '1' } })
  const side = await commitOn(remote, 'refs/heads/side', { files: { b: '2' } }, first)
  const tag = await tagCommit(remote, 'v1', first)
  const report = await cloneInto(local, remote, { url: '/srv/data' })
  expect(report).toMatchObject({ ref: main, head: first })
  const { refs, config, head } = await local.manifest()
  expect(Object.fromEntries(refs)).toEqual({
    [main]: first,
    'refs/remotes/origin/main': first,
    'refs/remotes/origin/side': side,
    'refs/tags/v1': tag,
  })
  expect(Object.fromEntries(config)).toEqual({
    'remote.origin.url': '/srv/data',
    'branch.main.upstream': 'refs/remotes/origin/main',
  })
  expect(head).toBe(main)
  expect(await problemsOf(local)).toEqual([])
})

test('a clone of nothing is an empty repository on the branch the remote is on', async () => {
  const local = MemoryStore.create()
  const report = await cloneInto(local, MemoryStore.create({ firstBranch: 'trunk' }), { url: '/srv/data' })
  expect(report).toMatchObject({ ref: 'refs/heads/trunk', head: null, objects: 0 })
  expect((await local.manifest()).head).toBe('refs/heads/trunk')
})

test('a clone of a branch that is not there names those that are, and changes nothing', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(remote, main, { files: { a: '1' } })
  await expect(cloneInto(local, remote, { url: '/srv', branch: 'gone' })).rejects.toMatchObject({
    code: 'VARVE_REF_NOT_FOUND',
    hint: 'there are: main',
  })
  expect((await local.manifest()).sequence).toBe(1)
})

test('a fetch of nothing new reads one manifest of the remote and nothing else', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(remote, main, { files: { a: '1' } })
  await tagCommit(remote, 'v1', head)
  await fetchRefs(local, remote, origin)
  const far = new WrappedStore(remote)
  const { sequence } = await local.manifest()
  expect(await fetchRefs(local, far, origin)).toMatchObject({ updates: [], objects: 0 })
  expect(far.calls).toBe(1)
  expect((await local.manifest()).sequence).toBe(sequence)
})

test('a fetch of one edited row of many reads what changed only', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(remote, main, { rows: manyRows(20_000) })
  await fetchRefs(local, remote, origin)
  await commitOn(remote, main, { rows: new Map([[77, 'edited']]) })
  const far = new WrappedStore(remote)
  const report = await fetchRefs(local, far, origin)
  expect(report.objects).toBeLessThanOrEqual(7)
  expect(far.read.size).toBeLessThan(10)
  expect(await problemsOf(local)).toEqual([])
})

test('a rewritten branch is fetched as forced; a deleted one goes with prune only', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  const old = await commitOn(remote, main, { files: { a: '1' } })
  const side = await commitOn(remote, 'refs/heads/side', { files: { b: '1' } })
  await fetchRefs(local, remote, origin)
  await setRef(remote, main, side)
  await setRef(remote, 'refs/heads/side', null)
  const { updates } = await fetchRefs(local, remote, origin)
  expect(updates).toEqual([{ ref: 'refs/remotes/origin/main', before: old, after: side, forced: true }])
  expect(await refOf(local, 'refs/remotes/origin/side')).toBe(side)
  await fetchRefs(local, remote, { ...origin, prune: true })
  expect(await refOf(local, 'refs/remotes/origin/side')).toBeUndefined()
})

test('a tag comes along when its commit is here, and never replaces one of ours', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(remote, main, { files: { a: '1' } })
  await fetchRefs(local, remote, origin)
  const elsewhere = await commitOn(remote, 'refs/tags/elsewhere', { files: { z: '1' } })
  const theirs = await tagCommit(remote, 'v1', head)
  await setRef(remote, 'refs/tags/mine', head)
  const mine = await tagCommit(local, 'mine', head)
  await fetchRefs(local, remote, origin)
  expect(await refOf(local, 'refs/tags/v1')).toBe(theirs)
  expect(await refOf(local, 'refs/tags/mine')).toBe(mine)
  expect(await refOf(local, 'refs/tags/elsewhere')).toBeUndefined()
  expect(await local.has([elsewhere])).toEqual([false])
  expect(await problemsOf(local)).toEqual([])
})

// A remote that lies.

async function remoteWithData(): Promise<MemoryStore> {
  const remote = MemoryStore.create()
  await commitOn(remote, main, { rows: manyRows(500), files: { a: 'one', 'b/c': 'x'.repeat(100_000) } })
  await commitOn(remote, main, { files: { a: 'two' } })
  return remote
}

async function outcome(remote: Store): Promise<{ code: string; local: MemoryStore }> {
  const local = MemoryStore.create()
  await commitOn(local, main, { files: { mine: 'kept' } })
  const before = await local.manifest()
  const objects = (await local.stats()).objects
  let code = 'accepted'
  try {
    await fetchRefs(local, remote, origin)
  } catch (error) {
    code = isVarveError(error) ? error.code : String(error)
    expect(await local.manifest()).toEqual(before)
    expect((await local.stats()).objects).toBe(objects)
  }
  expect(await problemsOf(local)).toEqual([])
  return { code, local }
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  if (copy.length > 0) copy[copy.length >> 1]! ^= 1
  return copy
}

const lies: [string, Hooks, string][] = [
  ['wrong bytes under a name', { get: (_, objects) => objects.map(flipped) }, 'VARVE_CORRUPT'],
  [
    'wrong packed bytes',
    { getStored: (all) => all.map((o) => ({ ...o, payload: flipped(o.payload) })) },
    'VARVE_CORRUPT',
  ],
  [
    'another object',
    { getStored: (all) => all.map((o, i) => (i === 0 ? { ...o, cid: cidOf('raw', o.payload) } : o)) },
    'VARVE_CORRUPT',
  ],
  ['too few objects', { getStored: (all) => all.slice(1) }, 'VARVE_CORRUPT'],
  [
    'an absurd length',
    { getStored: (all) => all.map((o) => ({ ...o, rawLength: 2 ** 40 })) },
    'VARVE_CORRUPT',
  ],
  ['a negative length', { getStored: (all) => all.map((o) => ({ ...o, rawLength: -1 })) }, 'VARVE_CORRUPT'],
  [
    'an unknown packing',
    { getStored: (all) => all.map((o) => ({ ...o, packing: 'zip' as 'none' })) },
    'VARVE_CORRUPT',
  ],
  [
    'a delta of itself',
    { getStored: (all) => all.map((o) => ({ ...o, packing: 'delta', base: o.cid, depth: 1 })) },
    'VARVE_CORRUPT',
  ],
  [
    'endless deltas',
    { getStored: (all) => all.map((o) => ({ ...o, packing: 'delta', base: all[0]!.cid, depth: 1e9 })) },
    'VARVE_CORRUPT',
  ],
]

test.each(lies)('a remote that sends %s is refused and nothing changes here', async (_, hooks, code) => {
  expect((await outcome(new WrappedStore(await remoteWithData(), hooks))).code).toBe(code)
})

const names = [
  '../../HEAD',
  'a..b',
  'a\nb',
  'a\u001b[31mb',
  'x.lock',
  '-x',
  'a b',
  'HEAD',
  '.hidden',
  'a\\b',
  'x'.repeat(300),
  '',
]

test.each(names)('a remote with a branch called %j is refused', async (name) => {
  const remote = await remoteWithData()
  const hooks = {
    manifest: (manifest: Manifest) => ({
      ...manifest,
      refs: new Map([...manifest.refs, [`refs/heads/${name}`, manifest.refs.get(main)!]]),
    }),
  }
  expect((await outcome(new WrappedStore(remote, hooks))).code).toBe('VARVE_REFUSED')
})

test('a remote whose branch names no object is refused', async () => {
  const hooks = { manifest: (manifest: Manifest) => ({ ...manifest, refs: new Map([[main, 'zz' as Cid]]) }) }
  expect((await outcome(new WrappedStore(await remoteWithData(), hooks))).code).toBe('VARVE_REFUSED')
})

test('a remote that lacks any one of its objects is refused', async () => {
  const remote = await remoteWithData()
  const head = (await refOf(remote, main))!
  const { closure } = await import('./closure.ts')
  for (const { cid: lost } of await closure(remote, head)) {
    const missing = (cids: readonly Cid[]) => {
      if (cids.includes(lost)) throw Object.assign(new Error('no such object'), { lost })
    }
    const hooks: Hooks = {
      get: (cids, objects) => (missing(cids), objects),
      getStored: (objects) => (missing(objects.map((object) => object.cid)), objects),
    }
    expect((await outcome(new WrappedStore(remote, hooks))).code).toContain('no such object')
  }
})

/** A remote whose branch is one made-up object. */
async function remoteOf(bytes: Uint8Array): Promise<Store> {
  const remote = MemoryStore.create()
  const writer = remote.writer()
  const cid = writer.put('dag-cbor', bytes)
  await remote.update(() => ({ refs: new Map([[main, cid]]), operation }), { writer })
  return remote
}

test('a branch that is no commit, or nested without end, is refused', async () => {
  const deep = new Uint8Array(100_000).fill(0x81)
  for (const bytes of [
    encodeCbor({ v: 1 }),
    encodeCbor([1, 2]),
    deep,
    new Uint8Array(0),
    Uint8Array.of(0xff),
  ]) {
    expect((await outcome(await remoteOf(bytes))).code).toBe('VARVE_CORRUPT')
  }
})

test('a tag of a tag of a tag … is refused', async () => {
  const remote = await remoteWithData()
  const writer = remote.writer()
  let at = (await refOf(remote, main))!
  for (let i = 0; i < 40; i++) {
    at = writer.put(
      'dag-cbor',
      encodeCbor({ v: 1, object: cidToLink(at), name: 'x', tagger: ['a', 'b', 1, 0], message: '' }),
    )
  }
  await remote.update(() => ({ refs: new Map([['refs/tags/deep', at]]), operation }), { writer })
  expect((await outcome(remote)).code).toBe('VARVE_CORRUPT')
})

test('a commit with a false generation is refused', async () => {
  for (const generation of [0, -3, 7, 1.5, 2 ** 60]) {
    const remote = await remoteWithData()
    const head = (await refOf(remote, main))!
    const [bytes] = await remote.get([head])
    const writer = remote.writer()
    const { cid: _, ...commit } = parseCommit(head, bytes!)
    const forged = writeCommit(writer, { ...commit, generation })
    await remote.update(() => ({ refs: new Map([[main, forged]]), operation }), { writer })
    expect((await outcome(remote)).code).toBe('VARVE_CORRUPT')
  }
})

test('a path that would leave the folder is refused when it is received', async () => {
  for (const path of ['../../etc/passwd', '.varve/format', 'a/../b', '/etc/passwd']) {
    const remote = MemoryStore.create()
    const good = await commitOn(remote, main, { files: { a: '1' } })
    const [bytes] = await remote.get([good])
    const writer = remote.writer()
    const { cid: _, ...commit } = parseCommit(good, bytes!)
    const { MapBuilder } = await import('../../src/prolly/map-builder.ts')
    const { NodeStore } = await import('../../src/prolly/node-store.ts')
    const { encodeEntry } = await import('../../src/files/entry.ts')
    const builder = new MapBuilder(writer)
    const entry = {
      kind: 'file',
      executable: false,
      size: 0,
      content: writer.put('raw', new Uint8Array(0)),
    } as const
    const { value, links } = encodeEntry(entry)
    builder.addEntry(new TextEncoder().encode(path), value, links)
    const tree = builder.finish(new NodeStore(writer)).cid
    const forged = writeCommit(writer, { ...commit, tree })
    await remote.update(() => ({ refs: new Map([[main, forged]]), operation }), { writer })
    expect((await outcome(remote)).code).toBe('VARVE_CORRUPT')
  }
})

test('what an honest remote sends is accepted: the lies above are what fails', async () => {
  expect((await outcome(await remoteWithData())).code).toBe('accepted')
})

// Connections that break.

test('a fetch that breaks off at any step leaves both sides whole, and the next one succeeds', async () => {
  const remote = await remoteWithData()
  const head = (await refOf(remote, main))!
  await tagCommit(remote, 'v1', head)
  for (let step = 1; ; step++) {
    const local = MemoryStore.create()
    const broken = await fetchRefs(local, new WrappedStore(remote, failAt(step)), origin).then(
      () => false,
      () => true,
    )
    expect(await problemsOf(local)).toEqual([])
    expect((await local.manifest()).refs.size === 0).toBe(broken)
    await fetchRefs(local, remote, origin)
    expect(await refOf(local, 'refs/remotes/origin/main')).toBe(head)
    expect(await problemsOf(local)).toEqual([])
    if (!broken) break
  }
})

test.each(['here', 'there'])(
  'a push that breaks off at any step %s leaves both sides whole, and the next one succeeds',
  async (where) => {
    const hub = await remoteWithData()
    for (let step = 1; ; step++) {
      const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
      await cloneInto(local, hub, { url: '/hub' })
      await push(hub, remote, { refspecs: ['main~1:main'] })
      const before = await refOf(remote, main)
      const head = await commitOn(local, main, { rows: new Map([[3, 'edited']]) })
      const near = where === 'here' ? new WrappedStore(local, failAt(step)) : local
      const far = where === 'there' ? new WrappedStore(remote, failAt(step)) : remote
      const broken = await push(near, far, origin).then(
        () => false,
        () => true,
      )
      expect([before, head]).toContain(await refOf(remote, main))
      expect(await problemsOf(remote)).toEqual([])
      expect(await problemsOf(local)).toEqual([])
      await push(local, remote, origin)
      expect(await refOf(remote, main)).toBe(head)
      expect(await refOf(local, 'refs/remotes/origin/main')).toBe(head)
      expect(await problemsOf(remote)).toEqual([])
      if (!broken) break
    }
  },
)

test('deltas travel as deltas where the base is there, and whole where it is not', async () => {
  const remote = await remoteWithData()
  const head = (await refOf(remote, main))!
  const { closure } = await import('./closure.ts')
  const { deflate } = await import('../../src/base/platform.ts')
  const objects = new Map((await closure(remote, head)).map(({ cid, bytes }) => [cid, bytes]))
  const nodes = [...objects.keys()].filter(
    (cid) => codecOf(cid) === 'dag-cbor' && linksOf(cid, objects.get(cid)!).length === 0,
  )
  const [base, ...others] = nodes
  const unknown = cidOf('raw', new Uint8Array(5))
  const hooks: Hooks = {
    getStored: (all) =>
      all.map((object) => {
        if (!others.includes(object.cid)) return object
        if (others.indexOf(object.cid) % 2 === 0)
          return { ...object, packing: 'delta', base: unknown, depth: 1 }
        const payload = deflate(objects.get(object.cid)!, { level: 3, dictionary: objects.get(base!)! })
        return { ...object, packing: 'delta', base: base!, depth: 1, payload }
      }),
  }
  expect(others.length).toBeGreaterThan(2)
  const { code, local } = await outcome(new WrappedStore(remote, hooks))
  expect(code).toBe('accepted')
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(head)
})
