import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { CellConflict, MergeOutcome, RowConflict } from '../../src/merge/interface.ts'
import { textCell } from '../../src/table/cell.ts'
import type { Cell, TableObject } from '../../src/table/interface.ts'
import { keyText } from '../../src/table/key.ts'
import { Bench, csv, type Dump, type TableSpec, textOf } from './bench.ts'

interface Merged {
  readonly bench: Bench
  readonly outcome: MergeOutcome
  readonly table: Dump
  readonly conflicts: string[]
}

/** Merges three versions of one table, each made from the base as a new version of its file. */
async function merge(base: TableSpec | null, ours: TableSpec, theirs: TableSpec): Promise<Merged> {
  const bench = new Bench()
  const before = base === null ? null : await bench.table(base)
  return mergeObjects(bench, before, await bench.table(ours, before), await bench.table(theirs, before))
}

async function mergeObjects(
  bench: Bench,
  base: TableObject | null,
  ours: TableObject,
  theirs: TableObject,
): Promise<Merged> {
  const tree = (table: TableObject): ReturnType<Bench['tree']> => bench.tree({ t: bench.entry(table) })
  const outcome = await bench.merge(
    base === null ? null : await tree(base),
    await tree(ours),
    await tree(theirs),
  )
  const text = (cell: Cell | null): string => (cell === null ? 'none' : (textOf(cell) ?? 'absent'))
  const conflicts = (await bench.conflicts(outcome)).map((conflict) => {
    if (conflict.kind === 'schema') return conflict.reason
    if (conflict.kind === 'part') return conflict.where
    if (conflict.kind === 'file') return `file: ${conflict.reason}`
    const key = keyText(ours.schema, conflict.key)
    if (conflict.kind === 'cell') {
      return `${key}.${conflict.column}: ${text(conflict.base)} -> ${text(conflict.ours)} | ${text(conflict.theirs)}`
    }
    const side = (row: RowConflict['base']): string => (row === null ? 'gone' : 'row')
    return `${key}: ${side(conflict.base)} -> ${side(conflict.ours)} | ${side(conflict.theirs)}`
  })
  return { bench, outcome, table: (await bench.show(outcome.tree))['t'] as Dump, conflicts }
}

const people = (...rows: (readonly (string | null)[])[]): TableSpec => ({
  columns: ['id', 'name', 'city'],
  rows,
})

describe('merge of rows and cells', () => {
  test('different cells of one row are both taken', async () => {
    const base = people(['1', 'Ada', 'London'], ['2', 'Bob', 'Bonn'])
    const ours = people(['1', 'Ada L', 'London'], ['2', 'Bob', 'Bonn'])
    const theirs = people(['1', 'Ada', 'Paris'], ['2', 'Bob', 'Bonn'])
    const { table, conflicts, outcome } = await merge(base, ours, theirs)
    expect(table.rows).toEqual([
      ['1', 'Ada L', 'Paris'],
      ['2', 'Bob', 'Bonn'],
    ])
    expect(conflicts).toEqual([])
    expect(outcome.paths).toEqual([
      { path: 't', result: 'merged', rowsAdded: 0, rowsRemoved: 0, rowsChanged: 1, conflicts: 0 },
    ])
  })

  test('rows added on one side and removed on the other are both taken', async () => {
    const base = people(['1', 'a', 'b'], ['2', 'a', 'b'])
    const { table, conflicts } = await merge(
      base,
      people(['1', 'a', 'b'], ['2', 'a', 'b'], ['3', 'c', 'd']),
      people(['2', 'a', 'b']),
    )
    expect(table.rows).toEqual([
      ['2', 'a', 'b'],
      ['3', 'c', 'd'],
    ])
    expect(conflicts).toEqual([])
  })

  test('rows appended on both sides are all there, in key order', async () => {
    const base = people(['1', 'a', 'b'])
    const { table, conflicts } = await merge(
      base,
      people(['1', 'a', 'b'], ['3', 'c', 'd']),
      people(['1', 'a', 'b'], ['2', 'x', 'y']),
    )
    expect(table.rows).toEqual([
      ['1', 'a', 'b'],
      ['2', 'x', 'y'],
      ['3', 'c', 'd'],
    ])
    expect(conflicts).toEqual([])
  })

  test('one cell changed to two values is a conflict that keeps ours', async () => {
    const { table, conflicts, outcome } = await merge(
      people(['1', 'Ada', 'x']),
      people(['1', 'Eve', 'x']),
      people(['1', 'Bob', 'y']),
    )
    expect(table.rows).toEqual([['1', 'Eve', 'y']])
    expect(conflicts).toEqual(['1.name: Ada -> Eve | Bob'])
    expect(outcome.conflictCount).toBe(1)
  })

  test('a cell emptied on one side and changed on the other is a conflict', async () => {
    const { conflicts } = await merge(
      people(['1', 'Ada', 'x']),
      people(['1', null, 'x']),
      people(['1', 'Bob', 'x']),
    )
    expect(conflicts).toEqual(['1.name: Ada -> absent | Bob'])
  })

  test('the same edit on both sides is no conflict', async () => {
    const edited = people(['1', 'Eve', 'x'], ['2', 'new', 'row'])
    const { table, conflicts } = await merge(people(['1', 'Ada', 'x']), edited, edited)
    expect(table.rows).toEqual(edited.rows)
    expect(conflicts).toEqual([])
  })

  test('a row removed on one side and edited on the other is a conflict that keeps ours', async () => {
    const base = people(['1', 'Ada', 'x'], ['2', 'b', 'c'])
    const [gone, edited] = [people(['2', 'b', 'c']), people(['1', 'Eve', 'x'], ['2', 'b', 'c'])]
    const one = await merge(base, gone, edited)
    expect(one.table.rows).toEqual([['2', 'b', 'c']])
    expect(one.conflicts).toEqual(['1: row -> gone | row'])
    const other = await merge(base, edited, gone)
    expect(other.table.rows).toEqual([
      ['1', 'Eve', 'x'],
      ['2', 'b', 'c'],
    ])
    expect(other.conflicts).toEqual(['1: row -> row | gone'])
  })

  test('two different rows added under one key are a conflict, equal ones are not', async () => {
    const { table, conflicts } = await merge(
      people(),
      people(['1', 'a', 'b'], ['2', 's', 's']),
      people(['1', 'a', 'c'], ['2', 's', 's']),
    )
    expect(table.rows).toEqual([
      ['1', 'a', 'b'],
      ['2', 's', 's'],
    ])
    expect(conflicts).toEqual(['1: gone -> row | row'])
  })

  test('tables that both sides added are joined by their keys and column names', async () => {
    const ours: TableSpec = {
      columns: ['id', 'a', 'b'],
      rows: [
        ['1', 'x', 'y'],
        ['2', 's', 't'],
      ],
    }
    const theirs: TableSpec = {
      columns: ['id', 'b', 'a'],
      rows: [
        ['2', 't', 's'],
        ['3', 'v', 'u'],
      ],
    }
    const { table, conflicts } = await merge(null, ours, theirs)
    expect(table).toEqual({
      columns: ['id', 'a', 'b'],
      rows: [
        ['1', 'x', 'y'],
        ['2', 's', 't'],
        ['3', 'u', 'v'],
      ],
    })
    expect(conflicts).toEqual([])
  })

  test('only another quoting of a cell gives way to a change of its value', async () => {
    const quoted: Cell = { ...textCell('Ada'), quotingFlipped: true }
    const base = people(['1', 'Ada', 'x'], ['2', 'Ada', 'x'])
    const ours: TableSpec = {
      ...base,
      rows: [
        ['1', quoted, 'x'],
        ['2', quoted, 'x'],
      ],
    }
    const { table, conflicts, outcome, bench } = await merge(
      base,
      ours,
      people(['1', 'Eve', 'x'], ['2', 'Ada', 'y']),
    )
    expect(table.rows).toEqual([
      ['1', 'Eve', 'x'],
      ['2', 'Ada', 'y'],
    ])
    expect(conflicts).toEqual([])
    const expected = await bench.table({
      ...base,
      rows: [
        ['1', 'Eve', 'x'],
        ['2', quoted, 'y'],
      ],
    })
    expect(outcome.tree).toBe(await bench.tree({ t: bench.entry(expected) }))
  })

  test('cells out of line are merged by name and shown with their content', async () => {
    const long = (letter: string): string => letter.repeat(5000)
    const base = people(['1', long('a'), 'x'], ['2', long('a'), 'x'])
    const { table, conflicts } = await merge(
      base,
      people(['1', long('b'), 'x'], ['2', long('a'), 'y']),
      people(['1', long('c'), 'x'], ['2', long('d'), 'x']),
    )
    expect(table.rows).toEqual([
      ['1', long('b'), 'x'],
      ['2', long('d'), 'y'],
    ])
    expect(conflicts).toEqual([`1.name: ${long('a')} -> ${long('b')} | ${long('c')}`])
  })
})

describe('merge of columns', () => {
  test('rows edited on one side survive a column that each side added (doltlite #1686)', async () => {
    const base: TableSpec = {
      columns: ['id', 'name'],
      rows: [
        ['1', 'a'],
        ['2', 'b'],
      ],
    }
    const ours: TableSpec = {
      columns: ['id', 'name', 'x'],
      rows: [
        ['1', 'a', '5'],
        ['2', 'b', null],
      ],
    }
    const theirs: TableSpec = {
      columns: ['id', 'name', 'y'],
      rows: [
        ['1', 'A', '7'],
        ['2', 'B', null],
        ['3', 'c', '9'],
      ],
    }
    const { table, conflicts } = await merge(base, ours, theirs)
    expect(table).toEqual({
      columns: ['id', 'name', 'x', 'y'],
      rows: [
        ['1', 'A', '5', '7'],
        ['2', 'B', null, null],
        ['3', 'c', null, '9'],
      ],
    })
    expect(conflicts).toEqual([])
  })

  test('equal bytes under different new columns are not equal rows', async () => {
    const base: TableSpec = { columns: ['id'], rows: [['1']] }
    const { table } = await merge(
      base,
      { columns: ['id', 'x'], rows: [['1', '5']] },
      { columns: ['id', 'y'], rows: [['1', '5']] },
    )
    expect(table).toEqual({ columns: ['id', 'x', 'y'], rows: [['1', '5', '5']] })
  })

  test('a column of one name that both sides added is one column', async () => {
    const base: TableSpec = {
      columns: ['id', 'name'],
      rows: [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'c'],
      ],
    }
    const ours: TableSpec = {
      columns: ['id', 'w', 'name', 'x'],
      rows: [
        ['1', null, 'a', '5'],
        ['2', null, 'b', null],
        ['3', null, 'c', '1'],
      ],
    }
    const theirs: TableSpec = {
      columns: ['id', 'name', 'x'],
      rows: [
        ['1', 'a', null],
        ['2', 'b', '7'],
        ['3', 'c', '2'],
      ],
    }
    const { table, conflicts } = await merge(base, ours, theirs)
    expect(table).toEqual({
      columns: ['id', 'w', 'name', 'x'],
      rows: [
        ['1', null, 'a', '5'],
        ['2', null, 'b', '7'],
        ['3', null, 'c', '1'],
      ],
    })
    expect(conflicts).toEqual(['3.x: absent -> 1 | 2'])
  })

  test('a column removed on one side is gone, and edits of other cells stay', async () => {
    const base: TableSpec = {
      columns: ['id', 'a', 'b'],
      rows: [
        ['1', 'a', 'b'],
        ['2', 'a', 'b'],
      ],
    }
    const dropped: TableSpec = {
      columns: ['id', 'b'],
      rows: [
        ['1', 'b'],
        ['2', 'b'],
      ],
    }
    const edited: TableSpec = {
      columns: ['id', 'a', 'b'],
      rows: [
        ['1', 'a', 'B'],
        ['2', 'a', 'b'],
        ['3', 'n', 'm'],
      ],
    }
    const expected = {
      columns: ['id', 'b'],
      rows: [
        ['1', 'B'],
        ['2', 'b'],
        ['3', 'm'],
      ],
    }
    for (const [ours, theirs] of [
      [dropped, edited],
      [edited, dropped],
    ] as const) {
      const { table, conflicts } = await merge(base, ours, theirs)
      expect(table).toEqual(expected)
      expect(conflicts).toEqual([])
    }
  })

  test('a column removed on one side whose cells the other edited is a conflict of the table', async () => {
    const base: TableSpec = {
      columns: ['id', 'a'],
      rows: [
        ['1', 'a'],
        ['2', 'a'],
      ],
    }
    const { table, conflicts } = await merge(
      base,
      { columns: ['id'], rows: [['1'], ['2']] },
      {
        ...base,
        rows: [
          ['1', 'x'],
          ['2', 'a'],
        ],
      },
    )
    expect(table).toEqual({ columns: ['id'], rows: [['1'], ['2']] })
    expect(conflicts).toEqual(["column 'a' is removed here, and its cells are changed there"])
  })

  test('a column that lost its name and kept its cells does not take edits for equal bytes', async () => {
    const base: TableSpec = {
      columns: ['id', 'a'],
      rows: [
        ['1', 'x'],
        ['2', 'y'],
      ],
    }
    const renamed: TableSpec = {
      columns: ['id', 'b'],
      rows: [
        ['1', 'x'],
        ['2', 'y'],
      ],
    }
    const { conflicts } = await merge(base, renamed, {
      ...base,
      rows: [
        ['1', 'x'],
        ['2', 'Y'],
      ],
    })
    expect(conflicts).toEqual(["column 'a' is removed here, and its cells are changed there"])
    const clean = await merge(base, renamed, {
      ...base,
      rows: [
        ['1', 'x'],
        ['2', 'y'],
        ['3', 'z'],
      ],
    })
    expect(clean.table).toEqual({
      columns: ['id', 'b'],
      rows: [
        ['1', 'x'],
        ['2', 'y'],
        ['3', null],
      ],
    })
  })

  test('a column renamed by id takes the edits of the other side', async () => {
    const bench = new Bench()
    const base = await bench.table({
      columns: ['id', 'a'],
      rows: [
        ['1', 'x'],
        ['2', 'y'],
      ],
    })
    const columns = base.schema.columns.map((column) =>
      column.name === 'a' ? { ...column, name: 'b' } : column,
    )
    const ours = { ...base, schema: { ...base.schema, columns } }
    const theirs = await bench.table(
      {
        columns: ['id', 'a'],
        rows: [
          ['1', 'x'],
          ['2', 'Y'],
        ],
      },
      base,
    )
    const { table, conflicts } = await mergeObjects(bench, base, ours, theirs)
    expect(table).toEqual({
      columns: ['id', 'b'],
      rows: [
        ['1', 'x'],
        ['2', 'Y'],
      ],
    })
    expect(conflicts).toEqual([])
    const other = columns.map((column) => (column.name === 'b' ? { ...column, name: 'c' } : column))
    const twice = await mergeObjects(bench, base, ours, {
      ...theirs,
      schema: { ...base.schema, columns: other },
    })
    expect(twice.conflicts).toEqual(["column 'a' is called 'b' here and 'c' there"])
  })

  test('columns in another order on one side take the edits of the other', async () => {
    const base: TableSpec = { columns: ['id', 'a', 'b'], rows: [['1', 'a', 'b']] }
    const moved: TableSpec = { columns: ['b', 'id', 'a'], key: ['id'], rows: [['b', '1', 'a']] }
    const { table } = await merge(base, { ...base, rows: [['1', 'A', 'b']] }, moved)
    expect(table).toEqual({ columns: ['b', 'id', 'a'], rows: [['b', '1', 'A']] })
  })

  test('another key on one side is a conflict of the table', async () => {
    const base: TableSpec = {
      columns: ['id', 'code'],
      rows: [
        ['1', 'x'],
        ['2', 'y'],
      ],
    }
    const { conflicts } = await merge(
      base,
      { ...base, key: ['code'] },
      {
        ...base,
        rows: [
          ['1', 'x'],
          ['2', 'z'],
        ],
      },
    )
    expect(conflicts).toEqual(['the key is not made of the same columns on both sides'])
  })

  test('types that both sides changed widen to text', async () => {
    const rows = [['1', 'x']]
    const bench = new Bench()
    const base = await bench.table({ columns: ['id', 'n'], rows, types: { n: 'int' } })
    const ours = await bench.table({ columns: ['id', 'n'], rows: [['1', 'y']], types: { n: 'date' } }, base)
    const theirs = await bench.table(
      { columns: ['id', 'n'], rows: [...rows, ['2', 'z']], types: { n: 'decimal' } },
      base,
    )
    const { outcome, conflicts, table } = await mergeObjects(bench, base, ours, theirs)
    expect(conflicts).toEqual([])
    expect(outcome.conflictCount).toBe(0)
    expect(table.rows).toEqual([
      ['1', 'y'],
      ['2', 'z'],
    ])
  })

  test('a column called __proto__ is a column like others', async () => {
    const base: TableSpec = { columns: ['id', '__proto__', 'constructor'], rows: [['1', 'a', 'b']] }
    const { table, conflicts } = await merge(
      base,
      { ...base, rows: [['1', 'x', 'b']] },
      { ...base, rows: [['1', 'y', 'c']] },
    )
    expect(table).toEqual({ columns: base.columns, rows: [['1', 'x', 'c']] })
    expect(conflicts).toEqual(['1.__proto__: a -> x | y'])
  })
})

describe('merge of layout', () => {
  test('line ends turned on one side stay turned, and line ends of single rows are kept', async () => {
    const bench = new Bench()
    const base = await bench.table({
      columns: ['id', 'a'],
      rows: [
        ['1', 'a'],
        ['2', 'b'],
      ],
      layout: csv,
      lineEnds: [0, 2],
    })
    const crlf = { ...csv, eol: '\r\n', headerEol: '\r\n' }
    const ours = await bench.table(
      {
        columns: ['id', 'a'],
        rows: [
          ['1', 'a'],
          ['2', 'b'],
        ],
        layout: crlf,
      },
      base,
    )
    const theirs = await bench.table(
      {
        columns: ['id', 'a'],
        rows: [
          ['1', 'x'],
          ['2', 'b'],
        ],
        layout: csv,
        lineEnds: [0, 2],
      },
      base,
    )
    const { outcome } = await mergeObjects(bench, base, ours, theirs)
    const expected = await bench.table(
      {
        columns: ['id', 'a'],
        rows: [
          ['1', 'x'],
          ['2', 'b'],
        ],
        layout: crlf,
      },
      base,
    )
    expect(outcome.tree).toBe(await bench.tree({ t: bench.entry(expected) }))
  })

  test('line end and cell of one row that different sides changed are both taken', async () => {
    const bench = new Bench()
    const base = await bench.table({ columns: ['id', 'a'], rows: [['1', 'a']], layout: csv })
    const crlf = await bench.table({ columns: ['id', 'a'], rows: [['1', 'a']], layout: csv, lineEnds: [2] })
    const edited = await bench.table({ columns: ['id', 'a'], rows: [['1', 'x']], layout: csv })
    const both = await bench.table({ columns: ['id', 'a'], rows: [['1', 'x']], layout: csv, lineEnds: [2] })
    const expected = await bench.tree({ t: bench.entry(both) })
    expect((await mergeObjects(bench, base, crlf, edited)).outcome.tree).toBe(expected)
    expect((await mergeObjects(bench, base, edited, crlf)).outcome.tree).toBe(expected)
  })

  test('a raw line stays with the cells that it spells, and goes with any other', async () => {
    const bench = new Bench()
    const spec: TableSpec = { columns: ['id', 'a', 'b'], rows: [['1', 'a', 'b']] }
    const base = await bench.table(spec)
    const spelled = await bench.table(
      { ...spec, rows: [['1', 'x', 'b']], rawLines: ['{"id": 1, "a": "x",  "b": "b"}'] },
      base,
    )
    const edited = await bench.table({ ...spec, rows: [['1', 'a', 'y']] }, base)
    const mixed = await bench.tree({
      t: bench.entry(await bench.table({ ...spec, rows: [['1', 'x', 'y']] }, base)),
    })
    expect((await mergeObjects(bench, base, spelled, edited)).outcome.tree).toBe(mixed)
    expect((await mergeObjects(bench, base, edited, spelled)).outcome.tree).toBe(mixed)
    const same = await bench.table({ ...spec, rows: [['1', 'x', 'b']] }, base)
    const kept = await bench.tree({ t: bench.entry(spelled) })
    expect((await mergeObjects(bench, base, same, spelled)).outcome.tree).toBe(kept)
    expect((await mergeObjects(bench, base, spelled, same)).outcome.tree).toBe(kept)
  })

  test('quoting is merged column by column', async () => {
    const bench = new Bench()
    const columns = ['id', 'a', 'b', 'c']
    const rows = [['1', 'a', 'b', 'c']]
    const base = await bench.table({ columns, rows, layout: { ...csv, quotingOther: [2] } })
    const ours = await bench.table({ columns, rows, layout: { ...csv, quotingOther: [2, 3] } }, base)
    const theirs = await bench.table(
      { columns, rows: [['1', 'x', 'b', 'c']], layout: { ...csv, quotingOther: [4] } },
      base,
    )
    const { outcome } = await mergeObjects(bench, base, ours, theirs)
    const expected = await bench.table(
      { columns, rows: [['1', 'x', 'b', 'c']], layout: { ...csv, quotingOther: [3, 4] } },
      base,
    )
    expect(outcome.tree).toBe(await bench.tree({ t: bench.entry(expected) }))
    const turned = await bench.table(
      { columns, rows: [['1', 'x', 'b', 'c']], layout: { ...csv, quoting: 'always', quotingOther: [1] } },
      base,
    )
    const { outcome: second } = await mergeObjects(bench, base, ours, turned)
    const always = await bench.table(
      { columns, rows: [['1', 'x', 'b', 'c']], layout: { ...csv, quoting: 'always', quotingOther: [1] } },
      base,
    )
    expect(second.tree).toBe(await bench.tree({ t: bench.entry(always) }))
  })
})

describe('merge of the order of rows', () => {
  const ids = (...keys: number[]): TableSpec => ({
    columns: ['id', 'v'],
    rows: keys.map((key) => [String(key), 'v']),
  })
  const order = async (base: TableSpec | null, ours: TableSpec, theirs: TableSpec): Promise<number[]> =>
    (await merge(base, ours, theirs)).table.rows.map(([id]) => Number(id))

  test('rows of theirs come behind their predecessor, and behind the rows of ours there', async () => {
    expect(await order(ids(3, 1, 2), ids(3, 1, 8, 2, 6), ids(3, 1, 9, 2, 7))).toEqual([3, 1, 8, 9, 2, 6, 7])
  })

  test('rows removed on either side are gone', async () => {
    expect(await order(ids(5, 4, 3, 2, 1), ids(5, 3, 2, 1), ids(5, 4, 3, 1))).toEqual([5, 3, 1])
  })

  test('rows that only theirs moved are moved, and rows added by ours follow their neighbours', async () => {
    expect(await order(ids(3, 1, 2), ids(3, 1, 9, 2), ids(2, 3, 1))).toEqual([2, 3, 1, 9])
    expect(await order(ids(1, 2, 3, 4), ids(1, 2, 9, 3, 4), ids(4, 3, 2, 1))).toEqual([4, 3, 2, 9, 1])
  })

  test('where both moved rows, ours wins', async () => {
    expect(await order(ids(3, 1, 2), ids(1, 3, 2), ids(2, 3, 1))).toEqual([1, 3, 2])
  })

  test('a side that leaves key order takes the other along', async () => {
    expect(await order(ids(1, 2, 3), ids(1, 2, 3, 4), ids(1, 2, 3, 0))).toEqual([1, 2, 3, 4, 0])
  })

  test('a side that sorts the file sorts the result', async () => {
    expect(await order(ids(3, 1, 2), ids(1, 2, 3), ids(3, 1, 2, 0))).toEqual([0, 1, 2, 3])
  })

  test('an order that happens to be key order is no list', async () => {
    const { outcome, bench } = await merge(ids(1, 2, 4, 3), ids(1, 2, 4), ids(2, 4, 3))
    expect(await bench.show(outcome.tree)).toMatchObject({
      t: {
        rows: [
          ['2', 'v'],
          ['4', 'v'],
        ],
      },
    })
    expect(outcome.tree).toBe(await bench.tree({ t: bench.entry(await bench.table(ids(2, 4))) }))
  })

  test('a row that a conflict keeps stays behind its predecessor', async () => {
    const edited: TableSpec = {
      columns: ['id', 'v'],
      rows: [
        ['3', 'v'],
        ['1', 'edited'],
        ['2', 'v'],
        ['5', 'v'],
      ],
    }
    const { table, conflicts } = await merge(ids(3, 1, 2, 5), edited, ids(5, 3, 2))
    expect(table.rows).toEqual([
      ['5', 'v'],
      ['3', 'v'],
      ['1', 'edited'],
      ['2', 'v'],
    ])
    expect(conflicts).toEqual(['1: row -> row | gone'])
  })
})

test('conflicts come in order of path, key and column', async () => {
  const bench = new Bench()
  const tree = async (a: string, b: string): Promise<ReturnType<Bench['tree']>> => {
    const table = async (value: string): Promise<ReturnType<Bench['entry']>> =>
      bench.entry(
        await bench.table({
          columns: ['id', 'x', 'y'],
          rows: [
            ['2', value, value],
            ['10', value, value],
          ],
        }),
      )
    return bench.tree({
      b: await table(a),
      a: await table(b),
      'a.bin': bench.file(Uint8Array.of(0, ...utf8(a))),
    })
  }
  const outcome = await bench.merge(await tree('1', '1'), await tree('2', '2'), await tree('3', '3'))
  const shown = (await bench.conflicts(outcome)).map(({ id, path, kind, ...rest }) => [
    id,
    path,
    kind,
    (rest as Partial<CellConflict>).column,
  ])
  expect(shown).toEqual([
    ['1', 'a', 'cell', 'x'],
    ['2', 'a', 'cell', 'y'],
    ['3', 'a', 'cell', 'x'],
    ['4', 'a', 'cell', 'y'],
    ['5', 'a.bin', 'file', undefined],
    ['6', 'b', 'cell', 'x'],
    ['7', 'b', 'cell', 'y'],
    ['8', 'b', 'cell', 'x'],
    ['9', 'b', 'cell', 'y'],
  ])
})
