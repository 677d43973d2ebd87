// Derived tables through the command line.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { varve as run } from './varve.ts'

test('a derived table is computed, committed, shown and exported', async () => {
  const cwd = temporaryDir()
  const varve = (...args: string[]) => run(args, { cwd })
  await varve('init')
  writeFileSync(path.join(cwd, 'people.csv'), 'id,city\n1,London\n2,Paris\n3,London\n')
  expect((await varve('track', 'people.csv', '--key', 'id')).code).toBe(0)
  expect((await varve('derive')).stderr).toContain('declares no derived tables')
  writeFileSync(
    path.join(cwd, 'varve.yaml'),
    'tables: { people.csv: { key: id } }\nderive: { cities: { from: [people.csv], sql: SELECT city AS name FROM people GROUP BY city, key: name } }\n',
  )
  await varve('add', '.')
  await varve('commit', '-m', 'people')
  expect((await varve('derive', '--dry-run')).stdout).toBe(
    'cities  would change  2 rows  read 3 rows, all rows anew\n',
  )
  // What the dry run read is known by now.
  const derived = await varve('derive', 'cities')
  expect(derived.code).toBe(0)
  expect(derived.stdout).toMatch(
    /^cities {2}changed {2}2 rows {2}read 0 rows, all rows anew\ncommitted as [0-9a-f]{7,}\n$/,
  )
  expect((await varve('show', '--stat')).stdout).toMatch(/^Derived cities from people\.csv \([0-9a-f]+\)$/m)
  expect((await varve('export', 'cities', '--format', 'csv')).stdout).toBe('name\nLondon\nParis\n')
  expect((await varve('status')).stdout).not.toContain('cities')
  const again = await varve('derive', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ commit: null, tables: [{ outcome: 'unchanged' }] })
  writeFileSync(path.join(cwd, 'people.csv'), 'id,city\n1,London\n2,Rome\n3,London\n')
  await varve('commit', '-am', 'moved')
  expect((await varve('derive')).stdout).toContain('changed  2 rows  read 1 row, 1 of 2 rows anew\n')
  const forced = await varve('derive', '--force', '-v')
  expect(forced.stdout).toBe(
    'cities  same  2 rows  read 3 rows, all rows anew  whole query: all was asked for\n',
  )
  expect((await varve('derive', 'nothing')).code).not.toBe(0)
  expect((await varve('fsck')).code).toBe(0)
})

test('functions of a module that is named at the command line make tables, and no other code runs', async () => {
  const cwd = temporaryDir()
  const varve = (...args: string[]) => run(args, { cwd })
  await varve('init')
  writeFileSync(path.join(cwd, 'people.csv'), 'id,name,age\n1,Ada,36\n2,Tim,9\n')
  writeFileSync(path.join(cwd, 'orders.csv'), 'id,person,total\n1,1,5\n2,1,7\n3,2,1\n')
  writeFileSync(
    path.join(cwd, 'varve.yaml'),
    `tables: { people.csv: { key: id }, orders.csv: { key: id } }
derive:
  adults: { from: people.csv, function: adults, key: id, columns: { id: int, name: text } }
  totals:
    from: { people: people.csv, orders: orders.csv }
    by: { people: id, orders: person }
    function: totals
    key: name
    columns: { name: text, total: int }
`,
  )
  await varve('add', '.')
  await varve('commit', '-m', 'people')
  const file = path.join(temporaryDir(), 'functions.mjs')
  const write = (least: number): void =>
    writeFileSync(
      file,
      `export const adults = (row) => (row.age >= ${least} ? { id: row.id, name: row.name } : null)
export const totals = ({ rows: { people, orders } }) =>
  people.map(({ name }) => ({ name, total: orders.reduce((sum, row) => sum + row.total, 0) }))
`,
    )
  write(18)
  const without = await varve('derive')
  expect([without.code, without.stderr]).toEqual([
    20,
    expect.stringContaining("'adults' is derived by the function"),
  ])
  expect((await varve('derive', '--functions', file)).stdout).toMatch(
    /^adults {2}changed {2}1 row .*\ntotals {2}changed {2}2 rows .*\n/,
  )
  expect((await varve('export', 'totals', '--format', 'csv')).stdout).toBe('name,total\nAda,12\nTim,1\n')
  writeFileSync(path.join(cwd, 'orders.csv'), 'id,person,total\n1,1,5\n2,1,8\n3,2,1\n')
  await varve('commit', '-am', 'more')
  const again = await run(['derive', '-v'], { cwd, env: { VARVE_FUNCTIONS: file } })
  expect(again.stdout).toContain('totals  changed    2 rows  read 1 row, 1 of 2 rows anew\n')
  // Another module's outcome is another one, unless the declaration has a version of its own.
  write(8)
  expect((await varve('derive', '--functions', file)).stdout).toContain('adults  changed  2 rows')
  writeFileSync(file, 'export const adults = () => { throw new Error("no idea") }\n')
  const failed = await varve('derive', 'adults', '--functions', file)
  expect([failed.code, failed.stderr]).toEqual([23, expect.stringContaining('no idea')])
  writeFileSync(file, 'export const = 1\n')
  expect((await varve('derive', '--functions', file)).code).toBe(2)
  expect((await run(['derive'], { cwd, env: { VARVE_FUNCTIONS: 'functions.mjs' } })).stderr).toContain(
    'whole one',
  )
  expect((await varve('fsck')).code).toBe(0)
}, 60_000)

test.each(['mjs', 'cjs'])('a module with wrong syntax is refused with its line (%s)', async (ending) => {
  const cwd = temporaryDir()
  await run(['init'], { cwd })
  const file = path.join(cwd, `wrong one.${ending}`)
  writeFileSync(file, 'const rows = {\n  a() {}\n  b: 2,\n}\n')
  const { code, stderr } = await run(['derive', '--functions', file], { cwd })
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining(`one.${ending}': Unexpected identifier 'b' in line 3\n`),
  ])
})
