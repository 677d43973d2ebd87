// Upkeep by itself: what it puts together, what it leaves alone, and that nobody is disturbed. Kills and many processes:
// test/crash/upkeep.test.ts.
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { smallest } from '../../src/store/disk/upkeep/packs-to-join.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { putNode, setRef } from '../contract/store.ts'
import { addCommit, commits, emptyStore, expectAll } from '../support/small-commits.ts'
import { temporaryDir } from '../support/temporary.ts'

const upkeep = {}

function filesIn(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true }) as string[]
  return names.filter((name) => /[.](pack|idx)$|^tmp\/./.test(name)).sort()
}

test('many small commits leave few files, and everything is there', async () => {
  const dir = await emptyStore('6')
  const truth = new Map<Cid, string>()
  await commits(dir, truth, 60, { upkeep })
  // Without it there are two packs and an index for each of them.
  expect(filesIn(dir).length).toBeLessThan(45)
  await expectAll(dir, truth)
  const store = await DiskStore.open(dir)
  const before = (await store.stats()).objects
  expect(await store.gc({ graceMs: 0 })).toMatchObject({ objectsDropped: 0, objectsKept: before })
  await store.close()
  await expectAll(dir, truth)
})

test.each([
  ['0 is never', '0', { upkeep }],
  ['a store that nobody asked to be kept', '6', {}],
])('%s', async (_, auto, options) => {
  const dir = await emptyStore(auto)
  const truth = new Map<Cid, string>()
  await commits(dir, truth, 20, options)
  expect(filesIn(dir).filter((name) => name.endsWith('.pack')).length).toBe(40)
})

test('a store that stays open is kept as well', async () => {
  const dir = await emptyStore('6')
  const truth = new Map<Cid, string>()
  const store = await DiskStore.open(dir, { upkeep })
  for (let i = 0; i < 100; i++) await addCommit(store, truth, `commit ${i}`)
  expect((await store.stats()).packs).toBeLessThan(80)
  await store.close()
  expect((await store.stats()).packs).toBeLessThan(12)
  await expectAll(dir, truth)
})

test('a reader with an old view finds everything after several rounds', async () => {
  const dir = await emptyStore('6')
  const truth = new Map<Cid, string>()
  await commits(dir, truth, 3)
  const old = await DiskStore.open(dir)
  const manifest = await old.manifest()
  const unread = await DiskStore.open(dir)
  await commits(dir, truth, 40, { upkeep })
  const [first] = truth
  expect(Buffer.from((await old.get([first![0]]))[0]!).toString()).toBe(first![1])
  // It has never looked at its index.
  expect((await unread.has([...truth.keys()])).every(Boolean)).toBe(true)
  expect(manifest.sequence).toBeLessThan((await old.manifest()).sequence)
})

test('a writer that began before several rounds publishes after them', async () => {
  const dir = await emptyStore('6')
  const truth = new Map<Cid, string>()
  await commits(dir, truth, 8)
  const store = await DiskStore.open(dir)
  const writer = store.writer()
  const [oldest] = truth
  // Taken for present, and a delta of what is about to move.
  expect(writer.put('raw', utf8(oldest![1]))).toBe(oldest![0])
  const chunk = writer.put('raw', utf8(`${oldest![1]} and more`), { base: oldest![0] })
  await commits(dir, truth, 30, { upkeep })
  await store.update(() => setRef('refs/heads/late', putNode(writer, 'late', [oldest![0], chunk])), {
    writer,
  })
  truth.set(chunk, `${oldest![1]} and more`)
  await store.close()
  await expectAll(dir, truth)
})

test('damage in a small pack stops it: nothing is spread, moved or deleted, and no command fails', async () => {
  const dir = await emptyStore('6')
  const truth = new Map<Cid, string>()
  await commits(dir, truth, 6)
  const sound = `${temporaryDir()}/sound`
  cpSync(dir, sound, { recursive: true })
  await commits(sound, new Map(truth), 3, { upkeep })
  expect((await DiskStore.open(sound).then((store) => store.stats())).packs).toBeLessThan(18)
  const pack = filesIn(dir).find((name) => name.endsWith('.pack'))!
  const bytes = readFileSync(`${dir}/${pack}`)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(`${dir}/${pack}`, bytes)
  const before = filesIn(dir)
  await commits(dir, truth, 3, { upkeep })
  expect(before.filter((name) => !existsSync(`${dir}/${name}`))).toEqual([])
  expect((await DiskStore.open(dir).then((store) => store.stats())).packs).toBe(18)
})

test('packs that are in order already are not copied again', () => {
  const packs = (...sizes: number[]): { name: string; bytes: number }[] =>
    sizes.map((bytes, i) => ({ name: `${i}`, bytes }))
  const bytesOf = (...sizes: number[]): number[] => smallest(packs(...sizes)).map(({ bytes }) => bytes)
  expect(bytesOf(1000, 300, 100, 30)).toEqual([])
  expect(bytesOf(1000, 10, 10, 10)).toEqual([10, 10, 10])
  expect(bytesOf(30, 10, 10, 10)).toEqual([10, 10, 10, 30])
})
