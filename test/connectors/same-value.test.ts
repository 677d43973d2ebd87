// Which spellings of a value are one, by the type of the endpoint's column.
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { sameValue } from '../../src/connectors/spelling/same-value.ts'
import { cellOf, falseCell, nullCell, textCell, trueCell } from '../../src/table/cell.ts'
import type { Cell, ColumnType } from '../../src/table/interface.ts'

const number = (text: string): Cell => cellOf('number', utf8(text))
const json = (text: string): Cell => cellOf('json', utf8(text))

function isSame(branch: Cell, endpoint: Cell, type: ColumnType, nativeType: string = type): boolean {
  return sameValue(branch, endpoint, { type, nativeType })
}

describe('values in other spellings', () => {
  test.each<[string, ColumnType, Cell, Cell, string?]>([
    ['a decimal with more digits', 'decimal', number('3'), number('3.00')],
    ['a decimal beyond a double', 'decimal', number('9007199254740993'), number('9007199254740993.000')],
    ['a number of a CSV file', 'int', textCell('+036'), number('36')],
    ['half a number', 'decimal', textCell('.5'), number('0.50')],
    ['a power of ten', 'float', number('1e2'), number('100')],
    ['a number that is none', 'float', textCell('nan'), textCell('NaN')],
    ['infinity', 'float', textCell('-inf'), textCell('-Infinity')],
    ['a boolean of a CSV file', 'bool', textCell('T'), trueCell],
    ['another boolean', 'bool', number('0'), falseCell],
    [
      'a time in another zone',
      'timestamp',
      textCell('2024-05-06 09:08:09.50+02'),
      textCell('2024-05-06T07:08:09.5Z'),
    ],
    ['a time without a zone', 'timestamp', textCell('2024-05-06 07:08'), textCell('2024-05-06T07:08:00Z')],
    ['a day', 'date', textCell('2024-5-6'), textCell('2024-05-06')],
    ['JSON', 'json', json('{"b":1.0,"a":[1e2]}'), json('{"a": [100], "b": 1}')],
    [
      'a uuid',
      'text',
      textCell('{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'),
      textCell('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
      'uuid',
    ],
    ['a CHAR', 'text', textCell('ab'), textCell('ab   '), 'character(5)'],
    ['a number in a text', 'text', number('3'), textCell('3')],
    [
      'an array',
      'text',
      textCell('{{1.5, NULL},{2,"NaN"}}'),
      textCell('{{1.50,NULL},{2.00,NaN}}'),
      'numeric(10,2)[]',
    ],
    ['an array of CHAR', 'text', textCell('{a,"b\\""}'), textCell('{"a  ","b\\" "}'), 'character(3)[]'],
    ['true in a column of numbers', 'int', trueCell, number('1')],
    ['an address of one host', 'text', textCell('10.0.0.1'), textCell('10.0.0.1/32'), 'cidr'],
    ['another address of one host', 'text', textCell('::1/128'), textCell('::1'), 'inet'],
    ['a MAC address', 'text', textCell('08:00:2B:01:02:03'), textCell('08:00:2b:ff:fe:01:02:03'), 'macaddr8'],
    ['money', 'text', number('-1234.5'), textCell('-$1,234.50'), 'money'],
    ['money elsewhere', 'text', number('1234.5'), textCell('1.234,50 €'), 'money'],
    ['a domain of numbers', 'text', number('1.5'), textCell('1.50'), 'numeric(10,2)'],
    [
      'a range of times',
      'text',
      textCell('[2024-01-01,)'),
      textCell('["2024-01-01 01:00:00+01",)'),
      'tstzrange',
    ],
  ])('%s is the same', (_, type, branch, endpoint, nativeType) => {
    expect(isSame(branch, endpoint, type, nativeType)).toBe(true)
  })

  test.each<[string, ColumnType, Cell, Cell, string?]>([
    ['a decimal that was rounded', 'decimal', number('3.004'), number('3.00')],
    ['an integer that a double has lost', 'float', number('9007199254740993'), number('9007199254740992')],
    ['a sign', 'decimal', number('3'), number('-3')],
    ['nothing and zero', 'int', nullCell, number('0')],
    ['nothing in an array and a word', 'text', textCell('{NULL}'), textCell('{"NULL"}'), 'character(4)[]'],
    ['another place in an array', 'text', textCell('[2:2]={1}'), textCell('{1.0}'), 'numeric(4,1)[]'],
    ['an array that was rounded', 'text', textCell('{1.55}'), textCell('{1.6}'), 'numeric(4,1)[]'],
    ['another end of a range', 'text', textCell('[2024-01-01,)'), textCell('(2024-01-01,)'), 'tsrange'],
    ['no array', 'text', textCell('1'), textCell('1.0'), 'numeric(4,1)[]'],
    ['two words for no number', 'int', textCell('few'), textCell('many')],
    [
      'a time that was cut',
      'timestamp',
      textCell('2024-05-06 07:08:09.1234567'),
      textCell('2024-05-06T07:08:09.123457Z'),
    ],
    [
      'the same clock in another zone',
      'timestamp',
      textCell('2024-05-06 07:08:09+02'),
      textCell('2024-05-06T07:08:09'),
    ],
    ['a day that was moved', 'date', textCell('2024-06-31'), textCell('2024-07-01')],
    ['a text and a number in JSON', 'json', json('{"a":"1"}'), json('{"a":1}')],
    ['an object and a list of pairs', 'json', json('{"a":1}'), json('[["a",1]]')],
    ['numbers of JSON beyond a double', 'json', json('[9007199254740993]'), json('[9007199254740992]')],
    ['a text with spaces', 'text', textCell('ab'), textCell('ab '), 'character varying(5)'],
    ['letters of another case', 'text', textCell('Ada'), textCell('ada'), 'citext'],
    ['a text that looks like a uuid', 'text', textCell('A0'), textCell('a0'), 'uuid'],
    ['a number in a text, spelled otherwise', 'text', number('3'), textCell('3.0')],
    ['two in a column of numbers', 'int', trueCell, number('2')],
    ['a network', 'text', textCell('10.0.0.0/8'), textCell('10.0.0.0/32'), 'inet'],
    ['another sum of money', 'text', number('1234'), textCell('$1.23'), 'money'],
    ['bytes', 'bytes', cellOf('bytes', utf8('a')), cellOf('text', utf8('a'))],
  ])('%s is another', (_, type, branch, endpoint, nativeType) => {
    expect(isSame(branch, endpoint, type, nativeType)).toBe(false)
  })
})
