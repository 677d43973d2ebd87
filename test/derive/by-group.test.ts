// Tables that a function derives from groups of rows of other tables.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import type { GroupDerivation, Progress, Row, RowGroup } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

type Rows = readonly Record<string, string | number>[]

describe('tables derived by a function from groups', () => {
  let repo: Repository
  let seen: unknown[]

  beforeEach(async () => {
    repo = await Repository.init(temporaryDir(), { author })
    seen = []
    await repo.transaction('main', async (tx) => {
      await tx.createTable('people', { key: ['id'] }).putAll([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Tim' },
        { id: 3, name: 'Grace' },
      ])
      await tx.createTable('orders', { key: ['id'] }).putAll([
        { id: 1, person: '1', total: 5 },
        { id: 2, person: '1', total: 7 },
        { id: 3, person: '3', total: 1 },
        { id: 4, person: '9', total: 2 },
      ])
    })
    await repo.reset('main', { mode: 'hard' })
    return () => repo.close()
  })

  async function putOrders(rows: Rows, gone: readonly number[] = []): Promise<void> {
    await repo.transaction('main', async (tx) => {
      const orders = tx.table('orders')
      for (const key of gone) orders.delete(key)
      await orders.putAll(rows)
    })
    await repo.reset('main', { mode: 'hard' })
  }

  function totals(change: Partial<GroupDerivation> = {}): GroupDerivation {
    return {
      path: 'totals',
      from: [
        { name: 'people', path: 'people' },
        { name: 'orders', path: 'orders' },
      ],
      by: { people: ['id'], orders: ['person'] },
      key: ['person'],
      columns: [
        { name: 'person', type: 'text' },
        { name: 'orders', type: 'text' },
        { name: 'total', type: 'int' },
      ],
      version: '1',
      group: ({ by, rows: { people, orders } }: RowGroup) => {
        seen.push(by[0])
        if (people!.length === 0) return null
        const total = orders!.reduce((sum, row) => sum + Number(row['total']), 0)
        return {
          person: people![0]!['name']!,
          orders: orders!.map((row) => Number(row['id'])).join(' '),
          total,
        }
      },
      ...change,
    }
  }

  async function derived(): Promise<Row[]> {
    const found: Row[] = []
    for await (const row of (await repo.at('main')).table('totals').scan()) found.push({ ...row })
    return found
  }

  test('join and sum, and are given only groups with a changed row', async () => {
    const told: unknown[] = []
    const onProgress = (progress: Progress): void => void told.push(progress)
    expect(await repo.derive({ functions: [totals()], onProgress })).toMatchObject({
      tables: [{ outcome: 'changed', rows: 3, rowsRead: 7, rowsAnew: 3, from: ['people', 'orders'] }],
    })
    expect(told).toEqual([{ phase: 'deriving totals', done: 7, total: 7, unit: 'rows' }])
    expect(seen).toHaveLength(4)
    expect(await derived()).toEqual([
      { person: 'Ada', orders: '1 2', total: 12 },
      { person: 'Grace', orders: '3', total: 1 },
      { person: 'Tim', orders: '', total: 0 },
    ])
    seen = []
    expect((await repo.derive({ functions: [totals()] })).commit).toBe(null)
    expect(seen).toEqual([])
    // One order goes from Ada to Tim, one goes away.
    await putOrders([{ id: 2, person: '2', total: 7 }], [4])
    expect(await repo.derive({ functions: [totals()] })).toMatchObject({
      tables: [{ outcome: 'changed', rowsRead: 2, rowsAnew: 2, whole: null }],
    })
    expect(new Set(seen)).toEqual(new Set([1, 2, '9']))
    expect(await derived()).toEqual([
      { person: 'Ada', orders: '1', total: 5 },
      { person: 'Grace', orders: '3', total: 1 },
      { person: 'Tim', orders: '2', total: 7 },
    ])
  })

  test('without columns to group by, all rows are one group', async () => {
    const count = totals({
      by: {},
      group: ({ by, rows }) => ({ person: `${by.length}`, orders: '', total: rows['orders']!.length }),
    })
    await repo.derive({ functions: [count] })
    expect(await derived()).toEqual([{ person: '0', orders: '', total: 4 }])
  })

  test('faults of the function are told with the path, and keep nothing', async () => {
    const failing = totals({
      group: () => {
        throw new Error('out of ideas')
      },
    })
    const before = "VARVE_RULE_VIOLATED: 'totals' cannot be derived: "
    expect(await fault(repo.derive({ functions: [failing] }))).toBe(
      `${before}the function that makes its rows failed: out of ideas`,
    )
    const later = totals({ group: (async () => null) as unknown as GroupDerivation['group'] })
    expect(await fault(repo.derive({ functions: [later] }))).toBe(
      `${before}the function that makes its rows failed: it is asynchronous`,
    )
    const twice = totals({ group: () => ({ person: 'x', orders: '', total: 1 }) })
    expect(await fault(repo.derive({ functions: [twice] }))).toBe(
      `${before}two of its rows have the same key`,
    )
    const wrong = totals({ group: () => ({ person: 'x', no: 1 }) })
    expect(await fault(repo.derive({ functions: [wrong] }))).toBe(
      `${before}the function returned something that is not a row: the table has no column 'no'`,
    )
    const by = totals({ by: { people: ['id'], orders: ['buyer'] } })
    expect(await fault(repo.derive({ functions: [by] }))).toMatch(/'orders' has no column 'buyer'/)
    expect(await fault(derived())).toMatch(/^VARVE_PATH_NOT_FOUND/)
  })

  test('come out the same from what changed and from all of it, and as a plain program has it', async () => {
    const people = new Map([1, 2, 3].map((id) => [id, ['', 'Ada', 'Tim', 'Grace'][id]!]))
    const orders = new Map<number, { person: string; total: number }>()
    await putOrders([], [1, 2, 3, 4])
    const edit = fc.record({
      id: fc.integer({ min: 1, max: 12 }),
      person: fc.integer({ min: 1, max: 5 }),
      total: fc.integer({ min: 0, max: 9 }),
      isGone: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 6 }), async (edits) => {
        const now = new Map(edits.map((one) => [one.id, one]))
        const puts = [...now.values()].filter(({ isGone }) => !isGone)
        await putOrders(
          puts.map(({ id, person, total }) => ({ id, person: String(person), total })),
          [...now.values()].flatMap(({ id, isGone }) => (isGone ? [id] : [])),
        )
        for (const { id, isGone } of now.values()) if (isGone) orders.delete(id)
        for (const { id, person, total } of puts) orders.set(id, { person: String(person), total })
        await repo.derive({ functions: [totals()] })
        const known = await derived()
        expect(known).toEqual(
          [...people]
            .map(([id, person]) => {
              const own = [...orders]
                .filter((one) => one[1].person === String(id))
                .sort((a, b) => a[0] - b[0])
              return {
                person,
                orders: own.map(([order]) => order).join(' '),
                total: own.reduce((sum, one) => sum + one[1].total, 0),
              }
            })
            .toSorted((a, b) => (a.person < b.person ? -1 : 1)),
        )
        expect(await repo.derive({ functions: [totals()], force: true })).toMatchObject({ commit: null })
      }),
      { numRuns: 8 },
    )
  })
})
