import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { conflictMarkers, mergeText } from '../../src/documents/merge-text.ts'
import { linesOf, spanText } from '../../src/documents/text-lines.ts'
import { splitLines } from '../../src/files/text.ts'

function merged(base: string, ours: string, theirs: string): string | null {
  const result = mergeText(utf8(base), utf8(ours), utf8(theirs))
  return result.kind === 'merged' ? utf8Text(result.bytes) : null
}

const labels = { ours: 'main', base: 'base', theirs: 'topic' }

describe('merge of text', () => {
  test('changes of lines that are apart are both taken', () => {
    expect(merged('a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n')).toBe('A\nb\nC\n')
  })

  test('lines added at both ends are both taken', () => {
    expect(merged('a\nb\n', 'x\na\nb\n', 'a\nb\ny\n')).toBe('x\na\nb\ny\n')
  })

  test('changes of neighbouring lines are a conflict, as in git', () => {
    expect(merged('a\nb\nc\nd\n', 'a\nB\nc\nd\n', 'a\nb\nC\nd\n')).toBeNull()
  })

  test('the same change on both sides is no conflict', () => {
    expect(merged('a\nb\nc\n', 'a\nX\nc\n', 'a\nX\nc\n')).toBe('a\nX\nc\n')
  })

  test('lines appended on both sides are a conflict that shows all three sides', () => {
    expect(mergeText(utf8('a\n'), utf8('a\nb\n'), utf8('a\nc\n'))).toEqual({ kind: 'conflict', clashes: 1 })
    const text = conflictMarkers(utf8('a\n'), utf8('a\nb\n'), utf8('a\nc\n'), labels)!
    expect(utf8Text(text)).toBe('a\n<<<<<<< main\nb\n||||||| base\n=======\nc\n>>>>>>> topic\n')
  })

  test('a missing final newline stays missing, and one that was added stays', () => {
    expect(merged('a\nb\nc', 'A\nb\nc', 'a\nb\nc')).toBe('A\nb\nc')
    expect(merged('a\nb\nc', 'A\nb\nc', 'a\nb\nc\n')).toBe('A\nb\nc\n')
  })

  test('a side that turned all line ends does not clash with a change of one line', () => {
    expect(merged('a\nb\nc\n', 'a\r\nb\r\nc\r\n', 'a\nb\nX\n')).toBe('a\r\nb\r\nX\r\n')
    expect(merged('a\r\nb\r\nc', 'a\r\nB\r\nc', 'a\nb\nc')).toBe('a\nB\nc')
  })

  test('mixed line ends come through as they are', () => {
    expect(merged('a\r\nb\nc\r\nd\n', 'A\r\nb\nc\r\nd\n', 'a\r\nb\nc\r\nD\n')).toBe('A\r\nb\nc\r\nD\n')
  })

  test('bytes that are not UTF-8 are merged unchanged', () => {
    const line = (text: string, last: number): Uint8Array => Uint8Array.of(...utf8(text), last, 10)
    const text = (...lines: Uint8Array[]): Uint8Array =>
      Uint8Array.of(...lines.flatMap((bytes) => [...bytes]))
    const [a, b, c] = [line('a', 0xe9), line('b', 0xff), line('c', 0xc3)]
    const result = mergeText(text(a, b, c), text(line('A', 0xe9), b, c), text(a, b, line('C', 0xe8)))
    expect(result).toEqual({ kind: 'merged', bytes: text(line('A', 0xe9), b, line('C', 0xe8)) })
  })

  test('bytes with NUL are not merged by lines', () => {
    expect(mergeText(utf8('a\0'), utf8('b\0'), utf8('c\0'))).toEqual({ kind: 'binary' })
  })

  test('a file rewritten from scratch on one side and 100,000 shuffled lines end in time', () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`)
    const started = performance.now()
    expect(merged(lines.join(''), lines.map((line) => `new ${line}`).join(''), lines.join(''))).not.toBeNull()
    const reversed = mergeText(
      utf8(lines.join('')),
      utf8(lines.toReversed().join('')),
      utf8(lines.join('') + 'x\n'),
    )
    expect(reversed.kind).toBe('different')
    expect(performance.now() - started).toBeLessThan(25_000)
  })

  const texts = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', '\n'), { maxLength: 12 })
    .map((lines) => lines.join(''))

  test('law: a side that equals the base gives the other side', () => {
    fc.assert(
      fc.property(texts, texts, (base, side) => {
        expect(merged(base, base, side)).toBe(side)
        expect(merged(base, side, base)).toBe(side)
        expect(merged(base, side, side)).toBe(side)
      }),
    )
  })

  test('law: swapping the sides gives the same text, or a conflict both times', () => {
    fc.assert(
      fc.property(texts, texts, texts, (base, ours, theirs) => {
        expect(merged(base, ours, theirs)).toBe(merged(base, theirs, ours))
      }),
    )
  })
})

test('equal lines of several texts have one number, and others have others', () => {
  const text = fc
    .array(fc.constantFrom('a\n', 'b\n', 'a\r\n', '\n', 'ab\n', 'c'.repeat(600) + '\n'), { maxLength: 12 })
    .chain((lines) => fc.constantFrom('', 'a', 'ab', 'c').map((end) => lines.join('') + end))
  fc.assert(
    fc.property(text, text, text, (...texts) => {
      const { texts: found, count } = linesOf([utf8(texts[0]), utf8(texts[1]), utf8(texts[2])])
      const lineOf = new Map<number, string>()
      for (const [i, own] of found.entries()) {
        const lines = splitLines(texts[i]!)
        expect(lines.map((_, at) => spanText({ of: own, start: at, end: at + 1 }))).toEqual(lines)
        const known = Array.from(own.numbers, (number, at) => lineOf.get(number) ?? lines[at])
        expect(known).toEqual(lines)
        for (const [at, line] of lines.entries()) lineOf.set(own.numbers[at]!, line)
      }
      expect(new Set(lineOf.values()).size).toBe(lineOf.size)
      expect(lineOf.size).toBe(count)
    }),
    { numRuns: 500 },
  )
}, 120_000)
