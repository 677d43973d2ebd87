// What SQLite alone has: tables of every kind, keys that take letters for the same, rules that end a transaction,
// triggers that say no, files that are none, and others who hold the lock.
import fs from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { type Bound, boundOf } from '../../src/connectors/sqlite/values.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { textCell } from '../../src/table/cell.ts'
import { apply, heldBack, insert, readAll, remove, update } from '../../src/contract/plans.ts'
import { type SqliteWriter, startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

/** Collects garbage now. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

test('a long text that is nearly a number is kept as text at once', () => {
  const column = {
    name: 'n',
    type: 'int',
    nativeType: 'INTEGER',
    nullable: true,
    generated: false,
    affinity: 'integer',
    mayBeNull: true,
    isStrict: false,
  } as const
  const start = performance.now()
  const text = `${'1'.repeat(1 << 20)}x`
  const { value, sql } = boundOf(textCell(text), column) as Bound
  expect(sql).toBe('CAST(? AS TEXT)')
  expect(Buffer.from(value as Uint8Array).toString() === text).toBe(true)
  expect(performance.now() - start).toBeLessThan(5_000)
})

describe('SQLite files', () => {
  let other: SqliteWriter
  let file: string
  let connector: Connector
  let count = 0
  const dir = temporaryDir()

  beforeAll(() => {
    other = startSqliteWriter()
  })
  afterAll(() => other.stop())
  beforeEach(async () => {
    file = `${dir}/${++count}.db`
    await other.query(file, 'PRAGMA journal_mode = WAL')
    connector = await openEndpoint(`sqlite://${file}`)
  })
  afterEach(() => connector.close())

  test('a table is read to its end whenever the collector runs', async () => {
    await other.run(file, [
      'CREATE TABLE t (id INTEGER PRIMARY KEY)',
      'INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000) SELECT n FROM c',
    ])
    const tables = await connector.discover(['t'])
    const snapshot = await connector.snapshot(tables)
    let rows = 0
    for await (const batch of snapshot.rows(tables[0]!)) {
      rows += batch.length
      collect()
      await new Promise((done) => setImmediate(done))
    }
    await snapshot.close()
    expect(rows).toBe(5000)
  })

  for (const [kind, sql] of [
    ['a rowid table', 'CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE NOT NULL, n)'],
    ['AUTOINCREMENT', 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, u TEXT UNIQUE NOT NULL, n)'],
    ['WITHOUT ROWID', 'CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE NOT NULL, n) WITHOUT ROWID'],
    ['STRICT', 'CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE NOT NULL, n ANY) STRICT'],
    ['a text as key', 'CREATE TABLE t (id VARCHAR(9) PRIMARY KEY, u INTEGER UNIQUE NOT NULL, n)'],
  ] as const) {
    test(`${kind}: rows are written, exchange unique values, and are guarded`, async () => {
      await other.run(file, [sql])
      const [a, b] = [
        { id: '1', u: '10', n: 'x' },
        { id: '2', u: '20', n: null },
      ]
      expect(heldBack(await apply(connector, [insert('t', a), insert('t', b)]))).toBe('nothing')
      const swap = [update('t', a, { ...a, u: '20' }), update('t', b, { ...b, u: '10' })]
      expect(heldBack(await apply(connector, swap))).toBe('nothing')
      expect(await readAll(connector, ['t'])).toEqual([
        [
          { ...a, u: '20' },
          { ...b, u: '10' },
        ],
      ])
      expect(heldBack(await apply(connector, [remove('t', a)]))).toBe('changed 1')
      expect(heldBack(await apply(connector, [remove('t', { ...a, u: '20' })]))).toBe('nothing')
    })
  }

  test('AUTOINCREMENT gives out no number again that we have written and deleted', async () => {
    await other.run(file, ['CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT)'])
    expect(heldBack(await apply(connector, [insert('t', { id: '7', n: 'ours' })]))).toBe('nothing')
    expect(heldBack(await apply(connector, [remove('t', { id: '7', n: 'ours' })]))).toBe('nothing')
    await other.run(file, ["INSERT INTO t (n) VALUES ('theirs')"])
    expect(await other.query(file, 'SELECT id FROM t')).toEqual([{ id: '8' }])
  })

  test('letters that a key takes for the same are told apart, and change without a clash', async () => {
    await other.run(file, [
      'CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, n TEXT COLLATE NOCASE)',
    ])
    expect(heldBack(await apply(connector, [insert('t', { id: 'ada', n: 'x' })]))).toBe('nothing')
    expect(
      heldBack(await apply(connector, [update('t', { id: 'ada', n: 'X' }, { id: 'ada', n: 'y' })])),
    ).toBe('changed ada')
    expect(heldBack(await apply(connector, [insert('t', { id: 'ADA', n: 'x' })]))).toBe('changed ADA')
    const renamed = [remove('t', { id: 'ada', n: 'x' }), insert('t', { id: 'ADA', n: 'x' })]
    expect(heldBack(await apply(connector, renamed))).toBe('nothing')
    expect(await other.query(file, 'SELECT * FROM t')).toEqual([{ id: 'ADA', n: 'x' }])
  })

  test('a rule that would replace or undo silently is kept from it, and the row waits', async () => {
    await other.run(file, [
      'CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE ON CONFLICT REPLACE, w TEXT UNIQUE ON CONFLICT ROLLBACK)',
      "INSERT INTO t VALUES (1, 'a', 'a')",
    ])
    expect(heldBack(await apply(connector, [insert('t', { id: '2', u: 'a', w: 'b' })]))).toBe('rejected 2')
    expect(heldBack(await apply(connector, [insert('t', { id: '2', u: 'b', w: 'a' })]))).toBe('rejected 2')
    expect(await other.query(file, 'SELECT id FROM t')).toEqual([{ id: '1' }])
  })

  for (const action of ["ABORT, 'no'", "FAIL, 'no'", "ROLLBACK, 'no'", 'IGNORE']) {
    test(`a trigger that says no by RAISE(${action}) holds back its row, and nothing is left behind`, async () => {
      await other.run(file, [
        'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)',
        'CREATE TABLE log (id INTEGER PRIMARY KEY)',
        `CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.n = 'bad'
           BEGIN INSERT INTO log VALUES (NEW.id); SELECT RAISE(${action}); END`,
      ])
      const rows = [insert('t', { id: '1', n: 'good' }), insert('t', { id: '2', n: 'bad' })]
      const applied = await apply(connector, rows)
      expect(heldBack(applied)).toBe('rejected 2')
      // Asked once: the second time it might fail by what it left behind the first time.
      const words = action === 'IGNORE' ? 'a trigger leaves the row out' : 'no'
      expect(applied).toMatchObject({ rows: [{ message: words }] })
      expect(await other.query(file, 'SELECT id FROM t UNION ALL SELECT id FROM log')).toEqual([])
      expect(heldBack(await apply(connector, rows.slice(0, 1)))).toBe('nothing')
    })
  }

  test('a text that is not UTF-8 is refused by name, and a table without a key is shown as one', async () => {
    await other.run(file, [
      'CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)',
      "INSERT INTO t VALUES (1, CAST(x'ff' AS TEXT))",
    ])
    await expect(readAll(connector, ['t'])).rejects.toThrow("'t' has a text that is not UTF-8 in column 'n'")
  })

  test('what is no database, not there, or not ours is said to be that', async () => {
    const path = `${dir}/letter.txt`
    fs.writeFileSync(path, 'Dear Sir or Madam, '.repeat(100))
    await expect(openEndpoint(`sqlite://${path}`)).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await expect(openEndpoint(`sqlite://${dir}/none.db`)).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    expect(fs.existsSync(`${dir}/none.db`)).toBe(false)
    await expect(openEndpoint('sqlite:data.db')).rejects.toMatchObject({ code: 'VARVE_USAGE' })
    const wide = new DatabaseSync(`${dir}/utf16.db`)
    wide.exec("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (id INTEGER PRIMARY KEY)")
    wide.close()
    await expect(openEndpoint(`sqlite://${dir}/utf16.db`)).rejects.toThrow('keeps its text as UTF-16le')
  })
})
