// What `log`, `show` and `diff` tell of paths, lines and values, held against Git's own over the same history.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

async function commit(name: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) put(file, text)
  await both('add', '-A')
  await both('commit', '-q', '-m', name)
}

const poem = Array.from({ length: 12 }, (_, i) => `line ${i + 1}\n`).join('')
const rows = (...names: string[]): string =>
  `id,name\n${names.map((name, i) => `${i + 1},${name}\n`).join('')}`

beforeAll(async () => {
  await begin()
  // So that both begin with the declaration, and Git's log has no more to tell than ours.
  fs.writeFileSync(at('ours', 'people.csv'), rows('Ada'))
  await ok('track', 'people.csv', '--key', 'id')
  fs.copyFileSync(at('ours', 'varve.yaml'), at('theirs', 'varve.yaml'))
  await commit('one', { 'people.csv': rows('Ada', 'Grace'), 'poem.txt': poem })
  await commit('two', { 'people.csv': rows('Ada', 'Grace', 'Lise'), 'notes.txt': 'about Lise\n' })
  await commit('three', { 'poem.txt': poem.replace('line 6', 'line six') })
  await commit('four', { 'people.csv': rows('Ada', 'Grace', 'Lise Meitner') })
  await both('switch', '-q', '-c', 'side')
  await commit('side', { 'people.csv': rows('Ada', 'Grace', 'Lise Meitner', 'Emmy') })
  await both('switch', '-q', 'main')
  await commit('five', { 'people.csv': rows('Ada', 'Emilie', 'Lise Meitner') })
  await both('merge', '-q', '-m', 'merge', 'side')
  await commit('six', { 'notes.txt': null, 'poem.txt': poem.replaceAll('line 2\n', '  line   2\n') })
  fs.renameSync(at('ours', 'poem.txt'), at('ours', 'verse.txt'))
  fs.renameSync(at('theirs', 'poem.txt'), at('theirs', 'verse.txt'))
  await commit('seven', { 'people.csv': rows('Ada', 'Emilie', 'Lise Meitner', 'Emmy', 'Lise') })
}, 60_000)

test.each(['Lise', 'Meitner', 'Emmy', 'Grace', 'line 6', 'line six', 'about', 'e', 'nothing', 'name', '2,'])(
  'log -S %j',
  async (text) => {
    // Git's log leaves merges out of it. What is between cells is no value.
    const expected = text === '2,' ? '' : git('log', '-S', text, '--format=%s')
    expect(await ok('log', '-S', text, '--format', '%s')).toBe(expected)
  },
)

test('log -S of a path, with a limit, oldest first, and as JSON', async () => {
  expect(await ok('log', '-SLise', '--format', '%s', 'people.csv')).toBe('seven\ntwo\n')
  expect(await ok('log', '-SLise', '-n', '1', '--format', '%s')).toBe('seven\n')
  expect(await ok('log', '-SLise', '--reverse', '--format', '%s')).toBe('two\nsix\nseven\n')
  const { items } = JSON.parse(await ok('log', '--changing', 'Lise', '--name-status', '--json')) as {
    items: { message: string; changed: object[] }[]
  }
  expect(items.map(({ message }) => message)).toEqual(['seven', 'six', 'two'])
  expect(items[1]!.changed).toEqual([
    { path: 'notes.txt', state: 'deleted', kind: 'file' },
    { path: 'poem.txt', state: 'modified', kind: 'file' },
  ])
  expect(await varve('log', '-S', '')).toMatchObject({ code: 2 })
  expect(await varve('log', '--key', '1', '-S', 'x', 'people.csv')).toMatchObject({ code: 2 })
})

const unscored = (text: string): string => text.replaceAll(/^([RMAD])\d*\t/gm, '$1\t')

test.each([['--name-only'], ['--name-status']])('log %s, of merges too', async (option) => {
  expect(await ok('log', option, '--format', '%s')).toBe(await byFirstParent(option))
})

/** Git's, commit by commit, each against its first parent. */
async function byFirstParent(option: string): Promise<string> {
  const subjects = (await ok('log', '--format', '%H %s')).trimEnd().split('\n')
  const byName = new Map(
    git('log', '--format=%s %H')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  return subjects
    .map((line) => line.split(' ')[1]!)
    .map((name) => {
      const id = byName.get(name)!
      const parent = name === 'one' ? '4b825dc642cb6eb9a060e54bf8d69288fbee4904' : `${id}^1`
      return `${name}\n${unscored(git('diff', '-M', option, parent, id))}`
    })
    .join('')
}

test('diff and show --name-status', async () => {
  expect(await ok('diff', '--name-status', 'HEAD~1', 'HEAD')).toBe(
    unscored(git('diff', '--name-status', 'HEAD~1', 'HEAD')),
  )
  expect(JSON.parse(await ok('diff', '--name-status', '--json', 'HEAD~1', 'HEAD'))).toEqual({
    items: [
      { path: 'people.csv', state: 'modified', kind: 'table' },
      { path: 'verse.txt', from: 'poem.txt', state: 'renamed', kind: 'file' },
    ],
  })
  expect(JSON.parse(await ok('diff', '--name-only', '--json', 'HEAD~1', 'HEAD'))).toEqual({
    items: ['people.csv', 'verse.txt'],
  })
  expect(
    (await ok('show', '--name-status', 'HEAD')).endsWith('\nM\tpeople.csv\nR\tpoem.txt\tverse.txt\n'),
  ).toBe(true)
  for (const args of [
    ['diff', '--stat', '--name-status'],
    ['show', '--name-only', '--name-status'],
    ['log', '--stat', '--name-only'],
    ['diff', '-U', 'x'],
  ])
    expect(await varve(...args)).toMatchObject({ code: 2 })
})

/** From the first hunk on. */
const hunks = (text: string): string =>
  text.slice(Math.max(0, text.indexOf('@@'))).replaceAll(/^(@@ .* @@).*$/gm, '$1')

test.each([['-U0'], ['-U1'], ['-U5'], ['--unified=20'], ['-U2', '-w'], ['-w']])(
  'diff %s %s',
  async (...options) => {
    const before = poem
    const afters = [
      poem.replace('line 3', 'line three').replace('line 9\n', ''),
      `first\n${poem.replace('line 8', 'line  8').replace('line 4', 'l i n e 4 !')}`,
      poem.replace(/\n$/, ''),
      poem.replaceAll('line', 'line\t').replace(/\n$/, '') + '\nend',
      '',
      poem.replaceAll('\n', '\r\n').replace('line 5\r\n', 'five\r\n\r\n'),
    ]
    for (const after of afters) {
      put('case.txt', before)
      await both('add', 'case.txt')
      put('case.txt', after)
      const given = options.filter((option) => option !== undefined)
      const expected = git('diff', ...given, '--', 'case.txt').replaceAll(/^(@@.*?)(\d+) /gm, '$1$2 ')
      expect([after, hunks(await ok('diff', ...given, 'case.txt'))]).toEqual([
        after,
        hunks(withCounts(expected)),
      ])
      const { code } = await varve('diff', '-q', ...given, 'case.txt')
      expect([after, code]).toEqual([after, expected === '' ? 0 : 1])
    }
  },
)

/** Git leaves a count of one out. */
function withCounts(patch: string): string {
  return patch.replaceAll(
    /^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@/gm,
    (_, a: string, an: string | undefined, b: string, bn: string | undefined) =>
      `@@ -${a}${an ?? ',1'} +${b}${bn ?? ',1'} @@`,
  )
}

test('-w leaves files out that differ in white space alone, and counts no such lines', async () => {
  fs.writeFileSync(at('ours', 'case.txt'), 'a b\nc\n')
  await ok('add', 'case.txt')
  fs.writeFileSync(at('ours', 'case.txt'), 'ab\n  c')
  expect(await ok('diff', '-w', 'case.txt')).toBe('')
  expect(await ok('diff', '-w', '--stat', 'case.txt')).toBe('')
  expect(await ok('diff', '--name-only', '-w', 'case.txt')).toBe('case.txt\n')
  fs.writeFileSync(at('ours', 'case.txt'), 'ab\n  c\nd')
  expect(JSON.parse(await ok('diff', '-w', '--stat', '--json', 'case.txt'))).toMatchObject({
    items: [{ path: 'case.txt', lines: { added: 1, removed: 0 } }],
  })
  expect(hunks(await ok('diff', '-w', '-U0', 'case.txt'))).toBe(
    '@@ -2,0 +3,1 @@\n+d\n\\ No newline at end of file\n',
  )
})
