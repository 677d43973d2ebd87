// The patterns of `log --author`, `--committer` and `--grep`, held against Git's over the same history.
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
let second = 0

async function commit(author: string, message: string): Promise<void> {
  put('a.txt', message)
  await both('add', '.')
  const date = `2024-05-01T10:00:${String(second++).padStart(2, '0')}Z`
  const args = ['commit', '-q', `--author=${author}`, `--date=${date}`, '-m', message]
  gitIn(at('theirs'), { GIT_COMMITTER_DATE: date, GIT_COMMITTER_NAME: 'Ada Lovelace' })(...args)
  await ok(...args)
}

beforeAll(async () => {
  await begin()
  await commit('Ada Lovelace <ada@example.org>', 'fix: the parser (again)')
  await commit('Grace Hopper <grace@navy.example>', 'Mend a+b\n\nReviewed-by: Ada\nfixes #17')
  await commit('ada <lower@example.org>', 'aab\n\nof two\nlines')
  await commit('Zoë Ünal <zoe@example.org>', 'Größe: ändern')
  await commit('A.B.C <ab@example.org>', 'colour and color')
}, 60_000)

test.each([
  ['--author=Ada'],
  ['--author=ada'],
  ['--author=ada', '-i'],
  ['--author=^Ada'],
  ['--author=org>$'],
  ['--author=a.a'],
  ['--author=A.B.', '-F'],
  ['--author=a.a', '-F'],
  ['--author=Ada', '--author=Grace'],
  ['-E', '--author=^(Grace|Zoë)'],
  ['--author=^\\(Grace\\|Zoë\\)'],
  ['--author=^(Grace|Zoë)'],
  ['--committer=.'],
  ['--committer=nobody'],
  ['--author=Ada', '--committer=nobody'],
  ['--grep=^fix'],
  ['--grep=fix', '--grep=Reviewed'],
  ['--grep=fix', '--grep=Reviewed', '--all-match'],
  ['--grep=fix', '--invert-grep'],
  ['--grep=fix', '--author=Ada', '--invert-grep'],
  ['--grep=fix', '--grep=Reviewed', '--all-match', '--invert-grep'],
  ['--invert-grep'],
  ['--grep=a+b'],
  ['-E', '--grep=a+b'],
  ['-F', '--grep=a+b'],
  ['--grep=(again)'],
  ['--grep=colou\\?r'],
  ['-P', '--grep=\\bcolou?r$'],
  ['--grep=two.lines'],
  ['--grep=GRÖSSE', '-i'],
  ['--grep=GRÖßE', '-i'],
  ['-E', '--grep=#[0-9]{2}$'],
  ['-S', 'AGAIN', '-i'],
  ['-G', 'PARSER', '-i'],
  ['-S', 'PARS.R', '--pickaxe-regex', '-i'],
])('log %s %s %s', async (...args) => {
  const words = ['log', '--format=%s', ...args.filter((arg) => arg !== undefined)]
  expect(await ok(...words)).toBe(git(...words))
})

test('shortlog takes them, and its --committer is another option', async () => {
  for (const args of [
    ['-s', '--author=^[AG]', 'HEAD'],
    ['-s', '-E', '--grep=^(fix|Mend)', 'HEAD'],
    ['-s', '--committer', 'HEAD'],
  ])
    expect([args, await ok('shortlog', ...args)]).toEqual([args, git('shortlog', ...args)])
})

test('a row and lines have the same filters', async () => {
  put('people.csv', 'id,name\n1,Ada\n')
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', '.')
  await ok('commit', '-qm', 'People (1)')
  const args = ['-E', '--grep=\\([0-9]\\)', '--format=%s']
  expect(await ok('log', ...args, '--key', '1', 'people.csv')).toContain('People (1)')
  expect(await ok('log', '--grep=^eople', '--key', '1', '--oneline', 'people.csv')).toBe('')
  expect(await ok('log', '-L', '1,1:a.txt', '--grep=^Mend', '--format=%s')).toContain('Mend a+b')
  expect(await ok('log', '-L', '1,1:a.txt', '--grep=^end', '--format=%s')).toBe('')
})

test('what is no pattern is refused before anything is read', async () => {
  expect(await varve('log', '--grep=\\(a\\)\\1')).toMatchObject({ code: 2, stderr: /refers back.*\n.*-F/s })
  expect(await varve('log', '-P', '--grep=(?=a)')).toMatchObject({ code: 2, stderr: /RE2/ })
  expect(await varve('log', '-E', '-F', '--grep=a')).toMatchObject({ code: 2, stderr: /exclude each other/ })
})

test('the library has them as lists of patterns', async () => {
  await using repo = await Repository.open(at('ours'))
  const found: string[] = []
  for await (const { message } of repo.log({ authors: ['^Grace', '^Ada'], messages: ['fix'] }))
    found.push(message.split('\n', 1)[0]!)
  expect(found).toEqual(['Mend a+b', 'fix: the parser (again)'])
})
