// A mirror of rows that the endpoint keeps in a form of its own comes to rest.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

describe.skipIf(!hasPostgres)(`rows that an endpoint keeps in a form of its own${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  test('are written twice by a mirror, and again when either side changes them', async () => {
    const linked = await Linked.start(postgres)
    await linked.db.query(`
      ALTER TABLE people ADD price numeric;
      CREATE FUNCTION upper_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION upper_name()`)
    linked.link = { ...linked.link, mode: 'capture' }
    await linked.sync()
    linked.link = { ...linked.link, mode: 'mirror' }
    await linked.edit((rows) => {
      rows.put({ id: 1, name: 'Ada', age: 36, price: '1.5' })
      rows.put({ id: 2, name: 'Grace', age: 85, price: '2.25' })
      rows.put({ id: 4, name: 'Barbara', age: 70, price: '3.5' })
    })
    const written = async (): Promise<number> => {
      const { written: counts } = (await linked.sync()).tables[0]!
      return counts.added + counts.changed
    }
    const rest = async (): Promise<number[]> => {
      const rounds: number[] = []
      for (let round = 0; round < 5; round++) rounds.push(await written())
      return rounds
    }
    expect(await rest()).toEqual([3, 3, 0, 0, 0])
    expect((await linked.sync()).notes.join()).toContain('keeps 3 rows in a form of its own')

    await linked.db.query(`UPDATE people SET age = 1 WHERE id = 1`)
    expect(await rest()).toEqual([1, 1, 0, 0, 0])
    expect((await linked.rows())[0]).toEqual({ id: 1, name: 'ADA', age: 36, price: '1.5' })

    await linked.edit((rows) => rows.put({ id: 2, name: 'Grace H.', age: 85, price: '2.25' }))
    expect(await rest()).toEqual([1, 1, 0, 0, 0])
    expect((await linked.rows())[1]).toMatchObject({ name: 'GRACE H.' })
  })
})
