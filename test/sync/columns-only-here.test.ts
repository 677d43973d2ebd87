// Columns that the dataset's table has and the endpoint's has not: what is in them stays in the branch.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`columns of the branch alone${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  test.each(['two-way', 'capture', 'materialize', 'mirror'] as const)(
    'stay, round after round, in mode %s',
    async (mode) => {
      const linked = await Linked.start(postgres)
      if (mode === 'materialize' || mode === 'mirror') {
        linked.link = { ...linked.link, mode: 'capture' }
        await linked.sync()
      }
      linked.link = { ...linked.link, mode }
      await linked.sync()
      await linked.edit((rows) => {
        rows.put({ id: 1, name: 'Ada', age: 36, note: 'first' })
        rows.put({ id: 4, name: 'Barbara', age: 70, note: 'fourth' })
      })
      for (let round = 0; round < 3; round++) {
        const { heldBack, notes } = await linked.sync()
        expect(heldBack).toEqual([])
        if (mode !== 'capture') expect(notes.join()).toContain('has no column note')
        const rows = (await linked.branchRows()) as Record<string, unknown>[]
        expect([round, rows[0]]).toEqual([round, { id: 1, name: 'Ada', age: 36, note: 'first' }])
        expect(rows.at(-1)).toMatchObject({ id: 4, note: 'fourth' })
        await linked.db.query(`UPDATE people SET age = age + 1 WHERE id = 2`)
      }
      if (mode === 'two-way' || mode === 'capture')
        expect((await linked.branchRows())[1]).toMatchObject({ id: 2, age: 87 })
    },
  )
})
