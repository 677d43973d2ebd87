// What a repair brings back, what it tells, and what it leaves alone. Every kind of damage: test/crash/repair.test.ts.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import {
  type Damage,
  type Sample,
  author,
  copyOf,
  cut,
  filesOf,
  flip,
  isOfThePast,
  newestManifest,
  read,
  sampleRepository,
  unreadable,
} from '../support/damaged-repository.ts'
import { temporaryDir } from '../support/temporary.ts'

let sample: Sample

beforeAll(async () => {
  sample = await sampleRepository()
})

/** A copy whose newest operation is a commit that no remote has. */
async function withNewCommit(): Promise<{ dir: string; id: string }> {
  const dir = copyOf(sample.dir)
  const repo = await Repository.open(dir, { author })
  fs.writeFileSync(`${dir}/new.txt`, 'new')
  await repo.add(['new.txt'])
  const { id } = await repo.commit({ message: 'new' })
  await repo.close()
  return { dir, id }
}

test.each<[string, Damage]>([
  ['cut', cut(0.5)],
  ['removed', (file) => fs.rmSync(file)],
])(
  'a newest manifest that is %s: the state before it comes back, and its commit as a branch',
  async (_, damage) => {
    const { dir, id } = await withNewCommit()
    const file = newestManifest(dir)
    damage(file, fs.readFileSync(file))
    if (fs.existsSync(file)) fs.utimesSync(file, 1, 1)
    const dry = await Repository.repair(dir, { dryRun: true })
    const report = await Repository.repair(dir)
    expect(dry.lost).toEqual(report.lost)
    expect(report.problems).toEqual([])
    expect(report.lost).toEqual([
      {
        path: null,
        what: expect.stringContaining(`recovered/${id.slice(0, 12)}`) as string,
        commits: [],
        commitCount: 0,
        refs: [],
      },
    ])
    const repo = await Repository.open(dir)
    expect((await repo.commitInfo('main')).id).toBe(sample.tip)
    expect((await repo.commitInfo(`recovered/${id.slice(0, 12)}`)).id).toBe(id)
    expect(await read(repo, id, 'new.txt')).toBe('new')
    await repo.gc({ graceMs: 0, manifestsKeptMax: 1 })
    expect(await read(repo, id, 'new.txt')).toBe('new')
    await repo.close()
  },
)

test('a dry run changes nothing, and says what the repair then does', async () => {
  const dir = copyOf(sample.dir)
  for (const file of filesOf(dir).filter((name) => /[.](pack|idx)$/.test(name)))
    flip(0.5)(`${dir}/${file}`, fs.readFileSync(`${dir}/${file}`))
  const before = filesOf(dir).map((file) => `${file} ${fs.readFileSync(`${dir}/${file}`).toString('hex')}`)
  const dry = await Repository.repair(dir, { dryRun: true })
  const after = filesOf(dir).map((file) => `${file} ${fs.readFileSync(`${dir}/${file}`).toString('hex')}`)
  expect(after.filter((line) => !line.startsWith('.varve/cache'))).toEqual(before)
  const { quarantine, ...report } = await Repository.repair(dir)
  expect({ ...dry, quarantine }).toEqual({ ...report, quarantine })
  expect(report.done.length).toBeGreaterThan(5)
  // Nothing that was damaged is thrown away.
  const kept = fs.readdirSync(quarantine!, { recursive: true }) as string[]
  expect(kept.filter((name) => name.endsWith('.pack')).length).toBe(
    before.filter((line) => line.includes('.pack ')).length,
  )
})

test('from: a copy that is no remote mends it, and one that cannot be reached is told', async () => {
  const dir = copyOf(sample.dir)
  const copy = `${temporaryDir()}/copy`
  const repo = await Repository.open(dir)
  await repo.removeRemote('origin')
  await repo.close()
  fs.cpSync(sample.remote, copy, { recursive: true })
  const packs = filesOf(dir).filter((name) => name.endsWith('.pack'))
  for (const file of packs) fs.rmSync(`${dir}/${file}`)
  const without = await Repository.repair(dir, { dryRun: true })
  expect(without.lost).not.toEqual([])
  const report = await Repository.repair(dir, { from: ['/nowhere/at/all', copy] })
  expect(report.unusable.map(({ name }) => name)).toEqual(["'/nowhere/at/all'"])
  expect(report.lost.every(isOfThePast)).toBe(true)
  expect(await unreadable(dir, sample)).toEqual([])
})
