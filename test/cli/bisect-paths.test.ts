// `varve bisect` with paths, and its log given again: beside Git, which is asked to do the same.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

/**
 * Of 24 commits every third changes a file in 'in/'. A branch that leaves at 5 and is merged at 17 changes it, too. Since commit 15
 * the file says that it is broken.
 */
beforeAll(async () => {
  await begin()
  const commit = async (number: number, name: string): Promise<void> => {
    put(name, `${number}\n${number >= 15 ? 'broken' : 'fine'}\n`)
    await both('add', '.')
    await both('commit', '-q', '-m', `c${number}`)
    await both('tag', `c${number}`)
  }
  for (let number = 0; number < 24; number++) {
    if (number === 17) {
      await both('switch', '-q', '-c', 'side', 'c5')
      for (const name of ['in/side', 'other']) {
        put(name, 'side\n')
        await both('add', '.')
        await both('commit', '-q', '-m', `side ${name}`)
      }
      await both('switch', '-q', 'main')
      await both('merge', '-q', '-m', 'Merge', 'side')
    }
    await commit(number, number % 3 === 0 ? 'in/file' : `out${number % 3}`)
  }
}, 60_000)

const test15 = ['sh', '-c', 'git log -1 --format=%s 2>/dev/null >> ../tested; ! grep -q broken in/file']
const subjectsTested = (): string[] => fs.readFileSync(at('tested'), 'utf8').trim().split('\n')

test.each([[['in']], [['in/file', 'in/side']], [[':(glob)in/*', ':!in/side']]])(
  'looks at commits alone that changed %s, as Git does',
  async (paths) => {
    fs.rmSync(at('tested'), { force: true })
    git('bisect', 'start', 'HEAD', 'c1', '--', ...paths)
    const theirs = git('bisect', 'run', ...test15)
    expect(theirs).toContain('c15')
    const inGit = subjectsTested().length
    git('bisect', 'reset')
    await ok('bisect', 'start', 'HEAD', 'c1', '--', ...paths)
    const ours: string[] = []
    for (;;) {
      const subject = (await ok('log', '-1', '--format=%s')).trim()
      ours.push(subject)
      const isBroken = fs.readFileSync(at('ours', 'in/file'), 'utf8').includes('broken')
      const { stdout: said } = await varve('bisect', isBroken ? 'bad' : 'good')
      if (!said.includes('is the first bad commit')) continue
      expect(said).toContain('c15')
      break
    }
    for (const subject of ours) expect(subject).toMatch(/^c(3|6|9|12|15|18|21)$|^side in/)
    expect(ours.length).toBeLessThanOrEqual(inGit)
    await ok('bisect', 'reset')
  },
)

test('a log is given again without its wrong answer, and Git reads and writes the same form', async () => {
  await ok('bisect', 'start', 'HEAD', 'c1', 'in')
  await ok('bisect', 'bad')
  const wrong = await ok('bisect', 'log')
  expect(wrong).toContain("varve bisect start -- ':(top,literal)in'")
  await ok('bisect', 'old')
  const lines = (await ok('bisect', 'log')).trimEnd().split('\n')
  fs.writeFileSync(at('ours.log'), `${lines.slice(0, -2).join('\n')}\n`)
  await ok('bisect', 'replay', '../ours.log')
  expect(await ok('bisect', 'log')).toBe(wrong)
  await ok('bisect', 'reset', 'c7')
  expect(await ok('log', '-1', '--format=%s')).toBe('c7\n')
  await ok('switch', '-q', 'main')

  git('bisect', 'start', 'c22', 'c2', '--', 'in')
  const log = git('bisect', 'log')
  git('bisect', 'reset')
  const named = log
    .replaceAll(/\[[0-9a-f]+\]/g, '')
    .replaceAll(/[0-9a-f]{40}/g, (id) => git('describe', '--tags', id).trim())
  fs.writeFileSync(at('theirs.log'), named)
  await ok('bisect', 'replay', '../theirs.log')
  const {
    bad,
    good,
    log: said,
  } = JSON.parse(await ok('bisect', 'log', '--json')) as Record<string, unknown[] | string>
  const idOf = async (name: string): Promise<string> => (await ok('rev-parse', name)).trim()
  expect([bad, good, said!.length]).toEqual([await idOf('c22'), [await idOf('c2')], 2])
  await ok('bisect', 'reset')
})

test('where no commit changed the paths, and what is no log, is said', async () => {
  const nothing = await varve('bisect', 'start', 'HEAD', 'c22', '--', 'in/side')
  expect([nothing.code, nothing.stderr]).toEqual([20, expect.stringContaining('changed the paths')])
  expect(() => git('bisect', 'start', 'HEAD', 'c22', '--', 'in/side')).toThrow()
  git('bisect', 'reset')
  expect((await varve('bisect', 'log')).code).toBe(20)
  const mistyped = await varve('bisect', 'start', 'HEAD', 'c22', 'on')
  expect([mistyped.code, mistyped.stderr]).toEqual([43, expect.stringContaining("'on'")])
  fs.writeFileSync(at('no.log'), 'varve bisect start\nvarve bisect perhaps c1\n')
  const replay = await varve('bisect', 'replay', '../no.log')
  expect([replay.code, replay.stderr]).toEqual([2, expect.stringContaining('line 2')])
})
