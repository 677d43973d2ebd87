// Many writers and collectors on one directory, each with a store of its own as separate processes have.
import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { type Cid, cidFromLink } from '../../src/encoding/cid.ts'
import type { Store } from '../../src/store/interface.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { operation, publish, putNode, setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'

type Node = [string, Parameters<typeof cidFromLink>[0][]]

async function history(store: Store, tip: Cid): Promise<string[]> {
  const names: string[] = []
  for (let at: Cid | undefined = tip; at !== undefined;) {
    const [name, links] = decodeCbor((await store.get([at]))[0]!, 'node') as Node
    names.push(name)
    at = links[1] === undefined ? undefined : cidFromLink(links[1])
  }
  return names
}

/** One commit: a chunk and a node that links to the tip and the chunk. */
async function commit(store: Store, name: string, base: Cid | null): Promise<Cid> {
  const writer = store.writer()
  const text = `${Array.from({ length: 200 }, (_, i) => `row ${i}`).join(',')} ${name}`
  let chunk: Cid | null = null
  for (;;) {
    try {
      await store.update(
        (current) => {
          const tip = current.refs.get('refs/heads/main')
          chunk = writer.put('raw', utf8(text), { base: base ?? undefined })
          return setRef('refs/heads/main', putNode(writer, name, tip === undefined ? [chunk] : [chunk, tip]))
        },
        { writer },
      )
      return chunk!
    } catch (error) {
      if (!isVarveError(error, 'VARVE_NOT_POSSIBLE')) throw error
      await writer.abort()
    }
  }
}

test('eight writers and a collector without grace: every commit is there, and every byte is right', async () => {
  const dir = `${temporaryDir()}/store`
  await (await DiskStore.create(dir, { firstBranch: 'main' })).close()
  const writers = Array.from({ length: 8 }, async (_, w) => {
    const store = await DiskStore.open(dir)
    let base: Cid | null = null
    for (let i = 0; i < 4; i++) base = await commit(store, `${w}.${i}`, base)
  })
  let writing = true
  const collector = (async () => {
    const store = await DiskStore.open(dir)
    for (let i = 0; writing; i++) {
      await publish(store, 'refs/heads/loose', `loose ${i}`)
      await store.update(() => setRef('refs/heads/loose', null))
      await store.gc({ graceMs: 0, manifestsKeptMax: 2 })
    }
  })()
  await Promise.all(writers)
  writing = false
  await collector
  const store = await DiskStore.open(dir)
  const names = await history(store, (await store.manifest()).refs.get('refs/heads/main')!)
  expect(names.sort()).toEqual(Array.from({ length: 32 }, (_, i) => `${Math.floor(i / 4)}.${i % 4}`))
  await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
  expect((await store.fsck()).problems).toEqual([])
})

test('a reader that holds an old view finds everything after commits and a gc without grace', async () => {
  const dir = `${temporaryDir()}/store`
  const writer = await DiskStore.create(dir, { firstBranch: 'main' })
  const reader = await DiskStore.open(dir)
  const first = await publish(writer, 'refs/heads/main', 'first')
  expect((await reader.get([first])).length).toBe(1)
  for (let i = 0; i < 12; i++) await publish(writer, `refs/heads/${i}`, `node ${i}`, [first])
  const other = await DiskStore.open(dir)
  await other.stats()
  await writer.update(() => setRef('refs/heads/3', null))
  await writer.gc({ graceMs: 0, manifestsKeptMax: 1 })
  expect((await writer.stats()).packs).toBe(1)
  const tips = [...(await writer.manifest()).refs.values()]
  expect((await other.get([first, ...tips])).length).toBe(tips.length + 1)
  expect(await reader.has(tips)).toEqual(tips.map(() => true))
})

test('with grace, replaced files stay until they are old', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  for (let i = 0; i < 12; i++) await publish(store, 'refs/heads/main', `node ${i}`)
  const slow = await DiskStore.open(dir)
  const tip = (await store.manifest()).refs.get('refs/heads/main')!
  const report = await store.gc({ manifestsKeptMax: 1 })
  expect([report.objectsKept, report.objectsDropped, report.filesRemoved]).toEqual([1, 11, 0])
  expect((await slow.get([tip])).length).toBe(1)
  expect((await store.gc({ graceMs: 0, manifestsKeptMax: 1 })).filesRemoved).toBe(0)
})

test('segments stay few, however many commits there are', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  for (let i = 0; i < 40; i++) await publish(store, 'refs/heads/main', `node ${i}`)
  expect((await store.stats()).objects).toBe(40)
  expect((await store.stats()).segments).toBeLessThanOrEqual(6)
})

test('refs too many for a manifest are spilled, and moving one of them adds little', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  const tip = await publish(store, 'refs/heads/main', 'tip')
  const names = Array.from({ length: 5000 }, (_, i) => `refs/tags/version-${i}`)
  await store.update(() => ({ refs: new Map(names.map((name) => [name, tip])), operation }))
  const before = (await store.stats()).packBytes
  const next = await publish(store, 'refs/tags/version-77', 'next')
  const fresh = await DiskStore.open(dir)
  const { refs } = await fresh.manifest()
  expect([refs.size, refs.get('refs/tags/version-77'), refs.get('refs/tags/version-78')]).toEqual([
    5001,
    next,
    tip,
  ])
  expect((await store.stats()).packBytes - before).toBeLessThan(40_000)
  await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
  expect((await fresh.manifest()).refs.size).toBe(5001)
  expect((await fresh.fsck()).problems).toEqual([])
})

test('a writer that was held up until gc had freed its number again loses, and does its work over', async () => {
  const dir = `${temporaryDir()}/store`
  const late = await DiskStore.create(dir)
  const other = await DiskStore.open(dir)
  const theirs: Cid[] = []
  const { link } = fs
  vi.spyOn(fs, 'link').mockImplementationOnce((from, to, done) => {
    const held = async (): Promise<void> => {
      for (const name of ['one', 'two']) theirs.push(await publish(other, 'refs/heads/theirs', name))
      await other.gc({ manifestsKeptMax: 1 })
    }
    held().then(() => link(from, to, done), done)
  })
  const ours = await publish(late, 'refs/heads/ours', 'ours')
  const { refs } = await (await DiskStore.open(dir)).manifest()
  expect([refs.get('refs/heads/ours'), refs.get('refs/heads/theirs')]).toEqual([ours, theirs[1]])
  expect((await late.fsck()).problems).toEqual([])
})

test('a commit that is seen in the middle of a collection makes it begin again, and fails nothing', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  const other = await DiskStore.open(dir)
  for (const name of ['loose', 'replaced']) await publish(store, 'refs/heads/loose', name)
  await commit(store, 'first', null)
  let turns = 0
  const absent = async (): Promise<Set<Cid>> => {
    if (turns++ === 0) await commit(other, 'meanwhile', null)
    await store.manifest()
    return new Set()
  }
  await store.gc({ absent, graceMs: 0, manifestsKeptMax: 1 })
  expect(turns).toBe(2)
  const { refs } = await store.manifest()
  expect(await history(store, refs.get('refs/heads/main')!)).toEqual(['meanwhile', 'first'])
  expect((await store.fsck()).problems).toEqual([])
})
