// Lists of branches and tags, held against Git's own over the same history: by name, by what they have and what has them.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

/** A commit, tagged by its name. */
async function commit(name: string): Promise<void> {
  put(`${name}.txt`, name)
  await both('add', '.')
  await both('commit', '-q', '-m', `make ${name}\n\nby hand`)
  await both('tag', name)
}

/**
 *   one - two ------- five  main
 *     \     \         /
 *      \     three --'      fix/three
 *       four                fix/four, feature (at one)
 */
beforeAll(async () => {
  await begin()
  await commit('one')
  await both('branch', 'feature')
  await both('switch', '-q', '-c', 'fix/four')
  await commit('four')
  await both('switch', '-q', 'main')
  await commit('two')
  await both('switch', '-q', '-c', 'fix/three')
  await commit('three')
  await both('switch', '-q', 'main')
  await commit('five')
  await both('merge', '-q', '-m', 'Merge', 'fix/three')
  await both('tag', '-a', '-m', 'First\n\nAs it was\npublished', 'v1', 'one')
}, 60_000)

async function names(...args: string[]): Promise<string[]> {
  const { items } = JSON.parse(await ok(...args, '--json')) as { items: { name: string }[] }
  return items.map(({ name }) => name)
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

const conditions = [
  ['--merged'],
  ['--merged', 'two'],
  ['--merged=fix/four'],
  ['--no-merged'],
  ['--no-merged', 'two', 'f*'],
  ['--contains', 'three'],
  ['--contains', 'four', '--contains', 'two'],
  ['--contains'],
  ['--no-contains', 'two'],
  ['--contains', 'one', '--no-contains', 'three'],
  ['--points-at', 'one'],
  ['--merged', 'main', '--contains', 'two'],
]

test.each([
  ...conditions,
  ['--list', 'fix/*'],
  ['--list', 'f*e', 'main'],
  ['-l', 'nothing'],
  ['--list', '*[!n]'],
])('branch %s %s %s %s', async (...args) => {
  const given = args.filter((arg) => arg !== undefined)
  expect(await names('branch', ...given)).toEqual(lines(git('branch', '--format=%(refname:short)', ...given)))
})

test.each([...conditions, ['-l', 't*'], ['-l', 'f???', 'v1'], ['-n', '-l', 'v*']])(
  'tag %s %s %s %s',
  async (...args) => {
    const given = args.filter((arg) => arg !== undefined)
    const format = given[0] === '-n' ? given.slice(1) : given
    expect(await names('tag', ...given)).toEqual(lines(git('tag', '--format=%(refname:short)', ...format)))
  },
)

test("a pattern stands for the names that Git's does", async () => {
  const all = ['a', 'ab', 'abc', 'a-b', 'c/b', 'c/d/c', 'b', 'x-y', 'A']
  for (const name of all) {
    git('tag', `p/${name}`)
    await ok('tag', `p/${name}`)
  }
  const patterns = [
    '*',
    '?',
    'a?',
    'a*',
    '*b',
    'a*c',
    '*/*',
    'a**c',
    '[ab]',
    '[!a]',
    '[^a]*',
    '[a-c]b',
    '[]a]',
    '[a',
    'a\\*',
    '\\a',
    '?b',
    '*-*',
    '',
    'a[-/]b',
    '[a-]b',
  ]
  for (const pattern of patterns)
    expect([pattern, await names('tag', '-l', `p/${pattern}`)]).toEqual([
      pattern,
      lines(git('tag', '-l', `p/${pattern}`)),
    ])
}, 60_000)

test('-n shows so many lines, as Git but for the id: of a tag, or of the commit that has no other', async () => {
  const shown = (text: string): string[] =>
    lines(
      text
        .replaceAll(/ [0-9a-f]{8} +/g, ' ')
        .replaceAll(/ +/g, ' ')
        .replaceAll(/^ $/gm, ''),
    )
  for (const n of ['-n', '-n1', '-n2', '-n3', '-n9'])
    expect([n, shown(await ok('tag', n, '-l', 'v1', 'two'))]).toEqual([
      n,
      shown(git('tag', n, '-l', 'v1', 'two')),
    ])
  expect(lines(await ok('tag', '-l', 'v1', 'two'))).toEqual([
    expect.stringMatching(/^two {2}[0-9a-f]{8}$/),
    expect.stringMatching(/^v1 {3}[0-9a-f]{8} {2}First$/),
  ])
})

test('-v tells how far a branch and its upstream have gone apart', async () => {
  const hub = at('hub')
  await ok('remote', 'add', 'origin', hub)
  await ok('push', '-q', '-u', 'origin', 'main', 'fix/four', 'feature')
  await ok('branch', '-f', 'feature', 'fix/four')
  await ok('push', '-q', '--delete', 'origin', 'fix/four')
  await ok('reset', '-q', '--hard', 'HEAD~1')
  await commitHere('six')
  const listed = lines(await ok('branch', '-v'))
  expect(listed.find((line) => line.includes('* main'))).toMatch(/\[origin\/main: ahead 1, behind 2\] six$/)
  expect(listed.find((line) => line.includes('feature'))).toMatch(/\[origin\/feature: ahead 1\] make four$/)
  expect(listed.find((line) => line.includes('fix/four'))).toMatch(/\[origin\/fix\/four: gone\] make four$/)
  const { items } = JSON.parse(await ok('branch', '-v', '--json', '--list', 'main', 'fix/*')) as {
    items: { name: string; divergence: unknown }[]
  }
  expect(items.map(({ name, divergence }) => [name, divergence])).toEqual([
    ['fix/four', null],
    ['fix/three', null],
    ['main', { ahead: 1, behind: 2 }],
  ])
  expect(await names('branch', '-r', '--list', 'origin/f*', '--contains', 'one')).toEqual(['origin/feature'])
})

async function commitHere(name: string): Promise<void> {
  fs.writeFileSync(at('ours', `${name}.txt`), name)
  await ok('add', '.')
  await ok('commit', '-q', '-m', name)
}

test('conditions of lists are refused where nothing is listed, and so are -a and -r beside a name', async () => {
  for (const args of [
    ['branch', '-d', '--merged', 'main', 'feature'],
    ['branch', '-a', 'new'],
    ['tag', '-d', 'v1', '--contains'],
    ['tag', '-nx'],
  ])
    expect(await varve(...args)).toMatchObject({ code: 2 })
  expect(await varve('branch', '--contains', 'nothing')).toMatchObject({ code: 43 })
  expect(await names('branch')).not.toContain('new')
})
