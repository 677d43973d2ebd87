// `log -G` and `log -S --pickaxe-regex`: which commits change lines or cells that a pattern matches. Of texts held against Git's
// own over the same history.
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { begin, both, git, ok, put, varve } = besideGit()

async function commit(name: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) put(file, text)
  await both('add', '-A')
  await both('commit', '-q', '-m', name)
}

/** Long enough that it is told by its content when it has another name. */
const poem = Array.from({ length: 30 }, (_, i) => `a verse ${i}`)
const lines = (...all: string[]): string => [...poem, ...all].map((line) => `${line}\n`).join('')

beforeAll(async () => {
  await begin()
  await commit('one', { 'a.txt': lines('red', 'green', 'blue'), 'b.bin': 'red\0' })
  await commit('moved', { 'a.txt': lines('green', 'blue', 'red') })
  await commit('other line', { 'a.txt': lines('green', 'blue', 'red', 'colour 12') })
  await commit('twice', { 'a.txt': lines('green', 'blue', 'red', 'colour 12 color 13') })
  await commit('binary', { 'b.bin': 'red red\0' })
  await both('switch', '-q', '-c', 'side')
  await commit('side', { 'c.txt': 'color\n\nno end' })
  await both('switch', '-q', 'main')
  await commit('spaces', { 'a.txt': lines('green', '  blue', 'red', 'colour 12 color 13') })
  await both('merge', '-q', '-m', 'merge', 'side')
  await commit('gone', {
    'a.txt': null,
    'd.txt': lines('green', '  blue', 'red', 'colour 12 color 13', '+1'),
  })
  await commit('last', { 'c.txt': 'color\n\nnothing' })
}, 60_000)

const patterns = [
  'red',
  '^red$',
  'colou?r',
  'colou?r 1[0-9]',
  '^.*[0-9]+ ',
  '^ +',
  '^\\+',
  '^(green|blue)$',
  'e',
  'no',
  'nowhere',
  'red$|13$',
]

/** Commits of one second have no order in Git. */
const sorted = (text: string): string[] => text.split('\n').toSorted()

test.each(patterns)('log -G %j', async (pattern) => {
  expect(sorted(await ok('log', '-G', pattern, '--format', '%s'))).toEqual(
    sorted(git('log', '-G', pattern, '--format=%s')),
  )
})

test.each(patterns)('log --pickaxe-regex -S %j', async (pattern) => {
  const args = ['log', '--pickaxe-regex', '-S', pattern]
  expect(sorted(await ok(...args, '--format', '%s'))).toEqual(sorted(git(...args, '--format=%s')))
})

test('log -G of a path, with a limit, oldest first', async () => {
  const args = ['log', '-Gcolou?r', '-n', '1', '--reverse']
  expect(await ok(...args, '--format', '%s', 'c.txt')).toBe('side\n')
  expect(await ok('log', '-G', 'colou?r', '--reverse', '--format', '%s')).toBe(
    git('log', '-G', 'colou?r', '--reverse', '--format=%s'),
  )
})

test('an empty line is one, and the end of a text is none', async () => {
  expect(await ok('log', '-G', '^$', '--format', '%s')).toBe('side\n')
})

test('what does not go together is refused, and so is what is no pattern', async () => {
  for (const args of [
    ['-G', 'a', '-S', 'b'],
    ['-G', 'a', '--pickaxe-regex'],
    ['--pickaxe-regex'],
    ['-G', '('],
    ['-S', '(', '--pickaxe-regex'],
    ['-G', 'a', '--graph'],
  ])
    expect([args, await varve('log', ...args)]).toMatchObject([args, { code: 2 }])
  expect((await varve('log', '-G', '(a')).stderr).toContain("'(a' is not a pattern: missing closing )")
})
