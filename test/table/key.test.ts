import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, fromHex, toHex, utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { cellOf, falseCell, nullCell, textCell, trueCell } from '../../src/table/cell.ts'
import type { Cell, ColumnType, Schema } from '../../src/table/interface.ts'
import { writeIntLiteral, writeIntText } from '../../src/table/int-key.ts'
import { decodeKey, encodeKey } from '../../src/table/key.ts'

function schemaOf(types: ColumnType[], cells: Schema['cells']): Schema {
  const columns = types.map((type, i) => ({ id: i + 1, name: `c${i}`, type }))
  return { columns, key: columns.map(({ id }) => id), nextColumnId: types.length + 1, cells }
}

const number = (text: string): Cell => cellOf('number', utf8(text))

test('numbers sort as numbers, texts by code point, kinds in their order', () => {
  const schema = schemaOf(['text'], 'typed')
  const inOrder = [
    nullCell,
    falseCell,
    trueCell,
    ...[
      '-340282366920938463463374607431768211455',
      '-9007199254740993',
      '-256',
      '-255',
      '-1',
      '0',
      '1',
      '9',
      '10',
      '255',
      '256',
      '65536',
      '9007199254740991',
      '9007199254740993',
      '340282366920938463463374607431768211455',
    ].map(number),
    number('-0'),
    number('1.5'),
    number('1e3'),
    ...['', '\0', '\0\0', '\0a', 'a', 'a\0', 'a\0b', 'ab', 'b', 'é', '\uffff', '😀'].map(textCell),
    cellOf('bytes', Uint8Array.of(0)),
    cellOf('bytes', Uint8Array.of(1)),
  ]
  const keys = inOrder.map((cell) => encodeKey(schema, [cell]))
  const sorted = [...keys].sort(compareBytes)
  expect(sorted.map((key) => toHex(key))).toEqual(keys.map((key) => toHex(key)))
  keys.forEach((key, i) => expect(decodeKey(schema, key)).toEqual([inOrder[i]]))
})

test('in a table of text, ints are canonical literals of int columns only', () => {
  const schema = schemaOf(['int', 'text'], 'text')
  const texts = ['5', '007', '-0', '+1', ' 1', '1.0', '', '9'.repeat(38), '9'.repeat(60)]
  for (const text of texts) {
    const key = encodeKey(schema, [textCell(text), textCell(text)])
    expect(decodeKey(schema, key).map((cell) => utf8Text(cell.bytes))).toEqual([text, text])
  }
  expect(toHex(encodeKey(schema, [textCell('5'), textCell('5')]))).toBe('2105' + '403500')
})

const keyCell = fc.oneof(
  fc.constantFrom(nullCell, falseCell, trueCell),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }).map((value) => number(value.toString())),
  fc.integer({ min: -70000, max: 70000 }).map((value) => number(value.toString())),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => number(String(value))),
  fc.string({ unit: fc.constantFrom('\0', 'a', 'é', '\u{10ffff}') }).map(textCell),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => cellOf('bytes', bytes)),
)

test('a key decodes to its cells, and no other bytes do', () => {
  const schema = schemaOf(['text', 'text'], 'typed')
  const law = fc.property(keyCell, keyCell, (a, b) => {
    const key = encodeKey(schema, [a, b])
    const cells = decodeKey(schema, key)
    expect(cells.map(({ kind, bytes }) => [kind, toHex(bytes)])).toEqual(
      [a, b].map(({ kind, bytes }) => [kind, toHex(bytes)]),
    )
  })
  fc.assert(law, { numRuns: 2000 })
})

test('any bytes are a key that encodes back to them, or corrupt', () => {
  for (const cells of ['text', 'typed'] as const) {
    const schema = schemaOf(['int', 'text'], cells)
    const piece = fc.constantFrom(
      0,
      1,
      4,
      8,
      9,
      0x1f,
      0x20,
      0x21,
      0x22,
      0x30,
      0x38,
      0x40,
      0x50,
      0x31,
      0x35,
      0xfe,
      0xff,
    )
    const law = fc.property(fc.array(piece, { maxLength: 12 }), (bytes) => {
      const key = Uint8Array.from(bytes)
      try {
        expect(encodeKey(schema, decodeKey(schema, key))).toEqual(key)
      } catch (error) {
        if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
      }
    })
    fc.assert(law, { numRuns: 5000 })
  }
})

test('an int literal is written back as it was read', () => {
  const target = new Uint8Array(64)
  const law = fc.property(
    fc.oneof(fc.bigInt({ min: -(2n ** 128n) + 1n, max: 2n ** 128n - 1n }), fc.maxSafeInteger().map(BigInt)),
    (value) => {
      const text = utf8(value.toString())
      const end = writeIntLiteral(target, 0, text, 0, text.length)
      expect(end).toBeGreaterThan(0)
      const out = new Uint8Array(64)
      expect(out.subarray(0, writeIntText(out, 0, target, 0))).toEqual(text)
    },
  )
  fc.assert(law, { numRuns: 3000 })
})

test('a key longer than 1024 bytes is refused', () => {
  const schema = schemaOf(['text'], 'text')
  expect(encodeKey(schema, [textCell('x'.repeat(1022))])).toHaveLength(1024)
  expect(() => encodeKey(schema, [textCell('x'.repeat(1023))])).toThrow(/longer than 1024/)
  expect(() => decodeKey(schema, fromHex('40'.padEnd(2100, '61') + '00'))).toThrow(/longer/)
})
