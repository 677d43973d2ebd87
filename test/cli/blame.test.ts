// `varve blame` and the log of a row, as people and scripts see them.
import { appendFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const cwd = temporaryDir()
const put = (file: string, text: string): void => writeFileSync(path.join(cwd, file), text)
const ids: string[] = []

async function commit(message: string, who = 'Ada Lovelace', day = '23'): Promise<void> {
  const env = { VARVE_AUTHOR_NAME: who, VARVE_AUTHOR_DATE: `2026-11-${day}T09:00:00Z` }
  const { id } = await json<{ id: string }>(['commit', '-am', message], { cwd, env })
  ids.push(id.slice(0, 8))
}

beforeAll(async () => {
  await ok(['init'], { cwd })
  put('people.csv', 'id,name,city\n1,Ann,Wien\n2,Bob,Oslo\n')
  put('notes.md', 'one\ntwo\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await commit('First')
  put('people.csv', 'id,name,city\n1,Ann,Wien\n2,Bob,Bergen\n')
  await commit('Bob moves', 'Grace Hopper', '24')
  await ok(['mv', 'people.csv', 'folk.csv'], { cwd })
  await commit('Call it folk', 'Ada Lovelace', '25')
  appendFileSync(path.join(cwd, 'notes.md'), 'three\n')
  await commit('More notes', 'Grace Hopper', '26')
}, 60_000)

test('blame shows who changed each row, each cell, each line', async () => {
  const [first, moves, , notes] = ids
  expect(await ok(['blame', 'folk.csv'], { cwd })).toBe(
    `${first} people.csv (Ada Lovelace 2026-11-23 09:00:00 +0000) id=1  name: Ann, city: Wien\n` +
      `${moves} people.csv (Grace Hopper 2026-11-24 09:00:00 +0000) id=2  name: Bob, city: Bergen\n`,
  )
  expect(await ok(['blame', 'folk.csv', '--key', '2', '-c', 'name', '-c', 'city'], { cwd })).toBe(
    `${first} people.csv (Ada Lovelace 2026-11-23 09:00:00 +0000) id=2  name: Bob\n` +
      `${moves} people.csv (Grace Hopper 2026-11-24 09:00:00 +0000) id=2  city: Bergen\n`,
  )
  expect(await ok(['blame', 'notes.md'], { cwd })).toBe(
    `${first} (Ada Lovelace 2026-11-23 09:00:00 +0000 1) one\n` +
      `${first} (Ada Lovelace 2026-11-23 09:00:00 +0000 2) two\n` +
      `${notes} (Grace Hopper 2026-11-26 09:00:00 +0000 3) three\n`,
  )
})

test('blame takes its revision before or after the path', async () => {
  const before = await ok(['blame', 'HEAD~1', 'notes.md'], { cwd })
  expect(before.split('\n')).toHaveLength(3)
  expect(await ok(['blame', 'notes.md', 'HEAD~1'], { cwd })).toBe(before)
  expect(await ok(['blame', 'HEAD~1', '--', 'notes.md'], { cwd })).toBe(before)
})

test('blame as JSON has the commits, then the rows or lines', async () => {
  const rows = await json<{ items: object[] }>(['blame', 'folk.csv'], { cwd })
  expect(rows).toMatchObject({
    kind: 'table',
    path: 'folk.csv',
    keyColumns: ['id'],
    count: 2,
    commits: [
      { subject: 'Bob moves', author: { name: 'Grace Hopper' } },
      { subject: 'First', path: 'people.csv' },
    ],
  })
  expect(rows.items).toMatchObject([
    { key: [1], row: { id: 1, name: 'Ann', city: 'Wien' }, by: { subject: 'First' }, cells: [] },
    { key: [2], by: { subject: 'Bob moves' } },
  ])
  expect(await json(['blame', 'folk.csv', '-k', '2', '-c', 'city'], { cwd })).toMatchObject({
    items: [
      { key: [2], by: null, cells: [{ column: 'city', value: 'Bergen', by: { subject: 'Bob moves' } }] },
    ],
  })
  expect(await json(['blame', 'notes.md'], { cwd })).toMatchObject({
    kind: 'text',
    items: [{ line: 1, text: 'one', originalLine: 1 }, {}, { line: 3, by: { subject: 'More notes' } }],
  })
})

test('the log of a row says what each commit did', async () => {
  const [first, moves] = ids
  expect(await ok(['log', 'folk.csv', '--key', '2', '--oneline'], { cwd })).toBe(
    `${moves} Bob moves\n  ~ id=2  city: Oslo -> Bergen\n${first} First\n  + id=2  name: Bob, city: Oslo\n`,
  )
  expect(await ok(['log', 'folk.csv', '-k', '2', '-c', 'city', '-1'], { cwd })).toMatch(
    /^commit .*\nAuthor: Grace Hopper .*\nDate: .*\n\n {4}Bob moves\n\n {2}~ id=2 {2}city: Oslo -> Bergen\n$/,
  )
  expect(await json(['log', 'folk.csv', '-k', '1'], { cwd })).toMatchObject({
    items: [
      { message: expect.stringContaining('First'), path: 'people.csv', change: { kind: 'added', key: [1] } },
    ],
  })
})

test('log of a path goes on under its older names unless told not to', async () => {
  const [first, moves, folk] = ids
  const all = `${folk} Call it folk\n${moves} Bob moves\n${first} First\n`
  expect(await ok(['log', '--oneline', 'folk.csv'], { cwd })).toBe(all)
  expect(await ok(['log', '--oneline', '--follow', 'folk.csv'], { cwd })).toBe(all)
  expect(await ok(['log', '--oneline', '--no-follow', 'folk.csv'], { cwd })).toBe(`${folk} Call it folk\n`)
})

test.each([
  [['blame', 'folk.csv', '-k', '9'], 40, "'folk.csv' has no row id=9"],
  [['blame', 'folk.csv', '-c', 'age'], 40, "'folk.csv' has no column 'age'"],
  [['blame', 'nobody'], 40, "no 'nobody' in 'HEAD'"],
  [['blame', 'folk.csv', 'nowhere'], 43, "no revision 'nowhere'"],
  [['blame', 'HEAD~2...HEAD', 'folk.csv'], 2, 'blame looks back from one revision'],
  [['blame', 'notes.md', '-k', '1'], 2, "'notes.md' is not a table"],
  [['blame', 'folk.csv', '-k', '1', '-k', '2'], 2, "the key of 'folk.csv' has 1 part, not 2"],
  [['blame'], 2, 'missing argument: PATH'],
  [['log', 'folk.csv', '-k', '9'], 40, "'folk.csv' never had a row id=9"],
  [['log', 'folk.csv', '-k', '1', '-c', 'age'], 40, "'folk.csv' has no column 'age'"],
  [['log', '-k', '1'], 2, '--key needs a table'],
  [['log', 'folk.csv', '-c', 'city'], 2, '--column needs the row'],
])('%j exits with %i and says why', async (args, code, message) => {
  const result = await varve(args, { cwd })
  expect(result.code).toBe(code)
  expect(result.stdout).toBe('')
  expect(result.stderr).toContain(message)
})
