// Rules on the command line: what is printed, for people, programs and pull requests, and the exit code for CI.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

const folder = path.join(temporaryDir(), 'data')
const at = { cwd: folder }
const put = (name: string, text: string): void => writeFileSync(path.join(folder, name), text)
const config = `tables:
  people.csv:
    key: id
    rules:
      columns:
        age: {type: int, min: 0}
        email: {unique: true}
        note: {pattern: '[a-z]*', level: warn}
`

test('check looks at files, at what is staged or at a revision, and exits with 23 for errors alone', async () => {
  mkdirSync(folder)
  await ok(['init'], at)
  put('people.csv', 'id,age,email,note\n1,30,a@x,fine\n')
  await ok(['track', 'people.csv', '--key', 'id'], at)
  expect(await ok(['check'], at)).toBe('no table has rules\n')
  put('varve.yaml', config)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'One'], at)
  expect(await ok(['check'], at)).toBe('1 table, 1 row checked: all rules are kept\n')
  put('people.csv', 'id,age,email,note\n1,30,a@x,fine\n2,-1,a@x,"<b>|\nx"\n')
  const text = await varve(['check'], at)
  expect(text.code).toBe(23)
  expect(text.stdout).toBe(
    [
      "people.csv, column 'age': min (at least 0): 1 row",
      '  id=2  -1',
      "people.csv, column 'email': unique (no other row with the same): 1 row",
      '  id=2  a@x, as in id=1',
      "people.csv, column 'note': warning: pattern ([a-z]*): 1 row",
      '  id=2  <b>|\\nx',
      '1 table, 2 rows checked: 2 errors, 1 warning',
      '',
    ].join('\n'),
  )
  expect((await varve(['check', '--staged'], at)).code).toBe(0)
  expect((await varve(['check', 'HEAD'], at)).code).toBe(0)
  const document = await varve(['check', '--changed-since', 'HEAD', '--limit', '0', '--json'], at)
  expect(document.code).toBe(23)
  expect(JSON.parse(document.stdout)).toMatchObject({
    tables: [{ path: 'people.csv', rows: 2, checked: 1, scope: 'changes' }],
    broken: [{ rule: 'min', violations: [] }, { rule: 'unique' }, { rule: 'pattern', level: 'warn' }],
    errors: 2,
    warnings: 1,
  })
  const markdown = await varve(['check', '--format', 'markdown'], at)
  expect(markdown.stdout).toContain(
    '| <code>people.csv</code> | <code>id=2</code> | <code>note</code> | pattern | <code>&#60;b&#62;&#124;&#92;nx</code> |\n',
  )
  put('people.csv', 'id,age,email,note\n1,30,a@x,NOT\n')
  expect((await varve(['check'], at)).code).toBe(0)
}, 60_000)

test('a mistyped revision or path does not pass for a table without rules', async () => {
  expect(await varve(['check', 'mian'], at)).toMatchObject({ code: 43, stdout: '' })
  put('varve.yaml', config.replace('unique', 'uniqe'))
  expect(await varve(['check'], at)).toMatchObject({
    code: 23,
    stderr: expect.stringMatching(/^error: varve.yaml, line 7: unknown rule 'uniqe'\nhint: known rules: /),
  })
}, 60_000)
