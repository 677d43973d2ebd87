// Whether keys that come packed are all different: in order, out of order, within a slice and far apart.
import { describe, expect, test } from 'vitest'
import { utf8, concatBytes } from '../../src/base/bytes.ts'
import { KeyCheck } from '../../src/formats/key-check.ts'

const slice = (texts: readonly string[]) => {
  const keys = texts.map((text) => utf8(text))
  let end = 0
  return {
    count: keys.length,
    keys: concatBytes(keys),
    keyEnds: Uint32Array.from(keys, ({ length }) => (end += length)),
    isOrdered: texts.every((text, i) => i === 0 || texts[i - 1]! < text),
  }
}

/** 'repeated' as soon as it is told. */
function found(slices: readonly (readonly string[])[]): string {
  const check = new KeyCheck()
  for (const texts of slices) {
    const told = check.add(slice(texts))
    if (told !== 'different') return told
  }
  return check.hasRepeats() ? 'repeated at last' : 'different'
}

describe('keys', () => {
  test.each([
    ['nothing', [], 'different'],
    ['in order', [['a', 'b'], [], ['c', 'd']], 'different'],
    [
      'one after itself, over the end of a slice',
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      'repeated at last',
    ],
    [
      'out of order',
      [
        ['c', 'a'],
        ['d', 'b'],
      ],
      'different',
    ],
    ['the first again at the end', [['a', 'b'], ['c'], ['a']], 'repeated at last'],
    ['twice in one slice', [['b', 'a', 'b'], ['c']], 'repeated'],
    [
      'one that begins as another',
      [
        ['ab', 'a'],
        ['abc', 'b'],
      ],
      'different',
    ],
  ])('%s', (_, slices, expected) => {
    expect(found(slices)).toBe(expected)
  })

  test('in order are told apart however many they are, others as far as there is room', () => {
    const long = (n: number): string => `${String(n).padStart(8, '0')}${'x'.repeat(1000)}`
    const many = (from: number): string[] => Array.from({ length: 10_000 }, (_, i) => long(from + i))
    const check = new KeyCheck()
    for (let part = 0; part < 6; part++) expect(check.add(slice(many(part * 10_000)))).toBe('different')
    expect(check.hasRepeats()).toBe(false)
    expect(check.add(slice([long(0)]))).toBe('unknown')
  })
})
