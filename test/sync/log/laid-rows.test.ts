import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LaidRow, LaidRows } from '../../../src/sync/log/laid-rows.ts'
import { absentCell, cellOf, falseCell, nullCell, textCell, trueCell } from '../../../src/table/cell.ts'
import type { Cell } from '../../../src/table/interface.ts'

const columns = 3
const key = Uint8Array.of(1, 2, 3)

test('rows come back as they were laid, whatever was laid after them', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  const cell: fc.Arbitrary<Cell | null> = fc.oneof(
    fc.constantFrom(null, absentCell, nullCell, trueCell, falseCell),
    fc
      .tuple(fc.constantFrom('text' as const, 'number' as const, 'json' as const, 'bytes' as const), bytes)
      .map(([kind, content]) => cellOf(kind, content)),
  )
  const cells = fc.array(cell, { minLength: columns, maxLength: columns })
  const row: fc.Arbitrary<LaidRow> = fc.oneof(
    bytes.map((from) => ({ cells: null, from, isPatch: false })),
    fc.record({ cells, from: bytes, isPatch: fc.boolean() }),
  )
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (all) => {
      const rows = new LaidRows(columns)
      const places = all.map((one) => rows.lay(one))
      expect(places.map((place) => rows.lift(place))).toEqual(all)
    }),
  )
})

test('a row larger than a piece of memory lies between small ones, and none touches another', () => {
  const rows = new LaidRows(columns)
  const large = cellOf('bytes', new Uint8Array(3 << 20).fill(7))
  const laid = Array.from({ length: 30_000 }, (_, i) => {
    const cells = [textCell(`row ${i}`), i % 10_000 === 5000 ? large : nullCell, null]
    return rows.lay({ cells, from: key, isPatch: i % 2 === 1 })
  })
  expect(rows.bytes).toBeGreaterThan(9 << 20)
  for (const [i, place] of laid.entries()) {
    const { cells, isPatch } = rows.lift(place)
    const [name, value, rest] = cells!
    if (Buffer.from(name!.bytes).toString() !== `row ${i}`) expect.fail(`row ${i} is another one`)
    if (value!.bytes.length !== (i % 10_000 === 5000 ? 3 << 20 : 0)) expect.fail(`row ${i} lost its value`)
    if (rest !== null || isPatch !== (i % 2 === 1)) expect.fail(`row ${i} is not as it was`)
  }
})
