// MySQL's own form of JSON, from a log that may be anybody's.
import { expect, test } from 'vitest'
import { jsonText } from '../../src/connectors/mysql/binlog/json-text.ts'

const smallArray = 2
const text = 12

/** `[value, value]`, both at the offset behind it. */
function twice(type: number, value: Buffer): Buffer {
  const head = Buffer.from([2, 0, 0, 0, type, 10, 0, type, 10, 0])
  head.writeUInt16LE(head.length + value.length, 2)
  return Buffer.concat([head, value])
}

test('an array is read as the server shows it', () => {
  const two = Buffer.from([2, 0, 14, 0, text, 10, 0, text, 12, 0, 1, 0x61, 1, 0x62])
  expect(jsonText(Buffer.concat([Buffer.of(smallArray), two]))).toBe('["a", "b"]')
})

test('values that lead to the same bytes again and again are corrupt, not a text without end', () => {
  let nested: Buffer = Buffer.from([0, 0, 4, 0])
  for (let depth = 0; depth < 90; depth++) nested = twice(smallArray, nested)
  expect(() => jsonText(Buffer.concat([Buffer.of(smallArray), nested]))).toThrow('share bytes')
  const long = Buffer.concat([Buffer.of(100), Buffer.alloc(100, 'x')])
  expect(() => jsonText(Buffer.concat([Buffer.of(smallArray), twice(text, long)]))).toThrow('share')
})
