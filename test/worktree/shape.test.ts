import { describe, expect, test } from 'vitest'
import { stage } from '../../src/worktree/add.ts'
import { readIndex } from '../../src/worktree/index-state.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { track, untrack } from '../../src/worktree/tables/track.ts'
import { commit, worktreeWith, write } from './folder.ts'

const people = 'id,name\n1,Ada\n2,Grace\n'

/** A folder with a committed file that varve.yaml makes a table since, and another. */
async function trackedLate(): Promise<Worktree> {
  const worktree = worktreeWith({ 'people.csv': people, 'notes.txt': 'x' })
  await stage(worktree, ['.'])
  await commit(worktree)
  await track(worktree, 'people.csv', { key: ['id'] })
  return worktree
}

async function stagedKind(worktree: Worktree, path: string): Promise<string | null> {
  return (await (await readIndex(worktree)).index.get(path))?.kind ?? null
}

async function unstaged(worktree: Worktree): Promise<string[]> {
  return (await worktreeStatus(worktree)).unstaged.map(({ path, state, kind }) => `${state} ${path} ${kind}`)
}

describe('files whose shape is to be another', () => {
  test('count as changed until they are staged', async () => {
    const worktree = await trackedLate()
    expect(await unstaged(worktree)).toEqual(['typechange people.csv table'])
    await stage(worktree, ['people.csv'])
    expect(await unstaged(worktree)).toEqual([])
    await commit(worktree)
    await untrack(worktree, 'people.csv')
    expect(await unstaged(worktree)).toEqual(['typechange people.csv file', 'modified varve.yaml file'])
  })

  test('bring varve.yaml along, whichever way they are staged', async () => {
    for (const [paths, trackedOnly] of [
      [['people.csv'], false],
      [['.'], true],
    ] as const) {
      const worktree = await trackedLate()
      await stage(worktree, paths, { trackedOnly })
      expect(await stagedKind(worktree, 'people.csv')).toBe('table')
      expect(await stagedKind(worktree, 'varve.yaml')).toBe('file')
      await commit(worktree)
      await untrack(worktree, 'people.csv')
      await stage(worktree, paths, { trackedOnly })
      expect(await stagedKind(worktree, 'people.csv')).toBe('file')
      const { unstaged: left, untracked } = await worktreeStatus(worktree)
      expect([left, untracked]).toEqual([[], []])
    }
  })

  test('other files, and rows of a table, leave a changed varve.yaml where it is', async () => {
    const worktree = await trackedLate()
    write(worktree, { 'notes.txt': 'y' })
    await stage(worktree, ['notes.txt'])
    expect(await stagedKind(worktree, 'varve.yaml')).toBeNull()
    await stage(worktree, ['people.csv'])
    write(worktree, {
      'people.csv': `${people}3,Alan\n`,
      'varve.yaml': 'tables:\n  people.csv:\n    key: id\n  other.csv:\n    key: id\n',
    })
    await stage(worktree, ['people.csv'])
    expect(await unstaged(worktree)).toEqual(['modified varve.yaml file'])
  })

  test('what could not be a table under the same settings is not named again', async () => {
    const worktree = worktreeWith({
      'odd.csv': 'id,name\n1,"Ada"x\n',
      'varve.yaml': 'tables:\n  odd.csv:\n    key: id\n',
    })
    const { notTables } = await stage(worktree, ['.'])
    expect(notTables.map(({ path }) => path)).toEqual(['odd.csv'])
    write(worktree, { 'varve.yaml': 'tables:\n  odd.csv:\n    key: id\n# more\n' })
    expect(await unstaged(worktree)).toEqual(['modified varve.yaml file'])
  })

  test('a varve.yaml that cannot be read hides no other change', async () => {
    const worktree = await trackedLate()
    write(worktree, { 'varve.yaml': 'tables: [', 'notes.txt': 'z' })
    expect(await unstaged(worktree)).toEqual(['modified notes.txt file'])
  })
})
