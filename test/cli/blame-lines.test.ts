// `varve blame` of some lines, since a revision, and without regard to white space: beside Git.
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { begin, both, git, ok, put, varve } = besideGit()
const names = new Map<string, string>()

async function commit(name: string, text: string): Promise<void> {
  put('notes.md', text)
  await both('add', '.')
  await both('commit', '-q', '-m', name)
  await both('tag', name)
  names.set(git('rev-parse', 'HEAD').trim().slice(0, 7), name)
  names.set((await ok('rev-parse', 'HEAD')).trim().slice(0, 7), name)
}

/** Of each line: the commit, '^' before it where it is a boundary, the number and the text. */
const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mark, id, number, rest] = /^(\^?)([0-9a-f]{7})[0-9a-f]* .*?(\d+)\) ?(.*)$/.exec(line)!
      return `${mark}${names.get(id!)} ${number} ${rest}`
    })

beforeAll(async () => {
  await begin()
  await commit('a', 'one\ntwo\nthree\nfour\nfive\n')
  await commit('b', 'one\ntwo\nthree and more\nfour\nfive\n')
  await both('switch', '-q', '-c', 'side', 'a')
  await commit('s', 'zero\none\ntwo\nthree\nfour\nfive\n')
  await both('switch', '-q', 'main')
  await commit('c', 'one\ntwo\nthree and more\n  four\n\tfive\nsix\n')
  await both('merge', '-q', '-m', 'Merge', 'side')
  await both('tag', 'm')
  await commit('d', 'zero\none\ntwo\nthree and  more\n  four\n\tfive\nsix\nseven\n')
}, 60_000)

test.each([
  ['-L', '2,4', 'notes.md'],
  ['-L', '7,', 'notes.md'],
  ['-L', ',2', 'notes.md'],
  ['-L', '3,+2', '-L', '8,8', 'notes.md'],
  ['-L', '/three/,+2', 'notes.md'],
  ['-L', '2,4', 'b', '--', 'notes.md'],
  ['-w', 'notes.md'],
  ['-w', '-L', '4,6', 'notes.md'],
  ['b..', '--', 'notes.md'],
  ['c..d', '--', 'notes.md'],
  ['s..d', '--', 'notes.md'],
  ['d^!', '--', 'notes.md'],
  ['-w', 'a..m', '--', 'notes.md'],
])('blame %s %s %s %s %s', async (...args) => {
  const given = args.filter((arg) => arg !== undefined)
  expect(lines(await ok('blame', ...given))).toEqual(lines(git('blame', '--root', '--abbrev=7', ...given)))
})

test('lines that are not there, and lines of a table, are refused', async () => {
  put('people.csv', 'id,name\n1,Ann\n2,Bob\n')
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', '.')
  await ok('commit', '-qm', 'people')
  for (const [args, said] of [
    [['-L', '99,', 'notes.md'], 'has only 8 lines'],
    [['-L', 'x', 'notes.md'], 'no range'],
    [['-L', '1,2', 'people.csv'], '--key'],
    [['-w', 'people.csv'], '--key'],
    [['a...d', '--', 'notes.md'], "'A..B'"],
  ] as const) {
    const { code, stderr } = await varve('blame', ...args)
    expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining(said)])
  }
  put('people.csv', 'id,name\n1,Ann\n2,Bert\n')
  await ok('commit', '-qam', 'Bert')
  const { items } = JSON.parse(await ok('blame', '--json', 'people.csv', 'HEAD~1..HEAD')) as {
    items: { by: { subject: string; boundary?: true } }[]
  }
  expect(items.map(({ by }) => [by.subject, by.boundary ?? false])).toEqual([
    ['people', true],
    ['Bert', false],
  ])
})
