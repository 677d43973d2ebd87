// `branch -d` lets a branch go that its upstream has, or HEAD where it has none: no other branch counts, as in Git.
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { begin, both, git, put, varve } = besideGit()

async function commit(name: string): Promise<void> {
  put(name, `${name}\n`)
  await both('add', '.')
  await both('commit', '-q', '-m', name)
}

beforeEach(async () => {
  await begin()
  await commit('first')
  await both('switch', '-q', '-c', 'side')
  await commit('second')
})

test('merged into another branch, but not into HEAD: it stays', async () => {
  await both('branch', 'other')
  await both('switch', '-q', 'main')
  expect(() => git('branch', '-d', 'side')).toThrow(/not fully merged/)
  const { code, stderr } = await varve('branch', '-d', 'side')
  expect([code, stderr]).toEqual([
    20,
    "error: branch 'side' has commits that 'main' has not\nhint: merge it first, or delete it all the same with 'varve branch -D side'\n",
  ])
  await both('switch', '-q', '--detach', 'main')
  expect(() => git('branch', '-d', 'side')).toThrow(/not fully merged/)
  expect((await varve('branch', '-d', 'side')).stderr).toContain('that HEAD has not')
  await both('switch', '-q', 'other')
  await both('branch', '-q', '-d', 'side')
})
