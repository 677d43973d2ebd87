// What is walked for patterns and exclusions, and what a program's paths mean.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { DataRepository, Repository, pathspec } from '../../src/index.ts'
import { stage } from '../../src/worktree/add.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { watchingFs } from '../support/fs-calls.ts'
import { remove, temporaryFolder, worktreeWith, write } from './folder.ts'

const files = { 'data/a.csv': '1', 'data/in/b.csv': '2', 'data/in/b.txt': '3', 'other/c.csv': '4', top: '5' }

async function foldersRead(root: string, work: () => Promise<unknown>): Promise<string[]> {
  const read: string[] = []
  await watchingFs(
    root,
    { before: ({ name, path: place }) => void (name === 'readdir' && read.push(place.replace(/^\//, ''))) },
    work,
  )
  return read.filter((place) => !place.startsWith('.varve')).sort()
}

test('of a pattern only the folder that it begins with is walked, and no folder that is taken away', async () => {
  const worktree = worktreeWith(files)
  const walked = (...words: string[]): Promise<string[]> =>
    foldersRead(worktree.root, () =>
      stage(
        worktree,
        words.map((word) => pathspec(word)),
        { dryRun: true },
      ),
    )
  expect(await walked('data/*.csv')).toEqual(['data', 'data/in'])
  expect(await walked(':(glob)data/*.csv')).toEqual(['data', 'data/in'])
  expect(await walked('.', ':!data')).toEqual(['', 'other'])
})

test('what a pattern does not match is neither staged nor complained of', async () => {
  const worktree = worktreeWith({
    ...files,
    'back\\slash': 'a name that no dataset can have',
  })
  mkdirSync(path.join(worktree.root, 'nested/.git'), { recursive: true })
  write(worktree, { 'nested/n.csv': 'of another repository' })
  await expect(stage(worktree, ['.'])).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  const { staged, skipped } = await stage(worktree, [pathspec('*.csv'), pathspec(':!other')])
  expect(staged.map((one) => one.path)).toEqual(['data/a.csv', 'data/in/b.csv'])
  expect(skipped).toEqual([])
  remove(worktree, 'data/a.csv')
  write(worktree, { 'data/in/b.csv': 'changed' })
  const { unstaged, untracked } = await worktreeStatus(worktree, { paths: [pathspec('d*.csv'), 'other'] })
  expect(unstaged.map(({ path: name, state }) => [name, state])).toEqual([
    ['data/a.csv', 'deleted'],
    ['data/in/b.csv', 'modified'],
  ])
  expect(untracked).toEqual(['other/'])
})

test('rules are checked of the tables that a pattern matches', async () => {
  await using repo = DataRepository.over(undefined, { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.transaction('main', async (tx) => {
    const rules = { columns: { age: { min: 0 } } }
    const tables = ['in/people', 'in/pets', 'out/pets']
    for (const name of tables) tx.createTable(name, { key: ['id'] }).put({ id: 1, age: -1 })
    const declared = Object.fromEntries(tables.map((name) => [name, { key: 'id', rules }]))
    await tx.writeFile('varve.yaml', JSON.stringify({ tables: declared }))
  })
  const { tables } = await repo.check({ revision: 'main', paths: [pathspec('*/pe*'), pathspec(':!out')] })
  expect(tables.map((one) => one.path)).toEqual(['in/people', 'in/pets'])
})

test("a program's text is a path, whatever is in it; a pathspec is a pattern", async () => {
  await using repo = await Repository.init(temporaryFolder(), {
    author: { name: 'Ada', email: 'ada@example.org' },
  })
  write({ root: repo.root! } as Parameters<typeof write>[0], {
    'a[1].csv': 'x',
    'a1.csv': 'y',
    ':!a1.csv': 'z',
  })
  const staged = async (...paths: Parameters<Repository['add']>[0]): Promise<string[]> =>
    (await repo.add(paths, { dryRun: true })).staged.map((one) => one.path)
  expect(await staged('a[1].csv')).toEqual(['a[1].csv'])
  expect(await staged(':!a1.csv')).toEqual([':!a1.csv'])
  expect(await staged(pathspec('a[1].csv'))).toEqual(['a1.csv', 'a[1].csv'])
  expect(await staged('.', pathspec(':!a1.csv'))).toEqual([':!a1.csv', 'a[1].csv'])
  await expect(repo.add(['a?1?.csv'])).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  await repo.add(['.'])
  await repo.commit({ message: 'First' })
  await repo.remove([pathspec('a*')])
  await repo.commit({ message: 'Second', paths: [pathspec('*.csv')] })
  const messages = async (paths: Parameters<Repository['add']>[0]): Promise<string[]> => {
    const found: string[] = []
    for await (const { message } of repo.log({ paths })) found.push(message)
    return found
  }
  expect(await messages([pathspec(':(glob)a*')])).toEqual(['Second', 'First'])
  expect(await messages([':!a1.csv'])).toEqual(['First'])
  expect(() => pathspec('../x')).toThrow(expect.objectContaining({ code: 'VARVE_USAGE' }) as Error)
})
