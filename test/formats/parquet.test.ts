import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { collect } from '../../src/base/iterables.ts'
import { openParquet } from '../../src/formats/parquet/read.ts'
import { readHybrid } from '../../src/formats/parquet/hybrid.ts'
import { crc32 } from '../../src/formats/parquet/crc32.ts'
import { columnsOf, readFrom, rowsOf, withSource } from './columnar-files.ts'

type Leaf = Partial<SchemaElement> & { data: unknown[] }

function parquet(
  columns: Record<string, Leaf>,
  options: { pageSize?: number; rowGroupSize?: number; codec?: 'UNCOMPRESSED' } = {},
): Uint8Array {
  const names = Object.keys(columns)
  const schema: SchemaElement[] = [{ name: 'root', num_children: names.length }]
  for (const [name, { data: _, ...element }] of Object.entries(columns))
    schema.push({ repetition_type: 'OPTIONAL', ...element, name } as SchemaElement)
  const columnData = names.map((name) => ({ name, data: columns[name]!.data }))
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, ...options }))
}

const ids = (count: number): Leaf => ({ type: 'INT32', data: Array.from({ length: count }, (_, i) => i + 1) })
const text: Partial<SchemaElement> = { type: 'BYTE_ARRAY', converted_type: 'UTF8' }

describe('reading', () => {
  test('numbers keep every digit', async () => {
    const bytes = parquet({
      int: { type: 'INT64', data: [2n ** 63n - 1n, -(2n ** 63n), null] },
      unsigned: {
        type: 'INT64',
        logical_type: { type: 'INTEGER', bitWidth: 64, isSigned: false },
        data: [2n ** 64n - 1n, 0n, 1n],
      },
      decimal: {
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: 16,
        converted_type: 'DECIMAL',
        precision: 38,
        scale: 3,
        data: [12345678901234567890123456789012345n, -1n, 0n],
      },
      whole: { type: 'INT64', converted_type: 'DECIMAL', precision: 18, scale: 0, data: [7n, -7n, null] },
      double: { type: 'DOUBLE', data: [0.1, Number.NaN, -0] },
    })
    expect(await columnsOf('parquet', bytes)).toEqual({
      'int int': ['number 9223372036854775807', 'number -9223372036854775808', 'null'],
      'unsigned int': ['number 18446744073709551615', 'number 0', 'number 1'],
      'decimal decimal': ['number 12345678901234567890123456789012.345', 'number -0.001', 'number 0.000'],
      'whole int': ['number 7', 'number -7', 'null'],
      'double float': ['number 0.1', 'text NaN', 'number -0.0'],
    })
  })

  test('times keep microseconds and nanoseconds, and whether they are instants', async () => {
    const stamp = (unit: 'MICROS' | 'NANOS', isAdjustedToUTC: boolean, data: unknown[]): Leaf => ({
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', unit, isAdjustedToUTC },
      data,
    })
    const bytes = parquet({
      day: { type: 'INT32', converted_type: 'DATE', data: [0, -719528, 2932897] },
      local: stamp('MICROS', false, [1n, -1n, 1_000_000n]),
      instant: stamp('NANOS', true, [123_456_789n, 0n, null]),
    })
    expect(await columnsOf('parquet', bytes)).toEqual({
      'day date': ['text 1970-01-01', 'text 0000-01-01', 'text +10000-01-01'],
      'local timestamp': [
        'text 1970-01-01T00:00:00.000001',
        'text 1969-12-31T23:59:59.999999',
        'text 1970-01-01T00:00:01',
      ],
      'instant timestamp': ['text 1970-01-01T00:00:00.123456789Z', 'text 1970-01-01T00:00:00Z', 'null'],
    })
  })

  test('NULL, empty text, bytes and booleans are told apart', async () => {
    const bytes = parquet({
      t: { ...text, data: [null, '', 'ü'] },
      b: { type: 'BYTE_ARRAY', data: [Uint8Array.of(), null, Uint8Array.of(0, 255)] },
      ok: { type: 'BOOLEAN', data: [true, false, null] },
    })
    expect(await columnsOf('parquet', bytes)).toEqual({
      't text': ['null', 'text ', 'text ü'],
      'b bytes': ['bytes ', 'null', 'bytes 00ff'],
      'ok bool': ['true', 'false', 'null'],
    })
  })

  test('lists, maps and structs are JSON; a key called __proto__ is a key like any other', async () => {
    const schema: SchemaElement[] = [
      { name: 'root', num_children: 3 },
      { name: 'list', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
      { name: 'map', repetition_type: 'OPTIONAL', converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'value', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: 'struct', repetition_type: 'OPTIONAL', num_children: 2 },
      { name: 'a', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: '1', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ]
    const columnData = [
      { name: 'list', data: [[1, null, 2], [], null] },
      {
        name: 'map',
        data: [
          [{ key: '__proto__', value: 2n ** 60n }],
          [
            { key: 'a', value: null },
            { key: 'a', value: 1n },
          ],
          null,
        ],
      },
      { name: 'struct', data: [{ a: 1n, '1': 'x' }, { a: null, '1': null }, null] },
    ]
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, schema }))
    expect(await columnsOf('parquet', bytes)).toEqual({
      'list json': ['json [1,null,2]', 'json []', 'null'],
      'map json': [
        'json {"__proto__":1152921504606846976}',
        'json [{"key":"a","value":null},{"key":"a","value":1}]',
        'null',
      ],
      'struct json': ['json {"a":1,"1":"x"}', 'json {"a":null,"1":null}', 'null'],
    })
  })

  test('many pages and row groups give the rows in their order', async () => {
    const words = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? null : `word ${i}`))
    const bytes = parquet(
      { id: ids(5000), t: { ...text, data: words } },
      { pageSize: 500, rowGroupSize: 700 },
    )
    const rows = await rowsOf('parquet', bytes)
    expect(rows).toHaveLength(5000)
    expect(
      rows.every(
        ([id, word], i) =>
          id === `number ${i + 1}` && word === (words[i] === null ? 'null' : `text ${words[i]}`),
      ),
    ).toBe(true)
  })

  test('one column can be read alone', async () => {
    const bytes = parquet({ id: ids(3), t: { ...text, data: ['a', 'b', 'c'] } })
    const found = await withSource('parquet', bytes, async (source) => {
      const rows: number[] = []
      for await (const batch of source.cells({ places: [1] })) rows.push(...batch.map((row) => row.length))
      return rows
    })
    expect(found).toEqual([1, 1, 1])
  })
})

describe('refusing', () => {
  const fault = async (columns: Record<string, Leaf>): Promise<string> =>
    readFrom('parquet', parquet(columns), ['id']).then(
      () => 'read',
      (error: Error) => error.message,
    )

  test('what no cell can hold is named by row and column', async () => {
    expect(await fault({ id: ids(2), t: { ...text, data: ['a', Uint8Array.of(255)] } })).toBe(
      "'data' row 2, column 't': text is not UTF-8",
    )
    expect(await fault({ id: ids(1), t: { ...text, data: ['x'.repeat((16 << 20) + 1)] } })).toBe(
      "'data' row 1, column 't': a cell of 16777217 bytes is larger than 16777216 bytes",
    )
  })

  test('keys are there, and there once', async () => {
    expect(await fault({ id: { type: 'INT32', data: [1, null] } })).toBe(
      "'data' row 2, column 'id': key cell is empty",
    )
    expect(await fault({ id: { type: 'INT32', data: [3, 1, 2, 3] } })).toBe(
      "'data' row 4: key '3' was used in row 1 already",
    )
    expect(await fault({ no: ids(1) })).toBe("'data' has no column 'id' for the key")
  })
})

describe('broken bytes', () => {
  const whole = parquet(
    {
      id: ids(300),
      t: { ...text, data: Array.from({ length: 300 }, (_, i) => (i % 5 === 0 ? null : `w${i % 7}`)) },
      d: { type: 'DOUBLE', data: Array.from({ length: 300 }, (_, i) => i / 8) },
      ok: { type: 'BOOLEAN', data: Array.from({ length: 300 }, (_, i) => i % 2 === 0) },
    },
    { pageSize: 300, rowGroupSize: 128 },
  )
  // From memory: a scratch file for each case would be most of the test.
  const rowCount = async (bytes: Uint8Array): Promise<number> => {
    const read = async (start: number, length: number) => bytes.subarray(start, start + length)
    const { cells } = await openParquet({ size: bytes.length, read }, 'data')
    return (await collect(cells())).flat().length
  }
  const outcome = async (bytes: Uint8Array): Promise<string> =>
    rowCount(bytes).then(
      (count) => `${count} rows`,
      (error: unknown) => (isVarveError(error) ? error.code : String(error)),
    )

  test('a file cut short anywhere is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        expect(await outcome(whole.slice(0, length))).toBe('VARVE_CORRUPT')
      }),
      { numRuns: 200 },
    )
  })

  test('flipped bits anywhere are an error of ours, or as many rows as before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 3,
        }),
        async (flips) => {
          const bytes = whole.slice()
          for (const [at, bits] of flips) bytes[at]! ^= bits
          expect(['VARVE_CORRUPT', 'VARVE_UNSUPPORTED_FORMAT', 'VARVE_RULE_VIOLATED', '300 rows']).toContain(
            await outcome(bytes),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('bytes that are no Parquet file at all are an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (noise, framed) => {
        const mark = utf8('PAR1')
        const length = new Uint8Array(new Uint32Array([noise.length]).buffer)
        const bytes = framed ? Uint8Array.from([...mark, ...noise, ...length, ...mark]) : noise
        expect(await outcome(bytes)).not.toMatch(/rows|Error/)
      }),
      { numRuns: 300 },
    )
  })

  test('a run longer than its page is refused before it fills memory', () => {
    expect(() => readHybrid(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 1), 0, 6, 1, 10)).toThrow(RangeError)
    expect([...readHybrid(Uint8Array.of(0x06, 1, 0x03, 0b1010_0101), 0, 4, 1, 11)]).toEqual([
      1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1,
    ])
  })

  test('checksums of pages are CRC-32', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926)
  })
})
