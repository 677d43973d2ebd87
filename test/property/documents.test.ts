// Laws of merging delimited files that nobody declared anything of, against a model that knows the key and keeps rows
// in a plain map: what the model merges without conflict the merge does too, to the same rows, and never otherwise.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type { MergedDocument } from '../../src/documents/interface.ts'
import { mergeDocument } from '../../src/documents/merge-document.ts'

type Rows = Map<number, readonly [string, string, string]>

type Change =
  | { readonly kind: 'set'; readonly row: number; readonly column: 0 | 1 | 2; readonly value: string }
  | { readonly kind: 'remove'; readonly row: number }
  | { readonly kind: 'add'; readonly id: number }

const value = fc.constantFrom('a', 'b', 'c,d', 'e"f', 'g\nh', ' ', '', 'ü')
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    row: fc.nat(11),
    column: fc.constantFrom(0 as const, 1 as const, 2 as const),
    value,
  }),
  fc.record({ kind: fc.constant('remove' as const), row: fc.nat(11) }),
  fc.record({ kind: fc.constant('add' as const), id: fc.integer({ min: 100, max: 105 }) }),
)

function baseRows(count: number): Rows {
  return new Map(Array.from({ length: count }, (_, i) => [i, [`a${i}`, `b${i % 3}`, `c${i % 2}`]]))
}

/** Rows that a side adds under one id differ from the other side's, unless `twin`. */
function changed(rows: Rows, changes: readonly Change[], side: string): Rows {
  const after = new Map(rows)
  for (const one of changes) {
    if (one.kind === 'add') after.set(one.id, [`${side}${one.id}`, 'new', side])
    else if (one.kind === 'remove') after.delete(one.row)
    else {
      const row = after.get(one.row)
      if (row !== undefined)
        after.set(one.row, row.with(one.column, one.value) as unknown as [string, string, string])
    }
  }
  return after
}

function quoted(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function textOf(rows: Rows): Uint8Array {
  const lines = [...rows].map(([id, cells]) => [String(id), ...cells].map(quoted).join(','))
  return utf8(['id,one,two,three', ...lines, ''].join('\n'))
}

/** null: a conflict. */
function model(base: Rows, ours: Rows, theirs: Rows): Rows | null {
  const merged: Rows = new Map()
  for (const id of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
    const [b, o, t] = [base, ours, theirs].map((rows) => rows.get(id))
    const isSame = (x?: readonly string[], y?: readonly string[]): boolean => x?.join('\0') === y?.join('\0')
    if (isSame(o, t) || isSame(t, b)) {
      if (o) merged.set(id, o)
      continue
    }
    if (isSame(o, b)) {
      if (t) merged.set(id, t)
      continue
    }
    if (!b || !o || !t) return null
    const cells = [0, 1, 2].map((i) =>
      o[i] === t[i] || t[i] === b[i] ? o[i]! : o[i] === b[i] ? t[i]! : null,
    )
    if (cells.includes(null)) return null
    merged.set(id, cells as unknown as [string, string, string])
  }
  return merged
}

function merge(base: Rows, ours: Rows, theirs: Rows): MergedDocument {
  const sides = { base: textOf(base), ours: textOf(ours), theirs: textOf(theirs) }
  const merged = mergeDocument(sides, { name: 'table.csv' })
  if (merged.kind === 'unfit') throw new Error(merged.reason)
  return merged
}

const sorted = (text: string): string[] =>
  text
    .split(/\n(?=\d+,)/)
    .map((row) => row.trimEnd())
    .toSorted()

test('a merge is what a map of rows says, in content and in conflict', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.array(change, { maxLength: 6 }), (left, right) => {
      const base = baseRows(12)
      const [ours, theirs] = [changed(base, left, 'o'), changed(base, right, 't')]
      const wanted = model(base, ours, theirs)
      const merged = merge(base, ours, theirs)
      if (wanted === null) expect(merged.conflicts).not.toEqual([])
      else {
        expect(merged.conflicts).toEqual([])
        expect(sorted(utf8Text(merged.render()))).toEqual(sorted(utf8Text(textOf(wanted))))
      }
    }),
    { numRuns: 1500 },
  )
})

test('merging A and B is merging B and A up to sides', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.array(change, { maxLength: 6 }), (left, right) => {
      const base = baseRows(12)
      const [ours, theirs] = [changed(base, left, 'o'), changed(base, right, 't')]
      const [one, other] = [merge(base, ours, theirs), merge(base, theirs, ours)]
      expect(other.conflicts.length).toBe(one.conflicts.length)
      expect(sorted(utf8Text(other.render(() => 'theirs')))).toEqual(
        sorted(utf8Text(one.render(() => 'ours'))),
      )
    }),
    { numRuns: 500 },
  )
})

test('any bytes end in a merge or in a reason, and clean merges of one side alone are that side', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r', '\t', ';', '\ufeff'), maxLength: 60 })
      .map(utf8),
  )
  fc.assert(
    fc.property(
      bytes,
      bytes,
      bytes,
      fc.constantFrom('a.csv', 'a.tsv', 'a.json', 'a.jsonl'),
      (base, ours, theirs, name) => {
        const merged = mergeDocument({ base, ours, theirs }, { name })
        if (merged.kind === 'merged') expect(merged.render()).toBeInstanceOf(Uint8Array)
        const alone = mergeDocument({ base, ours, theirs: base }, { name }) as MergedDocument
        expect(alone.render()).toEqual(ours)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a column that one side adds keeps its cells in rows of which the other edits any one cell, of the key as well', () => {
  const edits = fc.array(fc.tuple(fc.nat(5), fc.nat(2)), { maxLength: 6 })
  fc.assert(
    fc.property(edits, fc.nat(3), fc.boolean(), (edited, at, isTurned) => {
      const base = Array.from({ length: 12 }, (_, i) => [`s${i >> 1}`, `d${i % 2}`, `v${i % 3}`])
      const columnOf = new Map(edited.map(([row, column]) => [row * 2, column]))
      const changed = base.map((row, i) => row.map((cell, c) => (columnOf.get(i) === c ? `new${i}` : cell)))
      const text = (rows: readonly (readonly string[])[], isWide: boolean): Uint8Array => {
        const all = [['series', 'day', 'value'], ...rows].map((row, i) =>
          isWide ? row.toSpliced(at, 0, i === 0 ? 'note' : `n${i % 4}`) : row,
        )
        return utf8(all.map((row) => `${row.join(',')}\n`).join(''))
      }
      const [ours, theirs] = [text(base, true), text(changed, false)]
      const sides = isTurned ? { ours: theirs, theirs: ours } : { ours, theirs }
      const merged = mergeDocument(
        { base: text(base, false), ...sides },
        { name: 'table.csv' },
      ) as MergedDocument
      expect(merged.conflicts).toEqual([])
      expect(utf8Text(merged.render())).toBe(utf8Text(text(changed, true)))
    }),
    { numRuns: 500 },
  )
})
