import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedEntries } from '../../src/derive/packed-entries.ts'
import { equalBytes } from '../../src/base/bytes.ts'
import { cidOf } from '../../src/encoding/cid.ts'

test('entries come back as they were, large ones and linked ones too', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
  const large = new Uint8Array(1_500_000).fill(7)
  const entry = fc.record({
    key: bytes(40),
    value: fc.oneof(
      { weight: 9, arbitrary: bytes(100) },
      { weight: 9, arbitrary: bytes(2000) },
      { weight: 1, arbitrary: fc.constant(large) },
    ),
    links: fc.oneof(fc.constant([]), fc.constant([1, 2].map((byte) => cidOf('raw', Uint8Array.of(byte))))),
  })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      const packed = new PackedEntries()
      const numbers = entries.map((one) => packed.add(one))
      expect(numbers).toEqual(entries.map((_one, i) => i))
      const again = numbers.map((number) => packed.get(number))
      expect(again.map(({ links }) => links)).toEqual(entries.map(({ links }) => links))
      for (const [i, { key, value }] of again.entries()) {
        expect(equalBytes(key, entries[i]!.key)).toBe(true)
        expect(equalBytes(value, entries[i]!.value)).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})
