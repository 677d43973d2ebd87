// `varve notes`, held against Git: the same done in both, and what each shows of it.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { ok as run } from './varve.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

beforeEach(async () => {
  await begin()
  for (const name of ['one', 'two', 'three']) {
    put(name, `${name}\n`)
    await both('add', name)
    await both('commit', '-q', '-m', name)
  }
  await both('tag', 'v1', 'HEAD~1')
})

/** What each says of all commits and their notes. */
async function same(): Promise<void> {
  const format = ['log', '--format=%s|%N|', 'main']
  expect(await ok(...format)).toBe(git(...format))
}

/** Whether both do it or refuse it, and what is there then. */
async function alike(...args: string[]): Promise<void> {
  let theirs = true
  try {
    git(...args)
  } catch {
    theirs = false
  }
  expect([args, (await varve(...args)).code === 0]).toEqual([args, theirs])
  await same()
}

test('add, append, copy and remove do what they do in Git', async () => {
  await same()
  await alike('notes', 'show')
  await alike('notes', 'remove')
  await alike('notes', 'add', '-m', 'Checked  \n\n\n\nby Ada', 'v1')
  await alike('notes', 'add', '-m', 'Again', 'v1')
  await alike('notes', 'append', '-m', 'More', '-m', 'and more', 'v1')
  await alike('notes', 'append', '-m', 'For HEAD')
  await alike('notes', 'copy', 'v1', 'HEAD')
  await alike('notes', 'copy', '-f', 'v1', 'HEAD')
  await alike('notes', 'copy', 'HEAD~2', 'HEAD')
  await alike('notes', 'add', '-f', '-m', '# no comment', 'v1')
  fs.writeFileSync(at('note'), 'from a file\n\n')
  await alike('notes', 'add', '-F', at('note'), 'HEAD~2')
  await alike('notes', 'remove', 'v1', 'HEAD')
  await alike('notes', 'remove', 'v1')
  await alike('notes', 'remove', '--ignore-missing', 'v1', 'HEAD~2')
  await alike('notes', 'add', '-m', '')
  await alike('notes', 'nothing')
  for (const place of ['notes', 'notes list']) expect((await ok(...place.split(' '))).trim()).toBe('')
})

test('show and list print what Git prints', async () => {
  await ok('notes', 'add', '-q', '-f', '-m', 'Two\n\nlines', 'v1')
  git('notes', 'add', '-f', '-m', 'Two\n\nlines', 'v1')
  expect(await ok('notes', 'show', 'v1')).toBe(git('notes', 'show', 'v1'))
  const [id, commit] = (await ok('notes')).trim().split(' ')
  expect(commit).toBe((await ok('rev-parse', 'v1')).trim())
  expect(await ok('notes', 'list', 'v1')).toBe(`${id}\n`)
  expect(await varve('notes', 'list', 'HEAD')).toMatchObject({ code: 43 })
  expect(JSON.parse(await ok('notes', 'show', 'v1', '--json'))).toEqual({ commit, text: 'Two\n\nlines' })
  expect(JSON.parse(await ok('notes', '--json'))).toEqual({ items: [{ commit, id }] })
})

test('log and show tell notes, unless they are told not to', async () => {
  for (const run of [git, ok]) await run('notes', 'add', '-m', 'Seen\n\n  by Ada')
  const told = (text: string): string =>
    text.replaceAll(/^(commit|Author|Date|diff|index|new|---|\+\+\+|@@).*\n/gm, '')
  for (const args of [
    ['log'],
    ['log', '--no-notes'],
    ['log', '--oneline'],
    ['show', '-s'],
    ['show', '-s', '--no-notes'],
  ]) {
    const isLine = args.includes('--oneline')
    const cut = (text: string): string => (isLine ? text.replaceAll(/^\S+ (\(.*\) )?/gm, '') : told(text))
    const [ours, theirs] = [await ok(...args), git(...args)].map((text) =>
      cut(text).replaceAll(/ +$/gm, '').trimEnd(),
    )
    expect([args, ours]).toEqual([args, theirs])
  }
  expect(await ok('show', '-s', '--format=%N')).toBe(`${git('show', '-s', '--format=%N').trimEnd()}\n\n`)
  const items = async (...args: string[]): Promise<unknown[]> =>
    (JSON.parse(await ok('log', '--json', ...args)) as { items: { note?: string }[] }).items.map(
      ({ note }) => note,
    )
  expect(await items()).toEqual(['Seen\n\n  by Ada', undefined, undefined])
  expect(await items('--no-notes')).toEqual([undefined, undefined, undefined])
})

test('an option that a form does not know is refused', async () => {
  for (const args of [
    ['list', '-f'],
    ['show', '-m', 'x'],
    ['remove', '-m', 'x'],
    ['edit', '-F', 'x'],
    ['copy', 'v1'],
    ['copy', 'v1', 'HEAD', 'HEAD~1'],
    ['add', '-m', 'x', '-F', 'y'],
    ['show', 'v1', 'HEAD'],
  ])
    expect([args, (await varve('notes', ...args)).code]).toEqual([args, 2])
})

test('undo takes a note back', async () => {
  await ok('notes', 'add', '-m', 'First')
  await ok('notes', 'append', '-m', 'Second')
  await ok('undo')
  expect(await ok('notes', 'show')).toBe('First\n')
  await ok('undo')
  expect((await varve('notes', 'show')).code).toBe(43)
})

test('edit, and add without a text, begin with the note that is there', async () => {
  const env = { ...process.env, VARVE_EDITOR: "sed -i '1s/^/More: /'", GIT_EDITOR: "sed -i '1s/^/More: /'" }
  for (const args of [['edit'], ['edit'], ['add'], ['add', 'v1']]) {
    await run(['notes', ...args], { cwd: at('ours'), env })
    gitIn(at('theirs'), { GIT_EDITOR: env.GIT_EDITOR })('notes', ...args)
    await same()
  }
  expect(await ok('notes', 'show')).toContain('More: More: More:')
  expect(fs.existsSync(at('ours/.varve/NOTES_EDITMSG'))).toBe(false)
})

test('notes travel when that is said, and what both sides wrote is merged as Git merges it', async () => {
  const hub = at('hub')
  const notes = 'refs/notes/commits'
  git('init', '-q', '--bare', `${hub}.git`)
  await ok('remote', 'add', 'origin', hub)
  git('remote', 'add', 'origin', `${hub}.git`)
  const send: Record<'git' | 'ok', () => string | Promise<string>> = {
    git: () => git('push', '-q', 'origin', 'main', notes),
    ok: () => ok('push', '-q', '--notes'),
  }
  await both('notes', 'add', '-m', 'base', 'v1')
  for (const run of Object.values(send)) await run()
  // What is there now is what another wrote; then this side goes back, and writes something else.
  for (const strategy of ['theirs', 'union']) {
    const before = (await ok('rev-parse', notes)).trim()
    const theirs = git('rev-parse', notes).trim()
    await both('notes', 'add', '-f', '-m', `there ${strategy}`, 'v1')
    await both('notes', 'add', '-f', '-m', `new ${strategy}`, 'HEAD')
    for (const run of Object.values(send)) await run()
    for (let undone = 0; undone < 2; undone++) await ok('undo', '-q')
    expect((await ok('rev-parse', notes)).trim()).toBe(before)
    git('update-ref', notes, theirs)
    await both('notes', 'add', '-f', '-m', `here ${strategy}`, 'v1')
    git('fetch', '-q', 'origin', `+${notes}:refs/notes/origin/commits`)
    await ok('fetch', '-q')
    git('notes', 'merge', '-q', '-s', strategy, 'origin/commits')
    await ok('notes', 'merge', '-q', '-s', strategy)
    await same()
    for (const run of Object.values(send)) await run()
  }
})

test('a merge of notes says what came of it, and prune what went', async () => {
  await ok('notes', 'add', '-q', '-m', 'base', 'v1')
  await ok('remote', 'add', 'origin', at('hub'))
  expect(await ok('push', 'origin', 'refs/notes/commits')).toMatch(
    /\* new notes +refs\/notes\/commits +\w{8}\n$/,
  )
  expect(await ok('push', '-n', '--notes')).toMatch(/\* new branch +main/)
  expect(await varve('notes', 'merge', 'nobody')).toMatchObject({ code: 43 })
  expect(await varve('notes', 'merge', '-s', 'manual')).toMatchObject({ code: 2 })
  expect(await ok('fetch')).toMatch(/up to date/)
  expect(await ok('notes', 'merge')).toBe('the notes are up to date\n')
  const gone = (await ok('rev-parse', 'HEAD')).trim()
  await ok('notes', 'add', '-q', '-m', 'goes')
  await ok('reset', '-q', '--hard', 'HEAD~1')
  expect(await ok('notes', 'prune')).toBe('')
  await ok('gc', '-q', '--keep', '1', '--prune-now')
  expect(await ok('notes', 'prune', '-n')).toBe(`would remove the note of ${gone.slice(0, 8)}\n`)
  expect(JSON.parse(await ok('notes', 'prune', '--json'))).toEqual({ removed: [gone] })
})
