// One call of the system fails amid a repair, of those that read too: nothing that lay there is gone, and the next repair
// does what the first one would have done.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import {
  type Sample,
  copyOf,
  cut,
  damageAll,
  flip,
  isOfThePast,
  newestManifest,
  sampleRepository,
  unreadable,
} from '../support/damaged-repository.ts'
import { failingOnce } from '../support/failing-once.ts'

/** A repair makes some 500 calls, of which every thirteenth fails once; each kind of damage begins at another. */
const stride = 13

let sample: Sample
beforeAll(async () => {
  sample = await sampleRepository()
}, 60_000)

/** Digests of all that lies in the store, whatever its name is. */
function contentsIn(dir: string): Set<string> {
  const found = fs.readdirSync(`${dir}/.varve`, { recursive: true, withFileTypes: true })
  const kept = found.filter(({ name, parentPath }) => name !== 'newest' && !/\/(tmp|cache)$/.test(parentPath))
  const files = kept.flatMap((entry) => (entry.isFile() ? [path.join(entry.parentPath, entry.name)] : []))
  return new Set(files.map((file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex')))
}

const missingIn = (dir: string, contents: ReadonlySet<string>): string[] => {
  const now = contentsIn(dir)
  return [...contents].filter((one) => !now.has(one))
}

test.each<[string, (dir: string) => void]>([
  ['an index', (dir) => damageAll(dir, /[.]idx$/, flip(0.5))],
  ['packs', (dir) => damageAll(dir, /[.]pack$/, flip(0.4))],
  ['the newest manifest', (dir) => damageAll(dir, new RegExp(path.basename(newestManifest(dir))), cut(0.5))],
  ['a manifest of the past', (dir) => damageAll(dir, /m[/]0*3$/, cut(0.5))],
  ['what is whole', () => undefined],
])('one call fails amid a repair of %s: nothing is gone, and the next one does it', async (what, damage) => {
  const damaged = copyOf(sample.dir)
  damage(damaged)
  const before = contentsIn(damaged)
  const once = copyOf(damaged)
  const { lost } = await Repository.repair(once)
  let at = 1 + (what.length % stride)
  for (; ; at += stride) {
    const dir = copyOf(damaged)
    const failed = await failingOnce(at, dir, () => Repository.repair(dir).catch(() => undefined))
    if (failed === null) break
    try {
      expect(missingIn(dir, before)).toEqual([])
      const report = await Repository.repair(dir)
      if (!report.lost.some(isOfThePast)) expect(report.problems).toEqual([])
      expect(lost.map((one) => one.what)).toEqual(expect.arrayContaining(report.lost.map((one) => one.what)))
      expect(missingIn(dir, before)).toEqual([])
      expect(await unreadable(dir, sample)).toEqual([])
    } catch (cause) {
      throw new Error(`call ${at}, ${failed.call} of ${failed.target}`, { cause })
    }
    fs.rmSync(dir, { recursive: true })
  }
  expect(at).toBeGreaterThan(200)
})
