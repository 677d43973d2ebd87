// Two databases, each of which sets a column itself whenever a row is written, answer each other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const touched = `
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.seen := clock_timestamp(); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch()`

const withoutSeen = { table: 'people', where: null, select: null, omit: ['seen'], columns: [] }

describe.skipIf(!hasPostgres)(`two databases that set a column themselves${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  async function twoLinks(): Promise<{ linked: Linked; pass: () => Promise<string[]> }> {
    const linked = await Linked.start(postgres)
    const other = await Linked.start(postgres)
    for (const { db } of [linked, other])
      await db.query(`ALTER TABLE people ADD seen timestamptz; ${touched}`)
    const links = [linked.link, { ...linked.link, name: 'other', endpoint: other.link.endpoint }]
    const pass = async (): Promise<string[]> => {
      const notes: string[] = []
      for (const [i, link] of links.entries()) {
        linked.link = { ...link, ...(omit && { transform: [withoutSeen] }) }
        const receipt = await linked.sync()
        written[i] = receipt.tables[0]!.written.changed
        notes.push(...receipt.notes)
      }
      return notes.filter((note) => note.includes('itself'))
    }
    return { linked, pass }
  }
  const written = [0, 0]
  let omit = false

  test('are told of it, with the remedy', async () => {
    const { linked, pass } = await twoLinks()
    await pass()
    await linked.db.query(`UPDATE people SET name = 'Ada L.' WHERE id = 1`)
    const notes: string[] = []
    for (let i = 0; i < 9; i++) notes.push(...(await pass()))
    expect(notes[0]).toContain(`'people' sets 'seen' itself when a row is written`)
    expect(notes[0]).toContain('transform: { people: { omit: [ seen ] } }')
  })

  test('are at rest without that column, and nothing is said of one that answers once', async () => {
    omit = true
    const { linked, pass } = await twoLinks()
    await pass()
    for (const name of ['Ada L.', 'Ada Lovelace', 'Countess']) {
      await linked.db.query(`UPDATE people SET name = '${name}' WHERE id = 1`)
      expect(await pass()).toEqual([])
      expect(written).toEqual([0, 1])
      expect(await pass()).toEqual([])
      expect(written).toEqual([0, 0])
    }
  })
})
