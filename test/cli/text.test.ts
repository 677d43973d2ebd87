import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alignedRows } from '../../src/cli/format/columns.ts'
import { sizeText } from '../../src/base/size.ts'
import { dateText } from '../../src/base/time.ts'
import { shownUrl } from '../../src/cli/format/transfer.ts'
import { changedValues, keyText, rowText, valueText } from '../../src/cli/format/value.ts'
import { toJson } from '../../src/table/json.ts'
import { displayWidth, shortened, visible, visibleLine } from '../../src/cli/visible.ts'

describe('text from outside', () => {
  test('control characters, direction marks and stray bytes are shown as escapes', () => {
    expect(visible('a\u001b[31mred\u0007\r\n\t')).toBe('a\\x1b[31mred\\x07\\r\\n\\t')
    expect(visible('gpj.\u202exe')).toBe('gpj.\\u202exe')
    expect(visible('caf\udce9.csv')).toBe('caf\\xe9.csv')
    expect(visibleLine('a\tb\u0000')).toBe('a\tb\\x00')
    expect(visible('Wien 🇦🇹 Zürich')).toBe('Wien 🇦🇹 Zürich')
  })

  test('whatever comes in, nothing that drives a terminal comes out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- they are what is looked for
        return !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(visible(text))
      }),
    )
  })

  test('a URL that names no folder is shown as it is', () => {
    expect(shownUrl('file:///a%2fb')).toBe('file:///a%2fb')
    expect(shownUrl('file://host/a')).toBe('file://host/a')
  })

  test('widths count what a terminal shows', () => {
    expect(displayWidth('Wien')).toBe(4)
    expect(displayWidth('日本')).toBe(4)
    expect(displayWidth('🇦🇹')).toBe(2)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(shortened('abcdefgh', 5)).toBe('abcd…')
    expect(shortened('日本語', 5)).toBe('日本…')
    expect(
      alignedRows([
        ['a', 'b'],
        ['long', 'c'],
      ]),
    ).toEqual(['a     b', 'long  c'])
  })
})

describe('values', () => {
  test('nothing, empty, blank and big values can be told apart', () => {
    expect([null, '', ' a', '(none)', 'a', 12n ** 20n, true].map((value) => valueText(value))).toEqual([
      '(none)',
      "''",
      "' a'",
      "'(none)'",
      'a',
      '3833759992447475122176',
      'true',
    ])
    expect(valueText(new Uint8Array(3))).toBe('(3 B)')
  })

  test('of a long change the part that differs is shown', () => {
    const before = `${'same words '.repeat(10)}Wien at the end`
    const after = `${'same words '.repeat(10)}Vienna at the end`
    expect(changedValues(before, after, false)).toEqual([
      '… same words Wien at the end',
      '… same words Vienna at the end',
    ])
    expect(changedValues(before, after, true)).toEqual([before, after])
  })

  test('keys carry the names of their columns, rows leave out the key and what is not there', () => {
    expect(keyText([17, 'EUR'], ['id', 'currency'])).toBe('id=17 currency=EUR')
    expect(rowText({ id: 17, name: 'Ada', city: null }, ['id'], false)).toBe('name: Ada')
  })

  test('sizes and dates are as people know them', () => {
    expect([0, 999, 1000, 9949, 9950, 999_499, 999_500, 1e12].map(sizeText)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '999 kB',
      '1.0 MB',
      '1.0 TB',
    ])
    expect(dateText({ timeMs: 1795424400000, zoneMinutes: -270 })).toBe('Mon Nov 23 04:30:00 2026 -0430')
  })
})

describe('json', () => {
  test('bigint and bytes are strings, wherever they stand', () => {
    expect(toJson({ big: 2n ** 64n, bytes: Buffer.from([1, 2]), list: [new Uint8Array([3]), 4n] })).toBe(
      '{"big":"18446744073709551616","bytes":"AQI=","list":["Aw==","4"]}',
    )
  })

  test('stray bytes of a path survive as lone surrogates', () => {
    expect(JSON.parse(toJson('caf\udce9'))).toBe('caf\udce9')
  })
})

test('characters without a shape are shown, joiners that scripts need are not', () => {
  expect(visible('a\u200bb\ufeffc\u00ad\u2066')).toBe('a\\u200bb\\ufeffc\\xad\\u2066')
  expect(visible(`x${String.fromCodePoint(0xe0041)}`)).toBe('x\\u{e0041}')
  expect(visible('می\u200cخواهم 👩\u200d🌾')).toBe('می\u200cخواهم 👩\u200d🌾')
})
