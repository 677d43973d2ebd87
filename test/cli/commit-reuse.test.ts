// A commit with the message, the author and the date of another, held against Git.
import { chmodSync, writeFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { varve as varveProcess } from './varve.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
const asked = ['log', '-1', '--format=%an|%ae|%ai|%B']
const alike = async (): Promise<void> => expect((await ok(...asked)).trim()).toBe(git(...asked).trim())
const byAda = ['--author', 'Ada <ada@example.org>', '--date', '2020-01-02T03:04:05+02:00']

beforeEach(async () => {
  await begin()
  put('a', 'one\n')
  await both('add', 'a')
  await both('commit', '-q', '-m', 'Subject', '-m', 'Body\nof two lines', ...byAda)
  await both('tag', 'source')
  put('a', 'two\n')
  await both('commit', '-q', '-am', 'Second')
  put('a', 'three\n')
})

test.each([
  [['-a', '-C', 'source']],
  [['-a', '--reuse-message=source']],
  [['-C', 'source', 'a']],
  [['-a', '--amend', '-C', 'source']],
  [['-a', '-C', 'source', '--author', 'Grace <grace@example.org>']],
  [['-a', '-C', 'source', '--date', '2021-05-06T07:08:09+00:00']],
  [['-a', '-c', 'source', '--no-edit']],
])('commit %s', async (args) => {
  await both('commit', '-q', ...args)
  await alike()
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
})

test('the committer and the date of the commit are those of now', async () => {
  await ok('commit', '-q', '-a', '-C', 'source')
  const [committed, authored] = (await ok('log', '-1', '--format=%ct %at')).trim().split(' ').map(Number)
  expect(authored).toBe(Date.parse('2020-01-02T03:04:05+02:00') / 1000)
  expect(committed).toBeGreaterThan(authored!)
})

test('-c opens the editor on the message, without a terminal too', async () => {
  const editor = at('editor.sh')
  writeFileSync(editor, '#!/bin/sh\nsed "s/Subject/Edited/" "$1" >"$1.new"; mv "$1.new" "$1"\n')
  chmodSync(editor, 0o755)
  gitIn(at('theirs'), { GIT_EDITOR: editor })('commit', '-q', '-a', '-c', 'source')
  const args = ['commit', '-q', '-a', '-c', 'source']
  const { code, stderr } = await varveProcess(args, { cwd: at('ours'), env: { VARVE_EDITOR: editor } })
  expect([code, stderr]).toEqual([0, ''])
  expect(await ok('log', '-1', '--format=%s')).toBe('Edited\n')
  await alike()
})

test.each([
  [['-m', 'x', '-C', 'source'], 2, "'--message' and '--reuse-message' exclude each other"],
  [['-F', 'a', '-c', 'source'], 2, "'--file' and '--reedit-message' exclude each other"],
  [['-C', 'source', '-c', 'source'], 2, 'exclude each other'],
  [['-a', '-C', 'nothing'], 43, "'nothing'"],
  [['-a', '--dry-run', '-C', 'nothing'], 43, "'nothing'"],
])('commit %s is refused, and nothing is staged', async (args, code, words) => {
  expect(() => git('commit', '-q', ...args)).toThrow()
  expect(await varve('commit', ...args)).toMatchObject({
    code,
    stderr: expect.stringContaining(words) as string,
  })
  expect(await ok('status', '--porcelain')).toBe(' M a\n')
})
