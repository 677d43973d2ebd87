import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { NotATable } from '../../src/formats/not-a-table.ts'
import { read, rendered } from './round-trip.ts'

async function roundTrip(text: string | Uint8Array, key: string[], format: 'csv' | 'tsv' = 'csv') {
  const result = await read(text, { key, format })
  const bytes = await rendered(result.nodes, result.table)
  expect(utf8Text(bytes)).toBe(typeof text === 'string' ? text : utf8Text(text))
  return result
}

const ordinary = {
  plain: 'id,name\n1,Ada\n2,Alan\n',
  'no final line end': 'id,name\n1,Ada\n2,Alan',
  CRLF: 'id,name\r\n1,Ada\r\n2,Alan\r\n',
  CR: 'id,name\r1,Ada\r2,Alan\r',
  'mixed line ends': 'id,name\n1,Ada\r\n2,Alan\n3,Eva\r\n',
  'another line end in the header': 'id,name\r\n1,Ada\n2,Alan\n',
  'CRLF without the last': 'id,name\r\n1,Ada\r\n2,Alan',
  'byte order mark': '\ufeffid,name\n1,Ada\n',
  'a first line with the delimiter': 'sep=;\r\nid;name\r\n1;a,b\r\n2;c,d\r\n',
  'a first line with the delimiter, which the rows do not tell': '\ufeffsep=|\nid|a,b\n1|x,y\n',
  'a first line with the delimiter, and a header alone': 'sep=;\rid;name',
  'header alone': 'id,name\n',
  'header alone without line end': 'id,name',
  'all quoted': '"id","name"\n"1","Ada"\n"2","Al ""x"" an"\n',
  'all quoted, but absent cells': '"id","name","n"\n"1","Ada",\n"2",,"3"\n"4","",""\n',
  'odd quoting': 'id,name\n1,"Ada"\n2,Alan\n"3",Eva\n4,Tim\n5,Bob\n',
  'needed quoting': 'id,name\n1,"Lovelace, Ada"\n2,"a ""b"" c"\n3,"line\nbreak"\n4,"cr\rlf\r\nend"\n',
  'quotes within plain cells': 'id,name\n1,5" disk\n2,6" x 7"\n3,plain\n',
  'empty and absent': 'id,name,n\n1,"",\n2,,""\n3,,\n4,x,y\n',
  'out of order': 'id,name\n3,c\n1,a\n2,b\n',
  'trailing blank lines': 'id,name\n1,Ada\n\n\n',
  'nameless first column': ',id,name\n0,1,Ada\n1,2,Alan\n',
  'int keys beyond 2^53':
    'id,n\n-9007199254740993,1\n9007199254740993,2\n340282366920938463463374607431768211455,3\n340282366920938463463374607431768211456,4\n',
  'keys that look like ints': 'id,n\n1,a\n2,a\n007,b\n-0,c\n+1,d\n 1,e\n1.0,f\n',
  'prototype columns': '__proto__,constructor,toString\n1,2,3\n4,5,6\n',
  unicode: 'id,größe,😀\n1,é,\u{10ffff}\nä,ö,ü\n',
  semicolons: 'id;name\n1;a,b\n2;c,d\n',
  'one column': 'id\n1\n2\n',
  'key last': 'name,city,id\nAda,London,1\nAlan,,2\n,,3\n',
  'nul bytes': 'id,name\na\0b,x\0y\n\0,z\n',
  spaces: 'id, name \n1, Ada \n2,\tAlan\n',
}

for (const [name, text] of Object.entries(ordinary)) {
  test(`a file comes back byte for byte: ${name}`, async () => {
    const key = text.includes('__proto__') ? '__proto__' : 'id'
    await roundTrip(text, [key])
  })
}

test('a file with a key of two columns, in another order than they stand, comes back byte for byte', async () => {
  await roundTrip('a,b,c\n1,x,p\n2,w,q\n1,w,r\n"1",z,s\n', ['b', 'a'])
})

test('columns have the type of their cells, however long the rows are', async () => {
  const text = (at: number): string => `${'x'.repeat(1_200_000)}${at}`
  const { table } = await roundTrip(`id,text,n\n1,${text(1)},1.5\n2,${text(2)},2.5\n3,${text(3)},3`, ['id'])
  expect(table.schema.columns.map(({ type }) => type)).toEqual(['int', 'text', 'decimal'])
})

test('cells of all lengths come back, in line and out of line', async () => {
  for (const length of [199, 200, 1023, 1024, 1025, 70_000]) {
    const cell = 'x'.repeat(length)
    await roundTrip(`id,a,b\n1,${cell},y\n2,"${cell},",\n3,${cell},"${cell}"\n4,${cell}\u00e9,\n`, ['id'])
  }
})

test('a TSV file without quoting keeps quotes as they are', async () => {
  await roundTrip('id\tname\n1\t"Ada\n2\tAlan" x\n', ['id'], 'tsv')
  await roundTrip('id\tname\n1\t"Ada\tB"\n2\tAlan\n', ['id'], 'tsv')
})

test('columns in another order than their ids are kept as they stand', async () => {
  const first = await read('id,a,b\n1,x,y\n2,p,q\n', { key: ['id'] })
  const text = 'b,id,new,a\ny,1,,x\nq,2,n,\n'
  const { table, nodes } = await read(text, { key: ['id'], place: first, previous: first.table })
  expect(utf8Text(await rendered(nodes, table))).toBe(text)
  expect(table.schema.columns.map(({ id, name }) => `${id} ${name}`)).toEqual(['3 b', '1 id', '4 new', '2 a'])
})

test('an added last column rewrites no row', async () => {
  const first = await read('id,a\n1,x\n2,y\n', { key: ['id'] })
  const { table } = await read('id,a,b\n1,x,\n2,y,\n', { key: ['id'], place: first, previous: first.table })
  expect(table.rows).toBe(first.table.rows)
})

const faults: [name: string, text: string, data: object][] = [
  ['a ragged row', 'id,name\n1,Ada\n2\n', { line: 3, reason: 'ragged-row' }],
  ['a row with too many cells', 'id,name\n1,Ada,x\n', { line: 2, reason: 'ragged-row' }],
  [
    'a ragged row below a line with the delimiter',
    'sep=;\nid;name\n1;a\n2\n',
    { line: 4, reason: 'ragged-row' },
  ],
  ['a duplicate key', 'id,name\n1,"A\nda"\n2,x\n1,y\n', { line: 5, firstLine: 2, reason: 'duplicate-key' }],
  ['a duplicate key side by side', 'id,name\n1,x\n1,y\n', { line: 3, firstLine: 2, reason: 'duplicate-key' }],
  ['an empty key cell', 'id,name\n1,x\n,y\n', { line: 3, column: 'id', reason: 'empty-key' }],
  ['a quoted empty key cell', 'id,name\n"",y\n', { line: 2, column: 'id', reason: 'empty-key' }],
  ['a missing key column', 'ident,name\n1,x\n', { line: 1, column: 'id', reason: 'missing-key-column' }],
  ['an unclosed quote', 'id,name\n1,x\n2,"y\n3,z\n', { line: 3, column: 'name', reason: 'unclosed-quote' }],
  ['a key that is too long', `id,name\n1,x\n${'k'.repeat(1025)},y\n`, { line: 3, reason: 'key-too-long' }],
]

for (const [name, text, data] of faults) {
  test(`${name} is a fault with its line`, async () => {
    const error = await read(text, { key: ['id'] }).catch((thrown: unknown) => thrown)
    expect(isVarveError(error, 'VARVE_RULE_VIOLATED') && error.data).toMatchObject({ path: 'data', ...data })
  })
}

test.each([
  ['id,name\n1\n', "'data' line 2, column 'name': row has fewer cells than the header has columns"],
  ['id,name\n1,x,y\n', "'data' line 2: row has more cells than the header has columns"],
  ['id,name,,\n1,x,,\n', 'two columns have no name (line 1)'],
])('a fault is told as it is: %j', async (text, words) => {
  await expect(read(text, { key: ['id'] })).rejects.toThrow(words)
})

test('a key that the header has not: it is said what the header has, or why it is none', async () => {
  const hintOf = (text: string) => read(text, { key: ['id'] }).catch(({ hint }: { hint: string }) => hint)
  expect(await hintOf('ident,name\n1,x\n')).toBe("the header has 'ident', 'name'")
  const many = Array.from({ length: 30 }, (_, i) => `c${i}`).join(',')
  expect(await hintOf(`${many}\n`)).toMatch(/'c11', …$/)
  expect(await hintOf('sep=;\r\nident;name\r\n1;x\r\n')).toBe("the header has 'ident', 'name'")
})

test('bytes that are not UTF-8 are a fault with their line', async () => {
  const text = Uint8Array.of(...utf8('id,name\n1,x\n2,'), 0xff, ...utf8('\n3,y\n'))
  const error = await read(text, { key: ['id'] }).catch((thrown: unknown) => thrown)
  expect(isVarveError(error, 'VARVE_RULE_VIOLATED') && error.data).toMatchObject({
    line: 3,
    reason: 'not-utf8',
  })
})

const noTables: [name: string, text: string][] = [
  ['no bytes', ''],
  ['no header', '\n\n'],
  ['a column twice', 'id,a,a\n1,2,3\n'],
  ['a blank line between rows', 'id,a\n1,2\n\n3,4\n'],
  ['text behind a closing quote', 'id,a\n1,"x"y\n'],
  ['a cell of more than 16 MiB', `id,a\n1,${'x'.repeat((16 << 20) + 1)}\n`],
  ['a lone carriage return at the end', 'id,a\n1,x\n2,y\r'],
  [
    'a row of more than a megabyte of small cells',
    `${Array.from({ length: 6000 }, (_, i) => `c${i}`).join()}\n${Array.from({ length: 6000 }, () => 'x'.repeat(190)).join()}\n`,
  ],
]

for (const [name, text] of noTables) {
  test(`no table: ${name}`, async () => {
    const error = await read(text, { key: [text.startsWith('c0') ? 'c0' : 'id'] }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(NotATable)
  })
}

test('slices cut in the middle of a quoted cell are joined again', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},"${`5"" disk\n`.repeat(9000)}"\n`)
  const odd = Array.from({ length: 200_000 }, (_, i) => `${1000 + i},5" disk\n`)
  await roundTrip(`id,note\n${rows.join('')}${odd.join('')}`, ['id'])
})
