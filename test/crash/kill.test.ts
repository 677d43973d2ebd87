// A kill or a power cut at any change of the file system leaves the old state or the new one, never a mix, and a
// store that works; so does one call that fails, after which the process goes on and cleans up.
import { cpSync, existsSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { operation, publish, putNode, setRef } from '../contract/store.ts'
import { failingOnce } from '../support/failing-once.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Faults, systemError } from './faults.ts'

let faults = new Faults()
afterEach(() => faults.uninstall())

type How = 'kill' | 'power cut' | 'one failure' | 'one failure, of reading too'

/** Runs `work` on copies of a store, crashing it at the first call, then at the second, until it gets through. */
async function crashEverywhere(
  base: string,
  how: How,
  work: (dir: string) => Promise<void>,
  check: (dir: string) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    const dir = `${temporaryDir()}/store`
    if (existsSync(base)) cpSync(base, dir, { recursive: true })
    if (how === 'one failure, of reading too') {
      const failed = await failingOnce(at, dir, () => work(dir).catch(() => undefined))
      await check(dir)
      if (failed === null) return at - 1
      continue
    }
    faults = new Faults()
    let crashed = false
    faults.install(() => {
      if (faults.calls >= at) crashed = true
      // A dead process does nothing more, not even clean up.
      if (crashed && (how !== 'one failure' || faults.calls === at)) throw systemError('EIO')
      return undefined
    })
    await work(dir).catch(() => undefined)
    faults.uninstall()
    if (how === 'power cut') faults.cutPower()
    await check(dir)
    if (!crashed) return at - 1
  }
}

async function baseStore(): Promise<{ dir: string; leaf: Cid }> {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  await publish(store, 'refs/heads/loose', 'loose')
  await store.update(() => setRef('refs/heads/loose', null))
  // A pack of which most is garbage.
  const writer = store.writer()
  const leaf = putNode(writer, 'leaf')
  for (let i = 0; i < 9; i++) putNode(writer, `garbage ${i} `.repeat(50))
  await store.update(() => setRef('refs/heads/main', leaf), { writer })
  await store.close()
  return { dir, leaf }
}

async function expectWhole(dir: string): Promise<DiskStore> {
  const store = await DiskStore.open(dir)
  expect((await store.fsck()).problems).toEqual([])
  await publish(store, 'refs/heads/next', 'next')
  expect((await store.manifest()).refs.has('refs/heads/next')).toBe(true)
  return store
}

for (const how of ['kill', 'power cut', 'one failure', 'one failure, of reading too'] as const) {
  test(`${how}: a commit happens whole or not at all`, { timeout: 60_000 }, async () => {
    const { dir: base, leaf } = await baseStore()
    const outcomes = new Set<boolean>()
    const steps = await crashEverywhere(
      base,
      how,
      async (dir) => {
        const store = await DiskStore.open(dir)
        const writer = store.writer()
        const chunk = writer.put('raw', utf8('some chunk of a file'))
        const tip = putNode(writer, 'tip', [leaf, chunk])
        try {
          await store.update(() => setRef('refs/heads/main', tip), { writer })
        } finally {
          await writer.abort()
        }
      },
      async (dir) => {
        const store = await expectWhole(dir)
        const isNew = (await store.manifest()).refs.get('refs/heads/main') !== leaf
        outcomes.add(isNew)
        for await (const manifest of store.manifests())
          expect([...manifest.refs.values()].length).toBeLessThan(3)
      },
    )
    expect(steps).toBeGreaterThan(15)
    expect(outcomes).toEqual(new Set([false, true]))
  })

  test(`${how}: a gc happens whole or not at all`, async () => {
    const { dir: base, leaf } = await baseStore()
    const steps = await crashEverywhere(
      base,
      how,
      async (dir) => {
        const store = await DiskStore.open(dir)
        await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
      },
      async (dir) => {
        const store = await expectWhole(dir)
        expect((await store.get([leaf])).length).toBe(1)
        await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
        expect((await store.fsck()).problems).toEqual([])
      },
    )
    expect(steps).toBeGreaterThan(8)
  })

  test(`${how}: a create that was cut short can be done again`, async () => {
    await crashEverywhere(
      'nowhere',
      how,
      async (dir) => void (await DiskStore.create(dir, { firstBranch: 'main' })),
      async (dir) => {
        if (!DiskStore.exists(dir)) await DiskStore.create(dir, { firstBranch: 'main' })
        await expectWhole(dir)
      },
    )
  })
}

test('what a killed writer left behind is removed by gc when it is old, and by nothing else', async () => {
  const { dir } = await baseStore()
  const store = await DiskStore.open(dir)
  const writer = store.writer()
  for (let i = 0; i < 40; i++) writer.put('raw', utf8(`${i}`.repeat(40_000)))
  await writer.drained()
  faults = new Faults()
  faults.install((call) => {
    if (call === 'link' || call === 'unlink') throw systemError('EIO')
    return undefined
  })
  await store.update(() => ({ operation }), { writer }).catch(() => undefined)
  faults.uninstall()
  const { readdirSync, utimesSync } = await import('node:fs')
  const orphans = (): string[] =>
    (readdirSync(dir, { recursive: true }) as string[]).filter((name) => /^(packs\/.*pack|tmp\/.)/.test(name))
  const before = orphans().length
  await store.gc({ graceMs: 0 })
  expect(orphans().length).toBe(before)
  const live = new Set((await store.stats()).packs === 0 ? [] : orphans())
  for (const name of live) utimesSync(`${dir}/${name}`, 1, 1)
  await store.gc({ graceMs: 0 })
  expect(orphans().length).toBe((await store.stats()).packs)
  expect((await store.fsck()).problems).toEqual([])
})
