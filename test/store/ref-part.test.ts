import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { decodeCbor, encodeCbor } from '../../src/encoding/cbor.ts'
import { type Cid, cidOf, cidToLink } from '../../src/encoding/cid.ts'
import { linksOfRefs, refsOfLinks } from '../../src/store/manifest-file.ts'
import { readRefPart, writeRefPart } from '../../src/store/ref-part.ts'
import { refsOfParts } from '../../src/store/ref-spill.ts'

const target = (i: number): Cid => cidOf(i % 2 === 0 ? 'dag-cbor' : 'raw', utf8(`object ${i}`))
const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.integer({ min: 0, max: 300 }).map((length) => `refs/heads/${'x'.repeat(length)}`),
)
const refsOf = (names: readonly string[]): Map<string, Cid> =>
  new Map(names.map((one, i) => [`refs/${one}`, target(i)]))

test('parts of refs are the dag-cbor that they were before', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), (names) => {
      const refs = refsOf(names)
      const bytes = encodeCbor(linksOfRefs(refs))
      expect(toHex(writeRefPart(refs)!)).toBe(toHex(bytes))
      expect([...readRefPart(bytes)!]).toEqual([...refsOfLinks(decodeCbor(bytes, '') as never)])
    }),
  )
  const many = refsOf(Array.from({ length: 2048 }, (_, i) => `tags/v${i}`))
  expect(toHex(writeRefPart(many)!)).toBe(toHex(encodeCbor(linksOfRefs(many))))
  expect(new Map(readRefPart(writeRefPart(many)!)!)).toEqual(many)
})

test('damaged parts are refused, whichever byte it is', () => {
  const refs = refsOf(['heads/a', 'heads/b', 'tags/long name of a tag', 'heads/ä'])
  const bytes = Uint8Array.from(encodeCbor(linksOfRefs(refs)))
  const outcome = (read: () => Iterable<readonly [string, Cid]>): unknown => {
    try {
      return [...read()]
    } catch (error) {
      return (error as { code?: string }).code
    }
  }
  const strict = (some: Uint8Array): Map<string, Cid> => refsOfLinks(decodeCbor(some, '') as never)
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [1, 2, 4, 16, 32, 128]) {
      const damaged = bytes.slice()
      damaged[at]! ^= flip
      expect(outcome(() => refsOfParts([damaged]))).toEqual(outcome(() => strict(damaged)))
    }
  for (let length = 0; length < bytes.length; length++)
    expect([length, outcome(() => refsOfParts([bytes.subarray(0, length)]))]).toEqual([
      length,
      'VARVE_CORRUPT',
    ])
})

test('names out of order, twice, or with a head that is too long are left to the strict reader', () => {
  const entry = (text: string): number[] => [
    0x60 | text.length,
    ...utf8(text),
    ...encodeCbor(cidToLink(target(0))),
  ]
  const map = (...entries: number[][]): Uint8Array =>
    Uint8Array.from([0xa0 | entries.length, ...entries.flat()])
  expect([...readRefPart(map(entry('a'), entry('b')))!.keys()]).toEqual(['a', 'b'])
  const bad = [
    map(entry('b'), entry('a')),
    map(entry('a'), entry('a')),
    map(entry('bb'), entry('a')),
    map([0x78, ...entry('a').map((byte, i) => (i === 0 ? 1 : byte))]),
    Uint8Array.from([...map(entry('a')), 0]),
  ]
  for (const bytes of bad) {
    expect(readRefPart(bytes)).toBe(null)
    expect(() => refsOfParts([bytes])).toThrow(/canonical|dag-cbor/)
  }
})
