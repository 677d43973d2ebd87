import * as fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stage } from '../../src/worktree/add.ts'
import { movePaths } from '../../src/worktree/move.ts'
import { removePaths } from '../../src/worktree/remove.ts'
import { restorePaths } from '../../src/worktree/restore.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { track, untrack } from '../../src/worktree/tables/track.ts'
import { commit, everything, read, remove, worktreeWith, write } from './folder.ts'

const people = 'id,name\n1,Ada\n2,Grace\n'

describe('restore', () => {
  test('brings edited and deleted files back from the index, and only those named', async () => {
    const worktree = worktreeWith({ a: '1', 'd/b': '2', 'd/c': '3' })
    await stage(worktree, ['.'])
    write(worktree, { a: 'x', 'd/b': 'y' })
    remove(worktree, 'd/c')
    expect(await restorePaths(worktree, ['d'])).toEqual(['d/b', 'd/c'])
    expect(everything(worktree)).toEqual({ a: 'x', 'd/b': '2', 'd/c': '3' })
  })

  test('takes staged changes back and leaves the files', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { a: '2!', b: 'new' })
    await stage(worktree, ['.'])
    expect(await restorePaths(worktree, ['.'], { staged: true })).toEqual(['a', 'b'])
    const { staged, unstaged, untracked } = await worktreeStatus(worktree)
    expect({ staged, unstaged: unstaged.length, untracked }).toEqual({
      staged: [],
      unstaged: 1,
      untracked: ['b'],
    })
    expect(read(worktree, 'a')).toBe('2!')
  })

  test('takes files from another revision, and removes what it does not have', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { a: '2!', b: '3' })
    await stage(worktree, ['.'])
    await commit(worktree)
    await restorePaths(worktree, ['.'], { source: 'HEAD~1' })
    expect(everything(worktree)).toEqual({ a: '1' })
  })

  test('an unknown path is an error', async () => {
    const worktree = worktreeWith({ a: '1' })
    await expect(restorePaths(worktree, ['a'])).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  })
})

describe('rm', () => {
  test('removes files and the folders they leave empty, and stages that', async () => {
    const worktree = worktreeWith({ 'd/e/a': '1', b: '2' })
    await stage(worktree, ['.'])
    await commit(worktree)
    expect(await removePaths(worktree, ['d'])).toEqual(['d/e/a'])
    expect(fs.readdirSync(worktree.root).sort()).toEqual(['.varve', 'b'])
    expect((await worktreeStatus(worktree)).staged).toEqual([
      { path: 'd/e/a', state: 'deleted', kind: 'file' },
    ])
  })

  test('refuses to lose what no commit holds, unless forced; cached keeps the file', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    await expect(removePaths(worktree, ['a'])).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    await removePaths(worktree, ['a'], { cached: true })
    expect((await worktreeStatus(worktree)).untracked).toEqual(['a'])
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { a: 'edited' })
    await expect(removePaths(worktree, ['a'])).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      data: { paths: ['a'] },
    })
    await removePaths(worktree, ['a'], { force: true })
    expect(everything(worktree)).toEqual({})
  })
})

describe('mv', () => {
  test('moves a folder, the index and the settings of its tables', async () => {
    const worktree = worktreeWith({ 'd/p.csv': people, 'd/x': '1', e: '2' })
    await track(worktree, 'd/p.csv', { key: ['id'] })
    await stage(worktree, ['.'])
    await commit(worktree)
    expect(await movePaths(worktree, ['d'], 'new/place')).toEqual([{ from: 'd', to: 'new/place' }])
    expect(read(worktree, 'varve.yaml')).toBe('tables:\n  new/place/p.csv:\n    key: id\n')
    const { staged, untracked } = await worktreeStatus(worktree)
    expect(staged.map(({ state, from, path: to }) => [state, from, to])).toEqual([
      ['renamed', 'd/p.csv', 'new/place/p.csv'],
      ['renamed', 'd/x', 'new/place/x'],
      ['modified', undefined, 'varve.yaml'],
    ])
    expect(untracked).toEqual([])
  })

  test('a move that was cut short before the index followed is finished by the same command', async () => {
    const worktree = worktreeWith({ 'd/p.csv': people, 'd/x': '1', e: '2', f: '3' })
    await track(worktree, 'd/p.csv', { key: ['id'] })
    await stage(worktree, ['.'])
    const { root } = worktree
    fs.renameSync(path.join(root, 'd'), path.join(root, 'new'))
    expect(await movePaths(worktree, ['d'], 'new')).toEqual([{ from: 'd', to: 'new' }])
    expect(read(worktree, 'varve.yaml')).toContain('new/p.csv:')
    fs.renameSync(path.join(root, 'e'), path.join(root, 'new/e'))
    expect(await movePaths(worktree, ['e'], 'new')).toEqual([{ from: 'e', to: 'new/e' }])
    // Not where the file that is there is another's.
    remove(worktree, 'f')
    await expect(movePaths(worktree, ['f'], 'new/e')).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
    const { unstaged, untracked } = await worktreeStatus(worktree)
    expect([unstaged.map(({ path: at }) => at), untracked]).toEqual([['f'], []])
  })

  test('keeps the format of a table whose new name does not tell it', async () => {
    const worktree = worktreeWith({ 'p.csv': people })
    await track(worktree, 'p.csv', { key: ['id'] })
    await stage(worktree, ['.'])
    await movePaths(worktree, ['p.csv'], 'people')
    expect(read(worktree, 'varve.yaml')).toBe('tables:\n  people:\n    key: id\n    format: csv\n')
    write(worktree, { people: people.replace('Ada', 'Ada L.') })
    expect((await worktreeStatus(worktree)).unstaged).toEqual([
      { path: 'people', state: 'modified', kind: 'table' },
    ])
  })

  test('puts a file into an existing folder, and never onto another file', async () => {
    const worktree = worktreeWith({ a: '1', b: '2', 'd/c': '3' })
    await stage(worktree, ['.'])
    expect(await movePaths(worktree, ['a'], 'd')).toEqual([{ from: 'a', to: 'd/a' }])
    await expect(movePaths(worktree, ['b'], 'd/c')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await expect(movePaths(worktree, ['d'], 'd/e')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await expect(movePaths(worktree, ['nope'], 'x')).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  })

  test('several go into a folder all together, also when it was cut short, or none of them', async () => {
    const worktree = worktreeWith({ 'a.csv': people, 'b/x': '2', c: '3', 'e/x': '4', 'd/f': '5' })
    await track(worktree, 'a.csv', { key: ['id'] })
    await stage(worktree, ['.'])
    const { sequence } = await worktree.repo.store.manifest()
    for (const [sources, to] of [
      [['a.csv', 'nope'], 'd'],
      [['a.csv', 'b/x', 'e/x'], 'd'],
      [['b', 'b/x'], 'd'],
      [['a.csv', 'c'], 'new'],
      [['a.csv', 'c'], 'd/f'],
      [['a.csv', 'd'], 'd'],
    ] as const)
      await expect(movePaths(worktree, sources, to)).rejects.toMatchObject({ name: 'VarveError' })
    expect((await worktree.repo.store.manifest()).sequence).toBe(sequence)
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
    fs.renameSync(path.join(worktree.root, 'c'), path.join(worktree.root, 'd/c'))
    expect(await movePaths(worktree, ['a.csv', 'b', 'c'], 'd')).toEqual([
      { from: 'a.csv', to: 'd/a.csv' },
      { from: 'b', to: 'd/b' },
      { from: 'c', to: 'd/c' },
    ])
    expect(read(worktree, 'varve.yaml')).toContain('d/a.csv:')
    const { unstaged, untracked, staged } = await worktreeStatus(worktree)
    expect([unstaged, untracked]).toEqual([[], []])
    expect(staged.map(({ path: at }) => at)).toEqual(['d/a.csv', 'd/b/x', 'd/c', 'd/f', 'e/x', 'varve.yaml'])
  })
})

describe('track', () => {
  test('reads the table, says what it found and writes varve.yaml', async () => {
    const worktree = worktreeWith({ 'p.csv': people })
    expect(await track(worktree, 'p.csv', { key: ['id'] })).toEqual({
      path: 'p.csv',
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'text' },
      ],
      rows: 2,
    })
    expect(read(worktree, 'varve.yaml')).toBe('tables:\n  p.csv:\n    key: id\n')
    await untrack(worktree, 'p.csv')
    expect(read(worktree, 'varve.yaml')).toBe('')
  })

  test.each([
    ['a column that is not there', people, 'nope', 'VARVE_RULE_VIOLATED'],
    ['a key that two rows have', 'id\n1\n1\n', 'id', 'VARVE_RULE_VIOLATED'],
    ['a file that cannot be a table', 'id,id\n1,2\n', 'id', 'VARVE_NOT_POSSIBLE'],
  ])('%s is refused, and varve.yaml stays', async (_, text, key, code) => {
    const worktree = worktreeWith({ 'p.csv': text })
    await expect(track(worktree, 'p.csv', { key: [key] })).rejects.toMatchObject({ code })
    expect(fs.existsSync(path.join(worktree.root, 'varve.yaml'))).toBe(false)
  })

  test('a symlink is told from a file that is not there', async () => {
    const worktree = worktreeWith({ 'p.csv': people, 'link.csv': '-> p.csv' })
    const setting = { key: ['id'] }
    await expect(track(worktree, 'link.csv', setting)).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await expect(track(worktree, 'gone.csv', setting)).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  })

  test('a file without a telling extension needs a format', async () => {
    const worktree = worktreeWith({ data: people })
    await expect(track(worktree, 'data', { key: ['id'] })).rejects.toMatchObject({ code: 'VARVE_USAGE' })
    expect((await track(worktree, 'data', { key: ['id'], format: 'csv' })).rows).toBe(2)
  })
})
