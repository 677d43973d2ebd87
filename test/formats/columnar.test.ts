// Laws of both columnar formats: what is written and read again is the same rows, whatever they hold.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { columnarFormatOf } from '../../src/dataset/columnar-name.ts'
import { dateText, parseDate, parseTimestamp, timestampText } from '../../src/formats/columnar/times.ts'
import { writeParquet } from '../../src/formats/parquet/write.ts'
import { writeSqlite } from '../../src/formats/sqlite/write.ts'
import { tableCells } from '../../src/formats/table-cells.ts'
import type { ColumnType, Row } from '../../src/table/interface.ts'
import { applyEdits, editsOf, newTable } from '../../src/table/edits.ts'
import { Table } from '../../src/table/table.ts'
import { cellWords, columnsOf, readFrom, withSource, written } from './columnar-files.ts'
import { type Place, newPlace, read } from './round-trip.ts'

const iso = fc
  .bigInt({ min: -(2n ** 62n), max: 2n ** 62n })
  .map((micros) => timestampText(micros / 1000n, 'MICROS', true))
const values: Record<string, fc.Arbitrary<Row[string]>> = {
  i: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
  d: fc.integer({ min: -700_000, max: 2_900_000 }).map((days) => dateText(BigInt(days))),
  z: iso,
  ok: fc.boolean(),
  t: fc.string({ unit: 'grapheme' }),
  b: fc.uint8Array({ maxLength: 2000 }),
  j: fc.oneof(fc.dictionary(fc.string(), fc.integer()), fc.array(fc.string())) as fc.Arbitrary<Row[string]>,
}
const types: Record<string, ColumnType> = {
  id: 'int',
  i: 'int',
  f: 'float',
  d: 'date',
  z: 'timestamp',
  ok: 'bool',
  t: 'text',
  b: 'bytes',
  j: 'json',
}
const rowsOfAll = fc
  .array(fc.record(Object.fromEntries(Object.entries(values).map(([name, one]) => [name, fc.option(one)]))), {
    maxLength: 12,
  })
  .map((rows) => rows.map((row, id) => ({ id: BigInt(id), ...row })))

async function tableOf(rows: readonly Row[]): Promise<Place & { table: Table }> {
  const place = newPlace()
  const columns = Object.entries(types).map(([name, type]) => ({ name, type }))
  const empty = await Table.of(place.nodes, newTable(place.nodes, place.writer, { key: ['id'], columns }))
  const edits = await editsOf(empty, { puts: rows }, place.writer)
  return { ...place, table: await Table.of(place.nodes, await applyEdits(empty, edits, place.writer)) }
}

describe.each([
  ['parquet', writeParquet],
  ['sqlite', writeSqlite],
] as const)('%s', (format, write) => {
  test('rows of every type come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfAll, async (rows) => {
        const { nodes, table } = await tableOf(rows)
        const notes: string[] = []
        const bytes = await written(
          write(nodes, table.object, { table: 't', onNote: (note) => notes.push(note) }),
        )
        expect(notes).toEqual([])
        const back = await readFrom(format, bytes, ['id'])
        const words = async (place: Place, object: typeof back.table): Promise<string[][]> =>
          (await collect(tableCells(place.nodes, object))).flat().map((row) => row.map(cellWords))
        expect(await words(back, back.table)).toEqual(
          await words({ nodes, writer: back.writer }, table.object),
        )
      }),
      { numRuns: format === 'sqlite' ? 25 : 60 },
    )
  })

  test('the key of the table is known to whoever reads the file', async () => {
    const { nodes, table } = await read('a,b,c\n1,x,\n1,y,\n', { key: ['b', 'a'] })
    const bytes = await written(write(nodes, table, { table: 't' }))
    expect(await withSource(format, bytes, async ({ key }) => key)).toEqual(['b', 'a'])
  })

  test('a column with a cell that is not of its type goes out as text, and that is said', async () => {
    const lines = '{"id":1,"day":"2024-02-29"}\n{"id":2,"day":"2024-02-28"}\n'
    const { nodes, table } = await read(lines, { key: ['id'], format: 'jsonl' })
    const schema = {
      ...table.schema,
      columns: table.schema.columns.map((one) =>
        one.name === 'day' ? { ...one, type: 'date' as const } : one,
      ),
    }
    const dated = await columnsOf(format, await written(write(nodes, { ...table, schema }, { table: 't' })))
    expect(dated['day date']).toEqual(['text 2024-02-29', 'text 2024-02-28'])
    const { nodes: others, table: other } = await read(lines.replace('02-28', '02-30'), {
      key: ['id'],
      format: 'jsonl',
    })
    const notes: string[] = []
    const bytes = await written(
      write(others, { ...other, schema }, { table: 't', onNote: (note) => notes.push(note) }),
    )
    expect((await columnsOf(format, bytes))['day text']).toEqual(['text 2024-02-29', 'text 2024-02-30'])
    expect(notes).toEqual(["column 'day' is date and is written as text: row 2 holds '2024-02-30'"])
  })

  test('a table without rows is a file without rows', async () => {
    const { nodes, table } = await tableOf([])
    const bytes = await written(write(nodes, table.object, { table: 't' }))
    expect(
      await withSource(format, bytes, async ({ rowCount, columns }) => [rowCount, columns.length]),
    ).toEqual([0, 9])
  })
})

describe('numbers of Parquet', () => {
  const typesOf = async (csv: string): Promise<string[]> => {
    const { nodes, table } = await read(csv, { key: ['id'] })
    return Object.keys(await columnsOf('parquet', await written(writeParquet(nodes, table, { table: 't' }))))
  }

  test('decimals have as many places as the longest of them, integers beyond 64 bits are decimals without places', async () => {
    const { nodes, table } = await read('id,d,i\n1,1.5,1\n2,12345678901234567890.25,99999999999999999999\n', {
      key: ['id'],
    })
    expect(await columnsOf('parquet', await written(writeParquet(nodes, table, { table: 't' })))).toEqual({
      'id int': ['number 1', 'number 2'],
      'd decimal': ['number 1.50', 'number 12345678901234567890.25'],
      'i int': ['number 1', 'number 99999999999999999999'],
    })
  })

  test('a number that no double and no decimal holds makes its column text', async () => {
    expect(await typesOf('id,f\n1,1e400\n2,0.5\n')).toEqual(['id int', 'f text'])
    expect(await typesOf('id,f\n1,1e300\n2,0.5\n')).toEqual(['id int', 'f float'])
  })
})

describe('times', () => {
  test('a date is its number of days, in any year', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }), (days) => {
        expect(parseDate(dateText(days))).toBe(days)
      }),
    )
    expect([0n, 59n, 11016n, -1n, -719529n].map(dateText)).toEqual([
      '1970-01-01',
      '1970-03-01',
      '2000-02-29',
      '1969-12-31',
      '-00001-12-31',
    ])
    expect(['2023-02-29', '2024-13-01', '24-01-01', '2024-1-1'].map(parseDate)).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  test('a time is its number of nanoseconds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
        expect(parseTimestamp(timestampText(nanos, 'NANOS', true))).toMatchObject({ nanos, zone: 'Z' })
      }),
    )
    expect(parseTimestamp('2024-01-01T24:00:00')).toBeNull()
    expect(parseTimestamp('2024-01-01 10:30+02:00')).toMatchObject({ zone: '+02:00', digits: 0 })
  })
})

test('the name of a file tells its format', () => {
  expect(['a.PARQUET', 'b.sqlite', 'c.db', 'd.csv'].map(columnarFormatOf)).toEqual([
    'parquet',
    'sqlite',
    'sqlite',
    null,
  ])
})
