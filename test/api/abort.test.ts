// An AbortSignal is looked at in the middle of long work, also where the work never waits for anything: a timer that aborts
// it has its turn. The clock is one of ours, on which every step takes long, and the timer fires in the first turn.
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DataRepository, Repository } from '../../src/index.ts'
import { collect } from '../../src/base/iterables.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const rowCount = 3000
const rows = (cell: string, step = 1, first = 0) =>
  Array.from({ length: Math.ceil((rowCount - first) / step) }, (_, i) => ({
    id: first + i * step,
    name: `person ${first + i * step}`,
    city: cell,
  }))

const config = 'tables:\n  people: { key: id, rules: { columns: { name: { unique: true } } } }\n'

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

test('a signal is looked at however little there is to do', async () => {
  await using repo = DataRepository.over(undefined, { author })
  await repo.transaction('main', async (tx) => {
    await tx.createTable('people', { key: ['id'] }).putAll(rows('Wien').slice(0, 3))
  })
  const snapshot = await repo.at('main')
  const aborted = expect.objectContaining({ code: 'VARVE_ABORTED' })
  await expect(drain(snapshot.table('people').scan({ signal: AbortSignal.abort() }))).rejects.toEqual(aborted)
  await expect(drain(snapshot.list({ signal: AbortSignal.abort() }))).rejects.toEqual(aborted)
  await expect(drain(repo.reflog({ signal: AbortSignal.abort() }))).rejects.toEqual(aborted)
  await expect(repo.mergePreview('main', { signal: AbortSignal.abort() })).rejects.toEqual(aborted)
  await expect(repo.isAncestor('main', 'main', { signal: AbortSignal.abort() })).rejects.toEqual(aborted)
  await expect(snapshot.readAll('people', { signal: AbortSignal.abort() })).rejects.toEqual(aborted)
  const stop = new AbortController()
  const seen: unknown[] = []
  const reading = async (): Promise<void> => {
    for await (const { id } of snapshot.table('people').scan({ signal: stop.signal })) {
      seen.push(id)
      stop.abort()
    }
  }
  await expect(reading()).rejects.toEqual(aborted)
  expect(seen).toEqual([0])
})

test('a timer stops long work in the middle, and nothing is half-done', async () => {
  const dir = temporaryDir()
  await using repo = await Repository.init(path.join(dir, 'data'), { bare: true, author })
  await repo.transaction('main', async (tx) => {
    await tx.createTable('people', { key: ['id'] }).putAll(rows('Wien'))
    await tx.writeFile('varve.yaml', config)
  })
  await repo.createBranch('side', { startPoint: 'main' })
  await repo.transaction('side', (tx) => tx.table('people').putAll(rows('Linz', 3, 1)))
  await repo.transaction('main', (tx) => tx.table('people').putAll(rows('Graz', 3)))
  const refs = async (): Promise<unknown> => (await repo.branches()).map(({ name, commit }) => [name, commit])
  const before = await refs()
  const people = (await repo.at('main')).table('people')
  const hub = path.join(dir, 'hub')

  const works: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    scan: (signal) => drain(people.scan({ signal })),
    read: (signal) => drain(repo.cat('main', 'people', { signal })),
    diff: async (signal) => {
      for await (const one of repo.diff({ from: 'side', to: 'main', signal })) await drain(one.rows())
    },
    diffStat: (signal) => drain(repo.diffStat({ from: 'side', to: 'main', signal })),
    isAncestor: (signal) => repo.isAncestor('side', 'main', { signal }),
    independent: (signal) => repo.independent(['side', 'main'], { signal }),
    mergeBases: (signal) => repo.mergeBases('side', 'main', { signal }),
    commonBases: (signal) => repo.mergeBases('side', ['main', 'main~1'], { octopus: true, signal }),
    mergePreview: (signal) => repo.mergePreview('side', { into: 'main', signal }),
    merge: (signal) => repo.merge('side', { signal }),
    blame: async (signal) => drain((await repo.blame('people', { revision: 'main', signal })).rows()),
    check: (signal) => repo.check({ revision: 'main', signal }),
    fsck: (signal) => repo.fsck({ signal }),
    gc: (signal) => repo.gc({ signal }),
    exportTable: (signal) => drain(repo.exportTable('main', 'people', { format: 'csv', signal })),
    transaction: (signal) =>
      repo.transaction('main', (tx) => tx.createTable('more', { key: ['id'] }).putAll(rows('Rom')), {
        signal,
      }),
    push: (signal) => repo.push(hub, ['main'], { signal }),
  }
  let nowMs = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 11))
  onTestFinished(() => clock.mockRestore())
  for (const [name, work] of Object.entries(works)) {
    const stop = new AbortController()
    setImmediate(() => stop.abort('enough'))
    const outcome = await work(stop.signal).then(
      () => 'went on to its end',
      (error: unknown) => error,
    )
    expect([name, outcome]).toEqual([
      name,
      expect.objectContaining({ code: 'VARVE_ABORTED', cause: 'enough' }),
    ])
  }
  expect(await refs()).toEqual(before)
  expect((await repo.fsck()).problems).toEqual([])
  await expect(collect(people.scan())).resolves.toHaveLength(rowCount)
})
