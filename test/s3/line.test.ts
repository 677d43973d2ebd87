// The line to an S3 store is cut at an exact byte, in either direction. Once: the work is done all the same, once. For
// good: it fails with VARVE_UNREACHABLE, and run again it is done. The store is the one in memory, so this needs no Ceph.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { type CuttingProxy, type Direction, startCuttingProxy } from '../support/cutting-proxy.ts'
import { type MemoryS3, startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { temporaryDir } from '../support/temporary.ts'
import { blobsAt, faultOf } from '../remote/s3/store.ts'

const url = 's3://bucket/data'
const bytes = Buffer.from('the next manifest')
const lanes = 24

interface Line {
  readonly store: MemoryS3
  readonly proxy: CuttingProxy
}

async function line(): Promise<Line> {
  const store = await startMemoryS3()
  return { store, proxy: await startCuttingProxy(store.endpoint) }
}

/** Every number below `count`, several at a time, each lane with a line of its own. */
async function each(
  count: number,
  step: number,
  work: (line: Line, at: number) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const own = await line()
      for (let at = next; at < count; at = next) {
        next += step
        await work(own, at)
      }
    }),
  )
}

describe.each<Direction>(['up', 'down'])('a line that is cut at any byte, %s', (direction) => {
  test('makes a file once, and whoever made it is told so', async () => {
    const { store, proxy } = await line()
    const through = { ...store, endpoint: proxy.endpoint }
    proxy.cut(direction, Infinity, 'once')
    await blobsAt(through).create('m/1', bytes)
    const count = proxy.passed[direction]
    expect(count).toBeGreaterThan(100)
    await each(count, 1, async (own, at) => {
      own.proxy.cut(direction, at, 'once')
      const blobs = blobsAt({ ...own.store, endpoint: own.proxy.endpoint })
      expect(await blobs.create(`m/${at}`, bytes), `cut at ${at}`).toBe(true)
      expect(own.store.files.get(`m/${at}`)?.body).toEqual(bytes)
      await blobs.close()
    })
  }, 120_000)

  test('makes no file of another one ours', async () => {
    await each(300, 3, async (own, at) => {
      own.store.files.set(`m/${at}`, { body: Buffer.from('theirs'), headers: {} })
      own.proxy.cut(direction, at, 'once')
      const blobs = blobsAt({ ...own.store, endpoint: own.proxy.endpoint })
      expect(await blobs.create(`m/${at}`, bytes), `cut at ${at}`).toBe(false)
      await blobs.close()
    })
  }, 120_000)

  test.each(['once', 'for good'] as const)(
    'a push and a clone are done in the end: %s',
    async (how) => {
      const repos: Repository[] = []
      afterAll(async () => {
        for (const repo of repos) await repo.close()
      })
      const { store, proxy } = await line()
      const options = {
        author: { name: 'Ada', email: 'ada@example.org' },
        environment: { ...testEnvironment, AWS_ENDPOINT_URL: proxy.endpoint },
      }
      const repo = await Repository.init(path.join(temporaryDir(), 'r'), options)
      repos.push(repo)
      const commit = async (text: string): Promise<void> => {
        writeFileSync(path.join(repo.root!, 'a.txt'), text)
        await repo.add(['a.txt'])
        await repo.commit({ message: text })
      }
      await commit('first')
      await repo.addRemote('origin', url)
      await repo.push('origin', ['main'])
      for (let round = 0; round < 4; round++) {
        await commit(`round ${round}`)
        proxy.cut(direction, 50 + round * 811, how)
        const pushed = await faultOf(repo.push('origin', ['main']))
        expect(pushed).toMatch(how === 'once' ? /^no error/ : /^(no error|VARVE_UNREACHABLE: cannot reach)/)
        proxy.mend()
        await repo.push('origin', ['main'])
        const folder = path.join(temporaryDir(), 'c')
        proxy.cut(direction, 50 + round * 811, how)
        const cloned = await faultOf(Repository.clone(url, folder, options).then((clone) => clone.close()))
        expect(cloned).toMatch(how === 'once' ? /^no error/ : /^(no error|VARVE_UNREACHABLE: cannot reach)/)
        proxy.mend()
        if (!cloned.startsWith('no error')) await (await Repository.clone(url, folder, options)).close()
        expect(readFileSync(path.join(folder, 'a.txt'), 'utf8')).toBe(`round ${round}`)
      }
      expect([...store.files.keys()].filter((name) => name.startsWith('data/m/'))).toHaveLength(6)
    },
    120_000,
  )
})
