// Lists of branches and tags in an order and in a form of one's own, held against Git's over the same history.
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

async function commit(name: string, date: string): Promise<void> {
  put(`${name}.txt`, name)
  git('add', '.')
  const message = `make ${name}\n\nby hand`
  const author = ['--author=Bo <bo@example.org>', `--date=${date}`]
  gitIn(at('theirs'), { GIT_COMMITTER_DATE: date })('commit', '-q', ...author, '-m', message)
  await ok('add', '.')
  await ok('commit', '-q', ...author, '-m', message)
}

beforeAll(async () => {
  await begin()
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
      expect([args, await ok(...args)]).toEqual([args, git(...args)])
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
    expect([args, lines(await ok(...args))]).toEqual([args, lines(git(...args))])
  }
})

test('patterns of letters in whatever case', async () => {
  for (const args of [
    ['tag', '-i', '-l', 'V*', '--format=%(refname:short)'],
    ['branch', '-i', '--list', 'b*', '--format=%(refname:short)'],
  ])
    expect(await ok(...args)).toBe(git(...args))
})

test('what an annotated tag is, and its commit', async () => {
  const [line] = (
    await ok('tag', '-l', 'noted', '--format=%(taggername) %(creatordate:unix) %(*objectname)')
  ).split('\n')
  const { items } = JSON.parse(await ok('tag', '-l', 'noted', '--json')) as { items: { commit: string }[] }
  expect(line).toMatch(new RegExp(`^Ada Lovelace \\d+ ${items[0]!.commit}$`))
})

test('a branch follows a branch of a remote, or none', async () => {
  await ok('remote', 'add', 'origin', at('hub'))
  await ok('push', '-q', 'origin', 'main', 'alpha')
  await ok('branch', '-u', 'origin/main')
  await ok('branch', '--set-upstream-to=origin/main', 'main')
  const told = ['branch', '--format=%(refname:short) %(upstream:short)%(upstream:track)']
  expect(await ok(...told)).toBe('Beta \nalpha origin/main[ahead 1]\nmain origin/main\n')
  expect(JSON.parse(await ok('status', '--json'))).toMatchObject({
    upstream: { name: 'origin/main', ahead: 1 },
  })
  expect(JSON.parse(await ok('branch', '--unset-upstream', '--json'))).toEqual({
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
    expect([args, (await varve(...args)).code]).toEqual([args, code])
})

test('a program asks for an order and for details', async () => {
  await using repo = await Repository.open(at('ours'))
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
