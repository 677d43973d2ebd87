import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { collect, eachOf } from '../../src/base/iterables.ts'
import { concatBytes, utf8, utf8Text } from '../../src/base/bytes.ts'
import { exportCells, exportTable } from '../../src/formats/export.ts'
import type { FormatName } from '../../src/formats/interface.ts'
import { formatOfPath } from '../../src/formats/formats.ts'
import {
  absentCell,
  cellOf,
  falseCell,
  isJsonNumber,
  jsonNumber,
  nullCell,
  textCell,
  trueCell,
} from '../../src/table/cell.ts'
import type { Cell, ColumnType } from '../../src/table/interface.ts'
import { read } from './round-trip.ts'

async function exported(text: string, from: FormatName, to: FormatName): Promise<string> {
  const { nodes, table } = await read(text, { key: ['id'], format: from })
  return utf8Text(concatBytes(await collect(exportTable(nodes, table, to))))
}

test('CSV becomes JSON lines: types give numbers and booleans, absent cells are left out', async () => {
  const text = 'id;n;ok;t\n2;1.50;true;007\n1;;false;"a ""b"""\n'
  expect(await exported(text, 'csv', 'jsonl')).toBe(
    '{"id":2,"n":1.50,"ok":true,"t":"007"}\n{"id":1,"ok":false,"t":"a \\"b\\""}\n',
  )
})

test('JSON lines become CSV: every digit is kept, null and absent are empty, empty text is quoted', async () => {
  const text = '{"id":1,"a":9007199254740993,"b":[1, 2]}\n{"id":2,"b":null,"c":""}\n'
  expect(await exported(text, 'jsonl', 'csv')).toBe('id,a,b,c\n1,9007199254740993,"[1, 2]",\n2,,,""\n')
})

test('long cells are exported whole', async () => {
  const cell = 'x'.repeat(5000)
  expect(await exported(`id\ta\n1\t${cell}\n`, 'tsv', 'csv')).toBe(`id,a\n1,${cell}\n`)
})

test('the name of a file tells its format', () => {
  expect(['a.CSV', 'b.tsv', 'c.jsonl', 'd.ndjson', 'e.parquet'].map(formatOfPath)).toEqual([
    'csv',
    'tsv',
    'jsonl',
    'jsonl',
    null,
  ])
})

/** What is written, by strings: a cell's value and how its kind and column let it stand. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.stringMatching(/^-?[0-9.eE+-]{0,6}$/),
  fc.constantFrom('', 'true', 'false', '"', ',', '\t', 'a\nb', '\\', 'ä', '\u2028', '1.5e-7', '-0', '01'),
)
const anyCell: fc.Arbitrary<Cell> = fc.oneof(
  { weight: 6, arbitrary: anyText.map(textCell) },
  { weight: 1, arbitrary: fc.constantFrom(absentCell, nullCell, trueCell, falseCell) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('1.50', '-7', '9007199254740993').map((n) => cellOf('number', utf8(n))),
  },
  { weight: 1, arbitrary: fc.json().map((json) => cellOf('json', utf8(json))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => cellOf('bytes', bytes)) },
)

function plain({ kind, bytes }: Cell): string | null {
  if (kind === 'absent' || kind === 'null') return null
  if (kind === 'true' || kind === 'false') return kind
  return kind === 'bytes' ? Buffer.from(bytes).toString('hex') : utf8Text(bytes)
}

function delimited(text: string | null, delimiter: string): string {
  if (text === null) return ''
  return text === '' || text.includes(delimiter) || /["\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text
}

function json(cell: Cell, type: ColumnType): string {
  if (cell.kind === 'null') return 'null'
  const text = plain(cell)!
  const isBare =
    (cell.kind !== 'text' && cell.kind !== 'bytes') ||
    (cell.kind === 'text' && ['int', 'decimal', 'float'].includes(type) && jsonNumber.test(text)) ||
    (cell.kind === 'text' && type === 'bool' && (text === 'true' || text === 'false'))
  return isBare ? text : JSON.stringify(text)
}

test('any cells are written as strings would write them', async () => {
  const types: readonly ColumnType[] = ['text', 'int', 'float', 'bool']
  const columns = types.map((type) => ({ name: `the "${type}"`, type }))
  const names = columns.map(({ name }) => name)
  const rows = fc.array(fc.tuple(anyCell, anyCell, anyCell, anyCell), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(30), async (cells, cut) => {
      const written = async (format: FormatName): Promise<string> => {
        const batches = eachOf([cells.slice(0, cut), cells.slice(cut)])
        return utf8Text(concatBytes(await collect(exportCells(columns, batches, format))))
      }
      for (const [format, delimiter] of [
        ['csv', ','],
        ['tsv', '\t'],
      ] as const) {
        const lines = [names, ...cells.map((row) => row.map(plain))]
        const expected = lines.map((line) => line.map((text) => delimited(text, delimiter)).join(delimiter))
        expect(await written(format)).toBe(expected.map((line) => `${line}\n`).join(''))
      }
      const members = cells.map((row) =>
        row.flatMap((cell, i) =>
          cell.kind === 'absent' ? [] : [`${JSON.stringify(names[i])}:${json(cell, types[i]!)}`],
        ),
      )
      expect(await written('jsonl')).toBe(members.map((line) => `{${line.join(',')}}\n`).join(''))
    }),
  )
})

test('a number is told by its bytes as by its text', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^-?[0-9]{0,3}[.eE+-]{0,2}[0-9]{0,3}[eE]?[+-]?[0-9]{0,2}x?$/), (text) => {
      expect([text, isJsonNumber(utf8(text))]).toEqual([text, jsonNumber.test(text)])
    }),
    { numRuns: 1000 },
  )
})

test('more than one part is written whole, and a cell that is not UTF-8 is an error', async () => {
  const columns = [{ name: 'a', type: 'text' }] as const
  const long = Array.from({ length: 3000 }, (_, i) => [textCell(`${i} ${'x'.repeat(i % 90)}`)])
  const parts = await collect(exportCells(columns, eachOf([long]), 'csv'))
  expect(parts.length).toBeGreaterThan(1)
  expect(utf8Text(concatBytes(parts))).toBe(
    `a\n${long.map(([cell]) => `${utf8Text(cell!.bytes)}\n`).join('')}`,
  )
  for (const bytes of [Uint8Array.of(0xff), Uint8Array.of(0x22, 0xff), Uint8Array.of(0xc3)]) {
    for (const format of ['csv', 'jsonl'] as const) {
      const broken = eachOf([[[cellOf('text', bytes)], [textCell('\u00a4')]]])
      const error: unknown = await collect(exportCells(columns, broken, format)).catch((e: unknown) => e)
      expect(isVarveError(error, 'VARVE_CORRUPT')).toBe(true)
    }
  }
})
