// Clashes about one column: all else of the table is merged, and each side's choice can be taken.
import { describe, expect, test } from 'vitest'
import type { MergeOutcome, Side } from '../../src/merge/interface.ts'
import { resolveConflicts } from '../../src/merge/resolve/resolve.ts'
import type { Schema, TableObject } from '../../src/table/interface.ts'
import { Bench, csv, type Dump, type TableSpec } from './bench.ts'

interface Clash {
  readonly bench: Bench
  readonly outcome: MergeOutcome
  readonly merged: Dump
  readonly conflicts: readonly string[]
}

type Rename = Readonly<Record<string, string>>

/** Sides are new versions of the base's file; `names` gives columns other names, by what they are called in the base. */
async function clash(
  base: TableSpec,
  ours: TableSpec & { readonly names?: Rename },
  theirs: TableSpec & { readonly names?: Rename },
): Promise<Clash> {
  const bench = new Bench()
  const before = await bench.table(base)
  const version = async ({
    names = {},
    ...spec
  }: TableSpec & { readonly names?: Rename }): Promise<TableObject> => {
    const table = await bench.table(spec, before)
    const columns = table.schema.columns.map((column) => ({
      ...column,
      name: names[column.name] ?? column.name,
    }))
    return { ...table, schema: { ...table.schema, columns } satisfies Schema }
  }
  const tree = (table: TableObject): ReturnType<Bench['tree']> => bench.tree({ t: bench.entry(table) })
  const [mine, yours] = [await version(ours), await version(theirs)]
  const outcome = await bench.merge(await tree(before), await tree(mine), await tree(yours))
  const conflicts = (await bench.conflicts(outcome)).map((conflict) =>
    conflict.kind === 'schema' ? `${conflict.column}: ${conflict.reason}` : conflict.kind,
  )
  return { bench, outcome, merged: (await bench.show(outcome.tree))['t'] as Dump, conflicts }
}

async function resolved({ bench, outcome }: Clash, take: Side): Promise<Dump> {
  const { nodes, writer } = bench
  const { tree, conflicts } = outcome
  const done = await resolveConflicts({
    met: null,
    resolutions: null,
    nodes,
    writer,
    tree,
    conflicts: conflicts!,
    path: 't',
    take,
  })
  expect(done.conflicts).toBe(null)
  return (await bench.show(done.tree))['t'] as Dump
}

const base: TableSpec = {
  columns: ['id', 'name', 'age', 'city'],
  rows: [
    ['1', 'Ada', '36', 'London'],
    ['2', 'Bob', '40', 'Bonn'],
  ],
  layout: { ...csv, quotingOther: [2] },
}
const removed: TableSpec = {
  ...base,
  columns: ['id', 'name', 'city'],
  rows: [
    ['1', 'Ada', 'Paris'],
    ['2', 'Bob', 'Bonn'],
  ],
}
const edited: TableSpec = {
  ...base,
  rows: [
    ['1', 'Ada L', '37', 'London'],
    ['2', 'Bob', '40', 'Bonn'],
    ['3', 'Eve', '20', 'Rome'],
  ],
}
const without: Dump = {
  columns: ['id', 'name', 'city'],
  rows: [
    ['1', 'Ada L', 'Paris'],
    ['2', 'Bob', 'Bonn'],
    ['3', 'Eve', 'Rome'],
  ],
}
const withAges = (...ages: (string | null)[]): Dump => ({
  columns: ['id', 'name', 'age', 'city'],
  rows: without.rows.map(([id, name, city], i) => [id!, name!, ages[i]!, city!]),
})

describe('a column removed on one side whose cells the other changed', () => {
  test('is a conflict of that column, and everything else merges', async () => {
    const here = await clash(base, removed, edited)
    expect(here.conflicts).toEqual(["age: column 'age' is removed here, and its cells are changed there"])
    expect(here.merged).toEqual(without)
    const there = await clash(base, edited, removed)
    expect(there.conflicts).toEqual(["age: column 'age' is removed there, and its cells are changed here"])
    expect(there.merged).toEqual(withAges('37', '40', '20'))
  })

  test('is settled by either side, or by the base', async () => {
    const here = await clash(base, removed, edited)
    expect(await resolved(here, 'ours')).toEqual(without)
    expect(await resolved(here, 'theirs')).toEqual(withAges('37', '40', '20'))
    expect(await resolved(here, 'base')).toEqual(withAges('36', '40', null))
    const there = await clash(base, edited, removed)
    expect(await resolved(there, 'ours')).toEqual(withAges('37', '40', '20'))
    expect(await resolved(there, 'theirs')).toEqual(without)
    expect(await resolved(there, 'base')).toEqual(withAges('36', '40', null))
  })

  test('does not hide a row that is removed where its cell was changed', async () => {
    const gone: TableSpec = { ...removed, rows: [['2', 'Bob', 'Bonn']] }
    const { conflicts, merged } = await clash(base, gone, edited)
    expect(conflicts).toEqual([expect.stringContaining('age: '), 'row'])
    expect(merged.rows.map(([id]) => id)).toEqual(['2', '3'])
  })
})

test('a column renamed to two names keeps its edits, and takes the name that is chosen', async () => {
  const here: TableSpec & { names: Rename } = { ...base, names: { age: 'years' } }
  const there: TableSpec & { names: Rename } = { ...edited, names: { age: 'old' } }
  const one = await clash(base, here, there)
  expect(one.conflicts).toEqual(["years: column 'age' is called 'years' here and 'old' there"])
  const named = (name: string): Dump => ({
    columns: ['id', 'name', name, 'city'],
    rows: edited.rows as Dump['rows'],
  })
  expect(one.merged).toEqual(named('years'))
  expect(await resolved(one, 'theirs')).toEqual(named('old'))
  expect(await resolved(one, 'base')).toEqual(named('age'))
})

test('a column removed here and renamed there comes back under its new name', async () => {
  const one = await clash(base, removed, { ...edited, names: { age: 'years' } })
  expect(one.conflicts).toEqual(["years: column 'age' is removed here and called 'years' there"])
  expect(one.merged).toEqual(without)
  const back = await resolved(one, 'theirs')
  expect(back.columns).toEqual(['id', 'name', 'years', 'city'])
  expect(back.rows).toEqual(withAges('37', '40', '20').rows)
})

test('the clash of a renamed column says its new name', async () => {
  const ours: TableSpec = { ...base, rows: [['1', 'Ada', '30', 'London'], base.rows[1]!] }
  const { bench, outcome } = await clash(base, ours, { ...edited, names: { age: 'years' } })
  expect(await bench.conflicts(outcome)).toMatchObject([{ kind: 'cell', column: 'years' }])
})

test('a column does not go while rows of its table are in conflict', async () => {
  const theirs: TableSpec = { ...removed, rows: [['1', 'Eve', 'Paris'], removed.rows[1]!] }
  const { bench, outcome } = await clash(base, edited, theirs)
  const { nodes, writer } = bench
  const { tree, conflicts } = outcome
  const input = { nodes, writer, tree, conflicts: conflicts!, path: 't', column: 'age' } as const
  await expect(
    resolveConflicts({ met: null, resolutions: null, ...input, take: 'theirs' }),
  ).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
    message: "column 'age' of 't' cannot change while rows or cells are in conflict",
  })
  expect(await resolved({ bench, outcome, merged: without, conflicts: [] }, 'theirs')).toMatchObject({
    columns: ['id', 'name', 'city'],
  })
})

test('both sides writing the file in another way each is told', async () => {
  const layout = (changes: object): TableSpec => ({ ...base, layout: { ...csv, ...changes } })
  const { outcome } = await clash(
    layout({}),
    { ...layout({ delimiter: ';', bom: true }), rows: removed.rows.map((row) => [...row, 'x']) },
    { ...layout({ delimiter: '\t', eol: '\r\n' }), rows: edited.rows },
  )
  expect(outcome.paths[0]!.notes).toEqual([
    'both sides changed the delimiter in different ways: ours is kept',
  ])
})
