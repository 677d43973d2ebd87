import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { deltaDepthMax, pack, unpack } from '../../src/store/packing.ts'
import { readRecord, readRecordHead, recordLength, writeRecord } from '../../src/store/record.ts'
import { operation, setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'

const row = (i: number): string => `${i * 7919},name ${(i * 31) % 97},${(i * i) % 1013}\n`
const leaf = Array.from({ length: 400 }, (_, i) => row(i)).join('')

function noise(length: number): Uint8Array {
  let state = 42
  return Uint8Array.from(
    { length },
    () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), state >>> 24),
  )
}

test('bytes that do not shrink are kept as they are', () => {
  expect(pack(noise(5000), null).packing).toBe('none')
  expect(pack(noise(200_000), null).packing).toBe('none')
  expect(pack(utf8('short'), null).packing).toBe('none')
})

test('a small object and a large one get brotli, and both come back', () => {
  for (const [text, packing] of [
    [leaf, 'brotli'],
    [leaf.repeat(10), 'brotli'],
  ] as const) {
    const packed = pack(utf8(text), null)
    expect(packed.packing).toBe(packing)
    expect(Buffer.compare(unpack(packed.packing, packed.payload, text.length, null), utf8(text))).toBe(0)
  }
})

test('a new version of an 8 KiB leaf costs about a hundred bytes', () => {
  const edited = utf8(leaf.replace('name 31', 'name XX'))
  const packed = pack(edited, utf8(leaf))
  expect(packed.packing).toBe('patch')
  expect(packed.payload.length).toBeLessThan(150)
  expect(Buffer.compare(unpack('patch', packed.payload, edited.length, utf8(leaf)), edited)).toBe(0)
})

test('a new version with an edit in every row is deflated over the old one', () => {
  const edited = utf8(leaf.replaceAll('name', 'label'))
  const packed = pack(edited, utf8(leaf))
  expect(packed.packing).toBe('delta')
  expect(packed.payload.length).toBeLessThan(edited.length / 2)
  expect(Buffer.compare(unpack('delta', packed.payload, edited.length, utf8(leaf)), edited)).toBe(0)
})

test('a base that is not similar, or too long to be looked back on, is not used', () => {
  expect(pack(noise(8000), utf8(leaf)).packing).toBe('none')
  expect(pack(utf8(leaf.repeat(6)), utf8(leaf.repeat(6))).packing).toBe('brotli')
})

test('a record is read as it was written, and no length in it is believed', () => {
  const payload = utf8('payload')
  const bytes = new Uint8Array(3 + recordLength('none', payload.length))
  const digest = noise(32)
  writeRecord(bytes, 3, {
    packing: 'none',
    codec: 'raw',
    depth: 0,
    rawLength: 7,
    digest,
    base: null,
    payload,
  })
  expect(Buffer.from(readRecord(bytes, 3).payload).toString()).toBe('payload')
  for (const [at, value] of [
    [3, 0],
    [7, 9],
    [8, 1],
    [9, 1],
    [14, 255],
    [18, 255],
  ] as const) {
    const broken = bytes.slice()
    broken[at] = value
    expect(() => readRecordHead(broken, 3)).toThrow('record')
  }
  expect(() => readRecord(bytes.subarray(0, bytes.length - 1), 3)).toThrow('cut short')
})

test('chains of deltas end at their limit, and every version is read', async () => {
  const store = await DiskStore.create(`${temporaryDir()}/store`, { firstBranch: 'main' })
  const versions = Array.from({ length: 3 * deltaDepthMax }, (_, i) =>
    utf8(leaf.replace('name 31', `version ${i}`)),
  )
  const cids = []
  for (const bytes of versions) {
    const writer = store.writer()
    const cid = writer.put('raw', bytes, { base: cids.at(-1) })
    await store.update(() => setRef('refs/heads/main', cid), { writer })
    cids.push(cid)
  }
  const stored = await store.getStored(cids)
  expect(stored.map((object) => object.depth)).toEqual(versions.map((_, i) => i % (deltaDepthMax + 1)))
  const fresh = await DiskStore.open(store.location)
  const read = await fresh.get([...cids].reverse())
  read.reverse().forEach((bytes, i) => expect(Buffer.compare(bytes, versions[i]!)).toBe(0))
  expect((await fresh.fsck()).problems).toEqual([])
})

test('deltas among objects of one commit are read, and move to another store in order', async () => {
  const store = await DiskStore.create(`${temporaryDir()}/store`, { firstBranch: 'main' })
  const writer = store.writer()
  const first = writer.put('raw', utf8(leaf))
  const second = writer.put('raw', utf8(`${leaf}more`), { base: first })
  expect((await writer.get([second]))[0]!.length).toBe(leaf.length + 4)
  await store.update(() => setRef('refs/heads/main', second), { writer })
  const moved = await store.getStored([first, second])
  expect(moved.map((object) => [object.packing, object.base])).toEqual([
    ['brotli', null],
    ['patch', first],
  ])
  const copy = MemoryStore.create()
  const target = copy.writer()
  for (const object of moved) await target.putStored(object)
  await copy.update(() => ({ operation }), { writer: target })
  expect(await copy.has([first, second])).toEqual([true, true])
})

test('thousands of objects in many batches are all read while they are pending and afterwards', async () => {
  const store = await DiskStore.create(`${temporaryDir()}/store`, { firstBranch: 'main' })
  const writer = store.writer()
  const contents = Array.from({ length: 3000 }, (_, i) => utf8(`${i} ${leaf.slice(0, 900)} ${i}`))
  const cids = contents.map((bytes) => writer.put('raw', bytes))
  await writer.drained()
  const sample = [0, 1500, 2999, 7]
  const whole = (found: readonly Uint8Array[]): boolean =>
    found.every((bytes, i) => Buffer.compare(bytes, contents[sample[i]!]!) === 0)
  expect(whole(await writer.get(sample.map((i) => cids[i]!)))).toBe(true)
  await store.update(() => setRef('refs/heads/main', cids[0]!), { writer })
  const fresh = await DiskStore.open(store.location)
  expect(whole(await fresh.get(sample.map((i) => cids[i]!)))).toBe(true)
  expect((await fresh.stats()).objects).toBe(3000)
})
