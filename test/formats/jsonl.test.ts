import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { NotATable } from '../../src/formats/not-a-table.ts'
import { Table } from '../../src/table/table.ts'
import { read, rendered } from './round-trip.ts'

async function roundTrip(text: string, key: string[] = ['id']) {
  const result = await read(text, { key, format: 'jsonl' })
  expect(utf8Text(await rendered(result.nodes, result.table))).toBe(text)
  return { ...result, table: await Table.of(result.nodes, result.table) }
}

const ordinary = {
  compact: '{"id":1,"name":"Ada"}\n{"id":2,"name":"Alan"}\n',
  'as Python writes it':
    '{"id": 1, "name": "Ad\\u00e1 \\ud83d\\ude00", "n": [1, 2]}\n{"id": 2, "name": null}\n',
  'without final line end': '{"id":1}\n{"id":2}',
  CRLF: '{"id":1}\r\n{"id":2}\r\n',
  'mixed line ends': '{"id":1}\r\n{"id":2}\n',
  'odd spacing': '{ "id" : 1 }\n  {"id":2, "a":3}  \n{"id":3,"a":4}\n',
  'missing and late columns': '{"id":1,"a":1}\n{"id":2,"b":2}\n{"id":3,"a":1,"b":2}\n{"b":2,"id":4}\n',
  'names twice': '{"id":1,"a":1,"a":2}\n',
  'digits kept': '{"id":9007199254740993,"n":1.50,"m":-0,"e":1E400,"z":0.10e+05}\n',
  'prototype names': '{"id":1,"__proto__":{"x":1},"constructor":2}\n',
  'lone surrogates': '{"id":1,"a":"\\ud800"}\n{"id":2,"a":"x\\udfffy"}\n',
  'odd escapes': '{"id":1,"a":"\\/\\u0041"}\n{"id":2,"a":"\\n\\t\\u0001\\u007f"}\n',
  'keys of all kinds': '{"id":"x"}\n{"id":true}\n{"id":1.5}\n{"id":-0}\n{"id":false}\n{"id":"1"}\n{"id":1}\n',
  'blank lines at the end': '{"id":1}\n\n\r\n',
  'out of order': '{"id":3,"a":1}\n{"id":1}\n{"id":2}\n',
  'empty values': '{"id":1,"a":"","b":[],"c":{},"d":null}\n',
  'escaped names': '{"id":1,"a\\nb":1,"\\u00e9":2}\n{"id":2,"é":3}\n',
  'long cells': `{"id":1,"a":"${'x'.repeat(3000)}","b":[${'1,'.repeat(2000)}2]}\n{"id":2,"a":${'9'.repeat(3000)}}\n`,
}

for (const [name, text] of Object.entries(ordinary)) {
  test(`a file of JSON lines comes back byte for byte: ${name}`, async () => void (await roundTrip(text)))
}

test('a row whose line is kept as it is has its values all the same', async () => {
  const { table } = await roundTrip('{ "id" : 1, "a":[1,{"b":2}], "n":9007199254740993, "a":"last" }\n')
  expect(await table.get(1)).toEqual({ id: 1, a: 'last', n: 9007199254740993n })
})

test('types of columns follow their cells', async () => {
  const { table } = await roundTrip(
    '{"id":1,"a":"x","b":true,"c":{"d":1},"e":1}\n{"id":2,"a":null,"b":false,"e":"x"}\n',
  )
  expect(table.schema.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'id int',
    'a text',
    'b bool',
    'c json',
    'e text',
  ])
})

test('a second version keeps ids and order of columns, and the nodes of rows that stay', async () => {
  const first = await read('{"id":1,"a":1,"b":2}\n', { key: ['id'], format: 'jsonl' })
  const text = '{"id":1,"a":1,"b":2}\n{"id":2,"c":1}\n'
  const { table, nodes } = await read(text, {
    key: ['id'],
    format: 'jsonl',
    place: first,
    previous: first.table,
  })
  expect(utf8Text(await rendered(nodes, table))).toBe(text)
  expect(table.schema.columns.map(({ id, name }) => `${id} ${name}`)).toEqual(['1 id', '2 a', '3 b', '4 c'])
})

const faults: [name: string, text: string, data: object][] = [
  ['a line that is not JSON', '{"id":1}\n{"id":2,}\n', { line: 2, reason: 'not-json' }],
  ['a line that is no object', '{"id":1}\n[1]\n', { line: 2, reason: 'not-object' }],
  ['a key that is missing', '{"id":1}\n{"a":1}\n', { line: 2, reason: 'missing-key' }],
  ['a key that is null', '{"id":null}\n', { line: 1, column: 'id', reason: 'empty-key' }],
  ['a key that is an object', '{"id":{}}\n', { line: 1, column: 'id', reason: 'key-not-scalar' }],
  [
    'a key that comes twice',
    '{"id":1}\n{"id":2}\n{"id":1}\n',
    { line: 3, firstLine: 1, reason: 'duplicate-key' },
  ],
]

for (const [name, text, data] of faults) {
  test(`${name} is a fault with its line`, async () => {
    const error = await read(text, { key: ['id'], format: 'jsonl' }).catch((thrown: unknown) => thrown)
    expect(isVarveError(error, 'VARVE_RULE_VIOLATED') && error.data).toMatchObject({ path: 'data', ...data })
  })
}

test('bytes that are not UTF-8 are a fault with their line', async () => {
  const text = Uint8Array.of(...utf8('{"id":1}\n{"id":2,"a":"'), 0xc3, ...utf8('"}\n{"id":3}\n'))
  const error = await read(text, { key: ['id'], format: 'jsonl' }).catch((thrown: unknown) => thrown)
  expect(isVarveError(error, 'VARVE_RULE_VIOLATED') && error.data).toMatchObject({
    line: 2,
    reason: 'not-utf8',
  })
})

for (const [name, text] of [
  ['no lines', ''],
  ['a byte order mark', '\ufeff{"id":1}\n'],
  ['a blank line', '{"id":1}\n\n{"id":2}\n'],
  ['a name that is no text', '{"id":1,"\\ud800":2}\n'],
] as const) {
  test(`no table: ${name}`, async () => {
    await expect(read(text, { key: ['id'], format: 'jsonl' })).rejects.toBeInstanceOf(NotATable)
  })
}
