// Merges of branches that have both derived a table anew: no conflict of rows that nobody wrote.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

describe('merges of derived tables', () => {
  let repo: Repository
  let root: string

  beforeEach(async () => {
    root = path.join(temporaryDir(), 'dataset')
    repo = await Repository.init(root, { author })
    file('orders.csv', 'id,city,total\n1,London,10\n2,Paris,2\n3,London,7\n')
    declare('SELECT city, sum(total) AS total FROM orders GROUP BY city')
    await repo.track('orders.csv', { key: ['id'] })
    await repo.add(['.'])
    await repo.commit({ message: 'start' })
    await repo.derive()
    await repo.createBranch('other')
  })
  afterEach(() => repo.close())

  function file(name: string, text: string): void {
    writeFileSync(path.join(root, name), text)
  }

  function declare(sql: string): void {
    const derive = `derive: { sums: { from: [orders.csv], sql: "${sql}", key: city } }`
    file('varve.yaml', `tables: { orders.csv: { key: id } }\n${derive}\n`)
  }

  /** On the branch that is checked out, and derived. */
  async function edit(orders: string): Promise<void> {
    file('orders.csv', `id,city,total\n${orders}`)
    await repo.add(['.'])
    await repo.commit({ message: 'edit' })
    await repo.derive()
  }

  async function sums(): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const row of (await repo.at('main')).table('sums').scan()) found.push({ ...row })
    return found
  }

  async function bothEdit(): Promise<void> {
    await edit('1,London,11\n2,Paris,2\n3,London,7\n')
    await repo.switch('other')
    await edit('1,London,10\n2,Paris,2\n3,London,9\n')
    await repo.switch('main')
  }

  test('take one side and say that it is to be derived, which then comes out right', async () => {
    await bothEdit()
    const merged = await repo.merge('other')
    expect(merged).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(merged.paths.find(({ path: at }) => at === 'sums')).toEqual({
      path: 'sums',
      result: 'ours',
      conflicts: 0,
      notes: [expect.stringContaining("until 'varve derive' is run")],
    })
    expect(await sums()).toContainEqual({ city: 'London', total: 18 })
    expect((await repo.derive()).tables).toMatchObject([{ path: 'sums', outcome: 'changed' }])
    expect(await sums()).toEqual([
      { city: 'London', total: 20 },
      { city: 'Paris', total: 2 },
    ])
  })

  test('are conflicts where one side has declared it otherwise', async () => {
    declare('SELECT city, count(*) AS total FROM orders GROUP BY city')
    await bothEdit()
    expect((await repo.merge('other')).outcome).toBe('conflict')
  })

  test('of rows that somebody wrote beside them stay conflicts', async () => {
    await edit('1,London,11\n2,Paris,2\n3,London,7\n')
    await repo.switch('other')
    await edit('1,London,12\n2,Paris,2\n3,London,7\n')
    await repo.switch('main')
    const { outcome, conflicts } = await repo.merge('other')
    expect(outcome).toBe('conflict')
    expect(conflicts?.map(({ path: at }) => at) ?? ['orders.csv']).toEqual(['orders.csv'])
  })
})
