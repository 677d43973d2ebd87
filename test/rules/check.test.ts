// Rules against rows: what each takes for kept and for broken, what is looked at of a change, and what it costs.
import { describe, expect, test } from 'vitest'
import { DataRepository, type RuleCheckOptions } from '../../src/index.ts'
import type { Row, Value } from '../../src/index.ts'

interface Rules {
  readonly rows?: object
  readonly columns?: Record<string, object>
}

/** A repository with tables of text cells as CSV has them, or typed ones, with their rules. */
async function repositoryOf(
  tables: Record<string, { rows: readonly Row[]; rules?: Rules; key?: readonly string[] }>,
): Promise<DataRepository> {
  const repo = DataRepository.over(undefined, { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.transaction('main', async (tx) => {
    const config: Record<string, object> = {}
    for (const [path, { rows, rules, key = ['id'] }] of Object.entries(tables)) {
      const table = tx.createTable(path, { key })
      for (const row of rows) table.put(row)
      config[path] = { key, ...(rules === undefined ? {} : { rules }) }
    }
    await tx.writeFile('varve.yaml', JSON.stringify({ tables: config }))
  })
  return repo
}

async function brokenBy(values: readonly Row[string][], rules: object): Promise<string[]> {
  const rows = values.map((v, i) => ({ id: i, v }))
  await using repo = await repositoryOf({ t: { rows, rules: { columns: { v: rules } } } })
  const { broken } = await repo.check()
  return broken.flatMap(({ rule, violations }) =>
    violations.map(({ value }) => `${rule} ${valueWord(value)}`),
  )
}

function valueWord(value: Value): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'bigint'
      ? value.toString()
      : JSON.stringify(value)
}

async function found(repo: DataRepository, options: RuleCheckOptions = {}): Promise<unknown[]> {
  const { broken } = await repo.check(options)
  return broken.map(({ path, column, rule, count, violations }) => [
    `${path}.${column}`,
    rule,
    count,
    violations.map(({ key }) => key[0]),
  ])
}

describe('a cell', () => {
  test('that is empty breaks required and nothing else', async () => {
    const all = { unique: true, type: 'int', min: 1, max: 2, pattern: 'x', values: ['y'] }
    expect(await brokenBy([null, '', null], all)).toEqual([])
    expect(await brokenBy([null, '', 0, false, ' '], { required: true })).toEqual([
      'required null',
      'required ',
    ])
  })

  test('is compared with bounds exactly, as a number or as a moment; what is neither breaks them', async () => {
    expect(await brokenBy([-1, 0, 150, 151, 'x', 9007199254740993n], { min: 0, max: 150 })).toEqual([
      'min -1',
      'min x',
      'max 151',
      'max x',
      'max 9007199254740993',
    ])
    expect(await brokenBy(['0.30000000000000001', '0.3'], { max: 0.3 })).toEqual(['max 0.30000000000000001'])
    const dates = ['2024-02-29', '2023-12-31T23:59:59', '2025-01-01', '2024-02-30']
    expect(await brokenBy(dates, { min: '2024-01-01', max: '2024-12-31' })).toEqual([
      'min 2023-12-31T23:59:59',
      'min 2024-02-30',
      'max 2025-01-01',
      'max 2024-02-30',
    ])
  })

  test('has to be of its type, and in a table of typed cells of its kind', async () => {
    expect(await brokenBy([1, '1', 1.5, 'x', true], { type: 'int' })).toEqual([
      'type 1',
      'type 1.5',
      'type x',
      'type true',
    ])
    expect(await brokenBy([1, 1.5, 1e300], { type: 'float' })).toEqual([])
    expect(await brokenBy(['2024-02-29', '2023-02-29', '2024-2-9'], { type: 'date' })).toEqual([
      'type 2023-02-29',
      'type 2024-2-9',
    ])
  })

  test('matches a pattern as a whole, in time that grows with the cell alone', async () => {
    expect(await brokenBy(['ab', 'abc', 'xab'], { pattern: 'ab' })).toEqual(['pattern abc', 'pattern xab'])
    const evil = `${'a'.repeat(30_000)}!`
    expect(await brokenBy([evil], { pattern: '(a+)+' })).toHaveLength(1)
    await expect(brokenBy(['a'], { pattern: '(?=a)a' })).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      message: expect.stringContaining("pattern of column 'v' of 't'"),
      hint: expect.stringContaining('RE2'),
    })
  })

  test('is one of the values as they are written', async () => {
    expect(await brokenBy(['a', 'A', true, 1], { values: ['a', true, 1] })).toEqual(['values A'])
  })

  test('that is long is cut in the report', async () => {
    const [line] = await brokenBy(['z'.repeat(5000)], { values: ['a'] })
    expect(line).toHaveLength('values '.length + 1001)
  })
})

describe('a table', () => {
  test('is told apart from others by its path; a missing table or column is broken, too', async () => {
    const rows = [{ id: 1, v: 1 }]
    await using repo = await repositoryOf({
      'a/t': { rows, rules: { rows: { min: 2, level: 'warn' } } },
      b: { rows, rules: { columns: { nope: { required: true } } } },
    })
    expect(await found(repo)).toEqual([
      ['a/t.null', 'rows', 1, []],
      ['b.nope', 'column', 1, []],
    ])
    expect(await repo.check({ paths: ['a'] })).toMatchObject({
      errors: 0,
      warnings: 1,
      tables: [{ path: 'a/t' }],
    })
    await repo.transaction('main', (tx) => tx.remove('b'))
    expect(await found(repo, { paths: ['b'] })).toEqual([['b.null', 'table', 1, []]])
  })

  test('lists the first violations and counts all', async () => {
    const rows = Array.from({ length: 3000 }, (_, id) => ({ id, v: -1 }))
    await using repo = await repositoryOf({ t: { rows, rules: { columns: { v: { min: 0 } } } } })
    const { broken, errors, tables } = await repo.check({ limit: 2 })
    expect([broken[0]!.count, broken[0]!.violations.length, errors]).toEqual([3000, 2, 3000])
    expect(tables).toEqual([{ path: 't', rows: 3000, checked: 3000, scope: 'all' }])
  })

  test('has rows that refer to rows of another; a table with a key of two columns is refused by name', async () => {
    const cities = { rows: [{ code: 'W' }, { code: 7 }], key: ['code'] }
    const rules = { columns: { city: { references: 'cities' } } }
    const rows = ['W', 7, '7', 'B', null].map((city, id) => ({ id, city }))
    await using repo = await repositoryOf({ cities, people: { rows, rules } })
    expect(await found(repo)).toEqual([['people.city', 'references', 2, [2, 3]]])
    const two = { rows: [{ a: 1, b: 1 }], key: ['a', 'b'] }
    await using other = await repositoryOf({ cities: two, people: { rows, rules } })
    await expect(other.check()).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      message: expect.stringContaining("refers to 'cities', which has a key of 2 columns"),
    })
  })
})

describe('of what has changed since', () => {
  const rules = { columns: { v: { min: 0, unique: true }, city: { references: 'cities' } } }
  const start = async (): Promise<DataRepository> =>
    repositoryOf({
      cities: { rows: [{ code: 'W' }, { code: 'B' }], key: ['code'] },
      people: {
        rows: [
          { id: 1, v: -1, city: 'W' },
          { id: 2, v: 5, city: 'B' },
          { id: 3, v: 6, city: 'X' },
        ],
        rules,
      },
    })

  test('only rows that were added or changed are looked at', async () => {
    await using repo = await start()
    expect(await found(repo, { changedSince: 'main' })).toEqual([])
    await repo.transaction('main', (tx) => {
      tx.table('people').put({ id: 4, v: -2, city: 'Y' })
    })
    expect(await found(repo, { changedSince: 'main~1' })).toEqual([
      ['people.v', 'min', 1, [4]],
      ['people.city', 'references', 1, [4]],
    ])
    expect((await repo.check({ changedSince: 'main~1' })).tables).toEqual([
      { path: 'people', rows: 4, checked: 1, scope: 'changes' },
    ])
  })

  test("what the other branch changed meanwhile is not counted as this one's, as in diff A...B", async () => {
    await using repo = await start()
    await repo.createBranch('topic')
    await repo.transaction('topic', (tx) => tx.table('people').put({ id: 4, v: -2, city: 'W' }))
    // There row 1 is put right and row 2 gone: against that tip, topic would seem to bring the old faults in again.
    await repo.transaction('main', (tx) => {
      tx.table('people').put({ id: 1, v: 1, city: 'W' })
      tx.table('people').delete(3)
    })
    const of = { changedSince: 'main', revision: 'topic' }
    expect(await found(repo, of)).toEqual([['people.v', 'min', 1, [4]]])
    expect(await found(repo, { changedSince: 'topic', revision: 'main' })).toEqual([])
  })

  test('a new row with a cell that an old one has is found, on whichever side its key lies', async () => {
    await using repo = await start()
    await repo.transaction('main', (tx) => tx.table('people').put({ id: 0, v: 5, city: 'W' }))
    const { broken } = await repo.check({ changedSince: 'main~1' })
    expect(broken).toMatchObject([
      { rule: 'unique', count: 1, violations: [{ key: [2], value: 5, sameAs: [0] }] },
    ])
  })

  test('a row that is gone is missed by those that refer to it, though nobody touched them', async () => {
    await using repo = await start()
    await repo.transaction('main', (tx) => tx.table('cities').delete('B'))
    expect(await found(repo, { changedSince: 'main~1' })).toEqual([['people.city', 'references', 2, [2, 3]]])
  })

  test('tables with new rules, or a new column, are looked at whole', async () => {
    await using repo = await start()
    await repo.transaction('main', async (tx) => {
      const columns = { v: { min: 6 } }
      await tx.writeFile(
        'varve.yaml',
        JSON.stringify({ tables: { people: { key: 'id', rules: { columns } } } }),
      )
    })
    expect(await found(repo, { changedSince: 'main~1' })).toEqual([['people.v', 'min', 2, [1, 2]]])
  })
})
