// Differences of tables, where they are counted, left out or cut into parts: always those that all of them are.
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { countTableDifferences, diffTables } from '../../src/table/diff.ts'
import { applyEdits, editsOf, newTable } from '../../src/table/edits.ts'
import type { Row, RowDifference, TableObject } from '../../src/table/interface.ts'
import { Table } from '../../src/table/table.ts'

const writer = MemoryStore.create().writer()
const nodes = new NodeStore(writer)

async function tableOf(rows: readonly Row[], key: readonly string[] = ['id']): Promise<TableObject> {
  return edited(newTable(nodes, writer, { key: [...key], rows }), rows)
}

async function edited(
  object: TableObject,
  puts: readonly Row[],
  deletes: readonly number[] = [],
): Promise<TableObject> {
  const table = await Table.of(nodes, object)
  return applyEdits(table, await editsOf(table, { puts, deletes: deletes.map((id) => [id]) }, writer), writer)
}

const rows = Array.from({ length: 600 }, (_, id): Row => ({
  id,
  a: `a${id}`,
  b: id % 7 === 0 ? null : 'b'.repeat(id),
}))

async function pairs(): Promise<Record<string, readonly [TableObject, TableObject]>> {
  const first = await tableOf(rows)
  const changed = rows.slice(0, 300).map((row) => ({ ...row, b: 'new' }))
  const long = rows.slice(0, 3).map((row) => ({ ...row, b: 'x'.repeat(5000) }))
  const withLong = await edited(first, long)
  return {
    'rows of all kinds': [first, await edited(first, [...changed, { id: 900, a: 'z', b: null }], [301, 302])],
    'cells out of line': [withLong, await edited(withLong, [{ ...long[0]!, b: 'y'.repeat(5000) }])],
    'another key': [first, await tableOf(rows, ['a'])],
    'columns in other places': [
      first,
      await tableOf(
        rows.map((row): Row => ({ id: row['id']!, b: row['b']!, a: row['id'] === 5 ? 'z' : row['a']! })),
      ),
    ],
    'a new column': [first, await tableOf(rows.map((row, i) => ({ ...row, c: i < 10 ? 1.5 : null })))],
    nothing: [first, first],
  }
}

async function all(a: TableObject, b: TableObject, skip?: number): Promise<RowDifference[]> {
  return (await collect(diffTables(nodes, a, b, { skip }))).flat()
}

test('counts are those of the rows that a diff gives', async () => {
  for (const [name, [a, b]] of Object.entries(await pairs())) {
    const found = await all(a, b)
    const of = (kind: RowDifference['kind']): number => found.filter((row) => row.kind === kind).length
    const cells = found.reduce((sum, row) => sum + row.cells.length, 0)
    const expected = { added: of('added'), removed: of('removed'), changed: of('changed'), cells }
    expect([name, await countTableDifferences(nodes, a, b)]).toEqual([name, expected])
  }
})

test('rows that are left out are the first ones, and no others', async () => {
  for (const [name, [a, b]] of Object.entries(await pairs())) {
    const found = await all(a, b)
    for (const skip of [0, 1, 2, 255, 256, 257, found.length, found.length + 1])
      expect([name, skip, await all(a, b, skip)]).toEqual([name, skip, found.slice(skip)])
  }
})

test('of wide tables few rows are made at a time', async () => {
  const wide = (cell: string): Row[] =>
    Array.from({ length: 40 }, (_, id) =>
      Object.fromEntries([
        ['id', id],
        ...Array.from({ length: 3000 }, (__, i) => [`c${i}`, i === id ? cell : 'same']),
      ]),
    )
  const [a, b] = [await tableOf(wide('old')), await tableOf(wide('new'))]
  const parts = await collect(diffTables(nodes, a, b))
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(10)
  expect(parts.flat().map(({ cells }) => cells)).toEqual(
    Array.from({ length: 40 }, (_, i) => [{ column: `c${i}`, before: 'old', after: 'new' }]),
  )
})
