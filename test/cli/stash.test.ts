// `varve stash`: changes put aside and brought back.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

let cwd: string

const put = (file: string, text: string): void => writeFileSync(path.join(cwd, file), text)
const get = (file: string): string => readFileSync(path.join(cwd, file), 'utf8')

beforeEach(async () => {
  cwd = temporaryDir()
  await ok(['init'], { cwd })
  put('people.csv', 'id,name,city\n1,Ada,London\n2,Grace,New York\n')
  put('notes.md', 'one\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
})

test('puts staged, unstaged and, when asked, untracked changes aside, and brings them back', async () => {
  put('people.csv', 'id,name,city\n1,Ada,London\n2,Grace,Boston\n')
  put('added.md', 'new\n')
  put('loose.txt', 'not versioned\n')
  await ok(['add', 'added.md'], { cwd })
  expect(await ok(['stash'], { cwd })).toBe(
    `stash/1: Changes on main, at "First"\nthe files are as in ${await head()}\n`,
  )
  expect(get('people.csv')).toContain('New York')
  expect([existsSync(path.join(cwd, 'added.md')), get('loose.txt')]).toEqual([false, 'not versioned\n'])
  await ok(['stash', '-u', '-m', 'Loose ends'], { cwd })
  expect(existsSync(path.join(cwd, 'loose.txt'))).toBe(false)
  expect(await json(['stash', 'list'], { cwd })).toMatchObject({
    items: [
      { name: 'stash/2', commit: { message: 'Loose ends' } },
      { name: 'stash/1', commit: { message: 'Changes on main, at "First"' } },
    ],
  })
  expect(await ok(['stash', 'show', '--stat', 'stash@{1}'], { cwd })).toContain(
    '2 paths changed, 1 row changed',
  )
  await ok(['stash', 'apply', '1'], { cwd })
  await ok(['stash', 'pop'], { cwd })
  expect([get('people.csv').includes('Boston'), get('added.md'), get('loose.txt')]).toEqual([
    true,
    'new\n',
    'not versioned\n',
  ])
  expect(await json(['stash', 'list'], { cwd })).toMatchObject({ items: [{ name: 'stash/1' }] })
  await ok(['stash', 'drop'], { cwd })
  expect((await varve(['stash', 'pop'], { cwd })).stderr).toContain('nothing is stashed')
})

test('lies over what has come meanwhile, cell by cell', async () => {
  put('people.csv', 'id,name,city\n1,Ada,Paris\n2,Grace,New York\n')
  await ok(['stash'], { cwd })
  put('people.csv', 'id,name,city\n1,Ada L.,London\n2,Grace,New York\n')
  await ok(['commit', '-am', 'Second'], { cwd })
  await ok(['stash', 'pop'], { cwd })
  expect(get('people.csv')).toBe('id,name,city\n1,Ada L.,Paris\n2,Grace,New York\n')
})

test('changes nothing where both clash; cherry-pick keeps the conflict', async () => {
  put('people.csv', 'id,name,city\n1,Ada,Paris\n2,Grace,New York\n')
  await ok(['stash'], { cwd })
  put('people.csv', 'id,name,city\n1,Ada,Rome\n2,Grace,New York\n')
  const dirty = await varve(['stash', 'pop'], { cwd })
  expect([dirty.code, get('people.csv').includes('Rome')]).toEqual([29, true])
  await ok(['commit', '-am', 'Second'], { cwd })
  const clash = await varve(['stash', 'pop'], { cwd })
  expect([clash.code, clash.stderr]).toEqual([29, expect.stringContaining('varve cherry-pick stash/1')])
  expect((await json<{ items: object[] }>(['stash', 'list'], { cwd })).items).toHaveLength(1)
  expect((await varve(['cherry-pick', 'stash/1'], { cwd })).code).toBe(21)
  expect(await json(['conflicts'], { cwd })).toMatchObject({ items: [{ column: 'city' }] })
  expect((await varve(['stash'], { cwd })).stderr).toContain('cannot stash in the middle of a cherry-pick')
})

test('each step can be taken back', async () => {
  put('notes.md', 'two\n')
  await ok(['stash'], { cwd })
  await ok(['undo'], { cwd })
  expect([get('notes.md'), await json(['stash', 'list'], { cwd })]).toEqual(['two\n', { items: [] }])
  await ok(['stash'], { cwd })
  await ok(['stash', 'drop'], { cwd })
  await ok(['undo'], { cwd })
  await ok(['stash', 'pop'], { cwd })
  expect(get('notes.md')).toBe('two\n')
  await ok(['undo'], { cwd })
  expect([
    get('notes.md'),
    (await json<{ items: object[] }>(['stash', 'list'], { cwd })).items.length,
  ]).toEqual(['one\n', 1])
})

test('with nothing to put aside nothing happens, and what is no stash is refused', async () => {
  expect(await ok(['stash'], { cwd })).toBe('nothing to put aside: all files as committed\n')
  expect(await json(['stash'], { cwd })).toBe(null)
  for (const [args, message] of [
    [['pop', '7'], "no stash '7'"],
    [['apply', 'main'], "no stash 'main'"],
    [['save'], "'stash save' is none of"],
    [['list', '-m', 'x'], "'-u', '-k', '-p', '-m' and '--pathspec-from-file' are for 'stash push'"],
    [['drop', '--index'], "'--index' is for 'stash pop'"],
    [['pop', '1', '2'], "unexpected argument '2'"],
    [['branch'], 'missing argument: NAME'],
  ] as const)
    expect((await varve(['stash', ...args], { cwd })).stderr).toContain(message)
})

test('puts paths aside, keeps what is staged, and brings back with --index or on a branch', async () => {
  put('people.csv', 'id,name,city\n1,Ada,London\n2,Grace,Boston\n')
  put('notes.md', 'two\n')
  await ok(['add', 'notes.md'], { cwd })
  await ok(['stash', '--', 'people.csv'], { cwd })
  expect([get('notes.md'), get('people.csv').includes('Boston')]).toEqual(['two\n', false])
  expect(await ok(['stash', '-k', '-m', 'Kept'], { cwd })).toBe('stash/2: Kept\n')
  expect(await ok(['status', '--short'], { cwd })).toBe('M  notes.md\n')
  await ok(['restore', '--staged', '.'], { cwd })
  await ok(['restore', '.'], { cwd })
  await ok(['stash', 'pop', '--index'], { cwd })
  expect(await ok(['status', '--short'], { cwd })).toBe('M  notes.md\n')
  expect(await ok(['stash', 'branch', 'aside'], { cwd })).toContain(
    'on the new branch aside\nbrought back and dropped',
  )
  expect(await ok(['status', '--short'], { cwd })).toBe('M  notes.md\n M people.csv\n')
})

async function head(): Promise<string> {
  const { items } = await json<{ items: { id: string }[] }>(['log', '-1'], { cwd })
  return items[0]!.id.slice(0, 8)
}
