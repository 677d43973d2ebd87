// A row that another writer was faster with is merged anew in the next round, from what the branch has taken in meanwhile.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`rows that another writer was faster with${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  test('are no clash in the next round, when each side has changed a cell of its own', async () => {
    const linked = await Linked.start(postgres)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 37 }))
    await linked.db.query(`UPDATE people SET name = 'Ada K.' WHERE id = 1`)
    const raced = await linked.sync({}, (connector) => ({
      ...wrapped(connector),
      apply: async (plan) => {
        await linked.db.query(`UPDATE people SET name = 'Ada King' WHERE id = 1`)
        return connector.apply(plan)
      },
    }))
    expect(raced.heldBack).toMatchObject([{ key: '1', reason: 'changed' }])
    expect((await linked.branchRows())[0]).toEqual({ id: 1, name: 'Ada K.', age: 37 })
    expect((await linked.sync()).heldBack).toEqual([])
    expect((await linked.rows())[0]).toEqual({ id: 1, name: 'Ada King', age: 37 })
    expect((await linked.branchRows())[0]).toEqual({ id: 1, name: 'Ada King', age: 37 })
  })

  test('are none either when the endpoint removes them meanwhile and the branch has not touched them', async () => {
    const linked = await Linked.start(postgres)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 2, name: 'Grace', age: 86 }))
    await linked.db.query(`UPDATE people SET name = 'Ada K.' WHERE id = 1`)
    await linked.sync({}, (connector) => ({
      ...wrapped(connector),
      apply: async (plan) => {
        await linked.db.query(`DELETE FROM people WHERE id = 1`)
        return connector.apply(plan)
      },
    }))
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await linked.rows()).toEqual(await linked.branchRows())
    expect(await linked.rows()).toHaveLength(2)
  })
})
