// One encoder and one decoder for many pieces give what Node's own functions give, whatever came before.
import * as zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { packBrotli, unpackBrotli } from '../../src/base/platform-brotli.ts'
import { brotli, unbrotli } from '../../src/base/platform.ts'

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants
const triedHere = ['20', '22', '24'].includes(process.versions.node.split('.')[0]!)

function byNode(bytes: Uint8Array, quality: number, windowBits: number): Uint8Array {
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_LGWIN]: windowBits,
    [BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return zlib.brotliCompressSync(bytes, { params })
}

/** `noise` of 256 bytes are by chance, the rest repeats itself. */
function piece(length: number, noise: number, seed: number): Uint8Array {
  let state = seed + 1
  return Uint8Array.from({ length }, (_, i) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 24 < noise ? state >>> 16 : 97 + (i % 11)
  })
}

describe.runIf(triedHere)('one brotli encoder for many pieces', () => {
  test('packs each piece as Node packs it by itself', () => {
    let seed = 0
    for (const length of [0, 1, 63, 8000, 8193, 20_000, 3, 65_536, 500]) {
      for (const noise of [0, 40, 256]) {
        for (const [quality, windowBits] of [
          [0, 14],
          [0, 10],
          [5, 18],
        ] as const) {
          const bytes = piece(length, noise, seed++)
          const packed = packBrotli(bytes, { quality, windowBits })
          expect(packed).not.toBeNull()
          expect(Buffer.compare(packed!, byNode(bytes, quality, windowBits))).toBe(0)
        }
      }
    }
  })

  test('gives each piece back, and what is cut, too long or not of that length to Node to refuse', () => {
    let seed = 0
    for (const length of [1, 63, 8000, 65_536, 500]) {
      for (const noise of [0, 40]) {
        const bytes = piece(length, noise, seed++)
        const packed = byNode(bytes, 5, 16)
        const raw = unpackBrotli(packed, length)
        expect(raw).not.toBeNull()
        expect(raw!.length).toBe(length)
        expect(Buffer.compare(raw!, bytes)).toBe(0)
        const wrong = Uint8Array.from(packed)
        wrong[packed.length >> 1]! ^= 0x55
        for (const [given, rawLength] of [
          [packed.subarray(0, packed.length - 1), length],
          [Buffer.concat([packed, Buffer.of(0)]), length],
          [packed, length - 1],
          [packed, length + 1],
        ] as const) {
          expect(unpackBrotli(given, rawLength)).toBeNull()
          expect(() => unbrotli(given, rawLength)).toThrow()
        }
        // What one piece breaks, the next does not feel.
        unpackBrotli(wrong, length)
        expect(Buffer.compare(unpackBrotli(packed, length)!, bytes)).toBe(0)
      }
    }
  })

  test('what it gives is kept: the next piece is packed elsewhere', () => {
    const [first, second] = [piece(4000, 30, 1), piece(4000, 30, 2)]
    const packed = packBrotli(first, { quality: 0, windowBits: 12 })!
    packBrotli(second, { quality: 0, windowBits: 12 })
    expect(Buffer.compare(unbrotli(packed, first.length), first)).toBe(0)
  })
})

test('a piece that is too long for it goes through all the same', () => {
  const bytes = piece(300_000, 20, 9)
  expect(packBrotli(bytes, { quality: 0, windowBits: 18 })).toBeNull()
  expect(Buffer.compare(unbrotli(brotli(bytes, 0), bytes.length), bytes)).toBe(0)
})
