// `varve add -p`, `restore -p`, `reset -p` and `stash -p`: rows of tables, changes of texts and other files, one question each.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { hasScript, onTerminal } from './on-terminal.ts'
import { ok, varve } from './varve.ts'

let cwd: string

const put = (file: string, text: string): void => writeFileSync(path.join(cwd, file), text)
const get = (file: string): string => readFileSync(path.join(cwd, file), 'utf8')
const lines = (...changed: number[]): string =>
  Array.from({ length: 40 }, (_, i) => `${changed.includes(i + 1) ? 'new ' : ''}${i + 1}\n`).join('')

/** Answers, one a question; what is said of it at the end. */
async function answered(args: string[], answers: string): Promise<string[]> {
  const { code, stdout } = await varve(args, { cwd, input: answers.split('').join('\n') + '\n' })
  expect(code).toBe(0)
  return stdout
    .slice(stdout.lastIndexOf('?]? ') + 4)
    .trimEnd()
    .split('\n')
}

beforeEach(async () => {
  cwd = temporaryDir()
  await ok(['init'], { cwd })
  put('people.csv', 'id,name\n1,Ann\n2,Bob\n3,Cyd\n')
  put('text.txt', lines())
  put('bytes.bin', '\0one')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
  put('people.csv', 'id,name\n1,Anna\n3,Sid\n4,Dan\n')
  put('text.txt', lines(3, 20, 40))
  put('bytes.bin', '\0two')
})

test('add stages what was agreed to, and leaves the files', async () => {
  const files = ['people.csv', 'text.txt', 'bytes.bin'].map(get)
  expect(await answered(['add', '-p'], 'nyn?yanyn')).toEqual([
    'staged 3 rows of people.csv',
    'staged 1 change of text.txt',
  ])
  expect(['people.csv', 'text.txt', 'bytes.bin'].map(get)).toEqual(files)
  await ok(['commit', '-m', 'Chosen'], { cwd })
  expect(await ok(['cat', 'HEAD:people.csv'], { cwd })).toBe('id,name\n1,Anna\n2,Bob\n3,Sid\n4,Dan\n')
  expect(await ok(['cat', 'HEAD:text.txt'], { cwd })).toBe(lines(20))
  expect(await ok(['diff', '--name-only'], { cwd })).toBe('bytes.bin\npeople.csv\ntext.txt\n')
  expect(await answered(['add', '-p', 'people.csv', 'bytes.bin'], 'yy')).toEqual([
    'staged bytes.bin',
    'staged people.csv',
  ])
  expect(await ok(['diff', '--name-only'], { cwd })).toBe('text.txt\n')
})

test('restore takes back what was agreed to, in the files or in what is staged', async () => {
  expect(await answered(['restore', '-p', 'text.txt', 'people.csv'], 'nyaq')).toEqual([
    'taken back: 3 rows of people.csv',
  ])
  expect([get('people.csv'), get('text.txt')]).toEqual(['id,name\n1,Anna\n2,Bob\n3,Cyd\n', lines(3, 20, 40)])
  await ok(['add', '.'], { cwd })
  expect(await answered(['restore', '--staged', '-p', 'text.txt'], 'yd')).toEqual([
    'taken out: 1 change of text.txt',
  ])
  expect(await ok(['diff', '--stat'], { cwd })).toContain('text.txt')
  await ok(['commit', '-m', 'Second'], { cwd })
  expect(await ok(['cat', 'HEAD:text.txt'], { cwd })).toBe(lines(20, 40))
  put('text.txt', lines(7, 20, 40))
  expect(await answered(['restore', '-p', '--source', 'HEAD~1', 'text.txt'], 'nyy')).toEqual([
    'taken back: 2 changes of text.txt',
  ])
  expect(get('text.txt')).toBe(lines(7))
})

test('reset takes out of what is staged, or makes it as in another commit', async () => {
  await ok(['add', '.'], { cwd })
  const files = ['people.csv', 'text.txt', 'bytes.bin'].map(get)
  expect(await answered(['reset', '-p', 'text.txt', 'people.csv'], 'ynnnyn')).toEqual([
    'taken out: 1 row of people.csv',
    'taken out: 1 change of text.txt',
  ])
  expect(['people.csv', 'text.txt', 'bytes.bin'].map(get)).toEqual(files)
  await ok(['commit', '-m', 'Second'], { cwd })
  expect(await ok(['cat', 'text.txt'], { cwd })).toBe(lines(20, 40))
  expect(await ok(['cat', 'people.csv'], { cwd })).toBe('id,name\n1,Ann\n3,Sid\n4,Dan\n')
  expect(await answered(['reset', '-p', 'HEAD~1', '--', 'text.txt'], 'yn')).toEqual([
    'taken out: 1 change of text.txt',
  ])
  await ok(['commit', '-m', 'Third'], { cwd })
  expect(await ok(['cat', 'text.txt'], { cwd })).toBe(lines(40))
  for (const other of ['--hard', '--merge', '--json'])
    expect((await varve(['reset', '-p', other], { cwd })).code).toBe(2)
})

describe('stash', () => {
  test('takes what was agreed to, brings it back, and is undone', async () => {
    const files = ['people.csv', 'text.txt', 'bytes.bin'].map(get)
    expect(await answered(['stash', '-p', '-m', 'Some'], 'nnynynyn')).toEqual([
      'put aside: 2 rows of people.csv',
      'put aside: 1 change of text.txt',
      'stash/1: Some',
    ])
    expect(['people.csv', 'text.txt', 'bytes.bin'].map(get)).toEqual([
      'id,name\n1,Anna\n2,Bob\n3,Sid\n',
      lines(3, 40),
      '\0two',
    ])
    expect(await ok(['status', '--short'], { cwd })).toBe(' M bytes.bin\n M people.csv\n M text.txt\n')
    expect(await ok(['cat', 'stash/1:text.txt'], { cwd })).toBe(lines(20))
    expect(await ok(['cat', 'stash/1:people.csv'], { cwd })).toBe('id,name\n1,Ann\n3,Cyd\n4,Dan\n')
    expect(await ok(['stash', 'show', '-p'], { cwd })).toContain('+new 20\n')
    await ok(['undo'], { cwd })
    expect(['people.csv', 'text.txt', 'bytes.bin'].map(get)).toEqual(files)
    expect(await ok(['status', '--short'], { cwd })).toBe(' M bytes.bin\n M people.csv\n M text.txt\n')
    expect(await ok(['stash', 'list'], { cwd })).toBe('')
    await answered(['stash', '-p', 'text.txt'], 'yyn')
    await ok(['commit', '-am', 'The rest'], { cwd })
    await ok(['stash', 'pop'], { cwd })
    expect(get('text.txt')).toBe(lines(3, 20, 40))
    await ok(['fsck'], { cwd })
  })

  test('what was staged of it is not any more, and comes back staged', async () => {
    await ok(['add', 'people.csv', 'bytes.bin'], { cwd })
    put('text.txt', lines(3))
    await ok(['add', 'text.txt'], { cwd })
    put('text.txt', lines(3, 20, 40))
    put('fresh.txt', 'new\n')
    await ok(['add', 'fresh.txt'], { cwd })
    expect(await answered(['stash', '-p'], 'nynynnyyn')).toContain('stash/1: Changes on main, at "First"')
    expect(await ok(['status', '--short'], { cwd })).toBe('M  bytes.bin\nM  people.csv\n M text.txt\n')
    expect([get('people.csv'), get('text.txt')]).toEqual([
      'id,name\n1,Anna\n2,Bob\n3,Sid\n4,Dan\n',
      lines(40),
    ])
    await ok(['undo'], { cwd })
    expect(await ok(['status', '--short'], { cwd })).toBe(
      'M  bytes.bin\nA  fresh.txt\nM  people.csv\nMM text.txt\n',
    )
    expect([get('people.csv'), get('text.txt'), get('fresh.txt')]).toEqual([
      'id,name\n1,Anna\n3,Sid\n4,Dan\n',
      lines(3, 20, 40),
      'new\n',
    ])
    await answered(['stash', '-p'], 'nynynnyyn')
    await ok(['commit', '-am', 'The rest'], { cwd })
    await ok(['stash', 'pop', '--index'], { cwd })
    expect(await ok(['status', '--short'], { cwd })).toBe('A  fresh.txt\nM  people.csv\nMM text.txt\n')
    expect(await ok(['diff', '--staged', '-U0', 'text.txt'], { cwd })).toMatch(/@@\n-3\n\+new 3\n$/)
    expect(get('text.txt')).toBe(lines(3, 20, 40))
  })
})

test('nothing is done without an answer, and what -p does not go with is said', async () => {
  for (const [args, said] of [
    [['add', '-p'], 'nothing staged'],
    [['restore', '-p'], 'nothing taken back:'],
    [['stash', '-p'], 'nothing put aside'],
  ] as const)
    expect((await varve([...args], { cwd, input: '' })).stdout).toContain(said)
  for (const args of [
    ['add', '-p', '--all'],
    ['add', '-p', '--json'],
    ['add', '-p', '--key', '1', 'people.csv'],
    ['restore', '-p', '-S', '-W'],
    ['stash', '-p', '-u'],
    ['stash', '-p', '--json'],
  ])
    expect((await varve(args, { cwd })).code).toBe(2)
  expect(await ok(['diff', '--staged'], { cwd })).toBe('')
  expect(get('text.txt')).toBe(lines(3, 20, 40))
})

test('commit asks first, and then records what is staged', async () => {
  await ok(['add', 'bytes.bin'], { cwd })
  const { code, stdout } = await varve(['commit', '-p', '-m', 'Chosen', 'text.txt'], {
    cwd,
    input: 'n\ny\nn\n',
  })
  expect([code, stdout.includes('staged 1 change of text.txt\n')]).toEqual([0, true])
  expect(await ok(['show', '--name-only', '--format=%s'], { cwd })).toBe('Chosen\n\nbytes.bin\ntext.txt\n')
  expect(await ok(['cat', 'HEAD:text.txt'], { cwd })).toBe(lines(20))
  expect((await varve(['commit', '-p', '-m', 'None'], { cwd, input: 'q\n' })).code).toBe(44)
  for (const other of ['-a', '--dry-run', '--json'])
    expect((await varve(['commit', '-p', '-m', 'x', other], { cwd, input: 'y\n' })).code).toBe(2)
})

test('where nothing has changed that is asked about, that is said', async () => {
  put('fresh.txt', 'new\n')
  const { code, stdout, stderr } = await varve(['add', '-p', 'fresh.txt'], { cwd })
  expect([code, stdout + stderr]).toEqual([
    0,
    "nothing has changed that could be chosen\nhint: new files are added whole: 'varve add PATH'\n",
  ])
})

describe.runIf(hasScript)('on a terminal', () => {
  test('each question is seen before it is answered', async () => {
    const { code, screen } = await onTerminal(['add', '-p', 'people.csv'], {
      cwd,
      steps: [
        { sees: /id=1.*Ann.*Anna.*\n.*Stage this row \[y,n,q,a,d,\?\]\? $/s, types: 'y\n' },
        { sees: /id=2.*\n.*\? $/s, types: 'q\n' },
      ],
    })
    expect([code, screen.trimEnd().endsWith('staged 1 row of people.csv')]).toEqual([0, true])
  })
})
