// Repositories that share an S3 store: what `remote add` finds and remembers, what is refused, and what a push, clone or
// fetch leaves when it is cut off at any request, before the store did it or after.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Repository } from '../../../src/index.ts'
import { BlobStore } from '../../../src/remote/transports/blobs/store.ts'
import { storeContract } from '../../contract/store.ts'
import { type MemoryS3, startMemoryS3, testEnvironment } from '../../support/memory-s3.ts'
import type { Behaviour } from '../../support/s3-behaviour.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { blobsAt, faultOf } from './store.ts'
import { subjects } from '../../api/people.ts'
import { commitFile } from '../../support/commit-file.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const url = 's3://bucket/data'
const opened: Repository[] = []

afterAll(async () => {
  for (const repo of opened.splice(0)) await repo.close()
})

async function repository(store: MemoryS3): Promise<Repository> {
  const repo = await Repository.init(path.join(temporaryDir(), 'r'), optionsFor(store))
  opened.push(repo)
  await commitFile(repo, 'a.txt', 'one\n', 'first')
  return repo
}

function optionsFor(store: MemoryS3): { author: typeof author; environment: Record<string, string> } {
  return { author, environment: { ...testEnvironment, AWS_ENDPOINT_URL: store.endpoint } }
}

async function clone(store: MemoryS3): Promise<Repository> {
  const repo = await Repository.clone(url, path.join(temporaryDir(), 'c'), optionsFor(store))
  opened.push(repo)
  return repo
}

function ignoring({ method }: { method: string }): Behaviour | undefined {
  return method === 'PUT' ? { ignore: ['if-none-match'] } : undefined
}

storeContract('an S3 store', async () =>
  BlobStore.open(blobsAt(await startMemoryS3()), { create: true, firstBranch: 'main' }),
)

describe('remote add', () => {
  test('of a store that keeps its word says so, and remembers it', async () => {
    const store = await startMemoryS3()
    const repo = await repository(store)
    expect(await repo.addRemote('origin', url)).toEqual({
      name: 'origin',
      url,
      finding: 'kept',
      conditional: 'yes',
    })
    expect((await repo.config()).get('remote.origin.conditional')).toBe('yes')
    expect(store.files.size).toBe(0)
    await repo.push('origin', ['main'])
    expect(await subjects(await clone(store))).toEqual(['first'])
    await repo.removeRemote('origin')
    expect((await repo.config()).has('remote.origin.conditional')).toBe(false)
  })

  test('of a store that ignores conditions makes a remote that is not pushed to', async () => {
    const store = await startMemoryS3()
    store.rule = ignoring
    const repo = await repository(store)
    expect(await repo.addRemote('origin', url)).toMatchObject({ finding: 'ignored', conditional: 'no' })
    const push = repo.push('origin', ['main'])
    await expect(push).rejects.toMatchObject({
      code: 'VARVE_REFUSED',
      hint: expect.stringContaining('--single-writer'),
    })
    expect(store.files.size).toBe(0)
  })

  test('of a store that ignores conditions makes a remote on which nothing is deleted either', async () => {
    const store = await startMemoryS3()
    const repo = await repository(store)
    await repo.push(url, ['main:gone', 'main'])
    store.rule = ignoring
    await repo.addRemote('origin', url)
    const before = new Map(store.files)
    expect(await faultOf(repo.push('origin', ['gone'], { delete: true }))).toMatch(/^VARVE_REFUSED/)
    expect(store.files).toEqual(before)
  })

  test('of a store that ignores conditions makes a remote for one writer, where the user says so', async () => {
    const store = await startMemoryS3()
    store.rule = ignoring
    const repo = await repository(store)
    const added = await repo.addRemote('origin', url, { singleWriter: true })
    expect(added).toMatchObject({ finding: 'ignored', conditional: 'single-writer' })
    await repo.push('origin', ['main'])
    await commitFile(repo, 'a.txt', 'two\n', 'second')
    await repo.push('origin', ['main'])
    expect(await subjects(await clone(store))).toEqual(['second', 'first'])
  })

  test('that may only read says so and remembers nothing, since credentials change', async () => {
    const store = await startMemoryS3()
    store.rule = ({ method }) =>
      method === 'PUT' ? { refuse: { status: 403, code: 'AccessDenied' } } : undefined
    const repo = await repository(store)
    expect(await repo.addRemote('origin', url)).toMatchObject({ finding: 'read-only', conditional: null })
    expect(await faultOf(repo.push('origin', ['main']))).toMatch(/^VARVE_REFUSED: .* may be read only/)
    store.rule = () => undefined
    await repo.push('origin', ['main'])
    expect((await repo.config()).get('remote.origin.conditional')).toBe('yes')
  })

  test('of a store that was sound and is no more: the next push is refused, and harms nothing', async () => {
    const store = await startMemoryS3()
    const repo = await repository(store)
    await repo.addRemote('origin', url)
    await repo.push('origin', ['main'])
    const refs = [...store.files].filter(([name]) => name.startsWith('data/m/'))
    for (const text of ['two\n', 'x'.repeat(1 << 20)]) {
      store.rule = ignoring
      await commitFile(repo, 'a.txt', text, 'later')
      const push = repo.push('origin', ['main'])
      expect(await faultOf(push)).toMatch(/^VARVE_REFUSED: .* does not keep conditional writes/)
      const now = [...store.files].filter(([name]) => name.startsWith('data/m/'))
      expect(now.map(([name, { body }]) => [name, body])).toEqual(
        refs.map(([name, { body }]) => [name, body]),
      )
    }
    store.rule = () => undefined
    await repo.push('origin', ['main'])
    expect(await subjects(await clone(store))).toEqual(['later', 'later', 'first'])
  })

  test('that reaches nobody adds nothing', async () => {
    const store = await startMemoryS3()
    store.rule = () => ({ refuse: { status: 404, code: 'NoSuchBucket' } })
    const repo = await repository(store)
    expect(await faultOf(repo.addRemote('origin', url))).toBe("VARVE_UNREACHABLE: no bucket 'bucket'")
    expect(await repo.remotes()).toEqual([])
  })

  test('--single-writer is refused for kinds that need none, and a second remote of a name before it is asked', async () => {
    const store = await startMemoryS3()
    const repo = await repository(store)
    expect(await faultOf(repo.addRemote('disk', temporaryDir(), { singleWriter: true }))).toMatch(
      /^VARVE_USAGE/,
    )
    await repo.addRemote('origin', url)
    const before = store.calls.length
    expect(await faultOf(repo.addRemote('origin', url))).toMatch(/^VARVE_NOT_POSSIBLE/)
    expect(store.calls).toHaveLength(before)
  })

  test('a push to a URL without a name asks once, and is refused where the answer is no', async () => {
    const store = await startMemoryS3()
    const repo = await repository(store)
    await repo.push(url, ['main'])
    const twice = store.calls.filter(({ key, method }) => key.endsWith('-twice') && method === 'PUT')
    expect(twice).toHaveLength(2)
    store.rule = ignoring
    await commitFile(repo, 'a.txt', 'two\n', 'second')
    expect(await faultOf(repo.push(url, ['main']))).toMatch(
      /^VARVE_REFUSED: .* does not keep conditional writes/,
    )
    expect(await subjects(await clone(store))).toEqual(['first'])
  })
})

describe('cut off at any request', () => {
  const atOnce = 6

  /** Runs the work with the request of each number failing for good, and again undisturbed. */
  async function disturbed(
    kind: 'before' | 'after',
    prepare: (store: MemoryS3) => Promise<() => Promise<unknown>>,
    check: (store: MemoryS3) => Promise<void>,
  ): Promise<number> {
    for (let number = 0; ; number += atOnce) {
      const numbers = Array.from({ length: atOnce }, (_, index) => number + index)
      const failed = await Promise.all(numbers.map((one) => disturbAt(one)))
      if (failed.includes(false)) return number + failed.indexOf(false)
    }

    async function disturbAt(number: number): Promise<boolean> {
      const store = await startMemoryS3()
      const work = await prepare(store)
      const from = store.calls.length
      // From this request on nothing gets through any more: trying again does not help.
      store.rule = ({ index }) => {
        if (index < from + number) return undefined
        return index === from + number ? { cut: kind } : { cut: 'before' }
      }
      const fault = await work().then(
        () => null,
        (error: unknown) => error,
      )
      store.rule = () => undefined
      if (fault === null) return false
      expect(fault).toMatchObject({ code: 'VARVE_UNREACHABLE' })
      await work()
      await check(store)
      return true
    }
  }

  test.each(['before', 'after'] as const)(
    'a push can be run again: %s',
    async (kind) => {
      const requests = await disturbed(
        kind,
        async (store) => {
          const repo = await repository(store)
          await repo.addRemote('origin', url)
          await repo.push('origin', ['main'])
          await commitFile(repo, 'a.txt', 'two\n', 'second')
          return () => repo.push('origin', ['main'])
        },
        async (store) => {
          const copy = await clone(store)
          expect(await subjects(copy)).toEqual(['second', 'first'])
          expect((await copy.fsck()).problems).toEqual([])
        },
      )
      expect(requests).toBeGreaterThan(2)
    },
    120_000,
  )

  test('a clone can be run again, and leaves no folder behind', async () => {
    const requests = await disturbed(
      'before',
      async (store) => {
        const repo = await repository(store)
        await repo.push(url, ['main'])
        return () => clone(store)
      },
      () => Promise.resolve(),
    )
    expect(requests).toBeGreaterThan(2)
  }, 120_000)
})

test('connections that are cut again and again, at ever other bytes, cost a push and a clone nothing but time', async () => {
  const store = await startMemoryS3()
  const repo = await repository(store)
  await repo.addRemote('origin', url)
  let cuts = 0
  store.rule = ({ index }) => (index % 2 === 0 ? { cutAnswerAt: (cuts++ * 17) % 331 } : undefined)
  for (let n = 0; n < 4; n++) {
    await commitFile(repo, 'a.txt', `${n}\n`, `no. ${n}`)
    await repo.push('origin', ['main'])
    expect((await subjects(await clone(store)))[0]).toBe(`no. ${n}`)
  }
  expect(cuts).toBeGreaterThan(30)
}, 120_000)

test('no key is in what is kept of a remote', async () => {
  const store = await startMemoryS3()
  const repo = await repository(store)
  await repo.addRemote('origin', url)
  await repo.push('origin', ['main'])
  await repo.fetch('origin')
  const grep = (): string =>
    execFileSync('grep', ['-rlE', 'secret-canary|AKTEST', repo.root!], { encoding: 'utf8' })
  expect(grep).toThrow(/Command failed/)
  for (const { body } of store.files.values()) expect(body.includes('secret-canary')).toBe(false)
})
