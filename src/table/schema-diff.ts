// What changed between two schemas. Columns are matched by id where both tables are of one lineage, else by name.
import type { Column, Schema, SchemaDifference } from './interface.ts'
import { spellsAlike } from './key.ts'

/** Pairs of columns that are the same, by one rule for all: ids, unless some name has two ids. */
export function matchColumns(a: Schema, b: Schema): [Column | null, Column | null][] {
  const idOfName = new Map(a.columns.map((column) => [column.name, column.id]))
  const isLineage = b.columns.every(({ name, id }) => (idOfName.get(name) ?? id) === id)
  const nameOf = (column: Column): string | number => (isLineage ? column.id : column.name)
  const before = new Map(a.columns.map((column) => [nameOf(column), column]))
  const after = new Set(b.columns.map(nameOf))
  const pairs: [Column | null, Column | null][] = b.columns.map((column) => [
    before.get(nameOf(column)) ?? null,
    column,
  ])
  for (const column of a.columns) if (!after.has(nameOf(column))) pairs.push([column, null])
  return pairs
}

export function diffSchemas(a: Schema, b: Schema): SchemaDifference {
  const pairs = matchColumns(a, b)
  const both = pairs.flatMap(([before, after]) =>
    before !== null && after !== null ? [{ before, after }] : [],
  )
  const kept = new Set(both.map(({ before }) => before))
  const orderBefore = a.columns.filter((column) => kept.has(column))
  return {
    added: pairs.flatMap(([before, after]) => (before === null ? [after!] : [])),
    removed: pairs.flatMap(([before, after]) => (after === null ? [before!] : [])),
    renamed: both.filter(({ before, after }) => before.name !== after.name),
    retyped: both.filter(({ before, after }) => before.type !== after.type),
    reordered: both.some(({ before }, i) => orderBefore[i] !== before),
    keyChanged: !hasSameKey(a, b, pairs),
  }
}

/** Whether a key of one is a key of the other, byte for byte; `pairs` are those of `matchColumns`. */
export function hasSameKey(
  a: Schema,
  b: Schema,
  pairs: readonly (readonly [Column | null, Column | null])[],
): boolean {
  if (a.key.length !== b.key.length || a.cells !== b.cells) return false
  return a.key.every((id, i) => {
    const [before, after] = pairs.find(([column]) => column?.id === id) ?? [null, null]
    return before !== null && after !== null && after.id === b.key[i] && spellsAlike(before, after, a.cells)
  })
}
