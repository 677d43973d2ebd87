// What a repair brings back, what it tells, and what it leaves alone. Every kind of damage: test/crash/repair.test.ts.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { encodeGraph } from '../../src/history/commit-graph-file.ts'
import { Repository } from '../../src/index.ts'
import {
  type Damage,
  type Sample,
  author,
  copyOf,
  csv,
  cut,
  filesOf,
  flip,
  isOfThePast,
  newestManifest,
  noise,
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

test('fsck says of what no branch needs any more that undo and the reflog alone do', async () => {
  const dir = copyOf(sample.dir)
  const repo = await Repository.open(dir, { author })
  const packs = (): string[] => filesOf(dir).filter((name) => name.endsWith('.pack'))
  const before = packs()
  fs.writeFileSync(`${dir}/later.txt`, 'later')
  await repo.add(['later.txt'])
  await repo.commit({ message: 'later' })
  const after = packs()
  await repo.reset('HEAD~1', { mode: 'hard' })
  await repo.close()
  for (const pack of after) if (!before.includes(pack)) fs.rmSync(`${dir}/${pack}`)
  const damaged = await Repository.open(dir)
  const lost = (await damaged.fsck()).problems.filter(({ where }) => where.startsWith('01'))
  expect(lost.length).toBeGreaterThan(0)
  for (const { what } of lost) expect(what).toContain('in the past alone')
  await damaged.close()
})

test('of a partial clone only what it may not lack is brought back; the rest is left with its remote', async () => {
  const dir = `${temporaryDir()}/lazy`
  const clone = await Repository.clone(sample.remote, dir, { lazy: true, bare: true })
  const whole = (await clone.fsck()).objects
  await clone.close()
  for (const file of fs.readdirSync(`${dir}/packs`, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.pack')) fs.rmSync(`${dir}/packs/${file}`)
  const report = await Repository.repair(dir)
  expect([report.lost, report.problems, report.objects]).toEqual([[], [], whole])
  const repo = await Repository.open(dir)
  expect(await read(repo, sample.tip, 'big.bin')).toBe(sample.truth.get(`${sample.tip}:big.bin`))
  await repo.close()
})

test('a commit, a tag and a path tree that are lost are told as what they are', async () => {
  const dir = copyOf(sample.dir)
  const repo = await Repository.open(dir, { author })
  await repo.createTag('v1', { message: 'first' })
  await repo.removeRemote('origin')
  await repo.close()
  const idle = await Repository.repair(dir)
  expect([idle.done, idle.lost, idle.problems]).toEqual([[], [], []])
  // All objects with links are in packs of the kind 'meta', byte 5 of which is 0.
  for (const file of filesOf(dir).filter((name) => name.endsWith('.pack')))
    if (fs.readFileSync(`${dir}/${file}`)[5] === 0) fs.rmSync(`${dir}/${file}`)
  const { lost, problems } = await Repository.repair(dir)
  expect(problems.length).toBeGreaterThan(0)
  const told = lost.map(({ what, refs }) => `${what}: ${refs.join(' ')}`)
  expect(told).toContainEqual(expect.stringMatching(/^the commit itself, and what only it leads to: .*main/))
  expect(told).toContainEqual(expect.stringMatching(/v1/))
  expect(told).toContainEqual(expect.stringMatching(/INDEX/))
})

test('where the commit of HEAD is lost, a reset to the one before leaves the files to be committed again', async () => {
  const dir = `${temporaryDir()}/head`
  const repo = await Repository.init(dir, { author })
  const write = async (text: string): Promise<void> => {
    fs.writeFileSync(`${dir}/a.txt`, text)
    await repo.add(['a.txt'])
  }
  await write('one')
  const first = await repo.commit({ message: 'first' })
  await write('two')
  const before = new Set(filesOf(dir))
  await repo.commit({ message: 'second' })
  await repo.close()
  for (const file of filesOf(dir))
    if (file.endsWith('.pack') && !before.has(file)) fs.rmSync(`${dir}/${file}`)
  const { lost } = await Repository.repair(dir)
  expect(lost.map(({ what }) => what)).toContain('the commit itself, and what only it leads to')
  const mended = await Repository.open(dir, { author })
  await expect(mended.status()).rejects.toMatchObject({ hint: expect.stringContaining('fsck --repair') })
  expect(await mended.reset('HEAD@{1}')).toEqual({ head: first.id })
  await mended.add(['a.txt'])
  const { parents } = await mended.commit({ message: 'second again' })
  expect(parents).toEqual([first.id])
  expect(fs.readFileSync(`${dir}/a.txt`, 'utf8')).toBe('two')
  await mended.close()
})

test('files and tables that have not changed since are as good as a copy; changed ones are no harm', async () => {
  const dir = `${temporaryDir()}/files`
  const repo = await Repository.init(dir, { author })
  fs.writeFileSync(`${dir}/people.csv`, csv(3000, 7))
  fs.writeFileSync(`${dir}/big.bin`, noise(400_000, 5))
  fs.writeFileSync(`${dir}/changed.txt`, 'as it was '.repeat(20_000))
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  const { id } = await repo.commit({ message: 'all' })
  await repo.close()
  fs.writeFileSync(`${dir}/changed.txt`, 'as it is '.repeat(20_000))
  const packs = filesOf(dir).filter((name) => name.endsWith('.pack'))
  const bySize = packs.toSorted((a, b) => fs.statSync(`${dir}/${b}`).size - fs.statSync(`${dir}/${a}`).size)
  const ofKind = (kind: number): string =>
    bySize.find((name) => fs.readFileSync(`${dir}/${name}`)[5] === kind)!
  // All chunks, and a leaf of the table.
  const [nodes, chunks] = [ofKind(0), ofKind(1)]
  fs.rmSync(`${dir}/${chunks}`)
  flip(0.5)(`${dir}/${nodes}`, fs.readFileSync(`${dir}/${nodes}`))
  const report = await Repository.repair(dir)
  expect(report.done.map(({ what }) => what)).toContainEqual(
    expect.stringContaining('from the working folder'),
  )
  expect(report.lost).toEqual([
    {
      path: 'changed.txt',
      what: 'the file',
      commits: [id],
      commitCount: 1,
      refs: ['INDEX', 'INDEX_BASE', 'main'],
    },
  ])
  const again = await Repository.open(dir)
  expect(await read(again, id, 'people.csv')).toBe(csv(3000, 7))
  expect(await read(again, id, 'big.bin')).toBe(noise(400_000, 5).toString('latin1'))
  await again.close()
})

test('what was kept of commits and is not so is removed', async () => {
  const dir = copyOf(sample.dir)
  const repo = await Repository.open(dir, { author })
  const { id, parents } = await repo.commitInfo('HEAD')
  await repo.close()
  const file = `${dir}/.varve/cache/history`
  const bytes = encodeGraph({
    count: 2,
    edgeCount: 1,
    filterBytes: 0,
    digests: Buffer.from(id + parents[0]!, 'hex'),
    times: Float64Array.of(7, 0),
    generations: Uint32Array.of(99, 0),
    edgesAt: Uint32Array.of(0, 1, 0, 0),
    edges: Uint32Array.of(1),
    filtersAt: new Uint32Array(4),
    filters: new Uint8Array(0),
  })
  fs.mkdirSync(`${dir}/.varve/cache`, { recursive: true })
  fs.writeFileSync(file, bytes)
  const wrong = expect.objectContaining({ where: 'cache/history' }) as unknown
  await using damaged = await Repository.open(dir, { author })
  expect((await damaged.fsck()).problems).toEqual([wrong])
  expect((await Repository.repair(dir, { dryRun: true })).done).toEqual([wrong])
  expect(fs.existsSync(file)).toBe(true)
  expect(await Repository.repair(dir)).toMatchObject({ problems: [], lost: [], done: [wrong] })
  expect(fs.existsSync(file)).toBe(false)
})
