// A gc that packs all anew: smaller, and the same objects.
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { putNode, setRef } from '../contract/store.ts'
import { addCommit, emptyStore, expectAll } from '../support/small-commits.ts'

const words = ['called back', 'no answer', 'paid in full', 'sent a reminder', 'moved house', 'London', 'Wien']

/** 400 texts of some 8 KiB, as leaves of a table are. */
async function addTexts(store: DiskStore, truth: Map<Cid, string>): Promise<void> {
  const writer = store.writer()
  let seed = 1
  const row = (): string => {
    seed = (seed * 48_271) % 2_147_483_647
    return `${seed},${words[seed % words.length]!}`
  }
  const texts = Array.from({ length: 400 }, () => Array.from({ length: 400 }, row).join('\n'))
  const cids = texts.map((text) => writer.put('raw', utf8(text)))
  cids.forEach((cid, i) => truth.set(cid, texts[i]!))
  await store.update(() => setRef('refs/heads/texts', putNode(writer, 'texts', cids)), { writer })
}

test('it packs all anew, smaller: the same objects, and deltas on what they stood on', async () => {
  const dir = await emptyStore('0')
  const truth = new Map<Cid, string>()
  const store = await DiskStore.open(dir)
  await addTexts(store, truth)
  for (let i = 0; i < 5; i++) await addCommit(store, truth, `commit ${i}`)
  const plain = await store.gc({ graceMs: 0 })
  expect(plain.objectsDropped).toBe(0)
  expect(plain.bytesAfter).toBeGreaterThan(0.99 * plain.bytesBefore)
  const small = await store.gc({ graceMs: 0, aggressive: true })
  expect(small.objectsKept).toBe(plain.objectsKept)
  expect(small.bytesAfter).toBeLessThan(0.85 * small.bytesBefore)
  expect(await store.fsck()).toMatchObject({ problems: [] })
  await store.close()
  await expectAll(dir, truth)
  // What comes later may stand on what is packed now, and a second time changes nothing.
  const again = await DiskStore.open(dir)
  await addCommit(again, truth, 'later')
  const second = await again.gc({ graceMs: 0, aggressive: true })
  expect(Math.abs(second.bytesAfter - small.bytesAfter)).toBeLessThan(2000)
  await again.close()
  await expectAll(dir, truth)
})
