import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineCounts, lineHunks } from '../../src/documents/line-hunks.ts'

const text = fc.array(fc.constantFrom('a\n', 'b\n', '\n', '+x\n', '-y\n', 'no end'), { maxLength: 6 })

test('counts are those of the lines that a diff shows', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [old, fresh] = [before.join(''), after.join('')]
      const lines = lineHunks(old, fresh).flatMap((hunk) => hunk.lines)
      const count = (mark: string): number => lines.filter((line) => line.startsWith(mark)).length
      expect(lineCounts(old, fresh)).toEqual({ added: count('+'), removed: count('-') })
    }),
  )
})

test('a text that came whole is counted, not compared', () => {
  const whole = 'a line\n'.repeat(200_000)
  expect(lineCounts('', whole)).toEqual({ added: 200_000, removed: 0 })
  expect(lineCounts(whole, '')).toEqual({ added: 0, removed: 200_000 })
})
