// What scripts written for Git ask: the short status for programs, what a push brings, and all remotes at once.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'

const beside = besideGit()
const { at, begin, both, git, ok, varve } = beside
const put = (name: string, text = `${name}\n`): void => beside.put(name, text)

async function commit(message: string): Promise<void> {
  await both('add', '.')
  await both('commit', '-q', '-m', message)
}

beforeEach(begin)

const statuses = [
  ['--porcelain'],
  ['--porcelain=v1', '-b'],
  ['--porcelain', '-z'],
  ['-z', '-b'],
  ['-s', '-b'],
  ['-sb'],
]

test('status for scripts is what Git says, whatever is in the names', async () => {
  for (const args of statuses)
    expect([args, await ok('status', ...args)]).toEqual([args, git('status', ...args)])
  for (const name of ['plain', 'gone', 'kept', 'old name', 'dir/a', 'both']) put(name)
  await commit('First')
  put('plain', 'changed\n')
  put('both', 'staged\n')
  put('new "quoted"')
  await both('add', 'both', 'new "quoted"')
  put('both', 'again\n')
  await both('mv', 'old name', 'new name')
  await both('rm', '-q', 'gone')
  put('untracked file')
  put('folder/x/y')
  for (const args of statuses)
    expect([args, await ok('status', ...args)]).toEqual([args, git('status', ...args)])
  await both('switch', '-q', '--detach')
  expect(await ok('status', '-sb')).toBe(git('status', '-sb'))
  expect(await runHere(['status', '--porcelain'], at('ours', 'folder'))).toMatchObject({
    stdout: git('status', '--porcelain'),
  })
  expect(await varve('status', '--porcelain=v3')).toMatchObject({ code: 2 })
})

test('status of some paths, of untracked files one by one or not at all, and of ignored ones', async () => {
  for (const name of ['plain', 'dir/a', 'dir/sub/b', 'other/c']) put(name)
  fs.writeFileSync(at('ours', '.varveignore'), '*.log\nbuild/\n')
  fs.writeFileSync(at('theirs', '.gitignore'), '*.log\nbuild/\n')
  fs.writeFileSync(at('theirs', '.git/info/exclude'), '.gitignore\n')
  await ok('add', 'plain', 'dir', 'other')
  git('add', 'plain', 'dir', 'other')
  await both('commit', '-q', '-m', 'First')
  for (const name of ['plain', 'dir/a', 'dir/sub/b', 'other/c']) put(name, 'changed\n')
  put('other/staged')
  await both('add', 'other')
  for (const name of ['new/x', 'new/deep/y', 'dir/sub/z', 'dir/free/w', 'own', 'own.log', 'dir/a.log'])
    put(name)
  for (const name of ['build/out', 'dir/build/out', 'logs/only.log', 'mixed/file', 'mixed/some.log'])
    put(name)
  const paths = [[], ['dir'], ['dir/sub', 'plain'], ['new/deep'], ['new/x'], ['nothing'], ['.'], ['build']]
  const modes = [[], ['-u'], ['-uno'], ['-uall'], ['-unormal'], ['--untracked-files=no'], ['--ignored']]
  const told = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => !/\.(git|varve)ignore$/.test(line))
      .sort()
  for (const mode of modes)
    for (const named of paths) {
      const args = ['--porcelain', ...mode, '--', ...named]
      expect([args, told(await ok('status', ...args))]).toEqual([args, told(git('status', ...args))])
    }
  expect(await ok('status', '-uno')).not.toContain('untracked')
  expect(await ok('status', 'nothing')).toMatch(
    /^on branch main\nnothing to commit among what was looked at\n$/,
  )
  expect(await ok('status', '--ignored')).toContain('ignored  (by a line in .varveignore)')
  expect(await varve('status', '-usome')).toMatchObject({ code: 2 })
  expect(await varve('status', '../elsewhere')).toMatchObject({ code: 40 })
})

/** Two branches, a light tag, annotated ones on both branches and on a commit that neither has. */
async function history(): Promise<void> {
  put('a')
  await commit('First')
  await both('tag', 'light')
  await both('tag', '-a', '-m', 'one', 'v1')
  await both('switch', '-q', '-c', 'side')
  put('b')
  await commit('Second')
  await both('tag', '-a', '-m', 'two', 'v2')
  await both('switch', '-q', '--detach')
  put('c')
  await commit('Third')
  await both('tag', '-a', '-m', 'three', 'v3')
  await both('switch', '-q', 'main')
  for (const [place, add] of [
    ['their-hub', git],
    ['our-hub', ok],
  ] as const) {
    if (place === 'their-hub') git('init', '-q', '--bare', at(place))
    await add('remote', 'add', 'origin', at(place))
  }
}

test.each([
  [['origin', 'main']],
  [['--follow-tags', 'origin', 'main']],
  [['--all', 'origin']],
  [['--all', '--follow-tags', 'origin']],
  [['--all', '--tags', 'origin']],
  [['--branches', 'origin']],
  [['--tags', 'origin']],
])('push %s brings what Git brings, and a dry run of the first one says so', async (args) => {
  await history()
  const { updates } = JSON.parse(await ok('push', '-n', ...args, '--json')) as { updates: { ref: string }[] }
  expect(fs.existsSync(at('our-hub'))).toBe(false)
  // In Git the two exclude each other, and --branches is there since 2.46.
  const isBoth = args.includes('--tags') && args.includes('--all')
  git(
    'push',
    '-q',
    ...args.filter((arg) => !isBoth || arg !== '--tags').map((arg) => arg.replace('--branches', '--all')),
  )
  if (isBoth) git('push', '-q', '--tags', 'origin')
  await ok('push', '-q', ...args)
  const theirs = gitIn(at('their-hub'))('for-each-ref', '--format=%(refname)').trim().split('\n')
  expect(updates.map(({ ref }) => ref).sort()).toEqual(theirs)
  const ours = await runHere(['branch', '--format=%(refname)'], at('our-hub'))
  const tags = await runHere(['tag', '--format=%(refname)'], at('our-hub'))
  // Of a branch without commits ours tells the name.
  const born = args.includes('--tags') && !isBoth ? '' : ours.stdout
  expect((born + tags.stdout).trim().split('\n').sort()).toEqual(theirs)
  expect(JSON.parse(await ok('push', ...args, '--json'))).toMatchObject({ updates: [] })
})

test('push --tags brings no branch, and nothing where there is no tag', async () => {
  await history()
  await ok('push', '-q', '--tags', 'origin')
  expect((await runHere(['log', '--branches', '--format=%s'], at('our-hub'))).stdout).toBe('')
  await ok('push', '-q', '-u', '--tags', 'origin')
  expect((await runHere(['branch', '--format=%(refname:short)'], at('our-hub'))).stdout).toBe('main\n')
  for (const tag of (await ok('tag', '--format=%(refname:short)')).trim().split('\n'))
    await ok('tag', '-d', tag)
  expect(JSON.parse(await ok('push', '--tags', 'origin', '--json'))).toMatchObject({ updates: [] })
})

test('a dry run refuses what the first push would refuse', async () => {
  await history()
  fs.mkdirSync(at('full'))
  fs.writeFileSync(at('full', 'file'), 'x')
  for (const args of [
    ['push', '-n', at('full'), 'main'],
    ['push', at('full'), 'main'],
    ['push', '-n', at('ours', 'a'), 'main'],
  ])
    expect((await varve(...args)).code).toBeGreaterThanOrEqual(60)
  for (const args of [
    ['push', '--all', 'origin', 'main'],
    ['push', '--all', '--delete', 'origin'],
    ['push', '--tags', '--follow-tags', 'origin'],
  ])
    expect(await varve(...args)).toMatchObject({ code: 2 })
})

test('fetch --all takes from each remote, and says which failed', async () => {
  await history()
  await ok('push', '-q', 'origin', 'main', 'side')
  await ok('remote', 'add', 'twin', at('our-hub'))
  await ok('remote', 'add', 'gone', at('nowhere'))
  const failed = await varve('fetch', '--all')
  expect(failed).toMatchObject({
    code: 60,
    stderr: expect.stringContaining("not fetched from 'gone'") as string,
  })
  expect(await ok('branch', '-r', '--format=%(refname:short)')).toBe(
    'origin/main\norigin/side\ntwin/main\ntwin/side\n',
  )
  await ok('remote', 'remove', 'gone')
  const { items } = JSON.parse(await ok('fetch', '--all', '--json')) as { items: { remote: string }[] }
  expect(items.map(({ remote }) => remote)).toEqual(['origin', 'twin'])
  expect(await varve('fetch', '--all', 'origin')).toMatchObject({ code: 2 })
  expect(await ok('remote', 'get-url', 'origin')).toBe(`${at('our-hub')}\n`)
  await ok('remote', 'set-url', '--push', 'origin', at('one'))
  await ok('remote', 'set-url', '--push', '--add', 'origin', at('two'))
  expect(await ok('remote', 'get-url', '--push', '--all', 'origin')).toBe(`${at('one')}\n${at('two')}\n`)
  expect(await varve('remote', 'get-url', 'nothing')).toMatchObject({ code: 43 })
})
