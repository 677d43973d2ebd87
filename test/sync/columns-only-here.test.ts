// Columns that one side's table has and the other's has not: what is in them stays where it is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`columns of one side alone${withoutPostgres}`, () => {
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

  test.each(['materialize', 'mirror'] as const)(
    'columns of the endpoint alone keep what is in them, in mode %s',
    async (mode) => {
      const linked = await Linked.start(postgres)
      linked.link = { ...linked.link, mode: 'capture' }
      await linked.sync()
      linked.link = { ...linked.link, mode }
      await linked.db.query(`ALTER TABLE people ADD email text; UPDATE people SET email = 'e' || id`)
      await linked.edit((rows) => {
        rows.put({ id: 1, name: 'Ada L.', age: 36 })
        rows.put({ id: 4, name: 'Barbara', age: 70 })
      })
      expect((await linked.sync()).tables[0]!.written).toEqual({ added: 1, changed: 1, removed: 0 })
      const { heldBack, notes, tables } = await linked.sync()
      expect([heldBack, tables[0]!.written]).toEqual([[], { added: 0, changed: 0, removed: 0 }])
      const note = "'shop/people' has no column email: what is in it stays at the endpoint"
      expect(notes).toEqual(mode === 'mirror' ? [note] : [])
      const rows = (await linked.rows()) as { name: string; email: string | null }[]
      expect(rows.map(({ name, email }) => [name, email])).toEqual([
        ['Ada L.', 'e1'],
        ['Grace', 'e2'],
        ['Edsger', 'e3'],
        ['Barbara', null],
      ])
    },
  )
})
