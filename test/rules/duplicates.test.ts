// Equal cells are found whatever is held in memory at a time: the same rows as by a map of all of them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findDuplicates } from '../../src/rules/duplicates.ts'
import { Finding } from '../../src/rules/finding.ts'
import type { RuledRow } from '../../src/rules/ruled-rows.ts'
import { rowShape } from '../../src/table/rows.ts'
import { absentCell, textCell } from '../../src/table/cell.ts'
import { encodeKey } from '../../src/table/key.ts'
import type { Schema } from '../../src/table/interface.ts'
import type { Table } from '../../src/table/table.ts'

const schema: Schema = {
  columns: [
    { id: 0, name: 'id', type: 'int' },
    { id: 1, name: 'v', type: 'text' },
  ],
  key: [0],
  nextColumnId: 2,
  cells: 'text',
}
const table = { schema, shape: rowShape(schema) } as Table
const place = { path: 't', column: 'v', rule: 'unique', level: 'error', expected: '' } as const

async function duplicates(
  cells: readonly (string | null)[],
  options: Parameters<typeof findDuplicates>[3],
): Promise<ReturnType<Finding['result']>> {
  const finding = new Finding(place, table, 1000)
  async function* scan(): AsyncGenerator<RuledRow[]> {
    for (let at = 0; at < cells.length; at += 7) {
      yield cells.slice(at, at + 7).map((text, i) => ({
        key: encodeKey(schema, [textCell(String(at + i))]),
        cells: [text === null ? absentCell : textCell(text)],
      }))
    }
  }
  await findDuplicates(scan, cells.length, finding, options)
  return finding.result()
}

test('the rows that repeat a cell are those that a map of all cells finds', async () => {
  const long = fc.integer({ min: 0, max: 3 }).map((n) => `${'x'.repeat(100)}${n}`)
  const cell = fc.oneof(fc.constant(null), fc.constant(''), fc.nat(30).map(String), long)
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { maxLength: 60 }),
      fc.integer({ min: 1, max: 80 }),
      async (cells, hashesMax) => {
        const first = new Map<string, number>()
        const expected: unknown[] = []
        for (const [i, text] of cells.entries()) {
          if (text === null || text === '') continue
          if (first.has(text)) expected.push({ key: [i], value: text, sameAs: [first.get(text)] })
          else first.set(text, i)
        }
        const result = await duplicates(cells, { hashesMax })
        expect(result?.violations ?? []).toEqual(expected)
        expect(result?.isAtLeast ?? false).toBe(false)
      },
    ),
    { numRuns: 200 },
  )
})

test('more suspects than are told apart are said to be at least so many', async () => {
  const cells = Array.from({ length: 100 }, (_, i) => String(i >> 1))
  expect(await duplicates(cells, { suspectsMax: 10 })).toMatchObject({ count: 10, isAtLeast: true })
})
