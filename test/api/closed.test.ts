// A repository that was closed: no method works as if nothing had happened.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { DataRepository, Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const closed = { code: 'VARVE_NOT_POSSIBLE', message: 'the repository is closed' }

function methodsOf(repo: DataRepository): string[] {
  const names = new Set<string>()
  for (let proto: object = repo; proto !== Object.prototype; proto = Object.getPrototypeOf(proto) as object)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto)))
      if (typeof value === 'function' && proto !== repo) names.add(name)
  return [...names].filter((name) => !['constructor', 'close'].includes(name)).sort()
}

test('each method of a repository in a folder refuses to work once it was closed', async () => {
  const dir = path.join(temporaryDir(), 'data')
  const repo = await Repository.init(dir, { author })
  fs.writeFileSync(path.join(dir, 'a.txt'), 'a\n')
  await repo.add(['a.txt'])
  await repo.commit({ message: 'one' })
  const methods = methodsOf(repo)
  expect(methods.length).toBeGreaterThan(80)
  await repo.close()
  const seen: [string, unknown][] = []
  for (const name of methods) {
    const method = (repo as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!
    try {
      const result = method.apply(repo, ['a.txt', 'main', {}]) as AsyncGenerator | Promise<unknown>
      seen.push([name, 'next' in result ? await result.next() : await result])
    } catch (error) {
      const { code, message } = error as { code: string; message: string }
      seen.push([name, { code, message }])
    }
  }
  expect(seen.filter(([, said]) => JSON.stringify(said) !== JSON.stringify(closed))).toEqual([])
  await repo.close()
})

test('what was taken from a repository before is told, too, and what is under way', async () => {
  const repo = DataRepository.over(undefined, { author })
  for (const name of ['one', 'two', 'three'])
    await repo.transaction('main', (tx) => tx.writeFile('a.txt', name), { message: name })
  const commits = repo.log()
  expect((await commits.next()).value).toMatchObject({ message: 'three' })
  await repo.close()
  await repo.close()
  await expect(commits.next()).rejects.toMatchObject(closed)
  await expect(repo.log().next()).rejects.toMatchObject(closed)
  await expect(repo.bisect.state()).rejects.toMatchObject(closed)
  await expect(repo.transaction('main', (tx) => tx.writeFile('a.txt', 'x'))).rejects.toMatchObject(closed)
})
