// Questions in SQL about tables as they are in commits.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, utf8Text } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { Repository, type QueryOptions, type Row } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

interface Answer {
  readonly rows: readonly Row[]
  readonly read: number
}

async function ask(repo: Repository, sql: string, options: QueryOptions = {}): Promise<Answer> {
  await using result = await repo.query(sql, options)
  const rows = (await collect(result.rows())).flat()
  expect(rows).toHaveLength(result.rowCount)
  return { rows, read: result.rowsRead }
}

describe('a query', () => {
  let dir: string
  let repo: Repository

  async function put(table: string, rows: readonly Record<string, unknown>[], gone: readonly number[] = []) {
    return repo.transaction('main', async (tx) => {
      const isNew = tx.base === null || !(await paths()).includes(table)
      const view = isNew ? tx.createTable(table, { key: ['id'] }) : tx.table(table)
      for (const id of gone) view.delete(id)
      await view.putAll(rows as Row[])
    })
  }

  async function paths(): Promise<string[]> {
    return (await collect((await repo.at('main')).list())).map((entry) => entry.path)
  }

  beforeEach(async () => {
    dir = temporaryDir()
    repo = await Repository.init(dir, { author })
    await put('people', [
      { id: 1, name: 'Ada', city: 'London' },
      { id: 2, name: 'Grace', city: 'New York' },
      { id: 3, name: 'Lise', city: 'Wien' },
    ])
    await repo.createTag('v1')
    return () => repo.close()
  })

  test('without an answer has the types of the columns that it takes', async () => {
    await repo.transaction('main', async (tx) => {
      const types = { id: 'int', price: 'decimal', weight: 'float', sold: 'bool', at: 'timestamp' } as const
      const columns = Object.entries(types).map(([name, type]) => ({ name, type }))
      const table = tx.createTable('shop/items', { key: ['id'], columns })
      table.put({ id: 1, price: '1.50', weight: 2.5, sold: true, at: '2026-01-01T00:00:00Z' })
    })
    const sql = `SELECT i.*, p.name, i.id + 1 AS next FROM "shop/items" i JOIN "people@v1" p USING (id)`
    const typesOf = async (where: string) => {
      await using result = await repo.query(`${sql} WHERE i.id ${where}`)
      return result.columns.map(({ name, type }) => `${name} ${type}`)
    }
    const all = ['id int', 'price float', 'weight float', 'sold int', 'at text', 'name text']
    expect(await typesOf('= 1')).toEqual([...all, 'next int'])
    expect(await typesOf('> 1')).toEqual([...all, 'next text'])
    expect(await typesOf('= 1')).toEqual([...all, 'next int'])
  })

  test('joins, aggregates and sorts', async () => {
    await put('shop/orders', [
      { id: 10, person: 1, total: 5 },
      { id: 11, person: 1, total: 7 },
      { id: 12, person: 3, total: 2 },
    ])
    const sql = `WITH sums AS (SELECT person, sum(total) AS total FROM orders GROUP BY person)
      SELECT name, total FROM sums JOIN people ON people.id = person ORDER BY total DESC`
    expect((await ask(repo, sql)).rows).toEqual([
      { name: 'Ada', total: 12 },
      { name: 'Lise', total: 2 },
    ])
    expect((await ask(repo, 'SELECT count(*) AS n FROM "shop/orders"')).rows).toEqual([{ n: 3 }])
  })

  test('compares versions', async () => {
    await put('people', [{ id: 3, name: 'Lise', city: 'Vienna' }], [2])
    const changed = `SELECT id, old.city AS was, new.city AS "is"
      FROM "people@v1" old LEFT JOIN people new USING (id) WHERE old.city IS NOT new.city ORDER BY id`
    expect((await ask(repo, changed)).rows).toEqual([
      { id: 2, was: 'New York', is: null },
      { id: 3, was: 'Wien', is: 'Vienna' },
    ])
    expect((await ask(repo, 'SELECT city FROM people WHERE id = 3', { revision: 'v1' })).rows).toEqual([
      { city: 'Wien' },
    ])
    await using result = await repo.query('SELECT * FROM "people@main~1"')
    expect(result.tables).toEqual([
      { name: 'people@main~1', path: 'people', commit: (await repo.commitInfo('v1')).id },
    ])
  })

  test('reads of known tables what has changed', async () => {
    const sql = 'SELECT count(*) AS n FROM people'
    expect(await ask(repo, sql)).toEqual({ rows: [{ n: 3 }], read: 3 })
    expect(await ask(repo, sql)).toEqual({ rows: [{ n: 3 }], read: 0 })
    await put('people', [{ id: 4, name: 'Emmy', city: 'Erlangen' }])
    expect(await ask(repo, sql)).toEqual({ rows: [{ n: 4 }], read: 1 })
    // A query that is none forgets nothing.
    await expect(ask(repo, 'SELECT missing FROM people')).rejects.toThrow('no such column: missing')
    expect((await ask(repo, sql)).read).toBe(0)
  })

  test('keeps values as they are', async () => {
    await put('values', [
      {
        id: 1,
        int: 2n ** 62n,
        text: '007',
        real: 0.1,
        none: null,
        bool: true,
        bytes: new Uint8Array([0, 255]),
      },
      { id: 2, int: -1, text: 'ü"\n', real: -2.5, none: null, bool: false, bytes: new Uint8Array() },
    ])
    const { rows } = await ask(repo, 'SELECT int, text, real, none, bytes FROM "values" ORDER BY id')
    expect(rows).toEqual([
      { int: 2n ** 62n, text: '007', real: 0.1, none: null, bytes: new Uint8Array([0, 255]) },
      { int: -1, text: 'ü"\n', real: -2.5, none: null, bytes: new Uint8Array() },
    ])
    await using result = await repo.query('SELECT text, none FROM "values" ORDER BY id DESC')
    expect(utf8Text(concatBytes(await collect(result.export('csv'))))).toBe('text,none\n"ü""\n",\n007,\n')
  })

  test('takes hostile names for names', async () => {
    await repo.transaction('main', async (tx) => {
      const odd = tx.createTable('a"; DROP TABLE b; --@x', { key: ['__proto__'] })
      await odd.putAll([JSON.parse('{"__proto__":1,"constructor":"c"}') as Row])
    })
    const sql = 'SELECT "__proto__", "constructor" FROM "a""; DROP TABLE b; --@x"'
    const { rows } = await ask(repo, sql)
    expect(Object.entries(rows[0]!)).toEqual([
      ['__proto__', 1],
      ['constructor', 'c'],
    ])
    expect((await ask(repo, sql.replace('@x"', '@x@main"'))).rows).toEqual(rows)
  })

  test('gives columns of one name two names', async () => {
    const { rows } = await ask(repo, 'SELECT a.id, b.id FROM people a, people b WHERE a.id = 1 AND b.id = 2')
    expect(Object.values(rows[0]!)).toEqual([1, 2])
  })

  test('changes nothing and opens nothing', async () => {
    for (const sql of [
      'DELETE FROM people',
      'SELECT 1; SELECT 2',
      `SELECT 1) UNION SELECT * FROM (SELECT 2; ATTACH '${dir}/x' AS x`,
      'PRAGMA user_version = 7',
      "SELECT load_extension('x')",
      'SELECT * FROM main.people',
      '',
    ])
      expect(await fault(ask(repo, sql)), sql).toMatch(/^VARVE_(USAGE|PATH_NOT_FOUND): /)
    expect((await ask(repo, 'SELECT count(*) AS n FROM people')).rows).toEqual([{ n: 3 }])
    expect(readdirSync(dir)).toEqual(['.varve'])
  })

  test('says which table or revision is missing', async () => {
    expect(await fault(ask(repo, 'SELECT * FROM peple'))).toBe(
      "VARVE_PATH_NOT_FOUND: no table 'peple' in 'HEAD'",
    )
    expect(await fault(ask(repo, 'SELECT * FROM "people@v2"'))).toMatch(/^VARVE_REF_NOT_FOUND: /)
    expect(await fault(ask(repo, 'SELECT * FROM "peple@v1"'))).toBe(
      "VARVE_PATH_NOT_FOUND: no table 'peple' in 'v1'",
    )
    await put('a/twice', [{ id: 1 }])
    await put('b/twice', [{ id: 1 }])
    await expect(ask(repo, 'SELECT * FROM twice')).rejects.toMatchObject({
      code: 'VARVE_USAGE',
      hint: 'say which by its path, in double quotes: "a/twice", "b/twice"',
    })
  })

  test('asks the files as they are now, and what is committed beside them', async () => {
    const file = path.join(dir, 'towns.csv')
    writeFileSync(file, 'id,name\n1,London\n2,Wien\n')
    await repo.track('towns.csv', { key: ['id'] })
    const sql = 'SELECT id, name FROM towns ORDER BY id'
    const files = { worktree: true }
    const [london, wien] = [
      { id: 1, name: 'London' },
      { id: 2, name: 'Wien' },
    ]
    expect(await fault(ask(repo, sql, files))).toBe("VARVE_PATH_NOT_FOUND: no table 'towns' among the files")
    await repo.add(['.'])
    expect(await ask(repo, sql, files)).toEqual({ rows: [london, wien], read: 2 })
    await repo.commit({ message: 'Towns' })
    expect(await ask(repo, sql)).toEqual({ rows: [london, wien], read: 2 })
    // The same as what is committed, which is known.
    expect(await ask(repo, sql, files)).toEqual({ rows: [london, wien], read: 0 })
    writeFileSync(file, 'id,name\n1,London\n2,Vienna\n3,Oslo\n')
    const changed = await ask(repo, 'SELECT * FROM towns EXCEPT SELECT * FROM "towns@HEAD"', files)
    expect(changed.rows).toEqual([
      { id: 2, name: 'Vienna' },
      { id: 3, name: 'Oslo' },
    ])
    expect((await ask(repo, sql)).rows).toEqual([london, wien])
    await using result = await repo.query('SELECT * FROM towns, "people@main"', files)
    expect(result.tables.map(({ path: of, commit }) => [of, commit])).toEqual([
      ['towns.csv', null],
      ['people', (await repo.commitInfo('main')).id],
    ])
    expect(await fault(ask(repo, sql, { ...files, revision: 'HEAD' }))).toMatch(/^VARVE_USAGE: /)
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['.varve', 'towns.csv']))
    expect((await repo.status()).unstaged.map((one) => one.path)).toEqual(['towns.csv'])
    await repo.add(['towns.csv'])
    await repo.commit({ message: 'Vienna' })
    const all = (await ask(repo, sql)).rows
    // What the files hold is known by what is committed, whatever was asked of the files before.
    expect(await ask(repo, sql, files)).toEqual({ rows: all, read: 0 })
  })

  test('survives a damaged cache, and one that another process has', async () => {
    const sql = 'SELECT name FROM people ORDER BY id'
    const { rows } = await ask(repo, sql)
    const file = path.join(dir, '.varve/cache/queries.sqlite')
    const bytes = readFileSync(file)
    writeFileSync(
      file,
      bytes.map((byte, i) => (i < 100 ? byte : byte ^ 0x5a)),
    )
    expect((await ask(repo, sql)).rows).toEqual(rows)
    await using first = await repo.query(sql)
    await using second = await repo.query(sql)
    expect([...(await collect(first.rows())), ...(await collect(second.rows()))].flat()).toEqual([
      ...rows,
      ...rows,
    ])
  })

  test('needs no place for a cache', async () => {
    writeFileSync(path.join(dir, '.varve/cache'), 'no folder')
    expect(await ask(repo, 'SELECT count(*) AS n FROM people')).toEqual({ rows: [{ n: 3 }], read: 3 })
  })

  test('keeps few versions of tables', async () => {
    for (let i = 0; i < 12; i++) {
      await put('people', [{ id: 9, name: `n${i}`, city: '' }])
      await ask(repo, `SELECT * FROM "people@${(await repo.commitInfo('main')).id.slice(0, 12)}"`)
    }
    await ask(repo, 'SELECT * FROM people')
    const { rows } = await ask(repo, 'SELECT count(*) AS n FROM "varve inputs"')
    expect(rows).toEqual([{ n: 8 }])
  })
})
