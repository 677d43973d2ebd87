// What is staged as removed and lies in the folder all the same is put aside and comes back as in Git.
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { begin, both, put, at, git, ok, varve } = besideGit()

function files(place: string): Record<string, string> {
  const names = (fs.readdirSync(at(place), { recursive: true }) as string[]).filter(
    (name) => !/^\.(?:git|varve)/.test(name) && fs.statSync(at(place, name)).isFile(),
  )
  return Object.fromEntries(names.sort().map((name) => [name, fs.readFileSync(at(place, name), 'utf8')]))
}

async function expectSame(what: string): Promise<void> {
  expect(files('ours'), what).toEqual(files('theirs'))
  expect(await ok('status', '--porcelain'), what).toBe(git('status', '--porcelain'))
}

const edits: readonly (readonly [string, readonly (readonly string[])[], () => void])[] = [
  ['moved, and another written in its place', [['mv', 'dir/c', 'new']], () => put('dir/c', 'other\n')],
  ['removed, and written anew', [['rm', '-q', 'a']], () => put('a', 'anew\n')],
  ['no longer tracked, and as it was', [['rm', '-q', '--cached', 'a']], () => {}],
  ['no longer tracked, and edited', [['rm', '-q', '--cached', 'a']], () => put('a', 'edited\n')],
]

test.each(edits)('%s', async (_, commands, edit) => {
  for (const way of [
    ['stash', 'push', '-q'],
    ['stash', 'push', '-q', '-k'],
  ]) {
    await begin()
    for (const name of ['a', 'b', 'dir/c', 'dir/d']) put(name, `${name}\n`)
    await both('add', '.')
    await both('commit', '-q', '-m', 'First')
    for (const command of commands) await both(...command)
    edit()
    await both(...way)
    await expectSame(way.join(' '))
    await both('reset', '-q', '--hard')
    await both('stash', 'pop', '-q', '--index')
    await expectSame('back')
  }
})

// Git throws it away there.
test('a file where a folder was waits to be staged', async () => {
  await begin()
  put('dir/c', 'c\n')
  await ok('add', '.')
  await ok('commit', '-q', '-m', 'First')
  await ok('rm', '-q', '-r', 'dir')
  fs.writeFileSync(at('ours', 'dir'), 'a file\n')
  expect(await varve('stash')).toMatchObject({
    code: 29,
    stderr: expect.stringContaining("would be lost: 'dir'"),
  })
  expect(files('ours')).toEqual({ dir: 'a file\n' })
  await ok('add', 'dir')
  await ok('stash', '-q')
  expect(files('ours')).toEqual({ 'dir/c': 'c\n' })
  await ok('stash', 'pop', '-q', '--index')
  expect(files('ours')).toEqual({ dir: 'a file\n' })
})
