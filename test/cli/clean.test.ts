// `clean` removes what Git's does in the same folder, and keeps what must not be lost.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, git, ok, varve } = besideGit()

function put(place: string, ...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(path.dirname(at(place, name)), { recursive: true })
    fs.writeFileSync(at(place, name), `${name}\n`)
  }
}

/** All files, without what a repository keeps. */
function files(place: string): string[] {
  const names = fs.readdirSync(at(place), { recursive: true }) as string[]
  return names.filter((name) => !/(^|\/)\.(git|varve)(\/|$)/.test(name) && !name.endsWith('ignore')).sort()
}

beforeEach(async () => {
  await begin()
  for (const place of ['ours', 'theirs']) put(place, 'tracked', 'a/t2')
  for (const place of ['ours/.varveignore', 'theirs/.gitignore']) fs.writeFileSync(at(place), '*.log\nout/\n')
  git('add', '.')
  git('commit', '-qm', 'First')
  for (const args of [
    ['add', '.'],
    ['commit', '-q', '-m', 'First'],
  ])
    await ok(...args)
  for (const place of ['ours', 'theirs']) {
    put(
      place,
      'a/b/x',
      'c/y',
      'd/e/z',
      'd/k.log',
      'new',
      'root.log',
      'out/o',
      'a/new',
      'ü/f',
      'nested/f',
      'deep/nested/f',
    )
    fs.mkdirSync(at(place, 'empty/er'), { recursive: true })
    fs.symlinkSync('a', at(place, 'link'))
    for (const nested of ['nested', 'deep/nested'])
      execFileSync('git', ['init', '-q', at(place, nested)], {
        env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
      })
  }
})

test.each([
  ['-n'],
  ['-nd'],
  ['-nx'],
  ['-ndx'],
  ['-n', '.'],
  ['-n', 'c', 'd'],
  ['-n', 'a'],
  ['-n', 'root.log'],
  ['-nx', 'root.log', 'out'],
  ['-n', 'tracked'],
  ['-n', 'a/b/x', 'link'],
  ['-nX'],
  ['-ndX'],
  ['-nX', 'd', 'root.log', 'new'],
  ['-ndX', 'out'],
  ['-nd', '-e', 'new'],
  ['-nd', '-e', 'c/'],
  ['-ndx', '-e', '*.log', '-e', 'x'],
  ['-nx', '-e', '/new', 'a'],
])('clean %s %s %s %s %s', async (...options) => {
  const given = options.filter((option) => option !== undefined)
  const told = git('-c', 'core.quotepath=off', 'clean', ...given)
  const expected = [...told.matchAll(/^Would remove (.*)$/gm)].map(([, name]) => name!).sort()
  const before = files('ours')
  const { removed } = JSON.parse(await ok('clean', ...given, '--json')) as { removed: string[] }
  expect(removed).toEqual(expected)
  expect(files('ours')).toEqual(before)
  const forced = given.map((option) => option.replace(/^-n/, '-f'))
  git('clean', '-q', ...forced)
  expect(JSON.parse(await ok('clean', ...forced, '--json'))).toMatchObject({ removed })
  expect(files('ours')).toEqual(files('theirs'))
  expect(await ok('status', '--short')).not.toMatch(/^ ?D/m)
  expect((await ok('fsck')).length).toBeGreaterThan(0)
})

test('nothing goes without -f or -n, and nothing of what somebody else keeps', async () => {
  const before = files('ours')
  expect(await varve('clean')).toMatchObject({ code: 2 })
  expect(await varve('clean', '-dx')).toMatchObject({ code: 2 })
  for (const args of [['nested'], ['nested/f'], ['deep/nested/f']])
    expect(await varve('clean', '-f', ...args)).toMatchObject({ code: 20 })
  for (const args of [['nope'], ['link/t2']])
    expect(await varve('clean', '-f', ...args)).toMatchObject({ code: 40 })
  expect((await varve('clean', '-fx', '.varve')).code).not.toBe(0)
  expect((await varve('clean', '-fx', '../theirs')).code).not.toBe(0)
  expect(files('ours')).toEqual(before)
})

test('a table that is declared and not added keeps its declaration; what is ours stays', async () => {
  put('ours', 'far/.varve-tmp-1')
  fs.writeFileSync(at('ours/people.csv'), 'id\n1\n')
  await ok('track', '-q', 'people.csv', '--key', 'id')
  execFileSync('mkfifo', [at('ours/pipe')])
  const { removed, kept } = JSON.parse(await ok('clean', '-fdx', '--json')) as {
    removed: string[]
    kept: { path: string; reason: string }[]
  }
  expect(removed).toContain('people.csv')
  expect(kept.map(({ path: name }) => name).sort()).toEqual(['deep/nested/', 'nested/', 'pipe', 'varve.yaml'])
  expect(files('ours')).toContain('far/.varve-tmp-1')
  expect(fs.existsSync(at('ours/varve.yaml'))).toBe(true)
  expect(await ok('clean', '-n')).toContain('kept varve.yaml: it says what the tables are')
})

test('what Git keeps in the same folder stays; where that cannot be told nothing goes', async () => {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }
  const inOurs = (...args: string[]): void => void execFileSync('git', args, { cwd: at('ours'), env })
  inOurs('init', '-q')
  inOurs('add', 'new', 'ü/f', 'c/y')
  const { removed, kept } = JSON.parse(await ok('clean', '-fd', '--json')) as {
    removed: string[]
    kept: { path: string; reason: string }[]
  }
  expect(kept.filter(({ reason }) => reason === 'is tracked by Git').map(({ path: name }) => name)).toEqual(
    expect.arrayContaining(['new', 'ü/f', 'c/y']),
  )
  expect(removed).toContain('a/new')
  expect(files('ours')).toEqual(expect.arrayContaining(['new', 'ü/f', 'c/y']))
  put('ours', 'more')
  fs.writeFileSync(at('ours/.git/index'), 'no index')
  expect(await varve('clean', '-fd')).toMatchObject({ code: 20 })
  expect(files('ours')).toContain('more')
})

test('a program can ask for it as well', async () => {
  await using repo = await Repository.open(at('ours'))
  expect((await repo.clean({ dryRun: true, paths: ['c', 'empty'] })).removed).toEqual(['c/', 'empty/'])
  expect((await repo.clean({ folders: true })).removed).toContain('c/')
  expect((await repo.clean({ folders: true })).removed).toEqual([])
})
