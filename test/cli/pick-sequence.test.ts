// Several commits picked or reverted, held against Git over the same history: what the commits are, say and leave in the
// files, where they stop, and how that goes on, over, or back.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, put, varve } = besideGit()

/** Whether Git does it, or refuses or stops. */
function gitDoes(...args: string[]): boolean {
  try {
    git(...args)
    return true
  } catch {
    return false
  }
}

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await varve(...args)
  expect([args, code, code === 0 ? '' : stderr]).toEqual([args, 0, ''])
  return stdout
}

async function commit(file: string, text: string, subject: string): Promise<void> {
  put(file, text)
  await both('add', '.')
  await both('commit', '-q', '-m', `${subject}\n\nand why`)
}

/** Messages, newest first, ids left out; and all files. */
async function states(): Promise<[unknown, unknown]> {
  const format = ['--first-parent', '--format=%an%n%B']
  const told = (log: string): string =>
    log
      .replaceAll(/commit [0-9a-f]{40,64}/g, 'commit ID')
      .replaceAll(/(made to) [0-9a-f]{40,64}/g, '$1 ID')
      .replaceAll(/\n+/g, '\n')
      .replaceAll('Ada Lovelace', 'Ada')
  const files = (place: string): Record<string, string> =>
    Object.fromEntries(
      fs
        .readdirSync(at(place))
        .filter((name) => !/^\.(git|varve)/.test(name))
        .sort()
        .map((name) => [name, fs.readFileSync(at(place, name), 'utf8')]),
    )
  return [
    { log: told(await ok('log', ...format)), files: files('ours') },
    { log: told(git('log', ...format)), files: files('theirs') },
  ]
}

async function expectAlike(): Promise<void> {
  const [ours, theirs] = await states()
  expect(ours).toEqual(theirs)
}

/**
 *   base - main1 - main2     main (main2 changes notes)
 *      \
 *       s1 - s2 - s3 - s4    side (s3 changes notes)
 */
beforeEach(async () => {
  await begin()
  await commit('notes', 'one\n', 'base')
  await both('switch', '-q', '-c', 'side')
  await commit('s1', 'a\n', 's1')
  await commit('s2', 'b\n', 's2')
  await commit('notes', 'side\n', 's3')
  await commit('s4', 'd\n', 's4')
  await both('switch', '-q', 'main')
  await commit('m1', 'm\n', 'main1')
})

test.each([
  [['cherry-pick', 'main..side']],
  [['cherry-pick', '..side~1']],
  [['cherry-pick', 'side', 'side~3', 'side~1']],
  [['cherry-pick', 'side', '^side~2']],
  [['cherry-pick', 'side~1', 'main..side~2']],
  [['cherry-pick', '^side~3', 'main..side~1']],
  [['cherry-pick', '-x', 'side~4..side~2']],
  [['cherry-pick', '-n', 'side~4..side~2']],
  [['revert', '--no-edit', 'HEAD', 'HEAD~1']],
])('%s', async (args) => {
  await both(...args)
  await expectAlike()
  await ok('fsck')
})

test('a range is reverted newest first, in one operation', async () => {
  await both('merge', '-q', '-m', 'Merge', 'side')
  await both('switch', '-q', 'side')
  await both('revert', '--no-edit', 'side~4..side')
  await expectAlike()
  await ok('undo')
  expect(await ok('log', '-1', '--format=%s')).toBe('s4\n')
})

test('a merge is picked and reverted against the parent that -m names, and refused without', async () => {
  await both('switch', '-q', '-c', 'joined')
  await both('merge', '-q', '--no-edit', '-m', 'Merge side', 'side')
  await both('revert', '--no-edit', '-m', '1', 'HEAD')
  await expectAlike()
  await both('switch', '-q', 'main')
  for (const args of [
    ['cherry-pick', 'joined~1'],
    ['cherry-pick', '-m', '3', 'joined~1'],
    ['cherry-pick', '-m', '2', 'side'],
    ['cherry-pick', 'side~3', 'joined~1'],
  ]) {
    // Git keeps what was picked before it.
    if (!args.includes('side~3')) expect(gitDoes(...args)).toBe(false)
    const before = await ok('log', '--format=%H')
    expect(await varve(...args)).toMatchObject({ code: 20 })
    expect(await ok('log', '--format=%H')).toBe(before)
  }
  expect(await varve('cherry-pick', '-m', '0', 'joined~1')).toMatchObject({ code: 2 })
  await both('cherry-pick', '-m', '1', 'joined~1')
  await expectAlike()
})

test.each(['--continue', '--skip', '--abort', '--quit'])('what stops goes on with %s', async (way) => {
  await commit('notes', 'main\n', 'main2')
  const range = ['cherry-pick', 'main..side']
  expect(gitDoes(...range)).toBe(false)
  const stopped = await varve(...range)
  expect(stopped).toMatchObject({ code: 21 })
  expect(stopped.stdout).toMatch(/cherry-pick stopped at [0-9a-f]{8} \(3 of 4\): 1 conflict in 1 path/)
  expect(await ok('status')).toContain('(3 of 4): 1 conflict left')
  expect(await varve('cherry-pick', 'side~3')).toMatchObject({ code: 20 })
  expect(await varve('revert', way)).toMatchObject({ code: 20 })
  if (way === '--continue') {
    expect(await varve('cherry-pick', way)).toMatchObject({ code: 21 })
    await ok('resolve', 'notes', '--theirs')
    fs.writeFileSync(at('theirs', 'notes'), 'side\n')
    git('add', 'notes')
    git('-c', 'core.editor=true', 'cherry-pick', way)
    await ok('cherry-pick', way)
  } else await both('cherry-pick', way)
  // Git leaves its marks of a conflict in the file, Varve ours.
  if (way === '--quit') put('notes', 'main\n')
  await expectAlike()
  expect(JSON.parse(await ok('status', '--json'))).toMatchObject({ merging: null })
  expect(await varve('cherry-pick', way)).toMatchObject({ code: 20 })
  await ok('fsck')
})

test('a commit made by hand takes the place of the one at which it stopped; what is made on top is not taken back', async () => {
  await commit('notes', 'main\n', 'main2')
  gitDoes('cherry-pick', 'main..side')
  await varve('cherry-pick', 'main..side')
  fs.writeFileSync(at('theirs', 'notes'), 'both\n')
  git('add', 'notes')
  git('commit', '-q', '-m', 's3 by hand')
  await ok('resolve', 'notes', '--theirs')
  fs.writeFileSync(at('ours', 'notes'), 'both\n')
  await ok('add', 'notes')
  await ok('commit', '-q', '-m', 's3 by hand')
  await commit('extra', 'x\n', 'on top')
  expect(await varve('cherry-pick', '--abort')).toMatchObject({ code: 20 })
  await both('cherry-pick', '--continue')
  await expectAlike()
})

test('undo takes back all picks of one operation, and an open repository sees where another stopped', async () => {
  await commit('notes', 'main\n', 'main2')
  const before = await ok('log', '--format=%H')
  await varve('cherry-pick', 'main..side')
  await using repo = await Repository.open(at('ours'), { author: { name: 'Bo', email: 'bo@example.org' } })
  expect(await repo.merging()).toMatchObject({ kind: 'cherry-pick', sequence: { done: 2, total: 4 } })
  const { sequence, outcome } = await repo.pickContinue({ skip: true })
  expect([outcome, sequence]).toEqual(['merged', { done: 4, total: 4, stoppedAt: null, leftOut: [] }])
  await repo.undo()
  await repo.undo()
  expect(await ok('log', '--format=%H')).toBe(before)
})

test('what changes nothing here is left out and told; when that is all, it is refused', async () => {
  git('cherry-pick', 'side~3')
  await ok('cherry-pick', 'side~3')
  const told = await ok('cherry-pick', 'main..side')
  expect(told).toContain('cherry-pick of 4 commits done, 1 of them changed nothing here')
  expect(await varve('cherry-pick', 'main..side')).toMatchObject({ code: 44 })
  expect(await varve('cherry-pick', 'side..side')).toMatchObject({ code: 44 })
  expect(await varve('cherry-pick', 'main...side')).toMatchObject({ code: 2 })
  expect(await varve('cherry-pick', '--continue')).toMatchObject({ code: 20 })
})

test('without commits several are staged as one change, or nothing is', async () => {
  await commit('notes', 'main\n', 'main2')
  expect(await varve('cherry-pick', '-n', 'main..side')).toMatchObject({ code: 21 })
  expect(await ok('status', '--short')).toBe('')
  await both('cherry-pick', '-n', 'side~3', 'side')
  expect(await ok('diff', '--staged', '--name-only')).toBe(git('diff', '--staged', '--name-only'))
})
