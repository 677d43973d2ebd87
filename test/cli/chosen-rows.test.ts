// `varve add --key` and `varve restore --key`: one row, or one cell, and nothing else of its table.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

let cwd: string

const put = (file: string, text: string): void => writeFileSync(path.join(cwd, file), text)
const get = (file: string): string => readFileSync(path.join(cwd, file), 'utf8')
const staged = (): Promise<string> => ok(['diff', '--staged'], { cwd })

async function failing(args: string[]): Promise<[number | null, string]> {
  const { code, stderr } = await varve(args, { cwd })
  return [code, stderr]
}

beforeEach(async () => {
  cwd = temporaryDir()
  await ok(['init'], { cwd })
  put('people.csv', 'id,name,city\n3,Cyd,Linz\n1,Ann,Wien\n2,"Bob",Graz\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
  put('people.csv', 'id,name,city,note\n3,Cyd,Linz,\n4,Dan,Rom,\n1,Anna,Bern,hi\n')
})

test('a cell, a row that is new, and one that is gone', async () => {
  expect(await ok(['add', 'people.csv', '--key', '1', '--column', 'city', '--dry-run'], { cwd })).toBe(
    '1 row of people.csv\n',
  )
  expect(await staged()).toBe('')
  expect(await ok(['add', 'people.csv', '--key', '1', '--column', 'city'], { cwd })).toBe(
    'staged 1 row of people.csv\n',
  )
  expect(await staged()).toBe('people.csv: 1 row changed\n  ~ id=1  city: Wien -> Bern\n')
  await ok(['add', 'people.csv', '-k', '4'], { cwd })
  expect(await json(['add', 'people.csv', '-k', '2'], { cwd })).toEqual({
    staged: [{ path: 'people.csv', state: 'modified', kind: 'table' }],
    notTables: [],
    skipped: [],
    rows: 1,
  })
  expect(await ok(['add', 'people.csv', '-k', '4'], { cwd })).toBe('staged as it is already: nothing new\n')
  await ok(['commit', '-m', 'Some'], { cwd })
  expect(await ok(['cat', 'HEAD:people.csv'], { cwd })).toBe(
    'id,name,city\n3,Cyd,Linz\n4,Dan,Rom\n1,Ann,Bern\n',
  )
  expect(await ok(['diff'], { cwd })).toContain('~ id=1  name: Ann -> Anna')
})

test('a row as it was in an older version', async () => {
  await ok(['commit', '-am', 'Second'], { cwd })
  expect(await ok(['restore', '--source', 'HEAD~1', 'people.csv', '--key', '2'], { cwd })).toBe(
    'restored a row of people.csv\n',
  )
  expect(get('people.csv')).toBe(
    'id,name,city,note\n3,Cyd,Linz,\n4,Dan,Rom,\n1,Anna,Bern,hi\n2,"Bob",Graz,\n',
  )
  expect(await ok(['restore', '-s', 'HEAD~1', 'people.csv', '-k', '1', '-c', 'name'], { cwd })).toBe(
    'restored a cell of people.csv\n',
  )
  expect(get('people.csv')).toContain('\n1,Ann,Bern,hi\n')
  expect(await ok(['restore', '-s', 'HEAD~1', 'people.csv', '-k', '1', '-c', 'name'], { cwd })).toBe(
    'the row is so already: nothing restored\n',
  )
  await ok(['restore', '-SW', 'people.csv', '-k', '2'], { cwd })
  expect([await staged(), get('people.csv').includes('Bob')]).toEqual(['', false])
})

test('what is staged can be exported', async () => {
  await ok(['add', 'people.csv', '--key', '4'], { cwd })
  for (const name of [':people.csv', ':0:people.csv'])
    expect(await ok(['export', name], { cwd })).toBe(
      'id,name,city\n3,Cyd,Linz\n4,Dan,Rom\n1,Ann,Wien\n2,Bob,Graz\n',
    )
  expect(await failing(['export', ':people.csv', '--json'])).toEqual([
    2,
    expect.stringContaining('prints tables of commits'),
  ])
  expect((await failing(['export', ':1:people.csv']))[0]).toBe(20)
})

test('takes a row out of the next commit, and leaves the file', async () => {
  const file = get('people.csv')
  await ok(['add', '.'], { cwd })
  await ok(['restore', '--staged', 'people.csv', '-k', '1'], { cwd })
  expect(await staged()).toContain('+ id=4')
  expect(await staged()).not.toContain('id=1')
  expect(get('people.csv')).toBe(file)
})

test('lines of JSON keep their spelling, and a key has as many parts as columns', async () => {
  put('log.jsonl', '{"a": 1,"b":"x","c":{"d":[1]}}\n{"a":2,"b":"x","c":null}\n')
  await ok(['track', 'log.jsonl', '--key', 'a,b'], { cwd })
  await ok(['add', 'log.jsonl', 'varve.yaml'], { cwd })
  put('log.jsonl', '{"a": 1,"b":"x","c":{"d":[1, 2]}}\n{"a":2,"b":"x","c":3}\n')
  expect(await failing(['add', 'log.jsonl', '-k', '1'])).toEqual([
    2,
    "error: the key of 'log.jsonl' has 2 parts, not 1\nhint: give one value each for 'a', 'b'\n",
  ])
  await ok(['add', 'log.jsonl', '-k', '1', '-k', 'x'], { cwd })
  await ok(['commit', '-m', 'One of two'], { cwd })
  expect(await ok(['cat', 'HEAD:log.jsonl'], { cwd })).toBe(
    '{"a": 1,"b":"x","c":{"d":[1, 2]}}\n{"a":2,"b":"x","c":null}\n',
  )
})

test('is refused before anything is done where a merge waits', async () => {
  await ok(['switch', '-c', 'side'], { cwd })
  await ok(['commit', '-am', 'Side'], { cwd })
  await ok(['switch', 'main'], { cwd })
  put('people.csv', get('people.csv').replace('Ann,Wien', 'Ann,Rome'))
  await ok(['commit', '-am', 'Main'], { cwd })
  expect((await varve(['merge', 'side'], { cwd })).code).toBe(21)
  const file = get('people.csv')
  const older = ['restore', '-s', 'HEAD~1', '-S', '-W', 'people.csv', '-k', '1']
  expect(await failing(older)).toEqual([20, expect.stringContaining('in the middle of a merge')])
  expect(get('people.csv')).toBe(file)
})

test('refuses what is no row, and changes nothing', async () => {
  const before = await ok(['status', '--json'], { cwd })
  put('notes.txt', 'one\n')
  for (const [args, code, what] of [
    [['add', 'people.csv', '-k', '9'], 40, "'people.csv' has no row id=9 in either version"],
    [['add', 'people.csv', '-k', '1', '-c', 'nope'], 40, "'people.csv' has no column 'nope'"],
    [['restore', 'people.csv', '-k', '1', '-c', 'id'], 2, "'id' is part of the key of 'people.csv'"],
    [['restore', 'people.csv', '-k', '2', '-c', 'name'], 20, "'people.csv' has the row on one side only"],
    [['add', 'people.csv', 'varve.yaml', '-k', '1'], 2, 'what is chosen is of one file: name one path'],
    [['add', 'varve.yaml', '-k', '1'], 40, "'varve.yaml' is not a table in what is staged"],
    [['add', 'notes.txt', '-k', '1'], 40, "'notes.txt' is not a table in what is staged"],
    [['add', 'people.csv', '-c', 'name'], 2, '--column needs the row: --key KEY'],
    [['add', '--all', '-k', '1'], 2, "'--key' and '--all' exclude each other"],
    [['restore', '-s', 'nope', 'people.csv', '-k', '1'], 43, "no revision 'nope'"],
  ] as const)
    expect(await failing([...args])).toEqual([code, expect.stringMatching(`^error: ${what}\nhint: .`)])
  rmSync(path.join(cwd, 'notes.txt'))
  expect(await ok(['status', '--json'], { cwd })).toBe(before)
  put('people.csv', 'id,name,city\n1,Ann\n')
  expect(await failing(['add', 'people.csv', '-k', '1'])).toEqual([
    23,
    expect.stringContaining("'people.csv' line 2"),
  ])
  rmSync(path.join(cwd, 'people.csv'))
  expect(await failing(['restore', 'people.csv', '-k', '1'])).toEqual([
    20,
    expect.stringContaining('there is no file'),
  ])
})
