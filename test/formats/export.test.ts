import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { concatBytes, utf8Text } from '../../src/base/bytes.ts'
import { exportTable } from '../../src/formats/export.ts'
import type { FormatName } from '../../src/formats/interface.ts'
import { formatOfPath } from '../../src/formats/formats.ts'
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
