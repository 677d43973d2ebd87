// Several checkouts of one repository: each has a branch, an index and files of its own, and none is in another's way.
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../../src/index.ts'
import { codeOf, fault } from '../../support/fault.ts'
import { temporaryDir } from '../../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
let dir = ''
const at = (...parts: string[]): string => path.join(dir, ...parts)
const open = (folder: string): Promise<Repository> => Repository.open(at(folder), { author })
const read = (file: string): string => fs.readFileSync(at(file), 'utf8')

beforeEach(async () => {
  dir = fs.realpathSync(temporaryDir())
  await using repo = await Repository.init(at('main'), { author })
  await commit(repo, 'a', 'one')
  await repo.worktrees.add(at('side'))
})

async function commit(repo: Repository, file: string, text: string): Promise<string> {
  fs.writeFileSync(path.join(repo.root!, file), text)
  await repo.add([file])
  return (await repo.commit({ message: text })).id
}

async function isClean(repo: Repository): Promise<boolean> {
  const { staged, unstaged, untracked } = await repo.status()
  return staged.length + unstaged.length + untracked.length === 0
}

test('a checkout has files, a branch and an index of its own, and shares the rest', async () => {
  await using main = await open('main')
  await using side = await open('side')
  expect(read('side/a')).toBe('one')
  expect(await side.currentBranch()).toBe('side')
  const made = await commit(side, 'a', 'two')
  fs.writeFileSync(at('side/b'), 'staged')
  await side.add(['b'])
  expect(await isClean(main)).toBe(true)
  expect(await main.currentBranch()).toBe('main')
  expect((await main.commitInfo('side')).id).toBe(made)
  expect(read('main/a')).toBe('one')
  expect((await side.status()).staged.map((one) => one.path)).toEqual(['b'])
  await side.createTag('v1', {})
  expect((await main.commitInfo('v1')).id).toBe(made)
  const marks = (await main.branches()).map(({ name, current, elsewhere = false }) => [
    name,
    current,
    elsewhere,
  ])
  expect(marks).toEqual([
    ['main', true, false],
    ['side', false, true],
  ])
})

test.each<[string, (repo: Repository) => Promise<unknown>]>([
  ['switch', (repo) => repo.switch('side')],
  ['branch -f', (repo) => repo.createBranch('side', { startPoint: 'HEAD', force: true })],
  ['branch -D', (repo) => repo.deleteBranch('side', { force: true })],
  ['branch -m', (repo) => repo.renameBranch('side', 'other')],
  ['a transaction', (repo) => repo.transaction('side', (tx) => tx.writeFile('c', Buffer.from('text')))],
  ['worktree add', (repo) => repo.worktrees.add(at('again'), { revision: 'side' })],
])('%s leaves a branch alone that is checked out elsewhere', async (_, work) => {
  await using main = await open('main')
  await commit(main, 'a', 'two')
  const before = await main.commitInfo('side')
  expect(await fault(work(main))).toContain(`'side' is already checked out at '${at('side')}'`)
  expect((await main.commitInfo('side')).id).toBe(before.id)
  expect(fs.existsSync(at('again'))).toBe(false)
  await using side = await open('side')
  expect(await fault(side.switch('main'))).toContain(`'main' is already checked out at '${at('main')}'`)
  expect(await isClean(side)).toBe(true)
})

test('a push into a branch that a linked checkout has is refused, and nobody gets its state', async () => {
  await using clone = await Repository.clone(at('main'), at('clone'), { author })
  expect((await clone.worktrees.list()).length).toBe(1)
  await clone.switch('side')
  await commit(clone, 'a', 'pushed')
  expect(await codeOf(clone.push())).toBe('VARVE_REFUSED')
})

test('undo passes over what other checkouts did', async () => {
  await using main = await open('main')
  await using side = await open('side')
  const first = (await main.commitInfo('HEAD')).id
  await commit(main, 'm', 'of main')
  const other = await commit(side, 's', 'of side')
  await main.undo()
  expect((await main.commitInfo('HEAD')).id).toBe(first)
  expect((await side.commitInfo('HEAD')).id).toBe(other)
  // Its own undo is passed over by others as well.
  await side.undo()
  expect((await side.commitInfo('HEAD')).id).toBe(first)
  expect((await main.status()).staged.map((one) => one.path)).toEqual(['m'])
  expect((await side.status()).staged.map((one) => one.path)).toEqual(['s'])
  // The staging, and then nothing is left of its own: it is never taken back to before it was made.
  await side.undo()
  expect(await codeOf(side.undo())).toBe('VARVE_NOT_POSSIBLE')
  expect(await side.currentBranch()).toBe('side')
})

test('undo after an undo elsewhere does not skip what lies between', async () => {
  await using main = await open('main')
  await using side = await open('side')
  await commit(side, 's', 'of side')
  const before = await commit(main, 'm', 'first')
  await commit(main, 'm', 'second')
  await side.undo()
  await main.undo()
  expect((await main.commitInfo('HEAD')).id).toBe(before)
})

test('gc keeps what only a linked checkout has staged', async () => {
  await using main = await open('main')
  await using side = await open('side')
  fs.writeFileSync(at('side/b'), 'staged'.repeat(50_000))
  await side.add(['b'])
  for (let i = 0; i < 5; i++) await commit(main, 'a', `${i}`)
  await main.gc({ graceMs: 0, manifestsKeptMax: 1 })
  await side.commit({ message: 'b' })
  expect((await side.fsck()).problems).toEqual([])
})

test('remove deletes no other checkout that lies inside', async () => {
  await using main = await open('main')
  await main.worktrees.add(at('side', 'inner'))
  fs.writeFileSync(at('side/inner/b'), 'uncommitted')
  expect(await fault(main.worktrees.remove(at('side'), { force: true }))).toContain(at('side', 'inner'))
  expect(read('side/inner/b')).toBe('uncommitted')
  await main.worktrees.move(at('side', 'inner'), at('outer'))
  await main.worktrees.remove(at('side'), { force: true })
  expect(read('outer/b')).toBe('uncommitted')
})

test('remove deletes the folder and keeps the branch, and refuses where files would be lost', async () => {
  await using main = await open('main')
  fs.writeFileSync(at('side/new'), 'nobody has it')
  expect(await codeOf(main.worktrees.remove(at('side')))).toBe('VARVE_UNCOMMITTED')
  expect(read('side/new')).toBe('nobody has it')
  await main.worktrees.lock('side', 'in use')
  expect(await codeOf(main.worktrees.remove('side'))).toBe('VARVE_NOT_POSSIBLE')
  await main.worktrees.unlock('side')
  await main.worktrees.remove('side', { force: true })
  expect(fs.existsSync(at('side'))).toBe(false)
  expect((await main.worktrees.list()).length).toBe(1)
  await main.switch('side')
  expect(await codeOf(main.worktrees.remove(at('main')))).toBe('VARVE_NOT_POSSIBLE')
})

test('a folder that is gone is prunable, and a locked one is kept', async () => {
  await using main = await open('main')
  fs.rmSync(at('side'), { recursive: true })
  expect((await main.worktrees.list())[1]!.prunable).toBe('its folder is gone')
  await main.worktrees.lock('side')
  expect(await main.worktrees.prune()).toEqual([])
  await main.worktrees.unlock('side')
  expect((await main.worktrees.prune()).length).toBe(1)
  expect((await main.worktrees.list()).length).toBe(1)
})

test('a folder or a repository that was moved says so, and is repaired', async () => {
  {
    await using main = await open('main')
    await main.worktrees.move('side', at('moved'))
    await using moved = await open('moved')
    expect(await isClean(moved)).toBe(true)
  }
  fs.renameSync(at('moved'), at('away'))
  expect(await fault(open('away'))).toContain('is not a checkout that the repository')
  {
    await using main = await open('main')
    await main.worktrees.repair(at('away'))
    await using away = await open('away')
    await commit(away, 'a', 'there')
  }
  fs.renameSync(at('main'), at('elsewhere'))
  expect(await codeOf(open('away'))).toBe('VARVE_NO_REPOSITORY')
  await using main = await open('elsewhere')
  await main.worktrees.repair(at('away'))
  await using away = await open('away')
  expect(await isClean(away)).toBe(true)
})

test('a copy of a checkout is none, and cannot take its place', async () => {
  fs.cpSync(at('side'), at('copy'), { recursive: true })
  expect(await codeOf(open('copy'))).toBe('VARVE_REFUSED')
  await using main = await open('main')
  expect(await codeOf(main.worktrees.repair(at('copy')))).toBe('VARVE_NOT_POSSIBLE')
})

test.each([
  ['', 'VARVE_CORRUPT'],
  ['store: relative/.varve\nname: side\n', 'VARVE_CORRUPT'],
  ['store: /tmp/\u0007\nname: side\n', 'VARVE_CORRUPT'],
  ['store: STORE\nname: ../side\n', 'VARVE_CORRUPT'],
  ['store: STORE\nname: __proto__\n', 'VARVE_REFUSED'],
  ['store: STORE\nname: side\n', 'VARVE_REFUSED'],
  ['store: /nowhere/at/all\nname: side\n', 'VARVE_NO_REPOSITORY'],
  [`store: /${'x'.repeat(10_000)}\nname: side\n`, 'VARVE_CORRUPT'],
])('a folder whose file says %j is not opened', async (text, code) => {
  fs.mkdirSync(at('hostile/.varve'), { recursive: true })
  fs.writeFileSync(at('hostile/.varve/checkout'), text.replace('STORE', at('main/.varve')))
  expect(await codeOf(open('hostile'))).toBe(code)
  await using side = await open('side')
  expect(await isClean(side)).toBe(true)
})

test('a folder with files in it is not taken', async () => {
  await using main = await open('main')
  fs.mkdirSync(at('full'))
  fs.writeFileSync(at('full/mine'), 'mine')
  expect(await codeOf(main.worktrees.add(at('full')))).toBe('VARVE_NOT_POSSIBLE')
  expect(await codeOf(main.worktrees.add(at('main/.varve/inside')))).toBe('VARVE_NOT_POSSIBLE')
  expect(await codeOf(main.worktrees.add(at('new'), { revision: 'nothing' }))).toBe('VARVE_REF_NOT_FOUND')
  expect(fs.readdirSync(at('full'))).toEqual(['mine'])
  expect(fs.existsSync(at('new'))).toBe(false)
})

test('many commits from two checkouts at once: none is lost', async () => {
  await using main = await open('main')
  await using side = await open('side')
  const storm = async (repo: Repository): Promise<void> => {
    for (let i = 0; i < 15; i++) await commit(repo, 'a', `${i}`)
  }
  await Promise.all([storm(main), storm(side)])
  for (const [repo, branch] of [
    [main, 'main'],
    [side, 'side'],
  ] as const) {
    const messages: string[] = []
    for await (const { message } of repo.log({ revision: branch })) messages.push(message)
    expect(messages.map((text) => text.trim())).toEqual([
      ...Array.from({ length: 15 }, (_, i) => `${14 - i}`),
      'one',
    ])
    expect(await isClean(repo)).toBe(true)
  }
})
