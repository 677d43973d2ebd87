// Two writers at once that put the same object, each packed in its own way: whatever stands on it can still be read.
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'

/** Texts that differ in a word, so that each can be a patch of any other. */
function version(i: number): Uint8Array {
  return utf8(`${'a line of text that stays as it is\n'.repeat(60)}${i}\n${'and more of it\n'.repeat(90)}`)
}

test('what a gc dropped and another writer put again is no base of what stands on it', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir)
  const seed = store.writer()
  const base = seed.put('raw', version(0))
  await store.update(() => setRef('refs/tags/base', base), { writer: seed })

  const [one, two] = [await DiskStore.open(dir), await DiskStore.open(dir)]
  const first = one.writer()
  const shared = first.put('raw', version(1), { base })
  await first.drained()
  await two.update(() => setRef('refs/tags/base', null))
  await two.gc({ graceMs: 0, manifestsKeptMax: 1 })
  const second = two.writer()
  second.put('raw', version(1))
  second.put('raw', version(0), { base: shared })
  await two.update(
    () => ({
      ...setRef('refs/tags/base', base),
      refs: new Map([
        ['refs/tags/base', base],
        ['refs/tags/two', shared],
      ]),
    }),
    { writer: second },
  )
  await one.update(() => setRef('refs/tags/one', shared), { writer: first })

  const reader = await DiskStore.open(dir)
  const [bytes] = await reader.get([base])
  expect(Buffer.from(bytes!).equals(version(0))).toBe(true)
  expect((await reader.fsck()).problems).toEqual([])
})

test('an object that another writer published first stays where that one put it', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir)
  const seed = store.writer()
  const root = seed.put('raw', version(0))
  await store.update(() => setRef('refs/tags/root', root), { writer: seed })

  // One packs the shared object as a patch of the root; the other packs it whole, and a third as a patch of it.
  const [one, two] = [await DiskStore.open(dir), await DiskStore.open(dir)]
  const [first, second] = [one.writer(), two.writer()]
  const shared = first.put('raw', version(1), { base: root })
  expect(second.put('raw', version(1))).toBe(shared)
  const third = second.put('raw', version(2), { base: shared })
  await two.update(() => setRef('refs/tags/third', third), { writer: second })
  await one.update(() => setRef('refs/tags/shared', shared), { writer: first })

  const reader = await DiskStore.open(dir)
  const [bytes] = await reader.get([third])
  expect(Buffer.from(bytes!).equals(version(2))).toBe(true)
  expect((await reader.stats()).objects).toBe(3)
  expect((await reader.fsck()).problems).toEqual([])
})
