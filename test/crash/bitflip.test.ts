// One flipped bit in any file of a store, or a file cut at any length, is noticed by fsck, and no read ever gives a
// wrong value. Each byte has one of its bits flipped, another one byte by byte; all eight in the smallest files.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { putNode, setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'

const text = Array.from({ length: 40 }, (_, i) => `row ${i * i}`).join('\n')
const truth = new Map<Cid, Uint8Array>()

async function smallStore(): Promise<string> {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  const first = store.writer()
  const old = first.put('raw', utf8(text))
  const tip = putNode(first, 'tip', [old])
  await store.update(() => setRef('refs/heads/main', tip), { writer: first })
  const second = store.writer()
  const next = second.put('raw', utf8(`${text} more`), { base: old })
  const top = putNode(second, 'top', [next, tip])
  await store.update(() => setRef('refs/heads/main', top), { writer: second })
  const cids = [old, tip, next, top]
  ;(await store.get(cids)).forEach((bytes, i) => truth.set(cids[i]!, bytes))
  await store.close()
  return dir
}

/** All but `newest`: nobody here reads that hint, and whoever reads it elsewhere compares the digest that it names. */
function filesOf(dir: string): string[] {
  const found = fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'newest')
  return found.map((entry) => path.join(entry.parentPath, entry.name)).sort()
}

/** True when fsck reports damage, or the store is not even opened; a read that gives a wrong value fails the test. */
async function isNoticed(dir: string): Promise<boolean> {
  let store: DiskStore
  try {
    store = await DiskStore.open(dir)
  } catch (error) {
    if (isVarveError(error)) return true
    throw error
  }
  const manifest = await orNull(store.manifest())
  if (manifest !== null && manifest.sequence !== 3)
    throw new Error('an older manifest was taken for the newest')
  for (const [cid, bytes] of truth) {
    const read = await orNull(store.get([cid]))
    if (read !== null && Buffer.compare(read[0]!, bytes) !== 0) throw new Error(`a wrong value of ${cid}`)
  }
  const report = await store.fsck()
  await store.close()
  return report.problems.length > 0
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (isVarveError(error)) return null
    throw error
  }
}

test('every flipped bit is noticed, and none gives a wrong value', { timeout: 120_000 }, async () => {
  const dir = await smallStore()
  expect(await isNoticed(dir)).toBe(false)
  for (const file of filesOf(dir)) {
    const whole = fs.readFileSync(file)
    const fd = fs.openSync(file, 'r+')
    for (let at = 0; at < whole.length; at++) {
      const bits = whole.length < 150 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]
      for (const bit of bits) {
        fs.writeSync(fd, Uint8Array.of(whole[at]! ^ (1 << bit)), 0, 1, at)
        fs.futimesSync(fd, 1, 1)
        if (!(await isNoticed(dir)))
          throw new Error(`bit ${bit} of byte ${at} of ${path.relative(dir, file)}`)
      }
      fs.writeSync(fd, whole, at, 1, at)
    }
    fs.closeSync(fd)
  }
  expect(await isNoticed(dir)).toBe(false)
})

test('every file cut short is noticed, at whatever length, and so is one that is gone or longer', async () => {
  const dir = await smallStore()
  for (const file of filesOf(dir)) {
    const whole = fs.readFileSync(file)
    const step = Math.max(1, Math.floor(whole.length / 100))
    for (let length = 0; length < whole.length; length += step) {
      fs.writeFileSync(file, whole.subarray(0, length))
      // Old, so that nobody waits for the rest of it.
      fs.utimesSync(file, 1, 1)
      if (!(await isNoticed(dir))) throw new Error(`${path.relative(dir, file)} cut at ${length}`)
    }
    fs.writeFileSync(file, Buffer.concat([whole, Buffer.of(0)]))
    expect(await isNoticed(dir)).toBe(true)
    fs.writeFileSync(file, whole)
  }
})
