import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { isText, isTextHead, splitLines } from '../../src/files/text.ts'

describe('text', () => {
  test('lines keep their ends', () => {
    expect(splitLines('a\nb\r\n\nc')).toEqual(['a\n', 'b\r\n', '\n', 'c'])
    expect(splitLines('a\n')).toEqual(['a\n'])
    expect(splitLines('')).toEqual([])
  })

  test('lines joined are the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r') }), (text) => {
        expect(splitLines(text).join('')).toBe(text)
      }),
    )
  })

  test('a NUL makes bytes binary', () => {
    expect(isText(utf8('plain'))).toBe(true)
    expect(isText(Uint8Array.of(0x61, 0, 0x62))).toBe(false)
  })

  test('only the first 8 KiB say how a file is cut', () => {
    const head = utf8('x'.repeat(8192))
    expect(isTextHead(head)).toBe(true)
    expect(isTextHead(concatBytes([head, Uint8Array.of(0, 0xff)]))).toBe(true)
    expect(isTextHead(Uint8Array.of(0x61, 0))).toBe(false)
    expect(isTextHead(Uint8Array.of(0xff, 0x61))).toBe(false)
  })

  test('a character cut in two at 8 KiB is no fault, one at the end of a short file is', () => {
    for (const letter of ['é', '€', '😀']) {
      for (let before = 8192 - 4; before <= 8192; before++) {
        expect(isTextHead(utf8('x'.repeat(before) + letter + 'tail'))).toBe(true)
      }
      expect(isTextHead(utf8(letter).subarray(0, -1))).toBe(false)
    }
  })

  test('a head is text alike whatever follows in the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8192, maxLength: 8196 }), (head) => {
        expect(isTextHead(head)).toBe(isTextHead(head.subarray(0, 8192)))
      }),
      { numRuns: 50 },
    )
  })
})
