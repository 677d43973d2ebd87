// rev-parse, merge-base and describe, held against Git over the same history.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'
import { runHere } from '../support/run-here.ts'

/** A second for each step: Git counts wrong where clocks tell nothing. */
let second = 1_700_000_000
const { at, begin, both, git, ok, put, varve } = besideGit(() => ({
  GIT_COMMITTER_DATE: `${second++} +0000`,
}))
const names = new Map<string, string>()

/** A commit, with a tag 'c/NAME' that the comparisons leave out. */
async function commit(name: string): Promise<void> {
  put(name, name)
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
function named(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[0-9a-f]{40,}/, (id) => names.get(id) ?? id))
    .map((line) => line.replace(/-g[0-9a-f]+/, '-gID'))
    .join('\n')
}

/** The output and whether it went well, in Git's way of saying no. */
function gitSays(...args: string[]): [string, boolean] {
  try {
    return [named(git(...args)), true]
  } catch {
    return ['', false]
  }
}

/**
 *   a (v1, light) - b - c ------ m - e     main
 *        \          (x1)        /
 *         s1 - s2 (v1.5) - s3 -'           side
 *   x and y: merges of c and s2, crosswise
 */
beforeAll(async () => {
  await begin()
  await commit('a')
  await both('tag', '-a', '-m', 'one', 'v1')
  await both('tag', 'light')
  await both('switch', '-q', '-c', 'side')
  for (const name of ['s1', 's2']) await commit(name)
  await both('tag', '-a', '-m', 'one and a half', 'v1.5')
  await commit('s3')
  await both('switch', '-q', 'main')
  for (const name of ['b', 'c']) await commit(name)
  await both('tag', 'x1', 'c/b')
  await both('merge', '-q', '--no-edit', '-m', 'Merge', 'side')
  await remember('m')
  await commit('e')
  await both('switch', '-q', '-c', 'x', 'c/c')
  await both('switch', '-q', '-c', 'y', 'c/s2')
  await both('merge', '-q', '-m', 'Across', 'x')
  await both('switch', '-q', 'x')
  await both('merge', '-q', '-m', 'Across', 'c/s2')
  await remember('x')
  await both('switch', '-q', 'y')
  await remember('y')
  await both('switch', '-q', 'main')
}, 60_000)

const exclude = '--exclude=c/*'

test.each([
  ['describe'],
  ['describe', 'c/m'],
  ['describe', 'c/c', 'side', 'c/s1'],
  ['describe', '--tags', exclude],
  ['describe', '--tags', exclude, 'c/c'],
  ['describe', '--tags', exclude, 'c/a', 'c/b'],
  ['describe', '--tags', '--match', 'x*'],
  ['describe', '--tags', '--match', 'l*', '--match', 'x*', 'c/s3', 'c/e'],
  ['describe', '--first-parent'],
  ['describe', '--long', 'v1.5'],
  ['describe', '--abbrev=0'],
  ['describe', '--exact-match', 'v1.5'],
  ['describe', '--exact-match'],
  ['describe', '--match', 'nothing'],
  ['describe', '--match', 'nothing', '--always', '--abbrev=40', 'c/b'],
  ['describe', '--dirty'],
  ['describe', '--all', exclude],
  ['describe', '--all', exclude, 'c/c', 'c/b', 'c/a', 'c/s1', 'c/s2', 'c/s3'],
  ['describe', '--all', exclude, '--match', 's*', 'c/m'],
  ['describe', '--all', exclude, '--exclude', 'main', '--long'],
  ['merge-base', 'c/c', 'c/b', 'c/s2'],
  ['merge-base', '--all', 'x', 'y'],
  ['merge-base', '--all', 'x', 'y', 'c/b'],
  ['merge-base', '--octopus', 'c/c', 'side', 'x'],
  ['merge-base', '--octopus', 'c/c', 'c/b', 'c/m'],
  ['merge-base', '--octopus', 'main'],
  ['merge-base', '--independent', 'c/a', 'side', 'c/c', 'c/b', 'c/c'],
  ['merge-base', 'main', 'side'],
  ['merge-base', 'c/c', 'side'],
  ['merge-base', 'c/c', 'c/b'],
  ['merge-base', '--is-ancestor', 'v1', 'HEAD'],
  ['merge-base', '--is-ancestor', 'HEAD', 'v1'],
  ['merge-base', '--is-ancestor', 'HEAD', 'main'],
  ['rev-parse', 'HEAD', 'HEAD~1', 'c/m^2', 'v1^0', '@'],
  ['rev-parse', 'HEAD', '^light', 'c/b..side', '..c/a', 'x...y', 'c/b^'],
  ['rev-parse', 'v1^{}', 'v1^{commit}', 'side^{commit}~1', 'main^{/c}', 'c/m^{/s}^'],
  ['rev-parse', ':/s2', 'main^{/b}..:/Merge', '^v1.5^{}'],
  ['rev-parse', ':/nobody said so'],
  ['rev-parse', 'side^{/Across}'],
  ['rev-parse', 'side^{something}'],
  ['rev-parse', '--abbrev-ref', 'HEAD', 'side', 'v1'],
  ['rev-parse', '--symbolic-full-name', 'HEAD', 'side', 'v1'],
  ['rev-parse', '--verify', 'c/b'],
  ['rev-parse', '--verify', 'nothing'],
  ['rev-parse', '-q', '--verify', 'nothing'],
  ['rev-parse', '--is-inside-work-tree'],
  ['rev-parse', '--is-bare-repository'],
  ['rev-parse', '--show-prefix'],
])('%s %s %s %s %s', async (...args) => {
  const given = args.filter((arg) => arg !== undefined)
  const { code, stdout } = await varve(...given)
  const short = given.includes('--abbrev=40') ? stdout.slice(0, 40) : ''
  if (short !== '') return expect((await ok('rev-parse', 'c/b')).startsWith(short)).toBe(true)
  const [theirs, isWell] = gitSays(...given)
  // Of several bases none is the first.
  const lines = (text: string): string[] => (given[0] === 'describe' ? text.split('\n') : sorted(text))
  expect([lines(named(stdout)), code === 0]).toEqual([lines(theirs), isWell])
})

/** Git's order among commits that do not reach each other is by date, ours by generation. */
const sorted = (text: string): string[] => named(text).trim().split('\n').sort()

test.each([
  ['c/m', '^c/s2'],
  ['side', 'c/c', '^c/a'],
  ['^c/b', 'c/c..c/m', 'c/s2'],
  ['c/c...side', '^c/s1'],
  ['c/b..'],
  ['^c/a'],
  ['--branches'],
  ['--branches=x*'],
  ['--branches=[xy]', '^main'],
  ['--branches=side'],
  ['--tags', '^c/e', '^y'],
  ['--tags=v*'],
  ['--tags=nothing'],
  ['--remotes'],
  ['--all', '^main'],
  ['--all', '--no-merges', '^c/a'],
  ['--branches=x', '--tags=v1', '-n', '2'],
  ['--branches=main', 'y', '--first-parent'],
])('log %s %s %s', async (...args) => {
  const given = args.filter((arg) => arg !== undefined)
  expect(sorted(await ok('log', '--format=%H', ...given))).toEqual(
    sorted(git('log', '--format=%H', ...given)),
  )
})

test('log of paths takes several revisions, and no file passes for one', async () => {
  for (const args of [
    ['c/m', '^c/s2', '--', 's3'],
    ['c/m', '^c/b', 's1'],
    ['side', 'c/c', 'b'],
    ['main', 'b', 's1'],
  ])
    expect(sorted(await ok('log', '--format=%H', ...args))).toEqual(
      sorted(git('log', '--format=%H', ...args)),
    )
  expect(await varve('log', '^nothing')).toMatchObject({ code: 43 })
})

test('what differs from HEAD is told, and so is where the command runs', async () => {
  put('a', 'changed')
  for (const args of [['--dirty'], ['--dirty=+', '--abbrev=0']])
    expect(named(await ok('describe', ...args))).toBe(named(git('describe', ...args)))
  await both('restore', 'a')
  fs.mkdirSync(at('ours', 'in/side'), { recursive: true })
  const { stdout } = await runHere(['rev-parse', '--show-prefix'], at('ours', 'in/side'))
  expect(stdout).toBe('in/side/\n')
  expect(await ok('rev-parse', '--show-toplevel')).toBe(`${fs.realpathSync(at('ours'))}\n`)
  expect(await ok('rev-parse', '--short', 'HEAD')).toMatch(/^[0-9a-f]{8}\n$/)
  expect(await ok('rev-parse', '--short=4', 'HEAD')).toMatch(/^[0-9a-f]{4}\n$/)
  await ok('switch', '-q', '--detach')
  expect(await ok('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD\n')
  await ok('switch', '-q', 'main')
})

test('misuse is refused, silence is for what is not there', async () => {
  for (const [code, ...args] of [
    [1, 'rev-parse', '-q', '--verify', 'nothing'],
    [43, 'rev-parse', 'nothing'],
    [43, 'describe', '--match', 'nothing'],
    [1, 'merge-base', '--is-ancestor', 'HEAD', 'v1'],
    [2, 'merge-base', 'main'],
    [2, 'merge-base', 'main..side', 'v1'],
    [2, 'merge-base', '^side', 'v1'],
    [2, 'merge-base', '--is-ancestor', 'v1', 'HEAD', 'side'],
    [2, 'merge-base', '--octopus', '--independent', 'v1', 'HEAD'],
    [2, 'merge-base', '--octopus'],
    [2, 'describe', '--tags', '--all'],
    [2, 'rev-parse'],
    [2, 'describe', '--dirty', 'side'],
    [2, 'describe', '--long', '--abbrev=0'],
  ] as const)
    expect([args, (await varve(...args)).code]).toEqual([args, code])
  expect((await varve('rev-parse', '-q', '--verify', 'nothing')).stderr).toBe('')
})

test('a program asks the same', async () => {
  await using repo = await Repository.open(at('ours'))
  const { commit, ref } = await repo.revisionInfo('main')
  expect([names.get(commit!), ref]).toEqual(['e', 'refs/heads/main'])
  expect((await repo.mergeBases('c/c', 'side')).map((id) => names.get(id)!)).toEqual(['a'])
  expect(
    (await repo.mergeBases('main', ['x', 'y'], { octopus: true })).map((id) => names.get(id)!).sort(),
  ).toEqual(['c', 's2'])
  expect((await repo.independent(['c/a', 'side', 'c/b'])).map((id) => names.get(id)!).sort()).toEqual([
    'b',
    's3',
  ])
  const heads: string[] = []
  for await (const { id } of repo.log({ revision: ['^main'], refs: ['refs/heads/*'] }))
    heads.push(names.get(id)!)
  expect(heads.sort()).toEqual(['x', 'y'])
  expect(await repo.isAncestor('v1', 'side')).toBe(true)
  expect(await repo.describe('HEAD')).toEqual({ commit, tag: 'v1.5', depth: 5 })
})
