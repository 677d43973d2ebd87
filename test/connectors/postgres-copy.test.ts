// Rows of COPY taken apart without cells are the rows that the way over cells makes of them.
import fc from 'fast-check'
import { wholeFrames } from '../../src/connectors/postgres/copy/copy-frames.ts'
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { CopyBuffer } from '../../src/connectors/postgres/copy/copy-buffer.ts'
import { CopyLines } from '../../src/connectors/postgres/copy/copy-lines.ts'
import { copyColumns, copyPlan } from '../../src/connectors/postgres/copy/copy-plan.ts'
import { type CopySlice, copySlice } from '../../src/connectors/postgres/copy/copy-slice.ts'
import type { PostgresTable } from '../../src/connectors/postgres/discover.ts'
import { cellRows, packedRows } from '../../src/connectors/postgres/copy/packed-rows.ts'
import { textOfCell } from '../../src/connectors/postgres/types.ts'
import { WorkerPool } from '../../src/base/pool.ts'
import { CellPacker } from '../../src/formats/columnar/pack-cells.ts'
import { cellSchema } from '../../src/formats/columnar/read-cells.ts'
import { ownRows, type PackedRows } from '../../src/formats/packed.ts'
import { decodeNode } from '../../src/prolly/node.ts'
import { unpack } from '../../src/store/packing.ts'
import { readRecord } from '../../src/store/record.ts'
import { absentCell, cellOf, falseCell, nullCell, textCell, trueCell } from '../../src/table/cell.ts'
import { columnTypes } from '../../src/table/schema.ts'
import type { ColumnType } from '../../src/table/interface.ts'
import { type RowShape, rowShape } from '../../src/table/rows.ts'

const texts: Readonly<Record<ColumnType, fc.Arbitrary<string>>> = {
  text: fc.oneof(
    fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
    fc.constantFrom(
      '',
      '\\',
      '\\N',
      'a\tb\nc\\d\r\b\f\v',
      'x'.repeat(1024),
      'x'.repeat(1025),
      '\t'.repeat(700),
    ),
  ),
  int: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n).map(String), fc.constantFrom('0', '-1', '4294967296')),
  decimal: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n.toFixed(5)),
    fc.constantFrom('NaN', 'Infinity', '0.00', '-0.10', '1'.repeat(2000), '.5', '1.', '01', '-'),
  ),
  float: fc.oneof(fc.double().map(String), fc.constantFrom('-0', '1e+308', '5e-324', '1e', 'NaN', '1e5x')),
  bool: fc.constantFrom('t', 'f'),
  date: fc.constantFrom('2024-02-29', 'infinity', '0044-03-15 BC'),
  timestamp: fc.constantFrom(
    '2024-05-06 07:08:09.123456',
    '2024-05-06 07:08:09+00',
    '2024-05-06 07:08:09.1+00',
    '0044-03-15 12:00:00 BC',
    '-infinity',
    '12024-05-06 07:08:09+00',
  ),
  bytes: fc.uint8Array({ maxLength: 1100 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  json: fc.json(),
}

function tableOf(types: readonly ColumnType[], key: readonly string[]): PostgresTable {
  const columns = types.map((type, i) => ({ name: `c${i}`, type }))
  return { columns, key } as unknown as PostgresTable
}

/** A message of the protocol a line. */
function framed(lines: readonly string[]): Uint8Array {
  return Buffer.concat(
    lines.map((text) => {
      const frame = Buffer.from(`d----${text}`)
      frame.writeUInt32BE(frame.length - 1, 1)
      return frame
    }),
  )
}

function line(row: readonly (string | null)[]): string {
  const named: Record<string, string> = {
    '\b': 'b',
    '\f': 'f',
    '\n': 'n',
    '\r': 'r',
    '\t': 't',
    '\v': 'v',
    '\\': '\\',
  }
  const escaped = (text: string): string => text.replaceAll(/[\b\f\n\r\t\v\\]/g, (one) => `\\${named[one]!}`)
  return `${row.map((field) => (field === null ? '\\N' : escaped(field))).join('\t')}\n`
}

async function overCells(bytes: Uint8Array, table: PostgresTable): Promise<PackedRows | null> {
  const packer = new CellPacker(shapeOf(table), 't')
  try {
    async function* copy(): AsyncGenerator<Uint8Array> {
      yield bytes
    }
    for await (const rows of cellRows(copy, table)) return ownRows(packer.pack(rows))
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
  }
  return null
}

type Row = readonly (string | null)[]

function direct(rows: readonly Row[], table: PostgresTable, leafTarget: number | null): CopySlice {
  const order = copyColumns(table, shapeOf(table)).map((column) => table.columns.indexOf(column))
  return sliceOf(framed(rows.map((row) => line(order.map((at) => row[at]!)))), table, leafTarget)
}

function shapeOf(table: PostgresTable): RowShape {
  return rowShape(cellSchema(table.columns, { key: table.key, where: 't', previous: undefined }))
}

function sliceOf(bytes: Uint8Array, table: PostgresTable, leafTarget: number | null): CopySlice {
  const leafOptions = leafTarget === null ? null : { leafTarget, known: null }
  return copySlice({ bytes, plan: copyPlan(table, shapeOf(table)), leafOptions })
}

const tables = fc
  .tuple(
    fc.array(fc.constantFrom(...columnTypes), { minLength: 1, maxLength: 6 }),
    fc.constantFrom<ColumnType>(...columnTypes.filter((type) => type !== 'json')),
    fc.nat(6),
  )
  .chain(([others, keyType, place]) => {
    const at = Math.min(place, others.length)
    const types = others.toSpliced(at, 0, keyType)
    const fields = types.map((type, i) => (i === at ? texts[type] : fc.option(texts[type])))
    return fc.record({
      table: fc.constant(tableOf(types, [`c${at}`])),
      rows: fc.array(fc.tuple(...fields), { minLength: 1, maxLength: 8 }),
    })
  })

test('rows of every type are packed as cells are, or left to the way over cells', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(tables, async ({ table, rows }) => {
      const bytes = framed(rows.map(line))
      const expected = await overCells(bytes, table)
      const slice = direct(rows, table, null)
      if (slice !== null) taken++
      expect(slice).toEqual(expected && { rows: expected })
    }),
    { numRuns: 500 },
  )
  expect(taken).toBeGreaterThan(200)
})

test('rows in key order come as leaves with the same entries', async () => {
  const table = tableOf(['int', 'text', 'timestamp'], ['c0'])
  const rows = Array.from({ length: 900 }, (_, i) => [
    String(i),
    `name\t${i}`,
    i % 3 === 0 ? null : '2024-05-06 07:08:09+00',
  ])
  const bytes = framed(rows.map(line))
  const expected = (await overCells(bytes, table))!
  const slice = direct(rows, table, 1024)
  if (slice === null || !('leaves' in slice)) throw new Error('no leaves')
  const { leaves } = slice
  expect(leaves.count).toBeGreaterThan(5)
  const values: Uint8Array[] = []
  for (let i = 0, at = 0; i < leaves.count; at = leaves.ends[i++]!) {
    const { packing, payload, rawLength } = readRecord(leaves.bytes, at)
    values.push(decodeNode(unpack(packing, payload, rawLength, null)).values)
  }
  expect(Buffer.concat([...values, leaves.tail.values])).toEqual(Buffer.from(expected.values))
})

test('bytes that are no rows are refused, and nothing hangs', () => {
  const table = tableOf(['int', 'text'], ['c0'])
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Buffer.from('\t\n\\N1ab'))), (bytes) => {
      try {
        sliceOf(framed([`${Buffer.from(bytes).toString()}\n`]), table, null)
      } catch (error) {
        expect(error).toMatchObject({ code: 'VARVE_CORRUPT' })
      }
    }),
    { numRuns: 2000 },
  )
})

test('a row that a table cannot hold is named, wherever it comes; a row cut short is damage', async () => {
  const table = tableOf(['text', 'text'], ['c0'])
  const packing = { shape: shapeOf(table), where: 't', pool: new WorkerPool(), leafOptions: () => null }
  const read = async (bytes: Uint8Array): Promise<number> => {
    let count = 0
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const view = new Uint8Array(200_000)
      for (let at = 0, end = 0; at < bytes.length; at = end) {
        end = at + (wholeFrames(bytes.subarray(at, at + view.length)) || view.length)
        const frames = bytes.subarray(at, end)
        view.set(frames)
        yield view.subarray(0, frames.length)
      }
    }
    for await (const slice of packedRows(chunks, table, packing))
      if ('rows' in slice) count += slice.rows.count
    return count
  }
  const many = Array.from({ length: 30_000 }, (_, i) => line([`k${i}`, 'x'.repeat(100)]))
  expect(await read(framed(many))).toBe(30_000)
  await expect(read(framed([...many, '\\N\tempty key\n']))).rejects.toMatchObject({
    code: 'VARVE_RULE_VIOLATED',
    data: { row: 30_001, column: 'c0', reason: 'empty-key' },
  })
  await expect(read(framed([...many, 'k\tcut\n']).subarray(0, -1))).rejects.toMatchObject({
    code: 'VARVE_CORRUPT',
  })
  await packing.pool.close()
})

test('rows are written for COPY as the cells that they are', () => {
  const cells = fc.oneof(
    fc.constantFrom(nullCell, trueCell, falseCell, absentCell),
    texts.text.map(textCell),
    texts.text.filter((text) => text !== '').map((text) => ({ ...textCell(text), quotingFlipped: true })),
    texts.int.map((text) => cellOf('number', Buffer.from(text))),
    fc.constantFrom('1.50', '-0', '1e5', '7'.repeat(1500)).map((text) => cellOf('number', Buffer.from(text))),
    fc.json().map((text) => cellOf('json', Buffer.from(text))),
    fc.uint8Array({ maxLength: 1100 }).map((bytes) => cellOf('bytes', bytes)),
  )
  const keys = fc.oneof(
    fc.constantFrom(trueCell, falseCell),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map(textCell),
    texts.int.map((text) => cellOf('number', Buffer.from(text))),
    fc.constantFrom('1.50', '1e5', '-0').map((text) => cellOf('number', Buffer.from(text))),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => cellOf('bytes', bytes)),
  )
  const names = ['a', 'k2', 'b', 'k1', 'c']
  const here = { columns: names.map((name) => ({ name, type: 'text' as const })), key: ['k1', 'k2'] }
  const there = ['c', 'k1', 'elsewhere', 'computed', 'k2', 'a'].map((name) => ({
    name,
    generated: name === 'computed',
  }))
  const shape = rowShape(cellSchema(here.columns, { key: here.key, where: 't', previous: undefined }))
  fc.assert(
    fc.property(fc.array(fc.tuple(cells, keys, cells, keys, cells), { minLength: 1 }), (rows) => {
      const packed = new CellPacker(shape, 't').pack(rows)
      const lines = new CopyLines({ columns: there } as unknown as PostgresTable, shape)
      lines.add({ ...packed, contents: packed.contents ?? [] }, null)
      const wanted = there.filter(({ generated }) => !generated).map(({ name }) => names.indexOf(name))
      const expected = rows.map((row) => wanted.map((at) => (at < 0 ? null : textOfCell(row[at]!))))
      expect(Buffer.concat(lines.take()).toString()).toBe(expected.map(copyLine).join(''))
      expect(lines.take()).toHaveLength(0)
    }),
    { numRuns: 300 },
  )
})

function copyLine(row: readonly (string | null)[]): string {
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')
  return `${row.map((field) => (field === null ? '\\N' : escaped(field))).join('\t')}\n`
}

test('a long value is written for COPY in chunks that are no longer than those of short rows', () => {
  const long = 3 << 20
  const text = Buffer.alloc(long, 'line\n\\tab\t').toString()
  const bytes = Buffer.alloc(long, 0xa5)
  const lines = new CopyBuffer()
  lines.text(Buffer.from(text), 0, long)
  lines.tab()
  lines.bytes(bytes)
  lines.endLine()
  const { length } = lines
  const chunks = lines.take()
  expect(Buffer.concat(chunks).toString()).toBe(copyLine([text, `\\x${bytes.toString('hex')}`]))
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(length)
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(1 << 20)
})
