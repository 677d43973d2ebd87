// Conflicts and their resolutions on the command line: filters, formats, sheets, what is remembered.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const folder = path.join(temporaryDir(), 'data')
const at = { cwd: folder }
const put = (name: string, text: string): void => writeFileSync(path.join(folder, name), text)
const get = (name: string): string => readFileSync(path.join(folder, name), 'utf8')

beforeAll(async () => {
  mkdirSync(folder)
  await ok(['init'], at)
  put('people.csv', 'id,name,note\n1,Ann,plain\n2,Bob,plain\n')
  put('shape.csv', 'id,a\n1,x\n')
  await ok(['track', 'people.csv', '--key', 'id'], at)
  await ok(['track', 'shape.csv', '--key', 'id'], at)
  await ok(['add', '--all'], at)
  await ok(['commit', '-m', 'Base'], at)
  await ok(['switch', '-c', 'other'], at)
  put('people.csv', 'id,name,note\n1,Ann,"a|b\nc\u0007 `d` <e> @f"\n2,Bea,plain\n3,Cleo,new\n')
  put('shape.csv', 'id\n1\n')
  await ok(['commit', '-am', 'Theirs'], at)
  await ok(['switch', 'main'], at)
  put('people.csv', 'id,name,note\n1,Ann,mine\n2,Ben,plain\n3,Carl,new\n')
  put('shape.csv', 'id,a\n1,y\n')
  await ok(['commit', '-am', 'Ours'], at)
  expect((await varve(['merge', 'other'], at)).code).toBe(21)
}, 60_000)

describe('conflicts', () => {
  test('are in the status by path, as git marks them', async () => {
    expect(await ok(['status'], at)).toContain('  people.csv  (3 conflicts)\n  shape.csv  (1 conflict)\n')
    expect(await ok(['status', '--short'], at)).toBe('UU people.csv\nUU shape.csv\n')
    expect((await json<{ unmerged: object[] }>(['status'], at)).unmerged).toEqual([
      { path: 'people.csv', conflicts: 3 },
      { path: 'shape.csv', conflicts: 1 },
    ])
  })

  test('that a filter hides are not said to be none', async () => {
    expect(await ok(['conflicts', '--key', '9'], at)).toBe('no conflicts there; 4 elsewhere\n')
  })

  test('as a table, conflicts of columns first and apart', async () => {
    expect(await ok(['conflicts'], at)).toBe(
      [
        'shape.csv: 1 conflict',
        "  4  column 'a' is removed there, and its cells are changed here",
        '',
        'people.csv: 3 conflicts',
        '  id  row                   column  base   ours  theirs',
        '  1   id=1                  note    plain  mine  a|b\\nc\\x07 `d` <e> @f',
        '  2   id=2                  name    Bob    Ben   Bea',
        '  3   id=3 (key-collision)  name    (no row)  Carl  Cleo',
        '',
      ]
        .join('\n')
        .replaceAll('plain  mine  a', 'plain     mine  a')
        .replaceAll('Bob    Ben ', 'Bob       Ben ')
        .replaceAll('base   ours', 'base      ours'),
    )
  })

  test('as Markdown, in which no cell can do anything', async () => {
    expect(await ok(['conflicts', '--format', 'markdown'], at)).toBe(
      [
        '### Conflicts of columns',
        '',
        '| id | file | why | base | ours | theirs |',
        '|---|---|---|---|---|---|',
        "| 4 | <code>shape.csv</code> | <code>column 'a' is removed there, and its cells are changed here</code> | <code>table</code> | <code>table</code> | <code>table</code> |",
        '',
        '### Conflicts of rows and cells',
        '',
        '| id | file | row | column | base | ours | theirs |',
        '|---|---|---|---|---|---|---|',
        '| 1 | <code>people.csv</code> | <code>id=1</code> | <code>note</code> | <code>plain</code> | <code>mine</code> | <code>a&#124;b&#92;nc&#92;x07 &#96;d&#96; &#60;e&#62; &#64;f</code> |',
        '| 2 | <code>people.csv</code> | <code>id=2</code> | <code>name</code> | <code>Bob</code> | <code>Ben</code> | <code>Bea</code> |',
        '| 3 | <code>people.csv</code> | <code>id=3</code> key-collision | <code>name</code> | (no row) | <code>Carl</code> | <code>Cleo</code> |',
        '',
        '',
      ].join('\n'),
    )
  })

  test('by path, row and column; as JSON by either option', async () => {
    const ids = async (...args: string[]): Promise<string[]> =>
      (await json<{ items: { id: string }[] }>(['conflicts', ...args], at)).items.map(({ id }) => id)
    expect(await ids('people.csv')).toEqual(['1', '2', '3'])
    expect(await ids('--path', 'shape.csv')).toEqual(['4'])
    expect(await ids('--key', '2', '--column', 'name')).toEqual(['2'])
    expect(await ok(['conflicts', '--format', 'json'], at)).toBe(await ok(['conflicts', '--json'], at))
    expect((await varve(['conflicts', '--format', 'xml'], at)).code).toBe(2)
    expect((await varve(['conflicts', '--path', 'a', 'b'], at)).code).toBe(2)
  })

  test('of a table by its name without the extension', async () => {
    const whole = await json(['conflicts', 'people.csv', '--key', '2'], at)
    expect(await json(['conflicts', 'people', '--key', '2'], at)).toEqual(whole)
    expect(await json(['resolve', 'people', '--key', '2', '--ours'], at)).toMatchObject({ resolved: 1 })
    expect(await json(['resolve', '--forget', 'people', '--key', '2'], at)).toMatchObject({ reopened: 1 })
    expect((await varve(['resolve', 'peopl', '--ours'], at)).code).toBe(40)
  })

  test('a sheet is written, filled in and taken; a wrong one is refused by its line', async () => {
    const sheet = await ok(['conflicts', 'people.csv', '--key', '2', '--format', 'csv'], at)
    expect(sheet).toBe('id,path,key,column,base,ours,theirs,resolution\n2,people.csv,2,name,Bob,Ben,Bea,\n')
    put('../sheet.csv', sheet.replace('Bea,\n', 'Bee,theirs\n'))
    const refused = await varve(['resolve', '--from', '../sheet.csv'], at)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('line 2 of the sheet')])
    expect(
      await ok(['resolve', '--from', '-'], { ...at, input: sheet.replace('Bea,\n', 'Bea,=ours\n') }),
    ).toBe('resolved 1 conflict, 3 left\n')
    expect(get('people.csv')).toContain('\n2,ours,plain\n')
  })

  test('rows by JSON, deletes, one by its id, the rest; then a look at all of it, and second thoughts', async () => {
    expect(await json(['resolve', 'people.csv', '--key', '3', '--value', '{"name":"Cy"}'], at)).toEqual({
      resolved: 1,
      left: 2,
    })
    expect((await varve(['resolve', 'people.csv', '--key', '1', '--value', 'x'], at)).code).toBe(2)
    expect((await varve(['resolve', 'people.csv', '--delete'], at)).code).toBe(2)
    expect(await json(['resolve', '--id', '1', '--ours'], at)).toEqual({ resolved: 1, left: 1 })
    expect(await json(['resolve', '--all', '--ours'], at)).toEqual({ resolved: 1, left: 0 })
    expect(get('people.csv')).toBe('id,name,note\n1,Ann,mine\n2,ours,plain\n3,Cy,new\n')
    const shown = await ok(['conflicts', '--resolved', 'people.csv'], at)
    expect(shown).toContain('people.csv: 3 resolved conflicts\n')
    expect(shown).toMatch(/2 +id=2 +name +Bob +Ben +Bea +ours\n|2 +id=2 .*= ours\n/)
    expect(await json(['resolve', '--forget', 'people.csv', '--key', '3'], at)).toEqual({
      reopened: 1,
      left: 1,
    })
    expect(get('people.csv')).toContain('\n3,Carl,new\n')
    expect(await ok(['resolve', 'people.csv', '--theirs'], at)).toBe('resolved 1 conflict, 0 left\n')
  })

  test('the same merge again is settled as before and stops for a look', async () => {
    await ok(['merge', '--abort'], at)
    const { code, stdout } = await varve(['merge', 'other'], at)
    expect(code).toBe(21)
    expect(stdout).toContain(
      'merge stopped: 1 conflict in 1 path\n3 more conflicts settled as in an earlier merge',
    )
    await ok(['resolve', 'shape.csv', '--ours'], at)
    expect(await ok(['conflicts', '--resolved', '--column', 'note'], at)).toMatch(/ours, as before\n/)
    expect((await json<{ items: unknown[] }>(['conflicts', '--resolved'], at)).items.length).toBe(4)
    await ok(['merge', '--continue'], at)
    expect(get('people.csv')).toBe('id,name,note\n1,Ann,mine\n2,ours,plain\n3,Cleo,new\n')
    expect(await json(['resolve', '--forget', '--all'], at)).toEqual({ forgotten: 3 })
  })
})
