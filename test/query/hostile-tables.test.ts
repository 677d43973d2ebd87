// Tables that SQLite cannot have, or would take for another; and no room for those that it can.
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { BoundRows } from '../../src/formats/sqlite/bound-rows.ts'
import { Repository, type Row } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { hasSmallDisk, makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

describe('a query', () => {
  let dir: string
  let repo: Repository

  const create = (table: string, rows: readonly Row[]): Promise<unknown> =>
    repo.transaction('main', (tx) => tx.createTable(table, { key: ['id'] }).putAll(rows))
  const put = (table: string, rows: readonly Row[]): Promise<unknown> =>
    repo.transaction('main', (tx) => tx.table(table).putAll(rows))

  async function ask(sql: string): Promise<readonly Row[]> {
    await using result = await repo.query(sql)
    return (await collect(result.rows())).flat()
  }

  beforeEach(async () => {
    dir = temporaryDir()
    repo = await Repository.init(dir, { author })
    return () => repo.close()
  })

  test('says which columns are one to SQLite, and that there are too many', async () => {
    await create('cased', [{ id: 1, Name: 'a', name: 'b' }])
    expect(await fault(ask('SELECT * FROM cased'))).toBe(
      "VARVE_NOT_POSSIBLE: 'cased' cannot be asked by SQL: columns 'Name' and 'name' are one column to SQLite",
    )
    const wide = (count: number): Row =>
      Object.fromEntries(
        ['id', ...Array.from({ length: count - 1 }, (_, i) => `c${i}`)].map((name) => [name, 1]),
      )
    await create('wide', [wide(1999)])
    expect(await ask('SELECT sum(c1997) AS n FROM wide')).toEqual([{ n: 1 }])
    await create('wider', [wide(2000)])
    expect(await fault(ask('SELECT sum(c1998) FROM wider'))).toBe(
      "VARVE_NOT_POSSIBLE: 'wider' cannot be asked by SQL: it has more than 1999 columns",
    )
  })

  test('takes bools for numbers, however they are spelled and read', async () => {
    await create('flags', [{ id: 1, on: true }])
    await put('flags', [
      { id: 2, on: 'true' },
      { id: 3, on: 'false' },
      { id: 4, on: 'TRUE' },
      { id: 5, on: null },
    ])
    await repo.createTag('v1')
    const sql = (table: string): string =>
      `SELECT id, CAST("on" AS TEXT) AS "on", typeof("on") AS kind FROM "${table}" ORDER BY id`
    const rows = [
      { id: 1, on: '1', kind: 'integer' },
      { id: 2, on: '1', kind: 'integer' },
      { id: 3, on: '0', kind: 'integer' },
      { id: 4, on: 'TRUE', kind: 'text' },
      { id: 5, on: null, kind: 'null' },
    ]
    expect(await ask(sql('flags'))).toEqual(rows)
    expect((await ask('SELECT id FROM flags WHERE "on" ORDER BY id')).map(({ id }) => id)).toEqual([1, 2])
    await put('flags', [
      { id: 3, on: 'true' },
      { id: 2, on: 'false' },
    ])
    expect((await ask('SELECT id FROM flags WHERE "on" ORDER BY id')).map(({ id }) => id)).toEqual([1, 3])
  })

  test('tells a version of a table from a table that is called like one', async () => {
    await create('people.csv', [{ id: 1, name: 'then' }])
    await repo.createTag('v1')
    await create('people.csv@v1', [{ id: 1, name: 'other' }])
    expect(
      await ask('SELECT a.name AS a, b.name AS b FROM "people@v1" a JOIN "people.csv@v1" b USING (id)'),
    ).toEqual([{ a: 'then', b: 'other' }])
  })

  test.skipIf(!hasSmallDisk)(`says that there is no room for tables${withoutSmallDisk}`, async () => {
    const text = 'x'.repeat(1000)
    await create(
      'large',
      Array.from({ length: 3000 }, (_, id) => ({ id, text: `${id}${text}` })),
    )
    await ask('SELECT 1')
    const disk = makeSmallDisk(1)
    try {
      const cache = path.join(dir, '.varve', 'cache')
      fs.rmSync(cache, { recursive: true })
      fs.mkdirSync(path.join(disk.dir, 'cache'))
      fs.symlinkSync(path.join(disk.dir, 'cache'), cache)
      expect(await ask('SELECT count(*) AS n FROM large')).toEqual([{ n: 3000 }])
      vi.stubEnv('TMPDIR', disk.dir)
      expect(await fault(ask('SELECT count(*) AS n FROM large'))).toMatch(/^VARVE_IO: the tables/)
      expect(fs.readdirSync(disk.dir)).toEqual(['cache'])
      expect(fs.readdirSync(cache)).toEqual([])
    } finally {
      vi.unstubAllEnvs()
      disk.end()
    }
  })
})

describe('rows that are packed for SQLite', () => {
  test('are handed over before bytes, or columns, fill the memory', () => {
    const ofBytes = new BoundRows()
    for (let row = 0; row < 4; row++) {
      expect(ofBytes.isFull).toBe(false)
      ofBytes.odd(new Uint8Array(1 << 20))
      ofBytes.endRow()
    }
    expect(ofBytes.isFull).toBe(true)
    ofBytes.take()
    expect(ofBytes.isFull).toBe(false)

    const ofNumbers = new BoundRows()
    for (let row = 0; row < 600; row++) {
      for (let column = 0; column < 2000; column++) ofNumbers.number(1)
      ofNumbers.endRow()
    }
    expect(ofNumbers.isFull).toBe(true)
  })
})
