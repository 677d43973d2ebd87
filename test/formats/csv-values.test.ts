// Rows of CSV become rows of values where they are parsed: that must give the table which a cell after the other gives.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { readCells } from '../../src/formats/columnar/read-cells.ts'
import { importedCell } from '../../src/formats/imported-cell.ts'
import { readTable } from '../../src/formats/read.ts'
import { tableCells } from '../../src/formats/table-cells.ts'
import type { ColumnType, TableObject } from '../../src/table/interface.ts'
import { chunksOf, newPlace, type Place, read } from './round-trip.ts'

type Types = ReadonlyMap<string, ColumnType>
const keyTypes = ['text', 'int', 'decimal', 'float', 'bool', 'date', 'timestamp', 'bytes'] as const
const types = [...keyTypes, 'json'] as const

async function typed(text: string, key: string[], names: Types, place: Place): Promise<TableObject> {
  const options = { ...place, format: 'csv', key, types: names, where: 'data' } as const
  return (await readTable(chunksOf(utf8(text)), options)).table
}

async function byCells(text: string, key: string[], names: Types, place: Place): Promise<TableObject> {
  const { table } = await read(text, { key, place })
  const loose = { ...table, order: null, layout: null }
  const columns = table.schema.columns.map(({ name }) => ({ name, type: names.get(name)! }))
  async function* cells() {
    for await (const rows of tableCells(place.nodes, loose))
      yield rows.map((row) => row.map((cell, i) => importedCell(cell, columns[i]!.type, 'text')))
  }
  const source = { columns, key, rowCount: 0, cells }
  return { ...(await readCells(source, { ...place, key, where: 'data' })), order: null }
}

const numbers = [
  '0',
  '-0',
  '7',
  '-7',
  '007',
  '+1',
  '1.5',
  '1.50',
  '1e5',
  '1e',
  '1.',
  '.5',
  '-',
  '9'.repeat(40),
]
const others = ['true', 'false', 'True', 'null', '[]', '{"a":1}', '"x"', '{', '00ff', '00f', '\\x00ff', 'NaN']
const texts = ['', '2024-01-01', '2024-01-01T00:00:00Z', 'a "b"', 'a,b', 'a\nb', ' 1', 'é', '\0', '1\0']
const word = fc.oneof(
  fc.constantFrom(...numbers, ...others, ...texts),
  fc
    .tuple(fc.constantFrom('1', 'a', '0'), fc.constantFrom(198, 199, 200, 1024, 1025, 3000))
    .map(([one, length]) => one.repeat(length)),
)
const quoted = (text: string, always: boolean): string =>
  always || /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

test('what a cell becomes, it becomes in rows that are packed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<string[]>(['id'], ['id', 'b'], ['c']),
      fc.array(fc.tuple(word, word, word, fc.boolean(), fc.constantFrom('\n', '\r\n')), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.tuple(
        fc.constantFrom('int', 'text'),
        fc.constantFrom(...types),
        fc.constantFrom(...types),
        fc.constantFrom(...types),
      ),
      async (key, rows, [idType, ...rest]) => {
        const names: Types = new Map([
          ['id', idType],
          ['a', rest[0]],
          ['b', rest[1]],
          ['c', rest[2]],
        ] as const)
        fc.pre(key.every((name) => names.get(name) !== 'json'))
        const lines = rows.map(([a, b, c, always, eol], i) => {
          const cells = [`${rows.length - i}`, a, b.slice(0, 300), `${i}${c.slice(0, 300)}`]
          return cells.map((text) => quoted(text, always)).join(',') + eol
        })
        const text = `id,a,b,c\n${lines.join('')}`
        fc.pre(!key.includes('b') || rows.every(([, b]) => b !== ''))
        const place = newPlace()
        expect(await typed(text, key, names, place)).toEqual(await byCells(text, key, names, place))
      },
    ),
    { numRuns: 150 },
  )
})

test('a column of nested values is a key as text', async () => {
  const place = newPlace()
  const { schema } = await typed('k,v\n"{""a"":1}",1\n"{""a"":2}",2\n', ['k'], new Map(), place)
  expect(schema.columns.map(({ type }) => type)).toEqual(['text', 'int'])
})
