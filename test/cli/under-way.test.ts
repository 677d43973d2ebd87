// What is refused while a merge, rebase, cherry-pick or revert waits for its conflicts names it, and how to end it.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

let cwd: string

async function commit(city: string): Promise<void> {
  writeFileSync(path.join(cwd, 'people.csv'), `id,city\n1,${city}\n`)
  await ok(['commit', '-am', city], { cwd })
}

beforeEach(async () => {
  cwd = temporaryDir()
  await ok(['init'], { cwd })
  writeFileSync(path.join(cwd, 'people.csv'), 'id,city\n1,Wien\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'Start'], { cwd })
  await ok(['switch', '-c', 'side'], { cwd })
  await commit('Paris')
  await ok(['switch', 'main'], { cwd })
  await commit('Rome')
  await commit('Oslo')
})

test.each([
  ['merge', ['merge', 'side']],
  ['merge', ['merge', '--squash', 'side']],
  ['rebase', ['rebase', 'side']],
  ['cherry-pick', ['cherry-pick', 'side']],
  ['revert', ['revert', 'main~1']],
])('in the middle of a %s (%j)', async (verb, begin) => {
  expect((await varve(begin, { cwd })).code).toBe(21)
  for (const args of [
    ['switch', 'side'],
    ['merge', 'side'],
    ['rebase', 'side'],
    ['cherry-pick', 'side'],
    ['revert', 'main~1'],
    ['stash'],
    ['reset', '--soft', 'HEAD'],
    ['bisect', 'start', 'main', 'main~2'],
  ]) {
    const { code, stderr } = await varve(args, { cwd })
    expect([args[0], code, stderr]).toEqual([
      args[0],
      20,
      expect.stringMatching(
        `^error: cannot .* in the middle of a ${verb}\nhint: .*'varve ${verb} --continue'.*'varve ${verb} --abort'`,
      ),
    ])
  }
  const early = await varve(['commit', '-m', 'Early'], { cwd })
  expect([early.code, early.stderr]).toEqual([
    21,
    expect.stringMatching(
      `^error: the ${verb} still has conflicts\nhint: .*'varve conflicts'.*'varve ${verb} --abort'`,
    ),
  ])
  await ok(['resolve', '.', '--ours'], { cwd })
  const amended = await varve(['commit', '--amend', '-m', 'Late'], { cwd })
  expect([amended.code, amended.stderr]).toEqual([
    20,
    expect.stringMatching(
      `^error: cannot amend in the middle of a ${verb}\nhint: .*'varve ${verb} --continue'.*'varve ${verb} --abort'`,
    ),
  ])
  await ok([verb, '--abort'], { cwd })
  await ok(['switch', 'side'], { cwd })
})
