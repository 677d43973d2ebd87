// What a receiver of pushes promises: all refs move or none, and a sender that lies leaves no trace.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { brotli, sha256, sha256Stream } from '../../src/base/platform.ts'
import { type Cid, type CommitCid, codecOf } from '../../src/encoding/cid.ts'
import { linksOf } from '../../src/encoding/links.ts'
import { writeBytes } from '../../src/files/content.ts'
import { encodeEntry } from '../../src/files/entry.ts'
import { parseCommit, writeCommit } from '../../src/history/commit.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { type PushedUpdate, type ReceiveOptions, receivePush } from '../../src/remote/receive-push.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { PackReader } from '../../src/store/disk/pack-reader.ts'
import type { ObjectReader, Store, StoredObject } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { packEnd, packFooter, packHead } from '../../src/store/pack.ts'
import { recordLength, writeRecord } from '../../src/store/record.ts'
import { temporaryDir } from '../support/temporary.ts'
import { closure } from './closure.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit, writeChild } from './history.ts'
import { packsIn, packsOf } from './sent-packs.ts'
import { WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'
const operation = { name: 'x', message: '', author: '' }

async function outcome(
  store: Store,
  sent: ObjectReader,
  updates: readonly PushedUpdate[],
  options: Partial<ReceiveOptions> = {},
): Promise<string> {
  try {
    await receivePush(store, async () => sent, { updates, ...options })
  } catch (error) {
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'done'
}

/** Nothing is left of a push that was refused. */
async function untouched(store: Store, work: () => Promise<string>): Promise<string> {
  const before = await store.manifest()
  const { objects } = await store.stats()
  const result = await work()
  expect(result).not.toBe('done')
  expect((await store.manifest()).sequence).toBe(before.sequence)
  expect((await store.stats()).objects).toBe(objects)
  return result
}

async function pair(): Promise<{ store: MemoryStore; local: MemoryStore; base: CommitCid }> {
  const [store, local] = [MemoryStore.create(), MemoryStore.create()]
  const base = await commitOn(local, main, {
    rows: manyRows(500),
    files: { a: 'one', 'b/c': 'x'.repeat(50_000) },
  })
  expect(await outcome(store, local, [{ ref: main, before: null, after: base }])).toBe('done')
  return { store, local, base }
}

test('a first push makes its branch the current one; everything is there', async () => {
  const [store, local] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, 'refs/heads/trunk', { rows: manyRows(500) })
  const tag = await tagCommit(local, 'v1', head)
  const report = await receivePush(store, async () => local, {
    updates: [
      { ref: 'refs/heads/trunk', before: null, after: head },
      { ref: 'refs/tags/v1', before: null, after: tag },
    ],
  })
  expect(report.updates).toEqual([
    { ref: 'refs/heads/trunk', before: null, after: head, forced: false },
    { ref: 'refs/tags/v1', before: null, after: tag, forced: false },
  ])
  const { refs, head: current } = await store.manifest()
  expect([current, Object.fromEntries(refs)]).toEqual([
    'refs/heads/trunk',
    { 'refs/heads/trunk': head, 'refs/tags/v1': tag },
  ])
  expect(await problemsOf(store)).toEqual([])
})

test('branches move forward; back, and tags, only by force; deleting is asked for by name', async () => {
  const { store, local, base } = await pair()
  const next = await commitOn(local, main, { files: { a: 'two' } })
  const aside = await commitOn(local, 'refs/heads/aside', { files: { a: 'three' } }, base)
  expect(await outcome(store, local, [{ ref: main, before: base, after: next }])).toBe('done')
  expect(
    await untouched(store, () => outcome(store, local, [{ ref: main, before: next, after: aside }])),
  ).toContain('VARVE_REFUSED')
  expect(await outcome(store, local, [{ ref: main, before: next, after: aside, force: true }])).toBe('done')
  expect(await outcome(store, local, [{ ref: 'refs/tags/t', before: null, after: base }])).toBe('done')
  expect(await outcome(store, local, [{ ref: 'refs/tags/t', before: base, after: next }])).toContain(
    'VARVE_REFUSED: tag',
  )
  expect(await outcome(store, local, [{ ref: 'refs/tags/t', before: base, after: next, force: true }])).toBe(
    'done',
  )
  expect(await outcome(store, local, [{ ref: 'refs/tags/t', before: next, after: null }])).toBe('done')
  expect(Object.fromEntries((await store.manifest()).refs)).toEqual({ [main]: aside })
  expect(await problemsOf(store)).toEqual([])
})

test('all refs move or none: one that is not as was said stops them all', async () => {
  const { store, local, base } = await pair()
  const next = await commitOn(local, main, { files: { a: 'two' } })
  const result = await untouched(store, () =>
    outcome(store, local, [
      { ref: 'refs/heads/new', before: null, after: next },
      { ref: main, before: null, after: next },
    ]),
  )
  expect(result).toBe("VARVE_REFUSED: 'main' has been moved by somebody else")
  expect(await refOf(store, main)).toBe(base)
})

test('asked again, a push that went through answers the same and does nothing', async () => {
  const { store, local, base } = await pair()
  const next = await commitOn(local, main, { files: { a: 'two' } })
  const updates = [{ ref: main, before: base, after: next }]
  const first = await receivePush(store, async () => local, { updates })
  const again = await receivePush(store, async () => local, { updates })
  expect([again.sequence, again.objects]).toEqual([first.sequence, 0])
})

test('of two at once one goes through, and the other hears why', async () => {
  const { store, local, base } = await pair()
  const [a, b] = [
    await commitOn(local, 'refs/heads/a', { files: { a: 'A' } }, base),
    await commitOn(local, 'refs/heads/b', { files: { c: 'C' } }, base),
  ]
  const results = await Promise.all(
    [a, b].map((after) => outcome(store, local, [{ ref: main, before: base, after }])),
  )
  expect(results.sort()).toEqual(["VARVE_REFUSED: 'main' has been moved by somebody else", 'done'])
  expect(await problemsOf(store)).toEqual([])
})

test('a gc that the sender does not know of sends it back, and one on the way is lived through', async () => {
  const { store, local, base } = await pair()
  const next = await commitOn(local, main, { files: { a: 'two' } })
  const updates = [{ ref: main, before: base, after: next }]
  const { gcEpoch } = await store.manifest()
  expect(await outcome(store, local, updates, { epoch: gcEpoch + 1 })).toContain('garbage was collected')
  let collected = false
  const permit = async (): Promise<void> => {
    if (collected) return
    collected = true
    await commitOn(store, 'refs/heads/gone', { files: { z: 'z' } })
    await setRef(store, 'refs/heads/gone', null)
    await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
  }
  expect(await outcome(store, local, updates, { epoch: gcEpoch, permit })).toMatch(
    /^done$|garbage was collected/,
  )
  expect(await outcome(store, local, updates)).toBe('done')
  expect(await problemsOf(store)).toEqual([])
})

test('what is not permitted moves nothing, and is asked with what is known of the update', async () => {
  const { store, local, base } = await pair()
  const aside = await commitOn(local, 'refs/heads/aside', { files: { a: 'three' } })
  const seen: unknown[] = []
  const permit: ReceiveOptions['permit'] = async (updates) => {
    seen.push(...updates)
    throw new Error('no')
  }
  const updates = [{ ref: main, before: base, after: aside, force: true }]
  expect(await untouched(store, () => outcome(store, local, updates, { permit }))).toBe('Error: no')
  expect(seen).toEqual([{ ref: main, before: base, after: aside, forced: true }])
})

test.each([
  ['refs/heads/../x'],
  ['refs/heads/a b'],
  ['refs/heads/'],
  ['refs/remotes/origin/main'],
  ['HEAD'],
  ['INDEX'],
  ['MERGE'],
  ['refs/heads/x.lock'],
  ['refs/tags/../../config'],
])('the name %j is refused', async (ref) => {
  const { store, local, base } = await pair()
  const result = await untouched(store, () => outcome(store, local, [{ ref, before: null, after: base }]))
  expect(result).toMatch(/^VARVE_REFUSED: the push is not accepted/)
})

test('a branch that names no commit, a ref named twice, too many refs, none', async () => {
  const { store, local, base } = await pair()
  const tag = await tagCommit(local, 'v1', base)
  const tree = linksOf(base, (await local.get([base]))[0]!)[0]!
  const push = (updates: readonly PushedUpdate[]): Promise<string> =>
    untouched(store, () => outcome(store, local, updates))
  expect(await push([{ ref: 'refs/heads/t', before: null, after: tag }])).toContain('can only name a commit')
  expect(await push([{ ref: 'refs/heads/t', before: null, after: tree }])).toContain('VARVE_CORRUPT')
  const twice = { ref: 'refs/heads/t', before: null, after: base }
  expect(await push([twice, twice])).toContain('twice')
  expect(await push([])).toContain('VARVE_REFUSED')
  const many = Array.from({ length: 10_001 }, (_, i) => ({ ...twice, ref: `refs/heads/t${i}` }))
  expect(await push(many)).toContain('VARVE_REFUSED')
})

test('the branch that is checked out in a working folder stays', async () => {
  const { store, local, base } = await pair()
  await setRef(store, 'INDEX', base)
  const next = await commitOn(local, main, { files: { a: 'two' } })
  expect(
    await untouched(store, () => outcome(store, local, [{ ref: main, before: base, after: next }])),
  ).toContain('is checked out')
})

// A sender that lies.

test('a commit that lacks any one object below it is refused', async () => {
  const local = MemoryStore.create()
  const head = await commitOn(local, main, {
    rows: manyRows(300),
    files: { a: 'one', 'b/c': 'y'.repeat(40_000) },
  })
  const objects = await closure(local, head)
  expect(objects.length).toBeGreaterThan(5)
  for (const { cid } of objects) {
    const store = MemoryStore.create()
    const holed = MemoryStore.create()
    const writer = holed.writer()
    for (const other of objects) if (other.cid !== cid) writer.put(codecOf(other.cid), other.bytes)
    await holed.update(() => ({ operation }), { writer })
    const result = await untouched(store, () =>
      outcome(store, holed, [{ ref: main, before: null, after: head }]),
    )
    expect(result).toMatch(/^VARVE_OBJECT_MISSING/)
  }
})

test('wrong bytes, other objects and absurd heads are refused', async () => {
  const { local, base } = await pair()
  const updates = [{ ref: main, before: null, after: base }]
  const lies = [
    {
      getStored: (all: StoredObject[]) =>
        all.map((one) => ({ ...one, payload: one.payload.map((b) => b ^ 1) })),
    },
    { getStored: (all: StoredObject[]) => all.slice(1) },
    { getStored: (all: StoredObject[]) => all.map((one) => ({ ...one, rawLength: 2 ** 40 })) },
    { getStored: (all: StoredObject[]) => all.map((one) => ({ ...one, cid: base })) },
    { get: (_: readonly Cid[], all: Uint8Array[]) => all.map((bytes) => bytes.map((b) => b ^ 1)) },
  ]
  for (const lie of lies) {
    const store = MemoryStore.create()
    expect(await untouched(store, () => outcome(store, new WrappedStore(local, lie), updates))).toMatch(
      /^VARVE_(CORRUPT|OBJECT_MISSING)/,
    )
  }
})

test.each(['../../etc/passwd', '.varve/format', 'a/../b', 'a//b', 'a\u0000b'])(
  'a commit with the path %j is refused',
  async (evil) => {
    const local = MemoryStore.create()
    const writer = local.writer()
    const builder = new MapBuilder(writer)
    const entry = encodeEntry({ kind: 'file', executable: false, ...writeBytes(writer, Buffer.from('x')) })
    builder.addEntry(Buffer.from(evil), entry.value, entry.links)
    const tree = builder.finish(new NodeStore(writer))
    const person = { name: 'A', email: 'a@b', timeMs: 0, zoneMinutes: 0 }
    const commit = writeCommit(writer, {
      tree: tree.cid,
      parents: [],
      author: person,
      committer: person,
      message: '',
      generation: 1,
      extra: {},
    })
    const store = MemoryStore.create()
    const sent = await writtenOut(local, writer)
    const result = await untouched(store, () =>
      outcome(store, sent, [{ ref: main, before: null, after: commit }]),
    )
    expect(result).toMatch(/^VARVE_CORRUPT/)
  },
)

async function writtenOut(
  store: MemoryStore,
  writer: ReturnType<MemoryStore['writer']>,
): Promise<MemoryStore> {
  await store.update(() => ({ operation }), { writer })
  return store
}

test('a commit with a false generation is refused', async () => {
  const { store, local, base } = await pair()
  const writer = local.writer()
  const child = await writeChild(local, writer, [base], { files: { a: 'two' } })
  const commit = parseCommit(child, (await writer.get([child]))[0]!)
  const false_ = writeCommit(writer, { ...commit, generation: 7 })
  await writtenOut(local, writer)
  expect(
    await untouched(store, () => outcome(store, local, [{ ref: main, before: base, after: false_ }])),
  ).toContain('false generation')
})

// Packs as files.

async function diskPair(): Promise<{
  store: DiskStore
  head: CommitCid
  packs: { name: string; file: string }[]
  dir: string
}> {
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  const local = MemoryStore.create()
  const head = await commitOn(local, main, {
    rows: manyRows(200),
    files: { a: 'one', b: 'z'.repeat(20_000) },
  })
  return { store, head, packs: await packsOf(path.join(dir, 'sent'), local, [head]), dir }
}

async function pushPacks(
  store: DiskStore,
  packs: readonly { name: string; file: string }[],
  head: CommitCid,
): Promise<string> {
  try {
    const sent = await PackReader.open(packs, store)
    await receivePush(store, async () => sent, { updates: [{ ref: main, before: null, after: head }] })
  } catch (error) {
    return isVarveError(error) ? error.code : String(error)
  }
  return 'done'
}

function filesOf(dir: string): string[] {
  return fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()
}

test('packs are taken in, deltas on what the receiver has included', async () => {
  const { store, head, packs, dir } = await diskPair()
  expect(await pushPacks(store, packs, head)).toBe('done')
  const local = await DiskStore.open(path.join(dir, 'store'))
  const writer = local.writer()
  const child = await writeChild(local, writer, [head], { rows: new Map([[7, 'edited']]) })
  await local.update(() => ({ refs: new Map([['refs/heads/side', child]]), operation }), { writer })
  const other = await DiskStore.create(path.join(dir, 'other'))
  await receivePush(other, () => PackReader.open(packs, other), {
    updates: [{ ref: main, before: null, after: head }],
  })
  const more = await packsOf(path.join(dir, 'more'), local, [child], [head])
  const sent = await PackReader.open(more, other)
  const report = await receivePush(other, async () => sent, {
    updates: [{ ref: main, before: head, after: child }],
  })
  expect(report.objects).toBeLessThan(10)
  expect(await problemsOf(other)).toEqual([])
  for (const one of [store, local, other]) await one.close()
})

test('a pack with any one bit changed, or cut at any byte, is refused, and leaves the store as it was', async () => {
  const { store, head, packs } = await diskPair()
  const before = filesOf(store.location)
  for (const { name, file } of packs) {
    const whole = fs.readFileSync(file)
    const step = Math.max(1, Math.floor(whole.length / 120))
    for (let at = 0; at < whole.length; at += step) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << (at % 8)
      for (const bytes of [changed, whole.subarray(0, at)]) {
        fs.writeFileSync(file, bytes)
        expect([name, at, await pushPacks(store, packs, head)]).toEqual([name, at, 'VARVE_CORRUPT'])
      }
    }
    fs.writeFileSync(file, Buffer.concat([whole, Buffer.from([0])]))
    expect(await pushPacks(store, packs, head)).toBe('VARVE_CORRUPT')
    fs.writeFileSync(file, whole)
  }
  expect(filesOf(store.location)).toEqual(before)
  expect(await pushPacks(store, packs, head)).toBe('done')
  await store.close()
}, 120_000)

test('a pack that unpacks to a terabyte is refused before anything is unpacked', async () => {
  const dir = temporaryDir()
  const store = await DiskStore.create(path.join(dir, 'store'))
  const bomb = await DiskStore.create(path.join(dir, 'bomb'))
  const raw = new Uint8Array(4 << 20)
  const payload = brotli(raw, 5)
  const length = recordLength('brotli', payload.length)
  const count = 250_000
  const parts: Uint8Array[] = [packHead('data', new Uint8Array(8))]
  const records = new Uint8Array(length * count)
  const offsets: number[] = []
  for (let i = 0; i < count; i++) {
    offsets.push(16 + i * length)
    const digest = i === 0 ? sha256(raw) : sha256(Buffer.from(String(i)))
    writeRecord(records, i * length, {
      packing: 'brotli',
      codec: 'raw',
      depth: 0,
      rawLength: raw.length,
      digest,
      base: null,
      payload,
    })
  }
  parts.push(records, packFooter(offsets, 16 + records.length))
  const digest = sha256Stream()
  for (const part of parts) digest.update(part)
  const name = digest.digest()
  const file = path.join(dir, 'bomb.pack')
  fs.writeFileSync(file, Buffer.concat([...parts, packEnd(name)]))
  expect(raw.length * count).toBeGreaterThan(1e12)
  const started = performance.now()
  await expect(PackReader.open([{ name: toHex(name), file }], store)).rejects.toMatchObject({
    code: 'VARVE_CORRUPT',
    message: expect.stringContaining('absurdly much'),
  })
  expect(performance.now() - started).toBeLessThan(10_000)
  expect(packsIn(store.location)).toEqual([])
  for (const one of [store, bomb]) await one.close()
})
