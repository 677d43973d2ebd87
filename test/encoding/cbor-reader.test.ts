import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { decodeAny, decodeCbor, encodeCbor } from '../../src/encoding/cbor.ts'
import { readPlainCbor } from '../../src/encoding/cbor-reader.ts'
import { type Codec, cidOf, cidToLink } from '../../src/encoding/cid.ts'

const link = fc
  .tuple(fc.constantFrom<Codec>('raw', 'dag-cbor'), fc.string())
  .map(([codec, text]) => cidToLink(cidOf(codec, utf8(text))))
const { tree: value } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('list'), tie('map')),
  list: fc.array(tie('tree'), { maxLength: 30 }),
  map: fc.dictionary(
    fc.string({ unit: 'grapheme', maxLength: 300 }).filter((name) => name !== '__proto__'),
    tie('tree'),
    { maxKeys: 30 },
  ),
  leaf: fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(null, true, false, ''),
    link,
  ),
}))
const bytesOf = (some: unknown): Uint8Array => Uint8Array.from(encodeCbor(some))

/** The library cannot read it. */
const hasMark = (some: unknown): boolean =>
  JSON.stringify(some, (_, one: unknown) => (typeof one === 'bigint' ? 0 : one)).includes('\ufeff')

function outcome(read: () => unknown): unknown {
  try {
    return { value: read() }
  } catch (error) {
    return (error as { code?: string }).code
  }
}

test('all that the library writes is read as the library reads it', () => {
  fc.assert(
    fc.property(value, (some) => {
      fc.pre(!hasMark(some))
      const bytes = bytesOf(some)
      expect(decodeCbor(bytes, '')).toEqual(decodeAny(bytes, ''))
    }),
    { numRuns: 500 },
  )
})

test('usual objects take the short way', () => {
  const target = cidToLink(cidOf('raw', utf8('a')))
  const commit = {
    v: 1,
    parents: [target],
    author: ['Ada', 'a@example.org', 1e12, -60],
    extra: {},
    share: 0.5,
  }
  expect(readPlainCbor(bytesOf(commit))).toEqual(commit)
  expect(readPlainCbor(bytesOf('x'.repeat(70_000)))).toBe('x'.repeat(70_000))
})

test('a text that begins with a byte order mark is read as it was written', () => {
  for (const text of ['\ufeffmark', `\ufeff${'long '.repeat(100)}`])
    expect(decodeCbor(bytesOf({ message: text }), '')).toEqual({ message: text })
})

test('bytes that were changed or cut come to what the library says', () => {
  fc.assert(
    fc.property(
      value,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (some, place, flip, isCut) => {
        const bytes = bytesOf(some)
        const at = place % bytes.length
        bytes[at]! ^= flip
        const damaged = isCut ? bytes.subarray(0, at) : bytes
        const found = outcome(() => decodeCbor(damaged, ''))
        fc.pre(!hasMark(found))
        expect(found).toEqual(outcome(() => decodeAny(damaged, '')))
      },
    ),
    { numRuns: 2000 },
  )
})

const loose: readonly (readonly [string, readonly number[]])[] = [
  ['a number with a long head', [0x18, 0x17]],
  ['names out of order', [0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01]],
  ['a name twice', [0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x01]],
  ['a long name before a short one', [0xa2, 0x62, 0x61, 0x61, 0x01, 0x61, 0x62, 0x01]],
  ['text that is not UTF-8', [0x61, 0xff]],
  ['a whole number as a float', [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]],
  ['undefined', [0xf7]],
  ['a list without an end', [0x9f, 0xff]],
  ['two values', [0x01, 0x01]],
  ['a thousand lists in each other', [...Array<number>(1000).fill(0x81), 0xff]],
  ['nothing', []],
]
test.each(loose)('%s is refused', (_, bytes) => {
  expect(readPlainCbor(Uint8Array.from(bytes))).toBe(undefined)
  expect(() => decodeCbor(Uint8Array.from(bytes), 'it')).toThrow(/^it is not/)
})
