import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { textCell } from '../../src/table/cell.ts'
import { contentBytesMax, contentRuns, entryContentBytes } from '../../src/table/content-runs.ts'
import { encodeRow } from '../../src/table/row.ts'
import { cellSlot } from '../../src/table/slot.ts'

test('a run has no more out of line than it may, but for a single item that has', () => {
  const half = contentBytesMax / 2
  const runs = (items: readonly number[]): (readonly number[])[] => [...contentRuns(items, (one) => one)]
  expect(runs([])).toEqual([])
  expect(runs([0, 1, 0])).toEqual([[0, 1, 0]])
  expect(runs([half, half, 1, 0, half])).toEqual([
    [half, half],
    [1, 0, half],
  ])
  expect(runs([1, contentBytesMax + 1, 0, 0])).toEqual([[1], [contentBytesMax + 1], [0, 0]])
})

test('what lies out of line is read from the row, whatever stands before its cells', () => {
  const writer = MemoryStore.create().writer()
  const slot = (length: number) => cellSlot(textCell('x'.repeat(length)), writer)
  const cells = [slot(2000), slot(10), slot(1024), slot(3000)]
  const plain = encodeRow({ lineEnd: 0, keyQuoting: 0, rawLine: null, cells })
  expect(entryContentBytes(plain)).toBe(5000)
  const whole = encodeRow({ lineEnd: 2, keyQuoting: 300, rawLine: slot(4000), cells })
  expect(entryContentBytes(whole)).toBe(9000)
  expect(entryContentBytes(encodeRow({ lineEnd: 0, keyQuoting: 0, rawLine: null, cells: [slot(1)] }))).toBe(0)
  expect(entryContentBytes(null)).toBe(0)
})
