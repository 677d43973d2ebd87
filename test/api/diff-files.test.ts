// Diffs of Parquet and SQLite files by rows, where a key is known.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { diffFiles } from '../../src/api/diff-files.ts'
import { collect } from '../../src/base/iterables.ts'
import { Repository, type DiffOptions, type RowChange, type Value } from '../../src/index.ts'
import { sqliteBytes } from '../formats/columnar-files.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

type Files = Record<string, Uint8Array | string>

/** A repository whose first commit holds `before`; `after` lies in the folder. */
async function changed(before: Files, after: Files): Promise<Repository> {
  const repo = await Repository.init(temporaryDir(), { author })
  const write = (files: Files): void => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(repo.root!, name), bytes)
  }
  write(before)
  await repo.add(['.'])
  await repo.commit({ message: 'first' })
  write(after)
  return repo
}

function parquet(columns: Record<string, unknown[]>): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }))
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}

/** By item: what it is about, its key and note, and its changes in words. */
async function shown(repo: Repository, options: DiffOptions = {}): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const diff of repo.diff(options)) {
    const rows = (await collect(diff.rows())).flat()
    items.push([
      diff.table === undefined ? diff.path : `${diff.path}:${diff.table}`,
      diff.kind,
      ...(diff.kind === 'table' ? [diff.keyColumns!.join(',')] : []),
      ...(diff.note === undefined ? [] : [diff.note]),
      ...diff.schemaChanges,
      ...rows.map(words),
    ])
  }
  await repo.close()
  return items
}

const word = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value))

function words({ kind, key, cells }: RowChange): string {
  const changes = cells.map(({ column, before, after }) => `${column}: ${word(before)} -> ${word(after)}`)
  return [`${kind} ${key.map(word).join(',')}`, ...changes].join(', ')
}

describe('SQLite', () => {
  const make = (...rows: string[]): Promise<Uint8Array> =>
    sqliteBytes(
      'CREATE TABLE p (name TEXT, id INTEGER PRIMARY KEY, n REAL)',
      `INSERT INTO p VALUES ${rows.join(',')}`,
    )

  test('rows and cells by the primary key', async () => {
    const repo = await changed(
      { 'a.db': await make("('x', 1, 0.5)", "('y', 2, 1)", "('z', 3, NULL)") },
      { 'a.db': await make("('x', 1, 0.25)", "('z', 3, 7)", "('w', 4, 2)") },
    )
    expect(await shown(repo)).toEqual([
      [
        'a.db:p',
        'table',
        'id',
        'changed 1, n: 0.5 -> 0.25',
        'removed 2',
        'changed 3, n: null -> 7',
        'added 4',
      ],
    ])
  })

  test('each table that differs is a section, new and dropped ones too', async () => {
    const common =
      'CREATE TABLE same (id PRIMARY KEY); CREATE TABLE keyless (v); INSERT INTO keyless VALUES (1), (1)'
    const repo = await changed(
      {
        'a.db': await sqliteBytes(
          common,
          "CREATE TABLE gone (id PRIMARY KEY); INSERT INTO gone VALUES ('a')",
        ),
      },
      {
        'a.db': await sqliteBytes(
          common,
          "CREATE TABLE fresh (id PRIMARY KEY, v); INSERT INTO fresh VALUES ('b', 1)",
        ),
      },
    )
    const stats = await collect(repo.diffStat())
    expect(stats.map(({ table, state, rows }) => [table, state, rows?.added, rows?.removed])).toEqual([
      ['fresh', 'added', 1, 0],
      ['gone', 'deleted', 0, 1],
    ])
    expect((await collect(repo.diffPaths())).map(({ path: name, kind }) => [name, kind])).toEqual([
      ['a.db', 'file'],
    ])
    expect(await shown(repo)).toEqual([
      ['a.db:fresh', 'table', 'id', 'added b'],
      ['a.db:gone', 'table', 'id', 'removed a'],
    ])
  })

  test('a table without a primary key goes by leading columns that are unique', async () => {
    const make2 = (...rows: string[]): Promise<Uint8Array> =>
      sqliteBytes('CREATE TABLE t (day TEXT, town TEXT, n INT)', `INSERT INTO t VALUES ${rows.join(',')}`)
    const repo = await changed(
      { 'a.db': await make2("('mon', 'Wien', 1)", "('mon', 'Graz', 2)") },
      { 'a.db': await make2("('mon', 'Wien', 1)", "('mon', 'Graz', 3)", "('tue', 'Graz', 4)") },
    )
    expect(await shown(repo)).toEqual([
      [
        'a.db:t',
        'table',
        'day,town',
        'rows are told apart by day, town, unique in both versions',
        'changed mon,Graz, n: 2 -> 3',
        'added tue,Graz',
      ],
    ])
  })

  test('where no row differs, it is said, and sizes are shown', async () => {
    const before = await make("('x', 1, 0.5)")
    const after = before.slice()
    // The counter of changes, which says nothing about rows.
    after[27]! += 1
    const repo = await changed({ 'a.db': before }, { 'a.db': after })
    expect(await shown(repo)).toEqual([['a.db', 'binary', 'no row differs']])
  })
})

test('a Parquet file that becomes one of SQLite is not taken for a damaged one', async () => {
  const to = await sqliteBytes('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1)')
  const file = parquet({ id: [1, 2] })
  const dir = temporaryDir()
  for (const [name, bytes] of Object.entries({ 'a.parquet': file, 'a.db': to }))
    writeFileSync(path.join(dir, name), bytes)
  const diffs = await collect(diffFiles(path.join(dir, 'a.parquet'), path.join(dir, 'a.db')))
  expect(diffs.map(({ note }) => note)).toEqual(['files of different formats are not compared by rows'])
})

describe('Parquet', () => {
  const before = { id: [1, 2, 3], group: ['a', 'a', 'b'], n: [1.5, 2.5, 3.5] }
  const after = { id: [1, 2, 4], group: ['a', 'a', 'b'], n: [1.5, 2.25, 4.5] }

  test('rows and cells by a unique first column', async () => {
    const repo = await changed({ 'a.parquet': parquet(before) }, { 'a.parquet': parquet(after) })
    expect(await shown(repo)).toEqual([
      [
        'a.parquet',
        'table',
        'id',
        'rows are told apart by id, unique in both versions',
        'changed 2, n: 2.5 -> 2.25',
        'removed 3',
        'added 4',
      ],
    ])
  })

  test('the key that varve.yaml declares counts first, by path, pattern or format', async () => {
    const shuffled = ({ id, group, n }: typeof before): Uint8Array => parquet({ group, n, id })
    for (const [name, yaml] of [
      ['a.parquet', 'tables:\n  a.parquet:\n    key: id\n'],
      ['a.parquet', "tables:\n  '*.parquet':\n    key: [id]\n"],
      ['a.data', 'tables:\n  a.data:\n    key: id\n    format: parquet\n'],
    ] as const) {
      const repo = await changed(
        { [name]: shuffled(before), 'varve.yaml': yaml },
        { [name]: shuffled(after) },
      )
      expect(await shown(repo)).toEqual([
        [name, 'table', 'id', 'changed 2, n: 2.5 -> 2.25', 'removed 3', 'added 4'],
      ])
    }
  })

  test('columns that came, went and changed their type are told', async () => {
    const repo = await changed(
      { 'a.parquet': parquet({ id: [1], old: ['x'], n: [1] }) },
      { 'a.parquet': parquet({ id: [1], fresh: ['y'], n: ['1'] }) },
    )
    expect(await shown(repo)).toEqual([
      [
        'a.parquet',
        'table',
        'id',
        'rows are told apart by id, unique in both versions',
        "column 'fresh' added",
        "column 'old' removed",
        "column 'n' is text, was int",
        'changed 1, fresh: null -> y, n: 1 -> 1, old: x -> null',
      ],
    ])
  })

  test('without a key, and where a version is damaged, sizes are shown and the reason', async () => {
    const repeated = parquet({ a: [1, 1], b: ['x', 'x'] })
    const repo = await changed(
      { 'a.parquet': repeated, 'b.parquet': parquet(before) },
      { 'a.parquet': parquet({ a: [1, 1], b: ['x', 'y'] }), 'b.parquet': parquet(after).slice(0, 100) },
    )
    expect(await shown(repo)).toEqual([
      ['a.parquet', 'binary', 'not compared by rows: no key is known, and none is unique'],
      [
        'b.parquet',
        'binary',
        "'b.parquet' is damaged: a Parquet file begins and ends with 'PAR1', and this does not",
      ],
    ])
  })

  test('track proves a key and writes it into varve.yaml; the file stays a file', async () => {
    const repo = await changed({ 'a.parquet': parquet(before) }, {})
    await expect(repo.track('a.parquet', { key: ['group'] })).rejects.toThrow(
      "'a.parquet' row 2: key 'a' was used in row 1 already",
    )
    expect(await repo.track('a.parquet', { key: ['id'] })).toMatchObject({
      path: 'a.parquet',
      key: ['id'],
      rows: 3,
    })
    expect(readFileSync(path.join(repo.root!, 'varve.yaml'), 'utf8')).toBe(
      'tables:\n  a.parquet:\n    key: id\n',
    )
    expect((await repo.status()).unstaged).toEqual([])
    await expect(repo.track('a.db', { key: ['id'] })).rejects.toThrow("no such file: 'a.db'")
    await repo.close()
  })

  test('the file itself comes back byte for byte, declared or not', async () => {
    const bytes = parquet(before)
    const repo = await changed(
      { 'a.parquet': bytes, 'varve.yaml': 'tables:\n  a.parquet:\n    key: id\n' },
      {},
    )
    expect(await (await repo.at('HEAD')).readAll('a.parquet')).toEqual(bytes)
    expect((await collect(repo.list('HEAD', { path: 'a.parquet' }))).map(({ kind }) => kind)).toEqual([
      'file',
    ])
    await repo.close()
  })
})
