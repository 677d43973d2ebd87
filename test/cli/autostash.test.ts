// Merges, pulls and rebases over changes that are not committed, and `reset --keep`, held against Git.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

const lines = (...changed: readonly [number, string][]): string =>
  Array.from(
    { length: 9 },
    (_, i) => `${changed.find(([at]) => at === i + 1)?.[1] ?? `line ${i + 1}`}\n`,
  ).join('')

async function commit(message: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) put(name, text)
  await both('add', '-A')
  await both('commit', '-q', '-m', message)
}

const text = (name: string, place = 'ours'): string | null =>
  fs.existsSync(at(place, name)) ? fs.readFileSync(at(place, name), 'utf8') : null
const stashes = async (): Promise<number> => (await ok('stash', 'list')).split('\n').length - 1

/** Ours says what to do next. */
async function resolved(name: string): Promise<void> {
  git('add', name)
  expect(await varve('add', name)).toMatchObject({ code: 0 })
}

/** Files, what Git's short status says of them, and the subjects of commits. */
async function expectAlike(): Promise<void> {
  const names = ['poem', 'other', 'theirs', 'new']
  const files = (place: string): (string | null)[] => names.map((name) => text(name, place))
  expect(files('ours')).toEqual(files('theirs'))
  // Of one second, commits that do not reach each other come in either order.
  const subjects = (told: string): string[] => told.split('\n').sort()
  expect(subjects(await ok('log', '--format=%s'))).toEqual(subjects(git('log', '--format=%s')))
  expect(await stashes()).toBe(git('stash', 'list').split('\n').length - 1)
}

/**
 *   base - ours (line 1, other)       main
 *      \ - theirs (line 9, a file)    side
 */
beforeEach(async () => {
  await begin()
  await commit('base', { poem: lines(), other: 'other\n' })
  await both('switch', '-q', '-c', 'side')
  await commit('theirs', { poem: lines([9, 'theirs']), theirs: 'theirs\n' })
  await both('switch', '-q', 'main')
  await commit('ours', { other: 'ours\n' })
})

test.each([['merge', '--no-edit', '-m', 'Merge'], ['rebase']])(
  '%s --autostash keeps changes, staged or not',
  async (verb, ...options) => {
    put('poem', lines([1, 'edited']))
    put('new', 'new\n')
    await both('add', 'new')
    await both(verb, ...options, '--autostash', 'side')
    await expectAlike()
    expect(await ok('status', '-s')).toBe('A  new\n M poem\n')
    expect(git('status', '-s')).toBe('A  new\n M poem\n')
    await ok('fsck')
  },
)

test('it is one operation; undo leaves edits of merged files alone, or takes it back whole', async () => {
  put('poem', lines([1, 'edited']))
  const { stdout } = await varve('merge', '-m', 'Merge', '--autostash', 'side')
  expect(stdout).toContain('your changes are in the files again')
  expect(await varve('undo')).toMatchObject({ code: 29 })
  expect(text('poem')).toBe(lines([1, 'edited'], [9, 'theirs']))
  await ok('restore', 'poem')
  await ok('undo')
  expect(await ok('log', '-1', '--format=%s')).toBe('ours\n')
})

test('nothing to keep, nothing to merge and a fast-forward are as without', async () => {
  await both('merge', '-q', '--autostash', '-m', 'Merge', 'side')
  await expectAlike()
  put('poem', lines([1, 'edited'], [9, 'theirs']))
  await both('merge', '-q', '--autostash', 'side')
  await expectAlike()
  await both('switch', '-q', 'side')
  await both('merge', '-q', '--autostash', 'main')
  await expectAlike()
  expect(text('poem')).toBe(lines([1, 'edited'], [9, 'theirs']))
})

test.each([['merge'], ['rebase']])(
  'where changes clash with what %s brings they stay in the stash',
  async (verb) => {
    put('poem', lines([9, 'edited']))
    put('other', 'staged\n')
    await both('add', 'other')
    git(verb, '--autostash', 'side', ...(verb === 'merge' ? ['-m', 'Merge'] : []))
    const { code, stderr } = await varve(
      verb,
      '--autostash',
      'side',
      ...(verb === 'merge' ? ['-m', 'Merge'] : []),
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining("they stay in 'stash/1'") as string])
    // Git leaves its marks in the file; what it has put aside is the same.
    git('checkout', '-q', '-f', 'HEAD')
    await expectAlike()
    expect(await ok('cat', 'stash/1:poem')).toBe(lines([9, 'edited']))
    await ok('undo')
    expect([text('poem'), text('other'), await stashes()]).toEqual([lines([9, 'edited']), 'staged\n', 0])
    expect(await ok('status', '-s')).toBe('M  other\n M poem\n')
  },
)

test.each([['--continue'], ['--abort'], ['commit']])(
  'a merge that stops has them back after %s',
  async (end) => {
    await commit('clash', { poem: lines([9, 'ours']) })
    put('other', 'edited\n')
    expect(() => git('merge', '--autostash', 'side')).toThrow()
    const stopped = await varve('merge', '--autostash', 'side')
    expect(stopped).toMatchObject({ code: 21 })
    expect(stopped.stdout).toContain("your changes wait in 'stash/1' until it is over")
    expect(text('other')).toBe('ours\n')
    expect(await ok('stash', 'list')).toContain('stash/1  Changes before a merge')
    if (end === '--abort') await both('merge', end)
    else {
      put('poem', lines([9, 'both']))
      await resolved('poem')
      if (end === 'commit') await both('commit', '-q', '-m', 'Merge')
      else {
        git('-c', 'core.editor=true', 'merge', end)
        const { merging, ...told } = JSON.parse(await ok('merge', end, '-m', 'Merge', '--json')) as Record<
          string,
          object
        >
        expect([merging, told['autostash']]).toEqual([undefined, { outcome: 'kept', stash: null }])
        git('commit', '-q', '--amend', '-m', 'Merge')
      }
    }
    await expectAlike()
    expect([text('other'), await stashes()]).toEqual(['edited\n', 0])
  },
)

test('a rebase that stops twice has them back at its end', async () => {
  await commit('clash', { poem: lines([9, 'ours']) })
  await commit('again', { poem: lines([9, 'again']) })
  put('other', 'edited\n')
  expect(() => git('rebase', '--autostash', 'side')).toThrow()
  expect(await varve('rebase', '--autostash', 'side')).toMatchObject({ code: 21 })
  for (const line of ['one', 'two']) {
    put('poem', lines([9, line]))
    await resolved('poem')
    expect(text('other')).toBe('ours\n')
    if (line === 'two') git('-c', 'core.editor=true', 'rebase', '--continue')
    else expect(() => git('-c', 'core.editor=true', 'rebase', '--continue')).toThrow()
    expect(await varve('rebase', '--continue')).toMatchObject({ code: line === 'one' ? 21 : 0 })
  }
  await expectAlike()
  expect([text('other'), await stashes()]).toEqual(['edited\n', 0])
})

test('pull --autostash, by a program', async () => {
  await ok('clone', at('ours'), at('clone'))
  await commit('more', { poem: lines([5, 'more']) })
  fs.writeFileSync(at('clone', 'poem'), lines([1, 'edited']))
  await using repo = await Repository.open(at('clone'), { author: { name: 'Ada', email: 'ada@example.org' } })
  await expect(repo.pull()).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
  const { merged } = await repo.pull(undefined, undefined, { autostash: true })
  expect(merged).toMatchObject({ outcome: 'fast-forward', autostash: { outcome: 'kept', stash: null } })
  expect(text('poem', 'clone')).toBe(lines([1, 'edited'], [5, 'more']))
})

test('rows that nobody has committed are kept cell by cell', async () => {
  const rows = (ada: string, grace: string): string => `id,name,city\n1,Ada,${ada}\n2,Grace,${grace}\n`
  fs.writeFileSync(at('ours', 'people.csv'), rows('London', 'New York'))
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', '.')
  await ok('commit', '-m', 'People')
  await ok('switch', '-q', '-c', 'moved')
  fs.writeFileSync(at('ours', 'people.csv'), rows('London', 'Arlington'))
  await ok('commit', '-am', 'Moved')
  await ok('switch', '-q', 'main')
  fs.writeFileSync(at('ours', 'people.csv'), rows('Paris', 'New York'))
  await ok('merge', '--autostash', 'moved')
  expect(text('people.csv')).toBe(rows('Paris', 'Arlington'))
  expect(JSON.parse(await ok('diff', '--stat', '--json'))).toMatchObject({
    items: [{ rows: { changed: 1, cells: 1 } }],
  })
})

test('what is not versioned is in nobody’s stash, and keeps the merge from being made', async () => {
  put('theirs', 'mine\n')
  put('poem', lines([1, 'edited']))
  expect(() => git('merge', '--autostash', 'side', '-m', 'Merge')).toThrow()
  expect(await varve('merge', '--autostash', 'side')).toMatchObject({ code: 29 })
  await expectAlike()
  expect([text('theirs'), text('poem'), await stashes()]).toEqual(['mine\n', lines([1, 'edited']), 0])
})

test.each([
  ['edited, elsewhere', { other: 'edited\n' }, [], true],
  ['staged, elsewhere', { other: 'staged\n' }, ['other'], true],
  ['added', { new: 'new\n' }, ['new'], true],
  ['staged and removed again', { other: null }, [], true],
  ['edited where it differs', { poem: lines([1, 'edited']) }, [], false],
  ['staged where it differs', { poem: lines([1, 'edited']) }, ['poem'], false],
  ['in the way', { theirs: 'mine\n' }, [], false],
] as const)('reset --keep: %s', async (_, files, staged, isDone) => {
  for (const [name, to] of Object.entries(files)) put(name, to)
  for (const name of staged) await both('add', name)
  const before = await ok('status', '-s')
  const target = 'side'
  // What differs between the two: poem and theirs, and other by `ours`.
  await both('branch', '-q', 'goal', 'main')
  await both('stash', 'push', '-q', '-u')
  await both('switch', '-q', 'goal')
  await both('merge', '-q', '-m', 'Merge', target)
  await both('switch', '-q', 'main')
  git('stash', 'pop', '-q', '--index')
  await ok('stash', 'pop', '-q', '--index')
  if (isDone) await both('reset', '-q', '--keep', 'goal')
  else {
    expect(() => git('reset', '--keep', 'goal')).toThrow()
    expect(await varve('reset', '--keep', 'goal')).toMatchObject({ code: 29 })
    expect(await ok('status', '-s')).toBe(before)
  }
  await expectAlike()
  expect(await ok('status', '-s')).toBe(git('status', '-s'))
  if (isDone) await ok('undo')
})

test('reset --keep is refused amid a merge and for paths', async () => {
  expect(await varve('reset', '--keep', '--', 'poem')).toMatchObject({ code: 2 })
  await commit('clash', { poem: lines([9, 'ours']) })
  await varve('merge', 'side')
  expect(await varve('reset', '--keep', 'HEAD~1')).toMatchObject({ code: 20 })
})
