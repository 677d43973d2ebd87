// What users of Git expect of merge --squash, cherry-pick -x, reset PATH and fetch REMOTE BRANCH.
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

let dir = ''
let cwd = ''

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args, cwd)
  expect([args, code, code === 0 ? '' : stderr]).toEqual([args, 0, ''])
  return stdout
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await ok(...args, '--json')) as T
}

function put(name: string, text: string): void {
  fs.writeFileSync(path.join(cwd, name), text)
}

async function commit(message: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) put(name, text)
  await ok('add', '.')
  await ok('commit', '-q', '-m', message)
}

interface Info {
  readonly id: string
  readonly parents: readonly string[]
  readonly message: string
}

const head = async (): Promise<Info> => (await json<{ items: Info[] }>('log', '-n', '1')).items[0]!

beforeEach(async () => {
  dir = temporaryDir()
  cwd = path.join(dir, 'repo')
  fs.mkdirSync(cwd)
  await ok('init', '-q')
  put('people.csv', 'id,name\n1,Ada\n2,Grace\n')
  await ok('track', '-q', 'people.csv', '--key', 'id')
  await commit('First', { 'notes.txt': 'one\n' })
  await ok('switch', '-q', '-c', 'side')
  await commit('Add Lise', { 'people.csv': 'id,name\n1,Ada\n2,Grace\n3,Lise\n' })
  await commit('Add Emmy', { 'people.csv': 'id,name\n1,Ada\n2,Grace\n3,Lise\n4,Emmy\n' })
  await ok('switch', '-q', 'main')
})

test('merge --squash stages what a merge comes to; the commit after it has one parent', async () => {
  await commit('Rename Ada', { 'people.csv': 'id,name\n1,Ada Lovelace\n2,Grace\n' })
  const before = await head()
  expect(await json('merge', '--squash', 'side')).toMatchObject({ outcome: 'staged', commit: before.id })
  expect((await head()).id).toBe(before.id)
  const { merging, staged } = await json<{ merging: { kind: string }; staged: object[] }>('status')
  expect([merging.kind, staged]).toMatchObject(['squash', [{ path: 'people.csv', state: 'modified' }]])
  const made = await json<Info>('commit')
  expect(made.parents).toEqual([before.id])
  expect(made.message).toMatch(/^Squash branch 'side'\n\n- \w{10} Add Emmy\n- \w{10} Add Lise$/)
  expect(fs.readFileSync(path.join(cwd, 'people.csv'), 'utf8')).toBe(
    'id,name\n1,Ada Lovelace\n2,Grace\n3,Lise\n4,Emmy\n',
  )
  expect(await json('status')).toMatchObject({ merging: null, staged: [] })
})

test('merge --squash moves no branch forward, and says so where there is nothing to do', async () => {
  const before = await head()
  expect(await json('merge', '--squash', 'side')).toMatchObject({ outcome: 'staged', commit: before.id })
  // As after any merge that waits.
  expect(await runHere(['switch', 'side'], cwd)).toMatchObject({ code: 20 })
  await ok('merge', '--abort')
  expect(await json('status')).toMatchObject({ merging: null, staged: [], unstaged: [] })
  expect(await json('merge', '--squash', 'HEAD')).toMatchObject({ outcome: 'up-to-date' })
  for (const other of ['--no-ff', '--no-commit', '--dry-run'])
    expect(await runHere(['merge', '--squash', other, 'side'], cwd)).toMatchObject({ code: 2 })
})

test('conflicts of a squash are resolved as those of a merge, and its commit has one parent', async () => {
  await commit('Another three', { 'people.csv': 'id,name\n1,Ada\n2,Grace\n3,Marie\n' })
  const before = await head()
  const stopped = await runHere(['merge', '--squash', 'side'], cwd)
  expect([stopped.code, stopped.stdout]).toEqual([
    21,
    expect.stringContaining('squash stopped: 1 conflict') as string,
  ])
  await ok('resolve', 'people.csv', '--theirs')
  expect((await json<Info>('merge', '--continue')).parents).toEqual([before.id])
  expect(fs.readFileSync(path.join(cwd, 'people.csv'), 'utf8')).toContain('3,Lise\n4,Emmy\n')
})

test.each([
  ['Fix it', 'Fix it\n\n(cherry picked from commit ID)\n'],
  ['Fix it\n\nBecause.\n', 'Fix it\n\nBecause.\n\n(cherry picked from commit ID)\n'],
  ['Fix it\n\nReviewed-by: Ada\n', 'Fix it\n\nReviewed-by: Ada\n(cherry picked from commit ID)\n'],
  ['fix: it', 'fix: it\n\n(cherry picked from commit ID)\n'],
])('cherry-pick -x of %j', async (message, expected) => {
  await ok('switch', '-q', 'side')
  await commit(message, { 'notes.txt': 'two\n' })
  const { id } = await head()
  await ok('switch', '-q', 'main')
  await ok('cherry-pick', '-x', '--no-edit', 'side')
  expect((await head()).message).toBe(expected.replace('ID', id))
  expect(await runHere(['revert', '-x', 'HEAD'], cwd)).toMatchObject({ code: 2 })
})

test('cherry-pick -n and revert -n stage, and commit nothing', async () => {
  const before = await head()
  for (const [verb, revision] of [
    ['cherry-pick', 'side~1'],
    ['revert', 'HEAD'],
  ] as const) {
    if (verb === 'revert') await commit('Two', { 'notes.txt': 'two\n' })
    expect(await json(verb, '-n', revision)).toMatchObject({ outcome: 'staged' })
    expect((await json<{ staged: object[] }>('status')).staged).toHaveLength(1)
    await ok('merge', '--abort')
  }
  expect((await head()).parents).toEqual([before.id])
})

test('reset PATH takes paths out of the next commit; branch and files stay', async () => {
  const before = await head()
  put('notes.txt', 'two\n')
  put('new.txt', 'new\n')
  await ok('add', '.')
  expect(await json('reset', 'new.txt')).toEqual({ items: ['new.txt'] })
  expect(await ok('reset', '--', 'notes.txt')).toBe('unstaged: 1 path\n')
  expect(await json('status')).toMatchObject({
    staged: [],
    unstaged: [{ path: 'notes.txt' }],
    untracked: ['new.txt'],
  })
  expect(await ok('reset', '.')).toBe('nothing to unstage\n')
  expect(fs.readFileSync(path.join(cwd, 'notes.txt'), 'utf8')).toBe('two\n')
  expect((await head()).id).toBe(before.id)
  // As another commit has it, staged.
  expect(await ok('reset', 'side', 'people.csv')).toBe('staged as in side: 1 path\n')
  expect(await json('status')).toMatchObject({ staged: [{ path: 'people.csv' }] })
  expect((await head()).id).toBe(before.id)
})

test.each([
  [['reset', '--hard', 'HEAD', 'notes.txt'], 2, "'--hard' is for whole commits"],
  [['reset', '--soft', '--', 'notes.txt'], 2, "'--soft' is for whole commits"],
  [['reset', 'mian'], 43, 'neither a revision nor a file'],
  [['reset', '--', 'main'], 40, "path 'main' matches no file"],
  [['reset', 'HEAD', 'side'], 2, 'is a revision, but a path is needed here'],
])('%j is %i: %s', async (args, code, words) => {
  expect(await runHere(args, cwd)).toMatchObject({ code, stderr: expect.stringContaining(words) as string })
})

test('fetch REMOTE BRANCH brings that branch, with the tags on it, and no other', async () => {
  const hub = path.join(dir, 'hub')
  await ok('tag', 'v1', 'side~1')
  await ok('tag', 'v2', 'main')
  await ok('switch', '-q', '-c', 'other')
  await commit('Other', { 'other.txt': 'other\n' })
  await ok('tag', 'v3')
  await ok('remote', 'add', 'origin', hub)
  await ok('push', '-q', '--tags', 'origin', 'main', 'side', 'other')
  const other = (await head()).id
  cwd = path.join(dir, 'second')
  fs.mkdirSync(cwd)
  await ok('init', '-q')
  await ok('remote', 'add', 'origin', hub)
  const { updates } = await json<{ updates: { ref: string }[] }>('fetch', 'origin', 'side')
  expect(updates.map(({ ref }) => ref)).toEqual(['refs/remotes/origin/side', 'refs/tags/v1', 'refs/tags/v2'])
  expect(await runHere(['show', '-s', other], cwd)).toMatchObject({ code: 43 })
  expect(await json('fetch', 'origin', 'side')).toMatchObject({ updates: [], objects: 0 })
  expect(
    (await json<{ updates: { ref: string }[] }>('fetch', 'origin', 'main', 'side')).updates,
  ).toMatchObject([{ ref: 'refs/remotes/origin/main' }])
  for (const [args, code, words] of [
    [['fetch', 'origin', 'nope'], 43, "the remote 'origin' has no branch 'nope'"],
    [['fetch', 'origin', 'v3'], 43, 'it is a tag'],
    [['fetch', 'origin', 'main:mine'], 2, 'names no branch of the remote'],
    [['fetch', '--prune', 'origin', 'main'], 2, "'--prune' is for all branches"],
  ] as const)
    expect(await runHere(args, cwd)).toMatchObject({ code, stderr: expect.stringContaining(words) as string })
  expect((await json<{ updates: object[] }>('fetch')).updates).toHaveLength(2)
})

test('a detached HEAD is pushed where it is told to go, and nowhere else', async () => {
  const remote = path.join(dir, 'remote')
  await ok('remote', 'add', 'origin', remote)
  await ok('push', '-q', 'origin', 'main')
  await ok('switch', '-q', '--detach', 'side')
  await ok('push', '-q', 'origin', 'HEAD:side')
  await ok('push', '-q', 'origin', '@:main')
  const { id } = await head()
  expect(await ok('branch', '-r', '--format', '%(objectname) %(refname:short)')).toBe(
    `${id} origin/main\n${id} origin/side\n`,
  )
  for (const words of [[], ['origin', 'HEAD']])
    expect(await runHere(['push', ...words], cwd)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "error: HEAD is detached: there is no current branch to push\nhint: name one: 'varve push origin HEAD:BRANCH'\n",
    })
})

test('an option before the command takes its value from the next word', async () => {
  expect(await ok('-C', cwd, '--progress', 'none', 'log', '-1', '--format=%s')).toBe('First\n')
  expect((await runHere(['--progress', 'loud', 'log'], cwd)).stderr).toContain("not 'loud'")
})

test('a commit that cannot be made leaves what is staged as it was', async () => {
  put('new.txt', 'new\n')
  await ok('add', 'new.txt')
  fs.rmSync(path.join(cwd, 'new.txt'))
  const before = await ok('status', '--porcelain')
  expect(before).toBe('AD new.txt\n')
  for (const args of [
    ['-a', '-m', 'x'],
    ['-m', 'x', 'new.txt'],
  ])
    expect(await runHere(['commit', ...args], cwd)).toMatchObject({ code: 44 })
  expect(await ok('status', '--porcelain')).toBe(before)
  expect((await head()).message).toBe('First')
  // In the log it is an undo: the next one takes back what was staged by hand.
  await ok('undo')
  expect(await ok('status', '--porcelain')).toBe('')
})

test('branch -f moves the current branch of a bare repository, which no files follow', async () => {
  await ok('clone', '-q', '--bare', cwd, path.join(dir, 'bare'))
  cwd = path.join(dir, 'bare')
  await ok('branch', '-f', 'main', 'origin/side')
  expect((await head()).message).toBe('Add Emmy')
})
