// A commit of some paths alone, held against Git: what is in it, what stays staged, what is refused.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

async function expectAlike(): Promise<void> {
  const told = ['log', '-1', '--format=%s', '--name-status']
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.trim())
  expect(lines(await ok(...told)).map((line) => line.replace(/\s+/, ' '))).toEqual(
    lines(git(...told)).map((line) => line.replace(/\s+/, ' ')),
  )
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
}

beforeEach(async () => {
  await begin()
  for (const name of ['a', 'b', 'gone', 'in/x', 'in/y']) put(name, `${name}\n`)
  await both('add', '.')
  await both('commit', '-q', '-m', 'First')
  put('a', 'changed, not staged\n')
  put('b', 'staged\n')
  put('new', 'new\n')
  put('in/x', 'changed\n')
  put('in/z', 'new in a folder\n')
  await both('add', 'b', 'new', 'in/z')
  await both('rm', '-q', 'gone')
})

test.each([
  [['a']],
  [['b']],
  [['new', 'a']],
  [['in']],
  [['gone']],
  [['.']],
  [['--', 'in/x', 'in/z']],
  [['--amend', '--no-edit', 'a']],
  [['-i', 'a']],
  [['-i', 'in/x', 'b']],
  [['--include', 'gone']],
  [['-o', 'a']],
  [['-i', '--amend', '--no-edit', 'a']],
])('commit %s', async (args) => {
  const message = args.includes('--amend') ? [] : ['-m', 'Some']
  const preview = JSON.parse(await ok('commit', '--dry-run', '--json', ...args)) as {
    changes: { path: string }[]
  }
  await both('commit', '-q', ...message, ...args)
  await expectAlike()
  if (!args.includes('--amend')) {
    const { items } = {
      items: (await ok('show', '--name-only', '--format=', 'HEAD')).split('\n').filter((line) => line !== ''),
    }
    expect(preview.changes.map(({ path: name }) => name).sort()).toEqual(items.sort())
  }
  await both('commit', '-q', '-a', '-m', 'Rest', '--allow-empty')
  await expectAlike()
  await ok('fsck')
})

test('paths that are included need to be named, and may be in a merge', async () => {
  for (const args of [['-i'], ['-o'], ['-i', '-o', 'a'], ['-i', '-a']])
    expect(await varve('commit', '-m', 'Some', ...args)).toMatchObject({ code: 2 })
  await both('commit', '-q', '-a', '-m', 'Rest')
  await both('switch', '-q', '-c', 'side')
  put('a', 'on the side\n')
  await both('commit', '-q', '-a', '-m', 'Side')
  await both('switch', '-q', 'main')
  put('b', 'on main\n')
  await both('commit', '-q', '-a', '-m', 'Main')
  await both('merge', '-q', '--no-commit', 'side')
  put('in/x', 'in the merge\n')
  await both('commit', '-q', '-i', '-m', 'Merged', 'in/x')
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
  expect(await ok('show', 'HEAD:in/x')).toBe('in the merge\n')
  expect((await ok('log', '-1', '--format=%p')).trim().split(' ')).toHaveLength(2)
})

test('what is edited after it was staged is committed as the file is now', async () => {
  put('b', 'edited again\n')
  await both('commit', '-q', '-m', 'Some', 'b')
  await expectAlike()
  expect(await ok('show', 'HEAD:b')).toBe('edited again\n')
})

test('a path that is not versioned, not changed or not there is refused, and so is a part of a merge', async () => {
  put('loose', 'x\n')
  const before = await ok('status', '--porcelain')
  for (const [code, ...args] of [
    [40, 'commit', '-m', 'x', 'loose'],
    [40, 'commit', '-m', 'x', 'nothing'],
    [44, 'commit', '-m', 'x', 'in/y'],
    [2, 'commit', '-a', '-m', 'x', 'a'],
    [2, 'commit', '-m', 'x', ''],
  ] as const)
    expect([args, (await varve(...args)).code]).toEqual([args, code])
  expect(await ok('status', '--porcelain')).toBe(before)
  await both('commit', '-q', '-a', '-m', 'All')
  await ok('switch', '-q', '-c', 'side')
  put('a', 'side\n')
  await ok('commit', '-q', '-am', 'Side')
  await ok('switch', '-q', 'main')
  put('b', 'main\n')
  await ok('commit', '-q', '-am', 'Main')
  await ok('merge', '--no-commit', 'side')
  expect(await varve('commit', '-m', 'x', 'a')).toMatchObject({ code: 20 })
})

test('a program commits paths too, of a table as well', async () => {
  fs.writeFileSync(at('ours/people.csv'), 'id,name\n1,Ada\n')
  await ok('commit', '-q', '-am', 'All')
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', '.')
  await ok('commit', '-q', '-m', 'Table')
  fs.writeFileSync(at('ours/people.csv'), 'id,name\n1,Ada\n2,Bo\n')
  put('a', 'later\n')
  await using repo = await Repository.open(at('ours'), { author: { name: 'Bo', email: 'bo@example.org' } })
  await repo.commit({ message: 'Rows', paths: ['people.csv'] })
  const changed: string[] = []
  for await (const { path: name } of repo.diffPaths({ from: 'HEAD~1', to: 'HEAD' })) changed.push(name)
  expect(changed).toEqual(['people.csv'])
  expect((await repo.status()).unstaged.map(({ path: name }) => name)).toEqual(['a'])
})

test('where another process has moved the branch, its commit stays, and what else is staged too', async () => {
  await using repo = await Repository.open(at('ours'), { author: { name: 'Bo', email: 'bo@example.org' } })
  await repo.transaction('main', (tx) => tx.writeFile('theirs', 'by another\n'))
  await ok('commit', '-q', '-m', 'Some', 'a')
  expect(await ok('log', '-2', '--format=%s', '--name-only')).toBe('Some\na\nChange data\ntheirs\n')
  const { staged, unstaged, behindBranch } = await repo.status()
  expect(staged.map(({ path: name }) => name)).toEqual(['b', 'gone', 'in/z', 'new'])
  expect([unstaged.map(({ path: name }) => name), behindBranch]).toEqual([['in/x'], true])
  await ok('commit', '-q', '-m', 'Rest')
  expect(await ok('show', 'HEAD:theirs')).toBe('by another\n')
  expect(await ok('diff', 'HEAD~1..HEAD', '--name-only')).toBe('b\ngone\nin/z\nnew\n')
})
