// Rows that wait, and what settles them: values stay in their columns, and nothing that nobody has seen is overwritten.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settleHeldRows } from '../../src/sync/held/settle.ts'
import type { HeldBack } from '../../src/sync/interface.ts'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`rows that wait and are settled${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  const settle = (linked: Linked, rows: readonly HeldBack[], side: 'ours' | 'theirs'): Promise<void> =>
    settleHeldRows({ repo: linked.repo, folder: null, link: linked.link, rows, side })

  test.each(['ours', 'theirs'] as const)('columns may stand in another order there: %s', async (side) => {
    const linked = await Linked.start(postgres)
    await linked.db.query(`ALTER TABLE people ADD city text; UPDATE people SET city = 'c' || id`)
    await linked.repository.transaction('main', (tx) => {
      const columns = ['city', 'age', 'id', 'name'].map(
        (name) => ({ name, type: /^[ai]/.test(name) ? 'int' : 'text' }) as const,
      )
      const people = tx.createTable('shop/people', { key: ['id'], columns })
      people.put({ id: 1, name: 'Mine', age: 36, city: 'c1' })
      people.put({ id: 2, name: 'Grace', age: 85, city: 'c2' })
      people.put({ id: 3, name: 'Edsger', age: 72, city: 'c3' })
    })
    const { heldBack } = await linked.sync()
    expect(heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
    await settle(linked, heldBack, side)
    expect((await linked.sync()).heldBack).toEqual([])
    const name = side === 'ours' ? 'Mine' : 'Ada'
    const rows = [
      { id: 1, name, age: 36, city: 'c1' },
      { id: 2, name: 'Grace', age: 85, city: 'c2' },
      { id: 3, name: 'Edsger', age: 72, city: 'c3' },
    ]
    expect([await linked.rows(), await linked.branchRows()]).toEqual([rows, rows])
  })

  test('columns of the branch alone keep what is in them', async () => {
    const linked = await Linked.start(postgres)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Mine', age: 36, note: 'first' }))
    await linked.db.query(`UPDATE people SET name = 'Theirs' WHERE id = 1`)
    await settle(linked, (await linked.sync()).heldBack, 'theirs')
    expect((await linked.sync()).heldBack).toEqual([])
    expect((await linked.branchRows())[0]).toEqual({ id: 1, name: 'Theirs', age: 36, note: 'first' })
  })

  test('a round that comes in between is not overwritten', async () => {
    const linked = await Linked.start(postgres)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Mine', age: 36 }))
    await linked.db.query(`UPDATE people SET name = 'Theirs' WHERE id = 1`)
    const { heldBack } = await linked.sync()
    const { repo } = linked
    let updates = 0
    const store = new Proxy(repo.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'update') return value.bind(target) as unknown
        return async (...given: Parameters<typeof target.update>) => {
          const made = await target.update(...given)
          if (++updates === 1) {
            await linked.db.query(`UPDATE people SET name = 'Newer' WHERE id = 1`)
            await linked.sync()
          }
          return made
        }
      },
    })
    const between = Object.assign(Object.create(Object.getPrototypeOf(repo) as object) as typeof repo, repo, {
      store,
    })
    await settleHeldRows({ repo: between, folder: null, link: linked.link, rows: heldBack, side: 'theirs' })
    await linked.sync()
    expect((await linked.rows())[0]).toMatchObject({ name: 'Newer' })
    expect((await linked.branchRows())[0]).toMatchObject({ name: 'Newer' })
  })
})
