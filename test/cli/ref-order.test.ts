// Lists of branches and tags in an order and in a form of one's own, held against Git's over the same history.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { gitIn } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
const ours = path.join(dir, 'ours')
const theirs = path.join(dir, 'theirs')
const git = gitIn(theirs)

async function varve(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args, ours)
  expect([args, code, stderr]).toEqual([args, 0, ''])
  return stdout
}

async function commit(name: string, date: string): Promise<void> {
  for (const place of [ours, theirs]) fs.writeFileSync(path.join(place, `${name}.txt`), name)
  git('add', '.')
  const message = `make ${name}\n\nby hand`
  const author = ['--author=Bo <bo@example.org>', `--date=${date}`]
  gitIn(theirs, { GIT_COMMITTER_DATE: date })('commit', '-q', ...author, '-m', message)
  await varve('add', '.')
  await varve('commit', '-q', ...author, '-m', message)
}

async function both(...args: string[]): Promise<void> {
  git(...args)
  await varve(...args)
}

beforeAll(async () => {
  for (const place of [ours, theirs]) fs.mkdirSync(place)
  await both('init', '-q', '-b', 'main')
  await commit('first', '2024-05-01T10:00:00Z')
  for (const tag of ['v1.10', 'v1.9', 'v1.9.1', 'v1.09', 'V2', 'v1.9-rc', 'x']) await both('tag', tag)
  await both('switch', '-q', '-c', 'Beta')
  await commit('late', '2024-07-01T10:00:00+02:00')
  await both('tag', 'a-late')
  await both('switch', '-q', '-c', 'alpha', 'main')
  await commit('middle', '2024-06-01T10:00:00Z')
  await both('tag', 'b-middle')
  await both('tag', '-a', '-m', 'Said\n\nat length', 'noted', 'main')
}, 60_000)

const sorts = [
  ['refname'],
  ['-refname'],
  ['-committerdate'],
  ['authordate'],
  ['-creatordate'],
  ['version:refname'],
  ['-v:refname'],
  ['taggerdate'],
  ['refname', '-creatordate'],
  ['-creatordate', '-refname'],
]

test.each(sorts)('sorted by %s %s', async (...keys) => {
  const given = keys.filter((key) => key !== undefined).map((key) => `--sort=${key}`)
  for (const verb of ['branch', 'tag'])
    for (const more of [[], ['-i']]) {
      const args = [verb, ...given, ...more, '--format=%(refname:short)']
      expect([args, await varve(...args)]).toEqual([args, git(...args)])
    }
})

test.each([
  '%(refname) %(refname:short) %(refname:lstrip=2) %(refname:strip=1)',
  '%(HEAD) %(objecttype) %(subject)|%(contents:subject)|%(body)|%(contents)|',
  '%(authorname) %(authoremail) %(authordate) %(authordate:short) %(authordate:unix)',
  '%(committerdate:iso) %(committerdate:iso-strict) %(committerdate:relative)',
  '%(upstream) %(upstream:short) %(upstream:track)100%%%09end',
])('in the form %s', async (format) => {
  for (const verb of ['branch', 'tag']) {
    const args = [verb, `--format=${format}`, '--list', ...(verb === 'tag' ? ['*e', 'x'] : [])]
    if (verb === 'tag' && format.includes('upstream')) continue
    // Messages of a Git commit end in a line end.
    const lines = (text: string): string => text.replaceAll(/\n+/g, '\n').replaceAll('\n|', '|')
    expect([args, lines(await varve(...args))]).toEqual([args, lines(git(...args))])
  }
})

test('patterns of letters in whatever case', async () => {
  for (const args of [
    ['tag', '-i', '-l', 'V*', '--format=%(refname:short)'],
    ['branch', '-i', '--list', 'b*', '--format=%(refname:short)'],
  ])
    expect(await varve(...args)).toBe(git(...args))
})

test('what an annotated tag is, and its commit', async () => {
  const [line] = (
    await varve('tag', '-l', 'noted', '--format=%(taggername) %(creatordate:unix) %(*objectname)')
  ).split('\n')
  const { items } = JSON.parse(await varve('tag', '-l', 'noted', '--json')) as { items: { commit: string }[] }
  expect(line).toMatch(new RegExp(`^Ada Lovelace \\d+ ${items[0]!.commit}$`))
})

test('a branch follows a branch of a remote, or none', async () => {
  await varve('remote', 'add', 'origin', path.join(dir, 'hub'))
  await varve('push', '-q', 'origin', 'main', 'alpha')
  await varve('branch', '-u', 'origin/main')
  await varve('branch', '--set-upstream-to=origin/main', 'main')
  const told = ['branch', '--format=%(refname:short) %(upstream:short)%(upstream:track)']
  expect(await varve(...told)).toBe('Beta \nalpha origin/main[ahead 1]\nmain origin/main\n')
  expect(JSON.parse(await varve('status', '--json'))).toMatchObject({
    upstream: { name: 'origin/main', ahead: 1 },
  })
  expect(JSON.parse(await varve('branch', '--unset-upstream', '--json'))).toEqual({
    branch: 'alpha',
    upstream: null,
  })
  for (const [code, ...args] of [
    [43, 'branch', '--unset-upstream'],
    [43, 'branch', '-u', 'origin/nothing'],
    [20, 'branch', '-u', 'main'],
    [43, 'branch', '-u', 'origin/main', 'nothing'],
    [2, 'branch', '--sort=size'],
    [2, 'branch', '--format=%(nothing)'],
    [2, 'branch', '--format=%(refname)', '--json'],
    [2, 'branch', '--sort=refname', 'new'],
    [2, 'tag', '--sort=refname', 'new'],
    [2, 'branch', '-d', '--sort=refname', 'main'],
  ] as const)
    expect([args, (await runHere(args, ours)).code]).toEqual([args, code])
})

test('a program asks for an order and for details', async () => {
  await using repo = await Repository.open(ours)
  const branches = await repo.branches({ sort: ['-committerdate'], details: true })
  expect(branches.map(({ name, details }) => [name, details?.author?.name])).toEqual([
    ['Beta', 'Bo'],
    ['alpha', 'Bo'],
    ['main', 'Bo'],
  ])
  expect((await repo.tags({ sort: ['-creatordate'] })).map(({ name }) => name).slice(0, 3)).toEqual([
    'noted',
    'a-late',
    'b-middle',
  ])
  await repo.setUpstream('Beta', 'origin/alpha')
  expect((await repo.branches({ patterns: ['Beta'] }))[0]).toMatchObject({ upstream: 'origin/alpha' })
})
