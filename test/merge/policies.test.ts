import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { parsePolicy, policyText } from '../../src/dataset/policy.ts'
import { decideCell } from '../../src/merge/policies/cell-policies.ts'
import type { MergeOutcome } from '../../src/merge/interface.ts'
import { compareDecimals, exactSum, parseDecimal } from '../../src/merge/policies/decimal.ts'
import { readDecisions } from '../../src/merge/policies/decisions.ts'
import { absentCell, cellOf, cellText, textCell } from '../../src/table/cell.ts'
import type { Cell, CellKind } from '../../src/table/interface.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { Bench, type Dump, type TableSpec } from './bench.ts'

const typed = (kind: CellKind) => (text: string | null) =>
  text === null ? absentCell : cellOf(kind, utf8(text))

function decide(
  word: string,
  [base, ours, theirs]: readonly (string | null)[],
  cell: (text: string | null) => Cell = (text) => (text === null ? absentCell : textCell(text)),
): string | null | undefined {
  const sides = { base: cell(base!), ours: cell(ours!), theirs: cell(theirs!) }
  const decided = decideCell(parsePolicy(word)!, sides, { stamps: sides, cells: 'text' })
  return decided === null ? undefined : decided.kind === 'absent' ? null : cellText(decided)
}

describe('a policy decides', () => {
  test.each([
    ['ours', ['1', '2', '3'], '2'],
    ['theirs', ['1', '2', null], null],
    ['max', ['1', '9', '10'], '10'],
    ['min', ['1', '9', '10'], '9'],
    ['max', ['0', '9007199254740993', '9007199254740992'], '9007199254740993'],
    ['max', ['0', '0.1000000000000000000001', '0.1'], '0.1000000000000000000001'],
    ['min', ['0', '-1e30', '-999999999999999999999999999999'], '-1e30'],
    ['max', ['1', '1.0', '1.00'], '1.0'],
    ['max', ['1', '1e999999999', '1e999999998'], '1e999999999'],
    ['max', ['', '2026-09-30', '2026-10-01'], '2026-10-01'],
    ['max', ['', '2026-01-01T10:00:00+02:00', '2026-01-01T09:00:00Z'], '2026-01-01T09:00:00Z'],
    ['max', ['', '2026-01-01T10:00:00.000001', '2026-01-01 10:00'], '2026-01-01T10:00:00.000001'],
    ['max', ['', 'pear', 'plum'], 'plum'],
    ['newest', ['', '2026-09-30', '2026-10-01'], '2026-10-01'],
    ['sum', ['10', '12', '13'], '15'],
    ['sum', ['10', '11', '11'], '12'],
    ['sum', ['10', '7', '8'], '5'],
    ['sum', ['0.1', '0.2', '0.30'], '0.40'],
    ['sum', ['9007199254740993', '9007199254740994', '9007199254740995'], '9007199254740996'],
    ['sum', ['1', '-2', '-3'], '-6'],
    ['sum', ['1e3', '2e3', '1500'], '2500'],
    ['sum', ['0', '0.5', '-0.75'], '-0.25'],
    ['union', ['a;b', 'a;b;c', 'a;b;d'], 'a;b;c;d'],
    ['union', ['a;b', 'b;c', 'a;b;d'], 'b;c;d'],
    ['union', ['a, b', 'b', 'a, b, c'], 'b, c'],
    ['union', [null, 'x', 'y'], 'x,y'],
    ['union(|)', ['a|b', 'a|b|c;d', 'b|a|e'], 'a|b|c;d|e'],
    ['union', ['a;b', 'a', 'b'], null],
    ['append', ['day 1\n', 'day 1\nday 2\n', 'day 1\nday 3\n'], 'day 1\nday 2\nday 3\n'],
    ['append', [null, 'a;', 'b;'], 'a;b;'],
    ['text', ['one two three', 'one 2 three', 'one two 3'], 'one 2 3'],
    ['text', ['a\nb\nc\nd\n', 'A\nb\nc\nd\n', 'a\nb\nc\nD\n'], 'A\nb\nc\nD\n'],
  ])('%s of %j: %j', (word, sides, result) => {
    expect(decide(word, sides)).toBe(result)
  })

  test.each([
    ['union', ['["a", "b"]', '["a", "b", "c"]', '["b", "d"]'], '["b", "c", "d"]'],
    ['union', ['[1]', '[1,1.0]', '[1,{"x": [1, 2]}]'], '[1,1.0,{"x": [1, 2]}]'],
    ['union', ['["a,b"]', '["a,b","]"]', '["\\"["]'], '["]","\\"["]'],
    [
      'union',
      ['[12345678901234567890]', '[12345678901234567890,1]', '[12345678901234567890,2]'],
      '[12345678901234567890,1,2]',
    ],
    ['append', ['[1]', '[1,2]', '[1,3]'], '[1,2,3]'],
  ])('%s of the arrays %j: %j', (word, sides, result) => {
    expect(decide(word, sides, typed('json'))).toBe(result)
  })

  test.each([
    ['newest', ['', '5', '5.0']],
    ['newest', ['1', null, '5']],
    ['newest', ['', '2026-01-01T10:00:00', '2026-01-01T10:00:00Z']],
    ['max', ['1', '2', 'two']],
    ['max', ['1', null, '2']],
    ['sum', ['1', '2', 'x']],
    ['sum', [null, '2', '3']],
    ['sum', ['007', '008', '009']],
    ['sum', ['1', '1e999999999', '2']],
    ['sum', ['1', '2', '1e-999999999']],
    ['append', ['abc', 'abcd', 'xabc']],
    ['text', ['one', 'two', 'three']],
  ])('%s of %j: nothing', (word, sides) => {
    expect(decide(word, sides)).toBe(undefined)
  })

  test('a union of an array and a text is none', () => {
    const sides = { base: absentCell, ours: cellOf('json', utf8('["a"]')), theirs: textCell('b') }
    expect(decideCell({ kind: 'union', separator: null }, sides, { stamps: null, cells: 'typed' })).toBe(null)
  })

  test('a long text that is nearly a number is none at once', () => {
    const start = performance.now()
    for (const part of ['1', '0', '.1', '1.']) expect(parseDecimal(`${part.repeat(1 << 19)}x`)).toBe(null)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('law: order and sum of numbers of any length are those of whole numbers', () => {
    const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
    fc.assert(
      fc.property(digits, digits, digits, fc.nat(45), (a, b, c, places) => {
        const text = (number: bigint): string => {
          const size = (number < 0n ? -number : number).toString().padStart(places + 1, '0')
          const point = places === 0 ? '' : `.${size.slice(-places)}`
          return `${number < 0n ? '-' : ''}${size.slice(0, size.length - places)}${point}`
        }
        expect(exactSum(text(a), text(b), text(c))).toBe(text(b + c - a))
        const order = compareDecimals(parseDecimal(text(a))!, parseDecimal(text(b))!)
        expect(Math.sign(order)).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })

  test('law: a union of any two sides has what was added, and not what was removed', () => {
    const set = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(set, set, set, (base, ours, theirs) => {
        const cells = [base, ours, theirs].map((items) => (items.length === 0 ? null : items.join(';')))
        const result = decide('union(;)', cells)
        const items = result === null || result === undefined ? [] : result.split(';')
        const isIn = (item: string): boolean =>
          base.includes(item)
            ? ours.includes(item) && theirs.includes(item)
            : ours.includes(item) || theirs.includes(item)
        expect(items.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'].filter(isIn))
      }),
    )
  })

  test('words are read and written alike', () => {
    for (const word of ['ours', 'newest', 'newest(a b)', 'newest(x(y))', 'union', 'union(|)', 'sum'])
      expect(policyText(parsePolicy(word)!)).toBe(word)
    for (const word of ['', 'newest()', 'union( )', 'maxx', 'MAX', 'sum(a)', 'toString'])
      expect(parsePolicy(word)).toBe(null)
  })
})

interface Merged {
  readonly bench: Bench
  readonly outcome: MergeOutcome
  readonly rows: Dump['rows']
}

async function merge(
  yaml: string | null,
  specs: readonly [TableSpec, TableSpec, TableSpec],
): Promise<Merged> {
  const bench = new Bench()
  const base = await bench.table(specs[0])
  const config = yaml === null ? {} : { 'varve.yaml': bench.file(yaml) }
  const tree = async (spec: TableSpec): ReturnType<Bench['tree']> =>
    bench.tree({ ...config, 't.csv': bench.entry(await bench.table(spec, base)) })
  const outcome = await bench.merge(
    await bench.tree({ ...config, 't.csv': bench.entry(base) }),
    await tree(specs[1]),
    await tree(specs[2]),
    { policies: new Map() },
  )
  return { bench, outcome, rows: ((await bench.show(outcome.tree))['t.csv'] as Dump).rows }
}

const table = (...rows: (readonly (string | null)[])[]): TableSpec => ({
  columns: ['id', 'n', 'tags', 'at'],
  rows,
})
const yaml = (merge: string): string => `tables:\n  t.csv:\n    key: id\n    merge: ${merge}\n`

describe('policies in varve.yaml', () => {
  test('decide the cells of their columns, and say so; other clashes stay conflicts', async () => {
    const { outcome, rows } = await merge(yaml('{columns: {n: sum, tags: union}}'), [
      table(['1', '10', 'a;b', 'x'], ['2', '5', null, 'x']),
      table(['1', '12', 'b', 'y'], ['2', '6', null, 'x']),
      table(['1', '13', 'a;b;c', 'z'], ['2', '6', null, 'x']),
    ])
    expect(rows).toEqual([
      ['1', '15', 'b;c', 'y'],
      ['2', '7', null, 'x'],
    ])
    expect(outcome.conflictCount).toBe(1)
    expect(outcome.policies.counts).toEqual([
      { path: 't.csv', column: 'n', policy: 'sum', count: 2 },
      { path: 't.csv', column: 'tags', policy: 'union', count: 1 },
    ])
    expect(outcome.policies.decisions[0]).toEqual({
      path: 't.csv',
      key: ['1'],
      column: 'n',
      policy: 'sum',
      base: '10',
      ours: '12',
      theirs: '13',
      result: '15',
    })
    expect(outcome.paths).toMatchObject([{ path: 't.csv', result: 'conflict', decided: 3, conflicts: 1 }])
  })

  test('two sides that counted alike have counted twice, though their tables are equal', async () => {
    const raised = table(['1', '11', null, null])
    const { outcome, rows } = await merge(yaml('{columns: {n: sum}}'), [
      table(['1', '10', null, null]),
      raised,
      raised,
    ])
    expect(rows).toEqual([['1', '12', null, null]])
    expect(outcome.policies.count).toBe(1)
  })

  test('newest takes whole cells from the row that is later, and a default is for all other columns', async () => {
    const { outcome, rows } = await merge(yaml('{default: newest(at), columns: {n: max}}'), [
      table(['1', '1', 'a', '2026-01-01']),
      table(['1', '3', 'b', '2026-02-01']),
      table(['1', '2', 'c', '2026-03-01']),
    ])
    expect(rows).toEqual([['1', '3', 'c', '2026-03-01']])
    expect(outcome.conflictCount).toBe(0)
    expect(outcome.policies.counts.map(({ policy }) => policy)).toEqual(['max', 'newest(at)', 'newest(at)'])
  })

  test.each([
    [
      'ours',
      [
        ['1', '1', 'edited', null],
        ['3', '9', null, null],
      ],
    ],
    [
      'theirs',
      [
        ['2', '1', 'edited', null],
        ['3', '8', null, null],
      ],
    ],
    [
      'keep-edit',
      [
        ['1', '1', 'edited', null],
        ['2', '1', 'edited', null],
        ['3', '9', null, null],
      ],
    ],
  ] as const)(
    'rows: %s decides a row removed on one side and edited on the other',
    async (rows, expected) => {
      const { outcome, rows: merged } = await merge(yaml(`{rows: ${rows}}`), [
        table(['1', '1', null, null], ['2', '1', null, null]),
        table(['1', '1', 'edited', null], ['3', '9', null, null]),
        table(['2', '1', 'edited', null], ['3', '8', null, null]),
      ])
      expect(merged).toEqual(expected)
      expect(outcome.policies.count).toBe(rows === 'keep-edit' ? 2 : 3)
      expect(outcome.policies.decisions[0]).toMatchObject({ column: null, policy: `rows: ${rows}` })
      expect(outcome.conflictCount).toBe(rows === 'keep-edit' ? 1 : 0)
    },
  )

  test('of all tables count where a table says nothing, and the merged file counts', async () => {
    const bench = new Bench()
    const spec = (n: string, tags: string): TableSpec => table(['1', n, tags, null])
    const before = await bench.table(spec('1', 'a'))
    const tree = async (text: string, n: string, tags: string): ReturnType<Bench['tree']> =>
      bench.tree({
        'varve.yaml': bench.file(text),
        't.csv': bench.entry(await bench.table(spec(n, tags), before)),
      })
    const first = 'merge: {columns: {n: max}}\ntables:\n  t.csv:\n    key: id\n    # here\n'
    const outcome = await bench.merge(
      await tree(first, '1', 'a'),
      await tree(first.replace('# here', 'merge: {columns: {tags: theirs}}'), '2', 'b'),
      await tree(first.replace('max', 'min'), '3', 'c'),
      { policies: new Map() },
    )
    expect(((await bench.show(outcome.tree))['t.csv'] as Dump).rows).toEqual([['1', '2', 'c', null]])
    expect(outcome.conflictCount).toBe(0)
  })

  test('that cannot be read decide nothing, and the merge tells why', async () => {
    const { outcome } = await merge('tables:\n  t.csv: {key: id, merge: {columns: {n: maxx}}}\n', [
      table(['1', '1', null, null]),
      table(['1', '2', null, null]),
      table(['1', '3', null, null]),
    ])
    expect(outcome.conflictCount).toBe(1)
    expect(outcome.paths.find(({ path }) => path === 'varve.yaml')?.notes).toEqual([
      "varve.yaml, line 2: unknown policy 'maxx': its merge policies are not used",
    ])
  })

  test('for a column that is not there are told', async () => {
    const { outcome } = await merge(yaml('{columns: {nn: max}}'), [
      table(['1', '1', null, null]),
      table(['1', '2', null, null]),
      table(['1', '1', 'x', null]),
    ])
    expect(outcome.paths[0]!.notes).toEqual(["there is a merge policy for column 'nn', and no such column"])
  })

  test('by a column that is not there are told', async () => {
    const { outcome } = await merge(yaml('{default: newest(changed), columns: {n: newest(changed)}}'), [
      table(['1', '1', null, null]),
      table(['1', '2', null, null]),
      table(['1', '3', null, null]),
    ])
    expect(outcome.conflictCount).toBe(1)
    expect(outcome.paths[0]!.notes).toEqual([
      "the merge policy 'newest(changed)' names no column of the table",
    ])
  })

  test('that decide thousands of cells leave a map of them, large cells and all', async () => {
    const rows = (n: (i: number) => string): TableSpec =>
      table(
        ...Array.from({ length: 1500 }, (_, i) => [
          String(i),
          n(i),
          i === 7 ? n(i).repeat(2000) : null,
          null,
        ]),
      )
    const { bench, outcome } = await merge(yaml('{default: theirs}'), [
      rows(() => '1'),
      rows(() => '2'),
      rows((i) => `3.${i}`),
    ])
    expect(outcome.policies).toMatchObject({
      count: 1501,
      decisions: [],
      counts: [{ count: 1500 }, { count: 1 }],
    })
    const all = (await collect(readDecisions(bench.nodes, outcome.policies))).flat()
    expect(all.length).toBe(1501)
    expect(all.find(({ column }) => column === 'tags')).toMatchObject({
      key: ['7'],
      base: '1'.repeat(2000),
      result: '3.7'.repeat(2000),
    })
  })
})
