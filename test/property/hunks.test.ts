// Some hunks of a difference applied, or taken back: two ways to one text, whatever the line ends.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { lineHunks } from '../../src/documents/line-hunks.ts'
import { withHunks } from '../../src/worktree/chosen/lines.ts'

const line = fc.constantFrom('a', 'b', 'ä', '', '+', '-x', '\\ No newline at end of file')
const text = fc
  .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, isEnded]) => lines.join(end) + (isEnded && lines.length > 0 ? end : ''))
const edited = fc.record({ old: text, fresh: text, context: fc.nat(3), picks: fc.array(fc.boolean()) })

test('all hunks make the newer text, none leave the older, and some are the others taken back', () => {
  fc.assert(
    fc.property(edited, ({ old, fresh, context, picks }) => {
      const sides = { old: utf8(old), fresh: utf8(fresh) }
      const hunks = lineHunks(old, fresh, { context })
      const applied = (some: typeof hunks): string => utf8Text(withHunks('t', sides, some))
      const back = (some: typeof hunks): string => utf8Text(withHunks('t', sides, some, { back: true }))
      expect([applied(hunks), applied([])]).toEqual([fresh, old])
      expect([back(hunks), back([])]).toEqual([old, fresh])
      const some = hunks.filter((_, i) => picks[i] === true)
      expect(applied(some)).toBe(back(hunks.filter((hunk) => !some.includes(hunk))))
    }),
    { numRuns: 2000 },
  )
})

test('texts that are not those of the hunks are refused', () => {
  const hunks = lineHunks('a\nb\nc\n', 'a\nB\nc\n', { context: 1 })
  for (const [old, fresh] of [
    ['a\nb\nd\n', 'a\nB\nd\n'],
    ['a\n', 'a\nB\nc\n'],
    ['a\nb\nc\n', 'a\nb\nc\n'],
    ['', ''],
  ] as const)
    expect(() => withHunks('t', { old: utf8(old), fresh: utf8(fresh) }, hunks)).toThrow(
      expect.objectContaining({ code: 'VARVE_UNCOMMITTED' }),
    )
})
