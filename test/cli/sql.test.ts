// `varve sql` as people use it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

const cwd = temporaryDir()

beforeAll(async () => {
  await ok(['init'], { cwd })
  writeFileSync(path.join(cwd, 'people.csv'), 'id,name,age\n1,Ada,36\n2,Grace,85\n3,Tim,\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
  writeFileSync(path.join(cwd, 'people.csv'), 'id,name,age\n1,Ada,37\n2,Grace,85\n3,Tim,\n')
  await ok(['commit', '-am', 'Second'], { cwd })
})

test('prints a table', async () => {
  expect(
    await ok(['sql', 'SELECT name, age, age * 1.0 AS real FROM people ORDER BY age DESC'], { cwd }),
  ).toBe(
    `name      age    real
─────  ──────  ──────
Grace      85      85
Ada        37      37
Tim    (none)  (none)
(3 rows)
`,
  )
  expect(await ok(['sql', '-q', 'SELECT 1 AS one WHERE 0'], { cwd })).toBe('one\n───\n')
})

test('compares versions, and asks older ones', async () => {
  const sql =
    'SELECT old.age AS was, new.age FROM "people@HEAD~1" old JOIN people new USING (id) WHERE old.age <> new.age'
  expect(await json(['sql', sql], { cwd })).toMatchObject({
    columns: [
      { name: 'was', type: 'int' },
      { name: 'age', type: 'int' },
    ],
    rowCount: 1,
    items: [{ was: 36, age: 37 }],
  })
  expect(await json(['sql', '--at', 'HEAD~1', 'SELECT age FROM people WHERE id = 1'], { cwd })).toMatchObject(
    {
      items: [{ age: 36 }],
    },
  )
})

test('writes rows for other programs', async () => {
  const sql = 'SELECT id, name FROM people WHERE id < 3;'
  expect(await ok(['sql', sql, '--format', 'csv'], { cwd })).toBe('id,name\n1,Ada\n2,Grace\n')
  expect(await ok(['sql', '-F', '-', '--format', 'jsonl'], { cwd, input: sql })).toBe(
    '{"id":1,"name":"Ada"}\n{"id":2,"name":"Grace"}\n',
  )
  expect(await ok(['sql', sql, '--format', 'markdown'], { cwd })).toBe(
    '| <code>id</code> | <code>name</code> |\n|---|---|\n| <code>1</code> | <code>Ada</code> |\n| <code>2</code> | <code>Grace</code> |\n\n',
  )
  writeFileSync(path.join(cwd, 'query.sql'), sql)
  await ok(['sql', '-F', 'query.sql', '-o', 'out.tsv'], { cwd })
  expect(readFileSync(path.join(cwd, 'out.tsv'), 'utf8')).toBe('id\tname\n1\tAda\n2\tGrace\n')
})

test('says what is wrong', async () => {
  const wrong: [string[], number, string][] = [
    [['sql'], 2, 'missing argument: QUERY'],
    [['sql', 'SELECT 1 FORM x'], 2, 'the query cannot be run: near "x": syntax error'],
    [['sql', "INSERT INTO people VALUES (9, 'x')"], 2, 'a query only reads\nhint: change rows in the table'],
    [['sql', 'show tables;'], 2, "'SHOW TABLES' is no query\nhint: 'varve ls' lists"],
    [['sql', 'DESCRIBE people'], 2, 'a query is one SELECT\nhint: for a table'],
    [['sql', "SELECT * FROM people AS OF 'v1'"], 2, `'AS OF' is not known\nhint: the version belongs`],
    [['sql', 'SELECT * FROM pets'], 40, "no table 'pets' in 'HEAD'"],
    [['sql', '--worktree', '--at', 'HEAD', 'SELECT * FROM people'], 2, 'either the files or a revision'],
    [['sql', 'SELECT 1', '--format', 'xml'], 2, "unknown format 'xml'"],
    [['sql', 'SELECT 1', '-o', 'x.md', '--format', 'markdown'], 2, 'a file is written as csv, tsv or jsonl'],
    [['sql', '-F', 'missing.sql'], 40, "cannot read the query from 'missing.sql'"],
  ]
  for (const [args, code, message] of wrong) {
    const found = await varve(args, { cwd })
    expect([found.code, found.stderr], args.join(' ')).toEqual([code, expect.stringContaining(message)])
  }
})

test('Ctrl-C ends the reading of a table, and the next query reads it whole', async () => {
  const rows = Array.from({ length: 70_000 }, (_, i) => `${i},${'x'.repeat(i % 50)},${i / 8}\n`)
  writeFileSync(path.join(cwd, 'large.csv'), `id,text,number\n${rows.join('')}`)
  await ok(['track', 'large.csv', '--key', 'id'], { cwd })
  await ok(['add', 'large.csv'], { cwd })
  await ok(['commit', '-m', 'Large'], { cwd })
  const endless =
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c, large'
  const child = spawn(process.execPath, [varveFile, 'sql', '--progress=json', endless], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
  })
  const ended = once(child, 'exit')
  const [first] = (await once(child.stderr, 'data')) as [Buffer]
  child.kill('SIGINT')
  expect(JSON.parse(String(first).split('\n')[0]!)).toMatchObject({
    progress: { phase: 'reading large.csv', done: 0, total: 70_000, unit: 'rows' },
  })
  expect((await ended)[0]).toBe(130)
  expect(readdirSync(path.join(cwd, '.varve/cache')).filter((name) => name.includes('queries'))).toEqual([])
  const sql = 'SELECT count(*) AS n, sum(length(text)) AS length, sum(number) AS sum FROM large'
  const { code, stdout, stderr } = await varve(['sql', '--json', '--progress=json', sql], { cwd })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    rowsRead: 70_000,
    items: [{ n: 70_000, length: 1400 * 1225, sum: (69_999 * 35_000) / 8 }],
  })
  expect(JSON.parse(stderr.trim().split('\n').at(-1)!)).toMatchObject({
    progress: { done: 70_000, total: 70_000 },
  })
}, 60_000)

test('Ctrl-C ends a query in its middle', async () => {
  const endless =
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c, people'
  const child = spawn(process.execPath, [varveFile, 'sql', endless], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd },
  })
  const ended = once(child, 'exit')
  // The library locks what it works on by a folder of this name.
  const isBusy = (): boolean =>
    readdirSync(path.join(cwd, '.varve/cache')).some((name) => name.endsWith('.lock'))
  await expect.poll(isBusy, { timeout: 30_000 }).toBe(true)
  child.kill('SIGINT')
  expect((await ended)[0]).toBe(130)
  expect(isBusy()).toBe(false)
  expect(await json(['sql', 'SELECT count(*) AS n FROM people'], { cwd })).toMatchObject({
    items: [{ n: 3 }],
  })
}, 60_000)
