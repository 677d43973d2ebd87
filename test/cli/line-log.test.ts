// `varve log -L`: what became of lines of a text, held against Git's own over the same history.
import fs from 'node:fs'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

/** Each of Git's calls a second after the one before: commits of one second have no order there. */
let second = 1_700_000_000
const { at, begin, both, git, ok, put, varve } = besideGit(() => ({
  GIT_COMMITTER_DATE: `${second++} +0000`,
}))
const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1} of the text`)

async function commit(name: string, change: () => void): Promise<void> {
  change()
  put('poem.txt', lines.map((line) => `${line}\n`).join(''))
  await both('add', '-A')
  await both('commit', '-q', '-m', name)
}

beforeAll(async () => {
  await begin()
  await commit('one', () => {})
  await commit('ten', () => (lines[9] = 'TEN'))
  await commit('inserted above', () => lines.unshift('new first', 'new second'))
  await commit('inserted within', () => lines.splice(13, 0, 'between a', 'between b'))
  await commit('far away', () => (lines[38] = 'FAR'))
  await both('switch', '-q', '-c', 'side')
  await commit('on the side', () => (lines[15] = 'SIDE'))
  await both('switch', '-q', 'main')
  lines[15] = 'line 12 of the text'
  await commit('on main', () => (lines[5] = 'MAIN'))
  await both('merge', '-q', '-m', 'merge', 'side')
  lines[15] = 'SIDE'
  for (const place of ['ours', 'theirs']) fs.renameSync(at(place, 'poem.txt'), at(place, 'verse.txt'))
  await both('add', '-A')
  await both('commit', '-q', '-m', 'moved')
  for (const place of ['ours', 'theirs']) fs.renameSync(at(place, 'verse.txt'), at(place, 'poem.txt'))
  await commit('back, and less', () => lines.splice(17, 3))
  await commit('to the end', () => (lines[lines.length - 1] = 'END'))
}, 60_000)

/** Without what stands between commits, and a range of no lines as patches have it. */
const shownByGit = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(/^@@ -(\d+),0 /, (_, start: string) => `@@ -${Math.max(0, Number(start) - 1)},0 `),
    )
    .join('\n')

const ranges = [
  '1,3',
  '10,14',
  '12,+3',
  '16,16',
  '13,-3',
  ',6',
  '35,',
  '/TEN/,+2',
  '/TEN/,/SIDE/',
  '14,15',
  '17,18',
  '1,',
  '40,30',
]

test.each(ranges)('log -L %s:poem.txt', async (range) => {
  const args = ['log', '-L', `${range}:poem.txt`]
  const theirs = shownByGit(git(...args, '--date-order', '--format=%s'))
  expect(theirs).toContain('@@')
  expect((await ok(...args, '--format', '%s')).trimEnd()).toBe(theirs)
})

test('several ranges, from a revision, with filters, and as JSON', async () => {
  for (const more of [
    // Of a commit that changes several ranges at once Git shows the first alone.
    ['-2', '-L', '1,3:poem.txt', '-L', '16,17:poem.txt'],
    ['-2', '-L', '/between/,+1:poem.txt', '-L', '/text/,+1:poem.txt'],
    ['-L', '10,14:poem.txt', 'side'],
    ['-L', '10,14:poem.txt', '-2'],
    ['-L', '10,14:poem.txt', '--grep', 'insert'],
    ['-L', '10,20:poem.txt', 'side..main'],
  ])
    expect([more, (await ok('log', '--format=%s', ...more)).trimEnd()]).toEqual([
      more,
      shownByGit(git('log', '--format=%s', '--date-order', ...more)),
    ])
  const { items } = JSON.parse(await ok('log', '-L', '10,11:poem.txt', 'main~8', '--json')) as {
    items: object[]
  }
  expect(items).toMatchObject([
    {
      message: 'ten',
      path: 'poem.txt',
      hunks: [
        {
          oldStart: 10,
          oldLines: 2,
          newStart: 10,
          newLines: 2,
          lines: ['-line 10 of the text', '+TEN', ' line 11 of the text'],
        },
      ],
    },
    { message: 'one', isNew: true },
  ])
})

test('a text without an end of its last line says so', async () => {
  put('open.txt', 'a\nb')
  await both('add', 'open.txt')
  await both('commit', '-q', '-m', 'open')
  put('open.txt', 'a\nb\nc')
  await both('commit', '-q', '-am', 'open again')
  const args = ['log', '-L', '1,2:open.txt']
  expect((await ok(...args, '--format', '%s')).trimEnd()).toBe(
    shownByGit(git(...args, '--date-order', '--format=%s')),
  )
})

test('what has no lines, or not these, is refused with what to do instead', async () => {
  fs.writeFileSync(at('ours', 'people.csv'), 'id,name\n1,Ada\n')
  fs.writeFileSync(at('ours', 'bytes'), 'a\0b')
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', '-A')
  await ok('commit', '-q', '-m', 'table')
  const refused = async (...args: string[]): Promise<[number, string]> => {
    const { code, stderr } = await varve('log', ...args)
    return [code, stderr]
  }
  expect(await refused('-L', '1,2:people.csv')).toEqual([
    20,
    expect.stringContaining('varve log people.csv --key KEY'),
  ])
  expect((await refused('-L', '1,2:bytes'))[0]).toBe(20)
  expect((await refused('-L', '1,2:nowhere'))[0]).toBe(40)
  expect(await refused('-L', '900,901:poem.txt')).toEqual([
    2,
    expect.stringMatching(/'poem.txt' has only \d+ lines/),
  ])
  for (const args of [
    ['-L', '1,2'],
    ['-L', '0,2:poem.txt'],
    ['-L', '1,+0:poem.txt'],
    ['-L', 'x,y:poem.txt'],
    ['-L', ':name:poem.txt'],
    ['-L', '/nothing like it/,+1:poem.txt'],
    ['-L', '/(/,+1:poem.txt'],
    ['-L', '1,2:poem.txt', '-L', '1,2:open.txt'],
    ['-L', '1,2:poem.txt', 'poem.txt'],
    ['-L', '1,2:poem.txt', 'main', 'side'],
    ['-L', '1,2:poem.txt', '--stat'],
    ['-L', '1,2:poem.txt', '-S', 'x'],
  ])
    expect([args, (await refused(...args))[0]]).toEqual([args, 2])
  const repo = await Repository.open(at('ours'))
  await expect(repo.lineLog('poem.txt', { lines: [] }).next()).rejects.toMatchObject({ code: 'VARVE_USAGE' })
  await repo.close()
})

test('whatever is put in, taken out and replaced, lines are followed as Git follows them', async () => {
  const edit = fc.record({ at: fc.nat(999), take: fc.nat(3), put: fc.nat(3) })
  const commits = fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 6, maxLength: 9 })
  const looks = fc.array(fc.tuple(fc.nat(999), fc.nat(6)), { minLength: 6, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(commits, looks, async (history, asked) => {
      await begin()
      // No two lines are alike: which of several is meant is a matter of taste.
      let made = 0
      const fresh = (count: number): string[] => Array.from({ length: count }, () => `line ${made++}`)
      const text = fresh(20)
      for (const edits of history) {
        for (const { at: place, take, put: count } of edits)
          text.splice(place % (text.length + 1), take, ...fresh(count))
        put('f', [...text, ...fresh(1)].map((line) => `${line}\n`).join(''))
        await both('add', '-A')
        await both('commit', '-q', '-m', `make ${made}`)
      }
      for (const [place, more] of asked) {
        const first = 1 + (place % (text.length + 1))
        const args = ['log', '-L', `${first},+${more + 1}:f`]
        expect([args, (await ok(...args, '--format', '%s')).trimEnd()]).toEqual([
          args,
          shownByGit(git(...args, '--date-order', '--format=%s')),
        ])
      }
    }),
    { numRuns: 3 },
  )
}, 120_000)
