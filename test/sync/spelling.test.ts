// Values that a database spells in a way of its own are not changed by it, whatever other databases keep.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { Linked } from '../support/linked.ts'

describe.skipIf(!hasPostgres)(`values in a spelling of their own${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  let count = 0

  /** Two databases on one folder of one branch, whose columns keep other digits. */
  async function twoDatabases(setting: Partial<Link>): Promise<{
    linked: Linked
    other: Awaited<ReturnType<Postgres['client']>>
    rounds: () => Promise<Receipt[]>
  }> {
    const linked = await Linked.start(postgres)
    await linked.db.query(`
      ALTER TABLE people ADD price numeric(10,2), ADD at timestamptz, ADD prices numeric(10,2)[], ADD span tsrange,
        ADD times timestamp[], ADD spans tsmultirange, ADD codes char(3)[];
      UPDATE people SET price = 1.5, at = '2024-01-01T10:00:00.25Z', prices = '{{1.5,NULL},{-2,"NaN"}}',
             span = '[2024-01-01 10:00:00.5,)', times = '[2:3]={2024-01-01 10:00:00,NULL}',
             spans = '{[2024-01-01,2024-01-02],(2024-03-01,)}', codes = '{a,"\\""}' WHERE id = 1;
      UPDATE people SET price = 2 WHERE id = 2`)
    const url = await postgres.database(`spelling${++count}`)
    const other = await postgres.client(url)
    await other.query(
      `CREATE TABLE people (id int PRIMARY KEY, name text, age int, price numeric(20,4), at timestamptz, prices numeric(10,3)[],
         span tstzrange, times timestamptz[], spans tstzmultirange, codes char(5)[])`,
    )
    const [one, two] = [
      { ...linked.link, ...setting },
      { ...linked.link, ...setting, name: 'other', endpoint: url },
    ]
    const rounds = async (): Promise<Receipt[]> => {
      const receipts: Receipt[] = []
      for (const link of [one, two]) {
        linked.link = link
        receipts.push(await linked.sync())
      }
      return receipts
    }
    return { linked, other, rounds }
  }

  const moved = (receipts: readonly Receipt[]): number[] =>
    receipts.map(({ tables: [table] }) => {
      const { captured, written } = table!
      return captured.added + captured.changed + written.added + written.changed
    })

  test.each([{ changes: 'compare' }, { changes: 'log' }] as const)(
    'two databases of other precision come to rest, and both take what the other changes ($changes)',
    async (setting) => {
      const { linked, other, rounds } = await twoDatabases(setting)
      expect(moved(await rounds())).toEqual([3, 3])
      for (let round = 0; round < 3; round++) expect(moved(await rounds())).toEqual([0, 0])
      expect((await other.query('SELECT price::text FROM people ORDER BY id')).rows).toEqual([
        { price: '1.5000' },
        { price: '2.0000' },
        { price: null },
      ])
      expect((await other.query('SELECT prices::text, span::text FROM people WHERE id = 1')).rows).toEqual([
        { prices: '{{1.500,NULL},{-2.000,NaN}}', span: '["2024-01-01 10:00:00.5+00",)' },
      ])
      const sums = (await rounds()).flatMap(({ tables: [table] }) => [
        table!.after.branch,
        table!.after.endpoint,
      ])
      expect(new Set(sums.map((state) => state!.checksum)).size).toBe(1)

      // One row on both sides, other columns: what is only spelled otherwise is no change that could clash.
      await linked.db.query(
        'UPDATE people SET price = 9.5 WHERE id = 1; UPDATE people SET age = 1 WHERE id = 2',
      )
      await other.query('UPDATE people SET age = 7 WHERE id = 1; UPDATE people SET price = 3 WHERE id = 2')
      await linked.db.query(
        "UPDATE people SET prices = prices || '{{3,4}}', span = '[2024-01-02,)' WHERE id = 1",
      )
      await other.query("UPDATE people SET prices = '{5}', times = '{2024-02-02}' WHERE id = 2")
      const [first, second] = [await rounds(), await rounds()]
      expect([...first, ...second].flatMap(({ heldBack }) => heldBack)).toEqual([])
      expect(moved(await rounds())).toEqual([0, 0])
      const parts =
        'SELECT prices::numeric[]::text, span::text, times::text FROM people WHERE id < 3 ORDER BY id'
      expect((await linked.db.query(parts)).rows).toEqual([
        {
          prices: '{{1.50,NULL},{-2.00,NaN},{3.00,4.00}}',
          span: '["2024-01-02 00:00:00",)',
          times: '[2:3]={"2024-01-01 10:00:00",NULL}',
        },
        { prices: '{5.00}', span: null, times: '{"2024-02-02 00:00:00"}' },
      ])
      const values = 'SELECT age, price FROM people WHERE id < 3 ORDER BY id'
      expect((await linked.db.query(values)).rows).toEqual([
        { age: 7, price: '9.50' },
        { age: 1, price: '3.00' },
      ])
      expect((await other.query(values)).rows).toEqual([
        { age: 7, price: '9.5000' },
        { age: 1, price: '3.0000' },
      ])
    },
  )

  test('a mirror writes them once, and overwrites what is another value', async () => {
    const linked = await Linked.start(postgres)
    await linked.db.query('ALTER TABLE people ADD price numeric(10,2)')
    linked.link = { ...linked.link, mode: 'capture' }
    await linked.sync()
    linked.link = { ...linked.link, mode: 'mirror' }
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 36, price: '1.5' }))
    const written = async (): Promise<number> => (await linked.sync()).tables[0]!.written.changed
    expect([await written(), await written(), await written()]).toEqual([1, 0, 0])
    await linked.db.query('UPDATE people SET price = 1.51 WHERE id = 1')
    expect([await written(), await written()]).toEqual([1, 0])
    expect((await linked.rows())[0]).toMatchObject({ price: '1.50' })
    // A guard holds for the value, however it is spelled.
    await linked.edit((rows) => rows.put({ id: 1, name: 'Ada', age: 36, price: '2.5' }))
    expect([await written(), await written()]).toEqual([1, 0])
    expect((await linked.rows())[0]).toMatchObject({ price: '2.50' })
  })

  test('a repository that is new takes equal values for the same, and a capture keeps the spelling there', async () => {
    const { linked, other } = await twoDatabases({ changes: 'compare' })
    await linked.sync()
    await other.query("INSERT INTO people VALUES (1, 'Ada', 36, 1.5, '2024-01-01T10:00:00.25Z')")
    const url = await postgres.database('spellingcopy')
    const copy = await postgres.client(url)
    await copy.query(`
      CREATE TABLE people (id int PRIMARY KEY, name text, age int, price numeric(20,4), at timestamptz,
        prices numeric(10,4)[], span tstzrange, times timestamptz[], spans tstzmultirange, codes char(4)[]);
      INSERT INTO people VALUES (1, 'Ada', 36, 1.5, '2024-01-01T10:00:00.25Z', '{{1.5,NULL},{-2,"NaN"}}',
        '[2024-01-01 10:00:00.5,)', '[2:3]={2024-01-01 10:00:00,NULL}', '{[2024-01-01,2024-01-02],(2024-03-01,)}', '{a,"\\""}')`)
    linked.link = { ...linked.link, name: 'copy', endpoint: url }
    const { heldBack, tables } = await linked.sync()
    const { after } = tables[0]!
    expect(heldBack).toEqual([])
    expect(tables[0]!.written).toEqual({ added: 2, changed: 0, removed: 0 })
    linked.link = { ...linked.link, name: 'seen', mode: 'capture', into: 'seen' }
    const seen = (await linked.sync()).tables[0]!.after
    expect(after.endpoint).toEqual(after.branch)
    expect(seen.endpoint).toEqual(seen.branch)
    expect(seen.branch!.checksum).not.toBe(after.branch!.checksum)
  })
})
