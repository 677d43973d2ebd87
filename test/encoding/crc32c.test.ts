import { expect, test } from 'vitest'
import { crc32c } from '../../src/encoding/crc32c.ts'

test('gives the checks of RFC 3720, appendix B.4', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
  expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43)
  expect(crc32c(ascending, 0, 32)).toBe(0x46dd794e)
  expect(crc32c(ascending.toReversed(), 0, 32)).toBe(0x113fdb5c)
})

test('does not depend on where the bytes lie', () => {
  const bytes = new TextEncoder().encode('..123456789..')
  expect(crc32c(bytes, 2, 11)).toBe(0xe3069283)
})
