// Kills a checkout at every change of the file system it makes, then opens the repository as the next command would.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { indexRef } from '../../src/repo/interface.ts'
import { stage } from '../../src/worktree/add.ts'
import { recover } from '../../src/worktree/checkout/recover.ts'
import { removePaths } from '../../src/worktree/remove.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { commit, everything, goTo, remove, secondView, worktreeWith, write } from './folder.ts'

const before = { a: '1', 'd/x': '2', link: '-> a', same: 's', gone: 'g', swap: 'file' }
const after = { a: '11', 'd/y/z': '3', link: '-> d', same: 's', new: 'n'.repeat(50_000), 'swap/in': 'folder' }

const mutations = [
  'openSync',
  'writeSync',
  'writeFileSync',
  'renameSync',
  'unlinkSync',
  'rmdirSync',
  'mkdirSync',
  'symlinkSync',
  'rmSync',
] as const
const real = { ...fs }

afterEach(() => uninstall())

/** From the n-th change on every change fails, as in a process that is dead, or only that one. Returns how many were made. */
function dieAt(n: number, once = false): () => number {
  let calls = 0
  for (const name of mutations) {
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        const reads = name === 'openSync' && args[1] !== 'wx'
        if (!reads && ++calls >= n && (!once || calls === n))
          throw Object.assign(new Error('failed'), { code: 'EIO' })
        return (real[name] as (...all: unknown[]) => unknown)(...args)
      },
    })
  }
  syncBuiltinESMExports()
  return () => calls
}

function uninstall(): void {
  for (const name of mutations) Object.assign(fs, { [name]: real[name] })
  syncBuiltinESMExports()
}

function withoutTemporary(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !name.includes('.varve-tmp-')))
}

/** The notes' process is gone. */
function forgetProcess(dotDir: string): void {
  const folder = path.join(dotDir, 'checkouts')
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8')
    if (text !== '')
      fs.writeFileSync(path.join(folder, name), JSON.stringify({ ...JSON.parse(text), pid: 2 ** 22 + 1 }))
  }
}

test.each([
  ['verified', 'killed anywhere'],
  ['discarding', 'killed anywhere'],
  ['verified', 'of which any one change fails'],
  ['discarding', 'of which any one change fails'],
])('a %s checkout %s ends in one of the two trees', async (kind, how) => {
  let wholeRuns = 0
  for (let n = 1; wholeRuns === 0; n++) {
    const worktree = worktreeWith(before)
    await stage(worktree, ['.'])
    const first = await commit(worktree)
    for (const name of Object.keys(before)) remove(worktree, name)
    if (fs.existsSync(path.join(worktree.root, 'd'))) remove(worktree, 'd')
    write(worktree, after)
    await stage(worktree, ['.'])
    const second = await commit(worktree)
    await goTo(worktree, first)

    const once = how !== 'killed anywhere'
    const made = dieAt(n, once)
    const outcome = await goTo(worktree, second, { discard: kind === 'discarding' }).then(
      () => 'done',
      () => 'killed',
    )
    uninstall()
    // One that fails may be done without, as the removal of a temporary file.
    if (outcome === 'done' && !once) expect(made()).toBeLessThan(n)
    if (made() < n) wholeRuns++
    forgetProcess(worktree.dotDir)

    const next = secondView(worktree)
    await recover(next)
    const index = (await next.repo.store.manifest()).refs.get(indexRef)
    expect(withoutTemporary(everything(next)), `killed at change ${n}`).toEqual(
      index === second.tree ? after : before,
    )
    const { staged, unstaged, untracked } = await worktreeStatus(next)
    expect([staged, unstaged, untracked]).toEqual([[], [], []])
  }
})

test('an rm killed anywhere leaves all, or the next command removes the rest', async () => {
  const files = { a: '1', 'd/x': '2', 'd/y/z': '3', link: '-> a', same: 's' }
  const ends = new Set<string>()
  let wholeRuns = 0
  for (let n = 1; wholeRuns === 0; n++) {
    const worktree = worktreeWith(files)
    await stage(worktree, ['.'])
    await commit(worktree)
    const made = dieAt(n)
    await removePaths(worktree, ['a', 'd', 'link']).catch(() => undefined)
    uninstall()
    if (made() < n) wholeRuns++
    forgetProcess(worktree.dotDir)
    const next = secondView(worktree)
    await recover(next)
    const { staged, unstaged, untracked } = await worktreeStatus(next)
    const end = JSON.stringify([everything(next), staged.length, unstaged, untracked])
    expect([JSON.stringify([files, 0, [], []]), JSON.stringify([{ same: 's' }, 4, [], []])]).toContain(end)
    ends.add(end)
  }
  expect(ends.size).toBe(2)
})

test('an rm --force of edited files killed anywhere leaves all, or the next command removes the rest', async () => {
  const edited = { a: 'edited', 'd/x': '2', 'd/y/z': 'edited too', link: '-> a', same: 'kept' }
  const ends = new Set<string>()
  let wholeRuns = 0
  for (let n = 1; wholeRuns === 0; n++) {
    const worktree = worktreeWith({ a: '1', 'd/x': '2', 'd/y/z': '3', link: '-> a', same: 's' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { a: 'edited', 'd/y/z': 'edited too', same: 'kept' })
    const made = dieAt(n)
    await removePaths(worktree, ['a', 'd', 'link'], { force: true }).catch(() => undefined)
    uninstall()
    if (made() < n) wholeRuns++
    forgetProcess(worktree.dotDir)
    const next = secondView(worktree)
    await recover(next)
    const { staged } = await worktreeStatus(next)
    const end = JSON.stringify([everything(next), staged.length])
    expect([JSON.stringify([edited, 0]), JSON.stringify([{ same: 'kept' }, 4])]).toContain(end)
    ends.add(end)
  }
  expect(ends.size).toBe(2)
})

test('a file that was edited again after a killed rm --force stays', async () => {
  const worktree = worktreeWith({ a: '1', b: '1' })
  await stage(worktree, ['.'])
  await commit(worktree)
  write(worktree, { a: 'edited', b: 'edited' })
  const before = (await worktree.repo.store.manifest()).sequence
  let killed = false
  for (let n = 1; !killed; n++) {
    const made = dieAt(n)
    await removePaths(worktree, ['a', 'b'], { force: true }).catch(() => undefined)
    uninstall()
    expect(made()).toBeGreaterThanOrEqual(n)
    forgetProcess(worktree.dotDir)
    killed = (await secondView(worktree).repo.store.manifest()).sequence > before
  }
  write(worktree, { a: 'mine again' })
  await recover(secondView(worktree))
  expect(everything(worktree)).toEqual({ a: 'mine again' })
})

test('a disk that is full says so, names the path and leaves no temporary file', async () => {
  const worktree = worktreeWith({ a: '1' })
  await stage(worktree, ['.'])
  const first = await commit(worktree)
  write(worktree, { a: '2!', b: 'new' })
  await stage(worktree, ['.'])
  const second = await commit(worktree)
  await goTo(worktree, first)
  Object.assign(fs, {
    writeSync: (fd: number, bytes: Uint8Array, ...rest: number[]) => {
      // The note of the checkout still fits.
      if (bytes.length < 20) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return real.writeSync(fd, bytes, ...(rest as [number, number]))
    },
  })
  syncBuiltinESMExports()
  await expect(goTo(worktree, second)).rejects.toMatchObject({ code: 'VARVE_DISK_FULL', data: { path: 'a' } })
  uninstall()
  expect(everything(worktree)).toEqual({ a: '1' })
  // What was published is finished by the next command, once there is room.
  await recover(secondView(worktree))
  expect(everything(worktree)).toEqual({ a: '2!', b: 'new' })
})
