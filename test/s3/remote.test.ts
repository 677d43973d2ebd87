// Repositories that share a real S3 store with nobody in front of it.
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Repository, isVarveError } from '../../src/index.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { storeContract } from '../contract/store.ts'
import type { Loopback } from '../support/loopback.ts'
import { temporaryDir } from '../support/temporary.ts'
import { blobsOf, environmentOf, makeBucket, onS3, onStore, server } from './bucket.ts'
import { startFront } from './front.ts'
import { subjects } from '../api/people.ts'
import { commitFile } from '../support/commit-file.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const opened: Repository[] = []

afterAll(async () => {
  for (const repo of opened.splice(0)) await repo.close()
})

function keep(repo: Repository): Repository {
  opened.push(repo)
  return repo
}

/** Pushes until it is through, as people do: pull --rebase, then push again. Returns how often that was needed. */
async function pushUntilThrough(repo: Repository): Promise<number> {
  for (let refused = 0; refused < 200; refused++) {
    try {
      if (refused > 0) await repo.pull('origin', 'main', { mode: 'rebase' })
      await repo.push('origin', ['main'])
      return refused
    } catch (error) {
      if (!isVarveError(error, 'VARVE_REFUSED') && !isVarveError(error, 'VARVE_UNREACHABLE')) throw error
    }
  }
  throw new Error('refused 200 times')
}

/** Asks again, as people do, where the store was out of reach: what was begun is carried on. */
async function untilReached<T>(ask: () => Promise<T>): Promise<T> {
  for (let failed = 0; failed < 20; failed++) {
    try {
      return await ask()
    } catch (error) {
      if (!isVarveError(error, 'VARVE_UNREACHABLE')) throw error
    }
  }
  throw new Error('out of reach 20 times')
}

async function manyPushers(
  bucket: string,
  endpoint: string,
  pushers: number,
  rounds: number,
): Promise<number> {
  const environment = environmentOf(server().owner, endpoint)
  const url = `s3://${bucket}/shared`
  const first = keep(await Repository.init(path.join(temporaryDir(), 'first'), { author, environment }))
  await commitFile(first, 'start.txt', 'start\n', 'start')
  await untilReached(async () => first.addRemote('origin', url))
  await untilReached(async () => first.push('origin', ['main']))
  const dir = temporaryDir()
  const names = Array.from({ length: pushers }, (_, index) => `p${index}`)
  const repos = await Promise.all(
    names.map(async (name) =>
      keep(
        await untilReached(async () => Repository.clone(url, path.join(dir, name), { author, environment })),
      ),
    ),
  )
  const refused = await Promise.all(
    repos.map(async (repo, index) => {
      let count = 0
      for (let round = 0; round < rounds; round++) {
        await commitFile(repo, `${names[index]!}.txt`, `${round}\n`, `${names[index]!} ${round}`)
        count += await pushUntilThrough(repo)
      }
      return count
    }),
  )
  const copy = keep(
    await untilReached(async () => Repository.clone(url, path.join(dir, 'copy'), { author, environment })),
  )
  const expected = [
    'start',
    ...names.flatMap((name) => Array.from({ length: rounds }, (_, round) => `${name} ${round}`)),
  ]
  expect((await subjects(copy)).sort()).toEqual(expected.sort())
  expect((await copy.fsck()).problems).toEqual([])
  return refused.reduce((sum, count) => sum + count, 0)
}

onS3('a remote', () => {
  storeContract(onStore, async () =>
    BlobStore.open(blobsOf(`s3://${await makeBucket()}/x y`, { conditional: 'yes' }), {
      create: true,
      firstBranch: 'main',
    }),
  )

  test('16 that push to one branch at once, with pull --rebase until they are through, all get their commits in', async () => {
    const refused = await manyPushers(await makeBucket(), server().endpoint, 16, 2)
    // They did get in each other's way.
    expect(refused).toBeGreaterThan(16)
  }, 400_000)

  test('a gc puts the packs of many pushes together while others push: all their commits are there, in few packs', async () => {
    const environment = environmentOf()
    const url = `s3://${await makeBucket()}/packs`
    const dir = temporaryDir()
    const first = keep(await Repository.init(path.join(dir, 'first'), { author, environment }))
    await first.addRemote('origin', url)
    for (let i = 0; i < 12; i++) {
      await commitFile(first, `f${i}.txt`, `${i}\n`, `first ${i}`)
      await first.push('origin', ['main'])
    }
    const names = ['ada', 'grace']
    const others = await Promise.all(
      names.map(async (name) =>
        keep(await Repository.clone(url, path.join(dir, name), { author, environment })),
      ),
    )
    const pushing = others.map(async (repo, at) => {
      for (let i = 0; i < 4; i++) {
        await commitFile(repo, `${names[at]}.txt`, `${i}\n`, `${names[at]} ${i}`)
        await pushUntilThrough(repo)
      }
    })
    const report = await first.gcRemote('origin')
    expect(report.packsBefore).toBeGreaterThanOrEqual(24)
    expect(report.packsAfter).toBeLessThan(report.packsBefore / 2)
    await Promise.all(pushing)
    const last = await first.gcRemote('origin')
    expect(last.objectsDropped).toBe(0)
    const copy = keep(await Repository.clone(url, path.join(dir, 'copy'), { author, environment }))
    const each = (name: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${name} ${i}`)
    expect((await subjects(copy)).sort()).toEqual(
      [...each('first', 12), ...each('ada', 4), ...each('grace', 4)].sort(),
    )
    expect((await copy.fsck()).problems).toEqual([])
    const packs = new Set<string>()
    for await (const { name } of blobsOf(`${url}/packs/`).list('')) packs.add(name)
    // Those that were replaced stay for a day.
    expect(packs.size).toBeGreaterThan(report.packsBefore)
  }, 240_000)

  test.each<[string, (front: Loopback) => void]>([
    [
      'losers of a race are told 500 or 409',
      (front) => {
        const made = new Set<string>()
        front.rule = ({ method, key, headers, index }) => {
          if (method !== 'PUT' || !('if-none-match' in headers)) return undefined
          const status = index % 2 === 0 ? 500 : 409
          if (made.has(key)) return { refuse: { status, code: 'InternalError' } }
          made.add(key)
          return undefined
        }
      },
    ],
    [
      'a third of all answers is lost',
      (front) => {
        front.rule = ({ index }) => (index % 3 === 0 ? { cut: 'after' } : undefined)
      },
    ],
  ])(
    '8 that push to one branch at once all get their commits in where %s',
    async (_, disturb) => {
      const front = await startFront()
      const bucket = await makeBucket()
      disturb(front)
      await manyPushers(bucket, front.endpoint, 8, 1)
    },
    240_000,
  )
})
