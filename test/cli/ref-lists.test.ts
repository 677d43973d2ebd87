// Lists of branches and tags, held against Git's own over the same history: by name, by what they have and what has them.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { gitIn } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
const ours = path.join(dir, 'ours')
const theirs = path.join(dir, 'theirs')

const git = gitIn(theirs)

async function varve(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args, ours)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

async function both(...args: string[]): Promise<void> {
  git(...args)
  await varve(...args)
}

/** A commit, tagged by its name. */
async function commit(name: string): Promise<void> {
  for (const place of [ours, theirs]) fs.writeFileSync(path.join(place, `${name}.txt`), name)
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
  for (const place of [ours, theirs]) fs.mkdirSync(place)
  await both('init', '-q', '-b', 'main')
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
  const { items } = JSON.parse(await varve(...args, '--json')) as { items: { name: string }[] }
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
    await varve('tag', `p/${name}`)
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
    expect([n, shown(await varve('tag', n, '-l', 'v1', 'two'))]).toEqual([
      n,
      shown(git('tag', n, '-l', 'v1', 'two')),
    ])
  expect(lines(await varve('tag', '-l', 'v1', 'two'))).toEqual([
    expect.stringMatching(/^two {2}[0-9a-f]{8}$/),
    expect.stringMatching(/^v1 {3}[0-9a-f]{8} {2}First$/),
  ])
})

test('-v tells how far a branch and its upstream have gone apart', async () => {
  const hub = path.join(dir, 'hub')
  await varve('remote', 'add', 'origin', hub)
  await varve('push', '-q', '-u', 'origin', 'main', 'fix/four', 'feature')
  await varve('branch', '-f', 'feature', 'fix/four')
  await varve('push', '-q', '--delete', 'origin', 'fix/four')
  await varve('reset', '-q', '--hard', 'HEAD~1')
  await commitHere('six')
  const listed = lines(await varve('branch', '-v'))
  expect(listed.find((line) => line.includes('* main'))).toMatch(/\[origin\/main: ahead 1, behind 2\] six$/)
  expect(listed.find((line) => line.includes('feature'))).toMatch(/\[origin\/feature: ahead 1\] make four$/)
  expect(listed.find((line) => line.includes('fix/four'))).toMatch(/\[origin\/fix\/four: gone\] make four$/)
  const { items } = JSON.parse(await varve('branch', '-v', '--json', '--list', 'main', 'fix/*')) as {
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
  fs.writeFileSync(path.join(ours, `${name}.txt`), name)
  await varve('add', '.')
  await varve('commit', '-q', '-m', name)
}

test('conditions of lists are refused where nothing is listed, and so are -a and -r beside a name', async () => {
  for (const args of [
    ['branch', '-d', '--merged', 'main', 'feature'],
    ['branch', '-a', 'new'],
    ['tag', '-d', 'v1', '--contains'],
    ['tag', '-nx'],
  ])
    expect(await runHere(args, ours)).toMatchObject({ code: 2 })
  expect(await runHere(['branch', '--contains', 'nothing'], ours)).toMatchObject({ code: 43 })
  expect(await names('branch')).not.toContain('new')
})
