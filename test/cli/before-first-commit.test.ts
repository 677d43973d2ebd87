// A repository before its first commit, and an answer that cannot be written.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { identity, varveFile } from './varve.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
beforeEach(begin)

test.each([[[]], [['--mixed']], [['--hard']], [['--soft']]])(
  'reset %s before the first commit is as in Git',
  async (options) => {
    put('a', 'a\n')
    put('b', 'b\n')
    await both('add', 'a')
    git('reset', '-q', ...options)
    await ok('reset', '-q', ...options)
    expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
    expect(fs.existsSync(at('ours', 'a'))).toBe(fs.existsSync(at('theirs', 'a')))
    expect(JSON.parse(await ok('reset', '--json'))).toEqual({ head: null })
    expect(await varve('reset', 'HEAD~1')).toMatchObject({ code: 43 })
  },
)

test('what asks for HEAD hears that there are no commits yet', async () => {
  for (const args of [
    ['diff', 'HEAD'],
    ['log', '@'],
    ['show'],
    ['blame', 'a'],
    ['merge-base', 'HEAD', '@'],
    ['tag', 'x'],
  ])
    expect([args, await varve(...args)]).toEqual([
      args,
      expect.objectContaining({
        code: 43,
        stderr: expect.stringContaining("branch 'main' has no commits yet") as string,
      }) as object,
    ])
  for (const args of [
    ['log', '--tags'],
    ['log', '--all'],
    ['log', '--branches'],
    ['diff', '--staged'],
  ])
    expect([args, await ok(...args)]).toEqual([args, git(...args)])
})

test('an answer that cannot be written is an error, and says what was done', async () => {
  put('a', 'a\n')
  await ok('add', 'a')
  const toFull = (...args: string[]): { code: number | null; stderr: string } => {
    const full = fs.openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [varveFile, ...args], {
      cwd: at('ours'),
      env: { PATH: process.env['PATH'], HOME: at('ours'), ...identity },
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    fs.closeSync(full)
    return { code: status, stderr }
  }
  const fault = 'error: cannot write the answer to standard output: no space left on the device\n'
  const committed = toFull('commit', '-m', 'First')
  expect(committed).toMatchObject({ code: 53, stderr: expect.stringContaining(fault) as string })
  expect(committed.stderr).toContain("done by then, and kept: 'commit: First'")
  for (const args of [['log'], ['log', '--json'], ['cat', 'a'], ['status'], ['help']])
    expect([args, toFull(...args)]).toEqual([
      args,
      { code: 53, stderr: expect.stringMatching(/no space left on the device/) as string },
    ])
  expect(toFull('--version')).toEqual({ code: 1, stderr: '' })
  expect(await ok('log', '--format=%s')).toBe('First\n')
})
