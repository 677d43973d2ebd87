// The merge against a model that knows nothing of trees, slots or hunks (merge-model.ts), and laws of its own.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { collect, mapAsync } from '../../src/base/iterables.ts'
import { readTable } from '../../src/formats/read.ts'
import { renderTable } from '../../src/formats/render.ts'
import type { Conflict } from '../../src/merge/interface.ts'
import { mergeTables } from '../../src/merge/tables/merge-tables.ts'
import { textCell } from '../../src/table/cell.ts'
import type { Cell, TableObject } from '../../src/table/interface.ts'
import { diffTables } from '../../src/table/diff.ts'
import { decodeKey } from '../../src/table/key.ts'
import { disagreements, randomFamily } from './random-merges.ts'
import { Bench, type CellSpec, csv, type Dump, type TableSpec, textOf } from '../merge/bench.ts'

interface Version {
  readonly columns: readonly string[]
  /** Keys in the order of the file. */
  readonly order: readonly string[]
  readonly cells: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Keys of rows whose first cell is quoted against the file's habit, and of rows with CRLF. */
  readonly quoted: ReadonlySet<string>
  readonly crlf: ReadonlySet<string>
}

type Change =
  | { readonly kind: 'set'; readonly row: number; readonly column: number; readonly text: string | null }
  | { readonly kind: 'add'; readonly key: string; readonly at: number; readonly text: string }
  | { readonly kind: 'remove' | 'move' | 'quote' | 'crlf'; readonly row: number; readonly at: number }
  | { readonly kind: 'drop'; readonly column: number }
  | { readonly kind: 'column'; readonly name: string; readonly at: number; readonly text: string }

const start: Version = {
  columns: ['id', 'a', 'b'],
  order: ['1', '2', '3', '4'],
  cells: new Map(
    ['1', '2', '3', '4'].map((key) => [
      key,
      new Map([
        ['a', `a${key}`],
        ['b', `b${key}`],
      ]),
    ]),
  ),
  quoted: new Set(),
  crlf: new Set(),
}

function apply(version: Version, change: Change): Version {
  const { columns, order } = version
  const key = 'row' in change ? order[change.row % Math.max(1, order.length)] : undefined
  const cells = new Map([...version.cells].map(([id, row]) => [id, new Map(row)]))
  switch (change.kind) {
    case 'set': {
      const column = columns[1 + (change.column % Math.max(1, columns.length - 1))]
      if (key === undefined || column === undefined) return version
      if (change.text === null) cells.get(key)!.delete(column)
      else cells.get(key)!.set(column, change.text)
      return { ...version, cells }
    }
    case 'add':
      if (cells.has(change.key)) return version
      cells.set(change.key, new Map(columns.slice(1).map((column) => [column, change.text])))
      return { ...version, cells, order: order.toSpliced(change.at % (order.length + 1), 0, change.key) }
    case 'remove':
      if (key === undefined) return version
      cells.delete(key)
      return { ...version, cells, order: order.filter((id) => id !== key) }
    case 'move':
      if (key === undefined) return version
      return {
        ...version,
        order: order.filter((id) => id !== key).toSpliced(change.at % order.length, 0, key),
      }
    case 'quote':
      return key === undefined ? version : { ...version, quoted: new Set([...version.quoted, key]) }
    case 'crlf':
      return key === undefined ? version : { ...version, crlf: new Set([...version.crlf, key]) }
    case 'drop': {
      const column = columns[1 + (change.column % Math.max(1, columns.length - 1))]
      if (column === undefined) return version
      for (const row of cells.values()) row.delete(column)
      return { ...version, cells, columns: columns.filter((name) => name !== column) }
    }
    case 'column':
      if (columns.includes(change.name)) return version
      for (const [id, row] of cells) if (Number(id) % 2 === 0) row.set(change.name, change.text)
      return {
        ...version,
        cells,
        columns: columns.toSpliced(1 + (change.at % columns.length), 0, change.name),
      }
  }
}

const number = fc.nat(12)
const text = fc.constantFrom('x', 'y', 'z')
const change = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      row: number,
      column: number,
      text: fc.option(text),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      key: fc.constantFrom('0', '5', '6', '7'),
      at: number,
      text,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), row: number, at: number }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('move' as const, 'quote' as const, 'crlf' as const),
      row: number,
      at: number,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), column: number }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('column' as const),
      name: fc.constantFrom('c', 'd'),
      at: number,
      text,
    }),
  },
)
const changes = fc.array(change, { maxLength: 6 })

function specOf(version: Version): TableSpec {
  const cell = (key: string, column: string, at: number): CellSpec => {
    const value = column === 'id' ? key : version.cells.get(key)!.get(column)
    if (value === undefined) return null
    const flipped: Cell = { ...textCell(value), quotingFlipped: true }
    return at === 1 && version.quoted.has(key) ? flipped : value
  }
  return {
    columns: version.columns,
    key: ['id'],
    rows: version.order.map((key) => version.columns.map((column, at) => cell(key, column, at))),
    layout: csv,
    lineEnds: version.order.map((key) => (version.crlf.has(key) ? 2 : 0)),
  }
}

function show(...parts: (string | undefined)[]): string {
  return parts.map((part) => part ?? '-').join(' ')
}

interface Result {
  readonly bench: Bench
  readonly dump: Dump
  readonly tree: string
  readonly conflicts: readonly string[]
}

async function run(base: Version, ours: Version, theirs: Version): Promise<Result> {
  const bench = new Bench()
  const before = await bench.table(specOf(base))
  const tree = async (version: Version): ReturnType<Bench['tree']> =>
    bench.tree({ t: bench.entry(await bench.table(specOf(version), before)) })
  const outcome = await bench.merge(
    await bench.tree({ t: bench.entry(before) }),
    await tree(ours),
    await tree(theirs),
  )
  const name = (conflict: Conflict): string => {
    if (conflict.kind === 'schema' || conflict.kind === 'file' || conflict.kind === 'part')
      return conflict.kind
    const key = textOf(decodeKey(before.schema, conflict.key)[0]!)!
    if (conflict.kind !== 'cell')
      return show(
        key,
        conflict.base ? 'row' : undefined,
        conflict.ours ? 'row' : undefined,
        conflict.theirs ? 'row' : undefined,
      )
    const sides = [conflict.base, conflict.ours, conflict.theirs].map((cell) =>
      cell === null ? undefined : (textOf(cell) ?? undefined),
    )
    return show(key, conflict.column, ...sides)
  }
  const conflicts = (await bench.conflicts(outcome)).map(name).sort()
  expect(conflicts.length).toBe(outcome.conflictCount)
  return { bench, dump: (await bench.show(outcome.tree))['t'] as Dump, tree: outcome.tree, conflicts }
}

function rowsOf(dump: Dump): Map<string, Map<string, string>> {
  const id = dump.columns.indexOf('id')
  return new Map(
    dump.rows.map((row) => [
      row[id]!,
      new Map(
        dump.columns.flatMap((name, at) =>
          at === id || row[at] === null ? [] : [[name, row[at]!] as const],
        ),
      ),
    ]),
  )
}

const sides = fc.tuple(changes, changes, changes).map(([before, left, right]) => {
  const base = before.filter(({ kind }) => kind !== 'drop').reduce(apply, start)
  return { base, ours: left.reduce(apply, base), theirs: right.reduce(apply, base) }
})

describe('merge of tables', () => {
  test('law: rows, cells, columns, conflicts and decisions of policies are those of the model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000_000_000), async (seed) => {
        expect(await collect(disagreements(new Bench(), randomFamily(seed)))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('law: swapping the sides gives the same rows and mirrored conflicts', async () => {
    await fc.assert(
      fc.asyncProperty(sides, async ({ base, ours, theirs }) => {
        const one = await run(base, ours, theirs)
        const other = await run(base, theirs, ours)
        expect(other.conflicts.length).toBe(one.conflicts.length)
        if (one.conflicts.length > 0) return
        expect(rowsOf(other.dump)).toEqual(rowsOf(one.dump))
        const isPlain = (version: Version): boolean =>
          version.columns.join() === base.columns.join() &&
          version.order.join() === [...version.order].sort().join()
        const isSpelled = (version: Version): boolean =>
          version.quoted.size > base.quoted.size || version.crlf.size > base.crlf.size
        if (isPlain(ours) && isPlain(theirs) && !isSpelled(ours) && !isSpelled(theirs))
          expect(other.tree).toBe(one.tree)
      }),
      { numRuns: 150 },
    )
  })

  test('law: a side that changed nothing gives the other side, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(sides, async ({ base, ours }) => {
        const bench = new Bench()
        const before = await bench.table(specOf(base))
        const tree = (version: typeof before, other: string): ReturnType<Bench['tree']> =>
          bench.tree({ t: bench.entry(version), other: bench.file(other) })
        const after = await bench.table(specOf(ours), before)
        // Another path differs, so that the trees themselves must be merged.
        const [root, mine, yours] = [await tree(before, '1'), await tree(before, '2'), await tree(after, '1')]
        expect((await bench.merge(root, mine, yours)).tree).toBe(await tree(after, '2'))
        expect((await bench.merge(root, yours, mine)).tree).toBe(await tree(after, '2'))
      }),
      { numRuns: 60 },
    )
  })

  test('law: rows keep the order of ours unless only theirs moved some, and all are there once', async () => {
    await fc.assert(
      fc.asyncProperty(sides, async ({ base, ours, theirs }) => {
        const { dump, conflicts } = await run(base, ours, theirs)
        if (conflicts.includes('schema')) return
        const merged = dump.rows.map((row) => row[dump.columns.indexOf('id')]!)
        expect(new Set(merged).size).toBe(merged.length)
        const isSorted = (keys: readonly string[]): boolean => keys.join() === [...keys].sort().join()
        const common = (keys: readonly string[], others: readonly string[]): string =>
          keys.filter((key) => others.includes(key)).join()
        const isSortedAnew = !isSorted(base.order) && (isSorted(ours.order) || isSorted(theirs.order))
        if (isSortedAnew || (isSorted(ours.order) && isSorted(theirs.order))) {
          expect(isSorted(merged)).toBe(true)
          return
        }
        const hasMoves = (side: Version): boolean =>
          common(side.order, base.order) !== common(base.order, side.order)
        const frame = hasMoves(theirs) && !hasMoves(ours) ? theirs : ours
        expect(common(merged, frame.order)).toBe(common(frame.order, merged))
      }),
      { numRuns: 300 },
    )
  })

  test('law: a merged table, written to its file and read again, has the same bytes and the same values', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides,
        fc.constantFrom('csv' as const, 'jsonl' as const),
        async ({ base, ours, theirs }, format) => {
          // A file of JSON Lines without lines tells no columns, and of mixed line ends a reader takes the first.
          fc.pre([base, ours, theirs].every(({ order, crlf }) => order.length > 0 && crlf.size === 0))
          const { nodes, writer } = new Bench()
          const read = (
            bytes: Uint8Array,
            previous?: TableObject,
          ): Promise<{ table: TableObject; cid: string }> =>
            readTable(
              mapAsync([bytes], (part) => part),
              { format, key: ['id'], writer, nodes, where: 't', previous },
            )
          const text = format === 'csv' ? csvOf : jsonlOf
          const before = (await read(utf8(text(base)))).table
          const [mine, yours] = [await read(utf8(text(ours)), before), await read(utf8(text(theirs)), before)]
          const merged = await mergeTables({ nodes, writer }, 't', {
            base: before,
            ours: mine.table,
            theirs: yours.table,
          })
          if (merged.kind !== 'merged') return
          const bytes = concatBytes(await collect(renderTable(nodes, merged.table)))
          if (bytes.length === 0) return
          const again = await read(bytes, merged.table)
          expect(concatBytes(await collect(renderTable(nodes, again.table)))).toEqual(bytes)
          // Where cells are quoted against their column, a reader may find that most are, and call that the rule: the
          // bytes are the same, and so is every value, but not the bookkeeping of the spelling.
          const isPlain = [base, ours, theirs].every(({ quoted }) => quoted.size === 0)
          if (isPlain) expect(again.cid).toBe(merged.cid)
          const differences = (await collect(diffTables(nodes, merged.table, again.table))).flat()
          expect(differences.filter(({ kind, cells }) => kind !== 'changed' || cells.length > 0)).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })
})

function csvOf(version: Version): string {
  const rows = version.order.map((key) => {
    const cells = version.columns.map((column, at) => {
      const value = (column === 'id' ? key : version.cells.get(key)!.get(column)) ?? ''
      return value !== '' && at === 1 && version.quoted.has(key) ? `"${value}"` : value
    })
    return cells.join() + (version.crlf.has(key) ? '\r\n' : '\n')
  })
  return `${version.columns.join()}\n${rows.join('')}`
}

function jsonlOf(version: Version): string {
  const rows = version.order.map((key) => {
    const members = version.columns.flatMap((column) => {
      const value = column === 'id' ? key : version.cells.get(key)!.get(column)
      return value === undefined ? [] : [`"${column}": ${column === 'id' ? value : JSON.stringify(value)}`]
    })
    // A line that no writer of the layout would have written keeps itself as it is.
    return `{${members.join(version.quoted.has(key) ? ' , ' : ', ')}}${version.crlf.has(key) ? '\r\n' : '\n'}`
  })
  return rows.join('')
}
