// Import and export of Parquet and SQLite through the public class.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { type ColumnType, DataRepository, Repository, type Row, type Value } from '../../src/index.ts'
import { columnsOf, sqliteBytes, written } from '../formats/columnar-files.ts'
import { chunksOf } from '../formats/round-trip.ts'
import { codeOf } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

async function withPrices(long: string | null = null): Promise<DataRepository> {
  const repo = DataRepository.over(undefined, { author })
  await repo.transaction('main', async (tx) => {
    const prices = tx.createTable('prices', {
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' },
        { name: 'price', type: 'decimal' },
        { name: 'at', type: 'timestamp' },
      ],
    })
    prices.put({ id: 1, price: 1.5, at: '2024-01-01T00:00:00.000001Z' })
    prices.put({ id: 2n ** 60n, price: long, at: null })
  })
  return repo
}

test.each(['parquet', 'sqlite'] as const)(
  '%s: a table goes out and comes in again, its key known',
  async (format) => {
    const repo = await withPrices()
    const bytes = await written(repo.exportTable('main', 'prices', { format }))
    const imported = await repo.importTable(chunksOf(bytes), { path: 'again', format })
    expect(imported).toEqual({ path: 'again', rows: 2, added: 2, changed: 0, removed: 0 })
    const [before, after] = await Promise.all(
      ['prices', 'again'].map(async (name) => collect((await repo.at('main')).table(name).scan())),
    )
    expect(after).toEqual(before)
    const second = await repo.importTable(chunksOf(bytes), { path: 'prices', format })
    expect(second).toEqual({ path: 'prices', rows: 2, added: 0, changed: 0, removed: 0 })
  },
)

test('bytes may be given whole, in parts that are there, or in parts that come', async () => {
  const repo = await withPrices()
  const text = new TextEncoder().encode('id,n\n1,2\n')
  const given = [() => text, () => [text.subarray(0, 4), text.subarray(4)], () => chunksOf(text)]
  for (const [i, source] of given.entries()) {
    const imported = await repo.importTable(source(), { path: `rows-${i}`, format: 'csv', key: ['id'] })
    expect(imported).toMatchObject({ rows: 1, added: 1 })
    await repo.transaction('main', (tx) => tx.writeFile(`file-${i}`, source()))
    const read = await collect((await repo.at('main')).read(`file-${i}`))
    expect(Buffer.concat(read).toString()).toBe('id,n\n1,2\n')
  }
})

test('rows of a SQLite table are laid into a CSV file: NULL is nothing, empty text is quoted', async () => {
  const repo = await Repository.init(temporaryDir(), { author })
  const file = path.join(repo.root!, 'people.csv')
  writeFileSync(file, 'id,name,born\n1,Ann,1990-01-01\n2,Bob,\n')
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'first' })
  const bytes = await sqliteBytes(
    'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, born DATE); CREATE TABLE other (x)',
    "INSERT INTO people VALUES (1, 'Anna', NULL), (3, '', '2000-02-29')",
  )
  const result = await repo.importTable(chunksOf(bytes), {
    path: 'people.csv',
    format: 'sqlite',
    table: 'people',
  })
  expect(result).toEqual({ path: 'people.csv', rows: 3, added: 1, changed: 1, removed: 0 })
  expect(readFileSync(file, 'utf8')).toBe('id,name,born\n1,Anna,\n2,Bob,\n3,"",2000-02-29\n')
  await repo.close()
})

test('the SQLite table is called like the path, or as one likes', async () => {
  const repo = await withPrices()
  const name = async (table?: string): Promise<string[]> => {
    const bytes = await written(repo.exportTable('main', 'prices', { format: 'sqlite', table }))
    return repo.importTable(chunksOf(bytes), { path: 'again', format: 'sqlite', table: 'nothing' }).then(
      () => [],
      (error: Error & { hint: string }) => [error.message, error.hint],
    )
  }
  expect(await name()).toEqual(["'again' has no table 'nothing'", 'it has: prices'])
  expect(await name('a "b"')).toEqual(["'again' has no table 'nothing'", 'it has: a "b"'])
})

test('a file that names no key needs one', async () => {
  const repo = await withPrices()
  const bytes = await sqliteBytes('CREATE TABLE t (id, v)', "INSERT INTO t VALUES ('a', 1)")
  await expect(repo.importTable(chunksOf(bytes), { path: 't', format: 'sqlite' })).rejects.toThrow(
    "'t' names no key",
  )
  await repo.importTable(chunksOf(bytes), { path: 't', format: 'sqlite', key: ['id'] })
  expect(await repo.importTable(chunksOf(bytes), { path: 't', format: 'sqlite' })).toMatchObject({ added: 0 })
})

test('rows of CSV make a table of values, which a link can write to a folder, byte for byte', async () => {
  const repo = await Repository.init(temporaryDir(), { author })
  const csv = 'id,n,code,on,none,note\n1,1.50,007,true,,""\n2,-3,x,false,,"a,b"\n'
  await repo.importTable(chunksOf(Buffer.from(csv)), { path: 'out/things', format: 'csv', key: ['id'] })
  await repo.commit({ message: 'rows' })
  const found = await collect((await repo.at('main')).table('out/things').scan())
  expect(found.map((row) => ({ ...row }))).toEqual([
    { id: 1, n: 1.5, code: '007', on: true, none: null, note: '' },
    { id: 2, n: -3, code: 'x', on: false, none: null, note: 'a,b' },
  ])
  expect(
    Buffer.from(await written(repo.exportTable('main', 'out/things', { format: 'csv' }))).toString(),
  ).toBe(csv)
  const drop = temporaryDir()
  await repo.addLink('out', {
    endpoint: pathToFileURL(drop).href.replace('file:', 'folder:'),
    mode: 'materialize',
    tables: ['things'],
  })
  expect((await repo.sync('out')).tables[0]!.written).toEqual({ added: 2, changed: 0, removed: 0 })
  expect(readFileSync(path.join(drop, 'things.csv'), 'utf8')).toBe(csv)
  await repo.close()
})

test('rows that were read for a table that is another one now are not laid into it', async () => {
  const repo = await withPrices()
  async function* rows(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('id,price,at\n')
    await repo.transaction('main', (tx) => tx.remove('prices'))
    const columns = ['id', 'price'].map((name) => ({ name, type: 'text' as const }))
    await repo.transaction('main', (tx) => void tx.createTable('prices', { key: ['id'], columns }))
    yield Buffer.from('1,2.50,\n')
  }
  await expect(repo.importTable(rows(), { path: 'prices', format: 'csv' })).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
    message: "'prices' became another table while rows were read for it",
  })
  expect(await collect((await repo.at('main')).table('prices').scan())).toEqual([])
  // Anything else that happens meanwhile does no harm.
  async function* others(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('id,price\n')
    await repo.transaction('main', (tx) => tx.table('prices').put({ id: 'a', price: '1' }))
    yield Buffer.from('b,2.50\n')
  }
  expect(await repo.importTable(others(), { path: 'prices', format: 'csv' })).toMatchObject({
    rows: 2,
    added: 1,
  })
})

test('columns that a source lacks keep their values, unless the table is replaced', async () => {
  const csv = 'id,name,age,note\n1,Ada,036,"x"\n2,Bob,1.50,\n3,Cy,,""\n'
  const update = 'age,id\n41,2\n7,9\n'
  const dir = temporaryDir()
  const author = { name: 'Ada', email: 'ada@example.org' }
  await using repo = await Repository.init(dir, { author })
  writeFileSync(path.join(dir, 'people.csv'), csv)
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'People' })
  await repo.importTable(chunksOf(Buffer.from(csv)), { path: 'typed', format: 'csv', key: ['id'] })
  const load = (replace: boolean, to: string) =>
    repo.importTable(chunksOf(Buffer.from(update)), { path: to, format: 'csv', replace })
  expect(await load(false, 'people.csv')).toMatchObject({ rows: 4, added: 1, changed: 1 })
  expect(readFileSync(path.join(dir, 'people.csv'), 'utf8')).toBe(
    'id,name,age,note\n1,Ada,036,"x"\n2,Bob,41,\n3,Cy,,""\n9,,7,\n',
  )
  expect(await load(false, 'typed')).toMatchObject({ rows: 4, added: 1, changed: 1 })
  await repo.commit({ message: 'Update' })
  expect(await (await repo.at('HEAD')).table('typed').get(2)).toMatchObject({ name: 'Bob', age: '41' })
  expect(await load(true, 'people.csv')).toMatchObject({ rows: 2, removed: 2, changed: 1 })
  expect(readFileSync(path.join(dir, 'people.csv'), 'utf8')).toBe('id,name,age,note\n2,,41,\n9,,7,\n')
})

const hard: readonly (readonly [type: ColumnType, ...values: Value[]])[] = [
  ['decimal', 0.31, '0.0', '123456789012345678901234567890.000100', '1e-20', 5],
  ['text', '12', '0.5', 'true', '{"a":1}', ''],
  ['int', 1, -7, 2n ** 60n, null, 0],
  ['float', 0.5, 1e300, -0.25, 3, null],
  ['bool', true, false, null, true, false],
  ['json', { a: [1, null] }, [], 'a text', 5, { b: '"' }],
  ['bytes', Uint8Array.of(0, 255), new Uint8Array(), null, Uint8Array.of(92, 120), Uint8Array.of(9)],
  ['date', '2024-02-29', null, '0001-01-01', '9999-12-31', '2024-01-01'],
]

test('values of every type go out as CSV or JSON Lines and come in again into the same table: nothing has changed', async () => {
  const repo = DataRepository.over(undefined, { author })
  const columns = [{ name: 'id', type: 'int' as const }, ...hard.map(([type]) => ({ name: type, type }))]
  await repo.transaction('main', async (tx) => {
    const table = tx.createTable('hard', { key: ['id'], columns })
    for (let id = 0; id < 5; id++)
      table.put({ id, ...Object.fromEntries(hard.map(([type, ...values]) => [type, values[id]!])) })
  })
  const rows = async (): Promise<Row[]> => collect((await repo.at('main')).table('hard').scan())
  const before = await rows()
  for (const format of ['csv', 'jsonl'] as const) {
    const bytes = await written(repo.exportTable('main', 'hard', { format }))
    const again = await repo.importTable(chunksOf(bytes), { path: 'hard', format })
    expect([format, again]).toEqual([format, { path: 'hard', rows: 5, added: 0, changed: 0, removed: 0 }])
    // A row that is new has cells of the same kinds: what reads them tells no difference.
    await repo.transaction('main', (tx) => tx.table('hard').delete(2))
    expect(await repo.importTable(chunksOf(bytes), { path: 'hard', format })).toMatchObject({ added: 1 })
    expect(await rows()).toEqual(before)
    expect(await collect(repo.diff({ from: 'main~2', to: 'main' }))).toEqual([])
  }
  // What is read may be put.
  await repo.transaction('main', (tx) =>
    before.forEach((row) => tx.table('hard').delete(row['id'] as number)),
  )
  await repo.transaction('main', (tx) => before.forEach((row) => tx.table('hard').put(row)))
  expect(await rows()).toEqual(before)
  const [long] = await written(repo.exportTable('main', 'hard', { format: 'jsonl' })).then((bytes) =>
    Buffer.from(bytes).toString().split('\n').slice(2),
  )
  expect(long).toContain('"decimal":123456789012345678901234567890.000100,')
})

test('rows for a table that is there need no key: it has one', async () => {
  const repo = await withPrices()
  const csv = (): AsyncIterable<Uint8Array> => chunksOf(Buffer.from('id,price,at\n1,2.5,\n3,9,\n'))
  await expect(repo.importTable(csv(), { path: 'new', format: 'csv' })).rejects.toThrow("'new' names no key")
  expect(await repo.importTable(csv(), { path: 'prices', format: 'csv' })).toMatchObject({
    added: 1,
    changed: 1,
  })
})

test('what goes out as text is said', async () => {
  const repo = await withPrices('12345678901234567890.25')
  const notes: string[] = []
  const bytes = await written(
    repo.exportTable('main', 'prices', { format: 'sqlite', onNote: (note) => notes.push(note) }),
  )
  expect(notes).toEqual([
    "column 'price' is decimal and is written as text: row 2 holds '12345678901234567890.25'",
  ])
  expect((await columnsOf('sqlite', bytes))['price text']).toEqual([
    'text 1.5',
    'text 12345678901234567890.25',
  ])
})

test('a commit after an import into a repository without an index loses nothing', async () => {
  const repo = await Repository.init(temporaryDir(), { author })
  const bytes = await sqliteBytes('CREATE TABLE t (id PRIMARY KEY)', "INSERT INTO t VALUES ('a')")
  await repo.importTable(chunksOf(bytes), { path: 't', format: 'sqlite' })
  await repo.commit({ message: 'nothing staged', allowEmpty: true })
  expect((await collect(repo.list('HEAD'))).map(({ path: name }) => name)).toEqual(['t'])
  await repo.close()
})

test('into a folder it is staged, also when nothing was before', async () => {
  const repo = await Repository.init(temporaryDir(), { author })
  const rows = (): AsyncIterable<Uint8Array> => chunksOf(Buffer.from('id,name\n1,Ann\n'))
  await repo.importTable(rows(), { path: 'people', format: 'csv', key: ['id'] })
  const staged = [{ path: 'people', state: 'added', kind: 'table' }]
  expect(await repo.status()).toMatchObject({ head: null, staged, unstaged: [], behindBranch: false })
  await repo.commit({ message: 'People' })
  expect(await repo.status()).toMatchObject({ staged: [], unstaged: [], behindBranch: false })
  expect(await collect((await repo.at('main')).table('people').scan())).toEqual([{ id: 1, name: 'Ann' }])
})

test('with a branch they are committed to it, begun at HEAD; never under the files that are checked out', async () => {
  const repo = await Repository.init(temporaryDir(), { author })
  const rows = (text: string): AsyncIterable<Uint8Array> => chunksOf(Buffer.from(`id,name\n${text}`))
  const people = { path: 'people', format: 'csv', key: ['id'] } as const
  await repo.importTable(rows('1,Ann\n'), people)
  await repo.commit({ message: 'People' })
  const before = await repo.status()
  await repo.importTable(rows('2,Bob\n'), { ...people, branch: 'side', message: 'Bob' })
  await repo.importTable(rows('3,Cy\n'), { ...people, branch: 'side' })
  expect(await repo.status()).toEqual(before)
  const side = await repo.at('side')
  expect((await collect(side.table('people').scan())).map(({ name }) => name)).toEqual(['Ann', 'Bob', 'Cy'])
  expect((await collect(repo.log({ revision: 'side' }))).map(({ message }) => message)).toEqual([
    'Import people',
    'Bob',
    'People',
  ])
  for (const options of [{ branch: 'main' }, { message: 'Bob' }])
    expect(await codeOf(repo.importTable(rows('4,Di\n'), { ...people, ...options }))).toBe(
      'VARVE_NOT_POSSIBLE',
    )
})
