import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { isVarveError } from '../../src/base/errors.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { csv } from '../merge/bench.ts'
import { DrawnHistory } from './drawn.ts'

const columns = ['id', 'name', 'city']

/** '1 Ann Wien; 2 Bob Oslo' */
function people(history: DrawnHistory, text: string, previous?: TableObject): Promise<TableObject> {
  const rows = text.split(';').map((row) => row.trim().split(' '))
  return history.bench.table({ columns, rows }, previous)
}

describe('blame of a table', () => {
  test('names for each row the commit that last added or changed it', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo; 3 Cy Rome')
    await history.commit('a', { people: a })
    const b = await people(history, '1 Ann Wien; 2 Bob Bergen; 3 Cy Rome', a)
    await history.commit('b: a', { people: b })
    await history.commit('c: b', { people: await people(history, '1 Ann Wien; 2 Bob Bergen; 4 Di Bonn', b) })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 a', '2 b', '4 c'])
    expect(await repo.blame('people', { revision: 'a' })).toEqual(['1 a', '2 a', '3 a'])
    expect(await repo.blame('people', { key: 2 })).toEqual(['2 id=a name=a city=b'])
    expect(await repo.blame('people', { columns: ['name'] })).toEqual(['1 name=a', '2 name=a', '4 name=c'])
    expect(await repo.blame('people', { key: [2], columns: ['city'] })).toEqual(['2 city=b'])
  })

  test('a row that was removed and came back is of the commit that brought it back', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    const b = await people(history, '1 Ann Wien', a)
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: b })
    await history.commit('c: b', { people: a })
    expect(await (await history.open()).blame('people')).toEqual(['1 a', '2 c'])
  })

  test('a row that changed and changed back is of the commit that changed it back', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: await people(history, '1 Ann Linz; 2 Bob Oslo', a) })
    await history.commit('c: b', { people: a })
    expect(await (await history.open()).blame('people')).toEqual(['1 c', '2 a'])
  })

  test('another quoting is no change', async () => {
    const history = new DrawnHistory()
    const a = await history.bench.table({ columns: ['id', 'name'], rows: [['1', 'Ann']], layout: csv })
    const quoted = { kind: 'text' as const, bytes: new TextEncoder().encode('Ann'), quotingFlipped: true }
    const b = await history.bench.table({ columns: ['id', 'name'], rows: [['1', quoted]], layout: csv }, a)
    expect(b.rows).not.toBe(a.rows)
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: b })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 a'])
    expect(await repo.rowLog('people', { key: 1 })).toEqual(['a added'])
  })

  //  a - b - d
  //    \ c /
  test('rows that a merge took from either side are of that side', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo; 3 Cy Rome')
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: await people(history, '1 Ann Linz; 2 Bob Oslo; 3 Cy Rome', a) })
    await history.commit('c: a', { people: await people(history, '1 Ann Wien; 2 Bob Bergen; 3 Cy Rome', a) })
    const d = await people(history, '1 Ann Linz; 2 Bob Bergen; 3 Cy Rome', a)
    await history.commit('d: b c', { people: d })
    await history.commit('e: d', { people: d, other: 'text\n' })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 b', '2 c', '3 a'])
    expect(await repo.rowLog('people', { key: 2 })).toEqual(['c city: Oslo -> Bergen', 'a added'])
  })

  test('a row merged of cells of both sides is of the merge, and its cells are of the sides', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien')
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: await people(history, '1 Anna Wien', a) })
    await history.commit('c: a', { people: await people(history, '1 Ann Linz', a) })
    await history.commit('d: b c', { people: await people(history, '1 Anna Linz', a) })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 d'])
    expect(await repo.blame('people', { columns: ['name', 'city'] })).toEqual(['1 name=b city=c'])
    expect(await repo.rowLog('people', { key: 1 })).toEqual([
      'd city: Wien -> Linz',
      'c city: Wien -> Linz',
      'b name: Ann -> Anna',
      'a added',
    ])
    expect(await repo.rowLog('people', { key: 1, column: 'city' })).toEqual([
      'c city: Wien -> Linz',
      'a added',
    ])
  })

  test('a merge that decided by hand answers for what neither side had', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    await history.commit('a', { people: a })
    await history.commit('b: a', { people: await people(history, '1 Ann Linz; 2 Bob Oslo', a) })
    await history.commit('c: a', { people: await people(history, '1 Ann Graz; 2 Bob Oslo', a) })
    await history.commit('d: b c', { people: await people(history, '1 Ann Villach; 2 Bob Oslo', a) })
    expect(await (await history.open()).blame('people', { columns: ['city'] })).toEqual([
      '1 city=d',
      '2 city=a',
    ])
  })

  test('a renamed table is followed, also where another side edits it under its old name', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo; 3 Cy Rome')
    await history.commit('a', { 'old.csv': a })
    await history.commit('b: a', { 'new.csv': a })
    const edited = await people(history, '1 Ann Wien; 2 Bob Bergen; 3 Cy Rome', a)
    await history.commit('c: a', { 'old.csv': edited })
    await history.commit('d: b c', { 'new.csv': edited })
    const repo = await history.open()
    expect(await repo.blame('new')).toEqual(['1 a', '2 c', '3 a'])
    const { commits } = await repo.repo.blame('new.csv')
    expect(commits.map(({ subject, path }) => `${subject} ${path}`)).toEqual(['c old.csv', 'a old.csv'])
    expect(await repo.rowLog('new.csv', { key: 2 })).toEqual(['c city: Oslo -> Bergen', 'a added'])
    expect(await repo.rowLog('new.csv', { key: 2, follow: false })).toEqual([
      'd city: Oslo -> Bergen',
      'b added',
    ])
    expect(await repo.log('new.csv')).toBe('d c b a')
    expect(await repo.log('new.csv', { follow: false })).toBe('d b')
  })

  test('a plain file that was tracked later has rows all the same; what cannot be read as a table has none', async () => {
    const history = new DrawnHistory()
    await history.commit('a', { 'people.csv': 'id,name,city\n1,Ann\n' })
    await history.commit('b: a', { 'people.csv': 'id,name,city\n1,Ann,Wien\n2,Bob,Oslo\n' })
    await history.commit('c: b', { 'people.csv': 'id,name,city\n1,Ann,Linz\n2,Bob,Oslo\n' })
    const table = await history.bench.table({
      columns,
      rows: [
        ['1', 'Ann', 'Linz'],
        ['2', 'Bob', 'Oslo'],
        ['3', 'Cy', 'Rome'],
      ],
      layout: csv,
    })
    await history.commit('d: c', { 'people.csv': table })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 c', '2 b', '3 d'])
    expect(await repo.rowLog('people', { key: 1 })).toEqual(['c city: Wien -> Linz', 'b added'])
  })

  test('a table that became a plain file is blamed by lines', async () => {
    const history = new DrawnHistory()
    const rows = [
      ['1', 'Ann', 'Wien'],
      ['2', 'Bob', 'Oslo'],
    ]
    await history.commit('a', { 'p.csv': await history.bench.table({ columns, rows, layout: csv }) })
    await history.commit('b: a', { 'p.csv': 'id,name,city\n1,Ann,Wien\n2,Bob,Bergen\n' })
    const repo = await history.open()
    expect(await repo.blameLines('p.csv')).toEqual(['a id,name,city', 'a 1,Ann,Wien', 'b 2,Bob,Bergen'])
    await expect(repo.blame('p.csv', { key: 1 })).rejects.toMatchObject({ code: 'VARVE_USAGE' })
  })

  test('a column that got another name is the same column', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    await history.commit('a', { people: a })
    const renamed = {
      ...a.schema,
      columns: a.schema.columns.map((one) => (one.name === 'city' ? { ...one, name: 'town' } : one)),
    }
    const b = { ...a, schema: renamed }
    await history.commit('b: a', { people: b })
    const rows = [
      ['1', 'Ann', 'Wien'],
      ['2', 'Bob', 'Bergen'],
    ]
    await history.commit('c: b', { people: await history.bench.tableOf(renamed, { rows }) })
    const repo = await history.open()
    expect(await repo.blame('people', { columns: ['town'] })).toEqual(['1 town=a', '2 town=c'])
    expect(await repo.rowLog('people', { key: 2, column: 'town' })).toEqual([
      'c town: Oslo -> Bergen',
      'a added',
    ])
    expect(await repo.blame('people')).toEqual(['1 a', '2 c'])
  })

  test('a new column changes the rows that hold something in it', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    await history.commit('a', { people: a })
    const rows = [
      ['1', 'Ann', 'Wien', '30'],
      ['2', 'Bob', 'Oslo', null],
    ]
    await history.commit('b: a', {
      people: await history.bench.table({ columns: [...columns, 'age'], rows }, a),
    })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 b', '2 a'])
    expect(await repo.blame('people', { columns: ['age'] })).toEqual(['1 age=b', '2 age=a'])
    expect(await repo.rowLog('people', { key: 1, column: 'age' })).toEqual(['b age: null -> 30', 'a added'])
  })

  test('columns that changed places under other ids are compared by name', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 x y; 2 u v')
    await history.commit('a', { people: a })
    // The same bytes, and yet the first row's name and city have changed places.
    const swapped = await history.bench.table({
      columns: ['id', 'city', 'name'],
      rows: [
        ['1', 'x', 'y'],
        ['2', 'v', 'u'],
      ],
    })
    await history.commit('b: a', { people: swapped })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['1 b', '2 a'])
    expect(await repo.rowLog('people', { key: 1 })).toEqual(['b city: y -> x, name: x -> y', 'a added'])
  })

  test('a new key finds the rows under their old one', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 ann Wien; 2 bob Oslo; 3 cy Rome')
    await history.commit('a', { people: a })
    const b = await people(history, '1 ann Wien; 2 bob Bergen; 3 cy Rome', a)
    await history.commit('b: a', { people: b })
    const rows = [
      ['1', 'ann', 'Wien'],
      ['2', 'bob', 'Bergen'],
      ['3', 'cyrus', 'Rome'],
      ['4', 'di', 'Bonn'],
    ]
    const c = await history.bench.table({ columns, rows, key: ['name'] }, b)
    await history.commit('c: b', { people: c })
    const repo = await history.open()
    expect(await repo.blame('people')).toEqual(['ann a', 'bob b', 'cyrus c', 'di c'])
    expect(await repo.blame('people', { columns: ['name', 'city'] })).toEqual([
      'ann name=a city=a',
      'bob name=a city=b',
      'cyrus name=c city=a',
      'di name=c city=c',
    ])
    expect(await repo.rowLog('people', { key: 'cyrus' })).toEqual(['c name: cy -> cyrus', 'a added'])
    expect(await repo.rowLog('people', { key: 'bob' })).toEqual(['b city: Oslo -> Bergen', 'a added'])
  })

  test('an empty table has nobody to blame', async () => {
    const history = new DrawnHistory()
    await history.commit('a', { people: await history.bench.table({ columns, rows: [] }) })
    expect(await (await history.open()).blame('people')).toEqual([])
  })
})

describe('the log of a row', () => {
  test('shows what each commit did, removals and returns too', async () => {
    const history = new DrawnHistory()
    const a = await people(history, '1 Ann Wien; 2 Bob Oslo')
    await history.commit('a', { people: a })
    const b = await people(history, '1 Ann Linz; 2 Bob Oslo', a)
    await history.commit('b: a', { people: b })
    await history.commit('c: b', { people: await people(history, '2 Bob Oslo', b) })
    await history.commit('d: c', { people: a })
    await history.commit('e: d', {})
    const repo = await history.open()
    const all = ['e removed', 'd added', 'c removed', 'b city: Wien -> Linz', 'a added']
    expect(await repo.rowLog('people', { key: 1 })).toEqual(all)
    expect(await repo.rowLog('people', { key: { text: ['1'] }, limit: 2 })).toEqual(all.slice(0, 2))
    expect(await repo.rowLog('people', { key: 1, revision: 'a..c' })).toEqual(all.slice(2, 4))
    expect(await repo.rowLog('people', { key: 2 })).toEqual(['e removed', 'a added'])
    const [change] = await collect(repo.repo.rowLog('people', { key: 1, revision: 'b', limit: 1 }))
    expect(change).toMatchObject({
      path: 'people',
      author: { name: 'Ada' },
      change: {
        kind: 'changed',
        key: [1],
        before: { id: 1, name: 'Ann', city: 'Wien' },
        after: { id: 1, name: 'Ann', city: 'Linz' },
      },
    })
  })
})

describe('bad input', () => {
  async function small(): Promise<ReturnType<DrawnHistory['open']>> {
    const history = new DrawnHistory()
    await history.commit('a', {
      people: await people(history, '1 Ann Wien'),
      'x.bin': 'a\0b',
      'dir/f': 'x\n',
    })
    return history.open()
  }
  const failing = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (!isVarveError(error)) throw new Error('it did not fail as expected', { cause: error })
    expect(error.hint).toBeDefined()
    return `${error.code} ${error.message}`
  }

  test('unknown keys, columns, revisions and paths are said to be unknown', async () => {
    const repo = await small()
    expect(await failing(repo.blame('people', { key: 9 }))).toBe(
      "VARVE_PATH_NOT_FOUND 'people' has no row id=9",
    )
    expect(await failing(repo.rowLog('people', { key: 9 }))).toBe(
      "VARVE_PATH_NOT_FOUND 'people' never had a row id=9",
    )
    expect(await failing(repo.blame('people', { columns: ['age'] }))).toBe(
      "VARVE_PATH_NOT_FOUND 'people' has no column 'age'",
    )
    expect(await failing(repo.rowLog('people', { key: 1, column: 'age' }))).toBe(
      "VARVE_PATH_NOT_FOUND 'people' has no column 'age'",
    )
    expect(await failing(repo.blame('people', { key: [1, 2] }))).toBe(
      "VARVE_USAGE the key of 'people' has 1 part, not 2",
    )
    expect(await failing(repo.rowLog('people', { key: [1, 2] }))).toBe(
      "VARVE_USAGE the key of 'people' has 1 part, not 2",
    )
    expect(await failing(repo.blame('nobody'))).toBe("VARVE_PATH_NOT_FOUND no 'nobody' in 'HEAD'")
    expect(await failing(repo.rowLog('nobody', { key: 1 }))).toBe(
      "VARVE_PATH_NOT_FOUND no table 'nobody' in this history",
    )
    expect(await failing(repo.rowLog('x.bin', { key: 1 }))).toBe(
      "VARVE_USAGE 'x.bin' is not a table: it has no rows",
    )
    expect(await failing(repo.blame('dir'))).toBe("VARVE_PATH_NOT_FOUND 'dir' is a folder")
    expect(await failing(repo.blame('x.bin'))).toBe(
      "VARVE_NOT_POSSIBLE 'x.bin' is not a text of at most 16 MiB",
    )
    expect(await failing(repo.blame('people', { revision: 'nowhere' }))).toContain('VARVE_REF_NOT_FOUND')
    expect(await failing(repo.blame('people', { revision: '^a' }))).toContain('VARVE_USAGE')
  })
})

describe('blame of a text', () => {
  test('names for each line the commit that brought it in, through renames and merges', async () => {
    const history = new DrawnHistory()
    // Long enough to be recognised under another name.
    const rest = Array.from({ length: 40 }, (_, i) => `line ${i} of a longer text\n`)
    const text = (...lines: string[]): string => [...lines.map((line) => `${line}\n`), ...rest].join('')
    await history.commit('a', { 'old.txt': text('one', 'two', 'three') })
    await history.commit('b: a', { 'new.txt': text('one', 'two', 'three') })
    await history.commit('c: a', { 'old.txt': text('one', 'zwei', 'three') })
    await history.commit('d: b', { 'new.txt': text('zero', 'one', 'two', 'three') })
    await history.commit('e: d c', { 'new.txt': `${text('zero', 'one', 'zwei', 'three')}end` })
    const repo = await history.open()
    const blamed = await repo.blameLines('new.txt')
    expect(blamed.slice(0, 4)).toEqual(['d zero', 'a one', 'c zwei', 'a three'])
    expect(blamed.at(-1)).toBe('e end')
    expect(blamed.slice(4, -1).every((line) => line.startsWith('a '))).toBe(true)
    const [lines] = await collect((await repo.repo.blame('new.txt')).lines())
    expect(lines![2]).toMatchObject({ line: 3, originalLine: 2, by: { path: 'old.txt' } })
  })

  test('an empty file has no lines', async () => {
    const history = new DrawnHistory()
    await history.commit('a', { 'e.txt': '' })
    expect(await (await history.open()).blameLines('e.txt')).toEqual([])
  })
})
