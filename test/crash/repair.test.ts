// Every file of a small repository is flipped, cut or removed in turn. After a repair all is whole again, to the byte, or
// the report names exactly what is lost; and a repair that is killed anywhere is done by the next one.
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { Repository } from '../../src/index.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { commitOn, problemsOf, refOf } from '../remote/history.ts'
import {
  type Sample,
  copyOf,
  cut,
  damageAll,
  damages,
  filesOf,
  flip,
  isOfThePast,
  newestManifest,
  sampleRepository,
  unreadable,
} from '../support/damaged-repository.ts'
import { Faults, systemError } from './faults.ts'

let sample: Sample
let faults = new Faults()

beforeAll(async () => {
  sample = await sampleRepository()
})
afterEach(() => faults.uninstall())

async function damagedCopies(
  work: (dir: string, what: string, file: string) => Promise<void>,
): Promise<number> {
  let count = 0
  for (const file of filesOf(sample.dir)) {
    for (const [what, damage] of Object.entries(damages)) {
      const dir = copyOf(sample.dir)
      damage(`${dir}/${file}`, fs.readFileSync(`${dir}/${file}`))
      // Old, so that nobody waits for the rest of it.
      if (fs.existsSync(`${dir}/${file}`)) fs.utimesSync(`${dir}/${file}`, 1, 1)
      try {
        await work(dir, `${what}: ${file}`, file)
      } catch (error) {
        throw new Error(`${what}: ${file}`, { cause: error })
      }
      fs.rmSync(dir, { recursive: true })
      count++
    }
  }
  return count
}

test('with a remote that has all of it everything is whole again', async () => {
  const count = await damagedCopies(async (dir, what, file) => {
    const report = await Repository.repair(dir)
    expect(report.unusable).toEqual([])
    expect(await unreadable(dir, sample)).toEqual([])
    // What no remote has can be lost: the log itself, and what was staged and never committed.
    const lost = report.lost.filter((loss) => !isOfThePast(loss))
    if (!file.startsWith('.varve/m/') || what.startsWith('one bit')) expect(lost).toEqual([])
    if (!report.lost.some(isOfThePast)) expect(report.problems).toEqual([])
    const again = await Repository.repair(dir)
    expect(again.done).toEqual([])
    expect(again.lost.every(isOfThePast)).toBe(true)
  })
  expect(count).toBeGreaterThan(100)
})

test('without one, what is lost is told by path and commit, and nothing else is lost', async () => {
  let losses = 0
  await damagedCopies(async (dir, _what, file) => {
    fs.rmSync(`${dir}/0.txt`)
    const opened =
      file.startsWith('.varve/m/') || file === '.varve/format' ? null : await Repository.open(dir)
    // Its settings would lead to the remote.
    await opened?.removeRemote('origin')
    await opened?.close()
    const report = await Repository.repair(dir)
    const lost = await unreadable(dir, sample)
    const told = new Set(
      report.lost.flatMap(({ path: name, commits }) => commits.map((id) => `${id}:${name ?? '*'}`)),
    )
    for (const place of lost) {
      const [id] = place.split(':')
      expect([...told].filter((text) => text === place || text === `${id}:*`)).not.toEqual([])
    }
    losses += lost.length
    for (const place of told) if (!place.endsWith(':*')) expect(lost).toContain(place)
    if (report.lost.length === 0) expect(report.problems).toEqual([])
  })
  expect(losses).toBeGreaterThan(0)
})

/** As a kill: from the `at`-th change of the file system on nothing happens any more. */
async function killedAt(at: number, work: () => Promise<unknown>): Promise<boolean> {
  faults = new Faults()
  let crashed = false
  faults.install(() => {
    if (faults.calls >= at) crashed = true
    if (crashed) throw systemError('EIO')
    return undefined
  })
  await work().catch(() => undefined)
  faults.uninstall()
  return crashed
}

test.each<[string, (dir: string) => void]>([
  ['an index', (dir) => damageAll(dir, /[.]idx$/, flip(0.5))],
  ['packs', (dir) => damageAll(dir, /[.]pack$/, flip(0.4))],
  ['the newest manifest', (dir) => damageAll(dir, new RegExp(path.basename(newestManifest(dir))), cut(0.5))],
  ['a manifest of the past', (dir) => damageAll(dir, /m[/]0*3$/, cut(0.5))],
])(
  'a repair of %s that is killed anywhere is done by the next one',
  { timeout: 300_000 },
  async (_, damage) => {
    const whole = copyOf(sample.dir)
    damage(whole)
    const damaged = copyOf(whole)
    const { lost } = await Repository.repair(whole)
    for (let at = 1; ; at++) {
      const dir = copyOf(damaged)
      const crashed = await killedAt(at, () => Repository.repair(dir))
      const report = await Repository.repair(dir)
      if (!report.lost.some(isOfThePast)) expect(report.problems).toEqual([])
      // What the first one had mended and told of the log is told once; of contents nothing more is lost.
      expect(lost.map(({ what }) => what)).toEqual(
        expect.arrayContaining(report.lost.map(({ what }) => what)),
      )
      expect(await unreadable(dir, sample)).toEqual([])
      fs.rmSync(dir, { recursive: true })
      if (!crashed) break
      expect(at).toBeLessThan(500)
    }
  },
)

test.each<[string, (dir: string) => void]>([
  ['an index', (dir) => damageAll(dir, /[.]idx$/, flip(0.5))],
  ['packs', (dir) => damageAll(dir, /[.]pack$/, flip(0.4))],
])('whoever commits at any step of a repair of %s keeps what was acknowledged', async (_, damage) => {
  const damaged = copyOf(sample.dir)
  damage(damaged)
  let written = 0
  for (let at = 1; ; at += 3) {
    const dir = copyOf(damaged)
    let commit: Promise<Cid | null> | null = null
    faults = new Faults()
    faults.install(() => {
      if (faults.calls >= at) commit ??= commitBeside(`${dir}/.varve`)
      return undefined
    })
    await Repository.repair(dir)
    faults.uninstall()
    const acknowledged = await (commit as Promise<Cid | null> | null)
    const report = await Repository.repair(dir)
    expect(report.lost.filter((loss) => !isOfThePast(loss))).toEqual([])
    expect(await unreadable(dir, sample)).toEqual([])
    if (acknowledged !== null) {
      written++
      const store = await DiskStore.open(`${dir}/.varve`)
      expect(await refOf(store, 'refs/heads/beside')).toBe(acknowledged)
      expect(await problemsOf(store)).toEqual([])
      await store.close()
    }
    fs.rmSync(dir, { recursive: true })
    if (commit === null) break
    expect(at).toBeLessThan(500)
  }
  expect(written).toBeGreaterThan(3)
})

/** null: what is damaged keeps it from being written. */
async function commitBeside(dir: string): Promise<Cid | null> {
  const store = await DiskStore.open(dir)
  try {
    return await commitOn(store, 'refs/heads/beside', { files: { beside: 'mine' } })
  } catch (error) {
    if (isVarveError(error)) return null
    throw error
  } finally {
    await store.close()
  }
}
