// What stops at a conflict is ended by its own name too, as in Git, and only by that or as a merge.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

/** A branch `side` that clashes with main in notes.txt, also as a revert of main's second commit. */
async function folder(): Promise<string> {
  const dir = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(dir)
  const commit = async (text: string): Promise<void> => {
    fs.writeFileSync(path.join(dir, 'notes.txt'), text)
    for (const args of [
      ['add', '.'],
      ['commit', '-m', text.trim()],
    ])
      expect(await runHere(args, dir)).toMatchObject({ code: 0 })
  }
  await runHere(['init'], dir)
  await commit('one\n')
  await runHere(['branch', 'side'], dir)
  await commit('two\n')
  await commit('three\n')
  await runHere(['switch', 'side'], dir)
  await commit('side\n')
  await runHere(['switch', 'main'], dir)
  return dir
}

test.each([
  ['cherry-pick', 'side', 'revert'],
  ['revert', 'HEAD~1', 'rebase'],
] as const)('%s --abort and --continue', async (verb, revision, other) => {
  const dir = await folder()
  const before = (await runHere(['log', '--oneline'], dir)).stdout
  expect(await runHere([verb, '--no-edit', revision], dir)).toMatchObject({ code: 21 })
  for (const way of ['--abort', '--continue']) {
    const wrong = await runHere([other, way], dir)
    expect(wrong).toMatchObject({
      code: 20,
      stderr: expect.stringContaining(`what is under way is a ${verb}, no ${other}`) as string,
    })
  }
  expect(await runHere([verb, '--continue'], dir)).toMatchObject({ code: 21 })
  expect(await runHere([verb, '--abort', '--json'], dir)).toMatchObject({
    code: 0,
    stdout: '{"aborted":true}\n',
  })
  expect((await runHere(['log', '--oneline'], dir)).stdout).toBe(before)
  expect(await runHere([verb, '--abort'], dir)).toMatchObject({ code: 20 })
  expect(await runHere([verb, '--no-edit', revision], dir)).toMatchObject({ code: 21 })
  expect(await runHere([verb, '--skip'], dir)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^${verb} of 1 commit done, still at [0-9a-f]{8}\n$`)) as string,
  })
  expect(await runHere([verb, '--no-edit', revision], dir)).toMatchObject({ code: 21 })
  expect(await runHere(['resolve', 'notes.txt', '--theirs'], dir)).toMatchObject({
    code: 0,
    stderr: `hint: 'varve ${verb} --continue' commits\n`,
  })
  expect(await runHere([verb, '--continue'], dir)).toMatchObject({ code: 0 })
  expect((await runHere(['log', '--oneline'], dir)).stdout).not.toBe(before)
})
