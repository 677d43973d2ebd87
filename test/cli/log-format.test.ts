// Commits in forms of one's own, side by side with Git's.
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import type { CommitInfo } from '../../src/api/interface.ts'
import { commitForm } from '../../src/cli/format/commit-format.ts'
import { dateStyle, relativeText } from '../../src/cli/format/dates.ts'
import { Mailmap } from '../../src/history/mailmap.ts'
import { coloured, plain } from '../../src/cli/paint.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const cwd = temporaryDir()
const gitDir = temporaryDir()
const message = 'Subject of it\n\nBody, two\nlines.\n\nAnd a paragraph.'
const author = { name: 'Ada Löve', email: 'ada@example.org', timeMs: 1_700_000_000_000, zoneMinutes: 330 }
const people = { mailmap: Mailmap.parse(''), isMapped: false, shown: <C>(one: C): C => one }
let commit: CommitInfo

function git(...args: string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_AUTHOR_DATE: '1700000000 +0530',
    GIT_COMMITTER_DATE: '1700000000 +0530',
  }
  return execFileSync('git', args, { cwd: gitDir, env, encoding: 'utf8' })
}

beforeAll(async () => {
  git('init', '-q')
  git('commit', '-q', '--allow-empty', '-m', message)
  const repo = await Repository.init(cwd, { author, now: () => author })
  for (const text of ['one', 'two', message])
    await repo.transaction('main', (tx) => tx.writeFile('n.txt', text), { message: text })
  await repo.createTag('v1')
  commit = await repo.commitInfo('HEAD')
  await repo.close()
})

const formatted = (format: string, date?: string): string =>
  commitForm(format, { paint: plain, dates: dateStyle(date), people })(commit).join('\n')

describe('--format', () => {
  test('says what git says of people, dates and messages', () => {
    for (const format of [
      '%an|%ae|%al|%cn|%ce|%ad|%aD|%ai|%aI|%as|%at|%cd|%cI|%ct',
      '%s%n%b%nend %% %x41 %x00%xe2%x80%xa2%x41 done',
      '<%B>',
      '%<(20)%an|%>(20)%an|%><(20)%an|%<(3)%an|',
      '%<(6,trunc)%s|%<(6,ltrunc)%s|%<(7,mtrunc)%s|%<(8,mtrunc)%s|%>(6,trunc)%an|%<(13,trunc)%s|%<(2,trunc)%s|',
      '%<(12)literal %an|%<(9)%%x%an|',
    ])
      expect(formatted(format)).toBe(git('log', '-1', `--format=${format}`).replace(/\n$/, ''))
    for (const [ours, gits] of [
      ['iso', 'iso'],
      ['iso-strict', 'iso-strict'],
      ['short', 'short'],
      ['unix', 'unix'],
      ['rfc', 'rfc'],
      ['default', 'default'],
    ] as const)
      expect(formatted('%ad %cd', ours)).toBe(git('log', '-1', `--date=${gits}`, '--format=%ad %cd').trim())
    expect(formatted('%ar %cr')).toBe(git('log', '-1', '--format=%ar %cr').trim())
  })

  test('refuses bytes that are no text', () => {
    for (const format of ['%x80', '%h%xe2%x80', '%xff%x41'])
      expect(() => formatted(format)).toThrow('is not UTF-8 text')
  })

  test('names commits, trees, parents and what points at them', () => {
    expect(formatted('%H %T %P')).toBe([commit.id, commit.tree, ...commit.parents].join(' '))
    expect(formatted('%h %t %p')).toBe(
      [commit.id, commit.tree, ...commit.parents].map((id) => id.slice(0, 8)).join(' '),
    )
    expect(formatted('%D|%d')).toBe('HEAD -> main, tag: v1| (HEAD -> main, tag: v1)')
  })

  test('colours only where there is colour, and names what it does not know', () => {
    const form = (paint: typeof plain): string[] =>
      commitForm('%Cred%s%Creset%C(auto)', { paint, dates: dateStyle('iso'), people })(commit)
    expect(form(plain)).toEqual(['Subject of it'])
    expect(form(coloured)).toEqual(['\u001b[31mSubject of it\u001b[m'])
    for (const format of ['%Q', 'nothing', '%constructor'])
      expect(() => commitForm(format, { paint: plain, dates: dateStyle(undefined), people })).toThrow(
        /unknown|known/,
      )
    expect(() => dateStyle('toString')).toThrow("'--date' is one of")
  })
})

test('times ago are counted in the unit that fits', () => {
  const ago = (seconds: number): string =>
    relativeText({ timeMs: Date.now() - seconds * 1000 - 5, zoneMinutes: 0 })
  expect([5, 100, 7200, 3 * 86_400, 20 * 86_400, 100 * 86_400, 800 * 86_400].map(ago)).toEqual([
    '5 seconds ago',
    '2 minutes ago',
    '2 hours ago',
    '3 days ago',
    '3 weeks ago',
    '3 months ago',
    '2 years, 2 months ago',
  ])
})

test('log and show on the command line', async () => {
  const at = { cwd }
  expect(await ok(['log', '--reverse', '--date', 'short', '--format', '%ad %s'], at)).toBe(
    '2023-11-15 one\n2023-11-15 two\n2023-11-15 Subject of it\n',
  )
  expect(await ok(['log', '--reverse', '-2', '--format=%s', '--', 'n.txt'], at)).toBe('two\nSubject of it\n')
  expect((await json<{ items: { message: string }[] }>(['log', '--reverse'], at)).items[0]!.message).toBe(
    'one',
  )
  expect(await ok(['log', '-1', '--oneline', '--no-decorate'], at)).toBe(
    `${commit.id.slice(0, 8)} Subject of it\n`,
  )
  expect(await ok(['log', '-1', '--date', 'unix'], at)).toContain('Date:   1700000000\n')
  expect(await ok(['show', '-s', '--format', '%h %an'], at)).toBe(`${commit.id.slice(0, 8)} Ada Löve\n`)
  expect(await ok(['show', '--format', '%h'], at)).toContain('+++ b/n.txt')
  expect(Object.keys(await json(['show', '-s'], at))).toEqual(['commit'])
  expect((await varve(['log', '--json', '--format', '%h'], at)).code).toBe(2)
})
