// A round of upkeep that is killed anywhere, or of which one call fails, and many processes that write while rounds run: nothing is lost.
import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { addCommit, commits, emptyStore, expectAll } from '../support/small-commits.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Faults, systemError } from './faults.ts'

const upkeep = {}
const child = fileURLToPath(new URL('children/commits.mjs', import.meta.url))

let faults = new Faults()
afterEach(() => faults.uninstall())

for (const how of ['kill', 'power cut', 'one failure'] as const) {
  test(`${how}: a round happens whole or not at all`, { timeout: 120_000 }, async () => {
    const base = await emptyStore('6')
    const truth = new Map<Cid, string>()
    await commits(base, truth, 12, { upkeep })
    await commits(base, truth, 5)
    let steps = 0
    for (let crashed = true; crashed; steps++) {
      const dir = `${temporaryDir()}/store`
      cpSync(base, dir, { recursive: true })
      const known = new Map(truth)
      const store = await DiskStore.open(dir, { upkeep })
      await addCommit(store, known, 'one more')
      faults = new Faults()
      crashed = false
      faults.install(() => {
        if (faults.calls > steps) crashed = true
        if (crashed && (how !== 'one failure' || faults.calls === steps + 1)) throw systemError('EIO')
        return undefined
      })
      await store.close()
      faults.uninstall()
      if (how === 'power cut') faults.cutPower()
      await expectAll(dir, known)
      await commits(dir, known, 4, { upkeep })
      await expectAll(dir, known)
    }
    expect(steps).toBeGreaterThan(15)
  })
}

test(
  'processes that write, read and collect while rounds run: every commit is there, and every byte is right',
  { timeout: 120_000 },
  async () => {
    const dir = await emptyStore('5')
    const names = ['a', 'b', 'c', 'd', 'e']
    const run = (what: string, name: string, count: number): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, [child, dir, what, name, `${count}`])
    const writing = Promise.all(names.map((name) => run('write', name, 25)))
    const [, read] = await Promise.all([writing, run('read', '', 60), run('gc', '', 4)])
    expect(Number(read.stdout)).toBeGreaterThan(0)
    const store = await DiskStore.open(dir)
    expect((await store.fsck()).problems).toEqual([])
    const messages: string[] = [(await store.manifest()).operation.message]
    let rounds = 0
    for await (const { operation } of store.manifests()) {
      messages.push(operation.message)
      if (operation.name === 'gc' && operation.message === 'auto') rounds++
    }
    expect(rounds).toBeGreaterThan(5)
    for (const name of names) for (let i = 0; i < 25; i++) expect(messages).toContain(`${name} ${i}`)
    // The tip reaches a node and a chunk of each.
    expect((await store.gc({ dryRun: true, manifestsKeptMax: 1 })).objectsKept).toBe(2 * 25 * names.length)
    expect((await store.stats()).packs).toBeLessThan(60)
    await store.close()
  },
)
