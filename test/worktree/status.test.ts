import fs from 'node:fs'
import path from 'node:path'
import { execFileSync } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, test, vi } from 'vitest'
import { stage } from '../../src/worktree/add.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { commit, remove, worktreeWith, write } from './folder.ts'

async function short(worktree: Worktree): Promise<string[]> {
  const { staged, unstaged, untracked } = await worktreeStatus(worktree)
  return [
    ...staged.map(
      (change) =>
        `staged ${change.state} ${change.from === undefined ? '' : `${change.from} -> `}${change.path}`,
    ),
    ...unstaged.map(({ state, path: name }) => `unstaged ${state} ${name}`),
    ...untracked.map((name) => `untracked ${name}`),
  ]
}

describe('status', () => {
  test('of a fresh folder lists files, and folders without anything tracked as one', async () => {
    const worktree = worktreeWith({ 'a.txt': 'a', 'd/x': 'x', 'd/e/y': 'y' })
    expect(await short(worktree)).toEqual(['untracked a.txt', 'untracked d/'])
  })

  test('an untracked file beside a tracked one is listed by itself', async () => {
    const worktree = worktreeWith({ 'd/x': 'x' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { 'd/new': '1', 'd/e/y': 'y' })
    expect(await short(worktree)).toEqual(['untracked d/e/', 'untracked d/new'])
  })

  test('is empty behind a commit, and says what is staged before it', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['a'])
    expect(await short(worktree)).toEqual(['staged added a'])
    await commit(worktree)
    expect(await short(worktree)).toEqual([])
  })

  test('sees edits, deletions, a new executable bit and a file that became a symlink', async () => {
    const worktree = worktreeWith({ edited: '1', gone: '1', tool: '1', link: '1', same: '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { edited: '22' })
    remove(worktree, 'gone')
    fs.chmodSync(path.join(worktree.root, 'tool'), 0o755)
    remove(worktree, 'link')
    write(worktree, { link: '-> same' })
    expect(await short(worktree)).toEqual([
      'unstaged modified edited',
      'unstaged deleted gone',
      'unstaged typechange link',
      'unstaged modified tool',
    ])
  })

  test('a staged file that moved unchanged is renamed', async () => {
    const worktree = worktreeWith({ 'old.txt': 'some content' })
    await stage(worktree, ['.'])
    await commit(worktree)
    fs.renameSync(path.join(worktree.root, 'old.txt'), path.join(worktree.root, 'new.txt'))
    await stage(worktree, ['.'])
    expect(await short(worktree)).toEqual(['staged renamed old.txt -> new.txt'])
  })

  test('passes over .git, .varve, nested repositories and what .varveignore names', async () => {
    const worktree = worktreeWith({
      '.git/config': 'x',
      'vendor/lib/.git/HEAD': 'x',
      'vendor/lib/code': 'x',
      '.varveignore': '*.log\n/build/\n',
      'a.log': '1',
      'sub/.varveignore': '!keep.log\n',
      'sub/keep.log': '1',
      'sub/other.log': '1',
      'build/x': '1',
      'sub/build/x': '1',
    })
    await stage(worktree, ['.'])
    expect(await short(worktree)).toEqual([
      'staged added .varveignore',
      'staged added sub/.varveignore',
      'staged added sub/build/x',
      'staged added sub/keep.log',
    ])
    expect((await worktreeStatus(worktree)).skipped).toEqual([
      { path: 'vendor/lib/', reason: 'is a repository of its own' },
    ])
  })

  test('a tracked file stays tracked when a rule ignores it later', async () => {
    const worktree = worktreeWith({ 'deep/a.log': '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { '.varveignore': 'deep/\n', 'deep/a.log': '2!' })
    expect(await short(worktree)).toEqual(['unstaged modified deep/a.log', 'untracked .varveignore'])
  })

  test('names a pipe and goes on', async () => {
    const worktree = worktreeWith({ a: '1' })
    execFileSync('mkfifo', [path.join(worktree.root, 'pipe')])
    const status = await worktreeStatus(worktree)
    expect(status.untracked).toEqual(['a'])
    expect(status.skipped).toEqual([{ path: 'pipe', reason: 'is not a file, folder or symlink' }])
  })

  test('a symlink to a folder is a symlink, and what lies behind it is not looked at', async () => {
    const worktree = worktreeWith({ 'real/x': '1', link: '-> real' })
    await stage(worktree, ['.'])
    expect(await short(worktree)).toEqual(['staged added link', 'staged added real/x'])
  })

  test('a tracked folder that became a symlink has lost its files', async () => {
    const worktree = worktreeWith({ 'a/x': '1', 'b/x': '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    remove(worktree, 'a')
    write(worktree, { a: '-> b' })
    expect(await short(worktree)).toEqual(['unstaged deleted a/x', 'untracked a'])
  })

  test('says why varve.yaml cannot be read, and shows all else', async () => {
    const worktree = worktreeWith({ 'varve.yaml': 'tables: {}\n', a: '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { 'varve.yaml': 'tables:\n  x.csv: {kee: id}\n', a: '2' })
    expect(await worktreeStatus(worktree)).toMatchObject({
      configFault: "varve.yaml, line 2: unknown setting 'kee'",
      unstaged: [{ path: 'a' }, { path: 'varve.yaml' }],
    })
    write(worktree, { 'varve.yaml': 'tables:\n  x.csv: {key: id}\n' })
    expect((await worktreeStatus(worktree)).configFault).toBe(null)
  })

  test('says when the branch has moved on', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    const first = await commit(worktree)
    write(worktree, { a: '2' })
    await stage(worktree, ['.'])
    await commit(worktree)
    expect((await worktreeStatus(worktree)).behindBranch).toBe(false)
    await worktree.repo.store.update((manifest) => ({
      refs: new Map([[manifest.head!, first.cid]]),
      operation: { name: 'push', message: '', author: '' },
    }))
    expect((await worktreeStatus(worktree)).behindBranch).toBe(true)
  })
})

test('a share that loses a file says which one, folders and all', async () => {
  const worktree = worktreeWith({ 'd/x': '1' })
  await stage(worktree, ['.'])
  const real = fs.lstatSync
  const spy = vi.spyOn(fs, 'lstatSync').mockImplementation(((...given: Parameters<typeof fs.lstatSync>) => {
    if (!String(given[0]).endsWith('/d/x')) return real(...given)
    throw Object.assign(new Error('ESTALE: stale file handle, lstat'), { code: 'ESTALE' })
  }) as typeof fs.lstatSync)
  syncBuiltinESMExports()
  try {
    await expect(worktreeStatus(worktree)).rejects.toMatchObject({
      code: 'VARVE_IO',
      data: { path: 'd/x', errno: 'ESTALE' },
      hint: expect.stringContaining('again'),
    })
  } finally {
    spy.mockRestore()
    syncBuiltinESMExports()
  }
})
