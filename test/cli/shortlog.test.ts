// Commits by who made them, held against Git's own list over the same history.
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
let second = 0

async function commit(file: string, author: string, message: string): Promise<void> {
  put(file, message)
  await both('add', '.')
  const date = `2024-05-01T10:00:${String(second++).padStart(2, '0')}Z`
  const args = ['commit', '-q', `--author=${author}`, `--date=${date}`, '-m', message]
  gitIn(at('theirs'), { GIT_COMMITTER_DATE: date, GIT_COMMITTER_NAME: 'Ada Lovelace' })(...args)
  await ok(...args)
}

beforeAll(async () => {
  await begin()
  await commit('a.txt', 'Zoe <zoe@example.org>', 'First\n\nat length')
  await commit('a.txt', 'Ada <ada@example.org>', '[PATCH 2/3]  mailed')
  await commit('b.txt', 'ada <ada@example.org>', 'in small letters')
  await commit('a.txt', 'Ada <ada@elsewhere.example>', 'a subject\nof two lines\n\nand more')
  await commit('b.txt', 'Émilie <emilie@example.org>', 'one')
  await both('branch', 'before')
  await commit('b.txt', 'Zoe <zoe@example.org>', 'two')
  await commit('b.txt', 'Zoe <zoe@example.org>', 'three')
}, 60_000)

test('shortlog is as Git has it, and takes the choices of log', async () => {
  for (const args of [
    ['HEAD'],
    ['-s', 'HEAD'],
    ['-sn', 'HEAD'],
    ['-sne', 'HEAD'],
    ['-e', 'HEAD'],
    ['-n', 'HEAD'],
    ['-sc', 'HEAD'],
    ['before..HEAD'],
    ['--max-count=2', 'HEAD'],
    ['-s', '--author=ada@example', 'HEAD'],
    ['-s', 'HEAD', '--', 'a.txt'],
    ['HEAD', '--', 'a.txt', 'b.txt'],
    ['--reverse', 'HEAD'],
  ])
    expect([args, await ok('shortlog', ...args)]).toEqual([args, git('shortlog', ...args)])
})

test('without a revision it is of HEAD, and --json has ids', async () => {
  expect(await ok('shortlog')).toBe(git('shortlog', 'HEAD'))
  const id = (await ok('rev-parse', 'before')).trim()
  expect(JSON.parse(await ok('shortlog', '--json', '-e', 'before~1..before'))).toEqual({
    items: [{ name: 'Émilie', email: 'emilie@example.org', count: 1, commits: [{ id, subject: 'one' }] }],
  })
  const { items } = JSON.parse(await ok('shortlog', '--json', '-sn')) as { items: object[] }
  expect(items[0]).toEqual({ name: 'Zoe', count: 3 })
})

test('what is no path or no revision is refused', async () => {
  expect(await varve('shortlog', 'nowhere')).toMatchObject({ code: 43 })
})
