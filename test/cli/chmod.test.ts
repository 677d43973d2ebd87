// `add --chmod`: the executable bit of what is staged, held against Git.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
const modes = (text: string): string[] => text.split('\n').map((line) => line.replace(/ [0-9a-f]{40,} /, ' '))

async function expectAlike(): Promise<void> {
  expect(modes(await ok('ls-files', '-s'))).toEqual(modes(git('ls-files', '-s')))
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
}

beforeEach(async () => {
  await begin()
  for (const name of ['run', 'other', 'in/x', 'in/y']) put(name, `${name}\n`)
  for (const place of ['ours', 'theirs']) fs.chmodSync(at(place, 'other'), 0o755)
  await both('add', '.')
  await both('commit', '-q', '-m', 'First')
})

test('add --chmod stages the bit, of new, changed and unchanged files', async () => {
  put('new', 'new\n')
  put('in/x', 'changed\n')
  await both('add', '--chmod=+x', 'run', 'new', 'in')
  await expectAlike()
  await both('add', '--chmod', '-x', 'other', 'in/y')
  await expectAlike()
  expect(fs.statSync(at('ours', 'run')).mode & 0o111).toBe(0)
  await both('commit', '-q', '-m', 'Second')
  await expectAlike()
  // What the folder has counts when it is added again.
  await both('add', '.')
  await expectAlike()
})

test('a table keeps its rows, a dry run changes nothing, and the answer names what was changed', async () => {
  fs.writeFileSync(at('ours', 'people.csv'), 'id,name\n1,Ada\n')
  await ok('track', 'people.csv', '--key', 'id')
  await ok('add', 'people.csv')
  const before = await ok('ls-files', '-s')
  expect(await ok('add', '-n', '--chmod=+x', 'run')).toBe('modified   run\n')
  expect(await ok('ls-files', '-s')).toBe(before)
  const { staged } = JSON.parse(await ok('add', '--json', '--chmod=+x', 'people.csv', 'run')) as {
    staged: object[]
  }
  expect(staged).toEqual([
    { path: 'people.csv', state: 'modified', kind: 'table' },
    { path: 'run', state: 'modified', kind: 'file' },
  ])
  expect((await ok('ls-files', '-s', 'people.csv')).slice(0, 6)).toBe('100755')
  await ok('commit', '-q', '-m', 'Table')
  expect(await ok('show', 'HEAD:people.csv')).toBe('id,name\n1,Ada\n')
  await ok('fsck')
  for (const args of [['--chmod=+r', 'run'], ['--chmod=+x'], ['--chmod=+x', '-A'], ['--chmod=+x', '-u']])
    expect(await varve('add', ...args)).toMatchObject({ code: 2 })
})
