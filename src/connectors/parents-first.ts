// The order in which tables may be written: referenced tables before those that refer to them. Where tables refer to
// each other in a circle, references whose columns may be empty are ignored; if there are none in the circle, tables
// keep their order.
import type { EndpointTable } from './interface.ts'

export function parentsFirst<T extends EndpointTable>(tables: readonly T[]): T[] {
  const sorted = new Set<T>()
  const visit = (table: T, path: readonly T[]): void => {
    if (sorted.has(table) || path.includes(table)) return
    for (const parent of parents.get(table)!) visit(parent, [...path, table])
    sorted.add(table)
  }
  const parents = parentsOf(tables)
  for (const table of tables) visit(table, [])
  return [...sorted]
}

function parentsOf<T extends EndpointTable>(tables: readonly T[]): ReadonlyMap<T, readonly T[]> {
  const all = new Map(
    tables.map((table) => [table, tables.filter(({ name }) => table.references.includes(name))]),
  )
  const isLoose = (table: T, parent: T): boolean =>
    table.looseReferences?.includes(parent.name) === true && above(all, parent).has(table)
  return new Map(tables.map((table) => [table, all.get(table)!.filter((parent) => !isLoose(table, parent))]))
}

/** The table, the tables that it refers to, those that these refer to, and so on. */
function above<T>(parents: ReadonlyMap<T, readonly T[]>, table: T): ReadonlySet<T> {
  const found = new Set([table])
  for (const one of found) for (const parent of parents.get(one)!) found.add(parent)
  return found
}
