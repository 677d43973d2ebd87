// What an unset variable leaves of `varve restore "$FILE"` is no path and no revision: nothing is touched, as in Git.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

let dir: string
beforeAll(async () => {
  dir = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(dir)
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'one\n')
  for (const args of [
    ['init'],
    ['add', '.'],
    ['commit', '-m', 'First'],
    ['commit', '--allow-empty', '-m', 'Second'],
  ])
    expect(await runHere(args, dir)).toMatchObject({ code: 0 })
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'edited\n')
})

test.each([
  [2, ['restore', '']],
  [2, ['restore', '--source', 'HEAD', '']],
  [2, ['restore', '--staged', '']],
  [2, ['add', '']],
  [2, ['rm', '-r', '--force', '']],
  [2, ['mv', '', 'x']],
  [2, ['stash', 'push', '--', '']],
  [2, ['log', '--', '']],
  [2, ['diff', '--', '']],
  [43, ['reset', '--hard', '']],
  [43, ['reset', '--hard', '~1']],
  [43, ['merge', '']],
  [43, ['show', '']],
  [43, ['cherry-pick', '']],
  [43, ['revert', '']],
  [43, ['restore', '--source', '', '.']],
] as const)('exit code %i: %j', async (code, args) => {
  const ran = await runHere(args, dir)
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toMatch(/^error: (a path is empty|no revision '(~1)?')\nhint: /)
  expect(fs.readFileSync(path.join(dir, 'notes.txt'), 'utf8')).toBe('edited\n')
  expect((await runHere(['status', '--json'], dir)).stdout).toContain('"staged":[]')
})

test('@{1} is of the current branch', async () => {
  const { stdout } = await runHere(['log', '--oneline', '-n', '1', '@{1}'], dir)
  expect(stdout).toMatch(/First/)
})
