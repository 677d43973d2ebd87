// Tables that a function derives, row by row, from one other.
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import type { FunctionDerivation, GroupDerivation, Row } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

describe('tables derived by a function', () => {
  let repo: Repository
  let seen: unknown[]

  beforeEach(async () => {
    repo = await Repository.init(temporaryDir(), { author })
    seen = []
    await put([
      { id: 1, name: 'Ada', age: 36 },
      { id: 2, name: 'Tim', age: 9 },
      { id: 3, name: 'Grace', age: 85 },
    ])
    return () => repo.close()
  })

  async function put(
    rows: readonly Record<string, string | number>[],
    gone: readonly number[] = [],
  ): Promise<void> {
    await repo.transaction('main', async (tx) => {
      const exists = tx.base !== null
      const people = exists ? tx.table('people') : tx.createTable('people', { key: ['id'] })
      for (const key of gone) people.delete(key)
      await people.putAll(rows)
    })
    await repo.reset('main', { mode: 'hard' })
  }

  function adults(change: Partial<FunctionDerivation> = {}): FunctionDerivation {
    return {
      path: 'adults',
      from: 'people',
      key: ['name'],
      columns: [
        { name: 'name', type: 'text' },
        { name: 'born', type: 'int' },
      ],
      version: '1',
      rows: (row) => {
        seen.push(row['id'])
        return Number(row['age']) >= 18 ? { name: row['name']!, born: 2024 - Number(row['age']) } : null
      },
      ...change,
    }
  }

  async function derived(path = 'adults'): Promise<Row[]> {
    const found: Row[] = []
    for await (const row of (await repo.at('main')).table(path).scan()) found.push({ ...row })
    return found
  }

  test('hold what it makes of each row, and give it changed rows only', async () => {
    expect(await repo.derive({ functions: [adults()] })).toMatchObject({
      tables: [{ path: 'adults', outcome: 'changed', rows: 2, rowsRead: 3, from: ['people'] }],
    })
    expect(await derived()).toEqual([
      { name: 'Ada', born: 1988 },
      { name: 'Grace', born: 1939 },
    ])
    seen = []
    expect((await repo.derive({ functions: [adults()] })).commit).toBe(null)
    expect(seen).toEqual([])
    await put(
      [
        { id: 2, name: 'Tim', age: 18 },
        { id: 4, name: 'Alan', age: 41 },
      ],
      [3],
    )
    await repo.derive({ functions: [adults()] })
    expect(new Set(seen)).toEqual(new Set([2, 3, 4]))
    expect((await derived()).map(({ name }) => name)).toEqual(['Ada', 'Alan', 'Tim'])
  })

  test('are derived anew by another version, or when somebody has changed them', async () => {
    await repo.derive({ functions: [adults()] })
    const all = adults({ version: '2', rows: (row) => ({ name: row['name']!, born: null }) })
    expect(await repo.derive({ functions: [all] })).toMatchObject({ tables: [{ rows: 3, rowsRead: 3 }] })
    await repo.transaction('main', (tx) => {
      tx.table('adults').delete('Ada')
    })
    await repo.reset('main', { mode: 'hard' })
    await repo.derive({ functions: [all] })
    expect(await derived()).toHaveLength(3)
  })

  test('may hold several rows of one, and a key may pass from one row to another', async () => {
    const words = adults({
      key: ['word'],
      columns: [{ name: 'word', type: 'text' }],
      rows: (row) => (row['name'] as string).split(' ').map((word) => ({ word })),
    })
    await repo.derive({ functions: [words] })
    await put([
      { id: 1, name: 'Tim Byron', age: 1 },
      { id: 2, name: 'Ada', age: 1 },
    ])
    await repo.derive({ functions: [words] })
    expect((await derived()).map(({ word }) => word)).toEqual(['Ada', 'Byron', 'Grace', 'Tim'])
  })

  test('two rows that make the same key are an error, at once and later', async () => {
    await repo.derive({ functions: [adults()] })
    await put([{ id: 9, name: 'Ada', age: 20 }])
    const words = /^VARVE_RULE_VIOLATED: 'adults' cannot be derived: two of its rows have the same key$/
    expect(await fault(repo.derive({ functions: [adults()] }))).toMatch(words)
    expect(await fault(repo.derive({ functions: [adults()], force: true }))).toMatch(words)
    expect(await derived()).toHaveLength(2)
  })

  test('are derived anew when columns have other names, though no row has changed', async () => {
    const dir = temporaryDir()
    const files = await Repository.init(dir, { author })
    const commit = async (head: string): Promise<void> => {
      writeFileSync(`${dir}/people.csv`, `${head}\n1,Ada,36\n2,Tim,9\n`)
      await files.add(['.'])
      await files.commit({ message: head })
    }
    writeFileSync(`${dir}/people.csv`, 'id,name,age\n')
    await files.track('people.csv', { key: ['id'] })
    await commit('id,name,age')
    const made = adults({
      from: 'people.csv',
      rows: (row) => (row['age'] === undefined ? null : { name: row['name']!, born: null }),
    })
    expect(await files.derive({ functions: [made] })).toMatchObject({ tables: [{ rows: 2 }] })
    await commit('id,name,years')
    expect(await files.derive({ functions: [made] })).toMatchObject({ tables: [{ rows: 0 }] })
    await files.close()
  })

  test('are given numbers for the decimals of a CSV file, and make no text of digits among numbers', async () => {
    const root = temporaryDir()
    const files = await Repository.init(root, { author })
    const orders = ['id,person,total', '1,1,9.50', '2,1,3.25', '3,2,12345678901234567890.5', '']
    writeFileSync(`${root}/orders.csv`, orders.join('\n'))
    await files.track('orders.csv', { key: ['id'] })
    await files.add(['orders.csv'])
    await files.commit({ message: 'orders' })
    const given: unknown[] = []
    const common = {
      path: 'totals',
      columns: [
        { name: 'person', type: 'int' },
        { name: 'total', type: 'decimal' },
      ] as const,
    }
    const totals: GroupDerivation = {
      ...common,
      from: [{ name: 'orders', path: 'orders.csv' }],
      by: { orders: ['person'] },
      key: ['person'],
      version: '1',
      group({ by, rows }) {
        const all = rows['orders']!.map(({ total }) => total)
        given.push(...all)
        const sum = all.reduce<number>((so, one) => so + (typeof one === 'number' ? one : 0), 0)
        return { person: by[0]!, total: sum }
      },
    }
    await files.derive({ functions: [totals] })
    expect(given).toEqual([9.5, 3.25, '12345678901234567890.5'])
    const each = (rows: FunctionDerivation['rows']): FunctionDerivation => ({
      ...common,
      from: 'orders.csv',
      key: ['person'],
      version: '2',
      rows,
    })
    const joined = each(({ id, total }) => ({ person: id!, total: `0${total as string}` }))
    expect(await fault(files.derive({ functions: [joined] }))).toContain(
      `the function made "09.5" for the column 'total', which is decimal`,
    )
    const half = each(({ id }) => ({ person: Number(id) + 0.5, total: 1 }))
    expect(await fault(files.derive({ functions: [half] }))).toContain(
      `the function made 1.5 for the column 'person', which is int`,
    )
    await files.close()
  })

  test('come out the same from what changed and from all of it', async () => {
    const rows = fc.array(
      fc.record({
        id: fc.integer({ min: 0, max: 30 }),
        name: fc.constantFrom('a', 'b', 'c'),
        age: fc.integer({ min: 10, max: 30 }),
      }),
      { maxLength: 12 },
    )
    const byId = adults({
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'text' },
      ],
      rows: (row) => (Number(row['age']) < 18 ? null : { id: row['id']!, name: row['name']! }),
    })
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 }),
        async (changed, gone) => {
          await put(changed, gone)
          await repo.derive({ functions: [byId] })
          const known = await derived()
          expect(await repo.derive({ functions: [byId], force: true })).toMatchObject({ commit: null })
          expect(await derived()).toEqual(known)
        },
      ),
      { numRuns: 15 },
    )
  })
})
