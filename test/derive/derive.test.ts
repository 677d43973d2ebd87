// Derived tables: computed from others by SQL, kept up to date, and recorded with what they were made of.
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/dataset/config.ts'
import { Repository } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const byCity = `
  reports/by-city:
    from: { people: people.csv, orders: orders.csv }
    sql: |
      SELECT city, count(DISTINCT p.id) AS people, sum(o.total) AS total
      FROM people p LEFT JOIN orders o ON o.person = p.id GROUP BY city
    key: city
    types: { total: decimal }`

describe('derived tables', () => {
  let repo: Repository
  let root: string

  beforeEach(async () => {
    root = path.join(temporaryDir(), 'dataset')
    repo = await Repository.init(root, { author })
    file('people.csv', 'id,name,city\n1,Ada,London\n2,Grace,New York\n3,Alan,London\n')
    file('orders.csv', 'id,person,total\n1,1,10.50\n2,1,2\n3,2,7\n')
    declare(byCity)
    await repo.track('people.csv', { key: ['id'] })
    await repo.track('orders.csv', { key: ['id'] })
    await repo.add(['.'])
    await repo.commit({ message: 'start' })
  })
  afterEach(() => repo.close())

  function file(name: string, text: string): void {
    writeFileSync(path.join(root, name), text)
  }

  let tables = ''
  function declare(derive: string): void {
    tables = 'tables: { people.csv: { key: id }, orders.csv: { key: id } }\n'
    file('varve.yaml', `${tables}derive:${derive}\n`)
  }

  async function edit(name: string, text: string): Promise<void> {
    file(name, text)
    await repo.add([name])
    await repo.commit({ message: `edit ${name}` })
  }

  async function rows(at = 'reports/by-city'): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const row of (await repo.at('main')).table(at).scan()) found.push({ ...row })
    return found
  }

  test('call tables of schemas by their whole names, and a query of another table is told these', async () => {
    const from = '[erp/hr.staff, erp/hr.customer, data/people.csv]'
    const { derivations } = parseConfig(`derive: { a: { from: ${from}, sql: SELECT 1, key: id } }`)
    expect(derivations.get('a')!.from.map(({ name }) => name)).toEqual(['hr.staff', 'hr.customer', 'people'])
    declare('\n  a: { from: [people.csv], sql: SELECT id FROM "people.csv", key: id }')
    await repo.add(['varve.yaml'])
    await repo.commit({ message: 'a' })
    await expect(repo.derive()).rejects.toMatchObject({
      message: "'a' cannot be derived: no such table: people.csv",
      hint: `its tables are called "people"; for other names write 'from: {NAME: PATH}'`,
    })
  })

  test('are computed, committed, and say what they were made of', async () => {
    const { tables: made, commit } = await repo.derive()
    expect(made).toEqual([
      {
        path: 'reports/by-city',
        outcome: 'changed',
        rows: 2,
        rowsRead: 6,
        rowsAnew: 2,
        whole: 'it was not derived here before',
        from: ['people.csv', 'orders.csv'],
      },
    ])
    expect(await rows()).toEqual([
      { city: 'London', people: 2, total: 12.5 },
      { city: 'New York', people: 1, total: 7 },
    ])
    const { extra, message } = await repo.commitInfo(commit!)
    expect(message).toBe('Derive reports/by-city')
    expect(extra['derived']).toEqual({
      'reports/by-city': {
        definition: expect.stringMatching(/^[0-9a-f]{64}$/),
        from: {
          'orders.csv': expect.stringMatching(/^[0-9a-f]{64}$/),
          'people.csv': expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    })
    expect((await repo.status()).unstaged).toEqual([])
  })

  test('are not computed again while nothing has changed, and read what has', async () => {
    await repo.derive()
    const quiet = await repo.derive()
    expect(quiet).toMatchObject({ commit: null, tables: [{ outcome: 'unchanged', rowsRead: 0 }] })
    await edit('orders.csv', 'id,person,total\n1,1,10.50\n2,1,2\n3,2,8\n4,3,1\n')
    expect((await repo.derive()).tables).toMatchObject([{ outcome: 'changed', rowsRead: 2 }])
    expect(await rows()).toMatchObject([{ total: 13.5 }, { total: 8 }])
    await edit('people.csv', 'id,name,city\n1,Ada L.,London\n2,Grace,New York\n3,Alan,London\n')
    expect(await repo.derive()).toMatchObject({ commit: null, tables: [{ outcome: 'same', rowsRead: 1 }] })
    expect((await repo.derive()).tables).toMatchObject([{ outcome: 'unchanged' }])
  })

  test('come out the same from what changed and from all of it', async () => {
    await repo.derive()
    for (let i = 0; i < 5; i++) {
      const orders = Array.from(
        { length: 20 },
        (_, n) => `${n},${(n % 3) + 1},${((n * 7 + i) % 11) / 10 + n}`,
      )
      await edit('orders.csv', `id,person,total\n${orders.slice(i).join('\n')}\n`)
      await repo.derive()
      const known = await rows()
      const anew = await repo.derive({ force: true })
      expect(anew).toMatchObject({ commit: null, tables: [{ outcome: 'same' }] })
      expect(await rows()).toEqual(known)
    }
  })

  test('are made of derived tables, each after those', async () => {
    declare(`
  total: { from: { cities: reports/by-city }, sql: 'SELECT 1 AS id, sum(total) AS total FROM cities', key: id }${byCity}`)
    const { tables: made } = await repo.derive({ paths: ['total'] })
    expect(made.map((one) => one.path)).toEqual(['reports/by-city', 'total'])
    expect(await rows('total')).toEqual([{ id: 1, total: 19.5 }])
  })

  test('are computed again when somebody has changed them, or their declaration', async () => {
    await repo.derive()
    const right = await rows()
    await repo.transaction('main', (tx) => {
      tx.table('reports/by-city').delete('London')
    })
    await repo.reset('main', { mode: 'hard' })
    expect((await repo.derive()).tables).toMatchObject([{ outcome: 'changed', rowsRead: 0 }])
    expect(await rows()).toEqual(right)
    declare(byCity.replace('LEFT JOIN', 'JOIN').replace('count(DISTINCT p.id)', 'count(*)'))
    await repo.add(['varve.yaml'])
    await repo.commit({ message: 'declare otherwise' })
    await repo.derive()
    expect(await rows()).toMatchObject([{ people: 2 }, { people: 1 }])
  })

  test('a dry run says what would change, and changes nothing', async () => {
    const before = await repo.commitInfo('main')
    expect(await repo.derive({ dryRun: true })).toMatchObject({
      commit: null,
      tables: [{ outcome: 'changed' }],
    })
    expect((await repo.commitInfo('main')).id).toBe(before.id)
  })

  test('what is kept for the next time may be broken, or gone, and nothing depends on it', async () => {
    await repo.derive()
    const folder = readdirSync(path.join(root, '.varve'), { recursive: true, encoding: 'utf8' })
    const kept = folder.find((name) => name.endsWith('derived.sqlite'))!
    writeFileSync(
      path.join(root, '.varve', kept),
      'no database at all, but something longer than a header '.repeat(9),
    )
    await edit('orders.csv', 'id,person,total\n1,1,1\n')
    expect((await repo.derive()).tables).toMatchObject([{ outcome: 'changed', rowsRead: 4 }])
    expect(await rows()).toMatchObject([{ total: 1 }, { total: null }])
  })

  test('hostile names are names', async () => {
    file('odd.csv', '"id","__proto__","a ""b"""\n1,x,y\n')
    file(
      'varve.yaml',
      `tables: { odd.csv: { key: id } }
derive:
  out: { from: { '"; DROP': odd.csv }, sql: 'SELECT * FROM """; DROP"', key: id }\n`,
    )
    await repo.add(['.'])
    await repo.commit({ message: 'odd' })
    await repo.derive()
    expect(Object.entries((await rows('out'))[0]!)).toEqual([
      ['id', 1],
      ['__proto__', 'x'],
      ['a "b"', 'y'],
    ])
  })

  test.each([
    ['SELECT city FROM nobody', 'no such table: nobody'],
    ['SELECT 1; SELECT 2', 'syntax error'],
    ['DELETE FROM people', 'syntax error'],
    ["SELECT 1 AS city) AS x; ATTACH '/tmp/x' AS y; --", 'has no column'],
    ['SELECT id, 1 AS total FROM people', "has no column 'city'"],
    ['SELECT city, 1 AS total FROM people', "key 'London' was used"],
    ['SELECT NULL AS city, 1 AS total', 'key'],
    ["SELECT 'x' AS city, 'much' AS total", "column 'total' has a value that is not of type decimal"],
  ])('%s is refused, and nothing changes', async (sql, words) => {
    declare(
      `\n  reports/by-city: { from: [people.csv], sql: ${JSON.stringify(sql)}, key: city, types: {total: decimal} }`,
    )
    const before = await repo.commitInfo('main')
    expect(await fault(repo.derive())).toContain(words)
    expect((await repo.commitInfo('main')).id).toBe(before.id)
  })

  test.each([
    ['{ a: { from: [b], sql: x, key: y }, b: { from: [a], sql: x, key: y } }', "'a' is derived from itself"],
    [
      '{ a: { from: [nothing.csv], sql: SELECT 1, key: y } }',
      "derived from 'nothing.csv', which is not there",
    ],
    ['{ a: { from: [varve.yaml], sql: SELECT 1, key: y } }', "derived from 'varve.yaml', which is a file"],
    ['{ people.csv: { from: [orders.csv], sql: SELECT 1 AS id, key: id } }', "'people.csv' is a file"],
    ['{}', 'declares no derived tables'],
  ])('%s is refused', async (derive, words) => {
    declare(` ${derive}`)
    await repo.add(['varve.yaml'])
    await repo.commit({ message: 'declare' })
    expect(await fault(repo.derive())).toContain(words)
  })

  test('an input that is named without its ending gets a hint that says its path', async () => {
    declare(' { a: { from: [people], sql: SELECT 1, key: y } }')
    const failure = repo.derive()
    await expect(failure).rejects.toMatchObject({ hint: "did you mean 'people.csv'?" })
  })
})

describe('derived tables in varve.yaml', () => {
  test.each([
    ['[a]', "'derive' is not a map"],
    ['{a: {from: [b], sql: x}}', "'a' has no 'key'"],
    ['{a: {from: [b], sql: x, key: y, every: 5}}', "unknown setting 'every'"],
    ['{a: {from: [b], sql: x, key: y, by: c}}', "'by' has no meaning here"],
    ['{a: {from: [b], function: f, key: y}}', "'a' has no 'columns'"],
    ['{a: {from: [b], function: f, key: y, columns: {y: int}, sql: x}}', "'sql' has no meaning here"],
    ['{a: {from: [b], function: f, key: y, columns: {y: number}}}', "unknown type 'number'"],
    ['{a: {from: [b, c], function: f, key: y, columns: {y: int}}}', 'without groups has one table'],
    [
      '{a: {from: [b, c], function: f, key: y, columns: {y: int}, by: {b: x}}}',
      "'by' does not name the columns",
    ],
    [
      '{a: {from: [b, c], function: f, key: y, columns: {y: int}, by: {b: x, c: [x, y]}}}',
      'more columns of one',
    ],
    ['{a: {from: [b, c/B.csv], sql: x, key: y}}', 'two alike'],
    ['{../a: {from: [b], sql: x, key: y}}', '..'],
    ['{a: {from: [b], sql: x, key: y, types: {y: number}}}', "unknown type 'number'"],
  ])('%s is refused', (yaml, words) => {
    expect(() => parseConfig(`derive: ${yaml}`)).toThrow(words)
  })
})
