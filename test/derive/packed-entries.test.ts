import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedEntries } from '../../src/derive/packed-entries.ts'
import { cidOf } from '../../src/encoding/cid.ts'

test('entries come back as they were, large ones and linked ones too', () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
  const entry = fc.record({
    key: bytes(40),
    value: fc.oneof(bytes(100), bytes(2000), fc.constant(new Uint8Array(1_500_000).fill(7))),
    links: fc.oneof(fc.constant([]), fc.constant([1, 2].map((byte) => cidOf('raw', Uint8Array.of(byte))))),
  })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      const packed = new PackedEntries()
      const numbers = entries.map((one) => packed.add(one))
      expect(numbers).toEqual(entries.map((_one, i) => i))
      expect(numbers.map((number) => packed.get(number))).toEqual(entries)
    }),
    { numRuns: 40 },
  )
})
