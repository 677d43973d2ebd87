// `varve ls-files`, held against Git: what is listed, from which folder, in which form.
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { gitIn } from '../support/git-in.ts'
import { besideGit } from '../support/beside-git.ts'
import { runHere } from '../support/run-here.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

beforeEach(async () => {
  await begin()
  for (const name of ['a', 'b', 'gone', 'in/x', 'in/deep/y', 'two words', 'a "quoted" word'])
    put(name, `${name}\n`)
  await both('add', '.')
  await both('commit', '-q', '-m', 'First')
  put('a', 'changed\n')
  put('in/deep/y', 'changed too\n')
  put('gone', null)
  put('new', 'not versioned\n')
  put('in/new folder/z', 'not versioned\n')
  put('in/staged', 'staged\n')
  put('skipped.tmp', 'ignored\n')
  put('.varveignore', '*.tmp\n')
  put('.gitignore', '*.tmp\n')
  await both('add', 'in/staged', '.varveignore', '.gitignore')
})

test.each([
  [[]],
  [['-c']],
  [['-m']],
  [['-d']],
  [['-o', '--exclude-standard']],
  [['-m', '-o', '--exclude-standard']],
  [['in']],
  [['in/x', 'a', 'nothing']],
  [['-m', 'in']],
  [['-o', '--exclude-standard', 'in']],
  [['-c', '-o', '--exclude-standard', 'in', 'new']],
  [['--error-unmatch', 'a', 'in']],
])('ls-files %s', async (args) => {
  const theirs = git('ls-files', '-z', ...args)
  expect(await ok('ls-files', '-z', ...args)).toBe(theirs)
  expect(theirs.includes('\0')).toBe(true)
  const { items } = JSON.parse(await ok('ls-files', '--json', ...args)) as { items: { path: string }[] }
  expect(items.map(({ path }) => path)).toEqual(theirs.split('\0').slice(0, -1))
})

test('-o leaves out what is ignored without being told to', async () => {
  expect(await ok('ls-files', '-o')).toBe(git('ls-files', '-o', '--exclude-standard'))
})

test.each([[[]], [['--full-name']], [['-m']], [['../a', 'deep']], [['--full-name', '-m', '..']]])(
  'in a folder, ls-files %s',
  async (args) => {
    const theirs = gitIn(at('theirs', 'in'), {})('ls-files', '-z', ...args)
    expect((await runHere(['ls-files', '-z', ...args], at('ours', 'in'))).stdout).toBe(theirs)
    expect(theirs).not.toBe('')
  },
)

test('a path of nothing listed is refused where that was asked for, before anything is printed', async () => {
  expect(() => git('ls-files', '--error-unmatch', 'a', 'new')).toThrow()
  expect(await varve('ls-files', '--error-unmatch', 'a', 'new')).toMatchObject({
    code: 40,
    stdout: '',
    stderr: expect.stringContaining("path 'new' matches no file") as string,
  })
  expect(await ok('ls-files', 'new')).toBe(git('ls-files', 'new'))
  expect(await ok('ls-files', '-o', '--error-unmatch', 'new')).toBe('new\n')
})

test('what differs is told with each path, and names are quoted as in Git', async () => {
  const { items } = JSON.parse(await ok('ls-files', '-cmo', '--json')) as {
    items: { path: string; state: string }[]
  }
  expect(items.filter(({ state }) => state !== 'tracked')).toEqual([
    { path: 'in/new folder/z', state: 'untracked' },
    { path: 'new', state: 'untracked' },
    { path: 'a', state: 'modified' },
    { path: 'gone', state: 'deleted' },
    { path: 'in/deep/y', state: 'modified' },
  ])
  expect(await ok('ls-files')).toBe(git('ls-files'))
})

test('before the first commit there is an index to list', async () => {
  await begin()
  expect(await ok('ls-files')).toBe('')
  put('a', 'a\n')
  await both('add', 'a')
  expect(await ok('ls-files')).toBe('a\n')
  const repo = await Repository.open(at('ours'))
  const paths = []
  for await (const { path, kind } of repo.listIndex({ paths: ['a'] })) paths.push([path, kind])
  await repo.close()
  expect(paths).toEqual([['a', 'file']])
})
