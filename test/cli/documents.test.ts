// Files that nobody tracked, merged by the command line as people use it: cells and values in conflict are settled one by
// one, survive until the commit, and are known again when they return.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const dir = temporaryDir()
const people = 'id,name,city\n1,Ada,London\n2,Lise,Wien\n3,Emmy,Erlangen\n'

interface Side {
  readonly [file: string]: string
}

/** A repository with `ours` on main and `theirs` on the branch other, both made from `base`. */
async function diverged(name: string, base: Side, ours: Side, theirs: Side): Promise<{ cwd: string }> {
  const cwd = path.join(dir, name)
  const at = { cwd }
  const put = (side: Side): void => {
    for (const [file, text] of Object.entries(side)) writeFileSync(path.join(cwd, file), text)
  }
  mkdirSync(cwd)
  await ok(['init'], at)
  put(base)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'Base'], at)
  await ok(['switch', '-c', 'other'], at)
  put(theirs)
  await ok(['commit', '-am', 'Theirs'], at)
  await ok(['switch', 'main'], at)
  put(ours)
  await ok(['commit', '-am', 'Ours'], at)
  return at
}

const get = ({ cwd }: { cwd: string }, file: string): string => readFileSync(path.join(cwd, file), 'utf8')

describe('files that nobody tracked', () => {
  test('merge by rows and values, and say how rows were told apart', async () => {
    const settings = '{\n  "a": 1,\n  "b": 2\n}\n'
    const at = await diverged(
      'clean',
      { 'people.csv': people, 'settings.json': settings },
      { 'people.csv': people.replace('Ada', 'Ada L.'), 'settings.json': settings.replace('1', '5') },
      { 'people.csv': people.replace('Lise', 'Lise M.'), 'settings.json': settings.replace('2', '7') },
    )
    expect(await ok(['merge', 'other'], at)).toContain("rows by 'id'")
    expect(get(at, 'people.csv')).toBe(people.replace('Ada', 'Ada L.').replace('Lise', 'Lise M.'))
    expect(get(at, 'settings.json')).toBe('{\n  "a": 5,\n  "b": 7\n}\n')
  }, 60_000)

  test('keep cells in conflict apart; each is settled, opened again, and remembered', async () => {
    const ours = people.replace('Wien', 'Berlin').replace('Erlangen', 'Göttingen').replace('Ada', 'Ada L.')
    const theirs = people.replace('Wien', 'Vienna').replace('Erlangen', 'Bryn Mawr')
    const at = await diverged(
      'cells',
      { 'people.csv': people },
      { 'people.csv': ours },
      { 'people.csv': theirs },
    )
    expect((await varve(['merge', 'other'], at)).code).toBe(21)
    expect(get(at, 'people.csv')).toBe(ours)
    const { items } = await json<{ items: unknown[] }>(['conflicts'], at)
    expect(items).toEqual([
      {
        id: '1',
        kind: 'part',
        path: 'people.csv',
        part: 'cell',
        where: 'id=2',
        column: 'city',
        base: 'Wien',
        ours: 'Berlin',
        theirs: 'Vienna',
      },
      {
        id: '2',
        kind: 'part',
        path: 'people.csv',
        part: 'cell',
        where: 'id=3',
        column: 'city',
        base: 'Erlangen',
        ours: 'Göttingen',
        theirs: 'Bryn Mawr',
      },
    ])
    await ok(['resolve', 'people.csv', '--key', '2', '--theirs'], at)
    expect(get(at, 'people.csv')).toBe(ours.replace('Berlin', 'Vienna'))
    await ok(['resolve', 'people.csv', '--key', '3', '--column', 'city', '--value', 'Bryn Mawr, PA'], at)
    expect(get(at, 'people.csv')).toBe(
      ours.replace('Berlin', 'Vienna').replace('Göttingen', '"Bryn Mawr, PA"'),
    )
    expect(await ok(['conflicts', '--resolved'], at)).toContain('= Bryn Mawr, PA')
    await ok(['resolve', '--forget', 'people.csv', '--key', '2'], at)
    expect(get(at, 'people.csv')).toBe(ours.replace('Göttingen', '"Bryn Mawr, PA"'))
    await ok(['resolve', 'people.csv', '--theirs'], at)
    await ok(['merge', '--continue'], at)
    const merged = ours.replace('Berlin', 'Vienna').replace('Göttingen', '"Bryn Mawr, PA"')
    expect(get(at, 'people.csv')).toBe(merged)
    await ok(['reset', '--hard', 'HEAD~1'], at)
    const again = await varve(['merge', 'other', '--json'], at)
    expect(JSON.parse(again.stdout)).toMatchObject({ conflictCount: 0 })
    expect(get(at, 'people.csv')).toBe(merged)
  }, 120_000)

  test('are settled by a filled-in sheet, and by adding the file', async () => {
    const json1 = '{"a": 1, "b": 2}\n'
    const at = await diverged(
      'sheet',
      { 'people.csv': people, 'settings.json': json1 },
      { 'people.csv': people.replace('Wien', 'Berlin'), 'settings.json': json1.replace('1', '5') },
      { 'people.csv': people.replace('Wien', 'Vienna'), 'settings.json': json1.replace('1', '6') },
    )
    expect((await varve(['merge', 'other'], at)).code).toBe(21)
    const sheet = await ok(['conflicts', '--format', 'csv'], at)
    const filled = sheet.replace('Wien,Berlin,Vienna,', 'Wien,Berlin,Vienna,theirs')
    expect(filled).not.toBe(sheet)
    writeFileSync(path.join(dir, 'filled.csv'), filled)
    await ok(['resolve', '--from', '../filled.csv'], at)
    expect(get(at, 'people.csv')).toBe(people.replace('Wien', 'Vienna'))
    const broken = await varve(['resolve', 'settings.json', '--key', '$.a', '--value', 'six'], at)
    expect(broken).toMatchObject({ code: 2 })
    expect(broken.stderr).toContain("the value cannot stand in 'settings.json': it is not one value of JSON")
    const again = await varve(['resolve', 'people.csv', '--key', '2', '--ours'], at)
    expect(again).toMatchObject({ code: 40 })
    expect(again.stderr).toContain("that is settled already in 'people.csv'")
    writeFileSync(path.join(at.cwd, 'settings.json'), '{"a": 56, "b": 2}\n')
    await ok(['add', 'settings.json'], at)
    await ok(['merge', '--continue'], at)
    expect(get(at, 'settings.json')).toBe('{"a": 56, "b": 2}\n')
  }, 120_000)

  test('are compared by rows and cells, and what is no table by lines', async () => {
    const cwd = path.join(dir, 'diff')
    const at = { cwd }
    mkdirSync(cwd)
    await ok(['init'], at)
    writeFileSync(path.join(cwd, 'people.csv'), people)
    writeFileSync(path.join(cwd, 'broken.csv'), 'id,name\n1,"Ada\n')
    await ok(['add', '.'], at)
    await ok(['commit', '-m', 'Base'], at)
    writeFileSync(
      path.join(cwd, 'people.csv'),
      `${people.replace('Wien', 'Berlin').replace('city', 'town')}4,Maria,Jena\n`,
    )
    writeFileSync(path.join(cwd, 'broken.csv'), 'id,name\n1,"Eve\n')
    const shown = await ok(['diff'], at)
    expect(shown).toContain("* column 'city' renamed to 'town'")
    expect(shown).toContain('~ id=2  town: Wien -> Berlin')
    expect(shown).toContain('+ id=4  name: Maria, town: Jena')
    expect(shown).toContain('rows are told apart by id, unique in both versions')
    expect(shown).toContain('+1,"Eve')
    expect(await ok(['diff', '--stat'], at)).toContain('1 row changed, 1 added')
  }, 60_000)

  test('are shown with long lines cut, where they clash by lines, and whole with -v', async () => {
    const line = (word: string): string => `${word}${'-'.repeat(5000)}\n`
    const at = await diverged(
      'long',
      { 'n.txt': line('one') },
      { 'n.txt': line('two') },
      { 'n.txt': line('three') },
    )
    expect((await varve(['merge', 'other'], at)).code).toBe(21)
    const lengths = (text: string): number => Math.max(...text.split('\n').map(({ length }) => length))
    const shown = await ok(['conflicts'], at)
    expect(shown).toContain('three---')
    expect(lengths(shown)).toBe(205)
    expect(lengths(await ok(['conflicts', '-v'], at))).toBe(5010)
  }, 60_000)
})
