// Comparisons as another thread hands them on: nothing of them is lost, and no part is long.
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { cutHunks, lineCounts, lineHunks } from '../../src/documents/line-hunks.ts'
import { packLines, packRows, unpackLines, unpackRows } from '../../src/documents/packed-comparison.ts'
import { diffTableDocuments } from '../../src/documents/tables/diff-rows.ts'

const lines = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => `${of(i)}\n`).join('')

const texts: readonly (readonly [string, string])[] = [
  [lines(5000, (i) => `line ${i}`), lines(5000, (i) => (i < 2500 ? `new ${i}` : `line ${i}`)).slice(0, -1)],
  ['', lines(2500, (i) => `${i}`)],
  [lines(3000, (i) => `${i}`), lines(3000, (i) => `${i === 17 ? 'x' : i}`)],
  ['a\u2028b\nc', 'a\u2028b\nd'],
]

test('hunks that are cut stand at the lines that they are about, and together are the whole', () => {
  for (const [old, fresh] of texts) {
    const whole = lineHunks(old, fresh)
    const cut = [...cutHunks(whole, 1000)]
    expect(cut.flatMap((hunk) => hunk.lines)).toEqual(whole.flatMap((hunk) => hunk.lines))
    for (const hunk of cut) {
      const [before, after] = [
        ['-', old],
        ['+', fresh],
      ].map(([mark, text]) => ({
        shown: hunk.lines
          .filter((line) => line.startsWith(mark!) || line.startsWith(' '))
          .map((line) => line.slice(1)),
        all: text!.split('\n'),
      }))
      expect(hunk.lines.length).toBeLessThanOrEqual(1001)
      expect(before!.all.slice(hunk.oldStart - 1).slice(0, hunk.oldLines)).toEqual(before!.shown)
      expect(after!.all.slice(hunk.newStart - 1).slice(0, hunk.newLines)).toEqual(after!.shown)
    }
  }
})

test('lines that are packed are those of the hunks, with their counts', () => {
  for (const [old, fresh] of texts) {
    const packed = packLines(old, fresh)
    expect([...unpackLines(packed)]).toEqual([...cutHunks(lineHunks(old, fresh), 1000)])
    expect(packed.counts).toEqual(lineCounts(old, fresh))
  }
})

test('rows that are packed are those of the comparison, with their counts', () => {
  const csv = (of: (i: number) => string): Uint8Array =>
    utf8(`id,__proto__,b\n${lines(700, (i) => `${i},${of(i)},x`)}`)
  const [before, after] = [csv(() => 'old'), csv((i) => (i % 2 === 0 ? 'new' : 'old'))]
  const found = diffTableDocuments(before, after, { name: 'a.csv' })
  const packed = packRows(before, after, 'a.csv')
  if (found.kind === 'unfit' || packed.kind === 'unfit') throw new Error('unfit')
  expect([...unpackRows(packed)].flat()).toEqual([...found.changes])
  expect(packed.counts).toEqual({ added: 0, removed: 0, changed: 350, cells: 350 })
  expect(packed.parts.length).toBe(2)
})
