// What staged changes keep from being done, and what not, as in Git; and how conflicts stand in the short status.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
const status = async (): Promise<void> =>
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))

/** What Git says no to, in ours too. */
async function bothRefuse(...args: string[]): Promise<void> {
  expect(() => git(...args)).toThrow()
  expect((await varve(...args)).code).toBeGreaterThan(0)
}

async function commit(message: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) put(name, text)
  await both('add', '.')
  await both('commit', '-q', '-m', message)
}

beforeEach(async () => {
  await begin()
  await commit('First', { a: 'a\n', b: 'b\n' })
  await both('switch', '-q', '-c', 'side')
  await commit('Second', { b: 'changed\n' })
  await both('switch', '-q', 'main')
})

test('a fast-forward carries them along, unless both changed a file', async () => {
  put('a', 'staged\n')
  await both('add', 'a')
  await both('merge', '-q', '--ff-only', 'side')
  await status()
  expect(fs.readFileSync(at('ours', 'b'), 'utf8')).toBe('changed\n')
  await both('reset', '-q', '--hard', 'HEAD~1')
  put('b', 'staged\n')
  await both('add', 'b')
  await bothRefuse('merge', '-q', 'side')
  expect(await varve('merge', 'side')).toMatchObject({
    stderr: expect.stringContaining('staged changes conflict with what is to be merged') as string,
  })
  await status()
})

test('where there is nothing to merge they are no matter', async () => {
  put('a', 'staged\n')
  await both('add', 'a')
  await both('merge', '-q', 'main')
  await both('merge', '-q', '--squash', 'main')
  await status()
})

test('switch -C takes the current branch, and moves none where it is refused', async () => {
  await both('switch', '-q', '-C', 'main', 'side')
  await both('switch', '-q', '-C', 'side', 'main~1')
  await status()
  put('b', 'in the way\n')
  await bothRefuse('switch', '-q', '-C', 'side', 'main')
  for (const branch of ['main', 'side'])
    expect(await ok('log', '-1', '--format=%s', branch)).toBe(git('log', '-1', '--format=%s', branch))
  put('b', 'b\n')
  put('a', 'staged\n')
  await both('add', 'a')
  await both('switch', '-q', '-C', 'side', 'main')
  await status()
})

test('a branch may be renamed to what it is called', async () => {
  await both('branch', '-m', 'side', 'side')
  await bothRefuse('branch', '-m', 'nowhere', 'nowhere')
})

test('a pick that is not to be committed may come to nothing', async () => {
  await both('merge', '-q', '--ff-only', 'side')
  await both('cherry-pick', '-n', 'side')
  await status()
  expect(await ok('cherry-pick', '-n', 'side')).toBe('already up to date\n')
  expect(JSON.parse(await ok('cherry-pick', '-n', '--json', 'side', 'side'))).toMatchObject({
    outcome: 'up-to-date',
  })
})

test('the short status says which sides of a conflict have the file', async () => {
  put('a', null)
  await commit('Without a', { c: 'here\n', d: 'd\n' })
  await both('switch', '-q', 'side')
  await commit('With another c', { a: 'kept\n', c: 'there\n' })
  for (const [from, to] of [
    ['side', 'main'],
    ['main', 'side'],
  ]) {
    await both('switch', '-q', from!)
    await bothRefuse('merge', '-q', to!)
    await status()
    expect(await ok('status', '--short')).toBe(gitIn(at('theirs'))('status', '--short'))
    expect(JSON.parse(await ok('status', '--short', '--json'))).not.toHaveProperty('entries')
    await both('merge', '--abort')
  }
})
