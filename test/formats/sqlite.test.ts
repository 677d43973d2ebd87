import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { openColumnar } from '../../src/formats/columnar/open.ts'
import { writeSqlite } from '../../src/formats/sqlite/write.ts'
import { temporaryDir } from '../support/temporary.ts'
import { columnsOf, readFrom, rowsOf, sqliteBytes, withSource, written } from './columnar-files.ts'
import { chunksOf, read } from './round-trip.ts'

describe('reading', () => {
  test('values keep every digit and byte, whatever their column is declared as', async () => {
    const bytes = await sqliteBytes(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, big INTEGER, real REAL, text TEXT, blob BLOB, any)',
      "INSERT INTO t VALUES (1, 9223372036854775807, 0.1, '', x'00ff', 1)",
      "INSERT INTO t VALUES (2, -9007199254740993, 1e308, 'a' || char(0) || 'b', x'', 1.0)",
      "INSERT INTO t VALUES (3, NULL, 5, NULL, NULL, 'x')",
      "INSERT INTO t VALUES (4, 0, 9e999, 'ü', NULL, NULL)",
    )
    expect(await columnsOf('sqlite', bytes)).toEqual({
      'id int': ['number 1', 'number 2', 'number 3', 'number 4'],
      'big int': ['number 9223372036854775807', 'number -9007199254740993', 'null', 'number 0'],
      'real float': ['number 0.1', 'number 1e+308', 'number 5', 'text Infinity'],
      'text text': ['text ', 'text a\0b', 'null', 'text ü'],
      'blob bytes': ['bytes 00ff', 'bytes ', 'null', 'null'],
      'any text': ['number 1', 'number 1.0', 'text x', 'null'],
    })
  })

  test('declared booleans, dates, times and JSON are what they are declared as', async () => {
    const bytes = await sqliteBytes(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, ok BOOLEAN, day DATE, at DATETIME, doc JSON)',
      `INSERT INTO t VALUES (1, 1, '2024-02-29', '2024-02-29 12:00:00.000001', '{"a": 1.50}')`,
      `INSERT INTO t VALUES (2, 0, NULL, NULL, '"word"')`,
    )
    expect(await columnsOf('sqlite', bytes)).toEqual({
      'id int': ['number 1', 'number 2'],
      'ok bool': ['true', 'false'],
      'day date': ['text 2024-02-29', 'null'],
      'at timestamp': ['text 2024-02-29 12:00:00.000001', 'null'],
      'doc json': ['json {"a": 1.50}', 'text word'],
    })
  })

  test('the primary key is the key, in its own order', async () => {
    const bytes = await sqliteBytes('CREATE TABLE t (a, b, c, PRIMARY KEY (c, a)) WITHOUT ROWID')
    expect(await withSource('sqlite', bytes, async ({ key }) => key)).toEqual(['c', 'a'])
  })

  test('a table is named where there are several; views and virtual tables are none', async () => {
    const bytes = await sqliteBytes(
      'CREATE TABLE "a b" (id PRIMARY KEY); CREATE TABLE c (id PRIMARY KEY); CREATE VIEW v AS SELECT * FROM c',
      'INSERT INTO "a b" VALUES (\'x\')',
    )
    expect(await rowsOf('sqlite', bytes, 'a b')).toEqual([['text x']])
    await expect(rowsOf('sqlite', bytes)).rejects.toThrow("'data' has 2 tables")
    await expect(rowsOf('sqlite', bytes, 'v')).rejects.toThrow("'data' has no table 'v'")
  })

  test('a database in WAL mode is read, one of UTF-16 is refused', async () => {
    const wal = await sqliteBytes('CREATE TABLE t (id PRIMARY KEY)', "INSERT INTO t VALUES ('x')")
    wal[18] = wal[19] = 2
    expect(await rowsOf('sqlite', wal)).toEqual([['text x']])
    wal[59] = 2
    await expect(rowsOf('sqlite', wal)).rejects.toThrow("'data': its text is UTF-16, which is not read")
  })

  test('text that is not UTF-8 is refused by row and column', async () => {
    const bytes = await sqliteBytes(
      'CREATE TABLE t (id PRIMARY KEY, v)',
      "INSERT INTO t VALUES (1, 'a'), (2, CAST(x'ff' AS TEXT))",
    )
    await expect(rowsOf('sqlite', bytes)).rejects.toThrow("'data' row 2, column 'v': text is not UTF-8")
  })
})

describe('writing', () => {
  test('columns are declared by their types, with the key as primary key', async () => {
    const text =
      '{"id":1,"big":9223372036854775807,"ok":true,"f":0.5,"doc":{"a":[1]},"t":"a\\u0000b"}\n{"id":2,"ok":null,"doc":[],"t":""}\n'
    const { nodes, table } = await read(text, { key: ['id'], format: 'jsonl' })
    const notes: string[] = []
    const bytes = await written(
      writeSqlite(nodes, table, { table: 'things', onNote: (note) => notes.push(note) }),
    )
    expect(await columnsOf('sqlite', bytes)).toEqual({
      'id int': ['number 1', 'number 2'],
      'big int': ['number 9223372036854775807', 'null'],
      'ok bool': ['true', 'null'],
      'f float': ['number 0.5', 'null'],
      'doc json': ['json {"a":[1]}', 'json []'],
      't text': ['text a\0b', 'text '],
    })
    expect(notes).toEqual([])
  })

  test('a decimal that no double holds makes its column text, and that is said', async () => {
    const { nodes, table } = await read('id,n\n1,1.5\n2,12345678901234567.25\n', { key: ['id'] })
    const notes: string[] = []
    const bytes = await written(writeSqlite(nodes, table, { table: 't', onNote: (note) => notes.push(note) }))
    expect((await columnsOf('sqlite', bytes))['n text']).toEqual(['text 1.5', 'text 12345678901234567.25'])
    expect(notes).toEqual([
      "column 'n' is decimal and is written as text: row 2 holds '12345678901234567.25'",
    ])
  })

  test('columns that SQLite cannot tell apart are refused by name', async () => {
    const { nodes, table } = await read('id,Name,name\n1,a,b\n', { key: ['id'] })
    await expect(written(writeSqlite(nodes, table, { table: 't' }))).rejects.toThrow(
      "columns 'Name' and 'name' are one column to SQLite",
    )
  })

  const python = spawnSync('python3', ['-c', 'import sqlite3']).status === 0
  test.skipIf(!python)("Python's sqlite3 reads what was written (skipped without python3)", async () => {
    const { nodes, table } = await read('id,name,v\n1,"a ""b""",0.25\n2,,7\n', { key: ['id'] })
    const file = path.join(temporaryDir(), 'out.db')
    writeFileSync(file, await written(writeSqlite(nodes, table, { table: 'people' })))
    const script = `import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);print(c.execute('pragma integrity_check').fetchall(),c.execute('select * from people').fetchall())`
    expect(spawnSync('python3', ['-c', script, file], { encoding: 'utf8' }).stdout.trim()).toBe(
      `[('ok',)] [(1, 'a "b"', 0.25), (2, None, 7.0)]`,
    )
  })
})

describe('broken bytes', () => {
  const rows = Array.from({ length: 400 }, (_, i) => `(${i}, 'word ${i}', ${i / 4})`).join(',')
  const whole = sqliteBytes(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT, r REAL)',
    `INSERT INTO t VALUES ${rows}`,
  )
  const outcome = async (bytes: Uint8Array): Promise<string> =>
    rowsOf('sqlite', bytes, 't').then(
      (found) => `${found.length} rows`,
      (error: unknown) => (isVarveError(error) ? error.code : String(error)),
    )

  test('a file cut short anywhere is damaged', async () => {
    const bytes = await whole
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        expect(await outcome(bytes.slice(0, length))).toBe('VARVE_CORRUPT')
      }),
      { numRuns: 40 },
    )
  })

  test('flipped bits anywhere are an error of ours, or as many rows as before', async () => {
    const bytes = await whole
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, bits) => {
          const broken = bytes.slice()
          broken[at]! ^= bits
          expect(await outcome(broken)).toMatch(
            /^(VARVE_CORRUPT|VARVE_PATH_NOT_FOUND|VARVE_RULE_VIOLATED|VARVE_UNSUPPORTED_FORMAT|400 rows)$/,
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  test('what is no SQLite file is said to be none', async () => {
    await expect(
      openColumnar(chunksOf(new Uint8Array(5000)), { format: 'sqlite', where: 'x.db' }),
    ).rejects.toThrow("'x.db' is damaged: it does not begin as a SQLite file does")
  })

  test('a key that comes twice is named by its rows', async () => {
    const bytes = await sqliteBytes(
      'CREATE TABLE t (id, v)',
      "INSERT INTO t VALUES ('a', 1), ('b', 2), ('a', 3)",
    )
    await expect(readFrom('sqlite', bytes, ['id'])).rejects.toThrow(
      "'data' row 3: key 'a' was used in row 1 already",
    )
  })
})
