// Real processes with real threads, from the built package: `npm test` builds it first.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { DiskStore } from '../../src/store/disk/store.ts'
import { temporaryDir } from '../support/temporary.ts'

const child = fileURLToPath(new URL('children/commit.mjs', import.meta.url))

test('four processes that commit to one ref at once lose nothing, and end by themselves', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  const names = ['a', 'b', 'c', 'd']
  const ended = await Promise.all(
    names.map((name) => promisify(execFile)(process.execPath, [child, dir, name, '4'])),
  )
  expect(ended.map(({ stdout }) => Number(stdout) > 0)).toEqual([true, true, true, true])
  const messages: string[] = [(await store.manifest()).operation.message]
  for await (const manifest of store.manifests()) messages.push(manifest.operation.message)
  const expected = names.flatMap((name) => [0, 1, 2, 3].map((i) => `${name} ${i}`))
  expect(messages.sort()).toEqual(['', ...expected].sort())
  // 16 commits and 40 chunks each, all of them reached from the tip.
  const report = await store.fsck()
  expect(report.problems).toEqual([])
  expect((await store.gc({ dryRun: true, manifestsKeptMax: 1 })).objectsKept).toBe(16 * 41)
}, 60_000)
