// `worktree add` and `remove`, dead at each change of the file system that they make: what is left is a checkout, or
// what the same command finishes, and the main one is never touched.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Repository } from '../../../src/index.ts'
import { temporaryDir } from '../../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const changes = [
  'openSync',
  'writeSync',
  'writeFileSync',
  'renameSync',
  'link',
  'unlinkSync',
  'mkdirSync',
] as const
const more = ['rmdirSync', 'rmSync', 'symlinkSync'] as const
const all = [...changes, ...more]
const real = { ...fs }

afterEach(revive)

function revive(): void {
  for (const name of all) Object.assign(fs, { [name]: real[name] })
  syncBuiltinESMExports()
}

/** From the n-th change on, every one fails. Returns how many were asked for. */
function dieAt(n: number): () => number {
  let calls = 0
  for (const name of all) {
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        const reads = name === 'openSync' && (args[1] === undefined || args[1] === 'r')
        if (!reads && ++calls >= n) throw Object.assign(new Error('dead'), { code: 'EIO' })
        return (real[name] as (...given: unknown[]) => unknown)(...args)
      },
    })
  }
  syncBuiltinESMExports()
  return () => calls
}

/** The notes of checkouts name a process that lives: this one. */
function forgetProcess(root: string): void {
  const folder = path.join(root, '.varve/checkouts')
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8')
    if (text !== '')
      fs.writeFileSync(path.join(folder, name), JSON.stringify({ ...JSON.parse(text), pid: 2 ** 22 + 1 }))
  }
}

async function begun(): Promise<{ dir: string; repo: Repository }> {
  const dir = fs.realpathSync(temporaryDir())
  const repo = await Repository.init(`${dir}/main`, { author })
  for (const name of ['a', 'b']) fs.writeFileSync(`${dir}/main/${name}`, name)
  await repo.add(['.'])
  await repo.commit({ message: 'one' })
  return { dir, repo }
}

async function expectWhole(root: string): Promise<void> {
  await using opened = await Repository.open(root, { author })
  const { staged, unstaged, untracked } = await opened.status()
  expect([staged, unstaged, untracked]).toEqual([[], [], []])
  expect([fs.readFileSync(`${root}/a`, 'utf8'), fs.readFileSync(`${root}/b`, 'utf8')]).toEqual(['a', 'b'])
}

test('an add that dies anywhere leaves a checkout, or is done by the same command', async () => {
  let kinds = ''
  for (let n = 1, isWhole = false; !isWhole; n++) {
    const { dir, repo } = await begun()
    const calls = dieAt(n)
    await repo.worktrees.add(`${dir}/side`).catch(() => undefined)
    isWhole = calls() < n
    revive()
    await repo.close()
    forgetProcess(`${dir}/side`)
    await using next = await Repository.open(`${dir}/main`, { author })
    const isKnown = (await next.worktrees.list()).length === 2
    if (!isKnown) await next.worktrees.add(`${dir}/side`)
    kinds += isKnown ? 'k' : 'u'
    await expectWhole(`${dir}/side`)
    await expectWhole(`${dir}/main`)
  }
  expect(kinds).toMatch(/^u+k+$/)
  expect(kinds.length).toBeGreaterThan(10)
}, 120_000)

test('a remove that dies anywhere is done by the same command', async () => {
  for (let n = 1, isWhole = false; !isWhole; n++) {
    const { dir, repo } = await begun()
    await repo.worktrees.add(`${dir}/side`)
    const calls = dieAt(n)
    await repo.worktrees.remove(`${dir}/side`).catch(() => undefined)
    isWhole = calls() < n
    revive()
    await repo.close()
    await using next = await Repository.open(`${dir}/main`, { author })
    const left = (await next.worktrees.list())[1]
    if (left?.prunable === null) await next.worktrees.remove(left.path, { force: true })
    else await next.worktrees.prune()
    expect((await next.worktrees.list()).length).toBe(1)
    await expectWhole(`${dir}/main`)
    await next.worktrees.add(`${dir}/again`, { revision: 'side' })
    await expectWhole(`${dir}/again`)
  }
}, 120_000)
