// The forms of revisions that Git has beside names and ancestors, each held against Git in a repository like ours.
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { begin, both, git, ok, put, varve } = besideGit()
const names = new Map<string, string>()

async function commit(name: string): Promise<void> {
  put(name, `${name}\n`)
  await both('add', '.')
  await both('commit', '-q', '-m', name)
  await remember(name)
}

async function remember(name: string): Promise<void> {
  await both('tag', `c/${name}`)
  names.set(git('rev-parse', 'HEAD').trim(), name)
  names.set((await ok('rev-parse', 'HEAD')).trim(), name)
}

/** Ids as the names of their commits. */
const named = (text: string): string => text.replaceAll(/[0-9a-f]{40,}/g, (id) => names.get(id) ?? id)

/** a - b - c - m - e (main), a - s1 - s2 - m (side); HEAD went main, side, main, x, main, d (detached), main. */
beforeAll(async () => {
  await begin()
  await commit('a')
  await both('switch', '-q', '-c', 'side')
  for (const name of ['s1', 's2']) await commit(name)
  await both('switch', '-q', 'main')
  for (const name of ['b', 'c']) await commit(name)
  await both('merge', '-q', '-m', 'Merge', 'side')
  await remember('m')
  await commit('e')
  await both('switch', '-q', '-c', 'x', 'c/c')
  await both('switch', '-q', 'main')
  await both('switch', '-q', '--detach', 'c/s1')
  await both('switch', '-q', 'main')
}, 60_000)

test.each([
  ['@{-1}', '@{-2}', '@{-3}', '@{-4}', '@{-5}', '@{-2}~1', '@{-1}..'],
  ['HEAD@{1}', 'HEAD@{2}', 'HEAD@{3}', '@{1}', 'main@{1}', 'main@{2}', 'main@{3}~1', 'side@{0}', 'side@{2}'],
  ['main@{now}', 'main@{2000000000}', '@{now}', 'HEAD@{now}'],
  ['c/m^!', 'c/e^!', 'c/m^@', 'c/m^-', 'c/m^-2', 'c/b^-1', 'c/a^!'],
  ['c/m^3'],
  ['c/m^-3'],
  ['@{-9}'],
  ['side@{9}'],
  ['side@{never}'],
  ['side@{u}'],
  ['side@{push}'],
])('rev-parse %s %s', async (...revisions) => {
  const given = revisions.filter((one) => one !== undefined)
  const { code, stdout } = await varve('rev-parse', ...given)
  let theirs = ''
  try {
    theirs = named(git('rev-parse', '--revs-only', ...given))
  } catch {}
  expect([named(stdout), code === 0]).toEqual([theirs, theirs !== ''])
})

test.each([
  ['c/m^!'],
  ['c/m^@'],
  ['c/e', '^c/m^@'],
  ['c/m^-'],
  ['c/m^-2'],
  ['c/s2...c/c'],
  ['c/e', '--not', 'c/c', 'c/s1'],
  ['--not', 'c/c', '--not', 'side'],
  ['--branches', '--not', '--tags=c/[bs]*'],
  ['--not', '--branches=side', '--not', '--all'],
  ['--all', '--not', 'main'],
  ['side', '--not', '--branches=main'],
  ['c/e', '--not', '^c/a', 'c/s2..c/c'],
])('log %s %s %s %s', async (...words) => {
  const given = words.filter((one) => one !== undefined)
  const sorted = (text: string): string[] => named(text).split('\n').sort()
  expect(sorted(await ok('log', '--format=%H', ...given))).toEqual(
    sorted(git('log', '--format=%H', ...given)),
  )
})

test.each([
  ['c/m^!'],
  ['c/e^!'],
  ['c/m^-2'],
  ['main...side'],
  ['c/e^{tree}', 'c/b^{tree}'],
  ['c/b^{tree}', 'c/e'],
  ['c/a:a', 'c/b:b'],
])('diff --name-status %s %s', async (...words) => {
  const given = words.filter((one) => one !== undefined)
  const theirs = given[0] === 'c/m^!' ? git('diff', '--name-status', 'c/c', 'c/m') : gitDiff(given)
  expect(await ok('diff', '--name-status', ...given)).toBe(theirs)
})

const gitDiff = (words: readonly string[]): string => git('diff', '--name-status', ...words)

test('what a word excludes is its other side', async () => {
  expect(named(await ok('rev-parse', '^c/m^@', '^c/b..c/e'))).toBe('^c\n^s2\n^e\nb\n')
})

test('equal files have equal trees and contents, whatever their commits', async () => {
  const [one, two] = (await ok('rev-parse', 'c/a^{tree}', 'c/s1~1^{tree}')).trim().split('\n')
  expect(one).toMatch(/^[0-9a-f]{64}$/)
  expect(two).toBe(one)
  const [a, b, c] = (await ok('rev-parse', 'c/a:a', ':a', 'c/b:b')).trim().split('\n')
  expect([a === b, a === c]).toEqual([true, false])
  expect(await ok('ls', 'c/b^{tree}')).toBe(git('ls-tree', '--name-only', 'c/b^{tree}'))
  expect((await varve('merge', 'side^{tree}')).code).toBe(2)
})

test("'-' is the branch before, in the commands where Git has it", async () => {
  await both('switch', '-q', 'side')
  await both('switch', '-q', '-c', 'tries', 'c/a')
  for (const command of ['merge', 'rebase'] as const) {
    await both(command, '-q', '-')
    expect(named(await ok('rev-parse', 'HEAD'))).toBe('s2\n')
    await both('reset', '-q', '--hard', 'c/a')
  }
  await both('merge', '-q', '--no-ff', '--no-edit', '-')
  expect(await ok('log', '-1', '--format=%s')).toBe(git('log', '-1', '--format=%s'))
  await both('reset', '-q', '--hard', 'c/a')
  git('cherry-pick', 'c/b')
  await ok('cherry-pick', '-q', 'c/b')
  await both('switch', '-q', '-')
  await both('switch', '-q', '@{-1}')
  expect(await ok('branch', '--show-current')).toBe('tries\n')
  git('cherry-pick', '-')
  await ok('cherry-pick', '-q', '-')
  expect(await ok('log', '-2', '--format=%s')).toBe(git('log', '-2', '--format=%s'))
  await both('switch', '-q', 'main')
  await both('branch', '-q', '-D', '@{-1}')
  expect((await varve('rev-parse', '-q', '--verify', 'tries')).code).toBe(1)
})

test("'A...B' is the merge base where one commit is needed", async () => {
  await both('switch', '-q', '--detach', 'c/c...side')
  expect(named(await ok('rev-parse', 'HEAD'))).toBe(named(git('rev-parse', 'HEAD')))
  await both('switch', '-q', '-c', 'fork', 'main...side')
  await both('branch', 'other', 'c/c...c/s1')
  for (const branch of ['fork', 'other'])
    expect(named(await ok('rev-parse', branch))).toBe(named(git('rev-parse', branch)))
  await both('switch', '-q', '-C', 'fork', 'c/c')
  await both('rebase', '-q', '--onto', 'c/c...side', 'c/b')
  expect(await ok('ls')).toBe(git('ls-tree', '--name-only', 'HEAD'))
  await both('restore', '--source', 'main...side', '.')
  expect(await ok('status', '--short')).toBe(git('status', '--short'))
  await both('restore', '.')
  await both('clean', '-qf')
  await both('switch', '-q', 'main')
})

test('the sides of a stopped merge and what is staged are named as in Git', async () => {
  await both('switch', '-q', '-c', 'clash', 'c/a')
  put('a', 'theirs\n')
  await both('commit', '-qam', 'theirs')
  await both('switch', '-q', 'main')
  put('a', 'ours\n')
  put('fresh', 'fresh\n')
  await both('add', '.')
  await both('commit', '-q', '-m', 'ours')
  expect(() => git('merge', '-q', 'clash')).toThrow()
  expect((await varve('merge', '-q', 'clash')).code).toBe(21)
  for (const name of [':1:a', ':2:a', ':3:a', ':fresh', ':0:fresh', ':./fresh']) {
    expect(await ok('show', name)).toBe(git('show', name))
    expect(await ok('cat', name)).toBe(git('show', name))
  }
  for (const name of [':1:fresh', ':3:b', ':2:nothing', ':nothing']) {
    expect(() => git('show', name)).toThrow()
    expect(await varve('show', name)).toMatchObject({ code: 40 })
  }
  const lines = (text: string): string[] => text.split('\n').filter((line) => /^[-+][^-+]/.test(line))
  for (const sides of [
    [':1:a', ':3:a'],
    [':2:a', ':3:a'],
    ['HEAD:a', ':3:a'],
  ])
    expect(lines(await ok('diff', ...sides))).toEqual(lines(git('diff', ...sides)))
  await both('merge', '--abort')
  expect((await varve('show', ':2:a')).code).toBe(20)
  put('a', 'staged\n')
  await both('add', 'a')
  put('a', 'newer\n')
  expect(await ok('show', ':a')).toBe(git('show', ':a'))
  await both('reset', '-q', '--hard')
})

test('a push goes where @{push} is, and what was not pushed is what remotes do not reach', async () => {
  await ok('init', '-q', '--bare', '../ours.git')
  git('init', '-q', '--bare', '../theirs.git')
  await ok('remote', 'add', 'origin', '../ours.git')
  git('remote', 'add', 'origin', '../theirs.git')
  await ok('push', '-q', 'origin', 'c/m:refs/heads/main', 'side')
  git('push', '-q', 'origin', 'c/m:refs/heads/main', 'side')
  await both('branch', '-q', '-u', 'origin/main', 'main')
  for (const name of ['@{push}', '@{u}', 'main@{upstream}', 'main@{PUSH}'])
    expect(named(await ok('rev-parse', name))).toBe('m\n')
  expect(await ok('log', '--format=%s', 'main', '--not', '--remotes')).toBe(
    git('log', '--format=%s', 'main', '--not', '--remotes'),
  )
})

test('what is no revision is told with the forms that there are', async () => {
  for (const [word, hint] of [
    ['@{soon}', '@{2 days ago}'],
    ['main@{-1}', '@{-1}'],
    ['main^{blob}', "'^{tree}'"],
    ['side@{99}', 'varve reflog side'],
  ] as const) {
    const { code, stderr } = await varve('rev-parse', word)
    expect([word, code === 0]).toEqual([word, false])
    expect(stderr).toContain(hint)
  }
})
