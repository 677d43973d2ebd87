// The digest that is made here of rows as they are sent is the one that the server makes of them as they are stored, and
// no other rows have it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { PostgresTable } from '../../src/connectors/postgres/discover.ts'
import { RowDigest, randomSeed, rowHash } from '../../src/connectors/postgres/writing/row-digest.ts'
import { CellPacker } from '../../src/formats/columnar/pack-cells.ts'
import { cellSchema } from '../../src/formats/columnar/read-cells.ts'
import { ownRows } from '../../src/formats/packed.ts'
import { absentCell, cellOf, nullCell, textCell } from '../../src/table/cell.ts'
import type { Cell } from '../../src/table/interface.ts'
import { rowShape } from '../../src/table/rows.ts'
import { StoredCells, sendCell } from '../../src/table/stored-cells.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const columns = `id int PRIMARY KEY, s smallint, l bigint, n numeric, m numeric(12,2), f float8, r real, b boolean, d date,
  t timestamp, z timestamptz(3), x bytea, j json, k jsonb, c char(9), v varchar(40), e text NOT NULL, u uuid, a text[], i interval`
const row = `i, i % 9 - 4, i * 123456789012, i / 7.0, i / 7.0, i / 7.0, i / 7.0, i % 2 = 0, date '1999-12-31' + i,
  timestamp '2020-02-29 23:59:59.9' + i * interval '1 day 1.00001 s', timestamptz 'now', decode(md5(i::text), 'hex'),
  json_build_object('a', i), jsonb_build_object('b', i), 'c' || i % 3, E'\\t"\\\\, é ' || i, repeat(chr(i + 40), i * 11),
  md5(i::text)::uuid, array['x', i::text, null], i * interval '1 minute'`

describe.skipIf(!hasPostgres)(`digests of rows${withoutPostgres}`, () => {
  let postgres: Postgres
  let db: Client
  let connector: Connector
  let table: PostgresTable
  const rows: Cell[][] = []
  const seed = randomSeed()

  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.database('digest')
    db = await postgres.client(url)
    await db.query(`CREATE TABLE t (${columns});
      INSERT INTO t SELECT ${row} FROM generate_series(-30, 300) i;
      INSERT INTO t (id, e) VALUES (1000, ''), (1001, repeat('long', 1000));
      INSERT INTO t (id, e, d, t) VALUES (1002, '', 'infinity', '-infinity'), (1003, '', '0044-03-15 BC', '0044-03-15 BC')`)
    connector = await openEndpoint(url)
    ;[table] = (await connector.discover(['t'])) as [PostgresTable]
    const snapshot = await connector.snapshot([table])
    for await (const batch of snapshot.rows(table)) rows.push(...batch.map((cells) => [...cells]))
    await snapshot.close()
  }, 60_000)
  afterAll(async () => {
    await connector?.close()
    await postgres?.stop()
  }, 60_000)

  async function stored(where = 'true'): Promise<bigint> {
    const { rows: found } = await db.query<{ sum: string }>(
      `SELECT sum(${rowHash(table, seed)})::text AS sum FROM t WHERE ${where}`,
    )
    return BigInt.asUintN(64, BigInt(found[0]!.sum))
  }

  function digest(of: readonly (readonly Cell[])[]): RowDigest {
    const made = new RowDigest(table, seed)
    for (const cells of of) {
      for (const cell of cells) sendCell(cell, made)
      made.endRow()
    }
    return made
  }

  test('of cells of every kind', async () => {
    await db.query("SET timezone = 'UTC'; SET intervalstyle = 'iso_8601'; SET datestyle = 'ISO, YMD'")
    const made = digest(rows.toReversed())
    expect(made.isSure).toBe(true)
    expect(made.rows).toEqual({ count: 335, sum: await stored() })
  })

  test('of rows as a table keeps them', async () => {
    const schema = cellSchema(table.columns, { key: table.key, where: 't', previous: undefined })
    const packed = ownRows(new CellPacker(rowShape(schema), 't').pack(rows))
    const made = new RowDigest(table, seed)
    const cells = new StoredCells(table.columns, rowShape(schema))
    let content = 0
    for (let i = 0; i < packed.count; i++) {
      cells.read({
        keys: packed.keys,
        keyStart: i === 0 ? 0 : packed.keyEnds[i - 1]!,
        values: packed.values,
        valueStart: i === 0 ? 0 : packed.valueEnds[i - 1]!,
        valueEnd: packed.valueEnds[i]!,
        contents: packed.contents ?? [],
        contentStart: content,
      })
      made.row(cells)
      content = packed.contentEnds?.[i] ?? 0
    }
    expect(made.isSure).toBe(true)
    expect(made.rows.sum).toBe(await stored())
  })

  test('differs for every other cell, for rows that exchange cells, and for one that is NULL and not empty', async () => {
    const [one, two] = [rows[40]!, rows[41]!]
    const sum = digest([one, two]).rows.sum
    for (const [i] of table.columns.entries()) {
      const other = one.with(i, one[i]!.kind === 'null' ? textCell('') : nullCell)
      expect(digest([other, two]).rows.sum).not.toBe(sum)
      const exchanged = [one.with(i, two[i]!), two.with(i, one[i]!)]
      const isSame = Buffer.compare(one[i]!.bytes, two[i]!.bytes) === 0 && one[i]!.kind === two[i]!.kind
      if (!isSame) expect(digest(exchanged).rows.sum).not.toBe(sum)
    }
    expect(digest([two, one]).rows.sum).toBe(sum)
  })

  for (const [what, column, cell] of [
    ['a number that is a text', 'id', textCell('7')],
    ['a cell that is absent', 's', absentCell],
    ['a text that is a number', 'e', cellOf('number', utf8('7'))],
    ['a time as the server writes it', 't', textCell('2020-02-29 23:59:59')],
    ['a time that the server writes otherwise', 't', textCell('2020-02-29T23:59:59+00')],
    ['a time before our era with a letter', 't', textCell('0044-03-15T00:00:00 BC')],
    ['a truth that is a text', 'b', textCell('true')],
  ] as const) {
    test(`is not sure of ${what}`, () => {
      const place = table.columns.findIndex(({ name }) => name === column)
      expect(digest([rows[40]!]).isSure).toBe(true)
      expect(digest([rows[40]!.with(place, cell)]).isSure).toBe(false)
    })
  }
})
