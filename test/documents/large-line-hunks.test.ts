// Texts with more changes than a shortest edit is looked for.
import { applyPatch } from 'diff'
import { expect, test } from 'vitest'
import { lineHunks } from '../../src/documents/line-hunks.ts'

test('many changed lines of a long text are found quickly, and the hunks apply', () => {
  const text = (mark: string, end: string): string =>
    Array.from({ length: 120_000 }, (_, i) => `line ${i}${i % 30 < 9 ? mark : ''}`).join('\n') + end
  for (const [end, newEnd] of [
    ['\n', '\n'],
    ['', '\n'],
    ['\n', ''],
  ] as const) {
    const [old, fresh] = [text('', end), text(' x', newEnd)]
    const start = process.cpuUsage()
    const hunks = lineHunks(old, fresh)
    const { user } = process.cpuUsage(start)
    // A shortest edit took minutes.
    expect(user / 1e6).toBeLessThan(20)
    expect(hunks.length).toBeGreaterThan(3999)
    const patch = { oldFileName: 'a', newFileName: 'a', oldHeader: '', newHeader: '' }
    const shown = hunks.map((hunk) => ({ ...hunk, lines: [...hunk.lines] }))
    expect(applyPatch(old, { ...patch, hunks: shown }) === fresh).toBe(true)
  }
}, 120_000)
