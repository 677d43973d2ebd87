import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { typedCell } from '../../src/merge/resolve/cell-text.ts'
import {
  type ConflictFilter,
  countConflicts,
  scanConflicts,
  writeConflicts,
} from '../../src/merge/conflicts/conflicts.ts'
import type { MergeOutcome } from '../../src/merge/interface.ts'
import { resolveConflicts } from '../../src/merge/resolve/resolve.ts'
import type { Resolution } from '../../src/merge/resolve/settler.ts'
import type { Take } from '../../src/merge/resolve/take.ts'
import { Tree } from '../../src/files/tree.ts'
import { encodeKey } from '../../src/table/key.ts'
import { Bench, type TableSpec } from './bench.ts'

const columns = ['id', 'a', 'b']

async function merged(
  bench: Bench,
  base: TableSpec,
  ours: TableSpec,
  theirs: TableSpec,
): Promise<MergeOutcome> {
  const before = await bench.table(base)
  const tree = async (spec: TableSpec): Promise<Cid> =>
    bench.tree({ t: bench.entry(await bench.table(spec, before)) })
  return bench.merge(await tree(base), await tree(ours), await tree(theirs))
}

function resolve(
  bench: Bench,
  at: { readonly tree: Cid; readonly conflicts: Cid | null },
  take: Take,
  filter: ConflictFilter = {},
): Promise<Resolution> {
  const { nodes, writer } = bench
  const state = { tree: at.tree, conflicts: at.conflicts!, met: null, resolutions: null }
  return resolveConflicts({ nodes, writer, ...state, take, ...filter })
}

const clash = async (bench: Bench): Promise<MergeOutcome> =>
  merged(
    bench,
    {
      columns,
      rows: [
        ['1', 'a', 'b'],
        ['2', 'a', 'b'],
        ['3', 'a', 'b'],
      ],
    },
    {
      columns,
      rows: [
        ['1', 'x', 'x'],
        ['2', 'x', 'b'],
        ['4', 'n', 'n'],
      ],
    },
    {
      columns,
      rows: [
        ['1', 'y', 'y'],
        ['3', 'y', 'b'],
        ['4', 'm', 'm'],
      ],
    },
  )

describe('resolving conflicts', () => {
  test('each side can be taken for all conflicts of a path', async () => {
    const bench = new Bench()
    const outcome = await clash(bench)
    expect(outcome.conflictCount).toBe(5)
    const rows = async (take: Take): Promise<unknown> => {
      const { tree, conflicts, resolved, left } = await resolve(bench, outcome, take, { path: 't' })
      expect({ conflicts, resolved, left }).toEqual({ conflicts: null, resolved: 5, left: 0 })
      return ((await bench.show(tree))['t'] as { rows: unknown }).rows
    }
    expect(await rows('ours')).toEqual([
      ['1', 'x', 'x'],
      ['2', 'x', 'b'],
      ['4', 'n', 'n'],
    ])
    expect(await rows('theirs')).toEqual([
      ['1', 'y', 'y'],
      ['3', 'y', 'b'],
      ['4', 'm', 'm'],
    ])
    expect(await rows('base')).toEqual([
      ['1', 'a', 'b'],
      ['2', 'a', 'b'],
      ['3', 'a', 'b'],
    ])
  })

  test('two rows added under one key are a collision, and a row deleted against an edit is not', async () => {
    const bench = new Bench()
    const found = await bench.conflicts(await clash(bench))
    expect(found.map(({ kind, id }) => `${id} ${kind}`)).toEqual([
      '1 cell',
      '2 cell',
      '3 row',
      '4 row',
      '5 key-collision',
    ])
  })

  test('one row, one column, or one conflict can be settled alone', async () => {
    const bench = new Bench()
    const outcome = await clash(bench)
    const before = await bench.table({ columns, rows: [] })
    const key = encodeKey(before.schema, [{ kind: 'text', bytes: utf8('1'), quotingFlipped: false }])
    const one = await resolve(bench, outcome, { value: 'typed' }, { path: 't', key, column: 'a' })
    expect([one.resolved, one.left]).toEqual([1, 4])
    const two = await resolve(bench, one, 'theirs', { path: 't', key })
    expect([two.resolved, two.left]).toEqual([1, 3])
    const three = await resolve(bench, two, 'theirs', { id: '5' })
    expect(await bench.show(three.tree)).toMatchObject({
      t: {
        rows: [
          ['1', 'typed', 'y'],
          ['2', 'x', 'b'],
          ['4', 'm', 'm'],
        ],
      },
    })
    expect((await bench.conflicts(three)).map(({ id }) => id)).toEqual(['3', '4'])
  })

  test('a conflict that is not there is an error, and so is a value for a whole row', async () => {
    const bench = new Bench()
    const outcome = await clash(bench)
    await expect(resolve(bench, outcome, 'ours', { path: 'nowhere' })).rejects.toMatchObject({
      code: 'VARVE_PATH_NOT_FOUND',
    })
    await expect(resolve(bench, outcome, 'ours', { id: 'x' })).rejects.toMatchObject({
      code: 'VARVE_PATH_NOT_FOUND',
    })
    await expect(resolve(bench, outcome, { value: '1' }, { path: 't' })).rejects.toMatchObject({
      code: 'VARVE_USAGE',
    })
  })

  test('rows that come and go keep the order list whole', async () => {
    const bench = new Bench()
    const outcome = await merged(
      bench,
      {
        columns,
        rows: [
          ['3', 'a', 'b'],
          ['1', 'a', 'b'],
          ['2', 'a', 'b'],
          ['0', 'a', 'b'],
        ],
      },
      {
        columns,
        rows: [
          ['3', 'x', 'b'],
          ['2', 'a', 'b'],
          ['0', 'a', 'b'],
        ],
      },
      {
        columns,
        rows: [
          ['1', 'y', 'b'],
          ['2', 'a', 'b'],
          ['0', 'a', 'b'],
        ],
      },
    )
    const { tree } = await resolve(bench, outcome, 'theirs')
    expect(await bench.show(tree)).toMatchObject({
      t: {
        rows: [
          ['2', 'a', 'b'],
          ['0', 'a', 'b'],
          ['1', 'y', 'b'],
        ],
      },
    })
    expect(outcome.conflictCount).toBe(2)
  })

  test('a file takes the side that is chosen, or goes', async () => {
    const bench = new Bench()
    const base = await bench.tree({ f: bench.file('a'), g: bench.file('g') })
    const outcome = await bench.merge(
      base,
      await bench.tree({ f: bench.file('b'), g: bench.file('g') }),
      await bench.tree({ g: bench.file('g') }),
    )
    expect(await bench.show((await resolve(bench, outcome, 'theirs')).tree)).toEqual({ g: 'g' })
    expect(await bench.show((await resolve(bench, outcome, 'ours')).tree)).toEqual({ f: 'b', g: 'g' })
    expect(await bench.show((await resolve(bench, outcome, 'base')).tree)).toEqual({ f: 'a', g: 'g' })
  })

  test('a conflict of columns takes the whole table of a side', async () => {
    const bench = new Bench()
    const outcome = await merged(
      bench,
      { columns, rows: [['1', 'a', 'b']] },
      { columns: ['id', 'b'], rows: [['1', 'b']] },
      { columns, rows: [['1', 'A', 'b']] },
    )
    expect(await bench.conflicts(outcome)).toMatchObject([{ kind: 'schema', path: 't' }])
    expect(await bench.show((await resolve(bench, outcome, 'theirs')).tree)).toEqual({
      t: { columns, rows: [['1', 'A', 'b']] },
    })
  })

  test('a typed value is text in a table of text, and a literal of JSON in a typed one', () => {
    const shown = (text: string, cells: 'text' | 'typed'): string => {
      const { kind, bytes } = typedCell(text, cells)
      return `${kind} ${new TextDecoder().decode(bytes)}`
    }
    expect(['12', '', 'null', 'a b'].map((text) => shown(text, 'text'))).toEqual([
      'text 12',
      'absent ',
      'text null',
      'text a b',
    ])
    expect(
      ['12.50', '"12"', 'null', 'true', '{"a": 1}', 'a b', ''].map((text) => shown(text, 'typed')),
    ).toEqual(['number 12.50', 'text 12', 'null ', 'true ', 'json {"a": 1}', 'text a b', 'text '])
  })
})

describe('stored conflicts', () => {
  test('no conflicts need no object', async () => {
    const { nodes, writer } = new Bench()
    expect(await writeConflicts(nodes, writer, [[]])).toEqual({ root: null, count: 0 })
    expect(await collect(scanConflicts(nodes, null))).toEqual([])
    expect(await countConflicts(nodes, null)).toBe(0)
  })

  test('paths that are not UTF-8, long paths with long keys, and large cells go through', async () => {
    const bench = new Bench()
    const [nodes, writer] = [bench.nodes, bench.writer]
    const path = `\udcff${'x/'.repeat(400)}y`
    const key = new Uint8Array(1024).fill(64)
    const large = (byte: number): Uint8Array =>
      Uint8Array.of(204, 0xd0, 0x0f, ...new Uint8Array(2000).fill(byte))
    const row = {
      kind: 'row',
      path,
      key,
      text: '',
      base: null,
      ours: { value: large(1), links: [] },
      theirs: { value: large(2), links: [writer.put('raw', large(3))] },
    } as const
    const { root } = await writeConflicts(nodes, writer, [[row]])
    const { text: _, ...shown } = row
    expect((await collect(scanConflicts(nodes, root, { path, key }))).flat()).toEqual([{ ...shown, id: '1' }])
  })

  test('a large side lives as long as its conflict', async () => {
    const bench = new Bench()
    const long = 'x'.repeat(3000)
    const outcome = await merged(
      bench,
      { columns, rows: [['1', 'a', 'b']] },
      { columns, rows: [['1', `${long}1`, 'b']] },
      { columns, rows: [['1', `${long}2`, 'b']] },
    )
    const refs = new Map([['MERGE', outcome.conflicts]])
    const operation = { name: 'merge', message: '', author: '' }
    await bench.store.update(() => ({ refs, operation }), { writer: bench.writer })
    await bench.store.gc({ graceMs: 0, manifestsKeptMax: 1 })
    const fresh = new Bench(bench.store)
    expect(await fresh.conflicts(outcome)).toMatchObject([{ theirs: { bytes: utf8(`${long}2`) } }])
  })

  test('a tree that became a file where its table was is said so', async () => {
    const bench = new Bench()
    const outcome = await clash(bench)
    const tree = await (
      await Tree.load(bench.nodes, outcome.tree)
    ).update(bench.writer, new Map([['t', bench.file('x')]]))
    await expect(resolve(bench, { ...outcome, tree: tree.cid }, 'ours')).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
    })
  })
})
